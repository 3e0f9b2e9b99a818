/* SPDX-License-Identifier: Apache-2.0 */
/* Iteration in key order. What a move finds is copied into the cursor's own memory, which grows to
 * the largest row met. */
#include "store/internal.h"

struct store_cursor {
    MDB_cursor *cursor; /* NULL: the table is absent, and so empty */
    char *p;            /* key then value, owned */
    size_t cap;
};

enum ambit_err store_cursor_open(struct store_txn *txn, enum store_table table,
                                 struct store_cursor **ret)
{
    struct store_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return AMBIT_ERR_NO_MEMORY;
    int rc = txn->store->is_absent[table]
                 ? 0
                 : mdb_cursor_open(txn->txn, txn->store->dbi[table], &cursor->cursor);
    if (rc != 0) {
        free(cursor);
        return store_code(rc);
    }
    *ret = cursor;
    return AMBIT_OK;
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->cursor)
        mdb_cursor_close(cursor->cursor);
    free(cursor->p);
    free(cursor);
}

static int move(MDB_cursor *cursor, enum store_seek seek, struct store_key key, MDB_val *k,
                MDB_val *v)
{
    k->mv_size = key.len;
    memcpy(&k->mv_data, &key.p, sizeof key.p);
    switch (seek) {
    case STORE_FIRST:
        return mdb_cursor_get(cursor, k, v, MDB_FIRST);
    case STORE_LAST:
        return mdb_cursor_get(cursor, k, v, MDB_LAST);
    case STORE_NEXT:
        return mdb_cursor_get(cursor, k, v, MDB_NEXT);
    case STORE_PREVIOUS:
        return mdb_cursor_get(cursor, k, v, MDB_PREV);
    case STORE_AT_OR_AFTER:
        /* LMDB knows no empty key. */
        return mdb_cursor_get(cursor, k, v, key.len ? MDB_SET_RANGE : MDB_FIRST);
    case STORE_BEFORE: {
        if (!key.len)
            return MDB_NOTFOUND;
        int rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
        if (rc == MDB_NOTFOUND)
            return mdb_cursor_get(cursor, k, v, MDB_LAST);
        return rc != 0 ? rc : mdb_cursor_get(cursor, k, v, MDB_PREV);
    }
    }
    return MDB_NOTFOUND;
}

enum ambit_err store_cursor_move(struct store_cursor *cursor, enum store_seek seek,
                                 struct store_key key, struct ambit_str *ret_key,
                                 struct ambit_str *ret_value)
{
    MDB_val k = {0}, v = {0};
    if (!cursor->cursor)
        return AMBIT_ERR_NOT_FOUND;
    int rc = move(cursor->cursor, seek, key, &k, &v);
    if (rc != 0)
        return store_code(rc);

    size_t need = 0;
    if (!ambit_add(k.mv_size, v.mv_size, &need))
        return AMBIT_ERR_DAMAGED;
    if (need > cursor->cap) {
        char *p = realloc(cursor->p, need * 2);
        if (!p)
            return AMBIT_ERR_NO_MEMORY;
        cursor->p = p;
        cursor->cap = need * 2;
    }
    memcpy(cursor->p, k.mv_data, k.mv_size);
    if (v.mv_size)
        memcpy(cursor->p + k.mv_size, v.mv_data, v.mv_size);
    if (ret_key)
        *ret_key = (struct ambit_str){.p = cursor->p, .len = k.mv_size};
    if (ret_value)
        *ret_value = (struct ambit_str){.p = cursor->p + k.mv_size, .len = v.mv_size};
    return AMBIT_OK;
}
