/* SPDX-License-Identifier: Apache-2.0 */
/* Each row weighs two numbers; the sum is theirs, so that rows come and go in any order. */
#include "core/tally.h"

#include "base/encode.h"
#include "core/head.h"

enum { ROW_MAX = 4096 };

static uint64_t mix(uint64_t h, struct ambit_str bytes)
{
    for (size_t at = 0; at < bytes.len; at += 8) {
        uint8_t word[8] = {0};
        size_t n = bytes.len - at < sizeof word ? bytes.len - at : sizeof word;
        memcpy(word, bytes.p + at, n);
        h = (h ^ get_be64(word)) * 0x9E3779B97F4A7C15U;
        h ^= h >> 29;
    }
    return (h ^ bytes.len) * 0xBF58476D1CE4E5B9U;
}

/* `sign` 1: the row comes, -1: it goes. */
static void weigh(struct tally *tally, int sign, enum store_table table, struct ambit_str key,
                  struct ambit_str value)
{
    for (uint64_t i = 0; i < AMBIT_LEN(tally->lane); i++) {
        uint64_t h = mix(mix((i + 1) * 0x94D049BB133111EBU + table, key), value);
        h ^= h >> 32;
        tally->lane[i] += sign > 0 ? h : 0 - h;
    }
}

uint64_t tally_sum(struct ambit_str bytes)
{
    return mix(0, bytes);
}

static struct ambit_str str_of(struct store_key key)
{
    return (struct ambit_str){.p = key.p, .len = key.len};
}

/* The row that stood there weighs no more. */
static AMBIT_CHECKED enum ambit_err let_go(struct store_txn *txn, struct tally *tally,
                                           enum store_table table, struct store_key key)
{
    char row[ROW_MAX];
    size_t len = 0;
    enum ambit_err err = store_get(txn, table, key, row, sizeof row, &len);
    if (err == AMBIT_OK)
        weigh(tally, -1, table, str_of(key), (struct ambit_str){row, len});
    return err;
}

enum ambit_err tally_put(struct store_txn *txn, struct tally *tally, enum store_table table,
                         struct store_key key, struct ambit_str value)
{
    enum ambit_err err = let_go(txn, tally, table, key);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    weigh(tally, 1, table, str_of(key), value);
    return store_put(txn, table, key, value.p, value.len);
}

enum ambit_err tally_delete(struct store_txn *txn, struct tally *tally, enum store_table table,
                            struct store_key key)
{
    enum ambit_err err = let_go(txn, tally, table, key);
    return err == AMBIT_OK ? store_delete(txn, table, key) : err;
}

static AMBIT_CHECKED enum ambit_err count_table(struct store_txn *txn, enum store_table table,
                                                struct tally *tally, uint64_t *last)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    enum store_seek seek = STORE_FIRST;
    enum ambit_err err = store_cursor_open(txn, table, &cursor);
    for (; err == AMBIT_OK; seek = STORE_NEXT) {
        err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value);
        if (err != AMBIT_OK)
            break;
        weigh(tally, 1, table, key, value);
        /* A cut-off begins with its sequence. */
        uint64_t seq =
            table == STORE_CUTOFFS && value.len >= 8 ? get_be64((const uint8_t *)value.p) : 0;
        if (seq > *last)
            *last = seq;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

enum ambit_err tally_count(struct store_txn *txn, struct tally *ret, uint64_t *ret_last)
{
    static const enum store_table tables[] = {STORE_CUTOFFS, STORE_STOPS, STORE_HOLDS};
    enum ambit_err err = AMBIT_OK;
    *ret = (struct tally){{0}};
    *ret_last = 0;
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(tables); i++)
        err = count_table(txn, tables[i], ret, ret_last);
    return err;
}

enum ambit_err tally_check(struct store_txn *txn, const struct head *head)
{
    struct tally tally;
    uint64_t last = 0;
    enum ambit_err err = tally_count(txn, &tally, &last);
    if (err != AMBIT_OK)
        return err;
    bool is_same = tally.lane[0] == head->tally.lane[0] && tally.lane[1] == head->tally.lane[1];
    return is_same && last == head->last_cutoff_seq ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}
