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
    {"variable in a resource", "",
     "'allow':[{'id':'own','actions':['a.b'],'resources':['svc:${agent}/x'],'ttl':{'max':'1m'}}]"
     "," LAB_QUIET,
     "a.b", "svc:remediator/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_SCOPE, "own",
     "resources", NULL, "p/own has resources, which this version cannot judge"},
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
     RULE(",'when':{'hours':[{'from':'00:00','to':'24:00','zone':'UTC'}]}") "," LAB_QUIET,
     "service.read", "svc:staging/web-1", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_HOURS,
     "staging", "when.hours", "nothing that this version cannot judge",
     "p/staging has when.hours, which this version cannot judge"},
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
     "svc:staging/web-1", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_COMPOSITION,
     "staging", "when.composition", NULL, NULL},
    {"after", "",
     RULE(",'when':{'after':[{'actions':['backup.create'],'within':'1h'}]}") "," LAB_QUIET,
     "service.read", "svc:staging/web-1", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_AFTER,
     "staging", "when.after", NULL, NULL},
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
     "svc:staging/web-1", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_LIMITS, "staging",
     "limits.grants", NULL, NULL},
    {"distinct", "",
     RULE(",'limits':[{'distinct':'resource','max':5,'within':'1h'}]") "," LAB_QUIET,
     "service.read", "svc:staging/web-1", NULL, AMBIT_REASON_NOT_SUPPORTED,
     AMBIT_GRANT_CHECK_LIMITS, "staging", "limits.distinct", NULL, NULL},
    {"a stop fires", "",
     RULE("") ",'hard_stops':[{'id':'wire','on':'attempted','resources':['svc:staging/canary/**'],"
              "'then':'suspend_agent'}]",
     "service.read", "svc:staging/canary/x", NULL, AMBIT_REASON_HARD_STOP,
     AMBIT_GRANT_CHECK_HARD_STOP, "wire", "", "no hard stop fires", "p/wire fires"},
    {"a stop that cannot be judged", "",
     RULE("") ",'hard_stops':[{'id':'silent','on':'unaccounted','count':2,'within':'1h','then':"
              "'suspend_agent'}]",
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_HARD_STOP,
     "silent", "hard_stops.on", NULL,
     "p/silent has hard_stops.on, which this version cannot judge"},
    {"a stop with after", "",
     RULE("") ",'hard_stops':[{'id':'exfil','on':'attempted','actions':['net.send'],'after':"
              "{'actions':['secret.read'],'within':'30m'},'then':'suspend_agent'}]",
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_HARD_STOP,
     "exfil", "hard_stops.after", NULL, NULL},
    {"a stop with distinct", "",
     RULE("") ",'hard_stops':[{'id':'sprawl','on':'allowed','distinct':'resource','max':50,"
              "'within':'10m','then':'suspend_agent'}]",
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_HARD_STOP,
     "sprawl", "hard_stops.distinct", NULL, NULL},
    {"approval at grant", "",
     RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'15m'}") "," LAB_QUIET,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_APPROVAL,
     "staging", "approval", NULL, "p/staging has approval, which this version cannot judge"},
    {"approval at action", "",
     RULE(",'approval':{'at':'action','roles':['oncall'],'timeout':'15m'}") "," LAB_QUIET,
     "service.read", "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_APPROVAL,
     "staging", "approval", NULL, NULL},
    {"outcome", "", RULE(",'outcome':{'within':'2m'}") "," LAB_QUIET, "service.read",
     "svc:staging/x", NULL, AMBIT_REASON_NOT_SUPPORTED, AMBIT_GRANT_CHECK_APPROVAL, "staging",
     "outcome", NULL, NULL},
};

static void assert_text(const char *what, struct ambit_str got, const char *want)
{
    if (want && !ambit_str_is(got, want))
        fail_msg("%s: %s is not %.*s", what, want, AMBIT_STR_ARG(got));
}

/* Every check before the one that failed passed, with words; none behind it was reached. */
static void assert_checks(size_t failed, size_t n)
{
    assert_int_equal(lab.explanation.n_checks, n);
    for (size_t i = 0; i < n; i++) {
        const struct ambit_check_report *check = &lab.explanation.checks[i];
        assert_int_equal(check->outcome, i < failed    ? AMBIT_CHECK_PASS
                                         : i == failed ? AMBIT_CHECK_FAIL
                                                       : AMBIT_CHECK_NOT_REACHED);
        assert_int_equal(check->required.p != NULL, i <= failed);
        assert_int_equal(check->saw.p != NULL, i <= failed);
    }
}

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
        assert_text(row->name, lab.d.rule, row->rule);
        assert_text(row->name, lab.d.member, row->member);
        assert_int_equal(lab.d.is_attempt, row->reason != AMBIT_REASON_NOT_SUPPORTED);
        lab_replay_grant(&lab, &q);

        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        assert_checks((size_t)row->check, AMBIT_GRANT_CHECKS);
        assert_text(row->name, lab.explanation.checks[row->check].required, row->required);
        assert_text(row->name, lab.explanation.checks[row->check].saw, row->saw);
        lab_close(&lab);
    }
}

static void test_owner(void **state)
{
    (void)state;
    static const struct {
        bool dana, sam;
        const char *member, *saw;
    } cases[] = {{false, true, "owner", "dana is not active, sam is active"},
                 {true, false, "backup", "dana is active, sam is not active"}};
    struct lab_policy policy = {"p", "", PLAIN};
    struct ambit_item item = {AMBIT_STR("service.read"), AMBIT_STR("svc:staging/x")};
    for (size_t i = 0; i < AMBIT_LEN(cases); i++) {
        lab_open_with(&lab, &policy, 1, cases[i].dana, cases[i].sam);
        struct ambit_grant_question q = lab_question(&item, 1);
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_OWNER_REQUIRED);
        assert_int_equal(lab.d.failed_check, AMBIT_GRANT_CHECK_OWNER);
        assert_text("owner", lab.d.member, cases[i].member);
        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        assert_checks(AMBIT_GRANT_CHECK_OWNER, AMBIT_GRANT_CHECKS);
        assert_text("owner", lab.explanation.checks[AMBIT_GRANT_CHECK_OWNER].saw, cases[i].saw);
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
    assert_text("policy", lab.d.policy, "p");
    assert_text("rule", lab.d.rule, "staging");
    assert_int_equal(lab.d.expires_ms, LAB_NOW_MS + 300 * 1000); /* rounded down to a second */
    assert_true(lab.d.is_attempt && lab.d.n_trips == 0);
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    assert_checks(AMBIT_GRANT_CHECKS, AMBIT_GRANT_CHECKS);

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
    assert_text("furthest, ties first", lab.d.rule, "bound");
    q.binding = AMBIT_BINDING_MTLS;
    lab_decide_grant(&lab, &q);
    assert_text("given by", lab.d.rule, "bound-too");
    q.binding = AMBIT_BINDING_DPOP;
    q.purpose = AMBIT_STR("INC-1");
    lab_decide_grant(&lab, &q);
    assert_text("given by", lab.d.rule, "purpose");
    q.purpose = (struct ambit_str){0};
    q.binding = AMBIT_BINDING_NONE;
    q.source.b[0] = 192, q.source.b[1] = 0, q.source.b[2] = 2;
    lab_decide_grant(&lab, &q);
    assert_text("given by the second policy", lab.d.policy, "a");
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
    assert_text("except", lab.d.member, "except");

    item.resource = AMBIT_STR("db:p/7*/**");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab.d.n_except, 1);
    assert_text("except", lab.d.except[0].id, "n7");
    item.resource = AMBIT_STR("db:p/70/x");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.n_except, 0);
    item.resource = AMBIT_STR("db:p/64/x");
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_FORBIDDEN);
    assert_text("never", lab.d.rule, "n64");
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
    assert_text("first", lab.d.given[0].resource, "svc:x/**");
    assert_text("first", lab.d.given[0].rule, "one");
    assert_text("second", lab.d.given[1].resource, "db:**");
    assert_text("second", lab.d.given[1].rule, "two");
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
    assert_checks(AMBIT_GRANT_CHECK_AUDIENCE, AMBIT_GRANT_CHECKS);
    q.n_items = 3;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
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
    assert_text("given by", lab.d.rule, "many");
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
        cmocka_unit_test(test_allowed),        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_owner),          cmocka_unit_test(test_order_of_rules),
        cmocka_unit_test(test_order_of_items), cmocka_unit_test(test_except),
        cmocka_unit_test(test_open_item),      cmocka_unit_test(test_common_audience),
        cmocka_unit_test(test_replace),        cmocka_unit_test(test_limit_falls_through),
        cmocka_unit_test(test_shadow),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
