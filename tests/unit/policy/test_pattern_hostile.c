/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns made to cost: what matching compares grows with the name and no faster, whatever the
 * pattern; containment ends within its bound of steps, and says so where it is not settled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "ambit/policy.h"
#include "policy/pattern.h"
#include "policy/pattern_glob.h"

static struct ambit_str repeat(char *room, const char *unit, size_t n, const char *end)
{
    size_t len = 0, each = strlen(unit);
    assert_true(n * each + strlen(end) <= AMBIT_WORD_MAX);
    for (size_t i = 0; i < n; i++, len += each)
        memcpy(room + len, unit, each);
    memcpy(room + len, end, strlen(end) + 1);
    len += strlen(end);
    return (struct ambit_str){.p = room, .len = len};
}

/* The longest names and patterns of stars are matched in well under a millisecond. */
static void test_hostile_match(void **state)
{
    (void)state;
    static char name_text[AMBIT_WORD_MAX + 1], pattern_text[AMBIT_WORD_MAX + 1];
    struct pattern_buf name, pattern;
    assert_int_equal(pattern_parse_name(repeat(name_text, "a.", 255, "b"), PATTERN_ACTION, &name),
                     AMBIT_OK);
    char middle[AMBIT_WORD_MAX + 1];
    repeat(middle, "a.", 120, "c.**");
    size_t len = (size_t)snprintf(pattern_text, sizeof pattern_text, "**.%s", middle);
    assert_int_equal(
        pattern_parse((struct ambit_str){pattern_text, len}, PATTERN_ACTION, false, &pattern),
        AMBIT_OK);
    clock_t start = clock();
    for (int i = 0; i < 100; i++)
        assert_false(pattern_matches(&pattern.pattern, &name.pattern));
    assert_true(clock() - start < CLOCKS_PER_SEC);

    repeat(name_text, "a", 511, "");
    assert_true(pattern_matches_text(AMBIT_STR("a*a*a*a"), ambit_str_of(name_text)));
    assert_false(pattern_matches_text(AMBIT_STR("*aab*aab*"), ambit_str_of(name_text)));
}

/* ---- steps of matching ----------------------------------------------------------------------- */

static size_t n_compared;

static bool counted(struct ambit_str glob, struct ambit_str segment)
{
    n_compared += glob.len + segment.len;
    return segment_matches(glob, segment);
}

/* Bytes looked at for a name of `n` times `unit`. */
static size_t cost(const struct pattern *pattern, const char *unit, size_t n)
{
    static char text[AMBIT_WORD_MAX + 1];
    struct pattern_buf name;
    assert_int_equal(pattern_parse_name(repeat(text, unit, n, "b"), PATTERN_ACTION, &name),
                     AMBIT_OK);
    n_compared = 0;
    bool matches = pattern_fits(pattern, &name.pattern, counted);
    assert_int_equal(matches, pattern_matches(pattern, &name.pattern));
    return n_compared;
}

static void test_linear_match(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "**",
        "**.a.**",
        "**.a.a.a.a.a.a.a.a.c.**",
        "**.*a*a*.*a*a*.*a*a*.c.**",
        "a.**.*.*.*.*.*.*.*.c.**.b",
        "*.*.*.**.*a.*a.*a.*c.**.*.b",
        "**.c.**.a.a.a.a.a.a.a.a.a.a",
    };
    for (size_t i = 0; i < AMBIT_LEN(hostile); i++) {
        struct pattern_buf pattern;
        assert_int_equal(pattern_parse(ambit_str_of(hostile[i]), PATTERN_ACTION, false, &pattern),
                         AMBIT_OK);
        size_t once = cost(&pattern.pattern, "aaaa.", 25),
               twice = cost(&pattern.pattern, "aaaa.", 50),
               four = cost(&pattern.pattern, "aaaa.", 100);
        if (four - twice > 2 * (twice - once))
            fail_msg("%s: %zu %zu %zu", hostile[i], once, twice, four);
        assert_true(four <= 501 * (2 * (size_t)pattern.pattern.n_segments + 2));
    }
}

/* ---- steps of containment -------------------------------------------------------------------- */

static void test_hostile_contain(void **state)
{
    (void)state;
    static char outer_text[AMBIT_WORD_MAX + 1], inner_text[AMBIT_WORD_MAX + 1];
    struct pattern_buf outer, inner;
    size_t steps = 0;
    bool contains = false;

    /* As many segments at least: settled, in few steps, whatever the number. */
    assert_int_equal(
        pattern_parse(repeat(outer_text, "*.", 200, "**"), PATTERN_ACTION, false, &outer),
        AMBIT_OK);
    assert_int_equal(
        pattern_parse(repeat(inner_text, "**.*.", 2, "a"), PATTERN_ACTION, false, &inner),
        AMBIT_OK);
    assert_int_equal(pattern_contains_counted(&outer.pattern, &inner.pattern, AMBIT_PATTERN_STEPS,
                                              &steps, &contains),
                     AMBIT_OK);
    assert_false(contains);
    assert_true(steps < 100);

    /* Two `**` against a long run of stars: settled, the number of pairs is their product. */
    repeat(inner_text, "a.", 100, "**.b.**");
    assert_int_equal(pattern_parse(ambit_str_of(inner_text), PATTERN_ACTION, false, &inner),
                     AMBIT_OK);
    repeat(outer_text, "*.", 50, "**.");
    size_t at = strlen(outer_text);
    repeat(outer_text + at, "*.", 50, "**");
    assert_int_equal(pattern_parse(ambit_str_of(outer_text), PATTERN_ACTION, false, &outer),
                     AMBIT_OK);
    assert_int_equal(pattern_contains_counted(&outer.pattern, &inner.pattern, AMBIT_PATTERN_STEPS,
                                              &steps, &contains),
                     AMBIT_OK);
    assert_true(contains);

    /* A bound that is too small is an answer of its own, never a guess. */
    assert_true(steps > 10);
    assert_int_equal(
        pattern_contains_counted(&outer.pattern, &inner.pattern, 10, &steps, &contains),
        AMBIT_ERR_TOO_LARGE);
    assert_false(contains);
}

/* The worst that fits 512 bytes ends, within its bound of steps and a few tenths of a second. */
static void test_hostile_bound(void **state)
{
    (void)state;
    static char outer_text[AMBIT_WORD_MAX + 1], inner_text[AMBIT_WORD_MAX + 1];
    struct pattern_buf outer, inner;
    bool contains = false;
    repeat(outer_text, "**.", 1, "");
    repeat(outer_text + 3, "*.", 250, "**");
    assert_int_equal(pattern_parse(ambit_str_of(outer_text), PATTERN_ACTION, false, &outer),
                     AMBIT_OK);
    repeat(inner_text, "*.", 125, "**.");
    repeat(inner_text + 253, "*.", 125, "**");
    assert_int_equal(pattern_parse(ambit_str_of(inner_text), PATTERN_ACTION, false, &inner),
                     AMBIT_OK);
    clock_t start = clock();
    enum ambit_err err = pattern_contains(&outer.pattern, &inner.pattern, &contains);
    assert_true(err == AMBIT_OK || err == AMBIT_ERR_TOO_LARGE);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

/* Every number of segments for the first `**` leads into the chain of the one before: pairs are
 * walked once, not once for each way to them. */
static void test_pairs_once(void **state)
{
    (void)state;
    static char outer_text[AMBIT_WORD_MAX + 1], inner_text[AMBIT_WORD_MAX + 1];
    struct pattern_buf outer, inner;
    size_t steps = 0;
    bool contains = false;
    struct ambit_str text = repeat(outer_text, "*.", 250, "**");
    assert_int_equal(pattern_parse(text, PATTERN_ACTION, false, &outer), AMBIT_OK);
    size_t at = repeat(inner_text, "*.", 100, "**.a.**").len;
    repeat(inner_text + at, ".*", 120, "");
    assert_int_equal(pattern_parse(ambit_str_of(inner_text), PATTERN_ACTION, false, &inner),
                     AMBIT_OK);
    assert_int_equal(pattern_contains_counted(&outer.pattern, &inner.pattern, AMBIT_PATTERN_STEPS,
                                              &steps, &contains),
                     AMBIT_OK);
    assert_false(contains); /* 221 segments are fewer than 250 */

    text = repeat(outer_text, "*.", 220, "**");
    assert_int_equal(pattern_parse(text, PATTERN_ACTION, false, &outer), AMBIT_OK);
    assert_int_equal(pattern_contains_counted(&outer.pattern, &inner.pattern, AMBIT_PATTERN_STEPS,
                                              &steps, &contains),
                     AMBIT_OK);
    assert_true(contains);
    /* For each number of segments: the middle, and the tail from one more set. */
    assert_true(steps < 122 * 221 + 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_match),   cmocka_unit_test(test_linear_match),
        cmocka_unit_test(test_hostile_contain), cmocka_unit_test(test_pairs_once),
        cmocka_unit_test(test_hostile_bound),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
