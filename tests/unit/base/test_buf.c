/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a buffer keeps what was appended, refuses past its bound, and remembers its first failure.
 */
#include "support/unit.h"

#include "base/buf.h"

static void test_appends(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    buf_put_text(&buf, "a");
    buf_put_char(&buf, 'b');
    buf_put_str(&buf, AMBIT_STR("cd"));
    buf_put(&buf, "", 0);
    buf_put_i64(&buf, INT64_MIN);
    buf_put_i64(&buf, 0);
    buf_put_hex(&buf, (const uint8_t *)"\x00\xfe", 2);
    buf_put_base64url(&buf, (const uint8_t *)"\xff\xfe", 2);
    buf_put_base64(&buf, (const uint8_t *)"\xff\xfe", 2);
    buf_printf(&buf, "<%d %s>", 7, "x");
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_true(ambit_str_is(buf_str(&buf), "abcd-9223372036854775808000fe__4//4=<7 x>"));
}

static void test_grows(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_put_char(&buf, (char)('a' + i % 26));
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_int_equal(buf.len, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buf.p[i], 'a' + i % 26);
}

static void test_bound(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    buf_init(&buf, 4);
    buf_put_text(&buf, "abcd");
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    buf_put_text(&buf, "e");
    assert_int_equal(buf_check(&buf), AMBIT_ERR_TOO_LARGE);
    buf_fail(&buf, AMBIT_ERR_INTERNAL);
    assert_int_equal(buf_check(&buf), AMBIT_ERR_TOO_LARGE);
    assert_true(ambit_str_is(buf_str(&buf), "abcd"));
    buf_reset(&buf);
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_int_equal(buf.len, 0);
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_int_equal(buf_check(&buf), AMBIT_ERR_TOO_LARGE);
}

static void test_fixed(void **state)
{
    char memory[3];
    struct buf buf = {0};

    (void)state;
    buf_init_fixed(&buf, memory, sizeof memory);
    buf_printf(&buf, "%s", "xyz");
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_memory_equal(memory, "xyz", 3);
    buf_put_char(&buf, '!');
    assert_int_equal(buf_check(&buf), AMBIT_ERR_TOO_LARGE);
    buf_wipe(&buf);
    assert_memory_equal(memory, "\0\0\0", 3);
}

static void test_long_print(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    buf_printf(&buf, "%2000d|", 5);
    assert_int_equal(buf_check(&buf), AMBIT_OK);
    assert_int_equal(buf.len, 2001);
    assert_memory_equal(buf.p + 1999, "5|", 2);
}

static void test_empty(void **state)
{
    struct buf buf = {0};

    (void)state;
    assert_non_null(buf_str(&buf).p);
    assert_int_equal(buf_str(&buf).len, 0);
    buf_done(&buf);
    buf_done(NULL);
    buf_wipe(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_appends), cmocka_unit_test(test_grows),      cmocka_unit_test(test_bound),
    cmocka_unit_test(test_fixed),   cmocka_unit_test(test_long_print), cmocka_unit_test(test_empty),
};
UNIT_MAIN(tests)
