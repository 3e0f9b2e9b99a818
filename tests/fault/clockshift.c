/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a broker under test: what the wall clock shows is moved, or stands still, as a
 * shared page says while it runs (clock.py). The clocks of elapsed time are left alone: no setting
 * of the time moves them. And what the kernel says of which start of the machine this is: read from
 * the file that CLOCKSHIFT_BOOT names, when it is there. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
    _Atomic int64_t offset_ms; /* added to the true time */
    _Atomic int64_t frozen_ms; /* shown in its place; 0: it goes on */
};

static struct page *_Atomic shared;
static int (*_Atomic true_clock)(clockid_t which, struct timespec *ret);

__attribute__((constructor)) static void open_page(void)
{
    const char *path = getenv("CLOCKSHIFT_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;

    void *at = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        atomic_store(&shared, at);
}

static int read_true(clockid_t which, struct timespec *ret)
{
    if (!atomic_load(&true_clock)) {
        void *found = dlsym(RTLD_NEXT, "clock_gettime");
        int (*call)(clockid_t, struct timespec *) = NULL;
        *(void **)(void *)&call = found;
        atomic_store(&true_clock, call);
    }
    return atomic_load(&true_clock)(which, ret);
}

int clock_gettime(clockid_t which, struct timespec *ret)
{
    int rc = read_true(which, ret);
    struct page *page = atomic_load(&shared);
    if (rc != 0 || !page || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
        return rc;

    int64_t ms = atomic_load(&page->frozen_ms);
    if (ms == 0) {
        ms = (int64_t)ret->tv_sec * 1000 + ret->tv_nsec / 1000000 + atomic_load(&page->offset_ms);
        ret->tv_nsec = ret->tv_nsec % 1000000 + ms % 1000 * 1000000;
    } else {
        ret->tv_nsec = ms % 1000 * 1000000;
    }
    ret->tv_sec = ms / 1000;
    return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    int rc = clock_gettime(CLOCK_REALTIME, &now);
    ret->tv_sec = now.tv_sec;
    ret->tv_usec = now.tv_nsec / 1000;
    return rc;
}

time_t time(time_t *ret)
{
    struct timespec now = {.tv_sec = -1};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

/* ---- which start of the machine ---- */

static const char *other_path(const char *path)
{
    const char *other = getenv("CLOCKSHIFT_BOOT");
    bool is_asked = strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
    return is_asked && other && access(other, R_OK) == 0 ? other : path;
}

int openat64(int dir_fd, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
    va_end(more);
    int (*call)(int, const char *, int, ...) = NULL;
    *(void **)(void *)&call = dlsym(RTLD_NEXT, "openat64");
    return call(dir_fd, other_path(path), flags, mode);
}

int __openat64_2(int dir_fd, const char *path, int flags);
int __openat64_2(int dir_fd, const char *path, int flags)
{
    return openat64(dir_fd, path, flags);
}
