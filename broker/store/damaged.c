/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a process whose map shows what cannot be: in words, by calls that a signal handler may
 * make. Damage of the search index takes its file away first, so that the next start builds it
 * again; that of the record is left for people to look at. */
#include "store/internal.h"

#include <unistd.h>

/* The one index that this process writes: where it is mapped, and its folder. */
struct watched {
    atomic_uintptr_t from, to;
    atomic_int dir_fd;
};
static struct watched watched = {.dir_fd = -1};

/* Whether the words come out changes nothing. */
static void say(const char *text)
{
    ssize_t unused = write(STDERR_FILENO, text, strlen(text));
    (void)unused;
}

void store_damaged_end(const char *what)
{
    say("<0>ambit: the file of the store is damaged (");
    say(what);
    say("): `ambit verify` says where\n");
    _exit(1);
}

void store_index_damaged_end(const char *what)
{
    int fd = atomic_load(&watched.dir_fd);
    bool is_gone = fd >= 0 && unlinkat(fd, "data.mdb", 0) == 0;
    say("<0>ambit: the search index is damaged (");
    say(what);
    say(is_gone ? "): it is built again at the next start\n"
                : "): take the folder `search` in the state folder away, and start again\n");
    _exit(1);
}

void store_bus_error(const void *address)
{
    static const char what[] = "a page lies behind its end";
    uintptr_t at = (uintptr_t)address;
    bool is_index = at >= atomic_load(&watched.from) && at < atomic_load(&watched.to);
    if (is_index)
        store_index_damaged_end(what);
    store_damaged_end(what);
}

/* LMDB tells nobody where it maps a file. A value that it shows lies in a page, and a page begins
 * with its number. */
static uintptr_t begin_of(struct store *store, uint64_t page_bytes)
{
    struct store_txn *txn = NULL;
    char name[] = "format";
    MDB_val k = {.mv_data = name, .mv_size = sizeof name - 1}, v = {0};
    uintptr_t begin = 0;
    if (store_read_begin(store, &txn) != AMBIT_OK)
        return 0;
    if (mdb_get(txn->txn, store->dbi[STORE_META], &k, &v) == 0) {
        uintptr_t page = (uintptr_t)v.mv_data / STORE_PAGE * STORE_PAGE;
        uint64_t number = 0;
        memcpy(&number, (const char *)v.mv_data - ((uintptr_t)v.mv_data - page), sizeof number);
        begin = page - number * page_bytes;
    }
    store_read_end(txn);
    return begin;
}

void store_index_watch(struct store *store)
{
    uintptr_t begin = begin_of(store, store->space.page_bytes);
    if (begin == 0 || store->space.page_bytes != STORE_PAGE)
        return; /* what happens there is told as damage of the store */
    atomic_store(&watched.dir_fd, store->dir_fd);
    atomic_store(&watched.from, begin);
    atomic_store(&watched.to, begin + store->space.map_bytes);
}

void store_index_forget(const struct store *store)
{
    int fd = store->dir_fd;
    if (fd < 0 || !atomic_compare_exchange_strong(&watched.dir_fd, &fd, -1))
        return;
    atomic_store(&watched.to, 0);
    atomic_store(&watched.from, 0);
}
