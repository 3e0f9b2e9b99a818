/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings of rules: a smallest set that has each, where it stands, on what it shows; and the set
 * next to it that has not. (Hard stops and limits: test_check_stops.c.) */
#include "warnings.h"

static const struct row rows[] = {
    {"nothing", {NULL, NULL, NULL, NULL}, NULL, NULL, NULL, NULL, NULL},

    /* never rules */
    {"a never that holds the rule",
     {NULL, "{\"id\":\"n\",\"actions\":[\"**\"],\"resources\":[\"svc:**\"]}", NULL, NULL},
     "never-swallows-rule",
     "/never/0",
     "everything that rule \"r\" allows",
     NULL,
     NULL},
    {"a never that holds all but one name",
     {NULL, "{\"id\":\"n\",\"actions\":[\"a.*.**\"],\"resources\":[\"svc:**\"]}", NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"two that hold it together",
     {NULL,
      "{\"id\":\"n\",\"actions\":[\"a\"],\"resources\":[\"svc:**\"]},"
      "{\"id\":\"m\",\"actions\":[\"a.*.**\"],\"resources\":[\"svc:x\",\"svc:x/**\"]}",
      NULL, NULL},
     "rule-never-applies",
     "/allow/0",
     "together",
     NULL,
     NULL},
    {"two that leave a pair",
     {NULL,
      "{\"id\":\"n\",\"actions\":[\"a\"],\"resources\":[\"svc:**\"]},"
      "{\"id\":\"m\",\"actions\":[\"a.*.**\"],\"resources\":[\"svc:x/*/**\"]}",
      NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},

    /* rules that never apply */
    {"resources of nobody",
     {"{\"id\":\"r\",\"actions\":[\"a.**\"],\"resources\":[\"fs:**\"],\"ttl\":{\"max\":\"1m\"}}",
      NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/resources",
     "no service",
     NULL,
     NULL},
    {"equals outside in",
     {WHEN("\"context\":{\"m\":{\"equals\":\"a\",\"in\":[\"b\",\"c\"]}}"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"none of in within the bounds",
     {WHEN("\"context\":{\"m\":{\"in\":[1,\"x\",9],\"min\":2,\"max\":8}}"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"one of in within the bounds",
     {WHEN("\"context\":{\"m\":{\"in\":[1,\"x\",8],\"min\":2,\"max\":8}}"), NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"a text that matches",
     {WHEN("\"context\":{\"m\":{\"in\":[3,\"xy\"],\"matches\":\"x*\"}}"), NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"no text that matches",
     {WHEN("\"context\":{\"m\":{\"equals\":\"y\",\"matches\":\"x*\"}}"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"an amount below nothing",
     {RULE("r", ",\"when\":{\"context\":{\"m\":{\"max\":-1}}},\"limits\":[{\"sum\":\"m\","
                "\"max\":5,\"within\":\"1h\"}]"),
      NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"text and number",
     {WHEN("\"context\":{\"m\":{\"matches\":\"a*\",\"max\":8}}"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"an amount that is text",
     {RULE("r", ",\"when\":{\"context\":{\"m\":{\"equals\":\"x\"}}},\"limits\":[{\"sum\":\"m\","
                "\"max\":5,\"within\":\"1h\"}]"),
      NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"m\"",
     NULL,
     NULL},
    {"hours behind the last date",
     {WHEN("\"hours\":[{\"days\":[\"Mon\"],\"from\":\"08:00\",\"to\":\"09:00\",\"zone\":\"UTC\"}]"),
      NULL, NULL, "\"not_after\":\"2026-11-21T00:00:00Z\",\n"},
     "rule-never-applies",
     "/allow/0/when",
     "hours",
     NULL,
     NULL},
    {"hours before the last date",
     {WHEN("\"hours\":[{\"days\":[\"Mon\"],\"from\":\"08:00\",\"to\":\"09:00\",\"zone\":\"UTC\"}]"),
      NULL, NULL, "\"not_after\":\"2026-11-24T00:00:00Z\",\n"},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"the last date is past",
     {NULL, NULL, NULL, "\"not_after\":\"2026-11-20T10:00:00Z\",\n"},
     "policy-expired",
     "/not_after",
     "past",
     NULL,
     NULL},
    {"after what nobody may do",
     {WHEN("\"after\":[{\"actions\":[\"b.*\"],\"within\":\"1h\"}]"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "\"after\" 0",
     NULL,
     NULL},
    {"after what it allows itself",
     {WHEN("\"after\":[{\"actions\":[\"a.b\"],\"within\":\"1h\"}]"), NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"a composition that nobody can show",
     {WHEN("\"composition\":true"), NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/when",
     "composition",
     NULL,
     NULL},
    {"an approval of two where there is one",
     {RULE("r", ",\"approval\":{\"at\":\"grant\",\"roles\":[\"oncall\"],\"count\":2,\"timeout\":"
                "\"5m\"}"),
      NULL, NULL, NULL},
     "rule-never-applies",
     "/allow/0/approval",
     "1 active person may answer, 2 must",
     NULL,
     NULL},
    {"an approval of one",
     {RULE("r", ",\"approval\":{\"at\":\"grant\",\"roles\":[\"oncall\"],\"teams\":[\"pay\"],"
                "\"timeout\":\"5m\"}"),
      NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},

    /* order */
    {"a rule that asks nothing before one that does",
     {RULE("r", "") ",\n" RULE("q", ",\"bind\":[\"dpop\"]"), NULL, NULL, NULL},
     "rule-never-reached",
     "/allow/1",
     "rule \"r\" before it",
     NULL,
     NULL},
    {"two that ask different things",
     {RULE("r", ",\"bind\":[\"dpop\"]") ",\n"
                                        "{\"id\":\"q\",\"actions\":[\"a.b\",\"c\"],\"resources\":["
                                        "\"svc:*/y\"],\"ttl\":{\"max\":"
                                        "\"15m\"}}",
      NULL, NULL, NULL},
     "order-matters",
     "/allow/1",
     "(\"bind\")",
     "a.b",
     "svc:x/y"},
    {"two that ask the same",
     {RULE("r", ",\"bind\":[\"dpop\"]") ",\n" RULE("q", ",\"bind\":[\"dpop\"]"), NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
    {"two apart",
     {RULE("r", ",\"bind\":[\"dpop\"]") ",\n"
                                        "{\"id\":\"q\",\"actions\":[\"a.b\"],\"resources\":[\"svc:"
                                        "y/*\"],\"ttl\":{\"max\":\"1m\"}}",
      NULL, NULL, NULL},
     NULL,
     NULL,
     NULL,
     NULL,
     NULL},
};

static void rules(void **state)
{
    (void)state;
    check_rows(rows, AMBIT_LEN(rows));
}

/* ---- several documents ----------------------------------------------------------------------- */

static void what_is_missing(void **state)
{
    (void)state;
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {.has_tests = are_there, .ctx = &set};
    start(&set);
    put_policy(&set, "p", &(struct policy_text){0});
    put_agent(&set, "night/bot", "", NULL);
    set.files[set.n - 1].path = AMBIT_STR("agents/night__bot.json");
    warn(&set, &check, &problems);
    assert_int_equal(problems.n, 3);
    const struct ambit_problem *problem = only(&problems, "agent-without-policy");
    assert_true(ambit_str_is(problem->file, "agents/night__bot.json"));
    assert_true(ambit_str_is(problem->pointer, "/policies"));
    assert_int_equal(problem->line, 2);
    assert_true(ambit_str_is(only(&problems, "policy-without-agent")->pointer, "/policy"));
    assert_true(ambit_str_is(only(&problems, "policy-without-tests")->pointer, "/policy"));
    ambit_problems_done(&problems);
    set_done(&set);
}

/* Policies that nobody lists are judged by themselves; a shadow policy that somebody lists is. */
static void listed_or_not(void **state)
{
    (void)state;
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {0};
    start(&set);
    put_policy(&set, "p",
               &(struct policy_text){
                   .never = "{\"id\":\"n\",\"actions\":[\"a\"],\"resources\":[\"svc:**\"]},"
                            "{\"id\":\"m\",\"actions\":[\"a.*.**\"],\"resources\":[\"svc:**\"]}"});
    put_policy(&set, "q", &(struct policy_text){.more = "\"mode\":\"shadow\",\n"});
    put_agent(&set, "bot", "\"q\"", NULL);
    warn(&set, &check, &problems);
    assert_int_equal(problems.n, 2);
    assert_true(ambit_str_is(only(&problems, "policy-without-agent")->file, "policies/p.json"));
    assert_true(ambit_str_is(only(&problems, "rule-never-applies")->pointer, "/allow/0"));
    ambit_problems_done(&problems);
    set_done(&set);
}

/* An agent whose platform vouches for what it is made of. */
static void composition_is_shown(void **state)
{
    (void)state;
    static const char agent[] =
        "{\"agent\":\"bot\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":\"sam\","
        "\"provenance\":{\"composition\":\"sha256:"
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"},\"authenticate\":[{"
        "\"method\":\"unix_peer\",\"uid\":7},{\"method\":\"federated_jwt\",\"issuer\":"
        "\"https://k.example.gov\",\"subject\":\"s\"}],\"policies\":[\"p\"]}";
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {0};
    start(&set);
    put_policy(&set, "p", &(struct policy_text){.allow = WHEN("\"composition\":true")});
    set_put(&set, AMBIT_KIND_AGENT, "bot", ambit_str_of(agent));
    warn(&set, &check, &problems);
    assert_int_equal(problems.n, 0);
    ambit_problems_done(&problems);
    set_done(&set);
}

/* Without work nothing is compared, and it is said. */
static void cut_off(void **state)
{
    (void)state;
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {.work = 1};
    start(&set);
    put_policy(&set, "p",
               &(struct policy_text){
                   .allow = RULE("r", ",\"bind\":[\"dpop\"]") ",\n" RULE("q", ""),
                   .never = "{\"id\":\"n\",\"actions\":[\"**\"],\"resources\":[\"svc:**\"]}",
                   .stops = STOP("\"on\":\"allowed\",\"actions\":[\"b\"]")});
    put_agent(&set, "bot", "\"p\"", NULL);
    warn(&set, &check, &problems);
    assert_int_equal(problems.n, 1);
    assert_true(ambit_str_is(only(&problems, "analysis-cut-off")->file, "policies/p.json"));
    ambit_problems_done(&problems);
    set_done(&set);
}

/* Rules of two policies of one agent; a never of the one over the other; delegates count. */
static void across_policies(void **state)
{
    (void)state;
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {0};
    start(&set);
    put_policy(&set, "one", &(struct policy_text){.allow = RULE("r", ",\"bind\":[\"dpop\"]")});
    put_policy(&set, "two",
               &(struct policy_text){.allow = RULE("q", ""),
                                     .stops = STOP("\"on\":\"allowed\",\"actions\":[\"b\"]")});
    put_policy(&set, "three",
               &(struct policy_text){
                   .allow = "{\"id\":\"b\",\"actions\":[\"b\"],\"resources\":[\"db:b\"],\"ttl\":{"
                            "\"max\":\"1m\"}}",
                   .never = "{\"id\":\"n\",\"actions\":[\"a.**\"],\"resources\":[\"svc:x/**\"]}"});
    put_agent(&set, "bot", "\"one\",\"two\"", ",\"delegates_to\":[\"sub\"]");
    put_agent(&set, "sub", "\"three\"", NULL);
    put_agent(&set, "other", "\"two\",\"three\"", NULL);
    put_agent(&set, "another", "\"two\",\"three\"", NULL);
    warn(&set, &check, &problems);
    assert_int_equal(problems.n, 2);
    const struct ambit_problem *problem = only(&problems, "order-matters");
    assert_true(ambit_str_is(problem->file, "policies/two.json"));
    assert_non_null(strstr(problem->what.p, "rule \"r\" of policy \"one\", which agent \"bot\""));
    assert_true(ambit_str_is(problem->action, "a") && ambit_str_is(problem->resource, "svc:x"));
    problem = only(&problems, "never-swallows-rule");
    assert_true(ambit_str_is(problem->file, "policies/three.json"));
    assert_non_null(strstr(problem->what.p, "agent \"another\" and 1 more"));
    ambit_problems_done(&problems);
    set_done(&set);
}

static void every_warning_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < AMBIT_WARNINGS; i++) {
        assert_true(strlen(ambit_warning_id((enum ambit_warning)i)) > 5);
        assert_true(strlen(ambit_warning_text((enum ambit_warning)i)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(what_is_missing),
        cmocka_unit_test(listed_or_not),
        cmocka_unit_test(composition_is_shown),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(across_policies),
        cmocka_unit_test(every_warning_has_a_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
