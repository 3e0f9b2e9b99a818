/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: numbers of a report are shown in words that people read, no line is wider than 80 columns,
 * and nothing that stands in the record can become markup of the page. */
#include "base/arena.h"
#include "base/json_read.h"
#include "cli/report.h"
#include "support/unit.h"

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum report_unit unit;
        int64_t number;
        const char *want;
    } rows[] = {
        {"none", REPORT_COUNT, 0, "0"},
        {"a thousand", REPORT_COUNT, 1000, "1,000"},
        {"many", REPORT_COUNT, 1234567, "1,234,567"},
        {"the most", REPORT_COUNT, INT64_MAX, "9,223,372,036,854,775,807"},
        {"the least", REPORT_COUNT, INT64_MIN, "-9,223,372,036,854,775,808"},
        {"all", REPORT_SHARE, 10000, "100.00 %"},
        {"nearly all", REPORT_SHARE, 9998, "99.98 %"},
        {"a little", REPORT_SHARE, 5, "0.05 %"},
        {"of a thousand", REPORT_PER_1000, 14, "14"},
        {"hundredths", REPORT_PER_100, 192, "1.92"},
        {"seconds", REPORT_SECONDS, 59, "59 s"},
        {"minutes", REPORT_SECONDS, 600, "10 min"},
        {"hours", REPORT_SECONDS, 10800, "3 h"},
        {"days", REPORT_SECONDS, 864000, "10 d"},
        {"ms", REPORT_MS, 999, "999 ms"},
        {"a second and a half", REPORT_MS, 1550, "1.5 s"},
        {"long", REPORT_MS, 600000, "10 min"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO out = {.p = NULL};
        report_put_number(&out, rows[i].unit, rows[i].number);
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

static const struct json_value *read(struct arena *arena, const char *text)
{
    const struct json_value *value = NULL;
    struct json_problem problem;
    assert_int_equal(
        json_read(ambit_str_of(text), (struct json_limits){0}, arena, &value, &problem), AMBIT_OK);
    return value;
}

static void changes(void **state)
{
    (void)state;
    static const struct {
        const char *name, *before;
        enum { MORE = REPORT_MORE, LESS = REPORT_LESS, NEITHER = REPORT_NEITHER } better;
        const char *want;
        bool is_worse;
    } rows[] = {
        {"nothing to compare", "{}", MORE, "", false},
        {"not a number", "{\"x\":\"9\"}", MORE, "", false},
        {"the same", "{\"x\":7}", LESS, "the same", false},
        {"more is worse", "{\"x\":5}", LESS, "up from 5", true},
        {"less is better", "{\"x\":9}", LESS, "down from 9", false},
        {"less is worse", "{\"x\":9}", MORE, "down from 9", true},
        {"neither", "{\"x\":9}", NEITHER, "down from 9", false},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        BUF_AUTO out = {.p = NULL};
        bool is_worse = false;
        struct report_signal signal = {.path = "x", .unit = REPORT_COUNT};
        arena_init(&arena, NULL, 0, 0);
        signal.better = rows[i].better == MORE   ? REPORT_MORE
                        : rows[i].better == LESS ? REPORT_LESS
                                                 : REPORT_NEITHER;
        report_put_change(&out, &signal, 7, read(&arena, rows[i].before), &is_worse);
        ROW_CHECK(rows[i].name,
                  ambit_str_is(buf_str(&out), rows[i].want) && is_worse == rows[i].is_worse);
    }
}

static void breaks(void **state)
{
    (void)state;
    static const struct {
        const char *name, *report, *want;
    } rows[] = {
        {"nothing was allowed", "{\"total\":{}}", ""},
        {"all whole",
         "{\"total\":{\"traceability\":{\"of\":3},\"links\":{\"grant\":3,\"rule\":3}}}", ""},
        {"two links",
         "{\"total\":{\"traceability\":{\"of\":3000},\"links\":{\"grant\":2999,\"rule\":3000,"
         "\"confirmed\":0}}}",
         "grant 1, confirmation 3,000"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        BUF_AUTO out = {.p = NULL};
        arena_init(&arena, NULL, 0, 0);
        report_put_breaks(&out, read(&arena, rows[i].report));
        ROW_CHECK(rows[i].name, ambit_str_is(buf_str(&out), rows[i].want));
    }
}

#define EVIL "<script>alert(1)</script>\\\"'&\\u202e\\u2066\\u001b[2J\\n"
static const char hostile[] =
    "{\"since\":\"" EVIL "\",\"until\":\"" EVIL "\",\"by\":\"" EVIL "\",\"owner\":\"" EVIL
    "\",\"events\":7,\"total\":{\"allowed\":3,\"denials\":{\"" EVIL "\":2},"
    "\"traceability\":{\"n\":1,\"of\":3,\"per_10000\":3333}},"
    "\"before\":{\"total\":{\"allowed\":1}},"
    "\"groups\":[{\"name\":\"" EVIL "\",\"figures\":{\"allowed\":9007199254740991}}],"
    "\"stops\":[{\"target\":\"" EVIL "\",\"by\":\"" EVIL "\",\"raised_at\":\"" EVIL
    "\",\"services\":[{\"service\":\"" EVIL "\",\"evidence\":\"none\"}]}],"
    "\"over_granted\":[{\"agent\":\"" EVIL "\",\"policy\":\"" EVIL "\",\"rule\":\"" EVIL
    "\",\"action\":\"" EVIL "\",\"grants\":9007199254740991}],"
    "\"policies\":[{\"policy\":\"" EVIL "\",\"owner\":\"" EVIL "\",\"tier\":\"" EVIL
    "\",\"age_s\":5,\"authored_by\":\"" EVIL "\",\"review_met\":false}],"
    "\"attestations\":[{\"agent\":\"" EVIL "\",\"owner\":\"" EVIL "\",\"attested\":false,"
    "\"until\":\"" EVIL "\"}],"
    "\"approvers\":[{\"person\":\"" EVIL "\",\"under_5s_per_10000\":9999}],"
    "\"series\":[{\"at\":\"" EVIL "\",\"allowed\":3,\"denied\":1,\"stops\":1}],"
    "\"not_known\":[{\"figure\":\"" EVIL "\",\"why\":\"" EVIL EVIL EVIL "\"}]}";

static bool holds(const struct buf *out, const char *text)
{
    return memmem(out->p, out->len, text, strlen(text)) != NULL;
}

static void page_is_not_made_of_names(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    BUF_AUTO out = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct report_page page = {
        .out = &out,
        .report = read(&arena, hostile),
        .untested =
            read(&arena, "{\"n\":1,\"of\":2,\"per_10000\":5000,\"parts\":[{\"policy\":\"" EVIL
                         "\",\"part\":\"" EVIL "\",\"id\":\"" EVIL "\"}]}"),
        .now_ms = 1795168800000};
    assert_int_equal(report_html(&page), AMBIT_OK);
    assert_true(holds(&out, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_false(holds(&out, "<script"));
    assert_false(holds(&out, "\xe2\x80\xae"));
    assert_false(holds(&out, "\xe2\x81\xa6"));
    assert_false(holds(&out, "\x1b"));
    assert_true(holds(&out, "default-src 'none'"));
}

static void page_of_nothing(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    BUF_AUTO out = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    const struct report_page page = {.out = &out, .report = read(&arena, "{}")};
    assert_int_equal(report_html(&page), AMBIT_OK);
    assert_true(holds(&out, "not known"));
    assert_false(holds(&out, "<svg"));
}

/* Columns: bytes that do not go on a character. */
static size_t widest(const struct buf *out)
{
    size_t most = 0, at = 0;
    for (size_t i = 0; i < out->len; i++) {
        at = out->p[i] == '\n' ? 0 : at + (((uint8_t)out->p[i] & 0xc0) != 0x80);
        most = at > most ? at : most;
    }
    return most;
}

static void table_is_narrow(void **state)
{
    (void)state;
    static const char *const answers[] = {hostile, "{}"};
    for (size_t i = 0; i < AMBIT_LEN(answers); i++) {
        ARENA_AUTO arena;
        BUF_AUTO out = {.p = NULL};
        arena_init(&arena, NULL, 0, 0);
        report_table(&out, read(&arena, answers[i]), NULL);
        assert_int_equal(buf_check(&out), AMBIT_OK);
        assert_false(holds(&out, "\x1b"));
        assert_false(holds(&out, "\xe2\x80\xae"));
        if (i == 1)
            assert_true(widest(&out) <= 80);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),         cmocka_unit_test(changes),
        cmocka_unit_test(breaks),          cmocka_unit_test(page_is_not_made_of_names),
        cmocka_unit_test(page_of_nothing), cmocka_unit_test(table_is_narrow),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
