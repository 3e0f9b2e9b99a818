/* SPDX-License-Identifier: Apache-2.0 */
/* The search environment: see search.h. A key is tag u8 || key (16) || sequence u64 big-endian, the
 * value empty. */
#include "store/search.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/encode.h"
#include "store/internal.h"

enum {
    KEY_BYTES = 1 + 16 + 8,
    PREFIX_BYTES = KEY_BYTES - 8,
    SCAN_MAX = 10000,
    POSITION_BYTES_FIRST = 8 + 32, /* without built_as */
    POSITION_BYTES = POSITION_BYTES_FIRST + 4,
    TAGS = UINT8_MAX + 1
};

struct search {
    struct store *store;
    size_t map_bytes;
    char *folder; /* owned */
};

static const char position_key[] = "position";

static enum ambit_err env_open(struct search *search)
{
    struct store_options options = {.folder = search->folder,
                                    .create = true,
                                    .map_bytes = search->map_bytes,
                                    .is_search = true};
    return store_open(&options, &search->store);
}

static void env_remove(const struct search *search)
{
    int fd = open(search->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    /* What cannot be removed makes the next open fail, which is told. */
    (void)unlinkat(fd, "data.mdb", 0);
    (void)unlinkat(fd, "lock.mdb", 0);
    (void)close(fd);
}

enum ambit_err search_open(const char *folder, size_t map_bytes, struct search **ret)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return AMBIT_ERR_NO_MEMORY;
    search->map_bytes = map_bytes;
    search->folder = strdup(folder);
    enum ambit_err err = search->folder ? env_open(search) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER) {
        env_remove(search);
        err = env_open(search);
    }
    if (err != AMBIT_OK) {
        search_close(search);
        return err;
    }
    *ret = search;
    return AMBIT_OK;
}

void search_close(struct search *search)
{
    if (!search)
        return;
    store_close(search->store);
    free(search->folder);
    free(search);
}

enum ambit_err search_restart(struct search *search)
{
    store_close(TAKE(search->store));
    env_remove(search);
    return env_open(search);
}

static enum ambit_err position_get(struct store_txn *txn, struct search_position *ret)
{
    uint8_t row[POSITION_BYTES];
    size_t len = 0;
    struct store_key key = {.p = position_key, .len = sizeof position_key - 1};
    enum ambit_err err = store_get(txn, STORE_META, key, row, sizeof row, &len);
    *ret = (struct search_position){0};
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err == AMBIT_ERR_TOO_LARGE ||
        (err == AMBIT_OK && len != sizeof row && len != POSITION_BYTES_FIRST))
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    ret->next = get_be64(row);
    memcpy(ret->last.b, row + 8, sizeof ret->last.b);
    ret->built_as = len == sizeof row ? get_be32(row + POSITION_BYTES_FIRST) : 0;
    return AMBIT_OK;
}

enum ambit_err search_position(struct search *search, struct search_position *ret)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(search->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = position_get(txn, ret);
    store_read_end(txn);
    return err;
}

static void put_key(uint8_t key[KEY_BYTES], uint8_t tag, const uint8_t value[16], uint64_t seq)
{
    key[0] = tag;
    memcpy(key + 1, value, 16);
    put_be64(key + PREFIX_BYTES, seq);
}

int search_entry_cmp(const struct search_entry *a, const struct search_entry *b)
{
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    int c = memcmp(a->key, b->key, sizeof a->key);
    return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare(const void *a, const void *b)
{
    const struct search_entry *x = a, *y = b;
    for (size_t i = 0; i < sizeof x->key; i += 8) {
        uint64_t p = get_be64(x->key + i), q = get_be64(y->key + i);
        if (p != q)
            return p < q ? -1 : 1;
    }
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Sorts the entries of one tag. They come in the order of the record, in which ids and what all
 * events share are sorted already. */
static void sort_tag(struct search_entry *entries, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (compare(&entries[i - 1], &entries[i]) > 0) {
            qsort(entries, n, sizeof *entries, compare);
            return;
        }
}

/* In the order of keys, so that neighbours in the tree are written together. The caller frees. */
static struct search_entry *sorted(const struct search_entry *entries, size_t n)
{
    size_t begin[TAGS + 1] = {0},
                        at[TAGS]; /* where a tag's entries begin; where its next one goes */
    struct search_entry *ret = reallocarray(NULL, n + 1, sizeof *ret);
    if (!ret)
        return NULL;
    for (size_t i = 0; i < n; i++)
        begin[entries[i].tag + 1]++;
    for (size_t tag = 0; tag < TAGS; tag++)
        begin[tag + 1] += begin[tag];
    memcpy(at, begin, sizeof at);
    for (size_t i = 0; i < n; i++)
        ret[at[entries[i].tag]++] = entries[i];
    for (size_t tag = 0; tag < TAGS; tag++)
        sort_tag(ret + begin[tag], begin[tag + 1] - begin[tag]);
    return ret;
}

static int put_entries(MDB_cursor *cursor, const struct search_entry *entries, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        uint8_t key[KEY_BYTES];
        put_key(key, entries[i].tag, entries[i].key, entries[i].seq);
        MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
        rc = mdb_cursor_put(cursor, &k, &v, 0);
    }
    return rc;
}

static enum ambit_err put_all(struct store_txn *txn, const struct search_entry *entries, size_t n,
                              const struct search_position *position)
{
    MDB_cursor *cursor = NULL;
    int rc = mdb_cursor_open(txn->txn, txn->store->index, &cursor);
    if (rc == 0) {
        rc = put_entries(cursor, entries, n);
        mdb_cursor_close(cursor);
    }
    if (rc != 0)
        return store_code(rc);
    uint8_t row[POSITION_BYTES];
    put_be64(row, position->next);
    memcpy(row + 8, position->last.b, sizeof position->last.b);
    put_be32(row + POSITION_BYTES_FIRST, position->built_as);
    struct store_key key = {.p = position_key, .len = sizeof position_key - 1};
    return store_put(txn, STORE_META, key, row, sizeof row);
}

enum ambit_err search_write_begin(struct search *search, struct store_txn **ret)
{
    return store_write_begin(search->store, ret);
}

enum ambit_err search_put(struct store_txn *txn, struct store_key key, const void *value,
                          size_t len)
{
    MDB_val k = {.mv_size = key.len}, v = {.mv_size = len};
    memcpy(&k.mv_data, &key.p, sizeof key.p); /* LMDB takes no const and does not write here */
    memcpy(&v.mv_data, &value, sizeof value);
    return store_code(mdb_put(txn->txn, txn->store->dbi[SEARCH_FACTS], &k, &v, 0));
}

enum ambit_err search_read_begin(struct search *search, struct store_txn **ret)
{
    return store_read_begin(search->store, ret);
}

enum ambit_err search_write_commit(struct store_txn *txn, const struct search_entry *entries,
                                   size_t n, const struct search_position *position)
{
    AMBIT_AUTO_FREE struct search_entry *in_order = sorted(entries, n);
    enum ambit_err err = in_order ? put_all(txn, in_order, n, position) : AMBIT_ERR_NO_MEMORY;
    if (err != AMBIT_OK) {
        store_write_abort(txn);
        return err;
    }
    return store_write_commit(txn);
}

enum ambit_err search_add(struct search *search, const struct search_entry *entries, size_t n,
                          const struct search_position *position)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = search_write_begin(search, &txn);
    return err == AMBIT_OK ? search_write_commit(txn, entries, n, position) : err;
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
    uint8_t key[KEY_BYTES];
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
    int rc = mdb_cursor_open(txn->txn, txn->store->index, &cursor);
    if (rc != 0)
        return store_code(rc);
    size_t n = 0;
    put_key(key, query->tag, query->key, query->from);
    uint8_t prefix[PREFIX_BYTES];
    memcpy(prefix, key, sizeof prefix);
    for (rc = n < max ? seek(cursor, query, &k, &v) : MDB_NOTFOUND; rc == 0;
         rc = mdb_cursor_get(cursor, &k, &v, query->is_descending ? MDB_PREV : MDB_NEXT)) {
        if (k.mv_size != KEY_BYTES || memcmp(k.mv_data, prefix, sizeof prefix) != 0)
            break;
        seqs[n++] = get_be64((const uint8_t *)k.mv_data + PREFIX_BYTES);
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
    enum ambit_err err = store_read_begin(search->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = scan(txn, query, seqs, max < SCAN_MAX ? max : SCAN_MAX, ret_n);
    store_read_end(txn);
    return err;
}

/* ---- step by step --------------------------------------------------------------------------- */

struct search_reader {
    struct store_txn *txn;
    MDB_cursor *cursor;
};

enum ambit_err search_reader_open(struct search *search, struct search_reader **ret)
{
    struct search_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_read_begin(search->store, &reader->txn);
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
    if (reader->txn)
        store_read_end(reader->txn);
    free(reader);
}

enum ambit_err search_reader_seek(struct search_reader *reader, const struct search_query *query,
                                  uint64_t *ret_seq)
{
    uint8_t key[KEY_BYTES];
    MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
    put_key(key, query->tag, query->key, query->from);
    int rc = seek(reader->cursor, query, &k, &v);
    if (rc != 0)
        return store_code(rc);
    if (k.mv_size != KEY_BYTES || memcmp(k.mv_data, key, PREFIX_BYTES) != 0)
        return AMBIT_ERR_NOT_FOUND;
    *ret_seq = get_be64((const uint8_t *)k.mv_data + PREFIX_BYTES);
    return AMBIT_OK;
}

/* ---- reading all of it ---------------------------------------------------------------------- */

enum ambit_err search_open_read_only(const char *folder, struct search **ret)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return AMBIT_ERR_NO_MEMORY;
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
    struct store_txn *txn;
    MDB_cursor *cursor;
    bool has_begun;
};

enum ambit_err search_cursor_open(struct search *search, struct search_cursor **ret)
{
    struct search_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = store_read_begin(search->store, &cursor->txn);
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
    store_read_end(cursor->txn);
    free(cursor);
}

enum ambit_err search_cursor_next(struct search_cursor *cursor, struct search_entry *ret)
{
    MDB_val k = {0}, v = {0};
    int rc = mdb_cursor_get(cursor->cursor, &k, &v, cursor->has_begun ? MDB_NEXT : MDB_FIRST);
    cursor->has_begun = true;
    if (rc != 0)
        return store_code(rc);
    if (k.mv_size != KEY_BYTES || v.mv_size != 0)
        return AMBIT_ERR_MALFORMED;
    const uint8_t *key = k.mv_data;
    ret->tag = key[0];
    memcpy(ret->key, key + 1, sizeof ret->key);
    ret->seq = get_be64(key + PREFIX_BYTES);
    return AMBIT_OK;
}

enum ambit_err search_cursor_position(struct search_cursor *cursor, struct search_position *ret)
{
    return position_get(cursor->txn, ret);
}
