/* SPDX-License-Identifier: Apache-2.0 */
/* Live grants that no list has: a `live_grants` limit that is new to a rule must see what the rule
 * gave before. Looked for among the newest grants of the agents concerned, once a limit and key
 * after each start and each change of the documents, and kept in the writer's memory: from then on
 * every grant is listed, and what was found only ends. */
#pragma once

#include "core/window.h"

/* Of one agent's grants the newest so many are looked at, all within the longest life there is. */
enum { LIVE_BEFORE_SLOTS = 1024, LIVE_BEFORE_ROWS = 20000 };
struct live_before_slot {
    struct state_key key;
    const void *documents;     /* the set it was looked for under; NULL: unused */
    struct window_live *found; /* owned */
    size_t n;
};
struct live_before {
    struct live_before_slot slots[LIVE_BEFORE_SLOTS];
};
struct live_before *live_before_new(void); /* NULL: out of memory */
void live_before_free(struct live_before *before);
/* The documents changed, or a batch was taken back: everything is looked for again. */
void live_before_forget(struct live_before *before);

struct live_listed { /* the list that the limit has */
    const struct window_live *v;
    size_t n;
};
struct world;
/* Those found, borrowed until the next call; TOO_LARGE: more than any limit allows. */
AMBIT_CHECKED enum ambit_err live_before_find(const struct world *world,
                                              const struct ambit_figure_query *query,
                                              const struct state_key *key,
                                              struct live_listed listed,
                                              const struct window_live **ret, size_t *ret_n);
