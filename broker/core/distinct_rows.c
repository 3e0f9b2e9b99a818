/* SPDX-License-Identifier: Apache-2.0 */
/* The head row of a history of different values, and the keys of its entries. */
#include "core/distinct_inside.h"

#include "base/encode.h"
#include "crypto/digest.h"

enum ambit_err distinct_head_decode(const uint8_t *row, size_t len, struct distinct_head *ret)
{
    if (len != ROW_BYTES || row[1] != WINDOW_KIND_DISTINCT)
        return AMBIT_ERR_DAMAGED;
    if (row[0] != WINDOW_VERSION)
        return row[0] > WINDOW_VERSION ? AMBIT_ERR_NEWER : AMBIT_ERR_DAMAGED;
    ret->generation = get_be32(row + 2);
    ret->count = get_be32(row + 6);
    ret->last_ms = (int64_t)get_be64(row + 10);
    ret->keep_ms = (int64_t)get_be64(row + 18);
    for (size_t i = 0; i < CURSORS; i++) {
        const uint8_t *p = row + FIXED_BYTES + i * CURSOR_BYTES;
        ret->cursors[i] = (struct distinct_cursor){.within_ms = (int64_t)get_be64(p),
                                                   .after_ms = (int64_t)get_be64(p + 8),
                                                   .count = get_be32(p + 16)};
    }
    return AMBIT_OK;
}

enum ambit_err distinct_head_get(struct store_txn *txn, const struct state_key *key,
                                 struct distinct_head *ret)
{
    uint8_t row[ROW_BYTES];
    size_t len = 0;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row, &len);
    return err == AMBIT_OK ? distinct_head_decode(row, len, ret) : err;
}

enum ambit_err distinct_head_put(struct store_txn *txn, const struct state_key *key,
                                 const struct distinct_head *head)
{
    uint8_t row[ROW_BYTES];
    row[0] = WINDOW_VERSION;
    row[1] = WINDOW_KIND_DISTINCT;
    put_be32(row + 2, head->generation);
    put_be32(row + 6, head->count);
    put_be64(row + 10, (uint64_t)head->last_ms);
    put_be64(row + 18, (uint64_t)head->keep_ms);
    for (size_t i = 0; i < CURSORS; i++) {
        uint8_t *p = row + FIXED_BYTES + i * CURSOR_BYTES;
        put_be64(p, (uint64_t)head->cursors[i].within_ms);
        put_be64(p + 8, (uint64_t)head->cursors[i].after_ms);
        put_be32(p + 16, head->cursors[i].count);
    }
    return store_put(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row);
}

/* ---- keys ---------------------------------------------------------------------------------- */

struct distinct_value distinct_value_of(struct ambit_str text)
{
    uint8_t length[4];
    struct ambit_digest digest;
    struct distinct_value value;
    put_be32(length, (uint32_t)text.len);
    const struct ambit_str parts[] = {
        AMBIT_STR("ambit value v1"), {.p = (const char *)length, .len = sizeof length}, text};
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    memcpy(value.b, digest.b, sizeof value.b);
    return value;
}

void distinct_prefix(uint8_t *dst, const struct state_key *key, uint32_t generation)
{
    memcpy(dst, key->b, 16);
    put_be32(dst + 16, generation);
}

struct distinct_time_key distinct_time_key(const struct state_key *key,
                                           const struct distinct_head *head, int64_t time_ms,
                                           const struct distinct_value *value)
{
    struct distinct_time_key ret;
    distinct_prefix(ret.b, key, head->generation);
    ret.b[PREFIX] = BY_TIME;
    put_be64(ret.b + PREFIX + 1, (uint64_t)time_ms);
    memcpy(ret.b + PREFIX + 9, value->b, sizeof value->b);
    return ret;
}

struct distinct_value_key distinct_value_key(const struct state_key *key,
                                             const struct distinct_head *head,
                                             const struct distinct_value *value)
{
    struct distinct_value_key ret;
    distinct_prefix(ret.b, key, head->generation);
    ret.b[PREFIX] = BY_VALUE;
    memcpy(ret.b + PREFIX + 1, value->b, sizeof value->b);
    return ret;
}

enum ambit_err distinct_value_time(struct store_txn *txn, const struct state_key *key,
                                   const struct distinct_head *head,
                                   const struct distinct_value *value, int64_t *ret)
{
    struct distinct_value_key row_key = distinct_value_key(key, head, value);
    uint8_t time[8];
    size_t len = 0;
    enum ambit_err err = store_get(txn, STORE_VALUES, KEY_OF(row_key), time, sizeof time, &len);
    *ret = -1;
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    if (len != sizeof time)
        return AMBIT_ERR_DAMAGED;
    *ret = (int64_t)get_be64(time);
    return AMBIT_OK;
}
