/* SPDX-License-Identifier: Apache-2.0 */
/* Events in order of sequence, or the other way, filtered. Times are found by halving the record,
 * which is in their order; what the index knows is leapt to, what lies behind the index is looked
 * at one by one. A page looks at no more than QUERY_ROWS_MAX rows and says where to go on, so that
 * a rare filter over a long record never holds a transaction long. */
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "core/event_export.h"
#include "core/event_json.h"
#include "core/events_keys.h"
#include "core/segment.h"

uint64_t query_size(struct broker *broker)
{
    return atomic_load(&broker->size);
}

struct walk {
    struct broker *broker;
    const struct events_query *query;
    struct reading reading;
    struct events_match match;
    struct events_keys keys;
    struct buf memory, json;
    uint64_t low, high; /* the range of sequences: first wanted, first not wanted */
    uint64_t indexed;   /* below it, and from `known_from` on, the index knows every event */
    uint64_t known_from;
    uint64_t place;      /* ascending: the next to look at; descending: the first not wanted */
    size_t rows, n, put; /* events looked at, taken; bytes given */
};

/* ---- where it begins and ends --------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err time_of(struct walk *walk, uint64_t seq, int64_t *ret_ms)
{
    ARENA_AUTO arena;
    char block[16384];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    struct event event;
    enum ambit_err err = reading_event(&walk->reading, seq, &walk->memory, &arena, &row, &event);
    if (err == AMBIT_OK)
        *ret_ms = event.time_ms;
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    *ret_ms = INT64_MIN; /* pruned, and its segment is not here: old */
    return AMBIT_OK;
}

/* The first event of [low, high) that is not before the time; `high` when there is none. */
static AMBIT_CHECKED enum ambit_err first_at(struct walk *walk, int64_t time_ms, uint64_t *ret)
{
    uint64_t low = walk->low, high = walk->high;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t ms = 0;
        enum ambit_err err = time_of(walk, middle, &ms);
        if (err != AMBIT_OK)
            return err;
        if (ms < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err find_range(struct walk *walk)
{
    const struct events_filter *filter = walk->query->filter;
    enum ambit_err err = AMBIT_OK;
    walk->high = walk->reading.head.edge.size;
    if (filter->before != 0 && filter->before < walk->high)
        walk->high = filter->before;
    walk->low = filter->after < walk->high && !filter->is_nothing ? filter->after : walk->high;
    if (filter->since_ms != 0)
        err = first_at(walk, filter->since_ms, &walk->low);
    if (err == AMBIT_OK && filter->until_ms != 0)
        err = first_at(walk, filter->until_ms, &walk->high);
    walk->place = filter->is_descending ? walk->high : walk->low;
    return err;
}

/* ---- the next one to look at ---------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err next_up(struct walk *walk, size_t looks_max)
{
    uint64_t place = walk->place;
    if (walk->keys.n == 0 || place >= walk->indexed || place < walk->known_from)
        return AMBIT_OK;
    enum ambit_err err = events_keys_leap(&walk->keys, looks_max, &place);
    if (err == AMBIT_ERR_NOT_FOUND) {
        place = walk->indexed;
        err = AMBIT_OK;
    }
    walk->place = place > walk->indexed ? walk->indexed : place;
    return err;
}

static AMBIT_CHECKED enum ambit_err next_down(struct walk *walk, size_t looks_max)
{
    uint64_t place = walk->place;
    if (walk->keys.n == 0 || place > walk->indexed || place <= walk->known_from)
        return AMBIT_OK;
    enum ambit_err err = events_keys_leap(&walk->keys, looks_max, &place);
    uint64_t end = walk->low > walk->known_from ? walk->low : walk->known_from;
    if (err == AMBIT_ERR_NOT_FOUND || (err == AMBIT_OK && place < end)) {
        walk->place = end;
        return AMBIT_OK;
    }
    walk->place = err == AMBIT_OK ? place + 1 : place;
    return err;
}

static bool is_over(const struct walk *walk)
{
    return walk->query->filter->is_descending ? walk->place <= walk->low
                                              : walk->place >= walk->high;
}

/* ---- looking at it -------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err write_event(struct walk *walk, const struct ledger_row *row,
                                                const struct event *event, struct arena *arena)
{
    struct json_out out;
    const struct events_filter *filter = walk->query->filter;
    buf_reset(&walk->json);
    json_out_init(&out, &walk->json, false);
    enum ambit_err err = AMBIT_ERR_INTERNAL;
    switch (filter->form) {
    case EVENTS_AS_EVENT:
    case EVENTS_AS_LEAF:
        err = event_json_write(walk->broker, walk->reading.txn, row, event,
                               (struct event_form){.with_checks = filter->with_checks,
                                                   .as_leaf = filter->form == EVENTS_AS_LEAF},
                               arena, &out);
        break;
    case EVENTS_AS_OCSF:
        event_ocsf_write(row, event, &out);
        err = AMBIT_OK;
        break;
    case EVENTS_AS_ECS:
        event_ecs_write(row, event, &out);
        err = AMBIT_OK;
        break;
    }
    return err == AMBIT_OK ? buf_check(&walk->json) : err;
}

/* This event and its neighbours were pruned, and their segments are not here: said once, and passed
 * over. */
static AMBIT_CHECKED enum ambit_err say_pruned(struct walk *walk, uint64_t seq)
{
    struct json_out out;
    uint64_t from = 0, to = 0, pruned = reading_pruned_to(&walk->reading);
    const struct events_filter *filter = walk->query->filter;
    enum ambit_err err = segments_gap(walk->reading.segments, seq, &from, &to);
    if (err != AMBIT_OK)
        return err;
    to = to < pruned ? to : pruned;
    walk->place = filter->is_descending ? from + 1 : to - 1;
    if (filter->form == EVENTS_AS_OCSF || filter->form == EVENTS_AS_ECS)
        return AMBIT_OK; /* their shapes have no place for what is not there */
    buf_reset(&walk->json);
    json_out_init(&out, &walk->json, false);
    json_begin_object(&out);
    json_key(&out, "seq");
    json_i64(&out, (int64_t)seq);
    json_key(&out, "pruned_from");
    json_i64(&out, (int64_t)from);
    json_key(&out, "pruned_up_to");
    json_i64(&out, (int64_t)to);
    json_end_object(&out);
    err = buf_check(&walk->json);
    walk->n++;
    return err == AMBIT_OK ? walk->query->take(walk->query->ctx, seq, buf_str(&walk->json)) : err;
}

static AMBIT_CHECKED enum ambit_err look_at(struct walk *walk, uint64_t seq)
{
    ARENA_AUTO arena;
    char block[16384];
    arena_init(&arena, block, sizeof block, 0);
    struct ledger_row row;
    struct event event;
    walk->rows++;
    enum ambit_err err = reading_event(&walk->reading, seq, &walk->memory, &arena, &row, &event);
    if (err == AMBIT_ERR_NOT_FOUND)
        return say_pruned(walk, seq);
    if (err != AMBIT_OK || !events_match_takes(&walk->match, &event))
        return err;
    err = write_event(walk, &row, &event, &arena);
    if (err != AMBIT_OK)
        return err;
    walk->n++;
    walk->put += walk->json.len;
    return walk->query->take(walk->query->ctx, seq, buf_str(&walk->json));
}

/* A page is full, or has been looked for long enough; it looks at one event at least. */
static bool is_page(const struct walk *walk)
{
    const struct events_query *query = walk->query;
    if (walk->n >= query->limit || (query->bytes != 0 && walk->put >= query->bytes))
        return true;
    size_t rows = walk->rows + walk->keys.looks;
    return rows > 0 && (rows >= QUERY_ROWS_MAX || reading_is_long(walk->broker, &walk->reading));
}

static AMBIT_CHECKED enum ambit_err go(struct walk *walk)
{
    bool is_descending = walk->query->filter->is_descending;
    enum ambit_err err = AMBIT_OK;
    while (err == AMBIT_OK && !is_over(walk) && !is_page(walk)) {
        size_t looks_max = QUERY_ROWS_MAX - walk->rows;
        err = is_descending ? next_down(walk, looks_max) : next_up(walk, looks_max);
        if (err != AMBIT_OK || is_over(walk))
            break;
        err = look_at(walk, is_descending ? walk->place - 1 : walk->place);
        if (err == AMBIT_OK)
            walk->place = is_descending ? walk->place - 1 : walk->place + 1;
    }
    return err == AMBIT_ERR_BUSY ? AMBIT_OK : err;
}

/* What the index knows is what its own transaction says: it may have been begun anew since. */
static AMBIT_CHECKED enum ambit_err open_index(struct walk *walk, struct search_reader **ret)
{
    struct search_position position;
    enum ambit_err err = search_reader_open(walk->broker->search, ret);
    if (err == AMBIT_OK)
        err = search_reader_position(*ret, &position);
    if (err != AMBIT_OK)
        return err;
    walk->known_from = position.first;
    if (position.next < walk->indexed)
        walk->indexed = position.next;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err walk_all(struct walk *walk)
{
    struct search_reader *reader = NULL;
    enum ambit_err err = find_range(walk);
    if (err == AMBIT_OK && walk->keys.n > 0)
        err = open_index(walk, &reader);
    walk->keys.reader = reader;
    if (err == AMBIT_OK)
        err = go(walk);
    search_reader_close(reader);
    return err;
}

static struct events_place place_of(const struct walk *walk)
{
    bool is_descending = walk->query->filter->is_descending;
    return (struct events_place){.last = is_descending || walk->place == 0 ? walk->place
                                                                           : walk->place - 1,
                                 .next = walk->place,
                                 .has_more = !is_over(walk),
                                 .complete_to = walk->reading.head.edge.size,
                                 .n = walk->n};
}

enum ambit_err query_events(struct broker *broker, const struct events_query *query,
                            struct events_place *ret)
{
    struct walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *walk = (struct walk){.broker = broker, .query = query};
    /* Before the record is: the index never knows of an event that is not in it. */
    walk->indexed = indexer_complete_to(broker->indexer);
    events_keys_init(&walk->keys, query->filter);
    enum ambit_err err = events_match_init(&walk->match, query->filter);
    if (err == AMBIT_OK)
        err = reading_begin(broker, &walk->reading);
    if (err == AMBIT_OK) {
        err = walk_all(walk);
        reading_end(&walk->reading);
    }
    if (err == AMBIT_OK)
        *ret = place_of(walk);
    buf_done(&walk->memory);
    buf_done(&walk->json);
    free(walk);
    return err;
}
