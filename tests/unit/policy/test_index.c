/* SPDX-License-Identifier: Apache-2.0 */
/* The indexes leave out nothing: whatever contains a pair is walked, and of the other whatever
 * overlaps its resource; each once, ascending. Random rules with literal, starred and `**`
 * beginnings; few classes, and more than an index keeps. */
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

struct builders {
    struct index_builder pairs, meeting;
};

static void add(struct builders *builders, struct rule *rule, size_t at)
{
    struct pattern actions[9], resources[9];
    rule->n = at % WIDE_EVERY == 0 ? 9 : 1; /* 81 pairs: by resource alone */
    for (size_t i = 0; i < rule->n; i++) {
        random_pattern(PATTERN_ACTION, &rule->actions[i]);
        random_pattern(PATTERN_RESOURCE, &rule->resources[i]);
        actions[i] = rule->actions[i].pattern;
        resources[i] = rule->resources[i].pattern;
    }
    assert_int_equal(
        index_add_pairs(&builders->pairs, actions, rule->n, resources, rule->n, (uint16_t)at),
        AMBIT_OK);
    assert_int_equal(index_add_meeting(&builders->meeting, resources, rule->n, (uint16_t)at),
                     AMBIT_OK);
}

/* Which are walked; how many. */
static size_t walk_all(struct index_walk walk, bool *is_walked)
{
    size_t n = 0, at = 0, before = SIZE_MAX;
    while (index_next(&walk, &at)) {
        assert_true(at < RULES && (before == SIZE_MAX || at > before));
        is_walked[before = at] = true;
        n++;
    }
    return n;
}

static void check_probe(const struct rule *rules, const struct index *pairs,
                        const struct index *meeting, size_t *n_walked)
{
    struct pattern_buf action, resource;
    bool may_contain[RULES] = {false}, may_meet[RULES] = {false};
    random_pattern(PATTERN_ACTION, &action);
    random_pattern(PATTERN_RESOURCE, &resource);
    struct index_probe probe = index_probe_of(&action.pattern, &resource.pattern);
    n_walked[0] += walk_all(index_begin(pairs, &probe), may_contain);
    n_walked[1] += walk_all(index_begin_meeting(meeting, &probe), may_meet);
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        bool contains_it = any(rule->actions, rule->n, &action.pattern, false) &&
                           any(rule->resources, rule->n, &resource.pattern, false);
        bool meets_it = any(rule->resources, rule->n, &resource.pattern, true);
        if ((contains_it && !may_contain[i]) || (meets_it && !may_meet[i]))
            fail_msg("rule %zu is missed for %.*s %.*s", i, AMBIT_STR_ARG(action.pattern.text),
                     AMBIT_STR_ARG(resource.pattern.text));
    }
}

static void test_index(void **state)
{
    (void)state;
    static struct rule rules[RULES];
    struct builders builders = {{0}};
    struct index pairs, meeting;
    ARENA_AUTO arena;
    size_t n_walked[2] = {0};
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < RULES; i++)
        add(&builders, &rules[i], i);
    assert_int_equal(index_build(&builders.pairs, &arena, &pairs), AMBIT_OK);
    assert_int_equal(index_build(&builders.meeting, &arena, &meeting), AMBIT_OK);
    index_builder_done(&builders.pairs);
    index_builder_done(&builders.meeting);
    for (size_t k = 0; k < PROBES; k++)
        check_probe(rules, &pairs, &meeting, n_walked);
    assert_true(n_walked[0] < (size_t)PROBES * RULES / 2); /* and they spare most */
    assert_true(n_walked[1] < (size_t)PROBES * RULES / 2);
}

/* The classes of 8,192 random rules are more than are kept; what is left over is still found. */
static void test_many_classes(void **state)
{
    (void)state;
    struct index_builder builder = {0};
    struct index index;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    for (unsigned class = 0; class < 200; class ++) {
        char text[64];
        int len = snprintf(text, sizeof text, "svc:%s/%s/%s/%s/%s/**%s", class & 1 ? "a" : "*",
                           class & 2 ? "a" : "*", class & 4 ? "a" : "*", class & 8 ? "a" : "*",
                           class & 16 ? "a" : "*", class & 32 ? "/a" : "");
        struct pattern_buf action, resource;
        assert_int_equal(pattern_parse(class & 64 ? AMBIT_STR("a.*") : AMBIT_STR("**"),
                                       PATTERN_ACTION, false, &action),
                         AMBIT_OK);
        assert_int_equal(pattern_parse((struct ambit_str){text, (size_t)len}, PATTERN_RESOURCE,
                                       false, &resource),
                         AMBIT_OK);
        assert_int_equal(
            index_add_pairs(&builder, &action.pattern, 1, &resource.pattern, 1, (uint16_t) class),
            AMBIT_OK);
    }
    assert_int_equal(index_build(&builder, &arena, &index), AMBIT_OK);
    index_builder_done(&builder);
    assert_int_equal(index.n_classes, INDEX_CLASSES);

    /* All of them contain this, more lists than a walk holds. */
    struct pattern_buf action, resource;
    assert_int_equal(pattern_parse(AMBIT_STR("a.a"), PATTERN_ACTION, false, &action), AMBIT_OK);
    assert_int_equal(
        pattern_parse(AMBIT_STR("svc:a/a/a/a/a/a"), PATTERN_RESOURCE, false, &resource), AMBIT_OK);
    struct index_probe probe = index_probe_of(&action.pattern, &resource.pattern);
    struct index_walk walk = index_begin(&index, &probe);
    size_t n = 0, at = 0;
    while (index_next(&walk, &at))
        assert_int_equal(at, n++);
    assert_int_equal(n, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_index),
                                       cmocka_unit_test(test_many_classes)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
