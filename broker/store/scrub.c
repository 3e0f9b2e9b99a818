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
    FREE_LOOK = 1024,    /* pages of the free list between two looks at the clock */
    TAIL_STEP = 512 << 10,
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
    /* As many as a transaction can have, or as the map has room for: all that one can get at. */
    return rc == MDB_TXN_FULL || rc == MDB_MAP_FULL ? AMBIT_OK : store_code(rc);
}

/* ---- 3: free pages ------------------------------------------------------------------------- */

/* The file was shorter when it began, or it is done: a page that is put to use and freed again
 * later has new text in it, if any. */
static bool is_handled(const struct scrub *scrub, uint64_t page)
{
    return page / 8 >= scrub->handled_bytes || (scrub->handled[page / 8] & 1U << (page & 7)) != 0;
}

static enum ambit_err free_page(struct store *store, struct scrub_file *file, uint64_t page)
{
    struct scrub *scrub = &store->scrub;
    uint64_t size = store->space.page_bytes;
    enum ambit_err err = scrub_zero(file, page * size, (page + 1) * size);
    if (err == AMBIT_OK)
        scrub->handled[page / 8] |= (uint8_t)(1U << (page & 7));
    return err;
}

/* From where we are in a row; *ret_stops: the time is over, or `file` is NULL and a page is left.
 */
static enum ambit_err free_row(struct store *store, struct scrub_file *file, const MDB_val *v,
                               int64_t until_us, bool *ret_stops)
{
    struct scrub *scrub = &store->scrub;
    uint64_t n = 0, page = 0;
    memcpy(&n, v->mv_data, sizeof n);
    if (n > v->mv_size / sizeof n - 1)
        return AMBIT_ERR_DAMAGED;
    while (scrub->row_at < n && !*ret_stops) {
        memcpy(&page, (const char *)v->mv_data + (scrub->row_at + 1) * sizeof page, sizeof page);
        bool is_left = !is_handled(scrub, page);
        if (page < 2)
            return AMBIT_ERR_DAMAGED;
        if (is_left && !file) {
            *ret_stops = true;
            return AMBIT_OK;
        }
        enum ambit_err err = is_left ? free_page(store, file, page) : AMBIT_OK;
        if (err != AMBIT_OK)
            return err;
        scrub->row_at++;
        *ret_stops =
            file && (is_left || scrub->row_at % FREE_LOOK == 0) && clock_mono_us() >= until_us;
    }
    return AMBIT_OK;
}

/* The rows of the free list that transactions up to scrub->txn left, from where we are in it.
 * Without a file: are there any left? */
static enum ambit_err free_rows(struct store *store, struct scrub_file *file, MDB_cursor *cursor,
                                int64_t until_us, bool *ret_stops)
{
    struct scrub *scrub = &store->scrub;
    uint64_t id = scrub->row;
    MDB_val k = {.mv_data = &id, .mv_size = sizeof id}, v = {0};
    enum ambit_err err = AMBIT_OK;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    *ret_stops = false;
    while (rc == 0 && err == AMBIT_OK) {
        if (k.mv_size != sizeof id || v.mv_size < sizeof id)
            return AMBIT_ERR_DAMAGED;
        memcpy(&id, k.mv_data, sizeof id);
        if (id > scrub->txn)
            break;
        if (id != scrub->row)
            scrub->row_at = 0;
        scrub->row = id;
        err = free_row(store, file, &v, until_us, ret_stops);
        if (*ret_stops)
            break;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    return err != AMBIT_OK || rc == 0 || rc == MDB_NOTFOUND ? err : store_code(rc);
}

/* Commits move pages between rows meanwhile, also to those behind us: at the end all are looked at
 * once more, in one snapshot, which reads bits alone. */
static enum ambit_err free_all(struct store *store, struct scrub_file *file, MDB_cursor *cursor,
                               bool *ret_is_over)
{
    bool stops = false;
    enum ambit_err err = free_rows(store, file, cursor, clock_mono_us() + SCRUB_STEP_US, &stops);
    if (err != AMBIT_OK || stops)
        return err;
    store->scrub.row = store->scrub.row_at = 0;
    err = free_rows(store, NULL, cursor, 0, &stops);
    *ret_is_over = err == AMBIT_OK && !stops;
    return err;
}

static enum ambit_err clean_free(struct store *store, struct scrub_file *file, bool *ret_is_over)
{
    struct store_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    *ret_is_over = false;
    if (store_oldest_reader(store) <= store->scrub.txn)
        return AMBIT_OK; /* a reader, or a recovery, may still need them */
    enum ambit_err err = store_read_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    int rc = mdb_cursor_open(txn->txn, 0, &cursor);
    err = rc == 0 ? free_all(store, file, cursor, ret_is_over) : store_code(rc);
    if (cursor)
        mdb_cursor_close(cursor);
    store_read_end(txn);
    return err;
}

/* ---- 4 and 5: what is behind --------------------------------------------------------------- */

/* As far as the file is the writer's (ahead.c writes zeros behind that by itself). */
static enum ambit_err clean_tail(struct store *store, struct scrub_file *file, bool *ret_is_over)
{
    struct scrub *scrub = &store->scrub;
    struct stat st;
    if (fstat(file->fd, &st) != 0)
        return store_code(errno);
    uint64_t end = (uint64_t)st.st_size, from = store->space.used;
    if (store->ahead.is_running && store->ahead.mine < end)
        end = store->ahead.mine;
    if (scrub->tail > from)
        from = scrub->tail;
    uint64_t to = from + TAIL_STEP < end ? from + TAIL_STEP : end;
    enum ambit_err err = from < to ? scrub_zero(file, from, to) : AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    *ret_is_over = to >= end;
    scrub->tail = to;
    return AMBIT_OK;
}

static enum ambit_err clean_journal(struct store *store)
{
    struct journal *journal = &store->journal;
    (void)pthread_mutex_lock(&journal->mutex);
    struct scrub_file file = {.fd = journal->fd};
    enum ambit_err err = journal->fd >= 0 && journal->end == 0 && !journal->is_broken
                             ? scrub_zero(&file, 0, STORE_JOURNAL_BYTES)
                             : AMBIT_OK;
    if (err == AMBIT_OK && journal->fd >= 0 && fdatasync(journal->fd) != 0)
        err = store_code(errno);
    (void)pthread_mutex_unlock(&journal->mutex);
    return err;
}

/* ---- the steps ----------------------------------------------------------------------------- */

/* Through all pages in use: what transactions free after this one holds nothing old. */
static enum ambit_err step_pages(struct store *store, struct scrub_file *file)
{
    struct scrub *scrub = &store->scrub;
    uint64_t pages = store->space.used / store->space.page_bytes;
    bool is_over = false, at_once = pages <= SCRUB_AT_ONCE_PAGES;
    int64_t until_us = at_once ? 0 : clock_mono_us() + SCRUB_STEP_US;
    enum ambit_err err = scrub_pages(file, &scrub->place, until_us, &is_over, &scrub->txn);
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

static enum ambit_err step(struct store *store, struct scrub_file *file)
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
        err = step_pages(store, file);
        break;
    case SCRUB_FREE:
        err = clean_free(store, file, &is_over);
        if (is_over)
            scrub->phase = SCRUB_TAIL;
        break;
    case SCRUB_TAIL:
        err = clean_tail(store, file, &is_over);
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
    struct scrub_file file = {.fd = -1};
    if (scrub->phase == SCRUB_NONE || clock_mono_us() < scrub->next_us)
        return false;
    enum ambit_err err = AMBIT_ERR_IO;
    if (mdb_env_get_fd(store->env, &file.fd) == 0)
        err = step(store, &file);
    scrub_file_flush(&file);
    scrub->problem = err;
    /* What this waits for is a commit: of its own, where nobody else makes one. */
    bool is_waiting = scrub->phase == SCRUB_FREE && store_last_commit(store) <= scrub->txn;
    bool wants_turn = err == AMBIT_OK && (is_waiting || scrub->phase == SCRUB_WRITTEN);
    /* When it fails it is tried again, from where it stands: memory, or the disk, may come back. Of
     * a turn that succeeds store_scrub_turn says so. */
    scrub->next_us =
        clock_mono_us() + (err != AMBIT_OK || wants_turn
                               ? SCRUB_RETRY_US
                               : SCRUB_PAUSE_US + (int64_t)(file.dirtied / SCRUB_BYTES_PER_US));
    return wants_turn;
}

enum ambit_err store_scrub_problem(const struct store *store)
{
    return store->scrub.problem;
}

int64_t store_scrub_next_us(const struct store *store)
{
    return store->scrub.phase == SCRUB_NONE ? INT64_MAX : store->scrub.next_us;
}

enum ambit_err store_scrub_turn(struct store_txn *txn, int64_t now_ms)
{
    struct scrub *scrub = &txn->store->scrub;
    if (scrub->phase != SCRUB_WRITTEN) {
        enum ambit_err turned = store_turn(txn);
        if (turned == AMBIT_OK)
            scrub->next_us = clock_mono_us() + SCRUB_PAUSE_US;
        return turned;
    }
    struct store_scrub row;
    enum ambit_err err = store_scrub_load(txn, &row);
    if (err != AMBIT_OK)
        return err;
    row.done = scrub->mark;
    row.done_ms = now_ms;
    txn->ends_scrub = true;
    return row_put(txn, &row);
}
