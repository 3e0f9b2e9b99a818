/* SPDX-License-Identifier: Apache-2.0 */
/* Taking up a changed set of documents: whole or not at all. The folder is read and checked on the
 * answering thread; the writer stores the documents and the activation in one transaction. */
#include "core/internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "config/folder.h"

enum ambit_err reload_prepare(struct reload_command *command, struct ambit_problems *problems)
{
    struct broker *broker = command->base.broker;
    struct ambit_documents *documents = NULL;
    enum ambit_err err =
        folder_load(broker->documents_folder.p, broker_now_ms(broker), problems, &documents);
    if (err != AMBIT_OK)
        return err;
    return documents_ref_new(documents, problems, &command->proposed);
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

/* {"agents":{NAME: digest,…},"engine":…,"people":…,"policies":…,"services":…,"zone_data":…,
 * "zones":{NAME: digest,…}}, the last two where the set uses zones; a set whose list is
 * too long for an event names only how many documents of each kind it has: the set digest says the
 * rest. */
static AMBIT_CHECKED enum ambit_err put_detail(struct buf *buf, const struct ambit_documents *set,
                                               bool whole)
{
    struct json_out out;
    json_out_init(&out, buf, true);
    json_begin_object(&out);
    enum ambit_err err = AMBIT_OK;
    if (whole) {
        err = put_names(&out, "agents", &set->agents[0].doc, sizeof set->agents[0], set->n_agents);
    } else {
        json_key(&out, "count");
        json_i64(&out,
                 (int64_t)(set->n_people + set->n_agents + set->n_services + set->n_policies));
    }
    json_key(&out, "engine");
    json_text(&out, AMBIT_VERSION);
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "people", &set->people[0].doc, sizeof set->people[0], set->n_people);
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "policies", &set->policies[0].doc, sizeof set->policies[0],
                        set->n_policies);
    if (err == AMBIT_OK && whole)
        err = put_names(&out, "services", &set->services[0].doc, sizeof set->services[0],
                        set->n_services);
    if (err == AMBIT_OK)
        err = put_zones(&out, set);
    json_end_object(&out);
    return err == AMBIT_OK ? buf_check(buf) : err;
}

enum { DETAIL_MAX = AMBIT_EVENT_BYTES - 4096 };

static enum ambit_err reload_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct reload_command *command = (struct reload_command *)(void *)job;
    struct command *base = &command->base;
    struct broker *broker = base->broker;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    command->unchanged =
        ambit_digest_eq(command->proposed->documents->digest, broker->batch.head.documents);
    if (command->unchanged)
        return AMBIT_OK;

    BUF_AUTO detail;
    buf_init(&detail, DETAIL_MAX);
    err = put_detail(&detail, command->proposed->documents, true);
    if (err == AMBIT_ERR_TOO_LARGE) {
        buf_done(&detail);
        buf_init(&detail, DETAIL_MAX);
        err = put_detail(&detail, command->proposed->documents, false);
    }
    if (err == AMBIT_OK)
        err = documents_store(txn, command->proposed->documents);
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

enum ambit_err broker_reload(struct broker *broker, struct ambit_problems *problems)
{
    struct reload_command command = {0};
    command_init(&command.base, broker, NULL, NULL);
    enum ambit_err err = reload_prepare(&command, problems);
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
    reload_done(&command);
    return err;
}
