/* SPDX-License-Identifier: Apache-2.0 */
/* Hard stops (policy-language.md, "History" and "Counting"): which event counts for which stop,
 * what fires, beside or instead of the answer, what it takes, and what begins anew. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALLOW                                                                         \
    "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}," \
    "'limits':[{'count':3,'within':'1m'}]}]"
#define GRANT_TEXT "ZAcAAAAAAAAAAAAAAAAAAA"

static struct lab lab;
static struct ambit_grant_question question;

static void open_with(const char *stops)
{
    static struct ambit_item item = {{"a.*", 3}, {"svc:**", 6}};
    char body[4096];
    snprintf(body, sizeof body, ALLOW ",'hard_stops':[%s]", stops);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    question = lab_question(&item, 1);
    lab_decide_grant(&lab, &question);
    lab_take_grant(&lab, &question);
}

static enum ambit_reason act(const char *action, const char *resource)
{
    struct ambit_action_question q = lab_action(&lab, action, resource);
    lab_decide_action(&lab, &q);
    lab_replay_action(&lab, &q);
    lab_commit(&lab);
    return lab.d.reason;
}

static enum ambit_reason ask(const char *action, const char *resource)
{
    struct ambit_item item = {ambit_str_of(action),
                              resource ? ambit_str_of(resource) : (struct ambit_str){0}};
    struct ambit_grant_question q = question;
    q.items = &item;
    lab_decide_grant(&lab, &q);
    lab_replay_grant(&lab, &q);
    lab_commit(&lab);
    return lab.d.reason;
}

/* Three refusals by grant: the third trips beside the refusal, whose reason stays. */
static void test_denied(void **state)
{
    (void)state;
    open_with("{'id':'probing','on':'denied','count':3,'within':'1m','by':'grant','then':'revoke_"
              "grant'}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
        assert_int_equal(lab.d.n_trips, i == 2);
        assert_int_equal(lab.d.charges[0].resets, i == 2);
        assert_int_equal(lab.d.charges[0].what.within_ms, 60000);
    }
    assert_int_equal(lab.d.trips[0].then, AMBIT_THEN_REVOKE_GRANT);
    assert_int_equal(lab.d.trips[0].by, AMBIT_BY_GRANT);
    lab_assert_text("key", lab.d.trips[0].key, GRANT_TEXT);
    lab_assert_text("stop", lab.d.trips[0].id, "probing");
    lab_assert_text("rule of the refusal", lab.d.rule, "");
    /* It begins again from nothing. */
    assert_int_equal(lab_get(&lab, "p/probing/stop/count//grant/" GRANT_TEXT), 0);
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_trips, 0);
    /* Under no grant and no lineage: a token request is not heard. */
    assert_int_equal(ask("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_charges, 0);
    lab_close(&lab);
}

/* What stops and limits refuse is never `denied`, so that nothing feeds on itself. */
static void test_not_denied(void **state)
{
    (void)state;
    open_with("{'id':'d','on':'denied','count':9,'within':'1m','then':'suspend_agent'}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(lab.d.n_charges, 0);
    lab.grant.liveness = AMBIT_DEAD_REVOKED;
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_INACTIVE);
    assert_int_equal(lab.d.n_charges, 0);
    lab_stop(&lab, 1, AMBIT_TARGET_ALL, "");
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_STOPPED);
    assert_int_equal(ask("b.x", "svc:1"), AMBIT_REASON_STOPPED);
    assert_int_equal(lab.d.n_charges, 0);
    lab_close(&lab);
}

/* Of a token request wrong_audience is denied; of an action it is no attempt at all. */
static void test_wrong_audience(void **state)
{
    (void)state;
    open_with("{'id':'d','on':'denied','count':9,'within':'1m','then':'suspend_agent'},"
              "{'id':'t','on':'attempted','count':9,'within':'1m','then':'suspend_agent'}");
    question.audience = LAB_OTHER;
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_WRONG_AUDIENCE);
    assert_int_equal(lab.d.n_charges, 2);
    struct ambit_action_question q = lab_action(&lab, "a.b", "svc:1");
    q.service = AMBIT_STR("other");
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
    assert_int_equal(lab.d.n_charges, 0);
    lab_close(&lab);
}

/* At once, on the attempt: refused with hard_stop where it would pass, beside the refusal where
 * not. */
static void test_attempted_at_once(void **state)
{
    (void)state;
    open_with(
        "{'id':'wire','on':'attempted','resources':['svc:canary/**'],'then':'suspend_agent'}");
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_trips, 0);
    assert_int_equal(act("a.b", "svc:canary/1"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.n_trips, 1);
    lab_assert_text("agent", lab.d.trips[0].agent, "remediator");
    assert_int_equal(lab.d.n_charges, 0); /* and no limit's history */
    assert_int_equal(act("b.x", "svc:canary/1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_trips, 1);
    assert_int_equal(ask("a.b", "svc:canary/x*"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(ask("a.b", "svc:**"), AMBIT_REASON_ALLOWED); /* does not lie inside */
    lab.grant.liveness = AMBIT_DEAD_REVOKED;
    assert_int_equal(act("a.b", "svc:canary/1"), AMBIT_REASON_INACTIVE);
    assert_int_equal(lab.d.n_trips, 1); /* every attempt, however it was answered */
    lab_close(&lab);
}

/* A stop on allowed is judged as if the request passed: the count-th is refused and enters that
 * stop's history and no limit's. */
static void test_allowed_count(void **state)
{
    (void)state;
    open_with("{'id':'busy','on':'allowed','count':2,'within':'1m','then':'suspend_agent'},"
              "{'id':'all','on':'attempted','count':9,'within':'1m','then':'suspend_agent'},"
              "{'id':'ok','on':'allowed','count':9,'within':'1m','then':'suspend_agent'}");
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 4); /* the limit and all three stops */
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_HARD_STOP);
    lab_assert_text("stop", lab.d.rule, "busy");
    assert_int_equal(lab.d.n_trips, 1);
    assert_int_equal(lab.d.n_charges, 2); /* what fired, begun anew, and the attempt */
    assert_int_equal(lab_get(&lab, "p/busy/stop/count//agent/remediator"), 0);
    assert_int_equal(lab_get(&lab, "p/all/stop/count//agent/remediator"), 2);
    assert_int_equal(lab_get(&lab, "p/ok/stop/count//agent/remediator"), 1);
    assert_int_equal(lab_get(&lab, "p/r/rule/count//agent/remediator"), 1);
    /* A refused action is not allowed: it does not count there. */
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab_get(&lab, "p/busy/stop/count//agent/remediator"), 0);
    lab_close(&lab);
}

static void test_sum(void **state)
{
    (void)state;
    open_with(
        "{'id':'bulk','on':'allowed','actions':['a.export'],'sum':'rows','max':100,'within':'1h',"
        "'by':'team','then':'stop_team'}");
    struct ambit_context_member rows = {.name = AMBIT_STR("rows"),
                                        .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 60}};
    struct ambit_action_question q = lab_action(&lab, "a.export", "svc:1");
    q.context = &rows;
    q.n_context = 1;
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    lab_commit(&lab);
    assert_int_equal(lab_get(&lab, "p/bulk/stop/sum/rows/team/payments"), 60);
    rows.value.integer = 40; /* exactly max does not pass it */
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    rows.value.integer = 41;
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.trips[0].then, AMBIT_THEN_STOP_TEAM);
    lab_assert_text("team", lab.d.trips[0].team, "payments");
    lab_assert_text("key", lab.d.trips[0].key, "payments");
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED); /* needs no rows */
    lab_close(&lab);
}

static void test_granted(void **state)
{
    (void)state;
    open_with(
        "{'id':'g','on':'granted','count':3,'within':'1m','by':'policy','then':'stop_policy'}");
    for (int i = 0; i < 2; i++)
        assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(ask("z.b", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED); /* an action is no grant */
    assert_int_equal(lab_get(&lab, "p/g/stop/count//policy/p"), 2);
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.trips[0].then, AMBIT_THEN_STOP_POLICY);
    assert_int_equal(lab.d.n_given, 0);
    lab_close(&lab);
}

/* While its hold lasts a stop does not fire, and what the hold refuses it does not count; a cut-off
 * alone holds nothing. */
static void test_held(void **state)
{
    (void)state;
    open_with(
        "{'id':'one','on':'attempted','count':2,'within':'1m','by':'policy','then':'stop_policy'},"
        "{'id':'two','on':'attempted','actions':['b.x'],'then':'suspend_agent'},"
        "{'id':'cut','on':'denied','actions':['b.y'],'then':'revoke_grant'}");
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_STOPPED);
    assert_int_equal(lab.d.n_trips, 0);
    assert_int_equal(lab_get(&lab, "p/one/stop/count//policy/p"), 0);
    assert_int_equal(ask("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab_get(&lab, "p/one/stop/count//policy/p"), 1);
    assert_int_equal(lab.d.n_trips, 1);
    lab_assert_text("the other", lab.d.trips[0].id, "two");
    lab_stop(&lab, 2, AMBIT_TARGET_AGENT, "remediator");
    assert_int_equal(ask("b.x", "svc:1"), AMBIT_REASON_STOPPED);
    assert_int_equal(lab.d.n_trips, 0);
    lab.world.n_stops = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask("b.y", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
        assert_int_equal(lab.d.trips[lab.d.n_trips - 1].then, AMBIT_THEN_REVOKE_GRANT);
    }
    lab_close(&lab);
}

/* What is malformed lies inside no pattern and is heard by stops without patterns alone. */
static void test_malformed(void **state)
{
    (void)state;
    open_with("{'id':'all','on':'denied','count':9,'within':'1m','then':'suspend_agent'},"
              "{'id':'some','on':'attempted','actions':['**'],'count':9,'within':'1m','then':"
              "'suspend_agent'}");
    assert_int_equal(act("a..b", "svc:1"), AMBIT_REASON_MALFORMED);
    assert_int_equal(lab_get(&lab, "p/all/stop/count//agent/remediator"), 1);
    assert_int_equal(lab_get(&lab, "p/some/stop/count//agent/remediator"), 0);
    assert_int_equal(ask("a..b", "svc:1"), AMBIT_REASON_MALFORMED);
    assert_int_equal(lab_get(&lab, "p/all/stop/count//agent/remediator"), 2);
    assert_int_equal(lab_get(&lab, "p/some/stop/count//agent/remediator"), 0);
    lab_close(&lab);
}

/* One event for every stop that one of the items lies inside; a refusal is a refusal of each. */
static void test_several_items(void **state)
{
    (void)state;
    open_with(
        "{'id':'x','on':'denied','actions':['a.b'],'count':9,'within':'1m','then':'suspend_agent'},"
        "{'id':'open','on':'denied','resources':['svc:**'],'count':9,'within':'1m','then':"
        "'suspend_agent'}");
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:1")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("svc:2")},
                                 {AMBIT_STR("z.z"), AMBIT_STR("db:1")}};
    struct ambit_grant_question q = question;
    q.items = items;
    q.n_items = 3;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_charges, 2);
    assert_int_equal(lab.d.charges[0].amount, 1);
    /* Asked on every resource and refused: inside, if what some rule gives for it is. */
    question.audience = LAB_OTHER;
    assert_int_equal(ask("a.b", NULL), AMBIT_REASON_WRONG_AUDIENCE);
    assert_int_equal(lab.d.n_charges, 2);
    lab_close(&lab);
}

/* What waits for a person is an attempt, and neither allowed nor denied; a stop that comes before
 * it in the order fires. */
static void test_not_approved(void **state)
{
    (void)state;
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'9m'},"
        "'approval':{'at':'grant','roles':['oncall'],'timeout':'2m'}}],"
        "'hard_stops':[{'id':'t','on':'attempted','count':9,'within':'1m','then':'suspend_agent'},"
        "{'id':'d','on':'denied','count':9,'within':'1m','then':'suspend_agent'},"
        "{'id':'g','on':'granted','count':9,'within':'1m','then':'suspend_agent'},"
        "{'id':'wire','on':'granted','resources':['svc:canary'],'then':'suspend_agent'}]"};
    lab_open(&lab, &policy, 1);
    question.audience = LAB_AUDIENCE;
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(lab.d.n_charges == 1 && lab.d.n_trips == 0 && lab.d.is_attempt);
    lab_assert_text("stop", lab.d.charges[0].what.id, "t");
    question.approval = AMBIT_APPROVAL_REJECTED;
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_APPROVAL_REJECTED);
    assert_int_equal(lab.d.n_charges, 1);
    question.approval = AMBIT_APPROVAL_GIVEN;
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 2);
    question.approval = AMBIT_APPROVAL_NONE;
    assert_int_equal(ask("a.b", "svc:canary"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.n_trips, 1);
    lab_close(&lab);
}

/* `never` rules and hard stops hold whatever their policy's dates. */
static void test_dates(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"over", "'not_after':'2026-01-01T00:00:00Z',",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'9m'}}],"
         "'never':[{'id':'n','actions':['a.c'],'resources':['svc:**']}],"
         "'hard_stops':[{'id':'wire','on':'attempted','resources':['svc:canary'],'then':"
         "'suspend_agent'}]"},
        {"p", "",
         "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}}],"
         "'hard_stops':[{'id':'none','on':'denied','actions':['x'],'then':'suspend_agent'}]"}};
    lab_open(&lab, policies, 2);
    assert_int_equal(ask("a.c", "svc:1"), AMBIT_REASON_FORBIDDEN);
    assert_int_equal(ask("a.b", "svc:canary"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(ask("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
    lab_assert_text("given by", lab.d.policy, "p");
    lab_close(&lab);
}

/* What crosses the line of a stop whose hold is in force is refused all the same, without a second
 * incident: a stop in force never opens what was closed. */
static void test_held_refuses(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"p", "",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:x'],'ttl':{'max':'9m'}}],"
         "'hard_stops':[{'id':'wire','on':'attempted','resources':['svc:canary'],'by':'policy',"
         "'then':'stop_policy'}]"},
        {"q", "",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'9m'}}]"
         "," LAB_QUIET}};
    lab_open(&lab, policies, 2);
    assert_int_equal(ask("a.b", "svc:canary"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.n_trips, 1);
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
    assert_int_equal(ask("a.b", "svc:canary"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.n_trips, 0);
    assert_int_equal(ask("a.b", "svc:y"), AMBIT_REASON_ALLOWED);
    lab_close(&lab);
}

/* A full window fires like any other excess; an array that is full is an error, not a cut. */
static void test_bounds(void **state)
{
    (void)state;
    open_with("{'id':'d','on':'denied','count':100000,'within':'1m','then':'suspend_agent'}");
    lab_set(&lab, "p/d/stop/count//agent/remediator", AMBIT_FIGURE_FULL);
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_trips, 1);
    lab_close(&lab);

    char names[3][8], bodies[8192] = "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],"
                                     "'ttl':{'max':'9m'}}],'hard_stops':[";
    for (int i = 0; i < 40; i++)
        snprintf(bodies + strlen(bodies), sizeof bodies - strlen(bodies),
                 "%s{'id':'s%d','on':'attempted','actions':['a.*'],'then':'suspend_agent'}",
                 i ? "," : "", i);
    snprintf(bodies + strlen(bodies), sizeof bodies - strlen(bodies), "]");
    struct lab_policy policies[2];
    for (int i = 0; i < 2; i++) {
        snprintf(names[i], sizeof names[i], "p%d", i);
        policies[i] = (struct lab_policy){names[i], "", bodies};
    }
    struct ambit_item item = {AMBIT_STR("a.b"), AMBIT_STR("svc:1")};
    lab_open(&lab, policies, 2);
    struct ambit_grant_question q = lab_question(&item, 1);
    assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_TOO_LARGE);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denied),         cmocka_unit_test(test_not_denied),
        cmocka_unit_test(test_wrong_audience), cmocka_unit_test(test_attempted_at_once),
        cmocka_unit_test(test_allowed_count),  cmocka_unit_test(test_sum),
        cmocka_unit_test(test_granted),        cmocka_unit_test(test_held),
        cmocka_unit_test(test_malformed),      cmocka_unit_test(test_several_items),
        cmocka_unit_test(test_not_approved),   cmocka_unit_test(test_dates),
        cmocka_unit_test(test_held_refuses),   cmocka_unit_test(test_bounds),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
