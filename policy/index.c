/* SPDX-License-Identifier: Apache-2.0 */
/* Building and probing the hash tables of index.h. Collisions only add candidates. */
#include "policy/index.h"

#include "policy/pattern_glob.h"

enum { PAIRS_MAX = 64 }; /* of a rule with more, the actions are not told apart */

/* A class: the bits of the action, then those of the resource. This one is of what was not worth
 * its class. */
enum { CLASS_ALWAYS = 0xffff, BITS = 8, ALL_BITS = 0xff };
/* Of an index of meetings: what begins so, and what is literal no further. */
enum { CLASS_BEGINS = 0x100, CLASS_ENDS = 0x200 };

/* Both halves of the product: slots are chosen by the low bits, and names often differ in their
 * last bytes alone, which are the high ones of a word. */
static uint64_t mixed(uint64_t hash, uint64_t more)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ more) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last bytes, up to eight of them: read at once, some twice. */
static uint64_t last_bytes(struct ambit_str text)
{
    uint64_t word = 0;
    uint32_t first = 0, last = 0;
    if (text.len >= sizeof word) {
        memcpy(&word, text.p + text.len - sizeof word, sizeof word);
        return word;
    }
    if (text.len >= sizeof first) {
        memcpy(&first, text.p, sizeof first);
        memcpy(&last, text.p + text.len - sizeof last, sizeof last);
        return (uint64_t)first << 32 | last;
    }
    return (uint64_t)(uint8_t)text.p[0] << 16 | (uint64_t)(uint8_t)text.p[text.len / 2] << 8 |
           (uint8_t)text.p[text.len - 1];
}

uint64_t index_hash(struct ambit_str text)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ text.len, word = 0;
    size_t i = 0;
    for (; i + sizeof word <= text.len; i += sizeof word) {
        memcpy(&word, text.p + i, sizeof word);
        hash = mixed(hash, word);
    }
    return i == text.len ? hash : mixed(hash, last_bytes(text));
}

/* ---- what is literal of a pattern -------------------------------------------------------------
 */

static bool is_literal_at(const struct pattern *pattern, size_t i, struct ambit_str *ret)
{
    *ret = pattern_segment_text(pattern, i);
    return pattern->is_literal || segment_is_literal(*ret);
}

/* Everything that may be asked for. */
static void part_of(const struct pattern *pattern, struct index_part *ret)
{
    struct ambit_str segment;
    size_t n = pattern->n_segments;
    ret->type = index_hash((struct ambit_str){pattern->text.p, pattern->type_len});
    ret->bits = 0;
    for (size_t i = 0; i < INDEX_HEAD && i < pattern->n_head; i++) {
        if (!is_literal_at(pattern, i, &segment))
            continue;
        ret->literal[i] = index_hash(segment);
        ret->bits |= 1U << i;
    }
    bool has_last = pattern->n_any == 0 ? n > 0 : pattern->n_tail > 0;
    if (has_last && is_literal_at(pattern, n - 1, &segment)) {
        bool is_known = pattern->n_any == 0 && n <= INDEX_HEAD;
        ret->literal[6] = is_known ? ret->literal[n - 1] : index_hash(segment);
        ret->bits |= INDEX_TAIL;
    }
    if (pattern->is_literal) {
        ret->literal[7] = index_hash(pattern->text);
        ret->bits |= INDEX_WHOLE;
    }
}

/* Of a rule's pattern as much as tells it apart, no more: each further class is a probe more. */
static unsigned class_bits(const struct pattern *pattern, unsigned bits)
{
    if (bits & INDEX_WHOLE)
        return INDEX_WHOLE;
    bool is_in_head = pattern->n_any == 0 && pattern->n_segments <= INDEX_HEAD;
    return is_in_head ? bits & ~(unsigned)INDEX_TAIL : bits;
}

static uint8_t type_bit(const struct index_part *resource)
{
    return resource->type & 63;
}

/* Of the type and its first segment; of the type alone where a pattern begins with a star. */
static uint8_t first_bit(const struct index_part *resource)
{
    return mixed(resource->type, resource->bits & 1 ? resource->literal[0] : 0) & 63;
}

static struct index_begins begins_of(const struct index_part *resource)
{
    struct index_part any = {.type = resource->type};
    return (struct index_begins){.types = UINT64_C(1) << type_bit(resource),
                                 .firsts = UINT64_C(1) << first_bit(resource) |
                                           UINT64_C(1) << first_bit(&any)};
}

void index_probe_set(struct index_probe *probe, const struct pattern *action,
                     const struct pattern *resource)
{
    part_of(action, &probe->action);
    part_of(resource, &probe->resource);
    probe->contains = probe->meets = begins_of(&probe->resource);
    if (!(probe->resource.bits & 1))
        probe->meets.firsts = UINT64_MAX;
}

const struct pattern index_anything = {.text = {"", 0}};

void index_probe_anywhere(struct index_probe *ret, const struct index_probe *of)
{
    ret->action = of->action;
    part_of(&index_anything, &ret->resource);
    ret->contains = ret->meets = begins_of(&ret->resource);
}

struct index_probe index_probe_of(const struct pattern *action, const struct pattern *resource)
{
    struct index_probe probe;
    index_probe_set(&probe, action, resource);
    return probe;
}

static uint64_t key_of_part(uint64_t hash, const struct index_part *part, unsigned bits)
{
    for (; bits; bits &= bits - 1)
        hash = mixed(hash, part->literal[__builtin_ctz(bits)]);
    return hash;
}

static uint64_t key_of(const struct index_probe *probe, unsigned class)
{
    if (class == CLASS_ALWAYS)
        return class;
    uint64_t hash = mixed(class, probe->resource.type);
    hash = key_of_part(hash, &probe->action, class >> BITS);
    return key_of_part(hash, &probe->resource, class & ALL_BITS);
}

/* How many of the first segments are literal without a gap, and the hash of `depth` of them. */
static unsigned depth_of(const struct index_part *part)
{
    return (unsigned)__builtin_ctz(~(part->bits & ((1U << INDEX_HEAD) - 1)));
}

static uint64_t key_of_beginning(const struct index_part *part, unsigned class, unsigned depth)
{
    return key_of_part(mixed(class + depth, part->type), part, (1U << depth) - 1);
}

/* ---- building ---------------------------------------------------------------------------------
 */

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

static enum ambit_err put_pair(struct index_builder *builder, const struct pattern *action,
                               const struct pattern *resource, uint16_t value)
{
    struct index_probe probe = {0};
    part_of(resource, &probe.resource);
    unsigned class = class_bits(resource, probe.resource.bits);
    if (action) {
        part_of(action, &probe.action);
        class |= class_bits(action, probe.action.bits) << BITS;
    }
    return put(builder, (struct index_entry){.key = key_of(&probe, class),
                                             .value = value,
                                             .class = (uint16_t) class,
                                             .type = type_bit(&probe.resource),
                                             .first = first_bit(&probe.resource)});
}

enum ambit_err index_add_pairs(struct index_builder *builder, const struct pattern *actions,
                               size_t n_actions, const struct pattern *resources,
                               size_t n_resources, uint16_t value)
{
    bool is_many = n_actions * n_resources > PAIRS_MAX;
    for (size_t a = 0; a < (is_many ? 1 : n_actions); a++) {
        for (size_t r = 0; r < n_resources; r++) {
            enum ambit_err err =
                put_pair(builder, is_many ? NULL : &actions[a], &resources[r], value);
            if (err)
                return err;
        }
    }
    return AMBIT_OK;
}

/* Under each beginning of its own, and once more under the whole of its literal beginning. */
enum ambit_err index_add_meeting(struct index_builder *builder, const struct pattern *resources,
                                 size_t n_resources, uint16_t value)
{
    for (size_t r = 0; r < n_resources; r++) {
        struct index_part part = {0};
        part_of(&resources[r], &part);
        unsigned depth = depth_of(&part);
        struct index_entry entry = {.key = key_of_beginning(&part, CLASS_ENDS, depth),
                                    .value = value,
                                    .type = type_bit(&part),
                                    .first = first_bit(&part)};
        enum ambit_err err = put(builder, entry);
        for (unsigned d = 0; !err && d <= depth; d++) {
            entry.key = key_of_beginning(&part, CLASS_BEGINS, d);
            err = put(builder, entry);
        }
        if (err)
            return err;
    }
    return AMBIT_OK;
}

static int by_class(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    return (x->class > y->class) - (x->class < y->class);
}

static int by_key(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

struct class_count {
    uint16_t class;
    size_t n;
};

static int by_count(const void *a, const void *b)
{
    const struct class_count *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return (x->class > y->class) - (x->class < y->class);
}

/* The entries stand in order of their classes. */
static size_t count_classes(const struct index_builder *builder, struct class_count *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < builder->n; i++) {
        if (i == 0 || builder->v[i].class != builder->v[i - 1].class)
            ret[n++] = (struct class_count){.class = builder->v[i].class};
        ret[n - 1].n++;
    }
    return n;
}

struct classes {
    uint16_t v[INDEX_CLASSES];
    size_t n;
};

static bool has_class(const struct classes *classes, uint16_t class)
{
    for (size_t i = 0; i < classes->n; i++) {
        if (classes->v[i] == class)
            return true;
    }
    return false;
}

/* The classes that occur. Where they are too many, what is of the rarest is always looked at. */
static enum ambit_err take_classes(struct index_builder *builder, struct classes *ret)
{
    struct class_count *counts AMBIT_AUTO_FREE = calloc(builder->n, sizeof *counts);
    if (!counts)
        return AMBIT_ERR_NO_MEMORY;
    qsort(builder->v, builder->n, sizeof *builder->v, by_class);
    size_t n = count_classes(builder, counts);
    size_t n_kept = n <= INDEX_CLASSES ? n : INDEX_CLASSES - 1;
    qsort(counts, n, sizeof *counts, by_count);
    for (ret->n = 0; ret->n < n_kept; ret->n++)
        ret->v[ret->n] = counts[ret->n].class;
    if (n_kept == n)
        return AMBIT_OK;
    for (size_t i = 0; i < builder->n; i++) {
        struct index_entry *entry = &builder->v[i];
        if (!has_class(ret, entry->class))
            *entry = (struct index_entry){.key = key_of(NULL, CLASS_ALWAYS),
                                          .value = entry->value,
                                          .class = CLASS_ALWAYS,
                                          .type = entry->type,
                                          .first = entry->first};
    }
    ret->v[ret->n++] = CLASS_ALWAYS;
    return AMBIT_OK;
}

static size_t power_above(size_t n)
{
    size_t size = 4;
    while (size < n * 2)
        size *= 2;
    return size;
}

/* Behind the `used` words of the classes. */
static void fill(const struct index_builder *builder, struct index_slot *slots, size_t size,
                 uint16_t *words, uint32_t used)
{
    for (size_t i = 0; i < builder->n;) {
        uint64_t key = builder->v[i].key;
        size_t slot = key & (size - 1);
        while (slots[slot].n > 0)
            slot = (slot + 1) & (size - 1);
        slots[slot] = (struct index_slot){.key = key, .first = used, .value = builder->v[i].value};
        for (; i < builder->n && builder->v[i].key == key; i++) {
            if (slots[slot].n == 0 || words[used - 1] != builder->v[i].value) {
                words[used++] = builder->v[i].value;
                slots[slot].n++;
            }
        }
    }
}

static size_t count_keys(const struct index_builder *builder)
{
    size_t n = 0;
    for (size_t i = 0; i < builder->n; i++)
        n += i == 0 || builder->v[i].key != builder->v[i - 1].key;
    return n;
}

enum ambit_err index_build(struct index_builder *builder, struct arena *arena, struct index *ret)
{
    struct classes classes = {.n = 0};
    *ret = (struct index){0};
    if (builder->n == 0)
        return AMBIT_OK;

    enum ambit_err err = take_classes(builder, &classes);
    if (err)
        return err;
    qsort(builder->v, builder->n, sizeof *builder->v, by_key);
    size_t size = power_above(count_keys(builder));
    struct index_slot *slots = arena_array(arena, size, sizeof *slots);
    uint16_t *words = arena_array(arena, builder->n + classes.n, sizeof *words);
    if (!slots || !words)
        return AMBIT_ERR_NO_MEMORY;

    memcpy(words, classes.v, classes.n * sizeof *words);
    fill(builder, slots, size, words, (uint32_t)classes.n);
    *ret = (struct index){.slots = slots,
                          .mask = (uint32_t)(size - 1),
                          .words = words,
                          .n_classes = (uint16_t)classes.n};
    if (classes.n <= INDEX_CLASSES_NEAR)
        memcpy(ret->classes, classes.v, classes.n * sizeof *words);
    for (size_t i = 0; i < builder->n; i++) {
        const struct index_entry *entry = &builder->v[i];
        ret->begins.types |= UINT64_C(1) << entry->type;
        ret->begins.firsts |= UINT64_C(1) << entry->first;
        if (entry->value >= ret->n_values)
            ret->n_values = entry->value + 1u;
    }
    return AMBIT_OK;
}

void index_builder_done(struct index_builder *builder)
{
    free(builder->v);
    *builder = (struct index_builder){0};
}

/* ---- probing ----------------------------------------------------------------------------------
 */

/* The lists are written before they are read: 32 policies are probed for one decision. */
static void walk_init(struct index_walk *walk)
{
    walk->n = walk->next = walk->n_all = 0;
}

static void probe_key(const struct index *index, uint64_t key, struct index_walk *walk)
{
    for (size_t i = key & index->mask; index->slots[i].n > 0; i = (i + 1) & index->mask) {
        const struct index_slot *slot = &index->slots[i];
        if (slot->key != key)
            continue;
        if (walk->n == INDEX_LISTS) {
            walk->n_all = index->n_values;
            return;
        }
        walk->at[walk->n] = slot->n == 1 ? &slot->value : index->words + slot->first;
        walk->end[walk->n] = walk->at[walk->n] + slot->n;
        walk->n++;
        return;
    }
}

struct index_walk index_begin(const struct index *index, const struct index_probe *probe)
{
    struct index_walk walk PATTERN_SCRATCH;
    walk_init(&walk);
    unsigned lacks = ~(probe->action.bits << BITS | probe->resource.bits);
    if (!index_begins_meet(&index->begins, &probe->contains)) /* an empty index has none */
        return walk;
    const uint16_t *classes =
        index->n_classes <= INDEX_CLASSES_NEAR ? index->classes : index->words;
    for (size_t i = 0; i < index->n_classes; i++) {
        unsigned class = classes[i];
        if (class == CLASS_ALWAYS || (class & lacks) == 0)
            probe_key(index, key_of(probe, class), &walk);
    }
    return walk;
}

/* What goes on to be literal where the question is no more may meet it in every way; what ended
 * before may too. */
struct index_walk index_begin_meeting(const struct index *index, const struct index_probe *probe)
{
    struct index_walk walk PATTERN_SCRATCH;
    walk_init(&walk);
    if (!index_begins_meet(&index->begins, &probe->meets))
        return walk;
    unsigned depth = depth_of(&probe->resource);
    for (unsigned d = 0; d < depth; d++)
        probe_key(index, key_of_beginning(&probe->resource, CLASS_ENDS, d), &walk);
    probe_key(index, key_of_beginning(&probe->resource, CLASS_BEGINS, depth), &walk);
    return walk;
}

bool index_next(struct index_walk *walk, size_t *ret)
{
    if (walk->n_all > 0) {
        *ret = walk->next++;
        return *ret < walk->n_all;
    }
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
