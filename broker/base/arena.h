/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed all at once. Starts in a block of the caller's (so that a hot path allocates
 * nothing) and continues in malloc'd blocks up to `max` bytes in all. */
#pragma once

#include "ambit/base.h"

struct arena_block;
struct arena {
    char *p; /* next free byte */
    size_t left;
    size_t used;                /* bytes handed out */
    size_t max;                 /* 0 = no bound */
    bool is_full;               /* a request was refused because of max, not for want of memory */
    struct arena_block *blocks; /* malloc'd ones, newest first */
};

void arena_init(struct arena *arena, void *first_block, size_t size,
                size_t max); /* first may be NULL,0 */
void arena_done(struct arena *arena);
/* Zeroed, aligned to 16. NULL when out of memory or past max. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t n, size_t each); /* overflow-checked */
/* A NUL-terminated copy; {NULL, 0} on failure. */
struct ambit_str arena_copy(struct arena *arena, struct ambit_str s);
/* Why the last arena_alloc() gave NULL: TOO_LARGE (past max) or NO_MEMORY. */
enum ambit_err arena_err(const struct arena *arena);
#define ARENA_AUTO AMBIT_CLEANUP(arena_done) struct arena
