/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a counter of live grants: pairs of grant and end, pruned of what has ended whenever
 * one is added, and of what is dead before its time whenever it has grown by a few: an agent that
 * asks and gives back, or renews, as fast as it can, has a short list all the same. */
#include "core/window.h"

#include "ambit/limits.h"
#include "base/arena.h"
#include "base/encode.h"
#include "core/cutoff.h"
#include "core/internal.h"

enum { LIVE_FIXED = 2, LIVE_BYTES = 24, LIVE_MAX = 2 * AMBIT_LIVE_GRANTS_MAX, DEAD_EVERY = 64 };

enum ambit_err window_live_read(struct store_txn *txn, const struct state_key *key,
                                struct window_live *dst, size_t max, size_t *ret_n)
{
    static _Thread_local uint8_t row[LIVE_FIXED + LIVE_MAX * LIVE_BYTES];
    size_t len = 0;
    *ret_n = 0;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    if (len < LIVE_FIXED || row[0] != WINDOW_VERSION || row[1] != WINDOW_KIND_LIVE ||
        (len - LIVE_FIXED) % LIVE_BYTES != 0)
        return AMBIT_ERR_DAMAGED;

    size_t n = (len - LIVE_FIXED) / LIVE_BYTES;
    if (n > max)
        return AMBIT_ERR_TOO_LARGE;
    for (size_t i = 0; i < n; i++) {
        memcpy(dst[i].grant.b, row + LIVE_FIXED + i * LIVE_BYTES, 16);
        dst[i].expires_ms = (int64_t)get_be64(row + LIVE_FIXED + i * LIVE_BYTES + 16);
    }
    *ret_n = n;
    return AMBIT_OK;
}

bool window_live_is_over(struct ambit_str row, int64_t now_ms)
{
    for (size_t at = LIVE_FIXED; at + LIVE_BYTES <= row.len; at += LIVE_BYTES)
        if ((int64_t)get_be64((const uint8_t *)row.p + at + 16) > now_ms)
            return false;
    return true;
}

static AMBIT_CHECKED enum ambit_err is_live(struct store_txn *txn, struct ambit_id grant,
                                            uint64_t last_cutoff_seq, bool *ret)
{
    ARENA_AUTO arena;
    char block[4096];
    arena_init(&arena, block, sizeof block, 0);
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_LIVE;
    enum ambit_err err = grant_load_row(txn, grant, &arena, &row);
    if (err == AMBIT_OK)
        err = cutoff_liveness(txn, last_cutoff_seq, &row, &liveness);
    *ret = liveness == AMBIT_LIVE;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static AMBIT_CHECKED enum ambit_err drop_dead(struct store_txn *txn, struct window_live *list,
                                              size_t *n, uint64_t last_cutoff_seq)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        bool lives = true;
        enum ambit_err err = is_live(txn, list[i].grant, last_cutoff_seq, &lives);
        if (err != AMBIT_OK)
            return err;
        if (lives)
            list[kept++] = list[i];
    }
    *n = kept;
    return AMBIT_OK;
}

enum ambit_err window_live_add(struct store_txn *txn, const struct state_key *key,
                               struct window_live entry, int64_t now_ms, uint64_t last_cutoff_seq)
{
    static _Thread_local struct window_live list[LIVE_MAX];
    static _Thread_local uint8_t row[LIVE_FIXED + LIVE_MAX * LIVE_BYTES];
    size_t n = 0, kept = 0;
    enum ambit_err err = window_live_read(txn, key, list, LIVE_MAX, &n);
    if (err != AMBIT_OK)
        return err;

    for (size_t i = 0; i < n; i++)
        if (list[i].expires_ms > now_ms)
            list[kept++] = list[i];
    if (kept % DEAD_EVERY == DEAD_EVERY - 1) {
        err = drop_dead(txn, list, &kept, last_cutoff_seq);
        if (err != AMBIT_OK)
            return err;
    }
    if (kept == LIVE_MAX)
        return AMBIT_ERR_TOO_LARGE;
    list[kept++] = entry;

    row[0] = WINDOW_VERSION;
    row[1] = WINDOW_KIND_LIVE;
    for (size_t i = 0; i < kept; i++) {
        memcpy(row + LIVE_FIXED + i * LIVE_BYTES, list[i].grant.b, 16);
        put_be64(row + LIVE_FIXED + i * LIVE_BYTES + 16, (uint64_t)list[i].expires_ms);
    }
    return store_put(txn, STORE_COUNTERS, state_key_store(key), row,
                     LIVE_FIXED + kept * LIVE_BYTES);
}
