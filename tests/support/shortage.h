/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that ends, once for each way that leads to an allocation (failing.h). An arena's piece may
 * fail like any other, although its block would have held it. For one program, which is linked with
 * `shortage_args`. */
#pragma once

#include <stdlib.h>

#include "base/arena.h"
#include "support/failing.h"

/* Where other things fail too: whether it is memory that does. */
static bool shortage_is_off;

static inline bool shortage_hits(void)
{
    return !shortage_is_off && failing_hits();
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__real_arena_alloc(struct arena *arena, size_t size);
void *__real_arena_array(struct arena *arena, size_t n, size_t each);
struct ambit_str __real_arena_copy(struct arena *arena, struct ambit_str s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_array(struct arena *arena, size_t n, size_t each);
struct ambit_str __wrap_arena_copy(struct arena *arena, struct ambit_str s);

void *__wrap_malloc(size_t size)
{
    return shortage_hits() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return shortage_hits() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return shortage_hits() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return shortage_hits() ? NULL : __real_reallocarray(p, n, size);
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
    return shortage_hits() ? NULL : __real_arena_alloc(arena, size);
}

void *__wrap_arena_array(struct arena *arena, size_t n, size_t each)
{
    return shortage_hits() ? NULL : __real_arena_array(arena, n, each);
}

struct ambit_str __wrap_arena_copy(struct arena *arena, struct ambit_str s)
{
    return shortage_hits() ? (struct ambit_str){0} : __real_arena_copy(arena, s);
}
