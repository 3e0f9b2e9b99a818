/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the search environment: a scan, step by step, all of it. Whoever reads keeps it from
 * being begun anew meanwhile; what is found to be damaged is told to whom that is for. */
#include "store/search_inside.h"

#include "base/encode.h"

enum { SCAN_MAX = 10000 };

enum ambit_err search_read_begin(struct search *search, struct store_txn **ret)
{
    (void)pthread_rwlock_rdlock(&search->lock);
    enum ambit_err err = search->store ? store_read_begin(search->store, ret) : search->problem;
    if (err != AMBIT_OK)
        (void)pthread_rwlock_unlock(&search->lock);
    return err;
}

void search_read_end(struct search *search, struct store_txn *txn)
{
    if (!txn)
        return;
    store_read_end(txn);
    (void)pthread_rwlock_unlock(&search->lock);
}

/* The first row of the query; then each next one in its direction. */
static int seek(MDB_cursor *cursor, const struct search_query *query, MDB_val *k, MDB_val *v)
{
    if (!query->is_descending)
        return mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
    int rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, k, v, MDB_LAST);
    return rc != 0 ? rc : mdb_cursor_get(cursor, k, v, MDB_PREV);
}

static enum ambit_err scan(struct store_txn *txn, const struct search_query *query, uint64_t *seqs,
                           size_t max, size_t *ret_n)
{
    MDB_cursor *cursor = NULL;
    uint8_t key[SEARCH_KEY_BYTES];
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
    int rc = mdb_cursor_open(txn->txn, txn->store->index, &cursor);
    if (rc != 0)
        return store_code(rc);
    size_t n = 0;
    search_put_key(key, query->tag, query->key, query->from);
    uint8_t prefix[SEARCH_PREFIX_BYTES];
    memcpy(prefix, key, sizeof prefix);
    for (rc = n < max ? seek(cursor, query, &k, &v) : MDB_NOTFOUND; rc == 0;
         rc = mdb_cursor_get(cursor, &k, &v, query->is_descending ? MDB_PREV : MDB_NEXT)) {
        if (k.mv_size != SEARCH_KEY_BYTES || memcmp(k.mv_data, prefix, sizeof prefix) != 0)
            break;
        seqs[n++] = get_be64((const uint8_t *)k.mv_data + SEARCH_PREFIX_BYTES);
        if (n == max)
            break;
    }
    mdb_cursor_close(cursor);
    if (rc != 0 && rc != MDB_NOTFOUND)
        return store_code(rc);
    *ret_n = n;
    return AMBIT_OK;
}

enum ambit_err search_scan(struct search *search, const struct search_query *query, uint64_t *seqs,
                           size_t max, size_t *ret_n)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = search_read_begin(search, &txn);
    if (err != AMBIT_OK)
        return err;
    err = scan(txn, query, seqs, max < SCAN_MAX ? max : SCAN_MAX, ret_n);
    search_read_end(search, txn);
    if (err == AMBIT_ERR_DAMAGED)
        search_suspect(search);
    return err;
}

/* ---- step by step --------------------------------------------------------------------------- */

struct search_reader {
    struct search *search;
    struct store_txn *txn;
    MDB_cursor *cursor;
};

enum ambit_err search_reader_open(struct search *search, struct search_reader **ret)
{
    struct search_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return AMBIT_ERR_NO_MEMORY;
    reader->search = search;
    enum ambit_err err = search_read_begin(search, &reader->txn);
    if (err == AMBIT_OK)
        err = store_code(mdb_cursor_open(reader->txn->txn, search->store->index, &reader->cursor));
    if (err != AMBIT_OK) {
        search_reader_close(reader);
        return err;
    }
    *ret = reader;
    return AMBIT_OK;
}

void search_reader_close(struct search_reader *reader)
{
    if (!reader)
        return;
    if (reader->cursor)
        mdb_cursor_close(reader->cursor);
    search_read_end(reader->search, reader->txn);
    free(reader);
}

enum ambit_err search_reader_seek(struct search_reader *reader, const struct search_query *query,
                                  uint64_t *ret_seq)
{
    uint8_t key[SEARCH_KEY_BYTES];
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
    search_put_key(key, query->tag, query->key, query->from);
    enum ambit_err err = store_code(seek(reader->cursor, query, &k, &v));
    if (err == AMBIT_ERR_DAMAGED)
        search_suspect(reader->search);
    if (err != AMBIT_OK)
        return err;
    if (k.mv_size != SEARCH_KEY_BYTES || memcmp(k.mv_data, key, SEARCH_PREFIX_BYTES) != 0)
        return AMBIT_ERR_NOT_FOUND;
    *ret_seq = get_be64((const uint8_t *)k.mv_data + SEARCH_PREFIX_BYTES);
    return AMBIT_OK;
}

enum ambit_err search_reader_position(struct search_reader *reader, struct search_position *ret)
{
    return search_position_get(reader->txn, ret);
}

/* ---- reading all of it ---------------------------------------------------------------------- */

enum ambit_err search_open_read_only(const char *folder, struct search **ret)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_rwlock_init(&search->lock, NULL);
    struct store_options options = {.folder = folder, .read_only = true, .is_search = true};
    enum ambit_err err = store_open(&options, &search->store);
    if (err != AMBIT_OK) {
        search_close(search);
        return err;
    }
    *ret = search;
    return AMBIT_OK;
}

struct search_cursor {
    struct search *search;
    struct store_txn *txn;
    MDB_cursor *cursor;
    bool has_begun;
};

enum ambit_err search_cursor_open(struct search *search, struct search_cursor **ret)
{
    struct search_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return AMBIT_ERR_NO_MEMORY;
    cursor->search = search;
    enum ambit_err err = search_read_begin(search, &cursor->txn);
    if (err == AMBIT_OK)
        err = store_code(mdb_cursor_open(cursor->txn->txn, search->store->index, &cursor->cursor));
    if (err != AMBIT_OK) {
        search_cursor_close(cursor);
        return err;
    }
    *ret = cursor;
    return AMBIT_OK;
}

void search_cursor_close(struct search_cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->cursor)
        mdb_cursor_close(cursor->cursor);
    search_read_end(cursor->search, cursor->txn);
    free(cursor);
}

enum ambit_err search_cursor_next(struct search_cursor *cursor, struct search_entry *ret)
{
    MDB_val k = {0}, v = {0};
    int rc = mdb_cursor_get(cursor->cursor, &k, &v, cursor->has_begun ? MDB_NEXT : MDB_FIRST);
    cursor->has_begun = true;
    if (rc != 0)
        return store_code(rc);
    if (k.mv_size != SEARCH_KEY_BYTES || v.mv_size != 0)
        return AMBIT_ERR_MALFORMED;
    const uint8_t *key = k.mv_data;
    ret->tag = key[0];
    memcpy(ret->key, key + 1, sizeof ret->key);
    ret->seq = get_be64(key + SEARCH_PREFIX_BYTES);
    return AMBIT_OK;
}

enum ambit_err search_cursor_position(struct search_cursor *cursor, struct search_position *ret)
{
    return search_position_get(cursor->txn, ret);
}
