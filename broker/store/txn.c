/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions and single rows. A read transaction is kept per thread and renewed: beginning one
 * costs no allocation and no lock. Values are copied out; LMDB's memory is never handed on. */
#include "store/scrub.h"

#include "base/clock.h"

enum { DELETE_LOOK = 32 };

void store_reader_free(void *p)
{
    struct store_reader *reader = p;
    struct store *store = reader->txn.store;
    (void)pthread_mutex_lock(&store->readers_mutex);
    for (struct store_reader **at = &store->readers; *at; at = &(*at)->next)
        if (*at == reader) {
            *at = reader->next;
            break;
        }
    (void)pthread_mutex_unlock(&store->readers_mutex);
    mdb_txn_abort(reader->txn.txn);
    free(reader);
}

static enum ambit_err reader_new(struct store *store, struct store_reader **ret)
{
    struct store_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return AMBIT_ERR_NO_MEMORY;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &reader->txn.txn);
    if (rc != 0) {
        free(reader);
        return store_code(rc);
    }
    reader->txn.store = store;
    if (pthread_setspecific(store->key, reader) != 0) {
        mdb_txn_abort(reader->txn.txn);
        free(reader);
        return AMBIT_ERR_NO_MEMORY;
    }
    (void)pthread_mutex_lock(&store->readers_mutex);
    reader->next = store->readers;
    store->readers = reader;
    (void)pthread_mutex_unlock(&store->readers_mutex);
    *ret = reader;
    return AMBIT_OK;
}

enum ambit_err store_read_begin(struct store *store, struct store_txn **ret)
{
    struct store_reader *reader = pthread_getspecific(store->key);
    if (!reader) {
        enum ambit_err err = reader_new(store, &reader);
        if (err != AMBIT_OK)
            return err;
    } else {
        if (reader->txn.is_open)
            return AMBIT_ERR_CONFLICT;
        int rc = mdb_txn_renew(reader->txn.txn);
        if (rc != 0)
            return store_code(rc);
    }
    reader->txn.is_open = true;
    *ret = &reader->txn;
    return AMBIT_OK;
}

void store_read_end(struct store_txn *txn)
{
    if (!txn)
        return;
    AMBIT_ASSERT(!txn->is_write && txn->is_open);
    txn->is_open = false;
    mdb_txn_reset(txn->txn);
}

enum ambit_err store_write_begin(struct store *store, struct store_txn **ret)
{
    if (store->is_read_only)
        return AMBIT_ERR_REFUSED;
    MDB_txn *txn = NULL;
    store_space_before(store);
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn); /* waits for another writer */
    if (rc != 0)
        return store_code(rc);
    store->write =
        (struct store_txn){.store = store, .txn = txn, .is_write = true, .is_open = true};
    store_space_begin(&store->write);
    *ret = &store->write;
    return AMBIT_OK;
}

enum ambit_err store_write_commit(struct store_txn *txn)
{
    AMBIT_ASSERT(txn->is_write && txn->is_open);
    struct store *store = txn->store;
    txn->is_open = false;
    int rc = mdb_txn_commit(txn->txn);
    if (rc != 0) {
        enum ambit_err err = store_code(rc);
        if (err == AMBIT_ERR_NO_SPACE)
            store_space_failed(store);
        return err;
    }
    store_space_committed(store);
    if (txn->ends_scrub)
        scrub_ended(store);
    if (txn->scrub_mark != 0)
        scrub_committed(store, txn->scrub_mark);
    return store_ahead_is_claimed(store) ? AMBIT_OK : AMBIT_ERR_INTERNAL;
}

void store_write_abort(struct store_txn *txn)
{
    if (!txn)
        return;
    AMBIT_ASSERT(txn->is_write && txn->is_open);
    txn->is_open = false;
    mdb_txn_abort(txn->txn);
}

static MDB_val val_of(const void *p, size_t len)
{
    MDB_val val = {.mv_size = len};
    memcpy(&val.mv_data, &p, sizeof p); /* LMDB takes no const and does not write here */
    return val;
}

enum ambit_err store_get(struct store_txn *txn, enum store_table table, struct store_key key,
                         void *dst, size_t size, size_t *ret_len)
{
    if (txn->store->is_absent[table])
        return AMBIT_ERR_NOT_FOUND;
    MDB_val k = val_of(key.p, key.len), v = {0};
    int rc = mdb_get(txn->txn, txn->store->dbi[table], &k, &v);
    if (rc != 0)
        return store_code(rc);
    if (v.mv_size > size)
        return AMBIT_ERR_TOO_LARGE;
    if (v.mv_size)
        memcpy(dst, v.mv_data, v.mv_size);
    if (ret_len)
        *ret_len = v.mv_size;
    return AMBIT_OK;
}

static enum ambit_err write_code(struct store_txn *txn, int rc)
{
    enum ambit_err err = store_code(rc);
    if (err == AMBIT_ERR_NO_SPACE)
        store_space_failed(txn->store);
    return err;
}

enum ambit_err store_put(struct store_txn *txn, enum store_table table, struct store_key key,
                         const void *value, size_t len)
{
    enum ambit_err err = store_space_charge(txn, key.len + len, WRITE_ANYWHERE);
    if (err != AMBIT_OK)
        return err;
    MDB_val k = val_of(key.p, key.len), v = val_of(value, len);
    return write_code(txn, mdb_put(txn->txn, txn->store->dbi[table], &k, &v, 0));
}

enum ambit_err store_append(struct store_txn *txn, enum store_table table, struct store_key key,
                            const void *value, size_t len)
{
    enum ambit_err err = store_space_charge(txn, key.len + len, WRITE_AT_END);
    if (err != AMBIT_OK)
        return err;
    MDB_val k = val_of(key.p, key.len), v = val_of(value, len);
    int rc = mdb_put(txn->txn, txn->store->dbi[table], &k, &v, MDB_APPEND);
    return rc == MDB_KEYEXIST ? AMBIT_ERR_DAMAGED : write_code(txn, rc);
}

enum ambit_err store_delete(struct store_txn *txn, enum store_table table, struct store_key key)
{
    enum ambit_err err = store_space_charge(txn, 0, WRITE_DELETE);
    if (err != AMBIT_OK)
        return err;
    MDB_val k = val_of(key.p, key.len);
    return write_code(txn, mdb_del(txn->txn, txn->store->dbi[table], &k, NULL));
}

enum ambit_err store_delete_range(struct store_txn *txn, enum store_table table,
                                  struct store_key from, struct store_key to, size_t max,
                                  size_t *ret_n)
{
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn->txn, txn->store->dbi[table], &cursor);
    if (rc != 0)
        return store_code(rc);
    size_t n = 0;
    enum ambit_err err = AMBIT_OK;
    MDB_val end = val_of(to.p, to.len);
    while (n < max && err == AMBIT_OK) {
        /* Sought anew each time: what a cursor points to after a deletion is best not relied on. */
        MDB_val k = val_of(from.p, from.len), v = {0};
        rc = mdb_cursor_get(cursor, &k, &v, from.len ? MDB_SET_RANGE : MDB_FIRST);
        if (rc != 0 || (to.len && mdb_cmp(txn->txn, txn->store->dbi[table], &k, &end) >= 0))
            break;
        err = store_space_charge(txn, 0, WRITE_DELETE);
        if (err != AMBIT_OK)
            break;
        rc = mdb_cursor_del(cursor, 0);
        if (rc != 0)
            break;
        n++;
    }
    mdb_cursor_close(cursor);
    if (err == AMBIT_OK && rc != 0 && rc != MDB_NOTFOUND)
        err = write_code(txn, rc);
    if (err == AMBIT_OK)
        *ret_n = n;
    return err;
}

enum ambit_err store_delete_some(struct store_txn *txn, enum store_table table,
                                 struct store_key from, struct store_key to, size_t max,
                                 int64_t most_us, size_t *ret_n, bool *ret_is_late)
{
    int64_t until_us = clock_mono_us() + most_us;
    *ret_n = 0;
    *ret_is_late = false;
    while (*ret_n < max && !*ret_is_late) {
        size_t n = 0, want = max - *ret_n < DELETE_LOOK ? max - *ret_n : DELETE_LOOK;
        enum ambit_err err = store_delete_range(txn, table, from, to, want, &n);
        if (err != AMBIT_OK)
            return err;
        *ret_n += n;
        if (n < want)
            break;
        *ret_is_late = *ret_n < max && clock_mono_us() >= until_us;
    }
    return AMBIT_OK;
}
