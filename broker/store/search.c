/* SPDX-License-Identifier: Apache-2.0 */
/* The search environment: see search.h. A key is tag u8 || key (16) || sequence u64 big-endian, the
 * value empty. */
#include "store/search_inside.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "store/search_order.h"

enum {
    POSITION_BYTES_FIRST = 8 + 32,                    /* without built_as */
    POSITION_BYTES_SECOND = POSITION_BYTES_FIRST + 4, /* without first and swept */
    POSITION_BYTES = POSITION_BYTES_SECOND + 8 + 8,
    SWEEP_LOOK = 32
};
#define MAP_DEFAULT ((size_t)64 << 30)
#define MAP_LEAST   ((size_t)64 << 20)

static const char position_key[] = "position";

/* A map costs addresses alone; where there are not so many, a smaller one does. */
static enum ambit_err env_open(struct search *search)
{
    struct store_options options = {.folder = search->folder,
                                    .create = true,
                                    .map_bytes = search->map_bytes,
                                    .is_search = true};
    enum ambit_err err = store_open(&options, &search->store);
    while (err == AMBIT_ERR_NO_MEMORY && options.map_bytes / 2 >= MAP_LEAST) {
        options.map_bytes /= 2;
        err = store_open(&options, &search->store);
    }
    if (err == AMBIT_OK)
        store_index_watch(search->store);
    return err;
}

static void env_close(struct search *search)
{
    if (search->store)
        store_index_forget(search->store);
    store_close(TAKE(search->store));
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

/* Who reads is many; who begins the environment anew must come to it all the same. A thread has one
 * read at a time, so none waits behind a writer that waits for the thread itself. */
static void lock_init(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t attributes;
    (void)pthread_rwlockattr_init(&attributes);
    (void)pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(lock, &attributes);
    (void)pthread_rwlockattr_destroy(&attributes);
}

enum ambit_err search_open(const char *folder, size_t map_bytes, struct search **ret)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return AMBIT_ERR_NO_MEMORY;
    lock_init(&search->lock);
    search->map_bytes = map_bytes ? map_bytes : MAP_DEFAULT;
    search->folder = strdup(folder);
    enum ambit_err err = search->folder ? env_open(search) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER) {
        search->was_damaged = err == AMBIT_ERR_DAMAGED;
        env_remove(search);
        err = env_open(search);
    }
    if (err == AMBIT_ERR_NO_SPACE) { /* nothing that decides needs it */
        search->problem = err;
        search_suspect(search);
        err = AMBIT_OK;
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
    env_close(search);
    (void)pthread_rwlock_destroy(&search->lock);
    free(search->folder);
    free(search);
}

/* Who asks meanwhile waits: the old file is held open until they may go on, since giving back the
 * blocks of a large one takes its time. */
static enum ambit_err env_renew(struct search *search, bool *ret_had_file)
{
    char path[PATH_MAX];
    FD_AUTO old = -1;
    int len = snprintf(path, sizeof path, "%s/data.mdb", search->folder);
    if (len > 0 && (size_t)len < sizeof path)
        old = open(path, O_RDONLY | O_CLOEXEC);
    *ret_had_file = old >= 0;
    (void)pthread_rwlock_wrlock(&search->lock);
    env_close(search);
    env_remove(search);
    search->problem = env_open(search);
    enum ambit_err err = search->problem;
    (void)pthread_rwlock_unlock(&search->lock);
    return err;
}

enum ambit_err search_restart(struct search *search)
{
    bool had_file = false;
    enum ambit_err err = env_renew(search, &had_file);
    if (err == AMBIT_ERR_NO_SPACE && had_file) /* now there is what the old one took */
        err = env_renew(search, &had_file);
    if (err == AMBIT_OK)
        atomic_store(&search->is_suspect, false);
    return err;
}

bool search_was_damaged(const struct search *search)
{
    return search->was_damaged;
}

void search_suspect(struct search *search)
{
    atomic_store(&search->is_suspect, true);
}

bool search_is_suspect(const struct search *search)
{
    return atomic_load(&search->is_suspect);
}

size_t search_map_bytes(uint64_t store_bytes)
{
    const uint64_t most = (uint64_t)32 << 40;
    uint64_t bytes = store_bytes ? store_bytes : MAP_DEFAULT / SEARCH_TIMES;
    return bytes < most / SEARCH_TIMES ? bytes * SEARCH_TIMES : most;
}

enum ambit_err search_room(struct search *search, uint64_t keep_bytes, struct search_room *ret)
{
    uint64_t disk = 0;
    if (!search->store)
        return search->problem;
    store_space_check(search->store);
    const struct space *space = &search->store->space;
    enum ambit_err err = file_free_bytes(search->store->dir_fd, &disk);
    uint64_t map = space->map_bytes > space->used ? space->map_bytes - space->used : 0;
    disk = disk > keep_bytes ? disk - keep_bytes : 0;
    *ret = (struct search_room){
        .used_bytes = space->used - (space->listed < space->used ? space->listed : space->used),
        .bytes = (map < disk ? map : disk) + space->usable};
    return err;
}

enum ambit_err search_position_get(struct store_txn *txn, struct search_position *ret)
{
    uint8_t row[POSITION_BYTES];
    size_t len = 0;
    struct store_key key = {.p = position_key, .len = sizeof position_key - 1};
    enum ambit_err err = store_get(txn, STORE_META, key, row, sizeof row, &len);
    *ret = (struct search_position){0};
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    bool is_known =
        len == sizeof row || len == POSITION_BYTES_FIRST || len == POSITION_BYTES_SECOND;
    if (err == AMBIT_ERR_TOO_LARGE || (err == AMBIT_OK && !is_known))
        return AMBIT_ERR_DAMAGED;
    if (err != AMBIT_OK)
        return err;
    ret->next = get_be64(row);
    memcpy(ret->last.b, row + 8, sizeof ret->last.b);
    ret->built_as = len >= POSITION_BYTES_SECOND ? get_be32(row + POSITION_BYTES_FIRST) : 0;
    ret->first = len == sizeof row ? get_be64(row + POSITION_BYTES_SECOND) : 0;
    ret->swept = len == sizeof row ? get_be64(row + POSITION_BYTES_SECOND + 8) : 0;
    return AMBIT_OK;
}

enum ambit_err search_position(struct search *search, struct search_position *ret)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = search_read_begin(search, &txn);
    if (err != AMBIT_OK)
        return err;
    err = search_position_get(txn, ret);
    search_read_end(search, txn);
    return err;
}

int search_entry_cmp(const struct search_entry *a, const struct search_entry *b)
{
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    int c = memcmp(a->key, b->key, sizeof a->key);
    return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static int put_entries(MDB_cursor *cursor, const struct search_entry *entries, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        uint8_t key[SEARCH_KEY_BYTES];
        search_put_key(key, entries[i].tag, entries[i].key, entries[i].seq);
        MDB_val k = {.mv_data = key, .mv_size = sizeof key}, v = {0};
        rc = mdb_cursor_put(cursor, &k, &v, 0);
    }
    return rc;
}

static enum ambit_err position_put(struct store_txn *txn, const struct search_position *position)
{
    uint8_t row[POSITION_BYTES];
    put_be64(row, position->next);
    memcpy(row + 8, position->last.b, sizeof position->last.b);
    put_be32(row + POSITION_BYTES_FIRST, position->built_as);
    put_be64(row + POSITION_BYTES_SECOND, position->first);
    put_be64(row + POSITION_BYTES_SECOND + 8, position->swept);
    struct store_key key = {.p = position_key, .len = sizeof position_key - 1};
    return store_put(txn, STORE_META, key, row, sizeof row);
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
    return rc != 0 ? store_code(rc) : position_put(txn, position);
}

enum ambit_err search_write_begin(struct search *search, struct store_txn **ret)
{
    return search->store ? store_write_begin(search->store, ret) : search->problem;
}

enum ambit_err search_put(struct store_txn *txn, struct store_key key, const void *value,
                          size_t len)
{
    MDB_val k = {.mv_size = key.len}, v = {.mv_size = len};
    memcpy(&k.mv_data, &key.p, sizeof key.p); /* LMDB takes no const and does not write here */
    memcpy(&v.mv_data, &value, sizeof value);
    return store_code(mdb_put(txn->txn, txn->store->dbi[SEARCH_FACTS], &k, &v, 0));
}

enum ambit_err search_write_commit(struct store_txn *txn, const struct search_entry *entries,
                                   size_t n, const struct search_position *position)
{
    AMBIT_AUTO_FREE struct search_entry *in_order = search_in_order(entries, n);
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

/* ---- what is not searched for any more ------------------------------------------------------ */

/* Moves to the first key behind the row's value: the key with its sequence is a number. */
static void leap(uint8_t key[SEARCH_KEY_BYTES])
{
    memset(key + SEARCH_PREFIX_BYTES, 0, sizeof(uint64_t));
    for (size_t i = SEARCH_PREFIX_BYTES; i > 0 && ++key[i - 1] == 0; i--)
        ;
}

static bool is_late(const struct search_sweep *sweep, size_t looks)
{
    return looks % SWEEP_LOOK == 0 && clock_mono_us() >= sweep->until_us;
}

static int sweep_some(MDB_cursor *cursor, struct search_sweep *sweep, size_t max)
{
    int rc = 0;
    size_t n = 0;
    for (size_t looks = 1; rc == 0 && n < max && !is_late(sweep, looks); looks++) {
        /* Sought anew each time: what a cursor points to after a deletion is best not relied on. */
        MDB_val k = {.mv_data = sweep->key, .mv_size = sizeof sweep->key}, v = {0};
        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
        if (rc != 0)
            break;
        if (k.mv_size != sizeof sweep->key)
            return MDB_CORRUPTED;
        memcpy(sweep->key, k.mv_data, sizeof sweep->key);
        bool is_dead = get_be64(sweep->key + SEARCH_PREFIX_BYTES) < sweep->below;
        if (is_dead)
            rc = mdb_cursor_del(cursor, 0);
        else
            leap(sweep->key);
        n += is_dead;
    }
    sweep->is_over = rc == MDB_NOTFOUND;
    return sweep->is_over ? 0 : rc;
}

enum ambit_err search_sweep(struct search *search, struct search_sweep *sweep, size_t max,
                            struct search_position *position)
{
    struct store_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    enum ambit_err err = search_write_begin(search, &txn);
    if (err != AMBIT_OK)
        return err;
    int rc = mdb_cursor_open(txn->txn, txn->store->index, &cursor);
    if (rc == 0) {
        rc = sweep_some(cursor, sweep, max);
        mdb_cursor_close(cursor);
    }
    err = store_code(rc);
    if (err == AMBIT_OK && sweep->is_over)
        position->swept = sweep->below;
    if (err == AMBIT_OK)
        err = position_put(txn, position);
    if (err != AMBIT_OK) {
        store_write_abort(txn);
        return err;
    }
    return store_write_commit(txn);
}
