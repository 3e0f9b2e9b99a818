/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a broker under test: counts allocations, and lets the one fail whose number stands
 * in a shared page. The rig (faults.py) reads the count and sets the number while the broker runs.
 * Without the page it only passes calls on. What libcrypto takes can be left out: its first set-up
 * does not survive a failure, and nobody can make it. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own allocator under its second names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

struct page {
    _Atomic uint64_t count;        /* allocations so far */
    _Atomic uint64_t fail_at;      /* the one that fails; 0: none */
    _Atomic uint64_t failed;       /* how many did */
    _Atomic uint64_t spare_crypto; /* 1: what libcrypto takes is neither counted nor failed */
};

static struct page *_Atomic shared;
static uintptr_t crypto_from, crypto_to;

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
    const char *path = getenv("MALLOCFAIL_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;

    (void)dl_iterate_phdr(find_crypto, NULL);
    void *at = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        atomic_store(&shared, at);
}

static bool must_fail(const void *caller)
{
    struct page *page = atomic_load(&shared);
    if (!page)
        return false;

    bool is_crypto = (uintptr_t)caller >= crypto_from && (uintptr_t)caller < crypto_to;
    if (is_crypto && atomic_load(&page->spare_crypto))
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
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return must_fail(__builtin_return_address(0)) ? NULL : __libc_realloc(p, size);
}
