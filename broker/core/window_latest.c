/* SPDX-License-Identifier: Apache-2.0 */
/* The row of a history of which only the latest time is asked (`after`): version, kind, time, how
 * long it is kept. */
#include "core/window.h"

#include "base/encode.h"

enum { LATEST_BYTES = 2 + 8 + 8 };

static AMBIT_CHECKED enum ambit_err decode(const uint8_t *row, size_t len, int64_t *ret_time_ms,
                                           int64_t *ret_keep_ms)
{
    if (len != LATEST_BYTES || row[1] != WINDOW_KIND_LATEST)
        return AMBIT_ERR_DAMAGED;
    if (row[0] != WINDOW_VERSION)
        return row[0] > WINDOW_VERSION ? AMBIT_ERR_NEWER : AMBIT_ERR_DAMAGED;
    *ret_time_ms = (int64_t)get_be64(row + 2);
    *ret_keep_ms = (int64_t)get_be64(row + 10);
    return AMBIT_OK;
}

enum ambit_err window_latest_read(struct store_txn *txn, const struct state_key *key, int64_t *ret)
{
    uint8_t row[LATEST_BYTES];
    size_t len = 0;
    int64_t keep_ms = 0;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row, &len);
    *ret = -1;
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    return decode(row, len, ret, &keep_ms);
}

enum ambit_err window_latest_add(struct store_txn *txn, const struct state_key *key,
                                 int64_t time_ms, int64_t keep_ms)
{
    uint8_t row[LATEST_BYTES] = {WINDOW_VERSION, WINDOW_KIND_LATEST};
    int64_t before_ms = -1;
    enum ambit_err err = window_latest_read(txn, key, &before_ms);
    if (err != AMBIT_OK)
        return err;
    put_be64(row + 2, (uint64_t)(before_ms > time_ms ? before_ms : time_ms));
    put_be64(row + 10, (uint64_t)keep_ms);
    return store_put(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row);
}

enum ambit_err window_latest_is_over(struct ambit_str row, int64_t now_ms, bool *ret)
{
    int64_t time_ms = 0, keep_ms = 0;
    enum ambit_err err = decode((const uint8_t *)row.p, row.len, &time_ms, &keep_ms);
    if (keep_ms == 0)
        keep_ms = AMBIT_DURATION_MAX_S * 1000LL;
    *ret = err == AMBIT_OK && now_ms - time_ms >= keep_ms;
    return err;
}
