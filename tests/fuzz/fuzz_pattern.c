/* SPDX-License-Identifier: Apache-2.0 */
/* Two patterns and a name, a line each (':' makes them resources): what an inner pattern matches, a
 * pattern that contains it matches too; what two patterns match, they overlap in. The analysis says
 * the same, with a name for each "not contained" and "overlap", and a difference is empty exactly
 * when each contains the other; lines after the third join the outer list. The lines are also taken
 * as text patterns. */
#include <string.h>

#include "ambit/pattern.h"
#include "ambit/policy.h"
#include "fuzz.h"
#include "policy/pattern.h"

static struct ambit_str take_line(struct ambit_str *rest)
{
    const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
    struct ambit_str line = {.p = rest->p, .len = end ? (size_t)(end - rest->p) : rest->len};
    rest->p += line.len + (end != NULL);
    rest->len -= line.len + (end != NULL);
    return line;
}

static void check_pair(const struct pattern *outer, const struct pattern *inner,
                       const struct pattern *name)
{
    bool contains = false, overlaps = pattern_overlaps(outer, inner);
    FUZZ_CHECK(overlaps == pattern_overlaps(inner, outer));
    if (pattern_contains(outer, inner, &contains) != AMBIT_OK)
        contains = false;
    if (contains)
        FUZZ_CHECK(overlaps);
    if (!name)
        return;
    if (contains && pattern_matches(inner, name))
        FUZZ_CHECK(pattern_matches(outer, name));
    if (pattern_matches(inner, name) && pattern_matches(outer, name))
        FUZZ_CHECK(overlaps);
    /* A name is a pattern of itself: to match it, to contain it and to overlap it are one. */
    FUZZ_CHECK(pattern_contains(outer, name, &contains) == AMBIT_OK);
    FUZZ_CHECK(contains == pattern_matches(outer, name));
    FUZZ_CHECK(contains == pattern_overlaps(outer, name));
}

static bool lies_in(const char *word, enum pattern_kind kind, const struct ambit_strs *list)
{
    static struct pattern_buf name, pattern;
    FUZZ_CHECK(pattern_parse_name(ambit_str_of(word), kind, &name) == AMBIT_OK);
    for (size_t i = 0; i < list->n; i++) {
        FUZZ_CHECK(pattern_parse(list->v[i], kind, true, &pattern) == AMBIT_OK);
        if (pattern_matches(&pattern.pattern, &name.pattern))
            return true;
    }
    return false;
}

/* Lists: what the analysis finds is where it says; what it does not find, `name` is not either. */
static void check_lists(enum pattern_kind kind, const struct ambit_strs *in,
                        const struct ambit_strs *out, const struct pattern *name)
{
    static struct ambit_area_answer excess, common;
    static struct ambit_area_difference difference;
    bool is_action = kind == PATTERN_ACTION;
    const struct ambit_area a = {.actions = *in, .resources = *in},
                            b = {.actions = *out, .resources = *out};
    const struct ambit_area_list left = {.v = &a, .n = 1}, right = {.v = &b, .n = 1};
    const struct ambit_area_terms terms = {
        .kind = is_action ? AMBIT_AREA_ACTIONS : AMBIT_AREA_RESOURCES, .steps = 2000};
    enum ambit_err err = ambit_area_excess(&terms, &a, &b, 1, &excess);
    FUZZ_CHECK(err == AMBIT_OK || err == AMBIT_ERR_TOO_LARGE);
    if (err || ambit_area_overlap(&terms, &a, &b, &common) != AMBIT_OK)
        return;
    const char *rest = is_action ? excess.witness.action : excess.witness.resource;
    const char *both = is_action ? common.witness.action : common.witness.resource;
    if (excess.is_found)
        FUZZ_CHECK(lies_in(rest, kind, in) && !lies_in(rest, kind, out));
    if (common.is_found)
        FUZZ_CHECK(lies_in(both, kind, in) && lies_in(both, kind, out));
    if (name) {
        bool is_in = false, is_out = false;
        char word[AMBIT_WORD_MAX + 1];
        memcpy(word, name->text.p, name->text.len);
        word[name->text.len] = '\0';
        is_in = lies_in(word, kind, in);
        is_out = lies_in(word, kind, out);
        FUZZ_CHECK(excess.is_found || !is_in || is_out);
        FUZZ_CHECK(common.is_found || !is_in || !is_out);
    }
    if (ambit_area_differ(&terms, &left, &right, &difference) != AMBIT_OK)
        return;
    FUZZ_CHECK(difference.left.is_found == excess.is_found);
    struct ambit_area_answer back;
    FUZZ_CHECK(ambit_area_excess(&terms, &b, &a, 1, &back) == AMBIT_OK);
    FUZZ_CHECK(difference.right.is_found == back.is_found);
}

/* One against one, where names are short enough for both to mean the same. */
static void check_agreement(const struct pattern *outer, const struct pattern *inner,
                            enum pattern_kind kind)
{
    struct ambit_area_answer excess;
    bool contains = false;
    const struct ambit_strs in = {.v = &inner->text, .n = 1}, out = {.v = &outer->text, .n = 1};
    const struct ambit_area a = {.actions = in, .resources = in},
                            b = {.actions = out, .resources = out};
    const struct ambit_area_terms terms = {
        .kind = kind == PATTERN_ACTION ? AMBIT_AREA_ACTIONS : AMBIT_AREA_RESOURCES, .steps = 2000};
    if (inner->has_variables || inner->text.len + outer->text.len > 200 ||
        pattern_contains(outer, inner, &contains) != AMBIT_OK ||
        ambit_area_excess(&terms, &a, &b, 1, &excess) != AMBIT_OK)
        return;
    FUZZ_CHECK(contains == !excess.is_found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pattern_buf a, b, n;
    struct ambit_str rest = {.p = (const char *)data, .len = size};
    struct ambit_str first = take_line(&rest), second = take_line(&rest), third = take_line(&rest);
    bool is_resource = first.len && memchr(first.p, ':', first.len) != NULL;
    enum pattern_kind kind = is_resource ? PATTERN_RESOURCE : PATTERN_ACTION;
    bool contains = false;

    if (first.len <= AMBIT_TEXT_MAX && second.len <= AMBIT_TEXT_MAX &&
        pattern_matches_text(first, second) && !memchr(first.p, '*', first.len))
        FUZZ_CHECK(ambit_str_eq(first, second));

    if (pattern_parse(first, kind, is_resource, &a) != AMBIT_OK)
        return 0;
    enum ambit_err err = pattern_contains(&a.pattern, &a.pattern, &contains);
    FUZZ_CHECK(a.pattern.has_variables || err != AMBIT_OK || contains);
    FUZZ_CHECK(pattern_overlaps(&a.pattern, &a.pattern));
    if (pattern_parse(second, kind, false, &b) != AMBIT_OK)
        return 0;
    bool has_name = pattern_parse_name(third, kind, &n) == AMBIT_OK;
    check_pair(&a.pattern, &b.pattern, has_name ? &n.pattern : NULL);
    if (is_resource && !a.pattern.has_variables) {
        bool overlaps = false;
        FUZZ_CHECK(ambit_resource_overlaps(first, second, &overlaps) == AMBIT_OK);
        FUZZ_CHECK(overlaps == pattern_overlaps(&a.pattern, &b.pattern));
    }
    if (!a.pattern.has_variables)
        check_pair(&b.pattern, &a.pattern, has_name ? &n.pattern : NULL);
    check_agreement(&a.pattern, &b.pattern, kind);
    check_agreement(&b.pattern, &a.pattern, kind);

    struct ambit_str outer[8] = {second};
    struct ambit_strs in = {.v = &first, .n = 1}, out = {.v = outer, .n = 1};
    while (out.n < AMBIT_LEN(outer) && rest.len) {
        struct ambit_str line = take_line(&rest);
        if (pattern_parse(line, kind, is_resource, &b) == AMBIT_OK)
            outer[out.n++] = line;
    }
    check_lists(kind, &in, &out, has_name ? &n.pattern : NULL);
    check_lists(kind, &out, &in, has_name ? &n.pattern : NULL);
    return 0;
}
