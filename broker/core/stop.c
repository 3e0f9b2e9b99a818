/* SPDX-License-Identifier: Apache-2.0 */
/* A person says stop. In force in memory before it is queued, at the head of the queue, and taken
 * even while the broker is full, distrusts its clock or is sealed: then it goes to
 * stops.journal. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/random.h"
#include "core/incident.h"
#include "core/query.h"
#include "core/stop_row.h"
#include "ledger/held.h"

enum { OFFBOARDED_ID = 7 };

enum ambit_err stop_target_parse(struct ambit_str text, enum ambit_target_kind *ret_kind,
                                 struct ambit_str *ret_target)
{
    return held_target_parse(text, ret_kind, ret_target);
}

static struct ambit_str target_text(const struct stop_command *command, char *dst)
{
    const char *word = ambit_target_text(command->kind);
    size_t len = strlen(word);
    memcpy(dst, word, len);
    if (command->kind != AMBIT_TARGET_ALL) {
        dst[len++] = ':';
        memcpy(dst + len, command->target.p, command->target.len);
        len += command->target.len;
    }
    return (struct ambit_str){.p = dst, .len = len};
}

/* On whose name the incident opens: the owner of what was stopped, where that is one person. */
static AMBIT_CHECKED enum ambit_err fill_owner(struct event *event,
                                               const struct stop_command *command,
                                               struct store_txn *txn, struct arena *arena)
{
    const struct ambit_documents *documents = command->base.documents->documents;
    const struct ambit_agent *agent = NULL;
    const struct ambit_policy *policy = NULL;
    switch (command->kind) {
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE: {
        struct ambit_id id;
        struct grant_row row;
        enum ambit_err err = id_decode(command->target, &id);
        if (err == AMBIT_OK)
            err = grant_load(txn, id, arena, &row);
        if (err == AMBIT_ERR_NOT_FOUND)
            return AMBIT_OK; /* taken on its word while the store could not be read */
        if (err != AMBIT_OK)
            return err;
        event->agent = row.agent;
        event->owner = row.owner;
        event->team = row.team;
        event->grant = row.id;
        event->lineage = row.lineage;
        return AMBIT_OK;
    }
    case AMBIT_TARGET_AGENT:
        agent = ambit_agent_find(documents, command->target);
        event->agent = command->target;
        if (agent != NULL)
            event->owner = agent->owner;
        return AMBIT_OK;
    case AMBIT_TARGET_TEAM:
        event->team = command->target;
        return AMBIT_OK;
    case AMBIT_TARGET_OWNER:
        event->owner = command->target;
        return AMBIT_OK;
    case AMBIT_TARGET_POLICY:
        policy = ambit_policy_find(documents, command->target);
        event->policy = command->target;
        if (policy != NULL) {
            event->owner = policy->owner;
            event->digest = policy->doc.digest;
        }
        return AMBIT_OK;
    case AMBIT_TARGET_RESOURCE:
    case AMBIT_TARGET_ALL:
        return AMBIT_OK;
    }
    return AMBIT_ERR_INTERNAL;
}

/* A stop of the journal may stand in the record already: its commit was unsure, or taking up the
 * journal was cut short. */
static AMBIT_CHECKED enum ambit_err is_recorded(const struct stop_command *command,
                                                struct store_txn *txn, bool *ret)
{
    ARENA_AUTO arena;
    struct stop_row row;
    arena_init(&arena, NULL, 0, 0);
    *ret = false;
    if (command->journaled_by.p == NULL)
        return AMBIT_OK;
    enum ambit_err err = stop_row_load(txn, command->stop, &arena, &row);
    *ret = err == AMBIT_OK;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* Beside the stop on all that is theirs: their way in ends too. */
static AMBIT_CHECKED enum ambit_err record_offboarded(struct stop_command *command,
                                                      struct store_txn *txn)
{
    struct command *base = &command->base;
    char target[AMBIT_WORD_MAX + 16];
    struct event event;
    event_init(&event, base, EVENT_PERSON_OFFBOARDED);
    event.id = command_derive_id(base, OFFBOARDED_ID);
    event.words = command->reason;
    if (command->journaled_by.p != NULL)
        event.person = command->journaled_by;
    event.target = target_text(command, target);
    event.owner = command->target;
    event.stop = command->stop;
    event.incident = command->incident;
    enum ambit_err err = record_event(base->broker, txn, base, &event);
    atomic_store(&base->broker->has_offboarded, true);
    atomic_fetch_add(&base->broker->people_version, 1);
    return err;
}

static enum ambit_err stop_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct stop_command *command = (struct stop_command *)(void *)job;
    struct command *base = &command->base;
    char target[AMBIT_WORD_MAX + 16];
    ARENA_AUTO arena;
    char block[4096];
    arena_init(&arena, block, sizeof block, 0);

    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    bool is_there = false;
    err = is_recorded(command, txn, &is_there);
    if (err != AMBIT_OK || is_there)
        return err;
    struct event event;
    event_init(&event, base, EVENT_STOP_RAISED);
    event.words = command->reason;
    if (command->journaled_by.p != NULL)
        event.person = command->journaled_by;
    event.target = target_text(command, target);
    event.stop = command->stop;
    event.incident = command->incident;
    event.holds = true;
    err = fill_owner(&event, command, txn, &arena);
    if (err == AMBIT_OK)
        err = record_event(base->broker, txn, base, &event);
    if (err != AMBIT_OK)
        return err;
    base->seq = event.seq;
    command->raised_ms = now_ms;

    err = incident_open(base->broker, txn, base, &event);
    return err == AMBIT_OK && command->is_offboarding ? record_offboarded(command, txn) : err;
}

/* After the commit the stop stands in the store and in the published holds: memory may forget it.
 * If it failed it stays in force in memory (a stop is never undone by an error). */
static void stop_done(struct writer_job *job, enum ambit_err err)
{
    struct stop_command *command = (struct stop_command *)(void *)job;
    struct command *base = &command->base;
    if (err == AMBIT_OK)
        pending_remove(&base->broker->pending, command->stop);
    command_finished(base, err);
}

enum ambit_err stop_target_known(struct broker *broker, enum ambit_target_kind kind,
                                 struct ambit_str target)
{
    struct documents_ref *ref = broker_documents_acquire(broker);
    const struct ambit_documents *documents = ref->documents;
    struct store_txn *txn = NULL;
    struct ambit_id id;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct grant_row row;
    bool is_known = true;
    enum ambit_err err = AMBIT_OK;
    switch (kind) {
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE:
        if (id_decode(target, &id) != AMBIT_OK) {
            is_known = false;
            break;
        }
        err = store_read_begin(broker->store, &txn);
        if (err == AMBIT_OK) {
            err = grant_load(txn, id, &arena, &row);
            store_read_end(txn);
        }
        break;
    case AMBIT_TARGET_AGENT:
        is_known = ambit_agent_find(documents, target) != NULL;
        break;
    case AMBIT_TARGET_TEAM:
        is_known = false;
        for (size_t i = 0; i < documents->n_people; i++)
            is_known = is_known || ambit_str_eq(documents->people[i].team, target);
        break;
    case AMBIT_TARGET_OWNER:
        is_known = ambit_person_find(documents, target) != NULL;
        break;
    case AMBIT_TARGET_POLICY:
        is_known = ambit_policy_find(documents, target) != NULL;
        break;
    case AMBIT_TARGET_RESOURCE:
        if (!ambit_pattern_is_resource(target))
            err = AMBIT_ERR_MALFORMED;
        break;
    case AMBIT_TARGET_ALL:
        break;
    }
    broker_documents_release(ref);
    return is_known ? err : AMBIT_ERR_NOT_FOUND;
}

/* The record a sealed broker keeps of a stop until it can be taken into the log. */
static AMBIT_CHECKED enum ambit_err stop_journal(struct stop_command *command)
{
    char target[AMBIT_WORD_MAX + 16];
    BUF_AUTO buf;
    struct json_out out;
    buf_init(&buf, 0);
    json_out_init(&out, &buf, true);
    json_begin_object(&out);
    json_member_id(&out, "incident", command->incident);
    if (command->is_offboarding) {
        json_key(&out, "offboard");
        json_bool(&out, true);
    }
    json_member_str(&out, "person", command->base.caller.name);
    json_member_id(&out, "stop", command->stop);
    json_member_str(&out, "target", target_text(command, target));
    json_key(&out, "v");
    json_i64(&out, 1);
    json_member_str(&out, "words", command->reason);
    json_end_object(&out);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK ? err : store_journal_append(command->base.broker->store, buf_str(&buf));
}

enum ambit_err stop_submit(struct stop_command *command)
{
    struct command *base = &command->base;
    struct broker *broker = base->broker;
    if (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    bool is_sealed = atomic_load(&broker->is_sealed);
    enum ambit_err err = stop_target_known(broker, command->kind, command->target);
    /* Sealed, the store may refuse to be read: the stop is taken on its word. */
    if (err != AMBIT_OK && !(is_sealed && err != AMBIT_ERR_NOT_FOUND && err != AMBIT_ERR_MALFORMED))
        return err;

    int64_t now_ms = broker_now_ms(broker);
    command->stop = random_id(now_ms);
    command->incident = random_id(now_ms);
    command->raised_ms = now_ms;
    err = pending_add(&broker->pending, command->stop, command->kind, command->target);
    if (err != AMBIT_OK)
        return err;

    base->job.run = stop_run;
    base->job.class = WRITER_STOPS;
    base->job.done = stop_done;
    err = writer_submit(broker->writer, &base->job);
    if (err == AMBIT_OK)
        return AMBIT_OK;
    stop_to_journal(command);
    return AMBIT_ERR_SEALED;
}

void stop_to_journal(struct stop_command *command)
{
    if (stop_journal(command) == AMBIT_OK)
        command->recorded_pending = true;
    else
        command->not_recorded = true;
}

/* ---- at start: what a sealed broker left --------------------------------------------------- */

enum ambit_err stop_take_journal(void *ctx, struct ambit_str record)
{
    struct broker *broker = ctx;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *value = NULL;
    struct json_problem problem;
    enum ambit_err err = json_read(record, (struct json_limits){0}, &arena, &value, &problem);
    if (err != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;

    struct caller caller = {.kind = CALLER_NONE};
    struct stop_command command = {0};
    command_init(&command.base, broker, &caller, NULL);
    command.journaled_by = json_get_str(value, "person");
    command.reason = json_get_str(value, "words");
    const struct json_value *offboard = json_get(value, "offboard");
    command.is_offboarding = offboard != NULL && offboard->kind == JSON_TRUE;
    err = id_decode(json_get_str(value, "stop"), &command.stop);
    if (err == AMBIT_OK)
        err = id_decode(json_get_str(value, "incident"), &command.incident);
    if (err == AMBIT_OK)
        err = stop_target_parse(json_get_str(value, "target"), &command.kind, &command.target);
    if (err != AMBIT_OK)
        return AMBIT_ERR_DAMAGED;

    command.base.job.run = stop_run;
    command.base.job.class = WRITER_STOPS;
    err = writer_call(broker->writer, &command.base.job);
    command_release(&command.base);
    return err;
}
