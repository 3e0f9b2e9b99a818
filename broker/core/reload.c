/* SPDX-License-Identifier: Apache-2.0 */
/* Taking up a changed set of documents: whole or not at all. The folder is read and checked on the
 * answering thread; the writer stores the documents and the activation in one transaction. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "config/folder.h"
#include "core/activate.h"

enum { DETAIL_MAX = AMBIT_EVENT_BYTES - 4096, MISSING_TOLD = 32 };

/* Against the set in force now. Under "enforce" what is missing is a problem like any other. */
static AMBIT_CHECKED enum ambit_err review(struct reload_command *command,
                                           struct ambit_problems *problems)
{
    struct broker *broker = command->base.broker;
    command->people_version = atomic_load(&broker->people_version);
    command->judged_under = broker_documents_acquire(broker);
    const struct ambit_documents *in_force = command->judged_under->documents;
    if (ambit_digest_eq(in_force->digest, command->proposed->documents->digest))
        return AMBIT_OK;
    command->reviewer = (struct reviewer){.folder = broker->documents_folder.p,
                                          .store = broker->store,
                                          .in_force = in_force->n_people > 0 ? in_force : NULL,
                                          .proposed = command->proposed->set,
                                          .now_ms = broker_now_ms(broker),
                                          .shows_folder = broker->is_enforcing};
    size_t before = problems->n_errors;
    enum ambit_err err =
        review_run(&command->reviewer, broker->is_enforcing ? problems : &command->missing);
    return err == AMBIT_OK && problems->n_errors > before ? AMBIT_ERR_MALFORMED : err;
}

enum ambit_err reload_prepare(struct reload_command *command, struct ambit_problems *problems)
{
    struct broker *broker = command->base.broker;
    struct ambit_documents *documents = NULL;
    enum ambit_err err =
        folder_load(broker->documents_folder.p, broker_now_ms(broker), problems, &documents);
    if (err != AMBIT_OK)
        return err;
    err = documents_ref_new(documents, problems, &command->proposed);
    if (err == AMBIT_OK)
        err = identity_keys_attach(command->proposed->keys, broker->trust);
    return err == AMBIT_OK ? review(command, problems) : err;
}

enum ambit_err documents_check(struct broker *broker, struct ambit_problems *problems)
{
    struct reload_command command = {.base = {.broker = broker}};
    enum ambit_err err = reload_prepare(&command, problems);
    reload_done(&command);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_MALFORMED : err;
}

static AMBIT_CHECKED enum ambit_err put_names(struct json_out *out, const char *key,
                                              const struct ambit_document *first, size_t stride,
                                              size_t n)
{
    if (n == 0)
        return AMBIT_OK;
    json_key(out, key);
    json_begin_object(out);
    for (size_t i = 0; i < n; i++) {
        const struct ambit_document *document = (const void *)((const char *)first + i * stride);
        json_key_str(out, document->name);
        json_digest(out, document->digest);
    }
    json_end_object(out);
    return buf_check(out->buf);
}

/* The zones whose rules the set was activated with, and which edition of the data they are of. */
static AMBIT_CHECKED enum ambit_err put_zones(struct json_out *out,
                                              const struct ambit_documents *set)
{
    if (set->n_zones == 0)
        return AMBIT_OK;
    if (set->zone_data.p != NULL) {
        json_key(out, "zone_data");
        json_str(out, set->zone_data);
    }
    json_key(out, "zones");
    json_begin_object(out);
    for (size_t i = 0; i < set->n_zones; i++) {
        json_key_str(out, set->zones[i].name);
        json_digest(out, set->zones[i].digest);
    }
    json_end_object(out);
    return buf_check(out->buf);
}

/* What was missing and is only recorded: the first of it, and how much. */
static void put_missing(struct json_out *out, const struct ambit_problems *missing)
{
    if (missing->n == 0)
        return;
    json_key(out, "missing");
    json_begin_array(out);
    for (size_t i = 0; i < missing->n && i < MISSING_TOLD; i++) {
        const struct ambit_problem *problem = &missing->v[i];
        json_begin_object(out);
        json_member_str(out, "file", problem->file);
        json_member_str(out, "what", problem->what);
        json_end_object(out);
    }
    json_end_array(out);
    json_key(out, "missing_count");
    json_i64(out, (int64_t)missing->n);
}

/* {"agents":{NAME: digest,…},"bootstrap":true,"engine":…,"missing":[{"file","what"},…],
 * "missing_count":…,"people":…,"policies":…,"services":…,"zone_data":…,
 * "zones":{NAME: digest,…}}, the last two where the set uses zones; a set whose list is
 * too long for an event names only how many documents of each kind it has: the set digest says the
 * rest. */
static AMBIT_CHECKED enum ambit_err put_detail(struct buf *buf,
                                               const struct reload_command *command, bool whole)
{
    const struct ambit_documents *set = command->proposed->documents;
    struct json_out out;
    json_out_init(&out, buf, true);
    json_begin_object(&out);
    enum ambit_err err = AMBIT_OK;
    if (whole) {
        err = put_names(&out, "agents", &set->agents[0].doc, sizeof set->agents[0], set->n_agents);
    }
    if (command->reviewer.in_force == NULL && command->base.broker->is_enforcing) {
        json_key(&out, "bootstrap");
        json_bool(&out, true);
    }
    if (!whole) {
        json_key(&out, "count");
        json_i64(&out,
                 (int64_t)(set->n_people + set->n_agents + set->n_services + set->n_policies));
    }
    json_key(&out, "engine");
    json_text(&out, AMBIT_VERSION);
    put_missing(&out, &command->missing);
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "people", &set->people[0].doc, sizeof set->people[0], set->n_people);
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "policies", &set->policies[0].doc, sizeof set->policies[0],
                        set->n_policies);
    json_member_text(&out, "review", command->base.broker->is_enforcing ? "enforce" : "record");
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "services", &set->services[0].doc, sizeof set->services[0],
                        set->n_services);
    if (err == AMBIT_OK)
        err = put_zones(&out, set);
    json_end_object(&out);
    return err == AMBIT_OK ? buf_check(buf) : err;
}

static enum ambit_err reload_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct reload_command *command = (struct reload_command *)(void *)job;
    struct command *base = &command->base;
    struct broker *broker = base->broker;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    command->is_stale = command->judged_under->documents != base->documents->documents ||
                        command->people_version != atomic_load(&broker->people_version);
    if (command->is_stale)
        return AMBIT_OK;
    command->unchanged =
        ambit_digest_eq(command->proposed->documents->digest, broker->batch.head.documents);
    if (command->unchanged)
        return AMBIT_OK;

    BUF_AUTO detail;
    buf_init(&detail, DETAIL_MAX);
    err = put_detail(&detail, command, true);
    if (err == AMBIT_ERR_TOO_LARGE) {
        buf_done(&detail);
        buf_init(&detail, DETAIL_MAX);
        err = put_detail(&detail, command, false);
    }
    if (err == AMBIT_OK)
        err = documents_store(txn, command->proposed->documents);
    if (err == AMBIT_OK)
        err = activate_signatures(command, txn);
    if (err == AMBIT_OK)
        err = activate_superseded(command, txn);
    if (err != AMBIT_OK)
        return err;

    struct event event;
    event_init(&event, base, EVENT_DOCUMENTS_ACTIVATED);
    event.documents = command->proposed->documents->digest;
    event.detail = buf_str(&detail);
    err = record_event(broker, txn, base, &event);
    if (err != AMBIT_OK)
        return err;
    base->seq = event.seq;
    broker_documents_keep(command->proposed);
    broker_documents_release(broker->batch.documents);
    broker->batch.documents = command->proposed;
    return AMBIT_OK;
}

enum ambit_err reload_submit(struct reload_command *command)
{
    command->base.job.run = reload_run;
    return command_submit(&command->base, WRITER_RECORDS);
}

void reload_done(struct reload_command *command)
{
    broker_documents_release(command->proposed);
    command->proposed = NULL;
    broker_documents_release(command->judged_under);
    command->judged_under = NULL;
    review_done(&command->reviewer);
    ambit_problems_done(&command->missing);
    command->missing = (struct ambit_problems){0};
    command_release(&command->base);
}

/* ---- a set that was refused ---------------------------------------------------------------- */

static enum ambit_err rejected_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct rejected_command *command = (struct rejected_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;

    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_key(&out, "errors");
    json_i64(&out, (int64_t)command->n_errors);
    json_end_object(&out);
    err = buf_check(&detail);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, EVENT_DOCUMENTS_REJECTED);
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err rejected_submit(struct rejected_command *command)
{
    command->base.job.run = rejected_run;
    return command_submit(&command->base, WRITER_RECORDS);
}

static AMBIT_CHECKED enum ambit_err reload_once(struct broker *broker,
                                                struct ambit_problems *problems, bool *ret_stale)
{
    struct reload_command command = {0};
    command_init(&command.base, broker, NULL, NULL);
    enum ambit_err err = reload_prepare(&command, problems);
    if (err != AMBIT_OK)
        reload_done(&command);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND) {
        struct rejected_command rejected = {.n_errors = problems->n_errors};
        command_init(&rejected.base, broker, NULL, NULL);
        rejected.base.job.run = rejected_run;
        rejected.base.job.class = WRITER_RECORDS;
        enum ambit_err record_err = writer_call(broker->writer, &rejected.base.job);
        command_release(&rejected.base);
        return record_err == AMBIT_OK ? err : record_err;
    }
    if (err != AMBIT_OK)
        return err;

    command.base.job.run = reload_run;
    command.base.job.class = WRITER_RECORDS;
    err = writer_call(broker->writer, &command.base.job);
    *ret_stale = err == AMBIT_OK && command.is_stale;
    reload_done(&command);
    return err;
}

enum ambit_err broker_reload(struct broker *broker, struct ambit_problems *problems)
{
    enum { TRIES = 5 };
    for (int i = 0; i < TRIES; i++) {
        bool is_stale = false;
        enum ambit_err err = reload_once(broker, problems, &is_stale);
        if (!is_stale)
            return err;
    }
    return AMBIT_ERR_BUSY;
}

enum ambit_err broker_reload_files(struct broker *broker, struct ambit_problems *problems)
{
    return broker->reload_files ? broker->reload_files(broker->reload_ctx, problems) : AMBIT_OK;
}
