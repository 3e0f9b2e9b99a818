/* SPDX-License-Identifier: Apache-2.0 */
/* Two patterns and a name, a line each (':' makes them resources): what an inner pattern matches, a
 * pattern that contains it matches too; what two patterns match, they overlap in. The lines are
 * also taken as text patterns. */
#include <string.h>

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
    return 0;
}
