/* SPDX-License-Identifier: Apache-2.0 */
/* The look through one status list: the grants of every agent whose sequence lies in it, found by
 * the table that has them in that order. What has expired, and what was given after the last
 * cut-off, costs a step and no look at its row. */
#include "core/status_inside.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/cutoff.h"
#include "ledger/ledger.h"

enum { AGENT_KEY = 16, ROW_KEY = 24, ROW_VALUE = 24, READ_ROWS = 10000 };

struct walk {
    struct status_keeper *keeper;
    struct status_one *list;
    uint64_t first, end;
    int64_t now_ms;
    uint8_t *bytes;
    uint8_t from[ROW_KEY]; /* where it goes on */
    uint64_t last_cutoff_seq;
    bool is_over;
};

static AMBIT_CHECKED enum ambit_err look(struct walk *walk, struct store_txn *txn, uint64_t seq,
                                         struct ambit_str value)
{
    if (value.len != ROW_VALUE)
        return AMBIT_ERR_DAMAGED;
    int64_t expires_ms = (int64_t)get_be64((const uint8_t *)value.p + 16);
    if (expires_ms > walk->list->last_expiry_ms)
        walk->list->last_expiry_ms = expires_ms;
    if (expires_ms <= walk->now_ms || seq > walk->last_cutoff_seq)
        return AMBIT_OK; /* TSL-8: of an expired one the bit says nothing */
    ARENA_AUTO arena;
    char block[4096];
    struct grant_row row;
    struct ambit_id id;
    enum ambit_liveness liveness = AMBIT_LIVE;
    arena_init(&arena, block, sizeof block, 0);
    memcpy(id.b, value.p, sizeof id.b);
    enum ambit_err err = grant_load_row(txn, id, &arena, &row);
    if (err == AMBIT_OK)
        err = cutoff_liveness(txn, walk->last_cutoff_seq, &row, &liveness);
    if (err == AMBIT_OK && liveness != AMBIT_LIVE)
        status_set(walk->bytes, status_index(&walk->keeper->plan, seq));
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

/* One read: until it is over or long enough. */
static AMBIT_CHECKED enum ambit_err read_some(struct walk *walk, struct store_txn *txn)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_AT_OR_AFTER;
    enum ambit_err err = store_cursor_open(txn, STORE_AGENT_GRANTS, &cursor);
    for (size_t n = 0; err == AMBIT_OK && n < READ_ROWS; n++) {
        err = store_cursor_move(cursor, seek, (struct store_key){walk->from, sizeof walk->from},
                                &key, &value);
        if (err != AMBIT_OK)
            break;
        if (key.len != ROW_KEY)
            return AMBIT_ERR_DAMAGED;
        uint64_t seq = get_be64((const uint8_t *)key.p + AGENT_KEY);
        memcpy(walk->from, key.p, ROW_KEY);
        seek = STORE_AT_OR_AFTER;
        if (seq < walk->first) { /* of an agent: to where this list begins */
            put_be64(walk->from + AGENT_KEY, walk->first);
            continue;
        }
        if (seq >= walk->end) { /* behind it: to the next agent */
            put_be64(walk->from + AGENT_KEY, UINT64_MAX);
            continue;
        }
        put_be64(walk->from + AGENT_KEY, seq + 1);
        seek = STORE_NEXT;
        err = look(walk, txn, seq, value);
    }
    walk->is_over = err == AMBIT_ERR_NOT_FOUND;
    return walk->is_over ? AMBIT_OK : err;
}

enum ambit_err status_walk(struct status_keeper *keeper, struct status_one *list, int64_t now_ms,
                           uint8_t *bytes)
{
    struct walk walk = {.keeper = keeper,
                        .list = list,
                        .first = list->number << keeper->plan.bits,
                        .end = (list->number + 1) << keeper->plan.bits,
                        .now_ms = now_ms,
                        .bytes = bytes};
    uint64_t covers = 0, size = 0;
    list->last_expiry_ms = 0;
    enum ambit_err err = status_head(keeper, &covers, &size);
    while (err == AMBIT_OK && !walk.is_over && walk.first < size) {
        struct store_txn *txn = NULL;
        struct head head;
        err = store_read_begin(keeper->broker->store, &txn);
        if (err != AMBIT_OK)
            return err;
        err = head_load(txn, &head);
        walk.last_cutoff_seq = head.last_cutoff_seq;
        if (err == AMBIT_OK)
            err = read_some(&walk, txn);
        store_read_end(txn);
    }
    if (err != AMBIT_OK)
        return err;
    list->covers = covers;
    list->is_whole = size >= walk.end;
    return AMBIT_OK;
}

enum ambit_err status_head(struct status_keeper *keeper, uint64_t *ret_last_cutoff_seq,
                           uint64_t *ret_size)
{
    struct store_txn *txn = NULL;
    struct head head = {0};
    enum ambit_err err = store_read_begin(keeper->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    store_read_end(txn);
    *ret_last_cutoff_seq = head.last_cutoff_seq;
    *ret_size = head.edge.size;
    return err;
}

enum ambit_err status_last_time(struct status_keeper *keeper, uint64_t number, int64_t *ret_ms)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    struct store_txn *txn = NULL;
    struct ledger_row leaf;
    struct event event;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    enum ambit_err err = store_read_begin(keeper->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = ledger_get(txn, ((number + 1) << keeper->plan.bits) - 1, &memory, &leaf);
    if (err == AMBIT_OK)
        err = event_decode(leaf.bytes, leaf.opening, &arena, &event);
    store_read_end(txn);
    if (err == AMBIT_OK)
        *ret_ms = event.time_ms;
    return err;
}
