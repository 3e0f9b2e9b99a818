/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: each decoder takes exactly the canonical text and gives it back; everything else is
 * refused. */
#include "support/unit.h"

#include "base/buf.h"
#include "base/encode.h"

struct row {
    const char *text;
    enum ambit_err want;
    const char *bytes; /* hex, when OK */
};

static const struct row url_rows[] = {
    {"", AMBIT_OK, ""},
    {"Zg", AMBIT_OK, "66"},
    {"Zm8", AMBIT_OK, "666f"},
    {"Zm9v", AMBIT_OK, "666f6f"},
    {"Zm9vYg", AMBIT_OK, "666f6f62"},
    {"-_-_", AMBIT_OK, "fbffbf"},
    {"Zg==", AMBIT_ERR_MALFORMED, NULL},
    {"Zh", AMBIT_ERR_MALFORMED, NULL},
    {"Zm9", AMBIT_ERR_MALFORMED, NULL},
    {"Z", AMBIT_ERR_MALFORMED, NULL},
    {"Zm9vY", AMBIT_ERR_MALFORMED, NULL},
    {"+/+/", AMBIT_ERR_MALFORMED, NULL},
    {"Zm 9", AMBIT_ERR_MALFORMED, NULL},
    {"Zm9v\n", AMBIT_ERR_MALFORMED, NULL},
    {"Zm9\xc3", AMBIT_ERR_MALFORMED, NULL},
};
static const struct row std_rows[] = {
    {"", AMBIT_OK, ""},
    {"Zg==", AMBIT_OK, "66"},
    {"Zm8=", AMBIT_OK, "666f"},
    {"Zm9v", AMBIT_OK, "666f6f"},
    {"+/+/", AMBIT_OK, "fbffbf"},
    {"Zg", AMBIT_ERR_MALFORMED, NULL},
    {"Zg=", AMBIT_ERR_MALFORMED, NULL},
    {"Z===", AMBIT_ERR_MALFORMED, NULL},
    {"====", AMBIT_ERR_MALFORMED, NULL},
    {"Zh==", AMBIT_ERR_MALFORMED, NULL},
    {"Zm9=", AMBIT_ERR_MALFORMED, NULL},
    {"Z=9v", AMBIT_ERR_MALFORMED, NULL},
    {"-_-_", AMBIT_ERR_MALFORMED, NULL},
};

static void check_base64(const struct row *row, bool is_url)
{
    uint8_t bytes[64] = {0};
    size_t len = 99;
    struct ambit_str text = ambit_str_of(row->text);

    enum ambit_err err = is_url ? base64url_decode(text, bytes, sizeof bytes, &len)
                                : base64_decode(text, bytes, sizeof bytes, &len);
    ROW_CHECK(row->text, err == row->want);
    if (err != AMBIT_OK)
        return;
    BUF_AUTO hex = {0};
    buf_put_hex(&hex, bytes, len);
    ROW_CHECK(row->text, ambit_str_is(buf_str(&hex), row->bytes));
    BUF_AUTO again = {0};
    if (is_url)
        buf_put_base64url(&again, bytes, len);
    else
        buf_put_base64(&again, bytes, len);
    ROW_CHECK(row->text, ambit_str_is(buf_str(&again), row->text));
}

static void test_base64_jws_1(void **state)
{
    uint8_t two[2] = {0};
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(url_rows); i++)
        check_base64(&url_rows[i], true);
    for (size_t i = 0; i < AMBIT_LEN(std_rows); i++)
        check_base64(&std_rows[i], false);
    assert_int_equal(base64url_decode(AMBIT_STR("Zm9v"), two, sizeof two, &len),
                     AMBIT_ERR_TOO_LARGE);
    for (size_t i = 0; i < 50; i++)
        assert_true(base64url_encoded_len(i) <= (i + 2) / 3 * 4);
}

static void test_hex_and_digest(void **state)
{
    uint8_t b[2] = {0};
    struct ambit_digest digest = {{0}};
    char text[] = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    (void)state;
    assert_int_equal(hex_decode(AMBIT_STR("00ff"), b, 2), AMBIT_OK);
    assert_memory_equal(b, "\x00\xff", 2);
    assert_int_equal(hex_decode(AMBIT_STR("00FF"), b, 2), AMBIT_ERR_MALFORMED);
    assert_int_equal(hex_decode(AMBIT_STR("00f"), b, 2), AMBIT_ERR_MALFORMED);
    assert_int_equal(hex_decode(AMBIT_STR("00ff00"), b, 2), AMBIT_ERR_MALFORMED);
    assert_int_equal(digest_decode(ambit_str_of(text), &digest), AMBIT_OK);
    assert_int_equal(digest.b[31], 0x55);
    text[10] = 'C';
    assert_int_equal(digest_decode(ambit_str_of(text), &digest), AMBIT_ERR_MALFORMED);
    assert_int_equal(digest_decode(AMBIT_STR("sha256:"), &digest), AMBIT_ERR_MALFORMED);
    assert_int_equal(digest_decode(AMBIT_STR("sha512:00"), &digest), AMBIT_ERR_MALFORMED);
}

static void test_ids(void **state)
{
    static const struct ambit_id id = {
        {0x01, 0x92, 0xff, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff}};
    char text[ID_TEXT_LEN];
    struct ambit_id again = {{0}};

    (void)state;
    id_encode(id, text);
    assert_int_equal(id_decode((struct ambit_str){.p = text, .len = sizeof text}, &again),
                     AMBIT_OK);
    assert_true(ambit_id_eq(id, again));
    assert_int_equal(id_decode((struct ambit_str){.p = text, .len = 21}, &again),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(id_decode(AMBIT_STR("AAAAAAAAAAAAAAAAAAAAAB"), &again), AMBIT_ERR_MALFORMED);
    assert_int_equal(id_decode(AMBIT_STR("AAAAAAAAAAAAAAAAAAAA=="), &again), AMBIT_ERR_MALFORMED);
    assert_int_equal(id_decode((struct ambit_str){0}, &again), AMBIT_ERR_MALFORMED);
}

static const struct {
    const char *text;
    enum ambit_err want;
    int64_t value;
} i64_rows[] = {
    {"0", AMBIT_OK, 0},
    {"-1", AMBIT_OK, -1},
    {"9223372036854775807", AMBIT_OK, INT64_MAX},
    {"-9223372036854775808", AMBIT_OK, INT64_MIN},
    {"9223372036854775808", AMBIT_ERR_TOO_LARGE, 0},
    {"-9223372036854775809", AMBIT_ERR_TOO_LARGE, 0},
    {"99999999999999999999", AMBIT_ERR_TOO_LARGE, 0},
    {"", AMBIT_ERR_MALFORMED, 0},
    {"-", AMBIT_ERR_MALFORMED, 0},
    {"-0", AMBIT_ERR_MALFORMED, 0},
    {"00", AMBIT_ERR_MALFORMED, 0},
    {"01", AMBIT_ERR_MALFORMED, 0},
    {"+1", AMBIT_ERR_MALFORMED, 0},
    {" 1", AMBIT_ERR_MALFORMED, 0},
    {"1 ", AMBIT_ERR_MALFORMED, 0},
    {"0x1", AMBIT_ERR_MALFORMED, 0},
    {"--1", AMBIT_ERR_MALFORMED, 0},
};

static void test_numbers(void **state)
{
    uint64_t u = 0;

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(i64_rows); i++) {
        int64_t value = 0;
        enum ambit_err err = parse_i64(ambit_str_of(i64_rows[i].text), &value);
        ROW_CHECK(i64_rows[i].text, err == i64_rows[i].want);
        ROW_CHECK(i64_rows[i].text, err != AMBIT_OK || value == i64_rows[i].value);
    }
    assert_int_equal(parse_u64(AMBIT_STR("18446744073709551615"), &u), AMBIT_OK);
    assert_true(u == UINT64_MAX);
    assert_int_equal(parse_u64(AMBIT_STR("18446744073709551616"), &u), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(parse_u64(AMBIT_STR("-1"), &u), AMBIT_ERR_MALFORMED);
}

static const struct {
    const char *text;
    bool is_valid;
} utf8_rows[] = {
    {"", true},
    {"plain", true},
    {"\xc2\x80 \xdf\xbf", true},
    {"\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf", true},
    {"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", true},
    {"\x80", false},
    {"\xc0\x80", false},
    {"\xc1\xbf", false},
    {"\xe0\x9f\xbf", false},
    {"\xed\xa0\x80", false},
    {"\xed\xbf\xbf", false},
    {"\xf0\x8f\xbf\xbf", false},
    {"\xf4\x90\x80\x80", false},
    {"\xf5\x80\x80\x80", false},
    {"\xff", false},
    {"\xc2", false},
    {"\xe2\x82", false},
    {"\xf0\x9f\x98", false},
    {"\xc2\x41", false},
    {"\xe2\x41\x80", false},
    {"\xe2\x82\x41", false},
    {"\xf0\x9f\x98\x41", false},
};

static void test_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(utf8_rows); i++)
        ROW_CHECK(utf8_rows[i].text,
                  utf8_is_valid(ambit_str_of(utf8_rows[i].text)) == utf8_rows[i].is_valid);
    assert_false(text_has_control(AMBIT_STR("na\xc3\xafve \xc2\xa0 ~")));
    assert_true(text_has_control(AMBIT_STR("a\tb")));
    assert_true(text_has_control(AMBIT_STR("a\x7f")));
    assert_true(text_has_control(AMBIT_STR("\xc2\x80")));
    assert_true(text_has_control(AMBIT_STR("\xc2\x9f")));
    assert_true(text_has_control((struct ambit_str){.p = "\0", .len = 1}));
}

static void test_percent(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    percent_encode(&buf, AMBIT_STR("aZ09-._~ /%+\xc3\xa9"));
    assert_true(ambit_str_is(buf_str(&buf), "aZ09-._~%20%2F%25%2B%C3%A9"));
}

static void test_big_endian(void **state)
{
    uint8_t b[8] = {0};

    (void)state;
    put_be64(b, 0x0102030405060708);
    assert_memory_equal(b, "\1\2\3\4\5\6\7\10", 8);
    assert_true(get_be64(b) == 0x0102030405060708);
    put_be32(b, 0xfffefdfc);
    assert_true(get_be32(b) == 0xfffefdfc);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_base64_jws_1), cmocka_unit_test(test_hex_and_digest),
    cmocka_unit_test(test_ids),          cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_utf8),         cmocka_unit_test(test_percent),
    cmocka_unit_test(test_big_endian),
};
UNIT_MAIN(tests)
