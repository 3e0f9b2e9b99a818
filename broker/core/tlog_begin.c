/* SPDX-License-Identifier: Apache-2.0 */
/* What of the log's start is made and recorded: a log begun, and a log continued as another. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/tlog_open.h"
#include "core/tlog_start.h"

/* ---- on record ---- */

static void put_log(struct json_out *out, struct ambit_str origin, struct ambit_str vkey)
{
    json_member_str(out, "origin", origin);
    json_member_str(out, "vkey", vkey);
}

static void put_tree(struct json_out *out, struct ambit_digest root, uint64_t size)
{
    json_begin_object(out);
    json_key(out, "root");
    json_digest(out, root);
    json_key(out, "size");
    json_i64(out, (int64_t)size);
    json_end_object(out);
}

/* {"before":{…},"found","origin","published":{…},"store":{…},"vkey"}, or of a new one
 * {"origin","vkey"}. */
static AMBIT_CHECKED enum ambit_err put_detail(const struct tlog_start *start,
                                               const struct tlog_start *before, struct buf *detail)
{
    struct json_out out;
    struct note_verifier now, then;
    BUF_AUTO vkey = {0}, vkey_then = {0};
    enum ambit_err err = note_verifier_of(tlog_start_origin(start), NOTE_ED25519, start->key, &now);
    if (err != AMBIT_OK)
        return err;
    json_out_init(&out, detail, true);
    json_begin_object(&out);
    if (before != NULL && (before->key != NULL || before->has_row)) {
        then = before->row.log;
        if (before->key != NULL)
            err = note_verifier_of(tlog_start_origin(before), NOTE_ED25519, before->key, &then);
        note_verifier_put(&then, &vkey_then);
        json_key(&out, "before");
        json_begin_object(&out);
        put_log(&out, note_verifier_name(&then), buf_str(&vkey_then));
        json_end_object(&out);
    }
    if (before != NULL)
        json_member_text(&out, "found", tlog_fault_text(before->fault));
    json_member_str(&out, "origin", tlog_start_origin(start));
    if (before != NULL && before->has_published) {
        json_key(&out, "published");
        put_tree(&out, before->root, before->size);
    }
    if (before != NULL) {
        json_key(&out, "store");
        put_tree(&out, tree_root(&before->head.edge), before->head.edge.size);
    }
    note_verifier_put(&now, &vkey);
    json_member_str(&out, "vkey", buf_str(&vkey));
    json_end_object(&out);
    if (err == AMBIT_OK)
        err = buf_check(&vkey_then);
    if (err == AMBIT_OK)
        err = buf_check(&vkey);
    return err == AMBIT_OK ? buf_check(detail) : err;
}

struct tlog_job {
    struct writer_job job;
    struct broker *broker;
    enum event_type type;
    struct ambit_str detail, words;
};

static enum ambit_err tlog_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct tlog_job *own = (struct tlog_job *)(void *)job;
    struct command command;
    struct event event;
    command_init(&command, own->broker, NULL, NULL);
    enum ambit_err err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, own->type);
    event.detail = own->detail;
    event.words = own->words;
    err = record_event(own->broker, txn, &command, &event);
    command_release(&command);
    return err;
}

static AMBIT_CHECKED enum ambit_err record(struct broker *broker, const struct tlog_start *start,
                                           const struct tlog_start *before)
{
    BUF_AUTO detail = {0};
    enum ambit_err err = put_detail(start, before, &detail);
    struct tlog_job job = {.job = {.class = WRITER_RECORDS, .run = tlog_run},
                           .broker = broker,
                           .type = before != NULL ? EVENT_LOG_CONTINUED : EVENT_LOG_STARTED,
                           .detail = buf_str(&detail)};
    if (before != NULL)
        job.words = buf_str(&before->accept);
    return err == AMBIT_OK ? writer_call(broker->writer, &job.job) : err;
}

/* ---- on ---- */

enum ambit_err tlog_continue(struct broker *broker)
{
    struct tlog_start *start = broker->log_start;
    if (start->accept.len == 0)
        return AMBIT_OK;
    enum ambit_err err = tlog_name_first(broker, start);
    struct tlog_start before = *start;
    if (start->is_handed)
        before.key = NULL; /* whose key it was is in the row */
    else
        start->old_key = TAKE(start->key); /* which `before` tells of */
    if (err == AMBIT_OK)
        err = tlog_name_next(start);
    if (err == AMBIT_OK && !start->is_handed)
        err = tlog_key_make(broker, false, &start->key);
    if (err == AMBIT_OK)
        err = record(broker, start, &before);
    if (err == AMBIT_OK && !start->is_handed)
        err = tlog_key_install(broker);
    if (err != AMBIT_OK)
        return err;
    LOG(LOG_WARNING, "a rollback was accepted: the record is published as another log from here on",
        LOG_TEXT("origin", tlog_start_origin(start)), LOG_TEXT("found", buf_str(&start->said)));
    start->has_row = true;
    start->has_checkpoint = false;
    start->is_over = true;
    start->has_published = false; /* that was the other log */
    return AMBIT_OK;
}

enum ambit_err tlog_begin(struct broker *broker)
{
    struct tlog_start *start = broker->log_start;
    enum ambit_err err = tlog_name_first(broker, start);
    if (err == AMBIT_OK && start->key == NULL)
        err = tlog_key_make(broker, true, &start->key);
    if (err == AMBIT_OK && start->is_over)
        err = tlog_checkpoint_set_aside(broker);
    if (err == AMBIT_OK && !start->has_checkpoint)
        err = tlog_checkpoint_begin(broker, start);
    if (!start->has_published) {
        const struct tree_edge none = {.size = 0};
        start->size = 0;
        start->root = tree_root(&none);
    }
    if (err == AMBIT_OK)
        err = tlog_vkey_write(broker, start);
    return err == AMBIT_OK && !start->has_row ? record(broker, start, NULL) : err;
}
