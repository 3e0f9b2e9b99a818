/* SPDX-License-Identifier: Apache-2.0 */
/* What matching, overlap and containment share: one segment against another, and a run of segments
 * against a pattern's. Private to pattern.c and pattern_contain.c. */
#pragma once

#include "policy/pattern.h"

static inline const char *glob_first_star(struct ambit_str glob)
{
    return glob.len ? memchr(glob.p, '*', glob.len) : NULL;
}

/* Bytes behind the last star; the glob has one. */
static inline size_t glob_tail_len(struct ambit_str glob)
{
    const char *star = memrchr(glob.p, '*', glob.len);
    return glob.len - (size_t)(star - glob.p) - 1;
}

/* Leftmost search for each piece between two stars: if any placing fits, this one does. A '*' in
 * `text` (an inner pattern) is a byte like any other and equals none of the glob's literals. */
static inline bool glob_matches(struct ambit_str glob, struct ambit_str text)
{
    if (ambit_str_eq(glob, text))
        return true; /* the most common of all; a star equals itself as well */
    if (glob.len == 0)
        return false;
    if (glob.p[0] != '*' && (text.len == 0 || glob.p[0] != text.p[0]))
        return false;
    const char *star = glob_first_star(glob);
    if (!star)
        return false;

    size_t head = (size_t)(star - glob.p), tail = glob_tail_len(glob);
    if (text.len < head + tail || memcmp(glob.p, text.p, head) != 0 ||
        memcmp(glob.p + glob.len - tail, text.p + text.len - tail, tail) != 0)
        return false;

    const char *at = text.p + head, *end = text.p + text.len - tail;
    const char *piece = star + 1, *last = glob.p + glob.len - tail;
    while (piece < last) {
        const char *next = memchr(piece, '*', (size_t)(last - piece));
        size_t len = (size_t)(next - piece); /* `last` follows a star, so there is a next */
        const char *found = memmem(at, (size_t)(end - at), piece, len);
        if (!found)
            return false;
        at = found + len;
        piece = next + 1;
    }
    return true;
}

/* A variable `${...}` is a whole segment of an allow rule's resource and stands for any. No segment
 * of a name or of another pattern begins so. */
static inline bool segment_is_variable(struct ambit_str segment)
{
    return segment.len > 2 && segment.p[0] == '$' && segment.p[1] == '{';
}

static inline bool segment_matches(struct ambit_str segment, struct ambit_str other)
{
    return segment_is_variable(segment) || glob_matches(segment, other);
}

static inline bool segment_is_literal(struct ambit_str segment)
{
    return !glob_first_star(segment) && !segment_is_variable(segment);
}

static inline struct ambit_str pattern_segment_text(const struct pattern *pattern, size_t i)
{
    return (struct ambit_str){.p = pattern->text.p + pattern->segments[i].at,
                              .len = pattern->segments[i].len};
}

static inline bool pattern_same_type(const struct pattern *a, const struct pattern *b)
{
    return a->type_len == b->type_len && memcmp(a->text.p, b->text.p, a->type_len) == 0;
}

typedef bool glob_relation(struct ambit_str glob, struct ambit_str other);

/* `n` segments of the pattern from `first` on, against as many of the run from `at` on. */
static inline bool pattern_fits_at(const struct pattern *pattern, size_t first, size_t n,
                                   const struct pattern *run, size_t at, glob_relation *relation)
{
    for (size_t i = 0; i < n; i++) {
        if (!relation(pattern_segment_text(pattern, first + i), pattern_segment_text(run, at + i)))
            return false;
    }
    return true;
}

/* The segments of `run`, which has no `**`, against the pattern: head and tail anchored, the middle
 * anywhere between. Each segment is judged alone, so the first place that fits is as good as any.
 */
static inline bool pattern_fits(const struct pattern *pattern, const struct pattern *run,
                                glob_relation *relation)
{
    size_t n = run->n_segments, head = pattern->n_head, tail = pattern->n_tail;
    size_t middle = pattern->n_middle;
    if (pattern->n_any == 0 ? n != head : n < head + middle + tail)
        return false;
    if (!pattern_fits_at(pattern, 0, head, run, 0, relation) ||
        !pattern_fits_at(pattern, head + middle, tail, run, n - tail, relation))
        return false;
    if (middle == 0)
        return true;

    for (size_t at = head; at + middle + tail <= n; at++) {
        if (pattern_fits_at(pattern, head, middle, run, at, relation))
            return true;
    }
    return false;
}
