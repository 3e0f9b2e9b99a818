/* SPDX-License-Identifier: Apache-2.0 */
/* Two small hash tables over arena memory. `struct index` maps what a pair (action, resource)
 * begins with to the rules that may contain it: a superset, the caller still compares patterns.
 * `struct name_table` maps names to places in an array. Built once, then immutable. */
#pragma once

#include "base/arena.h"

#include "policy/pattern.h"

/* One way to begin: first action segment and first resource segment, each literal or open. */
enum { INDEX_CLASSES = 5 };

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

/* The hashes of a pair's beginning. An open one: has_* false. */
struct index_probe {
    uint64_t action, type, resource;
    bool has_action, has_resource;
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
