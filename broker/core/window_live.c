/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a counter of live grants: pairs of grant and end, pruned of what has ended whenever
 * one is added. */
#include "core/window.h"

#include "ambit/limits.h"
#include "base/encode.h"

enum { LIVE_FIXED = 2, LIVE_BYTES = 24, LIVE_MAX = 2 * AMBIT_LIVE_GRANTS_MAX };

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

enum ambit_err window_live_add(struct store_txn *txn, const struct state_key *key,
                               struct window_live entry, int64_t now_ms)
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
