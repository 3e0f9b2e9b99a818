/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the JSON reader against JSONTestSuite (RFC 8259): y_ texts accepted, n_ refused, i_ either,
 * but for the list below, which is printed. */
#include "support/vectors.h"

#include "base/file.h"
#include "base/json_read.h"

/* Refused on purpose though the grammar allows them. */
static const struct {
    const char *name, *why;
} refused_on_purpose[] = {
    {"y_object_duplicated_key.json", "HTP-14: a member name occurs once"},
    {"y_object_duplicated_key_and_value.json", "HTP-14: a member name occurs once"},
};

/* Accepted with decimals allowed, refused without: the numbers are no integers within 2^53-1. */
static const char *const needs_decimals[] = {
    "y_number.json",
    "y_number_0e+1.json",
    "y_number_0e1.json",
    "y_number_double_close_to_zero.json",
    "y_number_int_with_exp.json",
    "y_number_real_capital_e.json",
    "y_number_real_capital_e_neg_exp.json",
    "y_number_real_capital_e_pos_exp.json",
    "y_number_real_exponent.json",
    "y_number_real_fraction_exponent.json",
    "y_number_real_neg_exp.json",
    "y_number_real_pos_exponent.json",
    "y_number_simple_real.json",
    "y_object_extreme_numbers.json",
    "y_structure_lonely_negative_real.json",
};

static bool is_refused_on_purpose(const char *name)
{
    for (size_t i = 0; i < AMBIT_LEN(refused_on_purpose); i++) {
        if (streq(refused_on_purpose[i].name, name)) {
            printf("# refused on purpose: %s (%s)\n", name, refused_on_purpose[i].why);
            return true;
        }
    }
    return false;
}

static bool is_among_decimals(const char *name)
{
    for (size_t i = 0; i < AMBIT_LEN(needs_decimals); i++) {
        if (streq(needs_decimals[i], name))
            return true;
    }
    return false;
}

static bool is_accepted(struct ambit_str text, bool allow_decimals)
{
    ARENA_AUTO arena = {0};
    const struct json_value *value = NULL;
    struct json_problem problem = {0};

    arena_init(&arena, NULL, 0, 0);
    return json_read(text, (struct json_limits){.allow_decimals = allow_decimals}, &arena, &value,
                     &problem) == AMBIT_OK;
}

static void check_file(int folder, const char *name)
{
    BUF_AUTO buf = {0};

    assert_int_equal(file_read(folder, name, 1 << 20, &buf), AMBIT_OK);
    bool strict = is_accepted(buf_str(&buf), false);
    bool loose = is_accepted(buf_str(&buf), true);
    ROW_CHECK(name, loose || !strict);
    if (name[0] == 'n')
        ROW_CHECK(name, !loose);
    if (name[0] == 'y' && !is_refused_on_purpose(name)) {
        ROW_CHECK(name, loose);
        ROW_CHECK(name, strict == !is_among_decimals(name));
        if (!strict)
            printf("# only with decimals: %s\n", name);
    }
    if (name[0] == 'i' && loose)
        printf("# implementation's choice, accepted: %s\n", name);
}

static void test_suite(void **state)
{
    char path[4096];
    struct ambit_str *names = NULL;
    size_t n = 0;
    ARENA_AUTO arena = {0};
    FD_AUTO folder = -1;

    (void)state;
    if (!vectors_path("jsontestsuite/test_parsing", path))
        return;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(dir_open(AT_FDCWD, path, &folder), AMBIT_OK);
    assert_int_equal(dir_list(folder, ".", &arena, &names, &n), AMBIT_OK);
    assert_int_equal(n, 318);
    for (size_t i = 0; i < n; i++)
        check_file(folder, names[i].p);
}

static const struct CMUnitTest tests[] = {cmocka_unit_test(test_suite)};
UNIT_MAIN(tests)
