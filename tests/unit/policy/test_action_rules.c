/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of an action that no single reason shows: what is charged to whom, which item, whose
 * attempt it is, the context that passes. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                                     \
    "'allow':[{'id':'staging','actions':['service.*'],'resources':['svc:staging/**']," \
    "'ttl':{'default':'5m','max':'15m'}" more "}]"
#define PLAIN RULE("") "," LAB_QUIET

static struct lab lab;
static struct ambit_context_member context[2];

static void with_context(struct ambit_action_question *q, const char *name,
                         struct ambit_scalar value, bool is_other)
{
    context[q->n_context] = (struct ambit_context_member){
        .name = ambit_str_of(name), .is_other = is_other, .value = value};
    q->context = context;
    q->n_context++;
}

static struct ambit_scalar number(int64_t n)
{
    return (struct ambit_scalar){.kind = AMBIT_SCALAR_INTEGER, .integer = n};
}

static struct ambit_scalar text(const char *t)
{
    return (struct ambit_scalar){.kind = AMBIT_SCALAR_STRING, .text = ambit_str_of(t)};
}

#define SUM RULE(",'limits':[{'sum':'rows','max':10,'within':'1h'}]") "," LAB_QUIET

/* A grant of every service action on everything in staging. */
static void take_grant(const char *head, const char *body)
{
    struct lab_policy policy = {"p", head, body};
    struct ambit_item item = {AMBIT_STR("service.*"), AMBIT_STR("svc:staging/**")};
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_open(&lab, &policy, 1);
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
}

/* What is charged to whom, and kept for how long. */
static void test_charges(void **state)
{
    (void)state;
    static const struct {
        const char *by, *key;
    } bys[] = {{"grant", "ZAcAAAAAAAAAAAAAAAAAAA"},
               {"lineage", "ZAcAAAAAAAAAAAAAAAAAAA"},
               {"agent", "remediator"},
               {"team", "payments"},
               {"owner", "dana"},
               {"resource", "svc:staging/x"},
               {"policy", "p"}};
    for (size_t i = 0; i < AMBIT_LEN(bys); i++) {
        char body[1024], key[256];
        snprintf(body, sizeof body,
                 RULE(",'limits':[{'count':2,'within':'1m','by':'%s'},{'count':5,'within':'1h',"
                      "'by':'%s'},{'count':900,'within':'1h','by':'%s'}]") "," LAB_QUIET,
                 bys[i].by, bys[i].by, i == 3 ? "agent" : "team");
        take_grant("", body);
        struct ambit_action_question q = lab_action(&lab, "service.read", "svc:staging/x");
        snprintf(key, sizeof key, "p/staging/rule/count//%s/%s", bys[i].by, bys[i].key);
        lab_decide_action(&lab, &q);
        assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
        assert_int_equal(lab.d.n_charges, 2); /* two windows on one history: one entry */
        assert_int_equal(lab.d.charges[0].what.within_ms, 3600 * 1000);
        assert_int_equal(lab.d.n_figures, 3);
        lab_replay_action(&lab, &q);
        lab_commit(&lab);
        assert_int_equal(lab_get(&lab, key), 1);
        lab_decide_action(&lab, &q);
        lab_commit(&lab);
        lab_decide_action(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED); /* exactly two pass */
        assert_int_equal(lab.d.n_charges, 0);
        lab_close(&lab);
    }
}

static void test_sum_and_full(void **state)
{
    (void)state;
    take_grant("", SUM);
    struct ambit_action_question q = lab_action(&lab, "service.read", "svc:staging/x");
    with_context(&q, "rows", number(10), false);
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.charges[0].amount, 10);
    context[0].value.integer = 11;
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    context[0].value.integer = INT64_MAX;
    lab_set(&lab, "p/staging/rule/sum/rows/agent/remediator", 5); /* no overflow into a yes */
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    context[0].value.integer = 0;
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.n_charges, 0); /* nothing is no entry */
    lab_set(&lab, "p/staging/rule/sum/rows/agent/remediator", AMBIT_FIGURE_FULL);
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

/* Where several items cover the action the first that passes is charged, alone. */
static void test_items_in_order(void **state)
{
    (void)state;
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'few','actions':['a.b'],'resources':['svc:x/**'],'ttl':{'max':'9m'},"
        "'limits':[{'count':1,'within':'1m'}]},{'id':'many','actions':['a.*'],'resources':"
        "['svc:**'],'ttl':{'max':'9m'},'limits':[{'count':2,'within':'1m'}]}]," LAB_QUIET};
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:x/**")},
                                 {AMBIT_STR("a.*"), AMBIT_STR("svc:**")}};
    struct ambit_grant_question g = lab_question(items, 2);
    lab_open(&lab, &policy, 1);
    lab_decide_grant(&lab, &g);
    lab_take_grant(&lab, &g);
    struct ambit_action_question q = lab_action(&lab, "a.b", "svc:x/1");
    lab_decide_action(&lab, &q);
    lab_assert_text("charged", lab.d.rule, "few");
    assert_int_equal(lab.d.n_charges, 1);
    lab_commit(&lab);
    for (int i = 0; i < 2; i++) {
        lab_decide_action(&lab, &q);
        lab_assert_text("charged", lab.d.rule, "many");
        assert_int_equal(lab.d.given_item, 1);
        lab_replay_action(&lab, &q);
        lab_commit(&lab);
    }
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_assert_text("ties first", lab.d.rule, "few");
    lab_close(&lab);
}

/* An inactive backup refuses new grants only; an inactive owner, actions too. */
static void test_owner(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "", PLAIN};
    for (int dana = 0; dana < 2; dana++) {
        take_grant("", PLAIN);
        struct ambit_grant_view grant = lab.grant;
        struct ambit_given item = {.action = AMBIT_STR("service.*"),
                                   .resource = AMBIT_STR("svc:staging/**"),
                                   .policy = AMBIT_STR("p"),
                                   .rule = AMBIT_STR("staging")};
        grant.audience = LAB_AUDIENCE;
        lab_close(&lab);
        lab_open_with(&lab, &policy, 1, dana, false);
        lab.grant = grant;
        lab.grant.items = &item;
        struct ambit_action_question q = lab_action(&lab, "service.read", "svc:staging/x");
        lab_decide_action(&lab, &q);
        assert_int_equal(lab.d.reason, dana ? AMBIT_REASON_ALLOWED : AMBIT_REASON_INACTIVE);
        if (!dana)
            lab_assert_text("owner", lab.d.member, "owner");
        lab_close(&lab);
    }
}

/* Nobody's victim: whose attempt a question is. */
static void test_attempts(void **state)
{
    (void)state;
    take_grant("", PLAIN);
    struct ambit_action_question q = lab_action(&lab, "service.read", "svc:staging/x");
    lab_decide_action(&lab, &q);
    assert_true(lab.d.is_attempt);
    q.service = AMBIT_STR("other");
    lab_decide_action(&lab, &q);
    assert_false(lab.d.is_attempt);
    q.service = (struct ambit_str){0};
    lab_decide_action(&lab, &q);
    assert_true(lab.d.is_attempt); /* the agent asks about its own token */
    lab.grant.binding = AMBIT_BINDING_DPOP;
    lab_decide_action(&lab, &q);
    assert_false(lab.d.is_attempt);
    q.has_proof = true;
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    lab.grant.liveness = AMBIT_DEAD_REVOKED;
    lab_decide_action(&lab, &q);
    assert_true(lab.d.reason == AMBIT_REASON_INACTIVE && lab.d.is_attempt);
    q.has_proof = false; /* dead, and presented by who knows whom */
    lab_decide_action(&lab, &q);
    assert_true(lab.d.reason == AMBIT_REASON_INACTIVE && !lab.d.is_attempt);
    lab_close(&lab);
}

static void test_context_passes(void **state)
{
    (void)state;
    take_grant("", RULE(",'when':{'reason':true,'context':{'batch':{'min':1,'max':3},"
                        "'mode':{'in':['rolling','blue'],'matches':'b*'}}}") "," LAB_QUIET);
    struct ambit_action_question q = lab_action(&lab, "service.read", "svc:staging/x");
    q.stated_reason = AMBIT_STR("INC-7");
    with_context(&q, "mode", text("blue"), false);
    with_context(&q, "batch", number(3), false);
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(ambit_explain_action(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_checks(&lab, AMBIT_ACTION_CHECKS, AMBIT_ACTION_CHECKS);
    lab_assert_text("context", lab.explanation.checks[AMBIT_ACTION_CHECK_CONTEXT].saw,
                    "batch 3; mode blue");
    context[0].value = text("rolling"); /* in the list, but does not match: all must hold */
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_CONTEXT_VIOLATED);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_charges),        cmocka_unit_test(test_sum_and_full),
        cmocka_unit_test(test_items_in_order), cmocka_unit_test(test_owner),
        cmocka_unit_test(test_attempts),       cmocka_unit_test(test_context_passes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
