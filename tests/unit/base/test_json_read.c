/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the JSON reader accepts what RFC 8259 allows within its limits, names the place of what it
 * refuses, and finds every duplicate in linear time (HTP-13, HTP-14). */
#include "support/unit.h"

#include "base/clock.h"
#include "base/buf.h"
#include "base/json_read.h"

struct refusal {
    const char *text;
    uint32_t line, column;
    enum ambit_err want;
};

static const struct refusal refusals[] = {
    {"", 1, 1, AMBIT_ERR_MALFORMED},
    {" \n ", 2, 2, AMBIT_ERR_MALFORMED},
    {"[1,]", 1, 4, AMBIT_ERR_MALFORMED},
    {"[1 2]", 1, 4, AMBIT_ERR_MALFORMED},
    {"[", 1, 2, AMBIT_ERR_MALFORMED},
    {"{", 1, 2, AMBIT_ERR_MALFORMED},
    {"{\"a\":1,}", 1, 8, AMBIT_ERR_MALFORMED},
    {"{\"a\" 1}", 1, 6, AMBIT_ERR_MALFORMED},
    {"{a:1}", 1, 2, AMBIT_ERR_MALFORMED},
    {"{\"a\":1 \"b\":2}", 1, 8, AMBIT_ERR_MALFORMED},
    {"{\"a\":1,\n \"a\":2}", 2, 2, AMBIT_ERR_MALFORMED},
    {"{\"a\":1,\"\\u0061\":2}", 1, 8, AMBIT_ERR_MALFORMED},
    {"{\"x\":{\"a\":1,\"a\":2}}", 1, 13, AMBIT_ERR_MALFORMED},
    {"1 2", 1, 3, AMBIT_ERR_MALFORMED},
    {"{}x", 1, 3, AMBIT_ERR_MALFORMED},
    {"tru", 1, 1, AMBIT_ERR_MALFORMED},
    {"nul1", 1, 1, AMBIT_ERR_MALFORMED},
    {"+1", 1, 1, AMBIT_ERR_MALFORMED},
    {"01", 1, 1, AMBIT_ERR_MALFORMED},
    {"-", 1, 1, AMBIT_ERR_MALFORMED},
    {"1.", 1, 1, AMBIT_ERR_MALFORMED},
    {"1e", 1, 1, AMBIT_ERR_MALFORMED},
    {"1e+", 1, 1, AMBIT_ERR_MALFORMED},
    {"1.5", 1, 1, AMBIT_ERR_MALFORMED},
    {"1e2", 1, 1, AMBIT_ERR_MALFORMED},
    {"9007199254740992", 1, 1, AMBIT_ERR_MALFORMED},
    {"-9007199254740992", 1, 1, AMBIT_ERR_MALFORMED},
    {"123456789012345678901234567890", 1, 1, AMBIT_ERR_MALFORMED},
    {"\"abc", 1, 5, AMBIT_ERR_MALFORMED},
    {"\"a\tb\"", 1, 3, AMBIT_ERR_MALFORMED},
    {"\"a\nb\"", 1, 3, AMBIT_ERR_MALFORMED},
    {"\"\\x\"", 1, 3, AMBIT_ERR_MALFORMED},
    {"\"\\u12g4\"", 1, 4, AMBIT_ERR_MALFORMED},
    {"\"\\u12", 1, 4, AMBIT_ERR_MALFORMED},
    {"\"\\", 1, 3, AMBIT_ERR_MALFORMED},
    {"\"\\ud800\"", 1, 8, AMBIT_ERR_MALFORMED},
    {"\"\\ud800\\u0041\"", 1, 8, AMBIT_ERR_MALFORMED},
    {"\"\\udc00\"", 1, 8, AMBIT_ERR_MALFORMED},
    {"\"\\n\xff\"", 1, 4, AMBIT_ERR_MALFORMED},
    {"\"\xed\xa0\x80\"", 1, 2, AMBIT_ERR_MALFORMED},
    {"\"\\n\n\"", 1, 4, AMBIT_ERR_MALFORMED},
    {"\"\\nabc", 1, 7, AMBIT_ERR_MALFORMED},
    {"\xef\xbb\xbf{}", 1, 1, AMBIT_ERR_MALFORMED},
    {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1, 17, AMBIT_ERR_TOO_LARGE},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(refusals); i++) {
        const struct refusal *row = &refusals[i];
        ARENA_AUTO arena = {0};
        const struct json_value *value = NULL;
        struct json_problem problem = {0};
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err =
            json_read(ambit_str_of(row->text), (struct json_limits){0}, &arena, &value, &problem);
        ROW_CHECK(row->text, err == row->want);
        ROW_CHECK(row->text, problem.line == row->line && problem.column == row->column);
        ROW_CHECK(row->text, problem.what && problem.expected);
    }
}

static void test_values(void **state)
{
    static const char text[] = "{\"a\": [1, -0, 9007199254740991, -9007199254740991],\n"
                               "  \"\\u0062\" : {\"x\\\"\\\\\\/\\b\\f\\n\\r\\t\": true},\r\n"
                               "\"s\":\"\\u00e9\\ud83d\\ude00 \xc3\xa9\\u0000\", \"n\":null}";
    ARENA_AUTO arena = {0};
    const struct json_value *v = NULL;
    int64_t n = 0;

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(json_read(AMBIT_STR(text), (struct json_limits){0}, &arena, &v, NULL),
                     AMBIT_OK);
    assert_int_equal(v->kind, JSON_OBJECT);
    assert_int_equal(v->count, 4);
    const struct json_value *a = json_get(v, "a");
    assert_int_equal(a->count, 4);
    assert_int_equal(a->first->next->next->integer, 9007199254740991);
    assert_int_equal(a->first->next->next->next->integer, -9007199254740991);
    assert_true(ambit_str_is(a->first->next->text, "-0"));
    const struct json_value *b = json_get(v, "b");
    assert_int_equal(b->key_line, 2);
    assert_int_equal(b->key_column, 3);
    assert_int_equal(b->line, 2);
    assert_int_equal(b->column, 14);
    assert_true(ambit_str_is(b->first->key, "x\"\\/\b\f\n\r\t"));
    assert_int_equal(b->first->kind, JSON_TRUE);
    assert_true(
        ambit_str_eq(json_get_str(v, "s"), AMBIT_STR("\xc3\xa9\xf0\x9f\x98\x80 \xc3\xa9\0")));
    assert_int_equal(json_get(v, "s")->line, 3);
    assert_int_equal(json_get(v, "n")->kind, JSON_NULL);
    assert_null(json_get(v, "none"));
    assert_null(json_get(a, "x"));
    assert_null(json_get(NULL, "x"));
    assert_null(json_get_str(v, "a").p);
    assert_false(json_get_i64(v, "s", &n));
    assert_false(json_get_i64(v, "none", &n));
}

static void test_decimals(void **state)
{
    static const struct {
        const char *text;
        double want;
        bool is_ok;
    } rows[] = {
        {"1.5", 1.5, true},  {"-0.25e2", -25, true}, {"1E3", 1000, true},
        {"1e-400", 0, true}, {"1e400", 0, false},    {"9007199254740993", 9007199254740992, true},
        {"1.5.2", 0, false}, {".5", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena = {0};
        const struct json_value *v = NULL;
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err =
            json_read(ambit_str_of(rows[i].text), (struct json_limits){.allow_decimals = true},
                      &arena, &v, NULL);
        ROW_CHECK(rows[i].text, (err == AMBIT_OK) == rows[i].is_ok);
        if (err != AMBIT_OK)
            continue;
        ROW_CHECK(rows[i].text, v->kind == JSON_DECIMAL);
        ROW_CHECK(rows[i].text, v->decimal >= rows[i].want && v->decimal <= rows[i].want);
    }
}

static void test_depth(void **state)
{
    ARENA_AUTO arena = {0};
    const struct json_value *v = NULL;

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(json_read(AMBIT_STR("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"),
                               (struct json_limits){0}, &arena, &v, NULL),
                     AMBIT_OK);
    assert_int_equal(
        json_read(AMBIT_STR("[[1]]"), (struct json_limits){.depth = 1}, &arena, &v, NULL),
        AMBIT_ERR_TOO_LARGE);
    assert_int_equal(
        json_read(AMBIT_STR("[1]"), (struct json_limits){.depth = 1}, &arena, &v, NULL), AMBIT_OK);
}

static void test_memory_bound(void **state)
{
    ARENA_AUTO arena = {0};
    const struct json_value *v = NULL;
    struct json_problem problem = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 300);
    assert_int_equal(
        json_read(AMBIT_STR("[1,2,3,4]"), (struct json_limits){0}, &arena, &v, &problem),
        AMBIT_ERR_TOO_LARGE);
    assert_int_equal(problem.line, 1);
}

/* n members whose names share a long beginning; the one at `twin` repeats the first. */
static void many_members(struct buf *buf, int n, int twin)
{
    buf_put_char(buf, '{');
    for (int i = 0; i < n; i++)
        buf_printf(buf, "%s\"member-with-a-long-name-%d\":%d", i ? "," : "", i == twin ? 0 : i, i);
    buf_put_char(buf, '}');
}

static void test_duplicates_in_large_objects(void **state)
{
    static const int sizes[] = {2, 15, 16, 17, 18, 31, 32, 33, 1000};

    (void)state;
    for (size_t s = 0; s < AMBIT_LEN(sizes); s++) {
        for (int twin = -1; twin<sizes[s]; twin += sizes[s]> 40 ? 111 : 1) {
            BUF_AUTO buf = {0};
            ARENA_AUTO arena = {0};
            const struct json_value *v = NULL;
            struct json_problem problem = {0};
            arena_init(&arena, NULL, 0, 0);
            many_members(&buf, sizes[s], twin);
            enum ambit_err err =
                json_read(buf_str(&buf), (struct json_limits){0}, &arena, &v, &problem);
            assert_int_equal(err, twin > 0 ? AMBIT_ERR_MALFORMED : AMBIT_OK);
            assert_int_equal(json_read(buf_str(&buf), (struct json_limits){.keep_duplicates = true},
                                       &arena, &v, &problem),
                             AMBIT_OK);
            int at = 0;
            for (const struct json_value *m = v->first; m; m = m->next, at++)
                assert_int_equal(json_is_duplicate(v, m), twin > 0 && at == twin);
            assert_int_equal(at, sizes[s]);
        }
    }
}

/* Compared pairwise, 200,000 members would take minutes. */
static void test_hostile_object_is_linear(void **state)
{
    BUF_AUTO buf = {0};
    ARENA_AUTO arena = {0};
    const struct json_value *v = NULL;
    struct json_problem problem = {0};

    (void)state;
    many_members(&buf, 200000, 199999);
    arena_init(&arena, NULL, 0, 0);
    int64_t start = clock_mono_us();
    assert_int_equal(json_read(buf_str(&buf), (struct json_limits){0}, &arena, &v, &problem),
                     AMBIT_ERR_MALFORMED);
    assert_true(clock_mono_us() - start < 10000000);
    assert_string_equal(problem.what, "member name occurs twice");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_refusals),
    cmocka_unit_test(test_values),
    cmocka_unit_test(test_decimals),
    cmocka_unit_test(test_depth),
    cmocka_unit_test(test_memory_bound),
    cmocka_unit_test(test_duplicates_in_large_objects),
    cmocka_unit_test(test_hostile_object_is_linear),
};
UNIT_MAIN(tests)
