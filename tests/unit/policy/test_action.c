/* SPDX-License-Identifier: Apache-2.0 */
/* "May this grant do this now?": every reason at its position, with what the check required and
 * saw; the rule as it stands now; limits and what they are charged with. */
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

typedef void change_fn(struct ambit_action_question *q);

static void other_service(struct ambit_action_question *q)
{
    q->service = AMBIT_STR("other");
}
static void unknown_grant(struct ambit_action_question *q)
{
    lab.grant.liveness = AMBIT_UNKNOWN_GRANT;
    (void)q;
}
static void no_grant(struct ambit_action_question *q)
{
    q->grant = NULL;
}
static void dead_stopped(struct ambit_action_question *q)
{
    lab.grant.liveness = AMBIT_DEAD_STOPPED;
    lab_stop(&lab, 1, AMBIT_TARGET_AGENT, "remediator");
    (void)q;
}
static void stop_resource(struct ambit_action_question *q)
{
    lab_stop(&lab, 1, AMBIT_TARGET_RESOURCE, "svc:staging/web-*");
    (void)q;
}
static void stop_policy(struct ambit_action_question *q)
{
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
    (void)q;
}
static void stop_old_team(struct ambit_action_question *q)
{
    lab.grant.team = AMBIT_STR("platform");
    lab_stop(&lab, 1, AMBIT_TARGET_TEAM, "platform");
    (void)q;
}
static void revoked(struct ambit_action_question *q)
{
    lab.grant.liveness = AMBIT_DEAD_REVOKED;
    (void)q;
}
static void expired(struct ambit_action_question *q)
{
    q->now_ms = lab.grant.expires_ms;
}
static void agent_gone(struct ambit_action_question *q)
{
    lab.grant.agent = AMBIT_STR("retired");
    (void)q;
}
static void agent_gone_under_stop(struct ambit_action_question *q)
{
    agent_gone(q);
    lab_stop(&lab, 1, AMBIT_TARGET_AGENT, "elsewhere");
}
static void much_context(struct ambit_action_question *q)
{
    static const struct ambit_context_member members[AMBIT_CONTEXT_MAX + 1];
    q->context = members;
    q->n_context = AMBIT_LEN(members);
}
static void bound(struct ambit_action_question *q)
{
    lab.grant.binding = AMBIT_BINDING_DPOP;
    (void)q;
}
static void excepted(struct ambit_action_question *q)
{
    static const struct ambit_str actions[] = {{"service.re*", 11}}, resources[] = {{"svc:**", 6}};
    lab.except[0] = (struct ambit_except){.actions = {actions, 1}, .resources = {resources, 1}};
    lab.grant.n_except = 1;
    (void)q;
}
static void rule_gone(struct ambit_action_question *q)
{
    lab.items[0].rule = AMBIT_STR("renamed");
    (void)q;
}
static void policy_unlisted(struct ambit_action_question *q)
{
    lab.items[0].policy = AMBIT_STR("elsewhere");
    (void)q;
}
static void audience_gone(struct ambit_action_question *q)
{
    q->service = (struct ambit_str){0};
    lab.grant.audience = LAB_OTHER;
}
static void rule_tightened(struct ambit_action_question *q)
{
    lab.items[0].resource = AMBIT_STR("svc:**");
    (void)q;
}
static void too_old(struct ambit_action_question *q)
{
    lab.grant.issued_ms = LAB_NOW_MS - 900000;
    lab.grant.expires_ms = LAB_NOW_MS + 900000;
    q->now_ms = LAB_NOW_MS + 1;
}
static void other_source(struct ambit_action_question *q)
{
    q->source.b[0] = 192;
}
static void batch_5(struct ambit_action_question *q)
{
    with_context(q, "batch", number(5), false);
}
static void batch_text(struct ambit_action_question *q)
{
    with_context(q, "batch", text("3"), false);
}
static void batch_null(struct ambit_action_question *q)
{
    with_context(q, "batch", number(1), true);
}
static void batch_of_agent(struct ambit_action_question *q)
{
    with_context(q, "batch", number(1), false);
    q->service = (struct ambit_str){0};
}
static void rows_negative(struct ambit_action_question *q)
{
    with_context(q, "rows", number(-1), false);
}
static void rows_5(struct ambit_action_question *q)
{
    with_context(q, "rows", number(5), false);
    lab_set(&lab, "p/staging/rule/sum/rows/agent/remediator", 6);
}
static void used_up(struct ambit_action_question *q)
{
    lab_set(&lab, "p/staging/rule/count//agent/remediator", 20);
    (void)q;
}
static void spent(struct ambit_action_question *q)
{
    lab_set(&lab, "p/staging/rule/uses//grant/ZAcAAAAAAAAAAAAAAAAAAA", 2);
    (void)q;
}
static void bad_reason(struct ambit_action_question *q)
{
    q->stated_reason = AMBIT_STR("\x7f");
}

#define CONTEXT \
    RULE(",'when':{'context':{'batch':{'max':3},'mode':{'in':['rolling']}}}") "," LAB_QUIET
#define SUM RULE(",'limits':[{'sum':'rows','max':10,'within':'1h'}]") "," LAB_QUIET

/* A row's grant is given under its own documents, but where `given` names others (it was given
 * before they changed). */
static void long_ago(struct ambit_action_question *q)
{
    lab_set(&lab, "p/staging/rule/after//agent/remediator", q->now_ms - 3600 * 1000);
}
static void six_different(struct ambit_action_question *q)
{
    lab_set(&lab, "p/staging/rule/distinct/action/agent/remediator", 6);
    (void)q;
}

static void rejected(struct ambit_action_question *q)
{
    q->approval = AMBIT_APPROVAL_REJECTED;
}

static const struct row {
    const char *name, *head, *body, *given, *action, *resource;
    change_fn *change;
    enum ambit_reason reason;
    enum ambit_action_check check;
    const char *rule, *member, *required, *saw;
} rows[] = {
    {"asked by another service", "", PLAIN, NULL, "service.read", "svc:staging/x", other_service,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "",
     "a token addressed to other, and a resource that it speaks for",
     "svc:staging/x, audience https://payments.example.gov"},
    {"not the service's resource", "", PLAIN, NULL, "service.read", "net:x", NULL,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "", NULL, NULL},
    {"a malformed one of no type of its own", "", PLAIN, NULL, "service.read", "net:x//", NULL,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "", NULL, NULL},
    {"a malformed one without a type", "", PLAIN, NULL, "service.read", "x", NULL,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "", NULL, NULL},
    {"its agent is gone, and something is stopped", "", PLAIN, NULL, "service.read",
     "svc:staging/x", agent_gone_under_stop, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, "",
     "agent", NULL, NULL},
    {"too much context", "", PLAIN, NULL, "service.read", "svc:staging/x", much_context,
     AMBIT_REASON_MALFORMED, AMBIT_ACTION_CHECK_FORM, "", "context", NULL, "65 members of context"},
    {"no grant", "", PLAIN, NULL, "service.read", "svc:staging/x", no_grant, AMBIT_REASON_INACTIVE,
     AMBIT_ACTION_CHECK_GRANT, "", "", "a grant that the broker knows", "none"},
    {"unknown grant", "", PLAIN, NULL, "service.read", "svc:staging/x", unknown_grant,
     AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_GRANT, "", "", NULL, NULL},
    {"dead by a stop in force", "", PLAIN, NULL, "service.read", "svc:staging/x", dead_stopped,
     AMBIT_REASON_STOPPED, AMBIT_ACTION_CHECK_STOP, "", "",
     "no stop covers the grant or the resource",
     "a stop AQcAAAAAAAAAAAAAAAAAAA on agent:remediator"},
    {"stop on the resource", "", PLAIN, NULL, "service.read", "svc:staging/web-1", stop_resource,
     AMBIT_REASON_STOPPED, AMBIT_ACTION_CHECK_STOP, "", "", NULL,
     "a stop AQcAAAAAAAAAAAAAAAAAAA on resource:svc:staging/web-*"},
    {"stop on the policy", "", PLAIN, NULL, "service.read", "svc:staging/x", stop_policy,
     AMBIT_REASON_STOPPED, AMBIT_ACTION_CHECK_STOP, "", "", NULL, NULL},
    {"stop on the team of then", "", PLAIN, NULL, "service.read", "svc:staging/x", stop_old_team,
     AMBIT_REASON_STOPPED, AMBIT_ACTION_CHECK_STOP, "", "", NULL, NULL},
    {"revoked", "", PLAIN, NULL, "service.read", "svc:staging/x", revoked, AMBIT_REASON_INACTIVE,
     AMBIT_ACTION_CHECK_LIVE, "", "revoked",
     "unexpired and unrevoked, its agent in force and the owner active", "revoked"},
    {"expired", "", PLAIN, NULL, "service.read", "svc:staging/x", expired, AMBIT_REASON_INACTIVE,
     AMBIT_ACTION_CHECK_LIVE, "", "expired", NULL, "expired at 2026-11-20T10:05:00.000Z"},
    {"agent gone", "", PLAIN, NULL, "service.read", "svc:staging/x", agent_gone,
     AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, "", "agent", NULL, "no such agent"},
    {"no proof", "", PLAIN, NULL, "service.read", "svc:staging/x", bound,
     AMBIT_REASON_BINDING_MISMATCH, AMBIT_ACTION_CHECK_PROOF, "", "",
     "proof of the key bound by dpop", "no proof"},
    {"action malformed", "", PLAIN, NULL, "service..read", "svc:staging/x", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_ACTION_CHECK_FORM, "", "action", NULL,
     "service..read[svc:staging/x]"},
    {"a pattern is no name", "", PLAIN, NULL, "service.*", "svc:staging/x", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_ACTION_CHECK_FORM, "", "action", NULL, NULL},
    {"resource malformed", "", PLAIN, NULL, "service.read", "svc:staging/../prod", NULL,
     AMBIT_REASON_MALFORMED, AMBIT_ACTION_CHECK_FORM, "", "resource", NULL, NULL},
    {"reason no free text", "", PLAIN, NULL, "service.read", "svc:staging/x", bad_reason,
     AMBIT_REASON_MALFORMED, AMBIT_ACTION_CHECK_FORM, "", "stated_reason", NULL, NULL},
    {"forbidden now", "",
     RULE("") ",'never':[{'id':'n','actions':['**'],'resources':['db:**']}]," LAB_QUIET, PLAIN,
     "record.read", "db:x", NULL, AMBIT_REASON_FORBIDDEN, AMBIT_ACTION_CHECK_NEVER, "n", "",
     "inside no never rule of the agent's policies", "p/n"},
    {"in no item", "", PLAIN, NULL, "record.read", "svc:staging/x", NULL, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_ACTION_CHECK_SCOPE, "", "",
     "inside an item of the grant, and inside none of its exceptions", "inside no item"},
    {"excepted", "", PLAIN, NULL, "service.read", "svc:staging/x", excepted,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE, "", "except", NULL,
     "inside an exception"},
    {"rule gone", "", PLAIN, NULL, "service.read", "svc:staging/x", rule_gone,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "renamed", "allow",
     "p/renamed still gives it", "changed: allow"},
    {"policy no longer listed", "", PLAIN, NULL, "service.read", "svc:staging/x", policy_unlisted,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "staging", "policies", NULL, NULL},
    {"policy over", "'not_after':'2026-11-20T10:00:01Z',", PLAIN, PLAIN, "service.read",
     "svc:staging/x", NULL, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "staging",
     "not_after", NULL, NULL},
    {"audience no longer named", "", PLAIN, NULL, "service.read", "svc:staging/x", audience_gone,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "staging", "audiences", NULL, NULL},
    {"resource no longer given", "", PLAIN, NULL, "service.read", "svc:prod/x", rule_tightened,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "staging", "resources", NULL, NULL},
    {"binding no longer accepted", "", RULE(",'bind':['mtls']") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY,
     "staging", "bind", NULL, NULL},
    {"older than ttl.max now", "", PLAIN, NULL, "service.read", "svc:staging/x", too_old,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, "staging", "ttl.max", NULL, NULL},
    {"approval at grant now", "",
     RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'15m'}") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY,
     "staging", "approval", NULL, "changed: approval"},
    {"hours now", "",
     RULE(
         ",'when':{'hours':[{'days':['Sat'],'from':'00:00','to':'24:00','zone':'UTC'}]}") "," LAB_QUIET,
     PLAIN, "service.read", "svc:staging/x", NULL, AMBIT_REASON_OUTSIDE_HOURS,
     AMBIT_ACTION_CHECK_HOURS, "staging", "", "an open window: Sat 00:00 to 24:00 UTC",
     "2026-11-20T10:00:01.000Z, when none is open"},
    {"other source", "", RULE(",'when':{'source':['10.20.0.0/16','2001:db8::/32']}") "," LAB_QUIET,
     NULL, "service.read", "svc:staging/x", other_source, AMBIT_REASON_WRONG_SOURCE,
     AMBIT_ACTION_CHECK_SOURCE, "staging", "", "10.20.0.0/16 or 2001:db8::/32", "192.20.0.1"},
    {"purpose now", "", RULE(",'when':{'purpose':'INC-*'}") "," LAB_QUIET, PLAIN, "service.read",
     "svc:staging/x", NULL, AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_ACTION_CHECK_PURPOSE, "staging",
     "", "INC-*", "none"},
    {"no reason stated", "", RULE(",'when':{'reason':true}") "," LAB_QUIET, NULL, "service.read",
     "svc:staging/x", NULL, AMBIT_REASON_REASON_REQUIRED, AMBIT_ACTION_CHECK_REASON, "staging", "",
     "a stated reason", "none"},
    {"a member missing, another wrong", "", CONTEXT, NULL, "service.read", "svc:staging/x", batch_5,
     AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT, "staging", "mode",
     "mode one of rolling", "mode absent"},
    {"a member too large", "", RULE(",'when':{'context':{'batch':{'max':3}}}") "," LAB_QUIET, NULL,
     "service.read", "svc:staging/x", batch_5, AMBIT_REASON_CONTEXT_VIOLATED,
     AMBIT_ACTION_CHECK_CONTEXT, "staging", "batch", "batch at most 3", "batch 5"},
    {"a member of another type", "", RULE(",'when':{'context':{'batch':{'max':3}}}") "," LAB_QUIET,
     NULL, "service.read", "svc:staging/x", batch_text, AMBIT_REASON_CONTEXT_VIOLATED,
     AMBIT_ACTION_CHECK_CONTEXT, "staging", "batch", NULL, "batch 3"},
    {"a member that is null", "", RULE(",'when':{'context':{'batch':{'max':3}}}") "," LAB_QUIET,
     NULL, "service.read", "svc:staging/x", batch_null, AMBIT_REASON_CONTEXT_VIOLATED,
     AMBIT_ACTION_CHECK_CONTEXT, "staging", "batch", NULL,
     "batch neither text, integer nor boolean"},
    {"context of the agent's own", "",
     RULE(",'when':{'context':{'batch':{'max':3}}}") "," LAB_QUIET, NULL, "service.read",
     "svc:staging/x", batch_of_agent, AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT,
     "staging", "batch", NULL, "batch absent"},
    {"sum without its number", "", SUM, NULL, "service.read", "svc:staging/x", NULL,
     AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT, "staging", "rows",
     "rows an integer of at least 0", "rows absent"},
    {"sum of a negative number", "", SUM, NULL, "service.read", "svc:staging/x", rows_negative,
     AMBIT_REASON_CONTEXT_VIOLATED, AMBIT_ACTION_CHECK_CONTEXT, "staging", "rows", NULL, "rows -1"},
    {"a hard stop's sum without its number", "",
     RULE("") ",'hard_stops':[{'id':'bulk','on':'allowed','sum':'rows','max':10,'within':'1h',"
              "'then':'suspend_agent'}]",
     NULL, "service.read", "svc:staging/x", NULL, AMBIT_REASON_MISSING_CONTEXT,
     AMBIT_ACTION_CHECK_CONTEXT, "staging", "rows", NULL, NULL},
    {"after now", "",
     RULE(",'when':{'after':[{'actions':['backup.create'],'within':'1h'}]}") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", long_ago, AMBIT_REASON_ORDER_VIOLATED,
     AMBIT_ACTION_CHECK_AFTER, "staging", "", "backup.create allowed within 1h",
     "last at 2026-11-20T09:00:01.000Z"},
    {"composition now", "", RULE(",'when':{'composition':true}") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_COMPOSITION_MISMATCH,
     AMBIT_ACTION_CHECK_COMPOSITION, "staging", "", LAB_COMPOSITION ", vouched for by the platform",
     "none"},
    {"count used up", "", RULE(",'limits':[{'count':20,'within':'10m'}]") "," LAB_QUIET, NULL,
     "service.read", "svc:staging/x", used_up, AMBIT_REASON_LIMIT_EXCEEDED,
     AMBIT_ACTION_CHECK_LIMITS, "staging", "count", "count at most 20 within 10m by agent",
     "20 before this"},
    {"sum would pass", "", SUM, NULL, "service.read", "svc:staging/x", rows_5,
     AMBIT_REASON_LIMIT_EXCEEDED, AMBIT_ACTION_CHECK_LIMITS, "staging", "sum",
     "sum of rows at most 10 within 1h by agent", "6 before this"},
    {"uses spent", "", RULE(",'limits':[{'count':20,'within':'10m'},{'uses':2}]") "," LAB_QUIET,
     NULL, "service.read", "svc:staging/x", spent, AMBIT_REASON_LIMIT_EXCEEDED,
     AMBIT_ACTION_CHECK_LIMITS, "staging", "uses",
     "count at most 20 within 10m by agent; uses at most 2 by grant",
     "0 before this; 2 before this"},
    {"distinct now", "",
     RULE(",'limits':[{'distinct':'action','max':5,'within':'1h'}]") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", six_different, AMBIT_REASON_LIMIT_EXCEEDED,
     AMBIT_ACTION_CHECK_LIMITS, "staging", "distinct",
     "distinct action at most 5 within 1h by agent", "6 with this"},
    {"a stop fires", "",
     RULE("") ",'hard_stops':[{'id':'wire','on':'allowed','resources':['svc:staging/canary/**'],"
              "'then':'suspend_agent'}]",
     NULL, "service.read", "svc:staging/canary/x", NULL, AMBIT_REASON_HARD_STOP,
     AMBIT_ACTION_CHECK_HARD_STOP, "wire", "", "no hard stop fires", "p/wire fires"},
    {"approval at action now", "",
     RULE(",'approval':{'at':'action','roles':['oncall'],'timeout':'15m'}") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_APPROVAL_REQUIRED,
     AMBIT_ACTION_CHECK_APPROVAL, "staging", "", "approval by 1 person of role oncall within 15m",
     "nobody's approval"},
    {"approval at action rejected", "",
     RULE(",'approval':{'at':'action','teams':['ops'],'timeout':'1h'}") "," LAB_QUIET, PLAIN,
     "service.read", "svc:staging/x", rejected, AMBIT_REASON_APPROVAL_REJECTED,
     AMBIT_ACTION_CHECK_APPROVAL, "staging", "", "approval by 1 person of team ops within 1h",
     "a rejection"},
};

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

/* The grant's row outlives the documents it was given under. */
static void reopen(const char *head, const char *body)
{
    static struct ambit_given items[4];
    struct ambit_grant_view grant = lab.grant;
    grant.agent = AMBIT_STR("remediator");
    grant.audience = LAB_AUDIENCE;
    lab_close(&lab);
    struct lab_policy policy = {"p", head, body};
    lab_open(&lab, &policy, 1);
    items[0] = (struct ambit_given){.action = AMBIT_STR("service.*"),
                                    .resource = AMBIT_STR("svc:staging/**"),
                                    .policy = AMBIT_STR("p"),
                                    .rule = AMBIT_STR("staging")};
    lab.grant = grant;
    memcpy(lab.items, items, sizeof items);
    lab.grant.items = lab.items;
    lab.grant.except = lab.except;
}

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        take_grant(row->given ? "" : row->head, row->given ? row->given : row->body);
        if (row->given)
            reopen(row->head, row->body);
        struct ambit_action_question q = lab_action(&lab, row->action, row->resource);
        if (row->change)
            row->change(&q);
        lab_decide_action(&lab, &q);
        if (lab.d.verdict != AMBIT_DENY || lab.d.reason != row->reason ||
            lab.d.failed_check != (int)row->check)
            fail_msg("%s: %s at %d", row->name, ambit_reason_text(lab.d.reason),
                     lab.d.failed_check);
        lab_assert_text(row->name, lab.d.rule, row->rule);
        lab_assert_text(row->name, lab.d.member, row->member);
        lab_replay_action(&lab, &q);

        assert_int_equal(
            ambit_explain_action(lab.set, &q, &lab.world, &lab.arena, &lab.explanation), AMBIT_OK);
        lab_assert_checks(&lab, (size_t)row->check, AMBIT_ACTION_CHECKS);
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
