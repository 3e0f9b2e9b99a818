/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a policy (policy-language.md, "Policy tests"): files that cannot be run and where they
 * are wrong, cases that hold and cases that do not and why, and what of the policy was reached. */
#include "support/unit.h"

#include "ambit/policy_test.h"
#include "lab.h"
#include "question.h"
#include "support/shortage.h"

static struct lab lab;

#define GIVEN                  "'given':{'agent':'remediator'}"
#define REQUEST                "'request':{'items':[{'actions':['service.read'],'resources':['svc:staging/x']}]}"
#define ALL                    "'request':{'items':[{'actions':['service.*'],'resources':['svc:staging/**']}]}"
#define NEVER                  "'request':{'items':[{'actions':['service.delete'],'resources':['svc:staging/x']}]}"
#define HELD                   "'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define ACTION(a)              "'action':{" HELD ",'action':'" a "','resource':'svc:staging/x'}"
#define SIGNAL                 "'event':{'kind':'signal','signal':'edr','from':'other'}"
#define CASE(question, expect) "{'name':'n'," GIVEN "," question ",'expect':{" expect "}}"
#define FILE_OF(cases)         "{'policy':'p','cases':[" cases "]}"

static enum ambit_err run(struct arena *arena, const char *text, struct ambit_test_report *report,
                          struct ambit_test_problem *problem)
{
    struct ambit_str quoted = question_quoted(&lab.arena, text);
    assert_non_null(quoted.p);
    return ambit_policy_test(lab.set, AMBIT_STR("p"), quoted, LAB_NOW_MS, arena, report, problem);
}

static void test_files(void **state)
{
    static const struct {
        const char *name, *text, *pointer, *what;
    } rows[] = {
        {"no JSON", "{", "", NULL},
        {"no object", "[]", "", "not a file of tests"},
        {"unknown", "{'policy':'p','case':[]}", "", "unknown member"},
        {"no policy", "{'cases':[]}", "/policy", "not the policy that the file is named after"},
        {"another", "{'policy':'q','cases':[]}", "/policy",
         "not the policy that the file is named after"},
        {"no cases", "{'policy':'p'}", "/cases", "no cases"},
        {"cases", "{'policy':'p','cases':{}}", "/cases", "no cases"},
        {"none", FILE_OF(""), "/cases", "no cases"},
        {"no object", FILE_OF("1"), "/cases", "not a case"},
        {"unknown", FILE_OF("{'name':'n','action_':1}"), "/cases", "unknown member of a case"},
        {"no name", FILE_OF("{}"), "/cases", "member missing"},
        {"no given", FILE_OF("{'name':'n'}"), "/cases", "member missing"},
        {"given", FILE_OF("{'name':'n','given':1}"), "/cases", "member missing"},
        {"no question", FILE_OF("{'name':'n','given':{}}"), "/cases",
         "no question, or more than one"},
        {"two", FILE_OF("{'name':'n','given':{},'request':{},'event':{}}"), "/cases",
         "no question, or more than one"},
        {"no expect", FILE_OF("{'name':'n','given':{},'request':{}}"), "/cases", "member missing"},
        {"expect", FILE_OF("{'name':'n','given':{},'request':{},'expect':1}"), "/cases",
         "member missing"},
        {"nothing", FILE_OF("{'name':'n','given':{},'request':{},'expect':{}}"), "/cases",
         "member missing"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_test_report report;
        struct ambit_test_problem problem;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(rows[i].name,
                  run(&arena, rows[i].text, &report, &problem) == AMBIT_ERR_MALFORMED);
        ROW_CHECK(rows[i].name, ambit_str_is(problem.pointer, rows[i].pointer));
        ROW_CHECK(rows[i].name, problem.line == 1 && problem.column > 0 && problem.expected);
        ROW_CHECK(rows[i].name, !rows[i].what || strcmp(problem.what, rows[i].what) == 0);
    }
    struct ambit_test_report report;
    struct ambit_test_problem problem;
    struct ambit_str text = question_quoted(&lab.arena, "{'policy':'zed','cases':[1]}");
    assert_int_equal(ambit_policy_test(lab.set, AMBIT_STR("zed"), text, LAB_NOW_MS, &lab.arena,
                                       &report, &problem),
                     AMBIT_ERR_MALFORMED);
    assert_string_equal(problem.what, "no such policy");
}

static const struct {
    const char *name, *text, *why;
} cases_rows[] = {
    {"decision", CASE(REQUEST, "'decision':'allow'"), NULL},
    {"the other", CASE(REQUEST, "'decision':'deny'"), "decision: expected 'deny', is 'allow'"},
    {"of another type", CASE(REQUEST, "'decision':1"), "decision: expected 1, is 'allow'"},
    {"absent", CASE(REQUEST, "'remedy':{}"), "remedy: expected {}, is absent"},
    {"an empty list", CASE(ALL, "'except':[]"), "except: expected [], is"},
    {"an absent list", CASE(ACTION("service.read"), "'except':[]"), NULL},
    {"not empty", CASE(ACTION("service.read"), "'except':[1]"), "except: expected [1], is absent"},
    {"seconds", CASE(REQUEST, "'lifetime_s':900"), NULL},
    {"other seconds", CASE(REQUEST, "'lifetime_s':901"), "lifetime_s: expected 901, is 900"},
    {"no whole seconds", CASE(REQUEST, "'lifetime_s':900.5"), "lifetime_s: expected 900.5, is 900"},
    {"nor in an object", CASE(NEVER, "'remedy':{'x':[0.5]}"),
     "remedy: expected a value with a number that is no whole one, is {"},
    {"a duration", CASE(REQUEST, "'lifetime':'15m'"), NULL},
    {"another", CASE(REQUEST, "'lifetime':'14m'"), "lifetime: expected '14m', is 900"},
    {"no duration", CASE(REQUEST, "'lifetime':'long'"), "lifetime: expected 'long', is 900"},
    {"a number of a duration", CASE(REQUEST, "'lifetime':900"), "lifetime: expected 900, is 900"},
    {"no lifetime", CASE(NEVER, "'lifetime':'15m'"), "lifetime: expected '15m', is absent"},
    {"some of an object", CASE(NEVER, "'remedy':{'retry':false}"), NULL},
    {"not that", CASE(NEVER, "'remedy':{'retry':true}"), "remedy: expected {'retry':true}, is {"},
    {"not there", CASE(NEVER, "'remedy':{'x':null}"), "remedy: expected {'x':null}, is {"},
    {"a check", CASE(NEVER, "'checks':[{'check':'never','result':'fail'}]"), NULL},
    {"two, in any order",
     CASE(NEVER, "'checks':[{'check':'never'},{'check':'stop','result':'pass'}]"), NULL},
    {"not so", CASE(NEVER, "'checks':[{'check':'never','result':'pass'}]"), "checks: expected"},
    {"no such check", CASE(NEVER, "'checks':[{'check':'moon'}]"), "checks: expected"},
    {"no list of checks", CASE(NEVER, "'checks':{}"), "checks: expected {}, is ["},
    {"no checks at all", CASE(NEVER, "'checks':[]"), NULL},
    {"a list", CASE(SIGNAL, "'trips':['p/edr']"), NULL},
    {"another", CASE(SIGNAL, "'trips':['p/x']"), "trips: expected ['p/x'], is ['p/edr']"},
    {"a longer one", CASE(SIGNAL, "'trips':['p/edr','p/x']"), "trips: expected"},
    {"a shorter one", CASE(SIGNAL, "'trips':[]"), "trips: expected [], is ['p/edr']"},
    {"a list that is not there", CASE(NEVER, "'except':['x']"),
     "except: expected ['x'], is absent"},
    {"a number that is not there", CASE(NEVER, "'except':1"), "except: expected 1, is absent"},
    {"an empty one that is not there", CASE(NEVER, "'except':[]"), NULL},
    {"two differences", CASE(REQUEST, "'decision':'deny','reason':'forbidden'"),
     "decision: expected"},
    {"no agent", "{'name':'n','given':{},'request':{},'expect':{'decision':'deny'}}",
     "/request: member missing; expected agent"},
    {"unknown agent",
     "{'name':'n','given':{'agent':'zed'},'request':{},'expect':{'decision':'deny'}}",
     "/given/agent: no such agent 'zed'; expected the name of a document of the set"},
    {"wrong action", CASE("'action':{'action':1}", "'decision':'deny'"),
     "/action/action: not a text; expected a string"},
    {"wrong event", CASE("'event':{'kind':'x'}", "'trips':[]"), "/event/kind: no kind of entry"},
    {"its own time",
     "{'name':'n','given':{'agent':'remediator','now':'2026-11-20T12:00:00Z'}," REQUEST
     ",'expect':{'decision':'allow'}}",
     NULL},
};

/* `why` NULL: the case passes. */
static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(cases_rows); i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, FILE_OF("%s"), cases_rows[i].text);
        assert_true(len > 0 && (size_t)len < sizeof file);
        struct ambit_test_report report;
        struct ambit_test_problem problem;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(cases_rows[i].name, run(&arena, file, &report, &problem) == AMBIT_OK);
        const struct ambit_test_case *c = &report.cases[0];
        struct ambit_str want = question_quoted(&arena, cases_rows[i].why ? cases_rows[i].why : "");
        if (c->n_differences && !(cases_rows[i].why && strstr(c->differences[0].p, want.p)))
            print_error("%s: %s\n", cases_rows[i].name, c->differences[0].p);
        ROW_CHECK(cases_rows[i].name,
                  report.n_cases == 1 && ambit_str_is(c->name, "n") && c->line == 1);
        ROW_CHECK(cases_rows[i].name,
                  c->passed == !cases_rows[i].why && report.n_passed == c->passed);
        ROW_CHECK(cases_rows[i].name, c->passed == (c->n_differences == 0));
        ROW_CHECK(cases_rows[i].name, c->passed || strstr(c->differences[0].p, want.p));
    }
}

/* Which of r s (rules), n m (never rules), edr bulk (hard stops) are reached: one letter each. */
static void test_reach(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        {"given", CASE(ALL, "'decision':'allow'"), "r.n..."},
        {"refused by a never rule", CASE(NEVER, "'decision':'deny'"), "..n..."},
        {"allowed", CASE(ACTION("service.read"), "'decision':'allow'"), "r....."},
        {"outside", CASE(ACTION("x.y"), "'decision':'deny'"), "......"},
        {"fires", CASE(SIGNAL, "'trips':['p/edr']"), "....e."},
        {"refused by a stop", CASE(ACTION("service.bulk"), "'reason':'hard_stop'"), ".....b"},
        {"all of them",
         CASE(ALL, "'decision':'allow'") "," CASE(SIGNAL, "'trips':[]") "," CASE(
             REQUEST, "'decision':'allow'"),
         "r.n.e."},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char file[4096], got[16] = "";
        int len = snprintf(file, sizeof file, FILE_OF("%s"), rows[i].text);
        assert_true(len > 0 && (size_t)len < sizeof file);
        struct ambit_test_report report;
        struct ambit_test_problem problem;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        ROW_CHECK(rows[i].name, run(&arena, file, &report, &problem) == AMBIT_OK);
        assert_int_equal(report.n_reach, 6);
        size_t n = 0;
        for (size_t k = 0; k < 6; k++) {
            assert_int_equal(report.reach[k].part, k < 2   ? AMBIT_PART_RULE
                                                   : k < 4 ? AMBIT_PART_NEVER
                                                           : AMBIT_PART_HARD_STOP);
            got[k] = '.';
            if (report.reach[k].is_reached)
                got[k] = report.reach[k].id.p[0];
            n += report.reach[k].is_reached;
        }
        if (strcmp(got, rows[i].want) != 0)
            print_error("%s: %s\n", rows[i].name, got);
        ROW_CHECK(rows[i].name, strcmp(got, rows[i].want) == 0 && report.n_reached == n);
    }
}

/* A report is whole, or there is none. */
static void test_memory(void **state)
{
    static const char *const cases = CASE(
        ALL,
        "'decision':'deny','reason':'forbidden','checks':[{'check':'moon'}"
        "]") "," CASE(SIGNAL,
                      "'trips':['p/x']") "," CASE(NEVER,
                                                  "'decision':'deny'") "," CASE("'action':{"
                                                                                "'a"
                                                                                "ction':1}",
                                                                                "'trips':["
                                                                                "]") "," CASE("'eve"
                                                                                              "nt':"
                                                                                              "{'"
                                                                                              "kind"
                                                                                              "':'"
                                                                                              "sign"
                                                                                              "al',"
                                                                                              "'sig"
                                                                                              "nal'"
                                                                                              ":'"
                                                                                              "edr'"
                                                                                              ",'"
                                                                                              "from"
                                                                                              "':'"
                                                                                              "nobo"
                                                                                              "dy'"
                                                                                              "}",
                                                                                              "'tri"
                                                                                              "ps':"
                                                                                              "[]");
    char file[4096];
    int len = snprintf(file, sizeof file, FILE_OF("%s"), cases);
    bool has_failed = false;
    (void)state;
    assert_true(len > 0 && (size_t)len < sizeof file);
    FAILING_START();
    do {
        struct ambit_test_report report;
        struct ambit_test_problem problem;
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        struct ambit_str quoted = question_quoted(&lab.arena, file);
        failing_arm();
        enum ambit_err err = ambit_policy_test(lab.set, AMBIT_STR("p"), quoted, LAB_NOW_MS, &arena,
                                               &report, &problem);
        has_failed = failing_disarm();
        assert_int_equal(err, has_failed ? AMBIT_ERR_NO_MEMORY : AMBIT_OK);
        assert_true(has_failed || (report.n_cases == 5 && report.n_passed == 1));
    } while (has_failed);
    assert_true(failing.n_ways > 50);
}

static void test_part_text(void **state)
{
    (void)state;
    assert_string_equal(ambit_test_part_text(AMBIT_PART_RULE), "rule");
    assert_string_equal(ambit_test_part_text(AMBIT_PART_NEVER), "never");
    assert_string_equal(ambit_test_part_text(AMBIT_PART_HARD_STOP), "hard_stop");
}

static int open_all(void **state)
{
    static const struct lab_policy policies[] = {
        {"p", "",
         "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],'ttl':{'max':'1"
         "5m','default':'15m'}},{'id':'s','actions':['db.*'],'resources':['db:**'],'ttl':{'max':'15"
         "m'}}],'never':[{'id':'n','actions':['service.delete'],'resources':['svc:**']},{'id':'m','"
         "actions':['db.drop'],'resources':['db:**']}],'hard_stops':[{'id':'edr','on':'signal','sig"
         "nal':'edr','from':['other'],'then':'suspend_agent'},{'id':'bulk','on':'allowed','actions'"
         ":['service.bulk'],'then':'suspend_agent'}]"},
        {"other", "",
         "'allow':[{'id':'r','actions':['x.*'],'resources':['x:**'],'ttl':{'max':'15m'}}]"
         "," LAB_QUIET},
    };
    (void)state;
    lab_open(&lab, policies, AMBIT_LEN(policies));
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    lab_close(&lab);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),     cmocka_unit_test(test_cases),
        cmocka_unit_test(test_reach),     cmocka_unit_test(test_memory),
        cmocka_unit_test(test_part_text),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
