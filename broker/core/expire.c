/* SPDX-License-Identifier: Apache-2.0 */
/* See expire.h. Only what is over as of the event's own time may be taken away: an event that says
 * otherwise does not follow from those before it. */
#include "core/expire.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/apply_outcome.h"
#include "core/distinct.h"
#include "core/tick.h"
#include "core/window_inside.h"

enum {
    LOOK_ROWS = 2000,  /* counters looked at in one turn */
    FOUND_MAX = 64,    /* counters taken away by one event */
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
    return err;
}

/* ---- looking for them ---------------------------------------------------------------------- */

struct found {
    char text[FOUND_MAX][ID_TEXT_LEN];
    struct ambit_str v[FOUND_MAX];
    size_t n;
};

static void found_add(struct found *found, struct ambit_str key)
{
    struct ambit_id id;
    memcpy(id.b, key.p, sizeof id.b);
    id_encode(id, found->text[found->n]);
    found->v[found->n] = (struct ambit_str){.p = found->text[found->n], .len = ID_TEXT_LEN};
    found->n++;
}

/* Walks on from broker->expire_from, which is left where the next turn begins. */
static AMBIT_CHECKED enum ambit_err look(struct broker *broker, struct store_txn *txn,
                                         int64_t now_ms, struct found *found)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, row;
    enum store_seek seek = STORE_AT_OR_AFTER;
    enum ambit_err err = store_cursor_open(txn, STORE_COUNTERS, &cursor);
    for (size_t i = 0; err == AMBIT_OK; i++, seek = STORE_NEXT) {
        bool ends = false;
        err = store_cursor_move(cursor, seek, state_key_store(&broker->expire_from), &key, &row);
        if (err != AMBIT_OK)
            break;
        if (key.len != sizeof broker->expire_from.b)
            return AMBIT_ERR_DAMAGED;
        if (i == LOOK_ROWS || found->n == FOUND_MAX) {
            memcpy(broker->expire_from.b, key.p, key.len);
            return AMBIT_OK;
        }
        err = is_over(row, now_ms, &ends);
        if (ends)
            found_add(found, key);
    }
    broker->expire_from = (struct state_key){{0}}; /* at the end: from the start again */
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err expire_some(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    struct found found = {.n = 0};
    struct command command;
    struct event event;
    enum ambit_err err = look(broker, txn, now_ms, &found);
    if (err != AMBIT_OK || found.n == 0)
        return err;
    command_init(&command, broker, NULL, NULL);
    err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, EVENT_HISTORY_EXPIRED);
    event.expired = found.v;
    event.n_expired = found.n;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    return err;
}
