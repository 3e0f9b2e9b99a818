/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of patterns and areas against enumeration: a witness is one, and where there is none no
 * name is; a difference is empty exactly when each side contains the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "areas.h"

/* ---- against enumeration --------------------------------------------------------------------- */

static uint64_t dice_state = 20261121;

static size_t dice(size_t n)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(dice_state >> 33) % n;
}

static const char *const segments[] = {"a", "b", "*", "**", "a*", "*b", "*a*", "ab", "a*b"};
static const char *const words[] = {"a", "b", "ab", "c", "ac", "cb", "aab", "cac"};
enum { TEXT_ROOM = 40, NAMES = 8 + 64 + 512 + 4096 };

static const char *random_pattern(char *room)
{
    struct pattern_buf buf;
    do {
        size_t at = 0, n = 1 + dice(3);
        for (size_t i = 0; i < n; i++)
            at += (size_t)snprintf(room + at, TEXT_ROOM - at, "%s%s", i ? "." : "",
                                   segments[dice(AMBIT_LEN(segments))]);
    } while (pattern_parse(ambit_str_of(room), PATTERN_ACTION, false, &buf) != AMBIT_OK);
    return room;
}

static void random_texts(struct texts *texts, char (*room)[TEXT_ROOM])
{
    size_t n = 1 + dice(LIST);
    *texts = (struct texts){0};
    for (size_t i = 0; i < n; i++)
        texts->v[i] = random_pattern(room[i]);
}

static char (*all_names(void))[TEXT_ROOM]
{
    char(*names)[TEXT_ROOM] = calloc(NAMES, sizeof *names);
    size_t n = 0, power = 1;
    assert_non_null(names);
    for (size_t k = 1; k <= 4; k++) {
        power *= AMBIT_LEN(words);
        for (size_t i = 0; i < power; i++, n++) {
            size_t left = i, at = 0;
            for (size_t w = 0; w < k; w++, left /= AMBIT_LEN(words))
                at += (size_t)snprintf(names[n] + at, TEXT_ROOM - at, "%s%s", w ? "." : "",
                                       words[left % AMBIT_LEN(words)]);
        }
    }
    return names;
}

/* Contain and difference agree with the names: a witness is one; where there is none, no name is.
 * The difference is empty exactly when each contains the other. */
static void test_enumeration(void **state)
{
    (void)state;
    char(*names)[TEXT_ROOM] = all_names();
    size_t n_inside = 0, n_equal = 0;
    for (size_t round = 0; round < 600; round++) {
        char room[2][LIST][TEXT_ROOM];
        struct texts a, b;
        const char *excess = NULL, *common = NULL, *back = NULL;
        random_texts(&a, room[0]);
        random_texts(&b, room[1]);
        ask_lists(&a, &b, &excess, &common);
        if (excess && (!lies_in(excess, &a) || lies_in(excess, &b)))
            fail_msg("%s is no witness", excess);
        if (common && (!lies_in(common, &a) || !lies_in(common, &b)))
            fail_msg("%s is not common", common);
        for (size_t i = 0; (!excess || !common) && i < NAMES; i++) {
            bool in_a = lies_in(names[i], &a), in_b = lies_in(names[i], &b);
            if (!excess && in_a && !in_b)
                fail_msg("%s ... is not inside %s ...: %s", a.v[0], b.v[0], names[i]);
            if (!common && in_a && in_b)
                fail_msg("%s ... and %s ... have %s", a.v[0], b.v[0], names[i]);
        }
        bool is_inside = !excess;
        ask_lists(&b, &a, &back, &common);
        struct ambit_str x[LIST], y[LIST];
        struct ambit_area p = {.actions = strs_of(&a, x)}, q = {.actions = strs_of(&b, y)};
        struct ambit_area_list pl = {.v = &p, .n = 1}, ql = {.v = &q, .n = 1};
        struct ambit_area_terms terms = {.kind = AMBIT_AREA_ACTIONS};
        struct ambit_area_difference difference;
        assert_int_equal(ambit_area_differ(&terms, &pl, &ql, &difference), AMBIT_OK);
        assert_int_equal(difference.left.is_found, !is_inside);
        assert_int_equal(difference.right.is_found, back != NULL);
        n_inside += is_inside;
        n_equal += is_inside && !back;
    }
    assert_true(n_inside > 50 && n_equal > 5);
    free(names);
}

/* One pattern against one: what the decision path says is what the analysis says. */
static void test_agreement(void **state)
{
    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        char room[2][TEXT_ROOM];
        struct pattern_buf a, b;
        bool contains = false;
        struct texts inner = {{random_pattern(room[0])}}, outer = {{random_pattern(room[1])}};
        const char *excess = NULL, *common = NULL;
        ask_lists(&inner, &outer, &excess, &common);
        assert_int_equal(pattern_parse(ambit_str_of(room[0]), PATTERN_ACTION, false, &a), AMBIT_OK);
        assert_int_equal(pattern_parse(ambit_str_of(room[1]), PATTERN_ACTION, false, &b), AMBIT_OK);
        assert_int_equal(pattern_contains(&b.pattern, &a.pattern, &contains), AMBIT_OK);
        if (contains != !excess || pattern_overlaps(&a.pattern, &b.pattern) != (common != NULL))
            fail_msg("%s and %s: %d, excess %s, common %s", room[0], room[1], contains,
                     excess ? excess : "-", common ? common : "-");
    }
}

/* Random products: what remains is outside of every one; where nothing remains, no pair does. */
static void test_products(void **state)
{
    (void)state;
    size_t n_found = 0, n_none = 0;
    for (size_t round = 0; round < 1500; round++) {
        char room[4][2][LIST][TEXT_ROOM], typed[4][LIST][TEXT_ROOM + 4];
        struct pair pair[4];
        struct ambit_str strs[4][2 * LIST];
        struct ambit_area areas[4];
        for (size_t i = 0; i < 4; i++) {
            random_texts(&pair[i].actions, room[i][0]);
            random_texts(&pair[i].resources, room[i][1]);
            for (size_t j = 0; j < LIST && pair[i].resources.v[j]; j++) {
                size_t at = (size_t)snprintf(typed[i][j], sizeof typed[i][j], "t:%s",
                                             pair[i].resources.v[j]);
                for (size_t k = 0; k < at; k++)
                    typed[i][j][k] = typed[i][j][k] == '.' ? '/' : typed[i][j][k];
                pair[i].resources.v[j] = typed[i][j];
            }
            areas[i] = area_of(&pair[i], strs[i]);
        }
        struct ambit_area_terms terms = {0};
        struct ambit_area_answer answer;
        assert_int_equal(ambit_area_excess(&terms, &areas[0], areas + 1, 3, &answer), AMBIT_OK);
        n_found += answer.is_found;
        n_none += !answer.is_found;
        const char *action = answer.witness.action, *resource = answer.witness.resource;
        for (size_t i = 0; answer.is_found && i < 4; i++) {
            bool is_in = lies_in(action, &pair[i].actions) && lies_in(resource, &pair[i].resources);
            assert_int_equal(is_in, i == 0);
        }
        for (size_t t = 0; !answer.is_found && t < 300; t++) {
            char name[2][TEXT_ROOM] = {"", "t:"};
            for (size_t s = 0; s < 2; s++) {
                size_t at = strlen(name[s]), n = 1 + dice(3);
                for (size_t i = 0; i < n; i++)
                    at += (size_t)snprintf(name[s] + at, TEXT_ROOM - at, "%s%s",
                                           i ? (s ? "/" : ".") : "", words[dice(AMBIT_LEN(words))]);
            }
            bool is_left = true;
            for (size_t i = 0; i < 4; i++)
                is_left &= (lies_in(name[0], &pair[i].actions) &&
                            lies_in(name[1], &pair[i].resources)) == (i == 0);
            if (is_left)
                fail_msg("%s %s is left", name[0], name[1]);
        }
    }
    assert_true(n_found > 100 && n_none > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_products),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
