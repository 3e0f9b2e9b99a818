/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings of hard stops and limits: a smallest set that has each, and the set next to it that has
 * not. */
#include "warnings.h"

static const struct row rows[] = {
    /* hard stops */
    {"allowed, what no rule allows",
     {NULL, NULL, STOP("\"on\":\"allowed\",\"actions\":[\"b\"]"), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "overlaps it",
     NULL,
     NULL},
    {"granted, where no rule gives",
     {NULL, NULL,
      STOP("\"on\":\"granted\",\"resources\":[\"svc:y\"],\"count\":2,\"within\":\"1m\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "overlaps it",
     NULL,
     NULL},
    {"attempted, what no rule allows",
     {NULL, NULL, STOP("\"on\":\"attempted\",\"actions\":[\"b\"]"), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"unaccounted without outcomes",
     {NULL, NULL, STOP("\"on\":\"unaccounted\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "outcome",
     NULL,
     NULL},
    {"unaccounted with outcomes",
     {RULE("r", ",\"outcome\":{\"within\":\"1m\"}"), NULL, STOP("\"on\":\"unaccounted\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"after what cannot come before",
     {NULL, NULL, STOP("\"on\":\"attempted\",\"after\":{\"actions\":[\"b\"],\"within\":\"1h\"}"),
      NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "\"after\"",
     NULL,
     NULL},
    {"a limit refuses first",
     {LIMITS("{\"count\":10,\"within\":\"1h\"}"), NULL,
      STOP("\"on\":\"allowed\",\"count\":11,\"within\":\"1h\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "limits",
     NULL,
     NULL},
    {"a limit does not refuse first",
     {LIMITS("{\"count\":10,\"within\":\"1h\"}"), NULL,
      STOP("\"on\":\"allowed\",\"count\":10,\"within\":\"1h\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"a limit of a shorter window, twice",
     {LIMITS("{\"count\":5,\"within\":\"30m\"}"), NULL,
      STOP("\"on\":\"allowed\",\"count\":10,\"within\":\"1h\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"distinct under a count",
     {LIMITS("{\"count\":5,\"within\":\"30m\"}"), NULL,
      STOP("\"on\":\"allowed\",\"distinct\":\"resource\",\"max\":10,\"within\":\"1h\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "limits",
     NULL,
     NULL},
    {"grants that limits refuse first",
     {LIMITS("{\"grants\":2,\"within\":\"1h\",\"by\":\"policy\"}"), NULL,
      STOP("\"on\":\"granted\",\"count\":3,\"within\":\"1h\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "limits",
     NULL,
     NULL},
    {"a sum that limits refuse first",
     {LIMITS("{\"sum\":\"m\",\"max\":50,\"within\":\"1h\"}"), NULL,
      STOP("\"on\":\"allowed\",\"sum\":\"m\",\"max\":50,\"within\":\"1h\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "limits",
     NULL,
     NULL},
    {"a sum of another member",
     {LIMITS("{\"sum\":\"m\",\"max\":50,\"within\":\"1h\"}"), NULL,
      STOP("\"on\":\"allowed\",\"sum\":\"n\",\"max\":50,\"within\":\"1h\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"a sum of a few small ones",
     {RULE("r", ",\"when\":{\"context\":{\"m\":{\"max\":10}}},\"limits\":[{\"count\":5,\"within\":"
                "\"1h\"}]"),
      NULL, STOP("\"on\":\"allowed\",\"sum\":\"m\",\"max\":50,\"within\":\"1h\""), NULL},
     "stop-never-fires",
     "/hard_stops/0",
     "limits",
     NULL,
     NULL},
    {"a rule without a limit beside one with",
     {RULE(
          "r",
          ",\"bind\":[\"dpop\"],\"limits\":[{\"count\":5,\"within\":\"1h\"}]") ","
                                                                               "{\"id\":\"q\","
                                                                               "\"actions\":[\"c\"]"
                                                                               ",\"resources\":["
                                                                               "\"svc:y\"],\"ttl\":"
                                                                               "{\"max\":\"1m\"}}",
      NULL, STOP("\"on\":\"allowed\",\"count\":10,\"within\":\"1h\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"limits by other keys",
     {LIMITS("{\"count\":5,\"within\":\"1h\",\"by\":\"owner\"}"), NULL,
      STOP("\"on\":\"allowed\",\"count\":10,\"within\":\"1h\""), NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"stops by every key",
     {NULL, NULL,
      "{\"id\":\"a\",\"on\":\"attempted\",\"then\":\"stop_team\",\"by\":\"team\",\"count\":3,"
      "\"within\":\"1m\"},{\"id\":\"b\",\"on\":\"attempted\",\"then\":\"stop_policy\",\"by\":"
      "\"policy\",\"count\":3,\"within\":\"1m\"},{\"id\":\"c\",\"on\":\"denied\",\"then\":"
      "\"revoke_grant\",\"by\":\"lineage\",\"count\":3,\"within\":\"1m\"}",
      NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"more than a window holds",
     {NULL, NULL, STOP("\"on\":\"denied\",\"count\":100001,\"within\":\"1h\""), NULL},
     "limit-unreachable",
     "/hard_stops/0",
     "100000",
     NULL,
     NULL},

    /* limits */
    {"a limit past its window",
     {LIMITS("{\"count\":100001,\"within\":\"1h\"}"), NULL, NULL, NULL},
     "limit-unreachable",
     "/allow/0/limits/0",
     "100000",
     NULL,
     NULL},
    {"a looser limit",
     {LIMITS("{\"count\":10,\"within\":\"1h\"},{\"count\":10,\"within\":\"10m\"}"), NULL, NULL,
      NULL},
     "limit-unreachable",
     "/allow/0/limits/1",
     "limit 0",
     NULL,
     NULL},
    {"a looser limit of a longer window",
     {LIMITS("{\"count\":240,\"within\":\"24h\"},{\"count\":10,\"within\":\"1h\"}"), NULL, NULL,
      NULL},
     "limit-unreachable",
     "/allow/0/limits/0",
     "never more than 240",
     NULL,
     NULL},
    {"two limits that both bind",
     {LIMITS("{\"count\":239,\"within\":\"24h\"},{\"count\":10,\"within\":\"1h\"}"), NULL, NULL,
      NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"twice the same by other keys",
     {LIMITS("{\"count\":10,\"within\":\"1h\"},{\"count\":10,\"within\":\"1h\",\"by\":\"team\"}"),
      NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"a sum under a count of small ones",
     {RULE("r", ",\"when\":{\"context\":{\"m\":{\"max\":10}}},\"limits\":[{\"count\":5,\"within\":"
                "\"1h\"},{\"sum\":\"m\",\"max\":50,\"within\":\"1h\"}]"),
      NULL, NULL, NULL},
     "limit-unreachable",
     "/allow/0/limits/1",
     "never more than 50",
     NULL,
     NULL},
    {"different ones under a count by a coarser key",
     {LIMITS(
          "{\"count\":3,\"within\":\"1h\",\"by\":\"policy\"},{\"distinct\":\"resource\",\"max\":3,"
          "\"within\":\"1h\"}"),
      NULL, NULL, NULL},
     "limit-unreachable",
     "/allow/0/limits/1",
     "limit 0",
     NULL,
     NULL},
    {"uses under a count by agent",
     {LIMITS("{\"count\":3,\"within\":\"1h\"},{\"uses\":3}"), NULL, NULL, NULL},
     "limit-unreachable",
     "/allow/0/limits/1",
     "limit 0",
     NULL,
     NULL},
    {"uses below a count by agent",
     {LIMITS("{\"count\":3,\"within\":\"1h\"},{\"uses\":2}"), NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"live grants under grants",
     {LIMITS("{\"grants\":3,\"within\":\"15m\"},{\"live_grants\":3}"), NULL, NULL, NULL},
     "limit-unreachable",
     "/allow/0/limits/1",
     "limit 0",
     NULL,
     NULL},
};

static void stops_and_limits(void **state)
{
    (void)state;
    check_rows(rows, AMBIT_LEN(rows));
}

/* Sixty-five stops that may fall on one attempt: more than one event can record. */
static void stops_too_many(void **state)
{
    (void)state;
    for (size_t n = 32; n <= 33; n++) {
        struct set set;
        struct ambit_problems problems = {0};
        struct ambit_check check = {0};
        BUF_AUTO stops = {0};
        start(&set);
        for (size_t i = 0; i < n; i++)
            buf_printf(&stops,
                       "%s{\"id\":\"s%zu\",\"on\":\"attempted\",\"actions\":[\"z%zu\"],\"then\":"
                       "\"suspend_agent\"}",
                       i ? "," : "", i, i);
        buf_put_char(&stops, '\0');
        assert_int_equal(buf_check(&stops), AMBIT_OK);
        put_policy(&set, "one", &(struct policy_text){.stops = stops.p});
        put_policy(&set, "two", &(struct policy_text){.stops = stops.p});
        put_agent(&set, "bot", "\"one\",\"two\"", NULL);
        warn(&set, &check, &problems);
        assert_int_equal(problems.n, n == 33);
        if (n == 33)
            assert_true(ambit_str_is(only(&problems, "stops-too-many")->pointer, "/policies"));
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

/* What falls on every attempt and could never be recorded is refused; of a set in force it is not.
 */
static void never_recordable(void **state)
{
    (void)state;
    for (size_t n = 64; n <= 65; n++) {
        struct set set;
        struct ambit_problems problems = {0};
        struct ambit_documents *documents = NULL;
        struct ambit_read_env env = set_env;
        BUF_AUTO stops = {0};
        start(&set);
        for (size_t i = 0; i < 64; i++)
            buf_printf(&stops,
                       "%s{\"id\":\"s%zu\",\"on\":\"attempted\",\"then\":"
                       "\"suspend_agent\"}",
                       i ? "," : "", i);
        buf_put_char(&stops, '\0');
        assert_int_equal(buf_check(&stops), AMBIT_OK);
        put_policy(&set, "one", &(struct policy_text){.stops = stops.p});
        put_policy(&set, "two", &(struct policy_text){0});
        put_agent(&set, "bot", n == 65 ? "\"one\",\"two\"" : "\"one\"", NULL);
        enum ambit_err err = ambit_documents_read(set.files, set.n, &env, &problems, &documents);
        assert_int_equal(err, n == 65 ? AMBIT_ERR_MALFORMED : AMBIT_OK);
        assert_int_equal(problems.n_errors, n == 65);
        if (n == 65)
            assert_true(ambit_str_is(problems.v[0].pointer, "/policies"));
        ambit_documents_free(documents);
        documents = NULL;
        ambit_problems_done(&problems);
        env.now_ms = 0;
        assert_int_equal(ambit_documents_read(set.files, set.n, &env, &problems, &documents),
                         AMBIT_OK);
        ambit_documents_free(documents);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_and_limits),
        cmocka_unit_test(stops_too_many),
        cmocka_unit_test(never_recordable),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
