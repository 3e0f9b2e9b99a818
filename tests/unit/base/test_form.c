/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: forms are decoded strictly (HTP-6, HTP-7, HTP-8). */
#include "support/unit.h"

#include "base/form.h"

static const struct {
    const char *name, *body;
    bool is_ok;
    const char *want; /* value of "a", NULL when absent */
} rows[] = {
    {"plain", "a=1&b=2", true, "1"},
    {"plus and percent", "a=x+y%2Bz%e2%82%AC", true, "x y+z\xe2\x82\xac"},
    {"escaped name", "%61=1", true, "1"},
    {"equals in the value", "a=b=c", true, "b=c"},
    {"empty body", "", true, NULL},
    {"no value", "a", true, NULL},
    {"HTP-7 empty value counts as absent", "a=&b=1", true, NULL},
    {"empty pieces", "&&a=1&", true, "1"},
    {"only ampersands", "&&&", true, NULL},
    {"HTP-6 twice", "a=1&a=1", false, NULL},
    {"HTP-6 twice, one escaped", "a=1&%61=2", false, NULL},
    {"HTP-6 twice, one empty", "a=&a=2", false, NULL},
    {"HTP-6 unknown twice", "zz=1&zz=2", false, NULL},
    {"HTP-8 broken escape", "a=%4", false, NULL},
    {"HTP-8 broken escape at the end", "a=%", false, NULL},
    {"HTP-8 not hex", "a=%4g", false, NULL},
    {"HTP-8 escape across the ampersand", "a=%4&1=2", false, NULL},
    {"HTP-8 NUL", "a=%00", false, NULL},
    {"HTP-8 NUL in a name", "%00=1", false, NULL},
    {"HTP-8 not UTF-8", "a=%ff", false, NULL},
    {"HTP-8 overlong", "a=%c0%80", false, NULL},
    {"HTP-8 half a sequence", "a=%e2%82", false, NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        struct form form = {0};
        const char *what = NULL;
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err = form_decode(ambit_str_of(rows[i].body), &arena, &form, &what);
        ROW_CHECK(rows[i].name, err == (rows[i].is_ok ? AMBIT_OK : AMBIT_ERR_MALFORMED));
        ROW_CHECK(rows[i].name, rows[i].is_ok || what);
        if (!rows[i].is_ok)
            continue;
        struct ambit_str a = form_get(&form, "a");
        ROW_CHECK(rows[i].name, (a.p == NULL) == (rows[i].want == NULL));
        ROW_CHECK(rows[i].name, !rows[i].want || ambit_str_is(a, rows[i].want));
        ROW_CHECK(rows[i].name, form_count(&form, "a") == (rows[i].want ? 1 : 0));
    }
}

static void test_repeats(void **state)
{
    ARENA_AUTO arena = {0};
    struct form form = {0};
    const char *what = NULL;

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(form_decode(AMBIT_STR("resource=x&resource=&resource=y&audience=1&audience=2"),
                                 &arena, &form, &what),
                     AMBIT_OK);
    assert_int_equal(form_count(&form, "resource"), 2);
    assert_true(ambit_str_is(form_get(&form, "resource"), "x"));
    assert_int_equal(form_count(&form, "audience"), 2);
}

static void test_bounds(void **state)
{
    ARENA_AUTO arena = {0};
    ARENA_AUTO tiny = {0};
    struct form form = {0};
    const char *what = NULL;
    char body[65 * 4];

    (void)state;
    for (int i = 0; i < 65; i++) {
        char field[5];
        snprintf(field, sizeof field, "%02d=&", i);
        memcpy(body + (size_t)i * 4, field, 4);
    }
    arena_init(&arena, NULL, 0, 0);
    arena_init(&tiny, NULL, 0, 16);
    struct ambit_str all = {.p = body, .len = sizeof body};
    struct ambit_str most = {.p = body, .len = sizeof body - 4};
    assert_int_equal(form_decode(all, &arena, &form, &what), AMBIT_ERR_MALFORMED);
    assert_int_equal(form_decode(most, &arena, &form, &what), AMBIT_OK);
    assert_int_equal(form_decode(most, &tiny, &form, &what), AMBIT_ERR_TOO_LARGE);
}

static void test_component(void **state)
{
    ARENA_AUTO arena = {0};
    struct ambit_str s = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(form_decode_component(AMBIT_STR("a%3Ab+c"), &arena, &s), AMBIT_OK);
    assert_true(ambit_str_is(s, "a:b c"));
    assert_int_equal(form_decode_component(AMBIT_STR(""), &arena, &s), AMBIT_OK);
    assert_int_equal(s.len, 0);
    assert_int_equal(form_decode_component(AMBIT_STR("%zz"), &arena, &s), AMBIT_ERR_MALFORMED);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_rows),
    cmocka_unit_test(test_repeats),
    cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_component),
};
UNIT_MAIN(tests)
