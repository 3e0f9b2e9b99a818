/* SPDX-License-Identifier: Apache-2.0 */
/* Events in order of sequence, filtered. A page looks at no more than QUERY_ROWS_MAX events and
 * says where to go on, so that a rare filter over a long record never holds a transaction long. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "core/event_json.h"

uint64_t query_size(struct broker *broker)
{
    return atomic_load(&broker->size);
}

static bool is_or_any(struct ambit_str want, struct ambit_str have)
{
    return want.p == NULL || ambit_str_eq(want, have);
}

static bool filter_takes(const struct events_filter *filter, const struct event *event)
{
    if (filter->type.p != NULL && !ambit_str_is(filter->type, event_type_text(event->type)))
        return false;
    if (!is_or_any(filter->agent, event->agent) || !is_or_any(filter->owner, event->owner) ||
        !is_or_any(filter->policy, event->policy) || !is_or_any(filter->txn, event->txn) ||
        !is_or_any(filter->only_owner, event->owner))
        return false;
    if (!ambit_id_is_none(filter->grant) && !ambit_id_eq(filter->grant, event->grant))
        return false;
    if (filter->since_ms != 0 && event->time_ms < filter->since_ms)
        return false;
    return filter->until_ms == 0 || event->time_ms < filter->until_ms;
}

enum ambit_err reading_event(const struct reading *reading, uint64_t seq, struct buf *memory,
                             struct arena *arena, struct ledger_row *ret_row, struct event *ret)
{
    buf_reset(memory);
    enum ambit_err err = ledger_get(reading->txn, seq, memory, ret_row);
    if (err == AMBIT_OK)
        err = event_decode(ret_row->bytes, ret_row->opening, arena, ret);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static AMBIT_CHECKED enum ambit_err one(struct broker *broker, const struct reading *reading,
                                        uint64_t seq, const struct events_filter *filter,
                                        struct buf *memory, struct json_out *out, size_t *n)
{
    ARENA_AUTO arena;
    char block[16384];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    struct event event;
    enum ambit_err err = reading_event(reading, seq, memory, &arena, &row, &event);
    if (err != AMBIT_OK)
        return err;
    if (!filter_takes(filter, &event))
        return AMBIT_OK;
    struct event_form form = {.with_checks = filter->with_checks, .as_leaf = filter->as_leaf};
    err = event_json_write(broker, reading->txn, &row, &event, form, &arena, out);
    ++*n;
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}

enum ambit_err query_events(struct broker *broker, const struct events_filter *filter, size_t limit,
                            struct json_out *out, uint64_t *ret_next, bool *ret_more)
{
    struct reading reading;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    uint64_t seq = filter->after, end = reading.head.edge.size;
    size_t n = 0;
    for (size_t seen = 0; err == AMBIT_OK && seq < end && n < limit && seen < QUERY_ROWS_MAX &&
                          (seen == 0 || !reading_is_long(broker, &reading));
         seen++, seq++)
        err = one(broker, &reading, seq, filter, &memory, out, &n);
    reading_end(&reading);
    *ret_next = seq;
    *ret_more = seq < end;
    return err;
}

enum ambit_err query_event(struct broker *broker, uint64_t seq, bool with_checks, bool as_leaf,
                           struct json_out *out)
{
    struct reading reading;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct events_filter filter = {.with_checks = with_checks, .as_leaf = as_leaf};
    size_t n = 0;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = seq < reading.head.edge.size ? one(broker, &reading, seq, &filter, &memory, out, &n)
                                       : AMBIT_ERR_NOT_FOUND;
    reading_end(&reading);
    return err;
}
