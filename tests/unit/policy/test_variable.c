/* SPDX-License-Identifier: Apache-2.0 */
/* `${agent}`, `${team}`, `${purpose}` (policy-language.md, "Names and patterns"): whole segments of
 * an allow rule's resources, fixed in the grant; a value that is no segment matches nothing, while
 * the rule's other patterns stand. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/variable.h"

#define BODY                                                                               \
    "'allow':[{'id':'own','actions':['a.*'],'resources':['svc:${agent}/**','db:x/${team}'" \
    ",'ticket:${purpose}/${purpose}','svc:all/*'],'ttl':{'max':'9m'}}]," LAB_QUIET

static struct lab lab;

static enum ambit_reason ask(const char *resource, const char *purpose)
{
    struct ambit_item item = {AMBIT_STR("a.b"), ambit_str_of(resource)};
    struct ambit_grant_question q = lab_question(&item, 1);
    q.purpose = ambit_str_of(purpose);
    lab_decide_grant(&lab, &q);
    lab_replay_grant(&lab, &q);
    return lab.d.reason;
}

static void test_grants(void **state)
{
    (void)state;
    static const struct {
        const char *resource, *purpose;
        enum ambit_reason want;
    } rows[] = {
        {"svc:remediator/x/y", NULL, AMBIT_REASON_ALLOWED},
        {"svc:remediator/**", NULL, AMBIT_REASON_ALLOWED},
        {"svc:reporter/x", NULL, AMBIT_REASON_OUT_OF_SCOPE},
        {"svc:*/x", NULL, AMBIT_REASON_OUT_OF_SCOPE},
        {"svc:all/x", NULL, AMBIT_REASON_ALLOWED},
        {"db:x/payments", NULL, AMBIT_REASON_ALLOWED},
        {"db:x/pay*", NULL, AMBIT_REASON_OUT_OF_SCOPE},
        {"ticket:INC-1/INC-1", "INC-1", AMBIT_REASON_ALLOWED},
        {"ticket:INC-1/INC-2", "INC-1", AMBIT_REASON_OUT_OF_SCOPE},
        {"ticket:INC-1/INC-1", NULL, AMBIT_REASON_OUT_OF_SCOPE},
        /* No segment: it matches nothing, and never more. */
        {"ticket:INC-1/INC-1", "*", AMBIT_REASON_OUT_OF_SCOPE},
        {"ticket:**", "**", AMBIT_REASON_OUT_OF_SCOPE},
        {"ticket:a/b", "a/b", AMBIT_REASON_OUT_OF_SCOPE},
        {"ticket:a/b/a/b", "a/b", AMBIT_REASON_OUT_OF_SCOPE},
        {"svc:all/x", "a b", AMBIT_REASON_ALLOWED}, /* the others stand */
        {"svc:all/x", "..", AMBIT_REASON_ALLOWED},
        {"ticket:a:b/a:b", "a:b", AMBIT_REASON_ALLOWED}, /* a segment may hold ':' */
    };
    struct lab_policy policy = {"p", "", BODY};
    lab_open(&lab, &policy, 1);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (ask(rows[i].resource, rows[i].purpose) != rows[i].want)
            fail_msg("%s for %s: %s", rows[i].resource, rows[i].purpose ? rows[i].purpose : "-",
                     ambit_reason_text(lab.d.reason));
    }
    lab_close(&lab);
}

static bool gives(const char *resource)
{
    for (size_t i = 0; i < lab.d.n_given; i++) {
        if (ambit_str_is(lab.d.given[i].resource, resource))
            return true;
    }
    return false;
}

/* Asked on every resource (TOK-12): what is given stands with real text; a pattern whose value is
 * no segment is not given. */
static void test_open(void **state)
{
    (void)state;
    static const struct ambit_item item = {{"a.b", 3}, {0}};
    struct lab_policy policy = {
        "p", "", BODY ",'never':[{'id':'n','actions':['a.*'],'resources':['svc:all/*']}]"};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    q.purpose = AMBIT_STR("INC-7");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_given, 3); /* one of them is forbidden */
    lab_close(&lab);

    policy.body = BODY;
    lab_open(&lab, &policy, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_given, 4);
    assert_true(gives("svc:remediator/**") && gives("db:x/payments") &&
                gives("ticket:INC-7/INC-7") && gives("svc:all/*"));
    lab_replay_grant(&lab, &q);
    q.purpose = AMBIT_STR("any thing");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.n_given, 3);
    lab_close(&lab);
}

/* A stop over everything a refused open item stands for hears the filled text. */
static void test_open_refused(void **state)
{
    (void)state;
    static const struct ambit_item item = {{"a.b", 3}, {0}};
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'own','actions':['a.*'],'resources':['svc:${purpose}/x','svc:${agent}/x'],"
        "'ttl':{'max':'9m'},'bind':['dpop']}],'hard_stops':[{'id':'s','on':'attempted','resources':"
        "['svc:remediator/*'],'count':5,'within':'1m','then':'suspend_agent'}]"};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_BINDING_REQUIRED);
    assert_int_equal(lab.d.n_charges, 1);
    lab_close(&lab);
}

/* At an action the values are those of the grant's row, not of the documents now. */
static void test_actions(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "", BODY};
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("db:x/payments")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("ticket:INC-1/INC-1")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("svc:remediator/*")}};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question grant = lab_question(items, 3);
    grant.purpose = AMBIT_STR("INC-1");
    lab_decide_grant(&lab, &grant);
    lab_take_grant(&lab, &grant);
    uint64_t live = 0, ask_first = 0;
    ambit_grant_items_now(lab.set, &lab.grant, NULL, 0, grant.now_ms, &live, &ask_first);
    assert_int_equal(live, 7);
    struct ambit_action_question db = lab_action(&lab, "a.b", "db:x/payments"),
                                 ticket = lab_action(&lab, "a.b", "ticket:INC-1/INC-1");
    lab_decide_action(&lab, &db);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    lab_decide_action(&lab, &ticket);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);

    lab.grant.team = AMBIT_STR("platform");
    lab.grant.purpose = AMBIT_STR("INC-2");
    lab_decide_action(&lab, &db);
    assert_int_equal(lab.d.reason, AMBIT_REASON_POLICY_CHANGED);
    lab_assert_text("member", lab.d.member, "resources");
    lab_decide_action(&lab, &ticket);
    assert_int_equal(lab.d.reason, AMBIT_REASON_POLICY_CHANGED);
    ambit_grant_items_now(lab.set, &lab.grant, NULL, 0, grant.now_ms, &live, &ask_first);
    assert_int_equal(live, 4);
    lab_close(&lab);
}

/* What would be longer than a pattern may be matches nothing. */
static void test_long(void **state)
{
    (void)state;
    char text[AMBIT_WORD_MAX], value[AMBIT_WORD_MAX];
    struct pattern_buf pattern, filled;
    struct variables variables = {.purpose = {value, 0}};
    memset(value, 'x', sizeof value);
    assert_int_equal(
        pattern_parse(AMBIT_STR("svc:a/${purpose}/b"), PATTERN_RESOURCE, true, &pattern), AMBIT_OK);
    static const struct {
        size_t len;
        bool want;
    } rows[] = {{0, false},
                {1, true},
                {AMBIT_WORD_MAX - 8, true},
                {AMBIT_WORD_MAX - 7, false},
                {AMBIT_WORD_MAX, false}};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        variables.purpose.len = rows[i].len;
        assert_int_equal(pattern_fill(&pattern.pattern, &variables, text, &filled), rows[i].want);
    }
    assert_int_equal(pattern_parse(AMBIT_STR("svc:${agent}"), PATTERN_RESOURCE, true, &pattern),
                     AMBIT_OK);
    assert_false(pattern_fill(&pattern.pattern, &variables, text, &filled)); /* absent */
}

/* More than a grant can hold is malformed: ask narrower. */
static void test_many(void **state)
{
    (void)state;
    static const struct ambit_item items[] = {{{"a.b", 3}, {0}}, {{"a.c", 3}, {0}}};
    char body[8192] = "'allow':[{'id':'own','actions':['a.*'],'ttl':{'max':'9m'},'resources':[";
    size_t at = strlen(body);
    for (int i = 0; i < 40; i++)
        at += (size_t)snprintf(body + at, sizeof body - at, "%s'svc:${agent}/%d'", i ? "," : "", i);
    snprintf(body + at, sizeof body - at, "]}]," LAB_QUIET);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(items, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.n_given, 40);
    q.n_items = 2;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_MALFORMED);
    lab_assert_text("member", lab.d.member, "items");
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grants),       cmocka_unit_test(test_open),
        cmocka_unit_test(test_open_refused), cmocka_unit_test(test_actions),
        cmocka_unit_test(test_long),         cmocka_unit_test(test_many),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
