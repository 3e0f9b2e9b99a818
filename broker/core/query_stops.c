/* SPDX-License-Identifier: Apache-2.0 */
/* Stops as people read them. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "ledger/ledger.h"

/* The written reason stands in the event alone (personal text). */
static AMBIT_CHECKED enum ambit_err words_of(const struct reading *reading, uint64_t seq,
                                             struct buf *memory, struct arena *arena,
                                             struct event *ret)
{
    return reading_event_if(reading, seq, memory, arena, ret);
}

/* The first of two who clear. */
static AMBIT_CHECKED enum ambit_err asked_json(const struct reading *reading,
                                               const struct stop_row *row, struct arena *arena,
                                               bool *ret_is_erased, struct json_out *out)
{
    if (row->asked_by.p == NULL)
        return AMBIT_OK;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct event asked;
    enum ambit_err err = words_of(reading, row->asked_seq, &memory, arena, &asked);
    if (err != AMBIT_OK)
        return err;
    json_member_str(out, "clear_asked_by", row->asked_by);
    json_key(out, "clear_asked_at");
    json_time_ms(out, row->asked_ms);
    json_member_str(out, "clear_asked_reason", asked.words);
    *ret_is_erased = asked.erased & EVENT_ERASED_WORDS;
    if (row->cleared_ms == 0) {
        json_key(out, "clear_lapses_at");
        json_time_ms(out, asked.expires_ms);
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err stop_json(const struct reading *reading,
                                              const struct stop_row *row,
                                              const struct event *raised, struct arena *arena,
                                              const struct reading_more *more, struct json_out *out)
{
    bool is_asked_erased = false, is_cleared_erased = false;
    json_begin_object(out);
    json_member_id(out, "stop", row->id);
    json_member_str(out, "target", row->target);
    json_member_str(out, "reason", raised->words);
    json_member_str(out, "by", row->by);
    json_member_str(out, "agent", row->agent);
    json_member_str(out, "owner", raised->owner);
    json_key(out, "raised_at");
    json_time_ms(out, row->raised_ms);
    json_key(out, "seq");
    json_i64(out, (int64_t)row->seq);
    json_key(out, "state");
    json_text(out, row->cleared_ms == 0 ? "in_force" : "cleared");
    json_key(out, "recorded");
    json_text(out, "yes");
    json_member_id(out, "incident", row->incident);
    enum ambit_err err = asked_json(reading, row, arena, &is_asked_erased, out);
    if (err != AMBIT_OK)
        return err;
    if (row->cleared_ms != 0) {
        BUF_AUTO memory;
        buf_init(&memory, 0);
        struct event cleared;
        err = words_of(reading, row->cleared_seq, &memory, arena, &cleared);
        if (err != AMBIT_OK)
            return err;
        json_member_str(out, "cleared_by", row->cleared_by);
        json_key(out, "cleared_at");
        json_time_ms(out, row->cleared_ms);
        json_member_str(out, "cleared_reason", cleared.words);
        is_cleared_erased = cleared.erased & EVENT_ERASED_WORDS;
    }
    const struct erased_text erased[] = {{"reason", raised->erased & EVENT_ERASED_WORDS},
                                         {"clear_asked_reason", is_asked_erased},
                                         {"cleared_reason", is_cleared_erased}};
    reading_erased(out, erased, AMBIT_LEN(erased));
    if (more != NULL)
        err = more->write(more->ctx, raised, out);
    json_end_object(out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}

struct seen_by {
    struct ambit_str only_owner;
    enum stops_state state;
    const struct reading_more *more;
};

/* NOT_FOUND when it is not this person's to see. */
static AMBIT_CHECKED enum ambit_err stop_write(const struct reading *reading, const void *ctx,
                                               struct ambit_id id, struct ambit_str bytes,
                                               struct json_out *out)
{
    (void)id;
    const struct seen_by *by = ctx;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct stop_row row;
    struct event raised;
    enum ambit_err err = stop_row_decode(bytes, &arena, &row);
    if (err != AMBIT_OK)
        return err;
    if ((by->state == STOPS_IN_FORCE && row.cleared_ms != 0) ||
        (by->state == STOPS_CLEARED && row.cleared_ms == 0))
        return AMBIT_ERR_NOT_FOUND;
    err = words_of(reading, row.seq, &memory, &arena, &raised);
    if (err != AMBIT_OK)
        return err;
    if (by->only_owner.p != NULL && !ambit_str_eq(raised.owner, by->only_owner))
        return AMBIT_ERR_NOT_FOUND;
    return stop_json(reading, &row, &raised, &arena, by->more, out);
}

enum ambit_err reading_stop_json(const struct reading *reading, struct ambit_id id,
                                 struct ambit_str only_owner, const struct reading_more *more,
                                 struct json_out *out)
{
    char bytes[4096];
    size_t len = 0;
    enum ambit_err err = store_get(reading->txn, STORE_STOPS, (struct store_key){id.b, sizeof id.b},
                                   bytes, sizeof bytes, &len);
    struct seen_by by = {.only_owner = only_owner, .state = STOPS_ALL, .more = more};
    return err == AMBIT_OK ? stop_write(reading, &by, id, (struct ambit_str){bytes, len}, out)
                           : err;
}

enum ambit_err query_stop(struct broker *broker, struct ambit_id stop, struct ambit_str only_owner,
                          struct json_out *out)
{
    return query_one(broker, reading_stop_json, stop, only_owner, out);
}

enum ambit_err query_stops(struct broker *broker, enum stops_state state,
                           struct ambit_str only_owner, const struct page *page,
                           struct json_out *out)
{
    struct seen_by by = {.only_owner = only_owner, .state = state};
    struct query_list list = {
        .table = STORE_STOPS, .name = "stops", .write = stop_write, .ctx = &by};
    return query_list(broker, &list, page, out);
}
