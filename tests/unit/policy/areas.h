/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of patterns as tests write them. */
#pragma once

#include <stdio.h>

#include "ambit/pattern.h"
#include "policy/pattern.h"

enum { LIST = 4 };

struct texts {
    const char *v[LIST];
};

static inline struct ambit_strs strs_of(const struct texts *texts, struct ambit_str *room)
{
    size_t n = 0;
    for (; n < LIST && texts->v[n]; n++)
        room[n] = ambit_str_of(texts->v[n]);
    return (struct ambit_strs){.v = room, .n = n};
}

static inline bool lies_in(const char *word, const struct texts *texts)
{
    bool is_resource = strchr(word, ':') != NULL;
    enum pattern_kind kind = is_resource ? PATTERN_RESOURCE : PATTERN_ACTION;
    struct pattern_buf name, pattern;
    assert_int_equal(pattern_parse_name(ambit_str_of(word), kind, &name), AMBIT_OK);
    for (size_t i = 0; i < LIST && texts->v[i]; i++) {
        assert_int_equal(pattern_parse(ambit_str_of(texts->v[i]), kind, is_resource, &pattern),
                         AMBIT_OK);
        if (pattern_matches(&pattern.pattern, &name.pattern))
            return true;
    }
    return false;
}

static inline void ask_lists(const struct texts *inner, const struct texts *outer,
                             const char **ret_excess, const char **ret_common)
{
    static struct ambit_area_answer excess, common;
    struct ambit_str a[LIST], b[LIST];
    bool is_resource = strchr(inner->v[0], ':') != NULL;
    struct ambit_area_terms terms = {.kind =
                                         is_resource ? AMBIT_AREA_RESOURCES : AMBIT_AREA_ACTIONS};
    struct ambit_strs in = strs_of(inner, a), out = strs_of(outer, b);
    struct ambit_area x = {.actions = in, .resources = in}, y = {.actions = out, .resources = out};
    assert_int_equal(ambit_area_excess(&terms, &x, &y, 1, &excess), AMBIT_OK);
    assert_int_equal(ambit_area_overlap(&terms, &x, &y, &common), AMBIT_OK);
    *ret_excess = *ret_common = NULL;
    if (excess.is_found)
        *ret_excess = is_resource ? excess.witness.resource : excess.witness.action;
    if (common.is_found)
        *ret_common = is_resource ? common.witness.resource : common.witness.action;
}

struct pair {
    struct texts actions, resources;
};

static inline struct ambit_area area_of(const struct pair *pair, struct ambit_str *room)
{
    return (struct ambit_area){.actions = strs_of(&pair->actions, room),
                               .resources = strs_of(&pair->resources, room + LIST)};
}
