/* SPDX-License-Identifier: Apache-2.0 */
/* From what was deleted to what is gone: see scrub.h. */
#include "store/scrub.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"

enum {
    ROW = 24,            /* wanted u64, done u64, when i64 */
    POOL_MOST = 1 << 15, /* far more than a transaction of ours has, far less than LMDB spills */
    POOL_CLEAN = 64,     /* so many in turn that hold nothing: what is below was not used since */
    FREE_STEP = 256,
    TAIL_STEP = 4 << 20,
    PASSES = 2
};
static const char row_key[] = "scrub";

/* ---- what stands in the store -------------------------------------------------------------- */

static struct store_key key_of_row(void)
{
    return (struct store_key){.p = row_key, .len = sizeof row_key - 1};
}

bool store_scrub_is_key(struct ambit_str key)
{
    return ambit_str_is(key, row_key);
}

enum ambit_err store_scrub_load(struct store_txn *txn, struct store_scrub *ret)
{
    uint8_t row[ROW];
    size_t len = 0;
    *ret = (struct store_scrub){.wanted = 0};
    enum ambit_err err = store_get(txn, STORE_META, key_of_row(), row, sizeof row, &len);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    if (len != sizeof row)
        return AMBIT_ERR_DAMAGED;
    *ret = (struct store_scrub){
        .wanted = get_be64(row), .done = get_be64(row + 8), .done_ms = (int64_t)get_be64(row + 16)};
    return AMBIT_OK;
}

static enum ambit_err row_put(struct store_txn *txn, const struct store_scrub *scrub)
{
    uint8_t row[ROW];
    put_be64(row, scrub->wanted);
    put_be64(row + 8, scrub->done);
    put_be64(row + 16, (uint64_t)scrub->done_ms);
    return store_put(txn, STORE_META, key_of_row(), row, sizeof row);
}

enum ambit_err store_scrub_want(struct store_txn *txn, uint64_t mark)
{
    struct store_scrub scrub;
    enum ambit_err err = store_scrub_load(txn, &scrub);
    if (err != AMBIT_OK)
        return err;
    scrub.wanted = mark;
    txn->scrub_mark = mark;
    return row_put(txn, &scrub);
}

/* ---- starting, and beginning anew ---------------------------------------------------------- */

void scrub_committed(struct store *store, uint64_t mark)
{
    struct scrub *scrub = &store->scrub;
    free(TAKE(scrub->handled));
    /* Where much is deleted, in one transaction after the other, it is begun when they are over. */
    *scrub = (struct scrub){
        .phase = SCRUB_MEMORY, .mark = mark, .next_us = clock_mono_us() + SCRUB_REST_US};
}

void scrub_ended(struct store *store)
{
    free(TAKE(store->scrub.handled));
    store->scrub = (struct scrub){.phase = SCRUB_NONE};
}

enum ambit_err scrub_open(struct store *store)
{
    struct store_txn *txn = NULL;
    struct store_scrub found;
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_scrub_load(txn, &found);
    store_read_end(txn);
    if (err == AMBIT_OK && found.wanted != found.done)
        scrub_committed(store, found.wanted);
    return err;
}

void scrub_close(struct store *store)
{
    free(TAKE(store->scrub.handled));
}

/* ---- 1: memory ----------------------------------------------------------------------------- */

/* A row of exactly one page of its own, in memory that an earlier page had: *ret_is_clean: it held
 * nothing. */
static int take_page(MDB_txn *txn, MDB_dbi dbi, uint64_t i, size_t room, bool *ret_is_clean)
{
    uint8_t name[9] = {0xff};
    put_be64(name + 1, i);
    MDB_val k = {.mv_data = name, .mv_size = sizeof name}, v = {.mv_size = room};
    int rc = mdb_put(txn, dbi, &k, &v, MDB_RESERVE);
    if (rc != 0)
        return rc;
    const uint8_t *p = v.mv_data;
    *ret_is_clean = p[0] == 0 && memcmp(p, p + 1, room - 1) == 0;
    memset(v.mv_data, 0, room);
    return 0;
}

/* LMDB keeps the memory of its pages in a stack: what was used last is taken first. */
static enum ambit_err clean_memory(struct store *store)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0)
        return store_code(rc);
    size_t room = store->space.page_bytes - 16, clean = 0;
    for (uint64_t i = 0; rc == 0 && i < POOL_MOST && clean < POOL_CLEAN; i++) {
        bool is_clean = false;
        rc = take_page(txn, store->dbi[STORE_META], i, room, &is_clean);
        clean = is_clean ? clean + 1 : 0;
    }
    mdb_txn_abort(txn);
    /* As many as a transaction can have: all there are. */
    return rc == MDB_TXN_FULL ? AMBIT_OK : store_code(rc);
}

/* ---- 3: free pages ------------------------------------------------------------------------- */

static bool is_handled(struct scrub *scrub, uint64_t page)
{
    return page / 8 < scrub->handled_bytes && (scrub->handled[page / 8] & 1U << (page & 7)) != 0;
}

/* A page that is put to use and freed again later has new text in it, if any. */
static enum ambit_err free_page(struct store *store, int fd, uint64_t page, size_t *left)
{
    struct scrub *scrub = &store->scrub;
    uint64_t size = store->space.page_bytes;
    if (page < 2 || page / 8 >= scrub->handled_bytes)
        return page < 2 ? AMBIT_ERR_DAMAGED : AMBIT_OK; /* the file was shorter then */
    if (is_handled(scrub, page) || *left == 0)
        return AMBIT_OK;
    --*left;
    scrub->handled[page / 8] |= (uint8_t)(1U << (page & 7));
    return scrub_zero(fd, page * size, (page + 1) * size);
}

/* The rows of the free list that transactions up to scrub->txn left. */
static enum ambit_err free_rows(struct store *store, int fd, MDB_cursor *cursor, size_t *left)
{
    MDB_val k = {0}, v = {0};
    enum ambit_err err = AMBIT_OK;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (; rc == 0 && err == AMBIT_OK && *left > 0; rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        uint64_t id = 0, n = 0, page = 0;
        if (k.mv_size != sizeof id || v.mv_size < sizeof n)
            return AMBIT_ERR_DAMAGED;
        memcpy(&id, k.mv_data, sizeof id);
        memcpy(&n, v.mv_data, sizeof n);
        if (id > store->scrub.txn)
            break;
        if (n > v.mv_size / sizeof n - 1)
            return AMBIT_ERR_DAMAGED;
        for (uint64_t i = 1; i <= n && err == AMBIT_OK; i++) {
            memcpy(&page, (const char *)v.mv_data + i * sizeof page, sizeof page);
            err = free_page(store, fd, page, left);
        }
    }
    return err != AMBIT_OK || rc == 0 || rc == MDB_NOTFOUND ? err : store_code(rc);
}

static enum ambit_err clean_free(struct store *store, int fd, bool *ret_is_over)
{
    struct store_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    size_t left = FREE_STEP;
    *ret_is_over = false;
    if (store_oldest_reader(store) <= store->scrub.txn)
        return AMBIT_OK; /* a reader, or a recovery, may still need them */
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    int rc = mdb_cursor_open(txn->txn, 0, &cursor);
    err = rc == 0 ? free_rows(store, fd, cursor, &left) : store_code(rc);
    if (cursor)
        mdb_cursor_close(cursor);
    store_read_end(txn);
    *ret_is_over = err == AMBIT_OK && left > 0;
    return err;
}

/* ---- 4 and 5: what is behind --------------------------------------------------------------- */

/* As far as the file is the writer's (ahead.c writes zeros behind that by itself). */
static enum ambit_err clean_tail(struct store *store, int fd, bool *ret_is_over)
{
    struct scrub *scrub = &store->scrub;
    struct stat st;
    if (fstat(fd, &st) != 0)
        return store_code(errno);
    uint64_t end = (uint64_t)st.st_size, from = store->space.used;
    if (store->ahead.is_running && store->ahead.mine < end)
        end = store->ahead.mine;
    if (scrub->tail > from)
        from = scrub->tail;
    uint64_t to = from + TAIL_STEP < end ? from + TAIL_STEP : end;
    *ret_is_over = to >= end;
    scrub->tail = to;
    return from < to ? scrub_zero(fd, from, to) : AMBIT_OK;
}

static enum ambit_err clean_journal(struct store *store)
{
    struct journal *journal = &store->journal;
    (void)pthread_mutex_lock(&journal->mutex);
    enum ambit_err err = journal->fd >= 0 && journal->end == 0 && !journal->is_broken
                             ? scrub_zero(journal->fd, 0, STORE_JOURNAL_BYTES)
                             : AMBIT_OK;
    if (err == AMBIT_OK && journal->fd >= 0 && fdatasync(journal->fd) != 0)
        err = store_code(errno);
    (void)pthread_mutex_unlock(&journal->mutex);
    return err;
}

/* ---- the steps ----------------------------------------------------------------------------- */

/* Through all pages in use: what transactions free after this one holds nothing old. */
static enum ambit_err step_pages(struct store *store, int fd)
{
    struct scrub *scrub = &store->scrub;
    uint64_t pages = store->space.used / store->space.page_bytes;
    bool is_over = false, at_once = pages <= SCRUB_AT_ONCE_PAGES;
    int64_t until_us = at_once ? 0 : clock_mono_us() + SCRUB_STEP_US;
    enum ambit_err err = scrub_pages(fd, &scrub->place, until_us, &is_over, &scrub->txn);
    if (err != AMBIT_OK || !is_over)
        return err;
    scrub->place = (struct scrub_place){.table = 0};
    scrub->passes = at_once ? PASSES : scrub->passes + 1;
    if (scrub->passes < PASSES)
        return AMBIT_OK;
    scrub->handled_bytes = pages / 8 + 1;
    scrub->handled = calloc(1, scrub->handled_bytes);
    if (!scrub->handled)
        return AMBIT_ERR_NO_MEMORY;
    scrub->phase = SCRUB_FREE;
    return AMBIT_OK;
}

static enum ambit_err step(struct store *store, int fd)
{
    struct scrub *scrub = &store->scrub;
    bool is_over = false;
    enum ambit_err err = AMBIT_OK;
    switch (scrub->phase) {
    case SCRUB_MEMORY:
        err = clean_memory(store);
        if (err == AMBIT_OK)
            scrub->phase = SCRUB_PAGES;
        break;
    case SCRUB_PAGES:
        err = step_pages(store, fd);
        break;
    case SCRUB_FREE:
        err = clean_free(store, fd, &is_over);
        if (is_over)
            scrub->phase = SCRUB_TAIL;
        break;
    case SCRUB_TAIL:
        err = clean_tail(store, fd, &is_over);
        if (is_over && err == AMBIT_OK)
            err = clean_journal(store);
        if (is_over && err == AMBIT_OK)
            scrub->phase = SCRUB_WRITTEN;
        break;
    case SCRUB_NONE:
    case SCRUB_WRITTEN:
        break;
    }
    return err;
}

bool store_scrub_step(struct store *store)
{
    struct scrub *scrub = &store->scrub;
    int64_t now_us = clock_mono_us();
    int fd = -1;
    if (scrub->phase == SCRUB_NONE || now_us < scrub->next_us)
        return false;
    scrub->next_us = now_us + SCRUB_PAUSE_US;
    enum ambit_err err = AMBIT_ERR_IO;
    if (mdb_env_get_fd(store->env, &fd) == 0)
        err = step(store, fd);
    if (err != AMBIT_OK) /* again, from where it stands: memory, or the disk, may come back */
        scrub->next_us = clock_mono_us() + SCRUB_RETRY_US;
    /* What this waits for is a commit: of its own, where nobody else makes one. */
    bool is_waiting = scrub->phase == SCRUB_FREE && store_last_commit(store) <= scrub->txn;
    return err == AMBIT_OK && (is_waiting || scrub->phase == SCRUB_WRITTEN);
}

int64_t store_scrub_next_us(const struct store *store)
{
    return store->scrub.phase == SCRUB_NONE ? INT64_MAX : store->scrub.next_us;
}

enum ambit_err store_scrub_turn(struct store_txn *txn, int64_t now_ms)
{
    struct scrub *scrub = &txn->store->scrub;
    if (scrub->phase != SCRUB_WRITTEN)
        return store_turn(txn);
    struct store_scrub row;
    enum ambit_err err = store_scrub_load(txn, &row);
    if (err != AMBIT_OK)
        return err;
    row.done = scrub->mark;
    row.done_ms = now_ms;
    txn->ends_scrub = true;
    return row_put(txn, &row);
}
