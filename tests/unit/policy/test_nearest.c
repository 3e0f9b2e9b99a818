/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest valid spelling is found, and nothing that is not near is proposed. */
#include "support/unit.h"

#include "policy/nearest.h"

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        size_t limit, want;
    } rows[] = {
        {"owner", "owner", 4, 0},    {"Owner", "oWNER", 4, 0},
        {"ownr", "owner", 4, 1},     {"onwer", "owner", 4, 1},
        {"ownner", "owner", 4, 1},   {"ownex", "owner", 4, 1},
        {"", "abc", 4, 3},           {"abc", "", 2, SIZE_MAX},
        {"kitten", "sitting", 4, 3}, {"abcdef", "ghijkl", 4, SIZE_MAX},
        {"bca", "abc", 4, 2},        {"ab", "ba", 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str a = ambit_str_of(rows[i].a);
        struct ambit_str b = ambit_str_of(rows[i].b);
        ROW_CHECK(rows[i].a, nearest_distance(a, b, rows[i].limit) == rows[i].want);
        ROW_CHECK(rows[i].a, nearest_distance(b, a, rows[i].limit) == rows[i].want);
    }
}

static void proposals(void **state)
{
    static const char *const words[] = {"person", "policy", "policies", "by", "on", "id", "within"};
    static const struct {
        const char *word, *want; /* NULL: nothing is near */
    } rows[] = {
        {"polcy", "policy"}, {"polices", "policies"}, {"Within", "within"},
        {"withn", "within"}, {"xyz", NULL},           {"bye", "by"},
        {"", NULL},          {"perso", "person"},     {"colour", NULL},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct nearest nearest = nearest_to(ambit_str_of(rows[i].word));
        for (size_t j = 0; j < AMBIT_LEN(words); j++)
            nearest_offer(&nearest, ambit_str_of(words[j]));
        if (rows[i].want)
            ROW_CHECK(rows[i].word, ambit_str_is(nearest.best, rows[i].want));
        else
            ROW_CHECK(rows[i].word, nearest.best.p == NULL);
    }
}

static void long_words_have_no_neighbours(void **state)
{
    char word[200];
    (void)state;
    memset(word, 'a', sizeof word);
    struct ambit_str text = {.p = word, .len = sizeof word};
    assert_true(nearest_distance(text, text, 4) == SIZE_MAX);
    text.len = 128;
    assert_true(nearest_distance(text, text, 4) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(proposals),
        cmocka_unit_test(long_words_have_no_neighbours),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
