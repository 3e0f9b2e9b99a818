/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: JSON made by us is laid out one way, reads back as the same value, and a renewed secret
 * changes two members and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "config/make.h"

static void json_is_laid_out_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *json, *want;
    } rows[] = {
        {"{}", "{}\n"},
        {"{\"a\":1}", "{\n  \"a\": 1\n}\n"},
        {"{\"a\":[\"x\",\"y\"],\"b\":{\"c\":true,\"d\":null}}",
         "{\n  \"a\": [\"x\", \"y\"],\n  \"b\": {\"c\": true, \"d\": null}\n}\n"},
        {"{\"long\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
         "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
         "\"c\"]}",
         "{\n  \"long\": [\n    \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\n    "
         "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n    \"c\"\n  ]\n}\n"},
        {"{\"t\":\"a\\u0007\\\"\"}", "{\n  \"t\": \"a\\u0007\\\"\"\n}\n"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO once = {.p = NULL}, twice = {.p = NULL};
        assert_int_equal(make_pretty(ambit_str_of(rows[i].json), &once), AMBIT_OK);
        assert_true(ambit_str_is(buf_str(&once), rows[i].want));
        assert_int_equal(make_pretty(buf_str(&once), &twice), AMBIT_OK);
        assert_true(ambit_str_eq(buf_str(&once), buf_str(&twice)));
    }
    BUF_AUTO none = {.p = NULL};
    assert_int_equal(make_pretty(AMBIT_STR("{\"a\":1,\"a\":2}"), &none), AMBIT_ERR_MALFORMED);
}

static void a_secret_is_renewed_in_place(void **state)
{
    (void)state;
    const struct ambit_digest old = {{1}}, other = {{2}}, fresh = {{3}};
    BUF_AUTO document = {.p = NULL}, renewed = {.p = NULL};
    buf_put_text(&document,
                 "{\"person\": \"x\", \"authenticate\": [{\"method\": \"token\", \"sha256\": \"");
    buf_put_hex(&document, other.b, sizeof other.b);
    buf_put_text(
        &document,
        "\", \"expires\": \"2026-01-01T00:00:00Z\"}, {\"method\": \"token\", \"sha256\": \"");
    buf_put_hex(&document, old.b, sizeof old.b);
    buf_put_text(&document, "\", \"expires\": \"2026-02-01T00:00:00Z\"}]}");

    int64_t lapses_ms = 0, want_ms = 0;
    assert_int_equal(time_decode(AMBIT_STR("2026-02-01T00:00:00Z"), &want_ms), AMBIT_OK);
    assert_int_equal(make_expiry(buf_str(&document), old, &lapses_ms), AMBIT_OK);
    assert_int_equal(lapses_ms, want_ms);
    assert_int_equal(make_expiry(buf_str(&document), fresh, &lapses_ms), AMBIT_ERR_NOT_FOUND);

    const struct make_renewal renewal = {
        .old_digest = old, .new_digest = fresh, .expires_ms = want_ms + 5001};
    assert_int_equal(make_renewed(buf_str(&document), &renewal, &renewed), AMBIT_OK);
    assert_int_equal(make_expiry(buf_str(&renewed), fresh, &lapses_ms), AMBIT_OK);
    assert_int_equal(lapses_ms, want_ms + 5000);
    assert_int_equal(make_expiry(buf_str(&renewed), old, &lapses_ms), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(make_expiry(buf_str(&renewed), other, &lapses_ms), AMBIT_OK);
    assert_int_equal(make_renewed(buf_str(&renewed), &renewal, &document), AMBIT_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_laid_out_one_way),
        cmocka_unit_test(a_secret_is_renewed_in_place),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
