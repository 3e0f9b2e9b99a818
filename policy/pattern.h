/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns (policy-language.md, "Names and patterns"): match, contain, overlap, for actions
 * (segments between '.'), resources (a literal type, then segments between '/') and text patterns.
 *
 * A pattern is parsed once into `struct pattern`: its segments without the `**`, and how many of
 * them stand before the first `**` (head), between two (middle), and behind the last (tail). Then
 *   match     walks the segments of the name once: head and tail are anchored, the middle slides;
 *   contain   is match on a pattern taken as a name whose every `*` is a byte that occurs nowhere
 *             else: if that name matches, so does every other that the inner pattern stands for,
 *             because whatever an outer pattern accepts there it accepts through a star of its
 *             own. `**` of the inner is tried with none, one, two ... such segments, until the set
 *             of outer states repeats;
 *   overlap   compares heads with heads and tails with tails; two stars always find a common word.
 * All are exact (for names of any length: that a longer one than 512 bytes would make the
 * difference is not looked at here, ambit/pattern.h does), allocate nothing and keep nothing. A
 * struct pattern borrows its text and its segments; a name is parsed the same way and is simply a
 * pattern without stars. */
#pragma once

#include "ambit/base.h"
#include "ambit/limits.h"

struct pattern_segment {
    uint16_t at, len; /* in text */
};

enum pattern_kind { PATTERN_ACTION, PATTERN_RESOURCE };

struct pattern {
    struct ambit_str text;
    const struct pattern_segment *segments; /* without `**` */
    uint16_t type_len;                      /* of a resource, the bytes before ':'; else 0 */
    uint16_t n_segments, n_head, n_middle, n_tail;
    uint8_t n_any;      /* how many `**`: 0, 1, 2 */
    bool is_literal;    /* no star at all */
    bool has_variables; /* `${...}` stands for a segment; taken as `*` */
};

enum { PATTERN_SEGMENTS_MAX = AMBIT_WORD_MAX / 2 + 1 };

/* A pattern together with room for its segments, for what is parsed while deciding. */
struct pattern_buf {
    struct pattern pattern;
    struct pattern_segment room[PATTERN_SEGMENTS_MAX];
};
/* Large scratch is not worth zeroing: it is written before it is read. */
#define PATTERN_SCRATCH __attribute__((uninitialized))

/* MALFORMED unless `text` is a pattern (variables allowed where asked). It must outlive *ret. */
AMBIT_CHECKED enum ambit_err pattern_parse(struct ambit_str text, enum pattern_kind kind,
                                           bool variables, struct pattern_buf *ret);
/* MALFORMED unless `text` is a name. */
AMBIT_CHECKED enum ambit_err pattern_parse_name(struct ambit_str text, enum pattern_kind kind,
                                                struct pattern_buf *ret);

/* `name` is a pattern without stars. Linear in the name whatever the pattern. */
bool pattern_matches(const struct pattern *pattern, const struct pattern *name);
/* Is every name of `inner` a name of `outer`? TOO_LARGE: not settled in AMBIT_PATTERN_STEPS. */
AMBIT_CHECKED enum ambit_err pattern_contains(const struct pattern *outer,
                                              const struct pattern *inner, bool *ret);
/* Is there a name in both? */
bool pattern_overlaps(const struct pattern *a, const struct pattern *b);

/* `*` is any run of bytes, nothing else is special. Linear in the text. */
bool pattern_matches_text(struct ambit_str pattern, struct ambit_str text);

/* The same with a bound of the caller's, and how many steps it took. A step is one pair (state of
 * the inner, set of states of the outer) after what a later `**` makes needless was dropped; a pair
 * that was met just before is not counted again. */
AMBIT_CHECKED enum ambit_err pattern_contains_counted(const struct pattern *outer,
                                                      const struct pattern *inner, size_t limit,
                                                      size_t *ret_steps, bool *ret);
