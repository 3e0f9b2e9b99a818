/* SPDX-License-Identifier: Apache-2.0 */
/* "May this agent be granted this?": every reason at its position, with what the check required and
 * saw; then the rules of policy-language.md that no single reason shows. */
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

typedef void change_fn(struct ambit_grant_question *q);

static void stop_agent(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_AGENT, "remediator");
}
static void stop_team(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_TEAM, "payments");
}
static void stop_owner(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_OWNER, "dana");
}
static void stop_all(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_ALL, "");
}
static void stop_policy(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
}
static void stop_resource(struct ambit_grant_question *q)
{
    (void)q;
    lab_stop(&lab, 1, AMBIT_TARGET_RESOURCE, "svc:*/web-1");
}
static void no_items(struct ambit_grant_question *q)
{
    q->n_items = 0;
}
static void zero_lifetime(struct ambit_grant_question *q)
{
    q->has_lifetime = true;
    q->lifetime_s = 0;
}
static void bad_purpose(struct ambit_grant_question *q)
{
    q->purpose = AMBIT_STR("a\nb");
}
static void other_purpose(struct ambit_grant_question *q)
{
    q->purpose = AMBIT_STR("tidying up");
}
static void other_audience(struct ambit_grant_question *q)
{
    q->audience = LAB_OTHER;
}
static void other_source(struct ambit_grant_question *q)
{
    q->source.b[0] = 192;
}
static void no_source(struct ambit_grant_question *q)
{
    q->source.family = 0;
}
static void one_alive(struct ambit_grant_question *q)
{
    (void)q;
    lab_set(&lab, "p/staging/rule/live_grants//agent/remediator", 1);
}

static void five_given(struct ambit_grant_question *q)
{
    (void)q;
    lab_set(&lab, "p/staging/rule/grants//agent/remediator", 5);
}
static void other_composition(struct ambit_grant_question *q)
{
    q->composition = AMBIT_STR("sha256:00");
}

static void rejected(struct ambit_grant_question *q)
{
    q->approval = AMBIT_APPROVAL_REJECTED;
}
static void fifty_one(struct ambit_grant_question *q)
{
    (void)q;
    lab_set(&lab, "p/sprawl/stop/distinct/resource/agent/remediator", 51);
}

static const struct row {
    const char *name, *head, *body, *action, *resource;
    change_fn *change;
    enum ambit_reason reason;
    enum ambit_grant_check check;
    const char *rule, *member, *required, *saw;
} rows[] = {
    {"agent stopped", "", PLAIN, "service.read", "svc:staging/web-1", stop_agent,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_STOP, "", "",
     "no stop in force on the agent, its team, its owner or everything",
     "a stop AQcAAAAAAAAAAAAAAAAAAA on agent:remediator"},
    {"team stopped", "", PLAIN, "service.read", "svc:staging/web-1", stop_team,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_STOP, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on team:payments"},
    {"owner stopped", "", PLAIN, "service.read", "svc:staging/web-1", stop_owner,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_STOP, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on owner:dana"},
    {"everything stopped, malformed too", "", PLAIN, "service..read", "svc:staging/web-1", stop_all,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_STOP, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on all"},
    {"nothing asked", "", PLAIN, "a", "svc:a", no_items, AMBIT_REASON_NOTHING_REQUESTED,
     AMBIT_GRANT_CHECK_FORM, "", "", NULL, "0 items"},
    {"action malformed", "", PLAIN, "service..read", "svc:staging/web-1", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_GRANT_CHECK_FORM, "", "items",
     "1 to 32 items of well-formed names, a lifetime of at least 1s, a purpose that is free text",
     "service..read[svc:staging/web-1]"},
    {"resource malformed", "", PLAIN, "service.read", "svc:staging/../prod", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_GRANT_CHECK_FORM, "", "items", NULL,
     "service.read[svc:staging/../prod]"},
    {"a variable is no item", "", PLAIN, "service.read", "svc:${agent}", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_GRANT_CHECK_FORM, "", "items", NULL, NULL},
    {"lifetime zero", "", PLAIN, "service.read", "svc:staging/web-1", zero_lifetime,
     AMBIT_REASON_MALFORMED, AMBIT_GRANT_CHECK_FORM, "", "lifetime_s", NULL, "a lifetime of 0s"},
    {"purpose no free text", "", PLAIN, "service.read", "svc:staging/web-1", bad_purpose,
     AMBIT_REASON_MALFORMED, AMBIT_GRANT_CHECK_FORM, "", "purpose", NULL, NULL},
    {"inside never, outside every rule", "",
     RULE("") ",'never':[{'id':'no-db','actions':['**'],'resources':['db:prod/**']}]," LAB_QUIET,
     "record.read", "db:prod/x", NULL, AMBIT_REASON_FORBIDDEN, AMBIT_GRANT_CHECK_NEVER, "no-db", "",
     "inside no never rule of the agent's policies", "p/no-db"},
    {"in no rule", "", PLAIN, "service.stop", "svc:staging/web-1", NULL, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, "", "",
     "a rule of a policy that is not stopped contains service.stop[svc:staging/web-1]; no stop on "
     "a resource overlaps it",
     "no rule contains it"},
    {"wider than any rule", "", PLAIN, "service.*", "svc:staging/web-1", NULL,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, "", "", NULL, NULL},
    {"its policy stopped", "", PLAIN, "service.read", "svc:staging/web-1", stop_policy,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_SCOPE, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on policy:p"},
    {"its policy stopped, in no rule", "", PLAIN, "service.stop", "svc:staging/web-1", stop_policy,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, "", "", NULL, NULL},
    {"resource stopped", "", PLAIN, "service.read", "svc:staging/**", stop_resource,
     AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_SCOPE, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on resource:svc:*/web-1"},
    {"another agent's resource", "",
     "'allow':[{'id':'own','actions':['a.b'],'resources':['svc:${agent}/x'],'ttl':{'max':'1m'}}]"
     "," LAB_QUIET,
     "a.b", "svc:reporter/x", NULL, AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, "", "",
     NULL, "no rule contains it"},
    {"wrong audience", "", PLAIN, "service.read", "svc:staging/web-1", other_audience,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_GRANT_CHECK_AUDIENCE, "staging", "",
     "https://payments.example.gov", "https://other.example.gov"},
    {"not yet", "'not_before':'2027-01-01T00:00:00Z',", PLAIN, "service.read", "svc:staging/web-1",
     NULL, AMBIT_REASON_POLICY_EXPIRED, AMBIT_GRANT_CHECK_DATES, "staging", "",
     "from 2027-01-01T00:00:00.000Z", "2026-11-20T10:00:00.000Z"},
    {"just over", "'not_after':'2026-11-20T10:00:00Z',", PLAIN, "service.read", "svc:staging/web-1",
     NULL, AMBIT_REASON_POLICY_EXPIRED, AMBIT_GRANT_CHECK_DATES, "staging", "",
     "before 2026-11-20T10:00:00.000Z", "2026-11-20T10:00:00.000Z"},
    {"hours", "",
     RULE(",'when':{'hours':[{'days':['Fri'],'from':'10:01','to':'12:00','zone':'UTC'},"
          "{'from':'08:00','to':'10:00','zone':'UTC'}]}") "," LAB_QUIET,
     "service.read", "svc:staging/web-1", NULL, AMBIT_REASON_OUTSIDE_HOURS, AMBIT_GRANT_CHECK_HOURS,
     "staging", "", "an open window: Fri 10:01 to 12:00 UTC or 08:00 to 10:00 UTC",
     "2026-11-20T10:00:00.000Z, when none is open"},
    {"other source", "", RULE(",'when':{'source':['10.20.0.0/16']}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", other_source, AMBIT_REASON_WRONG_SOURCE, AMBIT_GRANT_CHECK_SOURCE,
     "staging", "", "10.20.0.0/16", "192.20.0.1"},
    {"no source", "", RULE(",'when':{'source':['0.0.0.0/0']}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", no_source, AMBIT_REASON_WRONG_SOURCE, AMBIT_GRANT_CHECK_SOURCE, "staging",
     "", "0.0.0.0/0", "none"},
    {"no purpose", "", RULE(",'when':{'purpose':'INC-*'}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", NULL, AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_GRANT_CHECK_PURPOSE, "staging",
     "", "INC-*", "none"},
    {"other purpose", "", RULE(",'when':{'purpose':'INC-*'}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", other_purpose, AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_GRANT_CHECK_PURPOSE,
     "staging", "", "INC-*", "tidying up"},
    {"composition", "", RULE(",'when':{'composition':true}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", NULL, AMBIT_REASON_COMPOSITION_MISMATCH, AMBIT_GRANT_CHECK_COMPOSITION,
     "staging", "", LAB_COMPOSITION ", vouched for by the platform", "none"},
    {"another composition", "", RULE(",'when':{'composition':true}") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", other_composition, AMBIT_REASON_COMPOSITION_MISMATCH,
     AMBIT_GRANT_CHECK_COMPOSITION, "staging", "", NULL, "sha256:00"},
    {"after", "",
     RULE(",'when':{'after':[{'actions':['backup.create'],'within':'1h'}]}") "," LAB_QUIET,
     "service.read", "svc:staging/web-1", NULL, AMBIT_REASON_ORDER_VIOLATED,
     AMBIT_GRANT_CHECK_AFTER, "staging", "", "backup.create allowed within 1h", "never"},
    {"not bound", "", RULE(",'bind':['dpop','mtls']") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", NULL, AMBIT_REASON_BINDING_REQUIRED, AMBIT_GRANT_CHECK_BINDING, "staging",
     "", "a key bound by dpop or mtls", "none"},
    {"nothing left", "'not_after':'2026-11-20T10:00:00.900Z',", PLAIN, "service.read",
     "svc:staging/web-1", NULL, AMBIT_REASON_EXPIRED, AMBIT_GRANT_CHECK_LIFETIME, "staging", "",
     "some of at most 15m before 2026-11-20T10:00:00.900Z", "0s, until 2026-11-20T10:00:00.000Z"},
    {"one alive already", "", RULE(",'limits':[{'live_grants':1}]") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", one_alive, AMBIT_REASON_LIMIT_EXCEEDED, AMBIT_GRANT_CHECK_LIMITS,
     "staging", "live_grants", "live_grants at most 1 by agent", "1 before this"},
    {"grants", "", RULE(",'limits':[{'grants':5,'within':'1h'}]") "," LAB_QUIET, "service.read",
     "svc:staging/web-1", five_given, AMBIT_REASON_LIMIT_EXCEEDED, AMBIT_GRANT_CHECK_LIMITS,
     "staging", "grants", "grants at most 5 within 1h by agent", "5 before this"},
    {"a stop fires", "",
     RULE("") ",'hard_stops':[{'id':'wire','on':'attempted','resources':['svc:staging/canary/**'],"
              "'then':'suspend_agent'}]",
     "service.read", "svc:staging/canary/x", NULL, AMBIT_REASON_HARD_STOP,
     AMBIT_GRANT_CHECK_HARD_STOP, "wire", "", "no hard stop fires", "p/wire fires"},
    {"a stop on different names", "",
     RULE("") ",'hard_stops':[{'id':'sprawl','on':'granted','distinct':'resource','max':50,"
              "'within':'10m','then':'suspend_agent'}]",
     "service.read", "svc:staging/x", fifty_one, AMBIT_REASON_HARD_STOP,
     AMBIT_GRANT_CHECK_HARD_STOP, "sprawl", "", NULL, "p/sprawl fires"},
    {"approval at grant", "",
     RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'15m'}") "," LAB_QUIET,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_APPROVAL_REQUIRED,
     AMBIT_GRANT_CHECK_APPROVAL, "staging", "", "approval by 1 person of role oncall within 15m",
     "nobody's approval"},
    {"approval rejected", "",
     RULE(",'approval':{'at':'grant','roles':['oncall','approver'],'teams':['payments'],'count':2,"
          "'timeout':'15m'}") "," LAB_QUIET,
     "service.read", "svc:staging/x", rejected, AMBIT_REASON_APPROVAL_REJECTED,
     AMBIT_GRANT_CHECK_APPROVAL, "staging", "",
     "approval by 2 people of role oncall or approver, of team payments within 15m", "a rejection"},
};

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct lab_policy policy = {"p", row->head, row->body};
        struct ambit_item item = {ambit_str_of(row->action), ambit_str_of(row->resource)};
        lab_open(&lab, &policy, 1);
        struct ambit_grant_question q = lab_question(&item, 1);
        if (row->change)
            row->change(&q);
        lab_decide_grant(&lab, &q);
        if (lab.d.verdict != AMBIT_DENY || lab.d.reason != row->reason ||
            lab.d.failed_check != (int)row->check)
            fail_msg("%s: %s at %d", row->name, ambit_reason_text(lab.d.reason),
                     lab.d.failed_check);
        lab_assert_text(row->name, lab.d.rule, row->rule);
        lab_assert_text(row->name, lab.d.member, row->member);
        assert_int_equal(lab.d.is_attempt, row->reason != AMBIT_REASON_NOT_SUPPORTED);
        lab_replay_grant(&lab, &q);

        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        lab_assert_checks(&lab, (size_t)row->check, AMBIT_GRANT_CHECKS);
        lab_assert_text(row->name, lab.explanation.checks[row->check].required, row->required);
        lab_assert_text(row->name, lab.explanation.checks[row->check].saw, row->saw);
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
