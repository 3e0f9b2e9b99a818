/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing over an array of cells, so that what was counted is walked in one sweep. */
#include "core/report_map.h"

enum { FIRST_ROOM = 64 };

static size_t hash_of(const struct report_key *key)
{
    uint64_t hash = 0x9e3779b97f4a7c15U;
    for (size_t i = 0; i < REPORT_KEY; i++) {
        hash = (hash ^ key->v[i]) * 0xff51afd7ed558ccdU;
        hash ^= hash >> 32;
    }
    return (size_t)hash;
}

/* The slot of the key, or the empty one where it would stand. */
static size_t slot_of(const struct report_map *map, const struct report_key *key)
{
    size_t at = hash_of(key) & (map->n_slots - 1);
    while (map->slots[at] != 0 &&
           memcmp(&map->cells[map->slots[at] - 1].key, key, sizeof *key) != 0)
        at = (at + 1) & (map->n_slots - 1);
    return at;
}

static bool grow(struct report_map *map)
{
    size_t room = map->room ? map->room * 2 : FIRST_ROOM;
    struct report_cell *cells = reallocarray(map->cells, room, sizeof *cells);
    if (!cells)
        return false;
    map->cells = cells;
    uint32_t *slots = calloc(2 * room, sizeof *slots);
    if (!slots || room > UINT32_MAX / 2) {
        free(slots);
        return false;
    }
    free(map->slots);
    map->slots = slots;
    map->n_slots = 2 * room;
    map->room = room;
    for (size_t i = 0; i < map->n; i++)
        map->slots[slot_of(map, &map->cells[i].key)] = (uint32_t)i + 1;
    return true;
}

struct report_cell *report_map_cell(struct report_map *map, struct report_key key)
{
    if (map->n == map->room && !grow(map))
        return NULL;
    size_t at = slot_of(map, &key);
    if (map->slots[at] == 0) {
        map->cells[map->n] = (struct report_cell){.key = key, .index = (uint32_t)map->n};
        map->slots[at] = (uint32_t)++map->n;
    }
    return &map->cells[map->slots[at] - 1];
}

struct report_cell *report_map_find(const struct report_map *map, struct report_key key)
{
    if (map->n == 0)
        return NULL;
    size_t at = slot_of(map, &key);
    return map->slots[at] != 0 ? &map->cells[map->slots[at] - 1] : NULL;
}

void report_map_done(struct report_map *map)
{
    free(map->cells);
    free(map->slots);
    *map = (struct report_map){0};
}

/* ---- texts ---- */

static uint64_t text_hash(struct ambit_str text)
{
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.p[i]) * 0x100000001b3U;
    return hash;
}

static bool texts_room(struct report_texts *texts)
{
    if (texts->n < texts->room)
        return true;
    size_t room = texts->room ? texts->room * 2 : FIRST_ROOM;
    struct ambit_str *v = reallocarray(texts->v, room, sizeof *v);
    if (!v)
        return false;
    texts->v = v;
    texts->room = room;
    return true;
}

uint32_t report_text(struct report_texts *texts, struct ambit_str text)
{
    uint64_t hash = text_hash(text);
    struct report_key key = {.v = {(uint32_t)(hash >> 32), (uint32_t)hash}};
    struct report_cell *cell = NULL;
    for (;; key.v[2]++) {
        cell = report_map_cell(&texts->of_hash, key);
        if (!cell)
            return REPORT_NO_TEXT;
        if (cell->value == 0)
            break;
        if (ambit_str_eq(texts->v[cell->value - 1], text))
            return (uint32_t)(cell->value - 1);
    }
    struct ambit_str copy = arena_copy(texts->arena, text);
    if (!copy.p || !texts_room(texts))
        return REPORT_NO_TEXT;
    texts->v[texts->n] = copy;
    cell->value = ++texts->n;
    return (uint32_t)(texts->n - 1);
}

void report_texts_done(struct report_texts *texts)
{
    report_map_done(&texts->of_hash);
    free(texts->v);
    *texts = (struct report_texts){0};
}
