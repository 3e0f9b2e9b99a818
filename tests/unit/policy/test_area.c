/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about lists of patterns and about areas: rows from the language page, and
 * what is hostile: names of the last byte, alphabets used up, sets that explode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "ambit/policy.h"

#include "areas.h"

/* ---- single lists ---------------------------------------------------------------------------- */

static const struct {
    struct texts inner, outer;
    const char *excess, *common; /* NULL: none */
} lists[] = {
    {{{"service.**"}}, {{"service.**"}}, NULL, "service"},
    {{{"service.**"}}, {{"service", "service.*.**"}}, NULL, "service"},
    {{{"service.**"}}, {{"service", "service.*"}}, "service.x.x", "service"},
    {{{"**"}}, {{"*", "*.**"}}, NULL, "x"},
    {{{"**"}}, {{"*.*.**"}}, "x", "x.x"},
    {{{"*"}}, {{"a*", "*a"}}, "x", "xa"},
    {{{"a*", "b"}}, {{"*a*", "b*"}}, NULL, "b"},
    {{{"a.**.b"}}, {{"a.b", "a.*.b", "a.*.*.**.b"}}, NULL, "a.b"},
    {{{"a.**.b"}}, {{"a.b", "a.*.*.**.b"}}, "a.x.b", "a.b"},
    {{{"*ab*"}}, {{"*b*"}}, NULL, "xabx"},
    {{{"*b*"}}, {{"*ab*", "b*"}}, "xbx", "bx"},
    {{{"svc:staging/**"}}, {{"svc:staging/*"}}, "svc:staging", "svc:staging/x"},
    {{{"svc:**"}}, {{"svc:*", "svc:*/*/**"}}, NULL, "svc:x"},
    {{{"svc:a/*", "db:*"}}, {{"svc:**"}}, "db:x", "svc:a/x"},
    {{{"svc:*.*"}}, {{"svc:*.x"}}, "svc:z.z", "svc:z.x"},
    {{{"svc:.*"}}, {{"svc:*.*"}}, NULL, "svc:.x"},
    {{{"svc:**/web-*"}}, {{"svc:prod/**"}}, "svc:web-x", "svc:prod/web-x"},
    {{{"svc:${agent}/x"}}, {{"svc:*/x"}}, NULL, "svc:z/x"},
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(lists); i++) {
        const char *excess = NULL, *common = NULL;
        ask_lists(&lists[i].inner, &lists[i].outer, &excess, &common);
        if (!streq(excess ? excess : "", lists[i].excess ? lists[i].excess : "") ||
            !streq(common ? common : "", lists[i].common ? lists[i].common : ""))
            fail_msg("row %zu (%s ...): excess %s, common %s", i, lists[i].inner.v[0],
                     excess ? excess : "-", common ? common : "-");
    }
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static const struct {
    struct pair inner, outer[3];
    const char *action, *resource;
} pairs[] = {
    {{{{"a.**"}}, {{"svc:**"}}}, {{{{"a.**"}}, {{"svc:**"}}}}, NULL, NULL},
    {{{{"a.read", "a.write"}}, {{"svc:x", "svc:y"}}},
     {{{{"a.read"}}, {{"svc:**"}}}, {{{"a.write"}}, {{"svc:x"}}}},
     "a.write",
     "svc:y"},
    {{{{"a.read", "a.write"}}, {{"svc:x", "svc:y"}}},
     {{{{"a.read"}}, {{"svc:**"}}}, {{{"a.write"}}, {{"svc:x"}}}, {{{"a.*"}}, {{"svc:y"}}}},
     NULL,
     NULL},
    {{{{"**"}}, {{"svc:*"}}}, {{{{"*"}}, {{"svc:*"}}}, {{{"*.**"}}, {{"svc:a*"}}}}, "x.x", "svc:x"},
    {{{{"**"}}, {{"svc:*"}}}, {{{{"*"}}, {{"svc:*"}}}, {{{"*.*.**"}}, {{"svc:**"}}}}, NULL, NULL},
    {{{{"a"}}, {{NULL}}}, {{{{"a"}}, {{"svc:**", "x0:**"}}}}, "a", "x1:x"},
    {{{{"a"}}, {{NULL}}}, {{{{NULL}}, {{NULL}}}}, NULL, NULL},
    {{{{NULL}}, {{"svc:a"}}}, {{{{"*"}}, {{NULL}}}}, "x.x", "svc:a"},
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(pairs); i++) {
        struct ambit_str room[4][2 * LIST];
        struct ambit_area inner = area_of(&pairs[i].inner, room[0]), outer[3];
        for (size_t j = 0; j < 3; j++)
            outer[j] = area_of(&pairs[i].outer[j], room[1 + j]);
        size_t n = 1;
        while (n < 3 && outer[n].actions.n)
            n++;
        struct ambit_area_terms terms = {0};
        struct ambit_area_answer answer;
        assert_int_equal(ambit_area_excess(&terms, &inner, outer, n, &answer), AMBIT_OK);
        if (answer.is_found != (pairs[i].action != NULL) ||
            (answer.is_found && (!streq(answer.witness.action, pairs[i].action) ||
                                 !streq(answer.witness.resource, pairs[i].resource))))
            fail_msg("row %zu: %s %s", i, answer.witness.action, answer.witness.resource);
    }
}

/* In two areas and outside of a third; and differences both ways. */
static void test_three(void **state)
{
    (void)state;
    static const struct pair a = {{{"**"}}, {{"svc:prod/**"}}}, b = {{{"a.*"}}, {{"svc:*/web-*"}}},
                             c = {{{"a.read"}}, {{"svc:**"}}};
    struct ambit_str room[3][2 * LIST];
    const struct ambit_area inside[] = {area_of(&a, room[0]), area_of(&b, room[1])};
    const struct ambit_area outside = area_of(&c, room[2]);
    struct ambit_area_question question = {
        .inside = inside, .n_inside = 2, .outside = &outside, .n_outside = 1};
    struct ambit_area_answer answer;
    assert_int_equal(ambit_area_find(&question, &answer), AMBIT_OK);
    assert_true(answer.is_found);
    assert_string_equal(answer.witness.action, "a.x");
    assert_string_equal(answer.witness.resource, "svc:prod/web-x");

    struct ambit_area_difference difference;
    const struct ambit_area_list left = {.v = inside, .n = 2}, right = {.v = inside, .n = 1};
    assert_int_equal(ambit_area_differ(&question.terms, &left, &right, &difference), AMBIT_OK);
    assert_true(difference.left.is_found && !difference.right.is_found);
    assert_string_equal(difference.left.witness.action, "a.x");
    assert_string_equal(difference.left.witness.resource, "svc:x/web-x");
    assert_int_equal(ambit_area_differ(&question.terms, &left, &left, &difference), AMBIT_OK);
    assert_true(!difference.left.is_found && !difference.right.is_found);
}

/* ---- variables ------------------------------------------------------------------------------- */

static void test_variables(void **state)
{
    (void)state;
    static const struct {
        const char *inner, *outer, *agent, *team, *excess;
    } rows[] = {
        {"svc:*", "svc:${agent}", NULL, NULL, NULL},
        {"svc:*", "svc:${agent}", "bot", NULL, "svc:x"},
        {"svc:bot", "svc:${agent}", "bot", NULL, NULL},
        {"svc:${agent}/x", "svc:bot/x", "bot", NULL, NULL},
        {"svc:${team}/${agent}", "svc:pay/bot", "bot", "pay", NULL},
        {"svc:${agent}/x", "svc:y", "night/bot", NULL, NULL}, /* no segment: matches nothing */
        {"svc:night/bot/x", "svc:${agent}/x", "night/bot", NULL, "svc:night/bot/x"},
        {"svc:${purpose}", "svc:bot", "bot", "pay", "svc:x"},
        {"svc:${team}", "svc:pay", "bot", NULL, "svc:x"},
        {"svc:a$b/${agent}/c$", "svc:a$b/bot/**", "bot", NULL, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str inner_text = ambit_str_of(rows[i].inner);
        struct ambit_str outer_text = ambit_str_of(rows[i].outer);
        const struct ambit_area inner = {.resources = {.v = &inner_text, .n = 1}};
        const struct ambit_area outer = {.resources = {.v = &outer_text, .n = 1}};
        struct ambit_area_terms terms = {.kind = AMBIT_AREA_RESOURCES,
                                         .agent = ambit_str_of(rows[i].agent),
                                         .team = ambit_str_of(rows[i].team)};
        struct ambit_area_answer answer;
        assert_int_equal(ambit_area_excess(&terms, &inner, &outer, 1, &answer), AMBIT_OK);
        if (!streq(answer.is_found ? answer.witness.resource : "",
                   rows[i].excess ? rows[i].excess : ""))
            fail_msg("row %zu: %s", i, answer.witness.resource);
    }
}

/* ---- hostile --------------------------------------------------------------------------------- */

static enum ambit_err ask_one(struct ambit_str inner, const struct ambit_str *outer, size_t n,
                              size_t steps, struct ambit_area_answer *ret)
{
    const struct ambit_area_terms terms = {.kind = AMBIT_AREA_RESOURCES, .steps = steps};
    const struct ambit_area a = {.resources = {.v = &inner, .n = 1}},
                            b = {.resources = {.v = outer, .n = n}};
    return ambit_area_excess(&terms, &a, &b, 1, ret);
}

/* Every byte that a segment can hold begins one of the outer patterns: together they hold all. */
static void test_every_byte(void **state)
{
    (void)state;
    char texts[100][8];
    struct ambit_str outer[100];
    struct ambit_area_answer answer;
    size_t n = 0;
    for (int c = '!'; c <= '~'; c++) {
        snprintf(texts[n], sizeof texts[n], "svc:%c*", c);
        outer[n] = ambit_str_of(texts[n]);
        if (c != '*' && c != '/' && ambit_pattern_is_resource(outer[n]))
            n++;
    }
    assert_int_equal(n, 84);
    assert_int_equal(ask_one(AMBIT_STR("svc:*"), outer, n, 0, &answer), AMBIT_OK);
    assert_false(answer.is_found);
    outer[50] = outer[51];
    assert_int_equal(ask_one(AMBIT_STR("svc:*"), outer, n, 0, &answer), AMBIT_OK);
    assert_true(answer.is_found);
    assert_string_equal(answer.witness.resource, "svc:X");
    assert_int_equal(ask_one(AMBIT_STR("svc:*/**"), outer, n, 0, &answer), AMBIT_OK);
    assert_true(answer.is_found);
}

/* At the last byte: what a star cannot take any more, no pattern has to match. */
static void test_last_byte(void **state)
{
    (void)state;
    char inner[AMBIT_WORD_MAX + 1], outer[2][AMBIT_WORD_MAX + 1];
    struct ambit_area_answer answer;
    memset(inner, 'a', sizeof inner);
    memcpy(inner, "svc:", 4);
    inner[511] = '*';
    memcpy(outer[0], inner, sizeof inner);
    struct ambit_str in = {.p = inner, .len = 512}, out[2] = {{.p = outer[0], .len = 511}};
    assert_int_equal(ask_one(in, out, 1, 0, &answer), AMBIT_OK); /* 512 bytes: one for the star */
    assert_true(answer.is_found);
    assert_int_equal(strlen(answer.witness.resource), 512);

    inner[509] = inner[511] = '*'; /* 510 bytes and two stars: both cannot take two ... */
    inner[510] = 'a';
    memcpy(outer[0], inner, sizeof inner);
    memcpy(outer[1], inner, sizeof inner);
    outer[0][511] = 'x';
    outer[1][509] = 'x';
    out[0] = (struct ambit_str){.p = outer[0], .len = 511};
    out[1] = (struct ambit_str){.p = outer[1], .len = 512};
    assert_int_equal(ask_one(in, out, 2, 0, &answer), AMBIT_OK);
    assert_true(answer.is_found);

    memset(inner, 'a', sizeof inner); /* `**` that has no room for a segment */
    memcpy(inner, "svc:", 4);
    memcpy(inner + 509, "/**", 3);
    out[0] = (struct ambit_str){.p = inner, .len = 509};
    assert_int_equal(ask_one(in, out, 1, 0, &answer), AMBIT_OK);
    assert_true(answer.is_found); /* "/x" still fits: 511 bytes */
    memset(inner + 500, 'a', 13);
    memcpy(inner + 508, "/a*", 3);
    in.len = 511;
    memcpy(outer[0], inner, sizeof inner);
    memcpy(outer[0] + 510, "*", 1);
    out[0] = (struct ambit_str){.p = outer[0], .len = 511};
    assert_int_equal(ask_one(in, out, 1, 0, &answer), AMBIT_OK);
    assert_false(answer.is_found);
}

/* `**` where a second segment would be the 513th byte; and what only longer names have in common.
 */
static void test_no_room(void **state)
{
    (void)state;
    char inner[AMBIT_WORD_MAX + 1], one[AMBIT_WORD_MAX + 1], other[AMBIT_WORD_MAX + 1];
    struct ambit_area_answer answer;
    for (size_t len = 508; len <= 509; len++) {
        memset(inner, 'a', sizeof inner);
        memcpy(inner, "svc:", 4);
        memcpy(inner + len, "/**", 3);
        memcpy(one, inner, sizeof inner);
        const struct ambit_str outer[] = {{.p = inner, .len = len}, {.p = one, .len = len + 2}};
        struct ambit_str in = {.p = inner, .len = len + 3};
        assert_int_equal(ask_one(in, outer, 2, 0, &answer), AMBIT_OK);
        assert_int_equal(answer.is_found, len == 508);
    }
    for (size_t n = 250; n <= 260; n += 10) {
        memset(one, 'a', sizeof one);
        memset(other, 'b', sizeof other);
        memcpy(one, "svc:", 4);
        memcpy(other, "svc:*", 5);
        one[4 + n] = '*';
        const struct ambit_str a = {.p = one, .len = n + 5}, b = {.p = other, .len = n + 5};
        const struct ambit_area x = {.resources = {.v = &a, .n = 1}},
                                y = {.resources = {.v = &b, .n = 1}};
        const struct ambit_area_terms terms = {.kind = AMBIT_AREA_RESOURCES};
        assert_int_equal(ambit_area_overlap(&terms, &x, &y, &answer), AMBIT_OK);
        assert_int_equal(answer.is_found, n == 250);
    }
}

/* Segments that tell every subset of the middle apart: the bound ends it, with an error. */
static void test_explosion(void **state)
{
    (void)state;
    char text[AMBIT_WORD_MAX + 1];
    size_t at = (size_t)snprintf(text, sizeof text, "svc:**/*a*");
    for (size_t i = 0; i < 40; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "/*");
    snprintf(text + at, sizeof text - at, "/**/z");
    struct ambit_str outer[] = {ambit_str_of(text), AMBIT_STR("svc:**/*b*/*/*/**"),
                                AMBIT_STR("svc:**/a*/**/b*/*")};
    struct ambit_area_answer answer;
    clock_t start = clock();
    assert_int_equal(ask_one(AMBIT_STR("svc:**/*b*"), outer, 3, 0, &answer), AMBIT_OK);
    assert_true(answer.is_found);
    assert_int_equal(ask_one(AMBIT_STR("svc:**/*b*"), outer, 3, 3, &answer), AMBIT_ERR_TOO_LARGE);
    assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
}

static void test_refused(void **state)
{
    (void)state;
    struct ambit_area_answer answer;
    struct ambit_str bad[] = {AMBIT_STR("svc:a//b")};
    assert_int_equal(ask_one(AMBIT_STR("svc"), bad, 0, 0, &answer), AMBIT_ERR_MALFORMED);
    assert_int_equal(ask_one(AMBIT_STR("svc:*"), bad, 1, 0, &answer), AMBIT_ERR_MALFORMED);
    bool overlaps = true;
    assert_int_equal(ambit_resource_overlaps(AMBIT_STR("svc"), AMBIT_STR("svc:x"), &overlaps),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(ambit_resource_overlaps(AMBIT_STR("svc:x"), AMBIT_STR("svc"), &overlaps),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(
        ambit_resource_overlaps(AMBIT_STR("svc:$ab/x"), AMBIT_STR("svc:$*/x"), &overlaps),
        AMBIT_OK);
    assert_true(overlaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),      cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_three),      cmocka_unit_test(test_variables),
        cmocka_unit_test(test_every_byte), cmocka_unit_test(test_last_byte),
        cmocka_unit_test(test_no_room),    cmocka_unit_test(test_explosion),
        cmocka_unit_test(test_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
