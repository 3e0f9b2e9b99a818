/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a token request that no single reason shows: order, all or none, exceptions, open
 * items, common audiences, replacing, shadow. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                           \
    "'allow':[{'id':'staging','actions':['service.read','service.restart']," \
    "'resources':['svc:staging/**'],'ttl':{'default':'5m','max':'15m'}" more "}]"
#define PLAIN RULE("") "," LAB_QUIET

static struct lab lab;
static void test_owner(void **state)
{
    (void)state;
    static const struct {
        bool dana, sam;
        const char *fault, *member, *saw;
    } cases[] = {
        {false, true, NULL, "owner", "dana is not active, sam is active"},
        {true, false, NULL, "backup", "dana is active, sam is not active"},
        {true, true, "backup", "backup",
         "dana is active, sam is active, but the backup was offboarded"},
        {true, true, "attestation", "attestation",
         "dana is active, sam is active, but no confirmation by the owner that still holds"}};
    struct lab_policy policy = {"p", "", PLAIN};
    struct ambit_item item = {AMBIT_STR("service.read"), AMBIT_STR("svc:staging/x")};
    for (size_t i = 0; i < AMBIT_LEN(cases); i++) {
        lab_open_with(&lab, &policy, 1, cases[i].dana, cases[i].sam);
        struct ambit_grant_question q = lab_question(&item, 1);
        q.owner_fault = ambit_str_of(cases[i].fault);
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_OWNER_REQUIRED);
        assert_int_equal(lab.d.failed_check, AMBIT_GRANT_CHECK_OWNER);
        lab_assert_text("owner", lab.d.member, cases[i].member);
        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        lab_assert_checks(&lab, AMBIT_GRANT_CHECK_OWNER, AMBIT_GRANT_CHECKS);
        lab_assert_text("owner", lab.explanation.checks[AMBIT_GRANT_CHECK_OWNER].saw, cases[i].saw);
        lab_close(&lab);
    }
}

static void test_allowed(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "", PLAIN};
    struct ambit_item items[] = {{AMBIT_STR("service.read"), AMBIT_STR("svc:staging/**")},
                                 {AMBIT_STR("service.restart"), AMBIT_STR("svc:staging/web-*")},
                                 {AMBIT_STR("service.read"), AMBIT_STR("svc:staging/**")}};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(items, 3);
    q.now_ms += 700;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.failed_check, AMBIT_GRANT_CHECKS);
    assert_int_equal(lab.d.n_given, 2); /* asked twice, given once */
    lab_assert_text("policy", lab.d.policy, "p");
    lab_assert_text("rule", lab.d.rule, "staging");
    assert_int_equal(lab.d.expires_ms, LAB_NOW_MS + 300 * 1000); /* rounded down to a second */
    assert_true(lab.d.is_attempt && lab.d.n_trips == 0);
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_checks(&lab, AMBIT_GRANT_CHECKS, AMBIT_GRANT_CHECKS);

    q.has_lifetime = true;
    q.lifetime_s = INT64_MAX; /* more than allowed is shortened */
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.expires_ms, LAB_NOW_MS + 900 * 1000);
    q.lifetime_s = 1;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.expires_ms, LAB_NOW_MS + 1000);
    q.n_items = 33;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_MALFORMED);
    q = lab_question(items, 1);
    q.agent = AMBIT_STR("nobody");
    assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_NOT_FOUND);
    lab_close(&lab);
}

/* Rules are tried in the agent's order, then in document order: the first that passes gives; else
 * the one that got furthest names the reason, ties first. */
static void test_order_of_rules(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"b", "",
         "'allow':[{'id':'purpose','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'1m'},"
         "'when':{'purpose':'INC-*'}},"
         "{'id':'bound','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'2m'},'bind':['dpop']"
         "},"
         "{'id':'bound-too','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'2m'},"
         "'bind':['mtls']}]," LAB_QUIET},
        {"a", "",
         "'allow':[{'id':'from','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'3m'},"
         "'when':{'source':['192.0.2.0/24']}}]," LAB_QUIET},
    };
    struct ambit_item item = {AMBIT_STR("a.b"), AMBIT_STR("svc:x")};
    lab_open(&lab, policies, 2);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_BINDING_REQUIRED);
    lab_assert_text("furthest, ties first", lab.d.rule, "bound");
    q.binding = AMBIT_BINDING_MTLS;
    lab_decide_grant(&lab, &q);
    lab_assert_text("given by", lab.d.rule, "bound-too");
    q.binding = AMBIT_BINDING_DPOP;
    q.purpose = AMBIT_STR("INC-1");
    lab_decide_grant(&lab, &q);
    lab_assert_text("given by", lab.d.rule, "purpose");
    q.purpose = (struct ambit_str){0};
    q.binding = AMBIT_BINDING_NONE;
    q.source.b[0] = 192, q.source.b[1] = 0, q.source.b[2] = 2;
    lab_decide_grant(&lab, &q);
    lab_assert_text("given by the second policy", lab.d.policy, "a");
    lab_close(&lab);
}

/* All or none: the reason is that of the item that failed at the earliest check. */
static void test_order_of_items(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "",
                                "'allow':[{'id':'one','actions':['a.*'],'resources':['svc:**'],"
                                "'ttl':{'max':'1m'},'bind':['dpop']}],'never':[{'id':'n','actions':"
                                "['a.c'],'resources':['svc:**']}]," LAB_QUIET};
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("z.b"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("a.c"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("y.b"), AMBIT_STR("svc:x")}};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(items, 4);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_FORBIDDEN);
    assert_int_equal(lab.d.item, 2);
    q.n_items = 2;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.item, 1);
    q.n_items = 1;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_BINDING_REQUIRED);
    lab_close(&lab);
}

static void test_except(void **state)
{
    (void)state;
    char body[16384];
    size_t at = (size_t)snprintf(body, sizeof body,
                                 "'allow':[{'id':'r','actions':['**'],'resources':['db:**'],'ttl':"
                                 "{'max':'1m'}}],'never':[");
    for (int i = 0; i < 65; i++)
        at += (size_t)snprintf(body + at, sizeof body - at,
                               "%s{'id':'n%d','actions':['**'],'resources':['db:p/%d/**']}",
                               i ? "," : "", i, i);
    snprintf(body + at, sizeof body - at, "]," LAB_QUIET);
    struct lab_policy policy = {"p", "", body};
    struct ambit_item item = {AMBIT_STR("record.read"), AMBIT_STR("db:**")};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_MALFORMED);
    assert_int_equal(lab.d.failed_check, AMBIT_GRANT_CHECK_NEVER);
    lab_assert_text("except", lab.d.member, "except");

    item.resource = AMBIT_STR("db:p/7*/**");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.n_except, 1);
    lab_assert_text("except", lab.d.except[0].id, "n7");
    item.resource = AMBIT_STR("db:p/70/x");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.n_except, 0);
    item.resource = AMBIT_STR("db:p/64/x");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_FORBIDDEN);
    lab_assert_text("never", lab.d.rule, "n64");
    lab_close(&lab);
}

/* TOK-12: an action alone, on the resources of every rule that contains it and passes. */
static void test_open_item(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"p", "",
         "'allow':[{'id':'one','actions':['a.*'],'resources':['svc:x/"
         "**','svc:y'],'ttl':{'max':'9m'}},"
         "{'id':'bound','actions':['a.b'],'resources':['svc:z'],'ttl':{'max':'1m'},'bind':['dpop']}"
         "],"
         "'never':[{'id':'n','actions':['**'],'resources':['svc:y']}]," LAB_QUIET},
        {"q", "",
         "'allow':[{'id':'two','actions':['a.b'],'resources':['svc:x/"
         "**','db:**'],'ttl':{'max':'5m'}}],"
         "'never':[{'id':'m','actions':['a.b'],'resources':['db:p/**']}]," LAB_QUIET},
    };
    struct ambit_item item = {.action = AMBIT_STR("a.b")};
    lab_open(&lab, policies, 2);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.n_given, 2);
    lab_assert_text("first", lab.d.given[0].resource, "svc:x/**");
    lab_assert_text("first", lab.d.given[0].rule, "one");
    lab_assert_text("second", lab.d.given[1].resource, "db:**");
    lab_assert_text("second", lab.d.given[1].rule, "two");
    assert_int_equal(lab.d.n_except, 1);
    assert_int_equal(lab.d.expires_ms, LAB_NOW_MS + 300 * 1000); /* the least of both */
    lab_replay_grant(&lab, &q);

    item.action = AMBIT_STR("b.c");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    lab_close(&lab);
}

/* TOK-14: without an audience the one that is common to the giving policies, else wrong_audience.
 */
static void test_common_audience(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"both", "'audiences':['https://other.example.gov','https://payments.example.gov'],",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:x'],'ttl':{'max':'9m'}}]"
         "," LAB_QUIET},
        {"one", "",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:y'],'ttl':{'max':'9m'}}]"
         "," LAB_QUIET},
        {"far", "'audiences':['https://other.example.gov'],",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['x:z'],'ttl':{'max':'9m'}}]"
         "," LAB_QUIET},
    };
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("svc:y")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("x:z")}};
    lab_open(&lab, policies, 3);
    struct ambit_grant_question q = lab_question(items, 2);
    q.audience = (struct ambit_str){0};
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_true(ambit_str_eq(lab.d.audience, LAB_AUDIENCE));
    q.n_items = 1;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
    assert_int_equal(lab.d.failed_check, AMBIT_GRANT_CHECK_AUDIENCE);
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_checks(&lab, AMBIT_GRANT_CHECK_AUDIENCE, AMBIT_GRANT_CHECKS);
    q.n_items = 3;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
    lab_close(&lab);
}

/* Nobody is asked to approve what would fail: without a common audience it is `wrong_audience`, and
 * what would replace a live grant has its slot. */
static void test_common_audience_unapproved(void **state)
{
    (void)state;
#define RULE_OF(action, more)                                                                    \
    "'allow':[{'id':'r','actions':['" action "'],'resources':['svc:**'],'ttl':{'max':'5m'}" more \
    "}]," LAB_QUIET
    static const char approval[] =
        RULE_OF("a.b", ",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m'},'limits':[{"
                       "'live_grants':1}]");
    struct lab_policy policies[] = {
        {"p", "", approval},
        {"q", "'audiences':['https://other.example.gov'],", RULE_OF("a.c", "")}};
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("a.c"), AMBIT_STR("svc:x")}};
    lab_open(&lab, policies, 2);
    struct ambit_grant_question q = lab_question(items, 2);
    q.audience = (struct ambit_str){0};
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_checks(&lab, AMBIT_GRANT_CHECK_AUDIENCE, AMBIT_GRANT_CHECKS);
    q.n_items = 1;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    lab_set(&lab, "p/r/rule/live_grants//agent/remediator", 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab.same = lab_id(3);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(ambit_id_is_none(lab.d.replaces) && lab.d.n_given == 0);
    items[0].resource = (struct ambit_str){0}; /* on every resource: the same */
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    lab_close(&lab);
}

/* Where live_grants is reached, the same request as a live grant's replaces it. */
static void test_replace(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "",
                                "'allow':[{'id':'few','actions':['a.b'],'resources':['svc:**'],"
                                "'ttl':{'max':'1m'},'limits':[{'live_grants':2},{'live_grants':9,"
                                "'by':'policy'}]}]," LAB_QUIET};
    struct ambit_item item = {AMBIT_STR("a.b"), AMBIT_STR("svc:x")};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab.same = lab_id(9);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_true(ambit_id_is_none(lab.d.replaces)); /* asked only when the limit is reached */
    assert_int_equal(lab.d.n_figures, 2);
    assert_int_equal(lab.d.n_charges, 2);

    lab_set(&lab, "p/few/rule/live_grants//policy/p", 9);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_true(ambit_id_eq(lab.d.replaces, lab_id(9)));
    lab_replay_grant(&lab, &q);
    lab.same = (struct ambit_id){{0}};
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_replay_grant(&lab, &q);
    lab_set(&lab, "p/few/rule/live_grants//policy/p", AMBIT_FIGURE_FULL);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

/* A second rule gives what the first, whose limit is reached, does not. */
static void test_limit_falls_through(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "",
                                "'allow':[{'id':'few','actions':['a.b'],'resources':['svc:**'],"
                                "'ttl':{'max':'1m'},'limits':[{'live_grants':1}]},{'id':'many',"
                                "'actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'2m'}}]"
                                "," LAB_QUIET};
    struct ambit_item item = {AMBIT_STR("a.b"), AMBIT_STR("svc:x")};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_set(&lab, "p/few/rule/live_grants//agent/remediator", 1);
    lab_decide_grant(&lab, &q);
    lab_assert_text("given by", lab.d.rule, "many");
    lab_replay_grant(&lab, &q);
    lab_close(&lab);
}

/* Shadow policies are not in force: they give, forbid and stop nothing. */
static void test_shadow(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"dark", "'mode':'shadow',",
         "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'9m'}}],"
         "'never':[{'id':'n','actions':['service.read'],'resources':['svc:**']}],"
         "'hard_stops':[{'id':'s','on':'attempted','then':'suspend_agent'}]"},
        {"p", "", PLAIN}};
    struct ambit_item item = {AMBIT_STR("service.read"), AMBIT_STR("svc:staging/x")};
    lab_open(&lab, policies, 2);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.n_trips, 0);
    item.action = AMBIT_STR("a.b");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owner),           cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_order_of_rules),  cmocka_unit_test(test_order_of_items),
        cmocka_unit_test(test_except),          cmocka_unit_test(test_open_item),
        cmocka_unit_test(test_common_audience), cmocka_unit_test(test_common_audience_unapproved),
        cmocka_unit_test(test_replace),         cmocka_unit_test(test_limit_falls_through),
        cmocka_unit_test(test_shadow),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
