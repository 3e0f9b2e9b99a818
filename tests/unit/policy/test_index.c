/* SPDX-License-Identifier: Apache-2.0 */
/* The index leaves out nothing: whatever contains a pair is walked, and for narrow probes whatever
 * overlaps it; each once, ascending. Random rules with literal, starred and `**` beginnings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/index.h"

enum { RULES = 120, PROBES = 4000, WIDE_EVERY = 17 };

static uint64_t seed = 88172645463325252ULL;

static size_t pick(size_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (size_t)(seed >> 11) % n;
}

static void random_pattern(enum pattern_kind kind, struct pattern_buf *ret)
{
    static char room[16384][48]; /* patterns borrow their text */
    static size_t used;
    static const char *const segments[] = {"a", "b", "ab", "a", "b", "*", "a*", "**"};
    for (;;) {
        char *text = room[used % AMBIT_LEN(room)];
        size_t at = 0, n = 1 + pick(5);
        if (kind == PATTERN_RESOURCE)
            at = (size_t)snprintf(text, sizeof room[0], "%s:", pick(2) ? "svc" : "db");
        for (size_t i = 0; i < n; i++)
            at += (size_t)snprintf(text + at, sizeof room[0] - at, "%s%s",
                                   i ? (kind == PATTERN_RESOURCE ? "/" : ".") : "",
                                   segments[pick(AMBIT_LEN(segments))]);
        if (pattern_parse((struct ambit_str){text, at}, kind, false, ret) != AMBIT_OK)
            continue;
        used++;
        return;
    }
}

struct rule {
    struct pattern_buf actions[9], resources[9];
    size_t n;
};

static bool contains(const struct pattern *outer, const struct pattern *inner)
{
    bool ret = false;
    assert_int_equal(pattern_contains(outer, inner, &ret), AMBIT_OK);
    return ret;
}

static bool any(const struct pattern_buf *v, size_t n, const struct pattern *item, bool overlap)
{
    for (size_t i = 0; i < n; i++) {
        struct pattern p = v[i].pattern;
        p.segments = v[i].room;
        if (overlap ? pattern_overlaps(&p, item) : contains(&p, item))
            return true;
    }
    return false;
}

static void add(struct index_builder *builder, struct rule *rule, size_t at)
{
    struct pattern actions[9], resources[9];
    rule->n = at % WIDE_EVERY == 0 ? 9 : 1; /* 81 pairs: always looked at */
    for (size_t i = 0; i < rule->n; i++) {
        random_pattern(PATTERN_ACTION, &rule->actions[i]);
        random_pattern(PATTERN_RESOURCE, &rule->resources[i]);
        actions[i] = rule->actions[i].pattern;
        resources[i] = rule->resources[i].pattern;
    }
    assert_int_equal(index_add_pairs(builder, actions, rule->n, resources, rule->n, (uint16_t)at),
                     AMBIT_OK);
}

static void test_index(void **state)
{
    (void)state;
    static struct rule rules[RULES];
    struct index_builder builder = {0};
    struct index index;
    ARENA_AUTO arena;
    size_t walked = 0, narrow = 0;
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < RULES; i++)
        add(&builder, &rules[i], i);
    assert_int_equal(index_build(&builder, &arena, &index), AMBIT_OK);
    index_builder_done(&builder);
    for (size_t k = 0; k < PROBES; k++) {
        struct pattern_buf action, resource;
        bool is_walked[RULES] = {false};
        size_t at = 0, before = SIZE_MAX;
        random_pattern(PATTERN_ACTION, &action);
        random_pattern(PATTERN_RESOURCE, &resource);
        struct index_probe probe = index_probe_of(&action.pattern, &resource.pattern);
        struct index_walk walk = index_begin(&index, &probe);
        while (index_next(&walk, &at)) {
            assert_true(at < RULES && (before == SIZE_MAX || at > before));
            is_walked[before = at] = true;
            walked++;
        }
        narrow += probe.is_narrow;
        for (size_t i = 0; i < RULES; i++) {
            bool must = any(rules[i].actions, rules[i].n, &action.pattern, probe.is_narrow) &&
                        any(rules[i].resources, rules[i].n, &resource.pattern, probe.is_narrow);
            if (must && !is_walked[i])
                fail_msg("rule %zu is missed for %.*s %.*s", i, AMBIT_STR_ARG(action.pattern.text),
                         AMBIT_STR_ARG(resource.pattern.text));
        }
    }
    assert_true(walked < (size_t)PROBES * RULES / 2); /* and it spares most */
    assert_true(narrow > PROBES / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_index)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
