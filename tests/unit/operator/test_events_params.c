/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the query string of events becomes the filter it says, places and orders meet where they
 * must, and what cannot be is refused in words. */
#include "support/unit.h"

#include "operator/events_params.h"

static const struct ambit_str absent = {NULL, 0};

static enum ambit_err read(const char *query, struct ambit_str last_id, struct arena *arena,
                           struct events_params *ret, const char **what)
{
    *what = NULL;
    return events_params_read(ambit_str_of(query), absent, last_id, arena, ret, what);
}

static void test_places(void **state)
{
    static const struct {
        const char *query, *last_id;
        uint64_t after, before;
        bool is_nothing;
    } rows[] = {
        {"", NULL, 0, 0, false},
        {"after=0", NULL, 1, 0, false},
        {"after=5&cursor=9", NULL, 10, 0, false},
        {"after=9&cursor=5", NULL, 10, 0, false},
        {"after=5", "9", 10, 0, false},
        {"after=9", "5", 10, 0, false},
        {"before=7", NULL, 0, 7, false},
        {"before=0", NULL, 0, 0, true},
        {"order=desc&cursor=4", NULL, 0, 4, false},
        {"order=desc&before=9&cursor=4", NULL, 0, 4, false},
        {"order=desc&before=3&cursor=4", NULL, 0, 3, false},
        {"order=desc&after=2&cursor=0", NULL, 3, 0, true},
        {"id=AAAAAAAAAAAAAAAAAAAAAA", NULL, 0, 0, true},
        {"policy=p&rule=q/r", NULL, 0, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        struct events_params params;
        const char *what = NULL;
        arena_init(&arena, NULL, 0, 0);
        struct ambit_str last = rows[i].last_id ? ambit_str_of(rows[i].last_id) : absent;
        ROW_CHECK(rows[i].query, read(rows[i].query, last, &arena, &params, &what) == AMBIT_OK);
        ROW_CHECK(rows[i].query, params.filter.after == rows[i].after);
        ROW_CHECK(rows[i].query, params.filter.before == rows[i].before);
        ROW_CHECK(rows[i].query, params.filter.is_nothing == rows[i].is_nothing);
    }
}

static size_t count(const struct events_params *params)
{
    size_t n = 0;
    for (size_t i = 0; i < EVENT_TYPES; i++)
        n += params->filter.types[i];
    return n;
}

static void test_values(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    struct events_params params;
    const char *what = NULL;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(read("type=grant.*,stop.raised", absent, &arena, &params, &what), AMBIT_OK);
    assert_int_equal(count(&params), 4);
    assert_true(params.filter.types[EVENT_GRANT_ISSUED] && params.filter.types[EVENT_STOP_RAISED]);
    assert_int_equal(read("rule=p/r&source=::ffff:192.0.2.1&decision=deny&reason=stopped,expired",
                          absent, &arena, &params, &what),
                     AMBIT_OK);
    assert_true(ambit_str_is(params.filter.policy, "p") && ambit_str_is(params.filter.rule, "r"));
    assert_true(ambit_str_is(params.filter.source, "192.0.2.1"));
    assert_int_equal(params.filter.verdict, EVENTS_DENIED);
    assert_true(params.filter.reasons[AMBIT_REASON_STOPPED] &&
                params.filter.reasons[AMBIT_REASON_EXPIRED]);
    assert_int_equal(read("format=ocsf&limit=7", absent, &arena, &params, &what), AMBIT_OK);
    assert_true(params.filter.form == EVENTS_AS_OCSF && params.framing == EVENTS_IN_LINES &&
                params.limit == 7);
    assert_int_equal(events_params_read(absent, AMBIT_STR("application/x-ndjson"), absent, &arena,
                                        &params, &what),
                     AMBIT_OK);
    assert_true(params.framing == EVENTS_IN_LINES && params.filter.form == EVENTS_AS_EVENT);
}

static void test_refused(void **state)
{
    static const char *const rows[] = {
        "type=nope",        "type=grant",
        "type=grant.*,",    "type=*",
        "type=.*",          "reason=nope",
        "decision=no",      "source=1.2.3.4/8",
        "rule=/x",          "rule=x/",
        "order=up",         "before=-1",
        "cursor=x",         "grant=x",
        "digest=x",         "format=xml",
        "form=x",           "format=ocsf&form=leaf",
        "limit=0",          "since=1h",
        "resource=svc:***", "after=9223372036854775808",
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        struct events_params params;
        const char *what = NULL;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(rows[i], read(rows[i], absent, &arena, &params, &what) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(rows[i], what != NULL);
    }
}

static void test_next_target(void **state)
{
    static const struct {
        const char *query, *want;
    } rows[] = {
        {"", "/v1/events?cursor=7"},
        {"type=a&limit=2", "/v1/events?type=a&limit=2&cursor=7"},
        {"cursor=3&type=a", "/v1/events?type=a&cursor=7"},
        {"agent=<\">&limit=1", "/v1/events?agent=%3C%22%3E&limit=1&cursor=7"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        BUF_AUTO target;
        buf_init(&target, 0);
        events_next_target(&target, AMBIT_STR("/v1/events"), ambit_str_of(rows[i].query), 7);
        ROW_CHECK(rows[i].query, ambit_str_is(buf_str(&target), rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_next_target),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
