/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once: a bump pointer over the caller's block, then over malloc'd
 * blocks that double in size. Never hands out memory past `max`. */
#include "base/arena.h"

#include <sys/mman.h>

enum { ALIGN = 16, FIRST_BLOCK = 4096, HUGE_PAGE = 1 << 21, LARGEST_BLOCK = HUGE_PAGE };

struct arena_block {
    struct arena_block *next;
    size_t size;
};

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

void arena_init(struct arena *arena, void *first_block, size_t size, size_t max)
{
    size_t skip = (size_t)(-(uintptr_t)first_block) & (ALIGN - 1);

    *arena = (struct arena){.max = max};
    if (first_block && size > skip) {
        arena->p = (char *)first_block + skip;
        arena->left = size - skip;
    }
}

void arena_done(struct arena *arena)
{
    if (!arena)
        return;
    for (struct arena_block *b = arena->blocks; b;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    *arena = (struct arena){.max = arena->max};
}

/* Large blocks are whole huge pages where the system has them: what is compiled is read all over
 * the place, and each page of 4 KiB would cost a look at the page table besides. */
static void *block_of(size_t *bytes)
{
    size_t whole = 0;
    if (*bytes < HUGE_PAGE || !ambit_add(*bytes, HUGE_PAGE - 1, &whole))
        return malloc(*bytes);

    *bytes = whole & ~(size_t)(HUGE_PAGE - 1);
    void *p = aligned_alloc(HUGE_PAGE, *bytes);
    if (p)
        (void)madvise(p, *bytes, MADV_HUGEPAGE); /* without them it works as well */
    return p;
}

/* A new block that holds at least `size` bytes; what was left of the old one is given up. */
static bool add_block(struct arena *arena, size_t size)
{
    size_t head = round_up(sizeof(struct arena_block));
    size_t want = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
    size_t total = 0;

    if (want > LARGEST_BLOCK - head)
        want = LARGEST_BLOCK - head;
    if (want < size)
        want = size;
    if (!ambit_add(want, head, &total))
        return false;
    struct arena_block *block = block_of(&total);
    if (!block)
        return false;
    want = total - head;
    *block = (struct arena_block){.next = arena->blocks, .size = want};
    arena->blocks = block;
    arena->p = (char *)block + head;
    arena->left = want;
    return true;
}

/* As arena_alloc(), with whatever the memory held. */
static char *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = round_up(size ? size : 1);

    if (arena->max && (rounded > arena->max || arena->used > arena->max - rounded)) {
        arena->is_full = true;
        return NULL;
    }
    if (rounded > arena->left && !add_block(arena, rounded))
        return NULL;
    char *p = arena->p;
    arena->p += rounded;
    arena->left -= rounded;
    arena->used += rounded;
    return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    char *p = take(arena, size);

    return p ? memset(p, 0, size ? size : 1) : NULL;
}

void *arena_array(struct arena *arena, size_t n, size_t each)
{
    size_t size = 0;

    return ambit_mul(n, each, &size) ? arena_alloc(arena, size) : NULL;
}

struct ambit_str arena_copy(struct arena *arena, struct ambit_str s)
{
    if (s.len == SIZE_MAX)
        return (struct ambit_str){0};
    char *p = take(arena, s.len + 1);

    if (!p)
        return (struct ambit_str){0};
    if (s.len)
        memcpy(p, s.p, s.len);
    p[s.len] = '\0';
    return (struct ambit_str){.p = p, .len = s.len};
}

enum ambit_err arena_err(const struct arena *arena)
{
    return arena->is_full ? AMBIT_ERR_TOO_LARGE : AMBIT_ERR_NO_MEMORY;
}
