/* SPDX-License-Identifier: Apache-2.0 */
/* The copy of a store in use: LMDB writes it into a pipe on a thread of its own, and who asked for
 * it writes the other end to the file, so that it can be slowed down, hashed and ended. */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { PIECE = 1 << 16, WRITEBACK = 8 << 20, HELD_SHARE = 4 };

struct copier {
    struct store *store;
    int fd; /* LMDB's end; closed by the thread */
    int rc;
};

static void *copier_main(void *ctx)
{
    struct copier *copier = ctx;
    copier->rc = mdb_env_copyfd2(copier->store->env, copier->fd, MDB_CP_COMPACT);
    (void)close(copier->fd);
    return NULL;
}

static enum ambit_err write_all(int fd, const uint8_t *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? store_code(errno) : AMBIT_ERR_IO;
        p += n;
        len -= (size_t)n;
    }
    return AMBIT_OK;
}

/* Begins to write back what was written, a step at a time: one flush of it all at the end would
 * keep the broker's own flushes waiting. */
static void write_back(int fd, uint64_t before, uint64_t now)
{
    if (before / WRITEBACK != now / WRITEBACK)
        (void)sync_file_range(fd, (off_t)(before / WRITEBACK * WRITEBACK), WRITEBACK,
                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
}

static enum ambit_err pump(struct store *store, int from, const struct store_copy *copy,
                           bool *ret_held)
{
    AMBIT_AUTO_FREE uint8_t *piece = malloc(PIECE);
    struct store_space space;
    uint64_t done = 0, used = store->space.used;
    store_space(store, &space);
    uint64_t most = used + space.free_bytes / HELD_SHARE;
    if (!piece)
        return AMBIT_ERR_NO_MEMORY;
    for (;;) {
        ssize_t n = read(from, piece, PIECE);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? store_code(errno) : AMBIT_OK;
        *ret_held = store->space.used > most;
        enum ambit_err err =
            *ret_held ? AMBIT_ERR_NO_SPACE : copy->take(copy->ctx, piece, (size_t)n);
        if (err == AMBIT_OK)
            err = write_all(copy->fd, piece, (size_t)n);
        if (err != AMBIT_OK)
            return err;
        write_back(copy->fd, done, done + (uint64_t)n);
        done += (uint64_t)n;
    }
}

static int start(pthread_t *thread, struct copier *copier)
{
    sigset_t all, before;
    (void)sigfillset(&all); /* signals are main's; a pipe that is closed is an error like any */
    (void)sigdelset(&all, SIGBUS); /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, copier_main, copier);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

enum ambit_err store_copy(struct store *store, const struct store_copy *copy, bool *ret_held)
{
    int ends[2] = {-1, -1};
    pthread_t thread;
    *ret_held = false;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return store_code(errno);
    struct copier copier = {.store = store, .fd = ends[1]};
    if (start(&thread, &copier) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return AMBIT_ERR_NO_MEMORY;
    }

    enum ambit_err err = pump(store, ends[0], copy, ret_held);
    (void)close(ends[0]); /* ends LMDB's writing, if it has not ended */
    (void)pthread_join(thread, NULL);
    if (err == AMBIT_OK)
        err = store_code(copier.rc);
    if (err == AMBIT_OK && fsync(copy->fd) != 0)
        err = store_code(errno);
    return err;
}
