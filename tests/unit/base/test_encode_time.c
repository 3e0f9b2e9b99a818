/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: instants and durations are read strictly (RFC 3339; PL "Durations, times, zones") and
 * printed in one form only. */
#include "support/unit.h"

#include "base/encode.h"

static const struct {
    const char *text;
    enum ambit_err want;
    int64_t ms;
} time_rows[] = {
    {"1970-01-01T00:00:00Z", AMBIT_OK, 0},
    {"1970-01-01T00:00:00.001Z", AMBIT_OK, 1},
    {"2026-11-20T10:00:00.123Z", AMBIT_OK, 1795168800123},
    {"2026-11-20T10:00:00.123999999Z", AMBIT_OK, 1795168800123},
    {"2026-11-20T10:00:00.5Z", AMBIT_OK, 1795168800500},
    {"2026-11-20T12:30:00+02:30", AMBIT_OK, 1795168800000},
    {"2026-11-20T07:00:00-03:00", AMBIT_OK, 1795168800000},
    {"2026-11-20T10:00:00-00:00", AMBIT_OK, 1795168800000},
    {"2024-02-29T00:00:00Z", AMBIT_OK, 1709164800000},
    {"2000-02-29T00:00:00Z", AMBIT_OK, 951782400000},
    {"9999-12-31T23:59:59.999Z", AMBIT_OK, 253402300799999},
    {"9999-12-31T23:59:59.999-00:01", AMBIT_ERR_MALFORMED, 0},
    {"1970-01-01T00:00:00+00:01", AMBIT_ERR_MALFORMED, 0},
    {"1969-12-31T23:59:59-12:00", AMBIT_ERR_MALFORMED, 0},
    {"2023-02-29T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2100-02-29T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-31T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-13-01T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-00-01T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-00T00:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T24:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:60:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-06-30T23:59:60Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20t10:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20 10:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00.Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00.1234567891Z", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00+2:00", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00+24:00", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00+00:60", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00+0000", AMBIT_ERR_MALFORMED, 0},
    {"2026-11-20T10:00:00Zx", AMBIT_ERR_MALFORMED, 0},
    {"26-11-20T10:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"+026-11-20T10:00:00Z", AMBIT_ERR_MALFORMED, 0},
    {"", AMBIT_ERR_MALFORMED, 0},
};

static void test_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(time_rows); i++) {
        int64_t ms = -1;
        enum ambit_err err = time_decode(ambit_str_of(time_rows[i].text), &ms);
        ROW_CHECK(time_rows[i].text, err == time_rows[i].want);
        ROW_CHECK(time_rows[i].text, err != AMBIT_OK || ms == time_rows[i].ms);
    }
}

static int64_t decoded(int64_t ms)
{
    char text[TIME_TEXT_LEN];
    int64_t again = -1;

    time_encode(ms, text);
    enum ambit_err err = time_decode((struct ambit_str){.p = text, .len = sizeof text}, &again);
    return err == AMBIT_OK ? again : -1;
}

/* Every day from 1970 to 2470 and steps of a prime beyond: printed and read again is the same. */
static void test_times_round(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 182621; day++)
        assert_int_equal(decoded(day * 86400000 + 86399999), day * 86400000 + 86399999);
    for (int64_t ms = 0; ms <= 253402300799999; ms += 99999999977)
        assert_int_equal(decoded(ms), ms);
    assert_int_equal(decoded(-5), 0);
    assert_int_equal(decoded(INT64_MAX), 253402300799999);
}

static const struct {
    const char *text;
    enum ambit_err want;
    int64_t s;
} duration_rows[] = {
    {"1s", AMBIT_OK, 1},
    {"15m", AMBIT_OK, 900},
    {"1h", AMBIT_OK, 3600},
    {"30d", AMBIT_OK, 2592000},
    {"9223372036854775807s", AMBIT_OK, INT64_MAX},
    {"9223372036854775807m", AMBIT_ERR_TOO_LARGE, 0},
    {"99999999999999999999s", AMBIT_ERR_TOO_LARGE, 0},
    {"0s", AMBIT_ERR_MALFORMED, 0},
    {"01s", AMBIT_ERR_MALFORMED, 0},
    {"-1s", AMBIT_ERR_MALFORMED, 0},
    {"1.5h", AMBIT_ERR_MALFORMED, 0},
    {"1h30m", AMBIT_ERR_MALFORMED, 0},
    {"5", AMBIT_ERR_MALFORMED, 0},
    {"m", AMBIT_ERR_MALFORMED, 0},
    {"5M", AMBIT_ERR_MALFORMED, 0},
    {"5 m", AMBIT_ERR_MALFORMED, 0},
    {"5w", AMBIT_ERR_MALFORMED, 0},
    {"", AMBIT_ERR_MALFORMED, 0},
};

static void test_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(duration_rows); i++) {
        int64_t s = -1;
        enum ambit_err err = duration_decode(ambit_str_of(duration_rows[i].text), &s);
        ROW_CHECK(duration_rows[i].text, err == duration_rows[i].want);
        ROW_CHECK(duration_rows[i].text, err != AMBIT_OK || s == duration_rows[i].s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_times),
    cmocka_unit_test(test_times_round),
    cmocka_unit_test(test_durations),
};
UNIT_MAIN(tests)
