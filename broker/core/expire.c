/* SPDX-License-Identifier: Apache-2.0 */
/* See expire.h. Only what is over as of the event's own time may be taken away: an event that says
 * otherwise does not follow from those before it. */
#include "core/expire.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/apply_outcome.h"
#include "core/distinct.h"
#include "core/outcome_row.h"
#include "core/tick.h"
#include "core/window_inside.h"

enum {
    LOOK_ROWS = 2000,  /* rows of a table looked at for one event */
    FOUND_MAX = 64,    /* of a table, taken away by one event */
    EVENTS_MAX = 16,   /* in one turn */
    REMOVE_ROWS = 500, /* rows of one counter taken away by one event: the rest by the next */
};
/* How long the entries of a count or sum are kept at most: the longest window there can be. */
static const int64_t longest_ms = AMBIT_DURATION_MAX_S * 1000LL;

static AMBIT_CHECKED enum ambit_err entries_are_over(struct ambit_str row, int64_t now_ms,
                                                     bool *ret)
{
    struct window window;
    enum ambit_err err = window_decode((const uint8_t *)row.p, row.len, &window);
    /* One without entries is counted without a window: for ever. */
    *ret = err == AMBIT_OK && window.n > 0 &&
           now_ms - window_entry_at(window.entries, window.n - 1).time_ms >= longest_ms;
    return err;
}

static AMBIT_CHECKED enum ambit_err is_over(struct ambit_str row, int64_t now_ms, bool *ret)
{
    *ret = false;
    if (row.len < 2)
        return AMBIT_ERR_DAMAGED;
    switch ((uint8_t)row.p[1]) {
    case WINDOW_KIND_ENTRIES:
        return entries_are_over(row, now_ms, ret);
    case WINDOW_KIND_LATEST:
        return window_latest_is_over(row, now_ms, ret);
    case WINDOW_KIND_DISTINCT:
        return distinct_is_over(row, now_ms, ret);
    case WINDOW_KIND_LIVE:
        *ret = window_live_is_over(row, now_ms);
        return AMBIT_OK;
    default:
        return AMBIT_ERR_DAMAGED;
    }
}

/* ---- from the event to the tables ---------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err remove_one(struct store_txn *txn, const struct state_key *key,
                                               int64_t now_ms)
{
    static _Thread_local char bytes[64 * 1024];
    size_t len = 0;
    bool ends = false, is_done = false;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), bytes, sizeof bytes, &len);
    if (err == AMBIT_OK)
        err = is_over((struct ambit_str){.p = bytes, .len = len}, now_ms, &ends);
    if (err != AMBIT_OK || !ends)
        return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_OK ? AMBIT_ERR_DAMAGED : err;
    return (uint8_t)bytes[1] == WINDOW_KIND_DISTINCT
               ? distinct_remove(txn, key, REMOVE_ROWS, &is_done)
               : window_reset(txn, key);
}

static AMBIT_CHECKED enum ambit_err remove_outcome(struct store_txn *txn, struct ambit_id id,
                                                   int64_t now_ms)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row;
    enum ambit_err err = outcome_row_load(txn, id, &arena, &row);
    if (err != AMBIT_OK || !outcome_row_is_over(&row, now_ms))
        return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_OK ? AMBIT_ERR_DAMAGED : err;
    return outcome_row_remove(txn, id);
}

enum ambit_err apply_expired(struct store_txn *txn, const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < event->n_expired; i++) {
        struct ambit_id id;
        struct state_key key;
        if (id_decode(event->expired[i], &id) != AMBIT_OK)
            return AMBIT_ERR_DAMAGED;
        memcpy(key.b, id.b, sizeof key.b);
        err = remove_one(txn, &key, event->time_ms);
    }
    for (size_t i = 0; err == AMBIT_OK && i < event->n_expired_outcomes; i++) {
        struct ambit_id id;
        if (id_decode(event->expired_outcomes[i], &id) != AMBIT_OK)
            return AMBIT_ERR_DAMAGED;
        err = remove_outcome(txn, id, event->time_ms);
    }
    return err;
}

/* ---- looking for them ---------------------------------------------------------------------- */

struct found {
    char text[FOUND_MAX][ID_TEXT_LEN];
    struct ambit_str v[FOUND_MAX];
    size_t n;
};

/* The keys of both tables are as long as an id, and stand in the event as one. */
static void found_add(struct found *found, struct ambit_str key)
{
    struct ambit_id id;
    memcpy(id.b, key.p, sizeof id.b);
    id_encode(id, found->text[found->n]);
    found->v[found->n] = (struct ambit_str){.p = found->text[found->n], .len = ID_TEXT_LEN};
    found->n++;
}

static AMBIT_CHECKED enum ambit_err outcome_is_over(struct ambit_str bytes, int64_t now_ms,
                                                    bool *ret)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row;
    enum ambit_err err = outcome_row_decode(bytes, &arena, &row);
    *ret = err == AMBIT_OK && outcome_row_is_over(&row, now_ms);
    return err;
}

/* Walks on from `from`, which is left where the next turn begins. */
static AMBIT_CHECKED enum ambit_err look(struct store_txn *txn, enum store_table table,
                                         enum ambit_err (*over)(struct ambit_str row,
                                                                int64_t now_ms, bool *ret),
                                         int64_t now_ms, uint8_t from[16], struct found *found)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, row;
    enum store_seek seek = STORE_AT_OR_AFTER;
    enum ambit_err err = store_cursor_open(txn, table, &cursor);
    found->n = 0;
    for (size_t i = 0; err == AMBIT_OK; i++, seek = STORE_NEXT) {
        bool ends = false;
        err = store_cursor_move(cursor, seek, (struct store_key){from, 16}, &key, &row);
        if (err != AMBIT_OK)
            break;
        if (key.len != 16)
            return AMBIT_ERR_DAMAGED;
        if (i == LOOK_ROWS || found->n == FOUND_MAX) {
            memcpy(from, key.p, 16);
            return AMBIT_OK;
        }
        err = over(row, now_ms, &ends);
        if (ends)
            found_add(found, key);
    }
    memset(from, 0, 16); /* at the end: from the start again */
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err record(struct broker *broker, struct store_txn *txn,
                                           int64_t now_ms, const struct found *counters,
                                           const struct found *outcomes)
{
    struct command command;
    struct event event;
    command_init(&command, broker, NULL, NULL);
    enum ambit_err err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, EVENT_HISTORY_EXPIRED);
    event.expired = counters->v;
    event.n_expired = counters->n;
    event.expired_outcomes = outcomes->v;
    event.n_expired_outcomes = outcomes->n;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    return err;
}

enum ambit_err expire_some(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    struct found counters = {.n = 0}, outcomes = {.n = 0};
    enum ambit_err err = AMBIT_OK;
    for (int i = 0; err == AMBIT_OK && i < EVENTS_MAX; i++) {
        err = look(txn, STORE_COUNTERS, is_over, now_ms, broker->expire_from.b, &counters);
        if (err == AMBIT_OK)
            err = look(txn, STORE_OUTCOMES, outcome_is_over, now_ms, broker->expire_outcomes_from.b,
                       &outcomes);
        if (err != AMBIT_OK || counters.n + outcomes.n == 0)
            return err;
        err = record(broker, txn, now_ms, &counters, &outcomes);
        if (counters.n < FOUND_MAX && outcomes.n < FOUND_MAX)
            break;
    }
    return err;
}
