/* SPDX-License-Identifier: Apache-2.0 */
/* What a report counts by: a table from keys of a few numbers to one number each, and texts as
 * small numbers. Lives as long as one report. */
#pragma once

#include "base/arena.h"

enum { REPORT_KEY = 5 };
struct report_key {
    uint32_t v[REPORT_KEY];
};
struct report_cell {
    struct report_key key;
    uint32_t index; /* in order of first sight, from 0 */
    uint64_t value;
};
struct report_map {
    struct report_cell *cells; /* owned; in order of first sight */
    uint32_t *slots;           /* owned; index + 1, 0: empty */
    size_t n, room, n_slots;
};
/* The cell of the key, made with value 0 when it is new; NULL: out of memory. Valid until the next
 * one is made. */
struct report_cell *report_map_cell(struct report_map *map, struct report_key key);
struct report_cell *report_map_find(const struct report_map *map, struct report_key key);
void report_map_done(struct report_map *map);

/* Texts, each once, numbered from 0. */
struct report_texts {
    struct report_map of_hash; /* {hash, hash, nth of this hash} -> number */
    struct ambit_str *v;       /* owned; texts in `arena` */
    size_t n, room;
    struct arena *arena;
};
enum { REPORT_NO_TEXT = UINT32_MAX };
/* REPORT_NO_TEXT: out of memory. */
uint32_t report_text(struct report_texts *texts, struct ambit_str text);
void report_texts_done(struct report_texts *texts);
