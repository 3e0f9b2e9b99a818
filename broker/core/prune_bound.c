/* SPDX-License-Identifier: Apache-2.0 */
/* Finding how far may be pruned: see prune_bound.h. */
#include "core/prune_bound.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/approval_row.h"
#include "core/await_row.h"
#include "core/cutoff.h"
#include "core/outcome_row.h"
#include "core/pruned.h"
#include "core/stop_row.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"

enum { ROWS = 2000 /* of one transaction */, KEY_MAX = 64 };
static const int64_t grants_ms = (AMBIT_TTL_MAX_S + 3600) * INT64_C(1000);
static const int64_t status_ms = 2 * 86400 * INT64_C(1000);

struct search_for {
    struct broker *broker;
    struct prune_bound *bound;
    int64_t now_ms;
};

static void hold(struct search_for *search, uint64_t seq, const char *what)
{
    if (seq >= search->bound->next)
        return;
    search->bound->next = seq;
    search->bound->held_by = what;
}

/* ---- by time ------------------------------------------------------------------------------- */

static enum ambit_err time_of(struct store_txn *txn, uint64_t seq, struct buf *memory,
                              int64_t *ret_ms)
{
    ARENA_AUTO arena;
    struct ledger_row row;
    struct event event;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = ledger_get(txn, seq, memory, &row);
    if (err == AMBIT_OK)
        err = event_decode(row.bytes, AMBIT_STR(""), &arena, &event);
    if (err == AMBIT_OK)
        *ret_ms = event.time_ms;
    return err;
}

/* The first event that is not older; times never go back in the record. */
static enum ambit_err find_time(struct store_txn *txn, uint64_t from, uint64_t to,
                                int64_t before_ms, uint64_t *ret)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;
        int64_t time_ms = 0;
        enum ambit_err err = time_of(txn, middle, &memory, &time_ms);
        if (err != AMBIT_OK)
            return err;
        if (time_ms < before_ms)
            from = middle + 1;
        else
            to = middle;
    }
    *ret = from;
    return AMBIT_OK;
}

static enum ambit_err by_time(struct search_for *search, int64_t before_ms, int64_t least_age_ms)
{
    struct store_txn *txn = NULL;
    struct head head;
    struct pruned pruned;
    uint64_t young = 0, listed = 0;
    enum ambit_err err = store_read_begin(search->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK)
        err = pruned_load(txn, &pruned);
    uint64_t first = pruned.target, size = head.edge.size;
    if (err == AMBIT_OK)
        err = find_time(txn, first, size, before_ms, &search->bound->asked);
    if (err == AMBIT_OK)
        err = find_time(txn, first, size, search->now_ms - least_age_ms, &young);
    listed = size;
    if (err == AMBIT_OK && search->broker->status)
        err = find_time(txn, first, size, search->now_ms - status_ms, &listed);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    search->bound->first = first;
    search->bound->next = search->bound->asked;
    hold(search, young, "events younger than record.least_age");
    hold(search, listed, "token status lists of the last two days");
    hold(search, indexer_complete_to(search->broker->indexer), "the search index, which follows");
    return AMBIT_OK;
}

/* ---- by what is alive ---------------------------------------------------------------------- */

struct scan {
    enum store_table table;
    bool is_backwards; /* from the last */
    /* *ret_is_over: the rest need not be looked at. */
    enum ambit_err (*each)(struct search_for *search, struct store_txn *txn, struct ambit_str key,
                           struct ambit_str value, struct arena *arena, bool *ret_is_over);
};

/* At most ROWS rows; where the next time begins is in `key`. */
static enum ambit_err scan_some(struct search_for *search, const struct scan *scan,
                                uint8_t key[KEY_MAX], size_t *key_len, bool *ret_is_over)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct store_txn *txn = NULL;
    struct ambit_str k, v;
    enum ambit_err err = store_read_begin(search->broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_cursor_open(txn, scan->table, &cursor);
    enum store_seek seek =
        scan->is_backwards ? (*key_len ? STORE_BEFORE : STORE_LAST) : STORE_AT_OR_AFTER;
    for (size_t rows = 0; err == AMBIT_OK && rows < ROWS && !*ret_is_over; rows++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        err = store_cursor_move(cursor, seek, (struct store_key){key, *key_len}, &k, &v);
        if (err == AMBIT_OK && k.len >= KEY_MAX)
            err = AMBIT_ERR_DAMAGED;
        if (err != AMBIT_OK)
            break;
        memcpy(key, k.p, k.len);
        *key_len = k.len;
        err = scan->each(search, txn, k, v, &arena, ret_is_over);
        seek = scan->is_backwards ? STORE_PREVIOUS : STORE_NEXT;
    }
    store_cursor_close(TAKE(cursor));
    store_read_end(txn);
    if (err == AMBIT_ERR_NOT_FOUND) {
        *ret_is_over = true;
        return AMBIT_OK;
    }
    if (!scan->is_backwards && *key_len < KEY_MAX)
        key[(*key_len)++] = 0; /* the key right behind it */
    return err;
}

static enum ambit_err scan_all(struct search_for *search, const struct scan *scan)
{
    uint8_t key[KEY_MAX] = {0};
    size_t key_len = 0;
    bool is_over = false;
    enum ambit_err err = AMBIT_OK;
    while (err == AMBIT_OK && !is_over)
        err = scan_some(search, scan, key, &key_len, &is_over);
    return err;
}

/* An id begins with its milliseconds: what is older than any grant may live need not be read. */
static enum ambit_err each_grant(struct search_for *search, struct store_txn *txn,
                                 struct ambit_str key, struct ambit_str value, struct arena *arena,
                                 bool *ret_is_over)
{
    struct grant_row row;
    struct head head;
    enum ambit_liveness liveness = AMBIT_LIVE;
    uint64_t ms = 0;
    for (size_t i = 0; i < 6 && i < key.len; i++)
        ms = ms << 8 | (uint8_t)key.p[i];
    *ret_is_over = (int64_t)ms < search->now_ms - grants_ms;
    if (*ret_is_over)
        return AMBIT_OK;
    enum ambit_err err = grant_row_decode(value, arena, &row);
    if (err != AMBIT_OK || row.expires_ms <= search->now_ms || row.seq >= search->bound->next)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK)
        err = cutoff_liveness(txn, head.last_cutoff_seq, &row, &liveness);
    if (err == AMBIT_OK && liveness == AMBIT_LIVE)
        hold(search, row.seq, "a grant that is alive");
    return err;
}

static enum ambit_err each_hold(struct search_for *search, struct store_txn *txn,
                                struct ambit_str key, struct ambit_str value, struct arena *arena,
                                bool *ret_is_over)
{
    struct ambit_id id;
    struct stop_row row;
    (void)value;
    (void)ret_is_over;
    if (key.len != sizeof id.b)
        return AMBIT_ERR_DAMAGED;
    memcpy(id.b, key.p, sizeof id.b);
    enum ambit_err err = stop_row_load(txn, id, arena, &row);
    if (err == AMBIT_OK)
        hold(search, row.seq, "a stop in force");
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static enum ambit_err each_incident(struct search_for *search, struct store_txn *txn,
                                    struct ambit_str key, struct ambit_str value,
                                    struct arena *arena, bool *ret_is_over)
{
    struct incident_row row;
    (void)txn;
    (void)key;
    (void)ret_is_over;
    enum ambit_err err = incident_row_decode(value, arena, &row);
    if (err == AMBIT_OK && row.closed_ms == 0)
        hold(search, row.seq, "an open incident");
    return err;
}

static enum ambit_err each_approval(struct search_for *search, struct store_txn *txn,
                                    struct ambit_str key, struct ambit_str value,
                                    struct arena *arena, bool *ret_is_over)
{
    struct ambit_id id;
    struct approval_row row;
    (void)value;
    (void)ret_is_over;
    if (key.len != sizeof id.b)
        return AMBIT_ERR_DAMAGED;
    memcpy(id.b, key.p, sizeof id.b);
    enum ambit_err err = approval_row_load(txn, id, arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    bool is_open = row.state == APPROVAL_PENDING ||
                   (row.state == APPROVAL_GIVEN && row.lapse_ms > search->now_ms);
    if (is_open)
        hold(search, row.asked_seq, "a question to people that is not over");
    return AMBIT_OK;
}

static enum ambit_err each_awaited(struct search_for *search, struct store_txn *txn,
                                   struct ambit_str key, struct ambit_str value,
                                   struct arena *arena, bool *ret_is_over)
{
    struct ambit_digest handle;
    struct await_row row;
    (void)value;
    (void)ret_is_over;
    if (key.len != sizeof handle.b)
        return AMBIT_ERR_DAMAGED;
    memcpy(handle.b, key.p, sizeof handle.b);
    enum ambit_err err = await_row_load(txn, &handle, arena, &row);
    if (err == AMBIT_OK && row.state == AWAIT_OPEN && row.expires_ms > search->now_ms)
        hold(search, row.seq, "a request that its client comes back for");
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static enum ambit_err each_outcome(struct search_for *search, struct store_txn *txn,
                                   struct ambit_str key, struct ambit_str value,
                                   struct arena *arena, bool *ret_is_over)
{
    struct outcome_row row;
    (void)txn;
    (void)key;
    (void)ret_is_over;
    enum ambit_err err = outcome_row_decode(value, arena, &row);
    if (err == AMBIT_OK)
        hold(search, row.seq, "an action whose outcome may still be reported");
    return err;
}

enum ambit_err prune_find_bound(struct broker *broker, int64_t before_ms, int64_t least_age_ms,
                                struct prune_bound *ret)
{
    static const struct scan scans[] = {
        {.table = STORE_GRANTS, .is_backwards = true, .each = each_grant},
        {.table = STORE_HOLDS, .each = each_hold},
        {.table = STORE_INCIDENTS, .each = each_incident},
        {.table = STORE_APPROVALS, .each = each_approval},
        {.table = STORE_AWAITED, .each = each_awaited},
        {.table = STORE_OUTCOMES, .each = each_outcome},
    };
    *ret = (struct prune_bound){.first = 0};
    struct search_for search = {.broker = broker, .bound = ret, .now_ms = broker_now_ms(broker)};
    enum ambit_err err = by_time(&search, before_ms, least_age_ms);
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(scans); i++)
        err = scan_all(&search, &scans[i]);
    ret->next -= ret->next % AMBIT_TILE_HASHES;
    if (ret->next < ret->first)
        ret->next = ret->first;
    return err;
}
