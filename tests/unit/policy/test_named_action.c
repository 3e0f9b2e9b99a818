/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an action with nothing presented (AZN-18): on a service's word an agent may do what the
 * rules of the policies that name the service's audience give to who shows nothing; those alone
 * hear and count it, every never holds, and nothing is counted by grant. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                                     \
    "'allow':[{'id':'staging','actions':['service.*'],'resources':['svc:staging/**']," \
    "'ttl':{'default':'5m','max':'15m'}" more "}]"
#define PLAIN         RULE("") "," LAB_QUIET
#define ASK(at)       ",'approval':{'at':'" at "','roles':['approver'],'timeout':'5m'}"
#define STOPS(row)    "'hard_stops':[{" row "}]"
#define OTHERS        "'audiences':['https://other.example.gov'],"
#define COUNT_BY(by)  ",'limits':[{'count':1,'within':'1h'},{'count':1,'within':'1h','by':'" by "'}]"
#define AFTER(action) ",'when':{'after':[{'actions':['" action "'],'within':'1h'}]}"

static struct lab lab;

static struct ambit_action_question word(const char *action, const char *resource)
{
    return (struct ambit_action_question){
        .now_ms = LAB_NOW_MS + 1000,
        .service = AMBIT_STR("payments-api"),
        .named_agent = AMBIT_STR("remediator"),
        .action = ambit_str_of(action),
        .resource = ambit_str_of(resource),
        .source = {.family = 4, .b = {10, 20, 0, 1}},
    };
}

/* Decided, explained, and decided again from what it wrote down. */
static void decide(const struct ambit_action_question *q)
{
    lab_decide_action(&lab, q);
    lab_replay_action(&lab, q);
}

static const struct row {
    const char *name, *head, *body, *action, *resource;
    enum ambit_reason reason;
    enum ambit_action_check check;
} rows[] = {
    {"a rule that asks nothing", "", PLAIN, "service.restart", "svc:staging/x",
     AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS},
    {"no rule has it", "", PLAIN, "ticket.read", "svc:staging/x", AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_ACTION_CHECK_SCOPE},
    {"a resource of another service", "", PLAIN, "service.restart", "mail:x",
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE},
    {"a policy for another audience", OTHERS, PLAIN, "service.restart", "svc:staging/x",
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE},
    {"a malformed name", "", PLAIN, "service.*", "svc:staging/x", AMBIT_REASON_MALFORMED,
     AMBIT_ACTION_CHECK_FORM},
    {"a never", "", PLAIN ",'never':[{'id':'n','actions':['**'],'resources':['svc:staging/x']}]",
     "service.restart", "svc:staging/x", AMBIT_REASON_FORBIDDEN, AMBIT_ACTION_CHECK_NEVER},
    {"a never of a policy for another audience", OTHERS,
     PLAIN ",'never':[{'id':'n','actions':['**'],'resources':['svc:staging/x']}]",
     "service.restart", "svc:staging/x", AMBIT_REASON_FORBIDDEN, AMBIT_ACTION_CHECK_NEVER},
    {"a bound token", "", RULE(",'bind':['dpop']") "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_BINDING_REQUIRED, AMBIT_ACTION_CHECK_POLICY},
    {"approval at grant", "", RULE(ASK("grant")) "," LAB_QUIET, "service.restart", "svc:staging/x",
     AMBIT_REASON_APPROVAL_REQUIRED, AMBIT_ACTION_CHECK_POLICY},
    {"approval at action", "", RULE(ASK("action")) "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_APPROVAL_REQUIRED, AMBIT_ACTION_CHECK_APPROVAL},
    {"a purpose", "", RULE(",'when':{'purpose':'*'}") "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_ACTION_CHECK_PURPOSE},
    {"a composition", "", RULE(",'when':{'composition':true}") "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_COMPOSITION_MISMATCH, AMBIT_ACTION_CHECK_COMPOSITION},
    {"a reason", "", RULE(",'when':{'reason':true}") "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_REASON_REQUIRED, AMBIT_ACTION_CHECK_REASON},
    {"a source", "", RULE(",'when':{'source':['10.9.0.0/16']}") "," LAB_QUIET, "service.restart",
     "svc:staging/x", AMBIT_REASON_WRONG_SOURCE, AMBIT_ACTION_CHECK_SOURCE},
    {"context", "", RULE(",'when':{'context':{'subject.role':{'equals':'admin'}}}") "," LAB_QUIET,
     "service.restart", "svc:staging/x", AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT},
    {"an order", "", RULE(AFTER("backup.create")) "," LAB_QUIET, "service.restart", "svc:staging/x",
     AMBIT_REASON_ORDER_VIOLATED, AMBIT_ACTION_CHECK_AFTER},
    {"dates to come", "'not_before':'2027-01-01T00:00:00Z',", PLAIN, "service.restart",
     "svc:staging/x", AMBIT_REASON_POLICY_EXPIRED, AMBIT_ACTION_CHECK_POLICY},
    {"a stop that fires at once", "",
     RULE("") "," STOPS("'id':'s','on':'allowed','resources':['svc:staging/x'],"
                        "'then':'suspend_agent'"),
     "service.restart", "svc:staging/x", AMBIT_REASON_HARD_STOP, AMBIT_ACTION_CHECK_HARD_STOP},
    {"a stop on the first by grant", "",
     RULE("") "," STOPS("'id':'s','on':'allowed','count':1,'within':'1m','by':'grant',"
                        "'then':'revoke_grant'"),
     "service.restart", "svc:staging/x", AMBIT_REASON_HARD_STOP, AMBIT_ACTION_CHECK_HARD_STOP},
    {"a stop on the second by grant", "",
     RULE("") "," STOPS("'id':'s','on':'allowed','count':2,'within':'1m','by':'grant',"
                        "'then':'revoke_grant'"),
     "service.restart", "svc:staging/x", AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS},
    {"a stop of a policy for another audience", OTHERS,
     RULE("") "," STOPS("'id':'s','on':'attempted','then':'suspend_agent'"), "service.restart",
     "svc:staging/x", AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE},
};

static void every_reason_at_its_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct lab_policy policy = {"p", row->head, row->body};
        lab_open(&lab, &policy, 1);
        struct ambit_action_question q = word(row->action, row->resource);
        decide(&q);
        if (lab.d.reason != row->reason || lab.d.failed_check != (int)row->check)
            fail_msg("%s: %s at %d", row->name, ambit_reason_text(lab.d.reason),
                     lab.d.failed_check);
        assert_int_equal(lab.d.n_asks, row->check == AMBIT_ACTION_CHECK_APPROVAL);
        assert_int_equal(
            ambit_explain_action(lab.set, &q, &lab.world, &lab.arena, &lab.explanation), AMBIT_OK);
        lab_assert_checks(&lab, (size_t)lab.d.failed_check, AMBIT_ACTION_CHECKS);
        if (lab.d.verdict == AMBIT_DENY)
            assert_int_equal(
                ambit_remedy_action(lab.set, &q, &lab.d, &lab.world, &lab.arena, &lab.explanation),
                AMBIT_OK);
        lab_close(&lab);
    }
}

static void who_is_named(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "", PLAIN};
    lab_open(&lab, &policy, 1);
    struct ambit_action_question q = word("service.restart", "svc:staging/x");
    q.named_agent = AMBIT_STR("nobody");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_INACTIVE);
    assert_int_equal(lab.d.failed_check, AMBIT_ACTION_CHECK_GRANT);
    assert_false(lab.d.is_attempt);
    q = word("service.restart", "svc:staging/x");
    q.service = (struct ambit_str){0};
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_INACTIVE);
    q = word("service.restart", "svc:staging/x");
    q.owner_fault = AMBIT_STR("attestation");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(lab.d.failed_check, AMBIT_ACTION_CHECK_LIVE);
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
    q = word("service.restart", "svc:staging/x");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_STOPPED);
    lab_stop(&lab, 2, AMBIT_TARGET_TEAM, "payments");
    q = word("ticket.read", "svc:staging/x");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_STOPPED);
    lab_close(&lab);

    lab_open_with(&lab, &policy, 1, true, false);
    q = word("service.restart", "svc:staging/x");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OWNER_REQUIRED);
    lab_assert_text("member", lab.d.member, "backup");
    lab_close(&lab);
}

/* By agent it counts, by grant there is nothing to count under. */
static void what_is_counted(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"p", "",
         RULE(COUNT_BY("grant")) "," STOPS("'id':'s','on':'attempted','count':9,"
                                           "'within':'1m','then':'suspend_agent'")},
        {"o", OTHERS,
         RULE("") "," STOPS("'id':'s','on':'attempted','count':9,'within':'1m',"
                            "'then':'suspend_agent'")}};
    lab_open(&lab, policies, 2);
    struct ambit_action_question q = word("service.restart", "svc:staging/x");
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 2);
    for (size_t i = 0; i < lab.d.n_charges; i++) {
        lab_assert_text("policy", lab.d.charges[i].what.policy, "p");
        assert_int_equal(lab.d.charges[i].what.by, AMBIT_BY_AGENT);
    }
    lab_commit(&lab);
    decide(&q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_at_its_check),
        cmocka_unit_test(who_is_named),
        cmocka_unit_test(what_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
