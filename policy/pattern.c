/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing, matching and overlap of patterns; containment stands in pattern_contain.c. Pure:
 * allocates nothing, recurses over nothing. */
#include "policy/pattern.h"

#include "policy/name.h"
#include "policy/pattern_glob.h"

#include "ambit/policy.h"

static void add_segment(struct pattern_buf *buf, size_t at, size_t len)
{
    struct pattern *p = &buf->pattern;
    const char *text = p->text.p + at;
    if (len == 2 && text[0] == '*' && text[1] == '*') {
        p->n_any++;
        return;
    }
    if (len > 2 && text[0] == '$' && text[1] == '{') {
        p->is_literal = false;
        p->has_variables = true;
    }
    AMBIT_ASSERT(p->n_segments < PATTERN_SEGMENTS_MAX);
    buf->room[p->n_segments++] = (struct pattern_segment){.at = (uint16_t)at, .len = (uint16_t)len};
    if (p->n_any == 0)
        p->n_head++;
    else if (p->n_any == 1)
        p->n_tail++;
    else
        p->n_middle++; /* swapped with the tail once all is read */
}

/* `text` is well formed. Counts by where a segment stands; between two `**` is the middle. */
static void split(struct ambit_str text, enum pattern_kind kind, struct pattern_buf *ret)
{
    ret->pattern = (struct pattern){
        .text = text, .segments = ret->room, .is_literal = memchr(text.p, '*', text.len) == NULL};
    struct pattern *p = &ret->pattern;
    char separator = '.';
    size_t at = 0;
    if (kind == PATTERN_RESOURCE) {
        const char *colon = memchr(text.p, ':', text.len);
        AMBIT_ASSERT(colon != NULL);
        p->type_len = (uint16_t)(colon - text.p);
        at = (size_t)p->type_len + 1;
        separator = '/';
    }
    while (at <= text.len) {
        const char *end = memchr(text.p + at, separator, text.len - at);
        size_t len = end ? (size_t)(end - text.p) - at : text.len - at;
        add_segment(ret, at, len);
        at += len + 1;
    }
    if (p->n_any == 2) {
        uint16_t behind_first = p->n_tail;
        p->n_tail = p->n_middle;
        p->n_middle = behind_first;
    }
}

enum ambit_err pattern_parse(struct ambit_str text, enum pattern_kind kind, bool variables,
                             struct pattern_buf *ret)
{
    const char *fault = kind == PATTERN_ACTION
                            ? name_action_fault(text, NAME_PATTERN)
                            : name_resource_fault(text, variables ? NAME_VARIABLES : NAME_PATTERN);
    if (fault)
        return AMBIT_ERR_MALFORMED;

    split(text, kind, ret);
    return AMBIT_OK;
}

enum ambit_err pattern_parse_name(struct ambit_str text, enum pattern_kind kind,
                                  struct pattern_buf *ret)
{
    const char *fault = kind == PATTERN_ACTION ? name_action_fault(text, NAME_LITERAL)
                                               : name_resource_fault(text, NAME_LITERAL);
    if (fault)
        return AMBIT_ERR_MALFORMED;

    split(text, kind, ret);
    return AMBIT_OK;
}

bool pattern_matches(const struct pattern *pattern, const struct pattern *name)
{
    return pattern_same_type(pattern, name) && pattern_fits(pattern, name, segment_matches);
}

/* Two globs have a word in common. With a star in both, the longer beginning, all pieces in
 * between one after the other, and the longer end make one: only beginnings and ends can clash. */
static bool segment_overlaps(struct ambit_str a, struct ambit_str b)
{
    if (segment_is_variable(a) || segment_is_variable(b))
        return true;
    const char *a_star = glob_first_star(a);
    const char *b_star = glob_first_star(b);
    if (!a_star)
        return b_star ? glob_matches(b, a) : ambit_str_eq(a, b);
    if (!b_star)
        return glob_matches(a, b);

    size_t a_head = (size_t)(a_star - a.p), b_head = (size_t)(b_star - b.p);
    size_t head = a_head < b_head ? a_head : b_head;
    if (memcmp(a.p, b.p, head) != 0)
        return false;

    size_t a_tail = glob_tail_len(a), b_tail = glob_tail_len(b);
    size_t tail = a_tail < b_tail ? a_tail : b_tail;
    return memcmp(a.p + a.len - tail, b.p + b.len - tail, tail) == 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The same thought one level up: with `**` in both, heads and tails alone can clash. */
static bool both_any_overlap(const struct pattern *a, const struct pattern *b)
{
    size_t head = least(a->n_head, b->n_head);
    for (size_t i = 0; i < head; i++) {
        if (!segment_overlaps(pattern_segment_text(a, i), pattern_segment_text(b, i)))
            return false;
    }
    size_t tail = least(a->n_tail, b->n_tail);
    for (size_t i = 1; i <= tail; i++) {
        if (!segment_overlaps(pattern_segment_text(a, a->n_segments - i),
                              pattern_segment_text(b, b->n_segments - i)))
            return false;
    }
    return true;
}

bool pattern_overlaps(const struct pattern *a, const struct pattern *b)
{
    if (!pattern_same_type(a, b))
        return false;
    if (a->n_any == 0)
        return pattern_fits(b, a, segment_overlaps);
    if (b->n_any == 0)
        return pattern_fits(a, b, segment_overlaps);
    return both_any_overlap(a, b);
}

bool pattern_matches_text(struct ambit_str pattern, struct ambit_str text)
{
    return glob_matches(pattern, text);
}

enum ambit_err ambit_resource_overlaps(struct ambit_str pattern_a, struct ambit_str pattern_b,
                                       bool *ret)
{
    struct pattern_buf a PATTERN_SCRATCH, b PATTERN_SCRATCH;
    enum ambit_err err = pattern_parse(pattern_a, PATTERN_RESOURCE, false, &a);
    if (err)
        return err;

    err = pattern_parse(pattern_b, PATTERN_RESOURCE, false, &b);
    if (err)
        return err;

    *ret = pattern_overlaps(&a.pattern, &b.pattern);
    return AMBIT_OK;
}
