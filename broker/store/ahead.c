/* SPDX-License-Identifier: Apache-2.0 */
/* Writes zeros over what the file owns ahead of use. Space that was allocated and never written is
 * kept as such by ext4 and XFS, and each flush over it waits for that mark to be changed on the
 * disk as well; over written space a flush writes the data alone. A thread of its own does it, past
 * the cache, so that no commit has zeros to flush.
 *
 * Whose the bytes are: below `mine` the writer's, at or above it the thread's. The writer claims
 * before each write to a table as much as it might take, and no commit is believed whose pages lie
 * above what was claimed; so zeros never fall on what somebody wrote. */
#include "store/internal.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    CHUNK = 256 << 10,
    CLAIM_CHUNKS = 4,  /* claimed beyond what is needed, so that it is seldom done */
    SHORT_CHUNKS = 32, /* with less than that ahead there is no pause */
    PAUSE_TIMES = 4,   /* after a chunk, of the time that it took */
    PAUSE_MOST_US = 50000
};
static const long xfs_magic = 0x58465342;
static _Alignas(4096) unsigned char zeros[CHUNK];

static uint64_t up(uint64_t bytes)
{
    return (bytes + CHUNK - 1) / CHUNK * CHUNK;
}

void store_ahead_claim(struct store *store, uint64_t end)
{
    struct ahead *ahead = &store->ahead;
    if (end <= ahead->mine || !ahead->is_running)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    uint64_t mine = up(end) + (uint64_t)CLAIM_CHUNKS * CHUNK;
    while (ahead->busy_to > ahead->mine && ahead->busy_from < mine)
        (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
    ahead->mine = mine;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->mutex);
}

bool store_ahead_is_claimed(const struct store *store)
{
    return !store->ahead.is_running || store->space.used <= store->ahead.mine;
}

void store_ahead_grown(struct store *store)
{
    struct ahead *ahead = &store->ahead;
    if (!ahead->is_running)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->mutex);
}

/* ---- the thread ---- */

static bool zero(const struct ahead *ahead, uint64_t at)
{
    size_t done = 0;
    while (done < CHUNK) {
        ssize_t n = pwrite(ahead->fd, zeros + done, CHUNK - done, (off_t)(at + done));
        if (n <= 0)
            return false; /* commits go on as they would without us */
        done += (size_t)n;
    }
    return true;
}

/* Leaves the disk to the commits, unless they are about to get here. Under the mutex. */
static void rest(struct ahead *ahead, int64_t took_us)
{
    int64_t us = took_us * PAUSE_TIMES < PAUSE_MOST_US ? took_us * PAUSE_TIMES : PAUSE_MOST_US;
    us += clock_mono_us();
    const struct timespec until = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (!ahead->is_over && ahead->written > ahead->mine + (uint64_t)SHORT_CHUNKS * CHUNK &&
           pthread_cond_timedwait(&ahead->changed, &ahead->mutex, &until) == 0)
        ;
}

static void *ahead_main(void *arg)
{
    struct store *store = arg;
    struct ahead *ahead = &store->ahead;
    bool is_well = true;
    (void)pthread_mutex_lock(&ahead->mutex);
    while (!ahead->is_over && is_well) {
        uint64_t from = ahead->written > ahead->mine ? ahead->written : ahead->mine;
        if (from + CHUNK > store->space.allocated) {
            (void)pthread_cond_wait(&ahead->changed, &ahead->mutex);
            continue;
        }
        ahead->busy_from = from;
        ahead->busy_to = from + CHUNK;
        (void)pthread_mutex_unlock(&ahead->mutex);

        int64_t began_us = clock_mono_us();
        is_well = zero(ahead, from);
        int64_t took_us = clock_mono_us() - began_us;

        (void)pthread_mutex_lock(&ahead->mutex);
        ahead->busy_from = ahead->busy_to = 0;
        ahead->written = from + CHUNK;
        (void)pthread_cond_broadcast(&ahead->changed);
        rest(ahead, took_us);
    }
    (void)pthread_mutex_unlock(&ahead->mutex);
    return NULL;
}

/* ---- life ---- */

/* Where it helps, and the file can be written past the cache. */
static int file_open(const struct store *store)
{
    int fd = openat(store->dir_fd, "data.mdb", O_WRONLY | O_DIRECT | O_CLOEXEC | O_NOFOLLOW);
    struct statfs fs;
    if (fd < 0)
        return -1;
    if (fstatfs(fd, &fs) == 0 && (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == xfs_magic))
        return fd;
    (void)close(fd);
    return -1;
}

void store_ahead_start(struct store *store)
{
    struct ahead *ahead = &store->ahead;
    sigset_t all, before;
    if (store->is_read_only || store->is_search || !store->space.has_fallocate)
        return;
    ahead->fd = file_open(store);
    if (ahead->fd < 0)
        return;
    ahead->is_over = false;
    ahead->busy_from = ahead->busy_to = 0;
    ahead->mine = up(store->space.used) + (uint64_t)CLAIM_CHUNKS * CHUNK;
    ahead->written = ahead->mine;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGBUS); /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are main's */
    ahead->is_running = pthread_create(&ahead->thread, NULL, ahead_main, store) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ahead->is_running)
        (void)pthread_setname_np(ahead->thread, "ahead");
    else
        (void)close(ahead->fd);
}

void store_ahead_stop(struct store *store)
{
    struct ahead *ahead = &store->ahead;
    if (!ahead->is_running)
        return;
    (void)pthread_mutex_lock(&ahead->mutex);
    ahead->is_over = true;
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->mutex);
    (void)pthread_join(ahead->thread, NULL);
    ahead->is_running = false;
    (void)close(ahead->fd);
}

void store_ahead_init(struct store *store)
{
    struct ahead *ahead = &store->ahead;
    pthread_condattr_t attributes;
    ahead->fd = -1;
    (void)pthread_mutex_init(&ahead->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&ahead->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void store_ahead_done(struct store *store)
{
    store_ahead_stop(store);
    (void)pthread_cond_destroy(&store->ahead.changed);
    (void)pthread_mutex_destroy(&store->ahead.mutex);
}
