/* SPDX-License-Identifier: Apache-2.0 */
/* From changes of the offset to the stretches between them. */
#include "base/zone_internal.h"

/* What happens at a second: the offset becomes another, or one more or fewer of the repeated
 * stretches is open. */
struct edge {
    int64_t at_s;
    int32_t offset_s;
    int8_t depth; /* +1, -1; 0: the offset changes */
};

static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

/* A clock set back by d at T shows what it showed in the d before T again in the d from T on. */
static size_t edges_of(const struct zone_changes *changes, struct edge *edges)
{
    size_t n = 0;
    int32_t offset_s = changes->first_offset_s;
    for (size_t i = 0; i < changes->n; i++) {
        const struct zone_change *change = &changes->v[i];
        int32_t back_s = offset_s - change->offset_s;
        if (back_s == 0)
            continue;
        edges[n++] = (struct edge){.at_s = change->at_s, .offset_s = change->offset_s};
        if (back_s > 0) {
            edges[n++] = (struct edge){.at_s = change->at_s - back_s, .depth = 1};
            edges[n++] = (struct edge){.at_s = change->at_s + back_s, .depth = -1};
        }
        offset_s = change->offset_s;
    }
    return n;
}

/* Two stretches that nothing tells apart are one. */
static void add(struct zone_stretch *stretches, size_t *n, struct zone_stretch next)
{
    struct zone_stretch *last = *n ? &stretches[*n - 1] : NULL;
    if (last && last->is_repeated == next.is_repeated &&
        (next.is_repeated || last->offset_s == next.offset_s))
        return;
    if (last)
        last->until_s = next.from_s;
    stretches[(*n)++] = next;
}

static size_t walk(const struct edge *edges, size_t n, int32_t offset_s,
                   struct zone_stretch *stretches)
{
    size_t n_stretches = 0;
    int depth = 0;
    add(stretches, &n_stretches,
        (struct zone_stretch){.from_s = INT64_MIN, .until_s = INT64_MAX, .offset_s = offset_s});
    for (size_t i = 0; i < n;) {
        int64_t at_s = edges[i].at_s;
        for (; i < n && edges[i].at_s == at_s; i++) {
            depth += edges[i].depth;
            if (edges[i].depth == 0)
                offset_s = edges[i].offset_s;
        }
        add(stretches, &n_stretches,
            (struct zone_stretch){.from_s = at_s,
                                  .until_s = INT64_MAX,
                                  .offset_s = offset_s,
                                  .is_repeated = depth > 0});
    }
    return n_stretches;
}

/* What the rule would say later was not written out: no local time is told there. */
static size_t cut(struct zone_stretch *stretches, size_t n)
{
    int64_t end_s = zone_day_of(ZONE_LAST_YEAR + 1, 1, 1) * 86400;
    while (n > 1 && stretches[n - 1].from_s >= end_s)
        n--;
    if (stretches[n - 1].is_repeated) {
        stretches[n - 1].until_s = INT64_MAX;
        return n;
    }
    stretches[n - 1].until_s = end_s;
    stretches[n] =
        (struct zone_stretch){.from_s = end_s, .until_s = INT64_MAX, .is_repeated = true};
    return n + 1;
}

enum ambit_err zone_stretches_of(struct arena *arena, const struct zone_changes *changes,
                                 bool is_endless, struct zone *ret)
{
    ARENA_AUTO scratch;
    arena_init(&scratch, NULL, 0, 0);
    struct edge *edges = arena_array(&scratch, changes->n * 3 + 1, sizeof *edges);
    struct zone_stretch *stretches = arena_array(&scratch, changes->n * 3 + 3, sizeof *stretches);
    if (!edges || !stretches)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = edges_of(changes, edges);
    qsort(edges, n, sizeof *edges, by_time);
    n = walk(edges, n, changes->first_offset_s, stretches);
    if (!is_endless)
        n = cut(stretches, n);
    struct zone_stretch *kept = arena_array(arena, n, sizeof *kept);
    if (!kept)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(kept, stretches, n * sizeof *kept);
    *ret = (struct zone){.stretches = kept, .n = n};
    return AMBIT_OK;
}

const struct zone_stretch *zone_at(const struct zone *zone, int64_t unix_s)
{
    size_t low = 0, n = zone->n;
    while (n > 1) { /* the answer is among stretches[low, low + n) */
        size_t half = n / 2;
        if (zone->stretches[low + half].from_s <= unix_s)
            low += half;
        n -= half;
    }
    return &zone->stretches[low];
}
