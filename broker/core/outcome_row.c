/* SPDX-License-Identifier: Apache-2.0 */
/* The binary form of outcome rows. */
#include "core/outcome_row.h"

#include "base/encode.h"
#include "core/row.h"
#include "store/store.h"

enum { OUTCOME_VERSION = 1, ROW_BYTES = 2 * AMBIT_EVENT_BYTES, FLAG_UNACCOUNTED = 1 };

static const char *const texts[OUTCOMES] = {
    [OUTCOME_NONE] = "",
    [OUTCOME_SUCCEEDED] = "succeeded",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_NOT_ATTEMPTED] = "not_attempted",
};

const char *outcome_text(enum outcome outcome)
{
    AMBIT_ASSERT((size_t)outcome < OUTCOMES);
    return texts[outcome];
}

enum ambit_err outcome_parse(struct ambit_str text, enum outcome *ret)
{
    for (int i = OUTCOME_SUCCEEDED; i < OUTCOMES; i++)
        if (ambit_str_is(text, texts[i])) {
            *ret = (enum outcome)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

/* An action that owed nothing has no time in its row: ids begin with theirs, in milliseconds. */
bool outcome_row_is_over(const struct outcome_row *row, int64_t now_ms)
{
    static const int64_t day_ms = 86400000;
    int64_t since_ms = (int64_t)(get_be64(row->id.b) >> 16);
    bool is_settled = row->is_unaccounted || row->by_service.outcome != OUTCOME_NONE ||
                      row->by_agent.outcome != OUTCOME_NONE;
    if (row->time_ms > since_ms)
        since_ms = row->time_ms;
    if (row->due_ms > since_ms)
        since_ms = row->due_ms;
    return is_settled && now_ms - since_ms >= outcome_taken_ms + day_ms;
}

static void put_report(struct buf *buf, const struct outcome_report *report)
{
    buf_put_char(buf, (char)report->outcome);
    row_put_u64(buf, report->seq);
}

static void take_report(struct row_reader *reader, struct outcome_report *ret)
{
    uint8_t outcome = row_take_u8(reader);
    if (outcome >= OUTCOMES && reader->err == AMBIT_OK)
        reader->err = AMBIT_ERR_DAMAGED;
    ret->outcome = (enum outcome)outcome;
    ret->seq = row_take_u64(reader);
}

static void put_count(struct buf *buf, const struct event_count *count)
{
    row_put_text(buf, count->policy);
    row_put_text(buf, count->id);
    row_put_text(buf, count->field);
    row_put_text(buf, count->key);
    buf_put_char(buf, (char)count->is_stop);
    buf_put_char(buf, (char)count->kind);
    buf_put_char(buf, (char)count->by);
    row_put_u64(buf, (uint64_t)count->keep_ms);
}

static void take_count(struct row_reader *reader, struct event_count *ret)
{
    ret->policy = row_take_text(reader);
    ret->id = row_take_text(reader);
    ret->field = row_take_text(reader);
    ret->key = row_take_text(reader);
    ret->is_stop = row_take_u8(reader) != 0;
    uint8_t kind = row_take_u8(reader), by = row_take_u8(reader);
    if ((kind > AMBIT_LIMIT_AFTER || by > AMBIT_BY_POLICY) && reader->err == AMBIT_OK)
        reader->err = AMBIT_ERR_DAMAGED;
    ret->kind = (enum ambit_limit_kind)kind;
    ret->by = (enum ambit_by)by;
    ret->keep_ms = (int64_t)row_take_u64(reader);
    ret->amount = 1;
}

void outcome_row_encode(const struct outcome_row *row, struct buf *buf)
{
    buf_put_char(buf, OUTCOME_VERSION);
    row_put_id(buf, row->id);
    row_put_id(buf, row->grant);
    row_put_id(buf, row->lineage);
    row_put_id(buf, row->parent);
    row_put_u64(buf, row->seq);
    row_put_u64(buf, (uint64_t)row->time_ms);
    row_put_u64(buf, (uint64_t)row->due_ms);
    row_put_u64(buf, (uint64_t)row->due_uptime_ms);
    buf_put_char(buf, row->is_unaccounted ? FLAG_UNACCOUNTED : 0);
    put_report(buf, &row->by_service);
    put_report(buf, &row->by_agent);
    row_put_text(buf, row->agent);
    row_put_text(buf, row->owner);
    row_put_text(buf, row->team);
    row_put_text(buf, row->service);
    row_put_text(buf, row->audience);
    row_put_text(buf, row->policy);
    row_put_text(buf, row->rule);
    row_put_text(buf, row->action);
    row_put_text(buf, row->resource);
    buf_put(buf, row->digest.b, sizeof row->digest.b);
    row_put_u16(buf, row->n_counts);
    for (size_t i = 0; i < row->n_counts; i++)
        put_count(buf, &row->counts[i]);
}

enum ambit_err outcome_row_decode(struct ambit_str bytes, struct arena *arena,
                                  struct outcome_row *ret)
{
    struct row_reader reader = row_reader(bytes, arena, OUTCOME_VERSION);
    struct outcome_row row = {0};
    row_take_into(&reader, row.id.b, sizeof row.id.b);
    row_take_into(&reader, row.grant.b, sizeof row.grant.b);
    row_take_into(&reader, row.lineage.b, sizeof row.lineage.b);
    row_take_into(&reader, row.parent.b, sizeof row.parent.b);
    row.seq = row_take_u64(&reader);
    row.time_ms = (int64_t)row_take_u64(&reader);
    row.due_ms = (int64_t)row_take_u64(&reader);
    row.due_uptime_ms = (int64_t)row_take_u64(&reader);
    row.is_unaccounted = (row_take_u8(&reader) & FLAG_UNACCOUNTED) != 0;
    take_report(&reader, &row.by_service);
    take_report(&reader, &row.by_agent);
    row.agent = row_take_text(&reader);
    row.owner = row_take_text(&reader);
    row.team = row_take_text(&reader);
    row.service = row_take_text(&reader);
    row.audience = row_take_text(&reader);
    row.policy = row_take_text(&reader);
    row.rule = row_take_text(&reader);
    row.action = row_take_text(&reader);
    row.resource = row_take_text(&reader);
    row_take_into(&reader, row.digest.b, sizeof row.digest.b);
    row.counts = row_take_array(&reader, sizeof *row.counts, &row.n_counts);
    for (size_t i = 0; i < row.n_counts && reader.err == AMBIT_OK; i++)
        take_count(&reader, &row.counts[i]);
    enum ambit_err err = row_end(&reader);
    if (err == AMBIT_OK)
        *ret = row;
    return err;
}

enum ambit_err outcome_row_load(struct store_txn *txn, struct ambit_id id, struct arena *arena,
                                struct outcome_row *ret)
{
    static _Thread_local char bytes[ROW_BYTES];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_OUTCOMES, (struct store_key){id.b, sizeof id.b},
                                   bytes, sizeof bytes, &len);
    return err == AMBIT_OK
               ? outcome_row_decode((struct ambit_str){.p = bytes, .len = len}, arena, ret)
               : err;
}

enum ambit_err outcome_row_store(struct store_txn *txn, const struct outcome_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    outcome_row_encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_OUTCOMES, (struct store_key){row->id.b, 16}, buf.p, buf.len);
}

enum ambit_err outcome_row_remove(struct store_txn *txn, struct ambit_id id)
{
    enum ambit_err err = store_delete(txn, STORE_OUTCOMES, (struct store_key){id.b, sizeof id.b});
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}
