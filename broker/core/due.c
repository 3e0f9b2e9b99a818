/* SPDX-License-Identifier: Apache-2.0 */
/* See due.h. Key: kind (1), time (8), id (16). */
#include "core/due.h"

#include "base/encode.h"

enum { DUE_KEY = 1 + 8 + 16 };

static void due_key(enum due_kind kind, struct due due, uint8_t key[DUE_KEY])
{
    key[0] = (uint8_t)kind;
    put_be64(key + 1, (uint64_t)due.when_ms);
    memcpy(key + 9, due.id.b, 16);
}

enum ambit_err due_put(struct store_txn *txn, enum due_kind kind, struct due due)
{
    uint8_t key[DUE_KEY];
    due_key(kind, due, key);
    return store_put(txn, STORE_DUE, (struct store_key){key, sizeof key}, "", 0);
}

enum ambit_err due_remove(struct store_txn *txn, enum due_kind kind, struct due due)
{
    uint8_t key[DUE_KEY];
    due_key(kind, due, key);
    enum ambit_err err = store_delete(txn, STORE_DUE, (struct store_key){key, sizeof key});
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err due_first(struct store_txn *txn, enum due_kind kind, struct due *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    uint8_t from[1] = {(uint8_t)kind};
    enum ambit_err err = store_cursor_open(txn, STORE_DUE, &cursor);
    if (err == AMBIT_OK)
        err = store_cursor_move(cursor, STORE_AT_OR_AFTER, (struct store_key){from, sizeof from},
                                &key, &value);
    if (err != AMBIT_OK)
        return err;
    if (key.len != DUE_KEY)
        return AMBIT_ERR_DAMAGED;
    if ((uint8_t)key.p[0] != from[0])
        return AMBIT_ERR_NOT_FOUND;
    ret->when_ms = (int64_t)get_be64((const uint8_t *)key.p + 1);
    memcpy(ret->id.b, key.p + 9, 16);
    return AMBIT_OK;
}
