/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a broker under test: counts allocations, and lets the one fail whose number stands
 * in a shared page. The rig (faults.py) reads the count and sets the number while the broker runs.
 * Without the page it only passes calls on. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own allocator under its second names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

struct page {
    _Atomic uint64_t count;   /* allocations so far */
    _Atomic uint64_t fail_at; /* the one that fails; 0: none */
    _Atomic uint64_t failed;  /* how many did */
};

static struct page *_Atomic shared;

__attribute__((constructor)) static void open_page(void)
{
    const char *path = getenv("MALLOCFAIL_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;

    void *at = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        atomic_store(&shared, at);
}

static bool must_fail(void)
{
    struct page *page = atomic_load(&shared);
    if (!page)
        return false;

    uint64_t number = atomic_fetch_add(&page->count, 1) + 1;
    if (number != atomic_load(&page->fail_at))
        return false;

    atomic_fetch_add(&page->failed, 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return must_fail() ? NULL : __libc_realloc(p, size);
}
