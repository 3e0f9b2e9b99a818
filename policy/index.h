/* SPDX-License-Identifier: Apache-2.0 */
/* Two small hash tables over arena memory. `struct index` maps what a pair (action, resource)
 * begins with to the rules that may contain it: a superset, the caller still compares patterns.
 * `struct name_table` maps names to places in an array. Built once, then immutable. */
#pragma once

#include "base/arena.h"

#include "policy/pattern.h"

/* A pair begins with its first action segment, literal or open, and with the literal segments that
 * its resource begins with: none to INDEX_DEPTH (more count as that many). Each combination is a
 * class, and only classes that occur are probed. What contains a pair begins with no more than the
 * pair does. */
enum { INDEX_DEPTH = 3, INDEX_CLASSES = 2 * (INDEX_DEPTH + 1) + 1 };

struct index_slot {
    uint64_t key;
    uint32_t first, n; /* in entries; n == 0: free */
};
struct index {
    const struct index_slot *slots; /* NULL: empty */
    size_t mask;
    const uint16_t *entries; /* ascending within a slot */
    unsigned classes;        /* bit per class that occurs at all */
};

/* What is put in, and what is asked. */
struct index_entry {
    uint64_t key;
    uint16_t value;
    uint8_t class;
};
struct index_builder {
    struct index_entry *v; /* malloc'd */
    size_t n, cap;
};

/* The hashes of a pair's beginning. */
struct index_probe {
    uint64_t action;                    /* of its first segment */
    uint64_t resource[INDEX_DEPTH + 1]; /* [0] the type, [d] with d segments */
    unsigned depth;
    bool has_action; /* the first segment is literal */
    bool is_narrow;  /* even what only overlaps the pair is found by probing */
};
struct index_probe index_probe_of(const struct pattern *action, const struct pattern *resource);

/* Puts `value` under every pair of patterns (or among those always looked at, when they are many).
 */
AMBIT_CHECKED enum ambit_err index_add_pairs(struct index_builder *builder,
                                             const struct pattern *actions, size_t n_actions,
                                             const struct pattern *resources, size_t n_resources,
                                             uint16_t value);
AMBIT_CHECKED enum ambit_err index_add_name(struct index_builder *builder, struct ambit_str name,
                                            uint16_t value);
AMBIT_CHECKED enum ambit_err index_build(struct index_builder *builder, struct arena *arena,
                                         struct index *ret);
void index_builder_done(struct index_builder *builder);

/* Walks, ascending and each once, everything that may contain the pair. */
struct index_walk {
    const uint16_t *at[INDEX_CLASSES], *end[INDEX_CLASSES];
    size_t n;
};
struct index_walk index_begin(const struct index *index, const struct index_probe *probe);
struct index_walk index_begin_name(const struct index *index, struct ambit_str name);
bool index_next(struct index_walk *walk, size_t *ret);

struct name_table {
    const uint32_t *slots; /* place + 1; 0: free */
    size_t mask;
};
AMBIT_CHECKED enum ambit_err name_table_build(struct arena *arena, size_t n,
                                              struct ambit_str (*name_of)(const void *ctx,
                                                                          size_t i),
                                              const void *ctx, struct name_table *ret);
uint64_t index_hash(struct ambit_str text);
