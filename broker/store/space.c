/* SPDX-License-Identifier: Apache-2.0 */
/* How much may still be written. The file is allocated ahead of use, so that a full disk is met
 * here, between transactions, and not inside a commit, where it would seal the broker. What LMDB's
 * free list holds and no reader needs counts as free. Numbers are refreshed after each commit, the
 * free list at most once a second or, near the end, at every transaction. */
#include "store/scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/encode.h"

enum {
    SECOND_US = 1000000,
    LIST_ROWS_MAX = 4096,
    STEP_LEAST = 1 << 16,
    NARROW_AFTER_FAILURE_US = SECOND_US
};

static uint64_t saturating_sub(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t ahead_bytes(const struct space *space)
{
    return saturating_sub(space->allocated, space->used);
}

static int data_fd(struct store *store)
{
    int fd = -1;
    return mdb_env_get_fd(store->env, &fd) == 0 ? fd : -1;
}

/* What the file system would still give, where it cannot be asked to keep it for us. */
static uint64_t disk_free(int fd)
{
    struct statvfs vfs;
    return fstatvfs(fd, &vfs) == 0 ? (uint64_t)vfs.f_bavail * vfs.f_frsize : 0;
}

static int extend(struct store *store, uint64_t bytes)
{
    uint64_t allocated = store->space.allocated;
    int rc = 0;
    do
        rc = fallocate(data_fd(store), 0, (off_t)allocated, (off_t)bytes) == 0 ? 0 : errno;
    while (rc == EINTR);
    if (rc == 0)
        store->space.allocated = allocated + bytes;
    if (rc == 0)
        store_ahead_grown(store);
    return rc;
}

/* Lets the file own `ahead` bytes past what is used, or as much of it as the disk has: halved
 * steps, down to small ones only while less than the reserve is owned, so that others on the disk
 * can live. */
static void grow(struct store *store, uint64_t ahead)
{
    struct space *space = &store->space;
    uint64_t used = space->used,
             want = used + ahead < space->map_bytes ? used + ahead : space->map_bytes;
    bool is_short = false;
    for (uint64_t step = saturating_sub(want, space->allocated);
         space->has_fallocate && step > 0;) {
        int rc = extend(store, step);
        if (rc == EOPNOTSUPP || rc == ENOSYS)
            space->has_fallocate = false;
        is_short = is_short || rc != 0; /* ENOSPC, EDQUOT, EFBIG, EIO: no more for now */
        uint64_t left = saturating_sub(want, space->allocated);
        bool is_poor = ahead_bytes(space) < space->reserve_bytes;
        step = is_short ? step / 2 : 0;
        if (left == 0 || step < (is_poor ? STEP_LEAST : space->reserve_bytes / 2))
            break;
        step = step < left ? step : left;
    }
    if (!space->has_fallocate) {
        uint64_t end = used + disk_free(data_fd(store));
        space->allocated = end < space->map_bytes ? end : space->map_bytes;
    }
    space->is_short = is_short;
}

/* The oldest snapshot somebody reads, from the lines "pid thread txnid" of the reader table. */
static int oldest_line(const char *line, void *ctx)
{
    uint64_t *oldest = ctx, id = 0;
    size_t len = strlen(line), end = len && line[len - 1] == '\n' ? len - 1 : len, at = end;
    while (at > 0 && line[at - 1] != ' ')
        at--;
    if (parse_u64((struct ambit_str){.p = line + at, .len = end - at}, &id) == AMBIT_OK &&
        id < *oldest)
        *oldest = id;
    return 0;
}

uint64_t store_last_commit(struct store *store)
{
    MDB_envinfo info;
    return mdb_env_info(store->env, &info) == 0 ? info.me_last_txnid : 0;
}

uint64_t store_oldest_reader(struct store *store)
{
    uint64_t oldest = store_last_commit(store);
    return mdb_reader_list(store->env, oldest_line, &oldest) < 0 ? 0 : oldest;
}

/* What the free list holds: rows by the transaction that freed the pages. LMDB takes from those
 * before the oldest snapshot, its own last one included. */
static void list_count(struct store_txn *txn)
{
    struct store *store = txn->store;
    MDB_envinfo info;
    MDB_cursor *cursor = NULL;
    if (mdb_env_info(store->env, &info) != 0 || mdb_cursor_open(txn->txn, 0, &cursor) != 0)
        return;
    uint64_t oldest = info.me_last_txnid, listed = 0, usable = 0;
    (void)mdb_reader_list(store->env, oldest_line, &oldest);
    MDB_val k = {0}, v = {0};
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (int rows = 0; rc == 0 && rows < LIST_ROWS_MAX; rows++) {
        size_t id = 0, n = 0;
        if (k.mv_size != sizeof id || v.mv_size < sizeof n)
            break;
        memcpy(&id, k.mv_data, sizeof id);
        memcpy(&n, v.mv_data, sizeof n);
        if (id > oldest)
            break;
        listed += n;
        usable += id < oldest ? n : 0;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    store->space.listed = listed * store->space.page_bytes;
    store->space.usable = usable * store->space.page_bytes;
}

static void note_used(struct store *store)
{
    MDB_envinfo info;
    if (mdb_env_info(store->env, &info) == 0)
        store->space.used = (uint64_t)(info.me_last_pgno + 1) * store->space.page_bytes;
}

static uint64_t free_bytes(const struct space *space)
{
    uint64_t limit = space->is_short || !space->has_fallocate ? space->allocated : space->map_bytes;
    return saturating_sub(limit, space->used) + space->listed;
}

/* So much must stay allocated ahead that a disk that gives no more is met before the store is
 * narrow, whatever the steps. */
static uint64_t ahead_least(const struct space *space)
{
    uint64_t marks = 2 * (uint64_t)space->reserve_bytes;
    return space->grow_bytes / 2 > marks ? space->grow_bytes / 2 : marks;
}

/* Grows when half of a step is used up; asks a short disk again at most once a second. */
static void keep_ahead(struct store *store, int64_t now_us)
{
    struct space *space = &store->space;
    bool is_due = !space->is_short || now_us >= space->next_grow_us;
    if (store->is_search || ahead_bytes(space) >= ahead_least(space) || !is_due)
        return;
    if (space->allocated >= space->map_bytes)
        return;
    space->next_grow_us = now_us + SECOND_US;
    grow(store, ahead_least(space) + space->grow_bytes / 2);
}

/* The end of what may be written is in sight. */
static bool is_near_end(const struct space *space)
{
    return free_bytes(space) < 2 * space->reserve_bytes + space->listed;
}

/* LMDB shows the free list to reading transactions alone. */
static void scan_list(struct store *store, int64_t now_us)
{
    struct store_txn *txn = NULL;
    if (store_read_begin(store, &txn) != AMBIT_OK)
        return; /* the caller reads: another time */
    store->space.next_scan_us = now_us + SECOND_US;
    list_count(txn);
    store_read_end(txn);
}

enum ambit_err store_space_start(struct store *store, const struct store_options *options)
{
    struct space *space = &store->space;
    MDB_envinfo info;
    MDB_stat stat;
    int rc = mdb_env_info(store->env, &info);
    rc = rc ? rc : mdb_env_stat(store->env, &stat);
    if (rc != 0)
        return store_code(rc);
    space->page_bytes = stat.ms_psize;
    space->map_bytes = info.me_mapsize;
    space->grow_bytes = options->grow_bytes ? options->grow_bytes : (size_t)64 << 20;
    space->reserve_bytes = options->reserve_bytes ? options->reserve_bytes : (size_t)16 << 20;
    space->has_fallocate = true;
    note_used(store);
    if (store->is_read_only || store->is_search) {
        space->allocated = space->map_bytes;
        return AMBIT_OK;
    }
    /* A file that came from a copy may have holes: only what is allocated here is counted on. */
    space->allocated = space->used;
    store_space_check(store);
    return AMBIT_OK;
}

void store_space_check(struct store *store)
{
    if (store->is_read_only)
        return;
    int64_t now_us = clock_mono_us();
    note_used(store);
    keep_ahead(store, now_us);
    if (now_us >= store->space.next_scan_us)
        scan_list(store, now_us);
}

bool store_wants_turn(struct store *store)
{
    const struct space *space = &store->space;
    return is_near_end(space) &&
           space->listed > space->usable + STORE_MARGIN_PAGES * space->page_bytes;
}

enum ambit_err store_turn(struct store_txn *txn)
{
    return store_format_touch(txn);
}

bool store_txn_is_large(const struct store_txn *txn)
{
    const struct space *space = &txn->store->space;
    uint64_t most = (uint64_t)AMBIT_BATCH_PAGES * STORE_PAGE;
    bool may_grow = !space->is_short && space->allocated < space->map_bytes;
    if (!may_grow && txn->budget_bytes / 2 < most)
        most = txn->budget_bytes / 2;
    return txn->cost_bytes >= most && txn->cost_bytes > 0;
}

static void set_budget(struct store_txn *txn)
{
    struct space *space = &txn->store->space;
    txn->budget_bytes =
        saturating_sub(ahead_bytes(space) + space->usable, STORE_MARGIN_PAGES * space->page_bytes);
}

/* What the transaction might take at the end of the file is the writer's. */
static void claim(struct store_txn *txn)
{
    const struct space *space = &txn->store->space;
    uint64_t margin = STORE_MARGIN_PAGES * space->page_bytes;
    store_ahead_claim(txn->store, space->used + txn->cost_bytes + margin);
}

void store_space_before(struct store *store)
{
    int64_t now_us = clock_mono_us();
    if (now_us >= store->space.next_scan_us || is_near_end(&store->space))
        scan_list(store, now_us);
}

void store_space_begin(struct store_txn *txn)
{
    set_budget(txn);
    claim(txn);
}

void store_space_committed(struct store *store)
{
    store->space.commits++;
    note_used(store);
    keep_ahead(store, clock_mono_us());
}

void store_space_failed(struct store *store)
{
    store->space.failed_us = clock_mono_us();
}

/* An upper estimate. A row of more than about half a page has pages of its own. A row at a random
 * place dirties its leaf and, at worst, the branches above it; at the end of a table, and where
 * neighbours are deleted, many rows share a page. */
static uint64_t cost_of(size_t bytes, enum write_kind kind)
{
    uint64_t cost = bytes >= STORE_PAGE / 2 - 64 ? bytes + 2 * STORE_PAGE : bytes + bytes / 2 + 64;
    return kind == WRITE_ANYWHERE ? cost + 3 * STORE_PAGE : cost;
}

enum ambit_err store_space_charge(struct store_txn *txn, size_t bytes, enum write_kind kind)
{
    struct store *store = txn->store;
    if (!txn->is_write)
        return AMBIT_ERR_INTERNAL;
    uint64_t cost = txn->cost_bytes + cost_of(bytes, kind);
    if (cost > txn->budget_bytes && !store->space.is_short && !store->is_search) {
        grow(store, cost + STORE_MARGIN_PAGES * store->space.page_bytes + store->space.grow_bytes);
        set_budget(txn);
    }
    uint64_t extra = kind == WRITE_DELETE ? STORE_MARGIN_PAGES / 2 * store->space.page_bytes : 0;
    if (cost > txn->budget_bytes + extra) {
        store_space_failed(store);
        return AMBIT_ERR_NO_SPACE;
    }
    txn->cost_bytes = cost;
    claim(txn);
    return AMBIT_OK;
}

void store_space(struct store *store, struct store_space *ret)
{
    const struct space *space = &store->space;
    uint64_t left = free_bytes(space), used = saturating_sub(space->used, space->listed);
    int64_t failed_us = space->failed_us;
    bool has_failed = failed_us != 0 && clock_mono_us() - failed_us < NARROW_AFTER_FAILURE_US;
    *ret = (struct store_space){
        .map_bytes = space->map_bytes,
        .used_bytes = used,
        .free_bytes = left,
        .is_narrow = left < space->reserve_bytes || has_failed,
        .is_last_reserve = left < space->reserve_bytes / 2,
        .commits = space->commits,
    };
}
