/* SPDX-License-Identifier: Apache-2.0 */
/* Building and probing the hash tables of index.h. Collisions only add candidates. */
#include "policy/index.h"

#include "policy/pattern_glob.h"

enum { PAIRS_MAX = 64 }; /* a rule with more pairs of patterns is always looked at */

/* The class of what was not worth its pairs; the others are has_action * (INDEX_DEPTH + 1) + depth.
 */
enum { CLASS_ALWAYS = INDEX_CLASSES - 1 };

static uint64_t hash_more(uint64_t hash, const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)p[i]) * UINT64_C(1099511628211);
    return hash;
}

uint64_t index_hash(struct ambit_str text)
{
    return hash_more(UINT64_C(14695981039346656037), text.p, text.len);
}

static uint64_t mix(uint64_t a, uint64_t b, unsigned class)
{
    uint64_t x = a * UINT64_C(0x9E3779B97F4A7C15) ^ (b + class);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 32;
}

static unsigned class_of(bool has_action, unsigned depth)
{
    return (has_action ? INDEX_DEPTH + 1 : 0) + depth;
}

static uint64_t key_of(const struct index_probe *probe, unsigned class)
{
    if (class == CLASS_ALWAYS)
        return mix(0, 0, class);
    bool has_action = class > INDEX_DEPTH;
    unsigned depth = has_action ? class - (INDEX_DEPTH + 1) : class;
    return mix(has_action ? probe->action : 0, probe->resource[depth], class);
}

struct index_probe index_probe_of(const struct pattern *action, const struct pattern *resource)
{
    struct index_probe probe = {
        .has_action = action->n_head > 0 && segment_is_literal(pattern_segment_text(action, 0)),
        .resource[0] = index_hash((struct ambit_str){resource->text.p, resource->type_len}),
    };
    if (probe.has_action)
        probe.action = index_hash(pattern_segment_text(action, 0));
    for (unsigned d = 0; d < INDEX_DEPTH && d < resource->n_head; d++) {
        struct ambit_str segment = pattern_segment_text(resource, d);
        if (!resource->is_literal && !segment_is_literal(segment))
            break;
        probe.resource[d + 1] = hash_more(~probe.resource[d], segment.p, segment.len);
        probe.depth = d + 1;
    }
    probe.is_narrow = probe.has_action && (resource->is_literal || probe.depth == INDEX_DEPTH);
    return probe;
}

static enum ambit_err put(struct index_builder *builder, struct index_entry entry)
{
    if (builder->n == builder->cap) {
        size_t cap = builder->cap ? builder->cap * 2 : 64, bytes = 0;
        if (!ambit_mul(cap, sizeof *builder->v, &bytes))
            return AMBIT_ERR_NO_MEMORY;
        struct index_entry *v = realloc(builder->v, bytes);
        if (!v)
            return AMBIT_ERR_NO_MEMORY;
        builder->v = v;
        builder->cap = cap;
    }
    builder->v[builder->n++] = entry;
    return AMBIT_OK;
}

enum ambit_err index_add_pairs(struct index_builder *builder, const struct pattern *actions,
                               size_t n_actions, const struct pattern *resources,
                               size_t n_resources, uint16_t value)
{
    if (n_actions * n_resources > PAIRS_MAX)
        return put(builder, (struct index_entry){.key = key_of(NULL, CLASS_ALWAYS),
                                                 .value = value,
                                                 .class = CLASS_ALWAYS});
    for (size_t a = 0; a < n_actions; a++) {
        for (size_t r = 0; r < n_resources; r++) {
            struct index_probe probe = index_probe_of(&actions[a], &resources[r]);
            uint8_t class = (uint8_t)class_of(probe.has_action, probe.depth);
            enum ambit_err err = put(
                builder,
                (struct index_entry){.key = key_of(&probe, class), .value = value, .class = class});
            if (err)
                return err;
        }
    }
    return AMBIT_OK;
}

enum ambit_err index_add_name(struct index_builder *builder, struct ambit_str name, uint16_t value)
{
    return put(builder, (struct index_entry){.key = index_hash(name), .value = value});
}

static int entry_cmp(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

static size_t power_above(size_t n)
{
    size_t size = 4;
    while (size < n * 2)
        size *= 2;
    return size;
}

enum ambit_err index_build(struct index_builder *builder, struct arena *arena, struct index *ret)
{
    *ret = (struct index){0};
    if (builder->n == 0)
        return AMBIT_OK;

    qsort(builder->v, builder->n, sizeof *builder->v, entry_cmp);
    size_t size = power_above(builder->n);
    struct index_slot *slots = arena_array(arena, size, sizeof *slots);
    uint16_t *entries = arena_array(arena, builder->n, sizeof *entries);
    if (!slots || !entries)
        return AMBIT_ERR_NO_MEMORY;

    uint32_t used = 0;
    for (size_t i = 0; i < builder->n;) {
        uint64_t key = builder->v[i].key;
        size_t slot = key & (size - 1);
        while (slots[slot].n > 0)
            slot = (slot + 1) & (size - 1);
        slots[slot] = (struct index_slot){.key = key, .first = used};
        for (; i < builder->n && builder->v[i].key == key; i++) {
            ret->classes |= 1U << builder->v[i].class;
            if (slots[slot].n == 0 || entries[used - 1] != builder->v[i].value) {
                entries[used++] = builder->v[i].value;
                slots[slot].n++;
            }
        }
    }
    ret->slots = slots;
    ret->mask = size - 1;
    ret->entries = entries;
    return AMBIT_OK;
}

void index_builder_done(struct index_builder *builder)
{
    free(builder->v);
    *builder = (struct index_builder){0};
}

static void probe_key(const struct index *index, uint64_t key, struct index_walk *walk)
{
    for (size_t i = key & index->mask; index->slots[i].n > 0; i = (i + 1) & index->mask) {
        const struct index_slot *slot = &index->slots[i];
        if (slot->key != key)
            continue;
        walk->at[walk->n] = index->entries + slot->first;
        walk->end[walk->n++] = index->entries + slot->first + slot->n;
        return;
    }
}

struct index_walk index_begin(const struct index *index, const struct index_probe *probe)
{
    struct index_walk walk = {.n = 0};
    if (!index->slots)
        return walk;

    for (unsigned classes = index->classes; classes; classes &= classes - 1) {
        unsigned class = (unsigned)__builtin_ctz(classes);
        unsigned depth = class > INDEX_DEPTH ? class - (INDEX_DEPTH + 1) : class;
        bool may_begin = class == CLASS_ALWAYS ||
                         (depth <= probe->depth && (class <= INDEX_DEPTH || probe->has_action));
        if (may_begin)
            probe_key(index, key_of(probe, class), &walk);
    }
    return walk;
}

struct index_walk index_begin_name(const struct index *index, struct ambit_str name)
{
    struct index_walk walk = {.n = 0};
    if (index->slots)
        probe_key(index, index_hash(name), &walk);
    return walk;
}

bool index_next(struct index_walk *walk, size_t *ret)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < walk->n; i++) {
        if (walk->at[i] < walk->end[i] && *walk->at[i] < least)
            least = *walk->at[i];
    }
    if (least == SIZE_MAX)
        return false;
    for (size_t i = 0; i < walk->n; i++) {
        if (walk->at[i] < walk->end[i] && *walk->at[i] == least)
            walk->at[i]++;
    }
    *ret = least;
    return true;
}

enum ambit_err name_table_build(struct arena *arena, size_t n,
                                struct ambit_str (*name_of)(const void *ctx, size_t i),
                                const void *ctx, struct name_table *ret)
{
    size_t size = power_above(n);
    uint32_t *slots = arena_array(arena, size, sizeof *slots);
    if (!slots)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        size_t slot = index_hash(name_of(ctx, i)) & (size - 1);
        while (slots[slot])
            slot = (slot + 1) & (size - 1);
        slots[slot] = (uint32_t)(i + 1);
    }
    *ret = (struct name_table){.slots = slots, .mask = size - 1};
    return AMBIT_OK;
}
