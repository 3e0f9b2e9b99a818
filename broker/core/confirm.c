/* SPDX-License-Identifier: Apache-2.0 */
/* A person says that a version of a document, or its removal, is theirs to answer for. What is
 * confirmed must stand in the folder or be in force: nobody signs what nobody can read. */
#include "core/internal.h"

#include "base/arena.h"
#include "config/folder.h"

enum ambit_err confirm_prepare(struct confirm_command *command)
{
    struct ambit_identity found;
    enum ambit_err err = folder_identify(command->base.broker->documents_folder.p, command->kind,
                                         command->name, &found);
    command->is_there = err == AMBIT_OK;
    command->is_proposed =
        err == AMBIT_OK && !command->is_in_force && ambit_digest_eq(found.digest, command->digest);
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
}

const struct ambit_document *documents_find(const struct ambit_documents *documents,
                                            enum ambit_kind kind, struct ambit_str name)
{
    switch (kind) {
    case AMBIT_KIND_PERSON: {
        const struct ambit_person *person = ambit_person_find(documents, name);
        return person != NULL ? &person->doc : NULL;
    }
    case AMBIT_KIND_AGENT: {
        const struct ambit_agent *agent = ambit_agent_find(documents, name);
        return agent != NULL ? &agent->doc : NULL;
    }
    case AMBIT_KIND_SERVICE: {
        const struct ambit_service *service = ambit_service_find(documents, name);
        return service != NULL ? &service->doc : NULL;
    }
    case AMBIT_KIND_POLICY: {
        const struct ambit_policy *policy = ambit_policy_find(documents, name);
        return policy != NULL ? &policy->doc : NULL;
    }
    }
    return NULL;
}

struct ambit_str documents_label(enum ambit_kind kind, struct ambit_str name,
                                 char dst[DOCUMENTS_LABEL_MAX])
{
    const char *word = ambit_kind_text(kind);
    size_t len = strlen(word);
    AMBIT_ASSERT(name.len <= AMBIT_AGENT_NAME_MAX);
    memcpy(dst, word, len);
    dst[len++] = ':';
    memcpy(dst + len, name.p, name.len);
    return (struct ambit_str){.p = dst, .len = len + name.len};
}

void event_name_document(struct event *event, enum ambit_kind kind, struct ambit_str name)
{
    switch (kind) {
    case AMBIT_KIND_AGENT:
        event->agent = name;
        break;
    case AMBIT_KIND_POLICY:
        event->policy = name;
        break;
    case AMBIT_KIND_PERSON:
    case AMBIT_KIND_SERVICE:
        break;
    }
}

static enum confirm_refusal judge(const struct confirm_command *command,
                                  const struct ambit_document *in_force)
{
    bool is_in_force = in_force != NULL && ambit_digest_eq(in_force->digest, command->digest);
    if (is_in_force || (command->is_proposed && !command->is_removal))
        return CONFIRM_FINE;
    bool is_known = in_force != NULL || (command->is_there && !command->is_removal);
    return is_known ? CONFIRM_OTHER : CONFIRM_UNKNOWN;
}

static enum ambit_err confirm_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct confirm_command *command = (struct confirm_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    const struct ambit_document *in_force =
        documents_find(base->documents->documents, command->kind, command->name);
    if (command->is_in_force && in_force != NULL)
        command->digest = in_force->digest;
    command->refusal = judge(command, in_force);
    if (command->refusal != CONFIRM_FINE)
        return AMBIT_OK;

    char target[DOCUMENTS_LABEL_MAX];
    struct event event;
    event_init(&event, base, EVENT_DOCUMENTS_CONFIRMED);
    event.words = command->reason;
    event.digest = command->digest;
    event.target = documents_label(command->kind, command->name, target);
    event.is_removal = command->is_removal;
    event_name_document(&event, command->kind, command->name);
    atomic_store(&base->broker->has_confirmed, true);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err confirm_submit(struct confirm_command *command)
{
    if (command->name.len == 0 || command->name.len > AMBIT_AGENT_NAME_MAX ||
        command->reason.len > AMBIT_TEXT_MAX || (command->reason.p && command->reason.len == 0))
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = confirm_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
