/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what is written is JSON whatever the text, in RFC 8785 form, and members out of order are
 * refused in canonical mode. */
#include "support/unit.h"

#include "base/json_read.h"
#include "base/json_write.h"

static void test_shape(void **state)
{
    static const uint8_t bytes[] = {0xde, 0xad};
    struct ambit_id id = {{1}};
    BUF_AUTO buf = {0};
    struct json_out out = {0};

    (void)state;
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_key(&out, "z");
    json_begin_array(&out);
    json_i64(&out, 1);
    json_begin_object(&out);
    json_end_object(&out);
    json_begin_array(&out);
    json_end_array(&out);
    json_null(&out);
    json_bool(&out, true);
    json_bool(&out, false);
    json_end_array(&out);
    json_member_text(&out, "a", "x");
    json_member_text(&out, "absent", NULL);
    json_member_str(&out, "empty", AMBIT_STR(""));
    json_member_id(&out, "none", (struct ambit_id){{0}});
    json_member_id(&out, "id", id);
    json_key(&out, "hex");
    json_hex(&out, bytes, sizeof bytes);
    json_key(&out, "t");
    json_time_ms(&out, 0);
    json_key(&out, "raw");
    json_raw(&out, AMBIT_STR("{\"k\":1}"));
    json_key(&out, "n");
    json_i64(&out, INT64_MIN);
    json_end_object(&out);
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_true(ambit_str_is(
        buf_str(&buf), "{\"z\":[1,{},[],null,true,false],\"a\":\"x\",\"empty\":\"\",\"id\":"
                       "\"AQAAAAAAAAAAAAAAAAAAAA\","
                       "\"hex\":\"dead\",\"t\":\"1970-01-01T00:00:00.000Z\",\"raw\":{\"k\":1},"
                       "\"n\":-9223372036854775808}"));
}

static const struct {
    const char *text, *want; /* NULL: refused */
} text_rows[] = {
    {"", "\"\""},
    {"plain text, more than eight bytes", "\"plain text, more than eight bytes\""},
    {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
    {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
    {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
    {"12345678\n12345678\"12345678", "\"12345678\\n12345678\\\"12345678\""},
    {"\xe2\x82\xac$\x0f\nA'B\"\\\\\"/", "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\""},
    {"\xf0\x9f\x98\x80\xc2\x80", "\"\xf0\x9f\x98\x80\xc2\x80\""},
    {"</script>", "\"</script>\""},
    {"\xff", NULL},
    {"ok so far \xc0\x80", NULL},
    {"\xed\xa0\x80", NULL},
    {"half \xe2\x82", NULL},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(text_rows); i++) {
        BUF_AUTO buf = {0};
        struct json_out out = {0};
        json_out_init(&out, &buf, false);
        json_text(&out, text_rows[i].text);
        if (!text_rows[i].want) {
            ROW_CHECK(text_rows[i].text, buf_check(&buf) == AMBIT_ERR_MALFORMED);
            continue;
        }
        ROW_CHECK(text_rows[i].text, ambit_str_is(buf_str(&buf), text_rows[i].want));
    }
}

/* RFC 8785 section 3.2.3: the example of the order by UTF-16 code units, escapes included. */
static const char *const ordered[] = {
    "\r",
    "\"",
    "1",
    "\\",
    "a",
    "ab",
    "b",
    "\xc2\x80",
    "\xc3\xb6",
    "\xe2\x82\xac",
    "\xf0\x9f\x98\x80" /* U+1F600 = D83D DE00 */,
    "\xee\x80\x80",
    "\xef\xac\xb3",
};

static enum ambit_err write_two(const char *a, const char *b)
{
    BUF_AUTO buf = {0};
    struct json_out out = {0};

    json_out_init(&out, &buf, true);
    json_begin_object(&out);
    json_key_str(&out, ambit_str_of(a));
    json_begin_object(&out);
    json_key(&out, "inner");
    json_null(&out);
    json_end_object(&out);
    json_key_str(&out, ambit_str_of(b));
    json_null(&out);
    json_end_object(&out);
    return buf_check(&buf);
}

static void test_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(ordered); i++) {
        for (size_t j = 0; j < AMBIT_LEN(ordered); j++) {
            int c = json_key_cmp(ambit_str_of(ordered[i]), ambit_str_of(ordered[j]));
            ROW_CHECK(ordered[i], (c < 0) == (i < j) && (c > 0) == (i > j));
            enum ambit_err want = i < j ? AMBIT_OK : AMBIT_ERR_INTERNAL;
            ROW_CHECK(ordered[j], write_two(ordered[i], ordered[j]) == want);
        }
    }
}

static enum ambit_err rewrite(struct ambit_str text, struct json_limits limits, bool is_canonical,
                              struct buf *buf)
{
    ARENA_AUTO arena = {0};
    const struct json_value *value = NULL;
    struct json_problem problem = {0};
    struct json_out out = {0};

    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err = json_read(text, limits, &arena, &value, &problem);
    assert_int_equal(err, AMBIT_OK);
    json_out_init(&out, buf, is_canonical);
    json_write_value(&out, value);
    return buf_check(buf);
}

static void test_canonical_values(void **state)
{
    static const struct {
        const char *text, *canonical, *plain;
    } rows[] = {
        {"{ \"b\" : [ 1 , -0 ] , \"a\" : \"\\u0041\\/\" }", "{\"a\":\"A/\",\"b\":[1,0]}",
         "{\"b\":[1,0],\"a\":\"A/\"}"},
        {"{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
         "\"\\u00f6\":7}",
         "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":"
         "5,"
         "\"\xef\xac\xb3\":3}",
         NULL},
        {"[null,true,false,{}]", "[null,true,false,{}]", "[null,true,false,{}]"},
    };

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO canonical = {0};
        BUF_AUTO plain = {0};
        struct ambit_str text = ambit_str_of(rows[i].text);
        ROW_CHECK(rows[i].text,
                  rewrite(text, (struct json_limits){0}, true, &canonical) == AMBIT_OK);
        ROW_CHECK(rows[i].text, ambit_str_is(buf_str(&canonical), rows[i].canonical));
        ROW_CHECK(rows[i].text, rewrite(text, (struct json_limits){0}, false, &plain) == AMBIT_OK);
        ROW_CHECK(rows[i].text, !rows[i].plain || ambit_str_is(buf_str(&plain), rows[i].plain));
    }
}

static void test_values_refused(void **state)
{
    BUF_AUTO decimal = {0};
    BUF_AUTO twin = {0};
    BUF_AUTO plain_twin = {0};
    BUF_AUTO large = {0};
    struct json_out out = {0};
    struct json_limits keep = {.keep_duplicates = true};

    (void)state;
    assert_int_equal(
        rewrite(AMBIT_STR("[1.5]"), (struct json_limits){.allow_decimals = true}, true, &decimal),
        AMBIT_ERR_MALFORMED);
    assert_int_equal(rewrite(AMBIT_STR("{\"a\":1,\"a\":2}"), keep, true, &twin),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(rewrite(AMBIT_STR("{\"a\":1,\"a\":2}"), keep, false, &plain_twin),
                     AMBIT_ERR_MALFORMED);
    json_out_init(&out, &large, true);
    json_i64(&out, 9007199254740992);
    assert_int_equal(buf_check(&large), AMBIT_ERR_MALFORMED);
}

static void test_many_members_sorted(void **state)
{
    BUF_AUTO text = {0};
    BUF_AUTO want = {0};
    BUF_AUTO got = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "%s\"k%02d\":%d", i ? "," : "{", i * 37 % 100, i * 37 % 100);
        buf_printf(&want, "%s\"k%02d\":%d", i ? "," : "{", i, i);
    }
    buf_put_char(&text, '}');
    buf_put_char(&want, '}');
    assert_int_equal(rewrite(buf_str(&text), (struct json_limits){0}, true, &got), AMBIT_OK);
    assert_true(ambit_str_eq(buf_str(&got), buf_str(&want)));
}

static void test_depth(void **state)
{
    BUF_AUTO buf = {0};
    struct json_out out = {0};

    (void)state;
    json_out_init(&out, &buf, false);
    for (int i = 0; i < JSON_OUT_DEPTH - 1; i++)
        json_begin_array(&out);
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    json_begin_array(&out);
    assert_int_equal(buf_check(&buf), AMBIT_ERR_INTERNAL);
    json_i64(&out, 1);
    json_key(&out, "x");
    for (int i = 0; i < JSON_OUT_DEPTH; i++)
        json_end_array(&out);
}

static void test_small_buffer(void **state)
{
    char memory[8];
    struct buf buf = {0};
    struct json_out out = {0};

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    json_out_init(&out, &buf, true);
    json_begin_object(&out);
    json_key(&out, "a");
    json_text(&out, "more than fits");
    json_key(&out, "b");
    json_null(&out);
    json_end_object(&out);
    assert_int_equal(buf_check(&buf), AMBIT_ERR_TOO_LARGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_shape),          cmocka_unit_test(test_texts),
    cmocka_unit_test(test_order),          cmocka_unit_test(test_canonical_values),
    cmocka_unit_test(test_values_refused), cmocka_unit_test(test_many_members_sorted),
    cmocka_unit_test(test_depth),          cmocka_unit_test(test_small_buffer),
};
UNIT_MAIN(tests)
