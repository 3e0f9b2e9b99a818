/* SPDX-License-Identifier: Apache-2.0 */
/* Small hash tables over arena memory. `struct index` maps what is literal of a pair (action,
 * resource) to the rules that may contain it: a superset, the caller still compares patterns.
 * `struct name_table` maps names to places in an array. Built once, then immutable. */
#pragma once

#include "base/arena.h"

#include "policy/pattern.h"

/* What of a pattern must stand in everything that it contains, at the same place: the literal ones
 * of its first segments, its last one, or the whole of it when there is no star; of a resource its
 * type too. Which of these a pair of patterns has is its class. An index knows the classes that
 * occur in it, few in practice, and probes each that the question can have, once: what differs in
 * any of it is not even looked at. */
enum {
    INDEX_HEAD = 6,      /* first segments that are told apart */
    INDEX_TAIL = 1 << 6, /* bits behind those of the first segments */
    INDEX_WHOLE = 1 << 7,
    INDEX_LITERALS = 8,
    INDEX_CLASSES = 48,     /* pairs of rarer classes are always looked at */
    INDEX_CLASSES_NEAR = 3, /* that need no look at the words */
    INDEX_LISTS = 16,       /* found by one question; when there are more all rules are looked at */
};

struct index_slot {
    uint64_t key;
    uint32_t first;    /* in words */
    uint16_t n, value; /* n == 0: free; the value, where there is one alone */
};
/* What resources begin with, by hashes of 64 bits each: their types, and their types with the first
 * segment where it is literal. Most of what cannot apply is told by them alone, and nothing else of
 * it is touched. */
struct index_begins {
    uint64_t types, firsts;
};
static inline bool index_begins_meet(const struct index_begins *a, const struct index_begins *b)
{
    return (a->types & b->types) != 0 && (a->firsts & b->firsts) != 0;
}

struct index {
    struct index_begins begins;
    const struct index_slot *slots; /* NULL: empty */
    const uint16_t *words;          /* the classes, then the entries, ascending within a slot */
    uint32_t mask, n_values;        /* n_values: more than the greatest value */
    uint16_t n_classes, classes[INDEX_CLASSES_NEAR]; /* the classes, where they are few */
};

/* What is put in, and what is asked. */
struct index_entry {
    uint64_t key;
    uint16_t value, class;
    uint8_t type, first; /* which bits */
};
struct index_builder {
    struct index_entry *v; /* malloc'd */
    size_t n, cap;
};

/* What is literal of a question's two patterns. */
struct index_part {
    uint64_t type;
    uint64_t literal[INDEX_LITERALS]; /* hashes; set where the bit is */
    unsigned bits;
};
struct index_probe {
    struct index_part action, resource;
    /* what must stand in a pattern that contains the resource, and in one that meets it */
    struct index_begins contains, meets;
};
struct index_probe index_probe_of(const struct pattern *action, const struct pattern *resource);
/* The same, in place. */
void index_probe_set(struct index_probe *probe, const struct pattern *action,
                     const struct pattern *resource);

/* Stands for every action, or every resource, where a pair names none: put in so, it is found by
 * index_probe_anywhere() alone. */
extern const struct pattern index_anything;
/* Of the same action, on every resource. */
void index_probe_anywhere(struct index_probe *ret, const struct index_probe *of);

/* Puts `value` under every pair of patterns (or under the resources alone, when they are many). */
AMBIT_CHECKED enum ambit_err index_add_pairs(struct index_builder *builder,
                                             const struct pattern *actions, size_t n_actions,
                                             const struct pattern *resources, size_t n_resources,
                                             uint16_t value);
/* For an index that is asked what may meet a resource pattern (index_begin_meeting) and nothing
 * else. */
AMBIT_CHECKED enum ambit_err index_add_meeting(struct index_builder *builder,
                                               const struct pattern *resources, size_t n_resources,
                                               uint16_t value);
AMBIT_CHECKED enum ambit_err index_build(struct index_builder *builder, struct arena *arena,
                                         struct index *ret);
void index_builder_done(struct index_builder *builder);

/* Walks, ascending and each once, everything that may contain the pair. */
struct index_walk {
    const uint16_t *at[INDEX_LISTS], *end[INDEX_LISTS];
    size_t n;
    size_t next, n_all; /* n_all > 0: all values are walked, this is the next */
};
struct index_walk index_begin(const struct index *index, const struct index_probe *probe);
/* Everything that has a name in common with the resource pattern, as far as beginnings tell. */
struct index_walk index_begin_meeting(const struct index *index, const struct index_probe *probe);
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
