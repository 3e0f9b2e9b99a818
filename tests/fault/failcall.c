/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program under test: counts its allocations and calls of the system, each kind
 * for itself, and lets the one fail whose kind and number stand in a shared page: once, or from
 * there on until the page says otherwise. The rigs read the counts and set the number while the
 * program runs. Without the page it only passes calls on. What libcrypto allocates can be left out:
 * its first set-up does not survive a failure, and nobody can make it. */
#undef _FILE_OFFSET_BITS /* each name for itself, not one for the other */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* glibc's own allocator under its second names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

/* In the order of KINDS in tests/support/failing.py. */
enum kind {
    MALLOC,
    PWRITE, /* and pwritev */
    FLUSH,  /* fdatasync, fsync, msync */
    OPEN,
    ACCEPT,
    MMAP,
    TRUNCATE, /* and fallocate */
    WAKE,     /* a write to an eventfd */
    WATCH,    /* epoll_ctl that adds: taking away cannot fail */
    WAIT,     /* epoll_wait */
    WRITE,    /* and writev */
    RENAME,
    MAKE, /* a folder */
    KINDS,
};

enum how { ONCE, FOR_GOOD, KILL };

struct page {
    _Atomic uint64_t kind;         /* which fails */
    _Atomic uint64_t fail_at;      /* its number; 0: none */
    _Atomic uint64_t how;          /* KILL: the process ends there */
    _Atomic uint64_t error;        /* the errno */
    _Atomic uint64_t failed;       /* how many did */
    _Atomic uint64_t spare_crypto; /* 1: what libcrypto takes is neither counted nor failed */
    _Atomic uint64_t counts[KINDS];
};

static struct page *_Atomic shared;
static uintptr_t crypto_from, crypto_to;
enum { FD_MAX = 65536 };
static _Atomic bool is_event[FD_MAX];

static int find_crypto(struct dl_phdr_info *object, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    if (!strstr(object->dlpi_name, "libcrypto"))
        return 0;

    for (int i = 0; i < object->dlpi_phnum; i++) {
        uintptr_t from = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
        uintptr_t to = from + object->dlpi_phdr[i].p_memsz;
        if (object->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        crypto_from = crypto_from == 0 || from < crypto_from ? from : crypto_from;
        crypto_to = to > crypto_to ? to : crypto_to;
    }
    return 1;
}

__attribute__((constructor)) static void open_page(void)
{
    const char *path = getenv("FAILCALL_PAGE");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;

    (void)dl_iterate_phdr(find_crypto, NULL);
    long at =
        syscall(SYS_mmap, NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)syscall(SYS_close, fd);
    if (at != -1)
        atomic_store(&shared, (struct page *)at);
}

static bool must_fail(enum kind kind)
{
    struct page *page = atomic_load(&shared);
    if (!page)
        return false;

    uint64_t number = atomic_fetch_add(&page->counts[kind], 1) + 1;
    uint64_t fail_at = atomic_load(&page->fail_at), how = atomic_load(&page->how);
    if (fail_at == 0 || atomic_load(&page->kind) != kind || number < fail_at)
        return false;
    if (how != FOR_GOOD && number != fail_at)
        return false;

    atomic_fetch_add(&page->failed, 1);
    if (how == KILL)
        (void)syscall(SYS_kill, getpid(), SIGKILL);
    errno = (int)atomic_load(&page->error);
    return true;
}

/* ---- memory -------------------------------------------------------------------------------- */

static bool must_lack(const void *caller)
{
    struct page *page = atomic_load(&shared);
    bool is_crypto = (uintptr_t)caller >= crypto_from && (uintptr_t)caller < crypto_to;
    if (!page || (is_crypto && atomic_load(&page->spare_crypto)))
        return false;
    return must_fail(MALLOC);
}

void *malloc(size_t size)
{
    return must_lack(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_lack(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return must_lack(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (must_fail(MMAP))
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
    return mmap(at, len, prot, flags, fd, offset);
}

/* ---- files --------------------------------------------------------------------------------- */

ssize_t pwrite(int fd, const void *p, size_t len, off_t at)
{
    return must_fail(PWRITE) ? -1 : syscall(SYS_pwrite64, fd, p, len, at);
}

ssize_t pwrite64(int fd, const void *p, size_t len, off_t at)
{
    return pwrite(fd, p, len, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    return must_fail(PWRITE) ? -1 : syscall(SYS_pwritev, fd, parts, n, at, 0);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int n, off_t at)
{
    return pwritev(fd, parts, n, at);
}

ssize_t write(int fd, const void *p, size_t len)
{
    bool wakes = fd >= 0 && fd < FD_MAX && atomic_load(&is_event[fd]);
    return must_fail(wakes ? WAKE : WRITE) ? -1 : syscall(SYS_write, fd, p, len);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    return must_fail(WRITE) ? -1 : syscall(SYS_writev, fd, parts, n);
}

int fdatasync(int fd)
{
    return must_fail(FLUSH) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return must_fail(FLUSH) ? -1 : (int)syscall(SYS_fsync, fd);
}

int msync(void *at, size_t len, int flags)
{
    return must_fail(FLUSH) ? -1 : (int)syscall(SYS_msync, at, len, flags);
}

static int open_by(int dir, const char *path, int flags, mode_t mode)
{
    return must_fail(OPEN) ? -1 : (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define OPENER(name, params, dir)                                                 \
    int name params                                                               \
    {                                                                             \
        va_list more;                                                             \
        va_start(more, flags);                                                    \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                             \
        return open_by(dir, path, flags, mode);                                   \
    }
OPENER(open, (const char *path, int flags, ...), AT_FDCWD)
OPENER(open64, (const char *path, int flags, ...), AT_FDCWD)
OPENER(openat, (int dir, const char *path, int flags, ...), dir)
OPENER(openat64, (int dir, const char *path, int flags, ...), dir)

int ftruncate(int fd, off_t len)
{
    return must_fail(TRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
    return must_fail(TRUNCATE) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, len);
}

int fallocate64(int fd, int mode, off_t at, off_t len)
{
    return fallocate(fd, mode, at, len);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return must_fail(RENAME) ? -1 : (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (must_fail(RENAME))
        return -1;
    if (flags & RENAME_EXCHANGE && getenv("FAILCALL_NO_EXCHANGE")) {
        errno = EINVAL; /* as of a file system that does not know it */
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    return must_fail(MAKE) ? -1 : (int)syscall(SYS_mkdirat, dir, path, mode);
}

/* ---- events and connections ---------------------------------------------------------------- */

int eventfd(unsigned value, int flags)
{
    int fd = (int)syscall(SYS_eventfd2, value, flags);
    if (fd >= 0 && fd < FD_MAX)
        atomic_store(&is_event[fd], true);
    return fd;
}

int eventfd_write(int fd, eventfd_t value)
{
    if (must_fail(WAKE))
        return -1;
    return syscall(SYS_write, fd, &value, sizeof value) == (long)sizeof value ? 0 : -1;
}

int close(int fd)
{
    if (fd >= 0 && fd < FD_MAX)
        atomic_store(&is_event[fd], false);
    return (int)syscall(SYS_close, fd);
}

int accept(int fd, struct sockaddr *restrict from, socklen_t *restrict len)
{
    return must_fail(ACCEPT) ? -1 : (int)syscall(SYS_accept, fd, from, len);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict len, int flags)
{
    return must_fail(ACCEPT) ? -1 : (int)syscall(SYS_accept4, fd, from, len, flags);
}

int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
    if (op == EPOLL_CTL_ADD && must_fail(WATCH))
        return -1;
    return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

int epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
    if (must_fail(WAIT))
        return -1;
    return (int)syscall(SYS_epoll_wait, epoll, events, max, timeout);
}
