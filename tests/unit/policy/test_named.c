/* SPDX-License-Identifier: Apache-2.0 */
/* An action with nothing presented, on a service's mere word (AZN-18; policy-language.md, "Nobody's
 * victim"): what the rules of now give to an agent that shows nothing, who hears and counts it, and
 * what is told of it. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                                             \
    "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],'ttl':{'max':'" \
    "15m'}" more "}]"
#define PLAIN       RULE("") "," LAB_QUIET
#define APPROVAL(a) ",'approval':{'at':'" a "','roles':['oncall'],'timeout':'5m'}"
#define STOP(more)  RULE("") ",'hard_stops':[{'id':'s','then':'suspend_agent'," more "}]"
#define ELSEWHERE   "'audiences':['https://other.example.gov'],"

static struct lab lab;

static const struct row {
    const char *name, *head, *p, *q; /* policies p and q; q NULL: only p is there */
    const char *agent, *service, *action;
    const char *fault; /* what the documents do not say of who is behind the agent */
    enum ambit_reason reason;
    enum ambit_action_check check;
    const char *policy, *rule, *saw;
} rows[] = {
    {"allowed", "", PLAIN, NULL, "remediator", "payments-api", "service.read", NULL,
     AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS, "p", "r", NULL},
    {"no such agent", "", PLAIN, NULL, "nobody", "payments-api", "service.read", NULL,
     AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_GRANT, "", "", "none"},
    {"the agent of itself", "", PLAIN, NULL, "remediator", NULL, "service.read", NULL,
     AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_GRANT, "", "", "none"},
    {"no such service", "", PLAIN, NULL, "remediator", "nobody", "service.read", NULL,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "", NULL},
    {"another's resource", "", PLAIN, NULL, "remediator", "other", "service.read", NULL,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_ACTION_CHECK_AUDIENCE, "", "", "svc:staging/x"},
    {"offboarded", "", PLAIN, NULL, "remediator", "payments-api", "service.read", "owner",
     AMBIT_REASON_OWNER_REQUIRED, AMBIT_ACTION_CHECK_LIVE, "", "", "the owner is not active"},
    {"its backup", "", PLAIN, NULL, "remediator", "payments-api", "service.read", "backup",
     AMBIT_REASON_OWNER_REQUIRED, AMBIT_ACTION_CHECK_LIVE, "", "", "the backup is not active"},
    {"not attested", "", PLAIN, NULL, "remediator", "payments-api", "service.read", "attestation",
     AMBIT_REASON_OWNER_REQUIRED, AMBIT_ACTION_CHECK_LIVE, "", "", "the attestation has lapsed"},
    {"no rule", "", PLAIN, NULL, "remediator", "payments-api", "other.read", NULL,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE, "", "", "inside no such rule"},
    {"a rule for another service", ELSEWHERE, PLAIN, NULL, "remediator", "payments-api",
     "service.read", NULL, AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE, "", "", NULL},
    {"never, of a policy for another service too", ELSEWHERE,
     RULE("") ",'never':[{'id':'n','actions':['**'],'resources':['svc:**']}]," LAB_QUIET, NULL,
     "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_FORBIDDEN,
     AMBIT_ACTION_CHECK_NEVER, "p", "n", NULL},
    {"over", "'not_after':'2026-01-01T00:00:00Z',", PLAIN, NULL, "remediator", "payments-api",
     "service.read", NULL, AMBIT_REASON_POLICY_EXPIRED, AMBIT_ACTION_CHECK_POLICY, "p", "r",
     "it does not, by its not_after"},
    {"not yet", "'not_before':'2027-01-01T00:00:00Z',", PLAIN, NULL, "remediator", "payments-api",
     "service.read", NULL, AMBIT_REASON_POLICY_EXPIRED, AMBIT_ACTION_CHECK_POLICY, "p", "r",
     "it does not, by its not_before"},
    {"bound", "", RULE(",'bind':['dpop']") "," LAB_QUIET, NULL, "remediator", "payments-api",
     "service.read", NULL, AMBIT_REASON_BINDING_REQUIRED, AMBIT_ACTION_CHECK_POLICY, "p", "r",
     "it does not, by its bind"},
    {"approved when given", "", RULE(APPROVAL("grant")) "," LAB_QUIET, NULL, "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_APPROVAL_REQUIRED,
     AMBIT_ACTION_CHECK_POLICY, "p", "r", "it does not, by its approval"},
    {"approved as it is done", "", RULE(APPROVAL("action")) "," LAB_QUIET, NULL, "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_APPROVAL_REQUIRED,
     AMBIT_ACTION_CHECK_APPROVAL, "p", "r", NULL},
    {"closed at this hour", "",
     RULE(",'when':{'hours':[{'from':'11:00','to':'12:00','zone':'UTC'}]}") "," LAB_QUIET, NULL,
     "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_OUTSIDE_HOURS,
     AMBIT_ACTION_CHECK_HOURS, "p", "r", NULL},
    {"for a purpose", "", RULE(",'when':{'purpose':'*'}") "," LAB_QUIET, NULL, "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_PURPOSE_REQUIRED,
     AMBIT_ACTION_CHECK_PURPOSE, "p", "r", "none"},
    {"as composed", "", RULE(",'when':{'composition':true}") "," LAB_QUIET, NULL, "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_COMPOSITION_MISMATCH,
     AMBIT_ACTION_CHECK_COMPOSITION, "p", "r", NULL},
    {"the second rule", "", RULE(",'bind':['dpop']") "," LAB_QUIET, PLAIN, "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS, "q", "r",
     NULL},
    {"the first that got furthest", "", RULE(",'bind':['dpop']") "," LAB_QUIET,
     RULE(",'bind':['mtls']") "," LAB_QUIET, "remediator", "payments-api", "service.read", NULL,
     AMBIT_REASON_BINDING_REQUIRED, AMBIT_ACTION_CHECK_POLICY, "p", "r", NULL},
    {"by grant nothing was counted", "",
     RULE(",'limits':[{'count':9,'within':'1h'},{'count':1,'within':'1h','by':'grant'},{'distinct'"
          ":'action','max':1,'within':'1h','by':'lineage'}]") "," LAB_QUIET,
     NULL, "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_ALLOWED,
     AMBIT_ACTION_CHECKS, "p", "r", NULL},
    {"nor done before", "",
     STOP("'on':'allowed','by':'grant','after':{'actions':['service.*'],'within':'1h'}"), NULL,
     "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS,
     "p", "r", NULL},
    {"a stop fires", "", STOP("'on':'allowed'"), NULL, "remediator", "payments-api", "service.read",
     NULL, AMBIT_REASON_HARD_STOP, AMBIT_ACTION_CHECK_HARD_STOP, "p", "s", NULL},
    {"one that is nearly about it", "",
     "'allow':[{'id':'o','actions':['service.w*'],'resources':['svc:**'],'ttl':{'max':'9m'}},{'id':"
     "'"
     "u','actions':['service.*'],'resources':['svc:staging/y*'],'ttl':{'max':'9m'}}]," LAB_QUIET,
     NULL, "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_ACTION_CHECK_SCOPE, "", "", NULL},
    {"not one for another service", "", PLAIN, STOP("'on':'allowed'"), "remediator", "payments-api",
     "service.read", NULL, AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS, "p", "r", NULL},
    {"nor what it sums", "", PLAIN, STOP("'on':'allowed','sum':'rows','max':1,'within':'1h'"),
     "remediator", "payments-api", "service.read", NULL, AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS,
     "p", "r", NULL},
    {"nor what it heard refused", "", PLAIN, STOP("'on':'denied'"), "remediator", "payments-api",
     "other.read", NULL, AMBIT_REASON_OUT_OF_SCOPE, AMBIT_ACTION_CHECK_SCOPE, "", "", NULL},
    {"nor what it waits for", "", PLAIN,
     STOP("'on':'denied','after':{'actions':['service.*'],'within':'1h'}"), "remediator",
     "payments-api", "service.read", NULL, AMBIT_REASON_ALLOWED, AMBIT_ACTION_CHECKS, "p", "r",
     NULL},
};

static struct ambit_action_question open_row(const struct row *row)
{
    /* q is for the other service, but where both give. */
    bool is_both = row->q && strncmp(row->q, "'allow'", 7) == 0 && !strstr(row->q, "'id':'s'");
    struct lab_policy policies[] = {{"p", row->head, row->p},
                                    {"q", is_both ? "" : ELSEWHERE, row->q}};
    lab_open(&lab, policies, row->q ? 2 : 1);
    return (struct ambit_action_question){
        .now_ms = LAB_NOW_MS,
        .named_agent = ambit_str_of(row->agent),
        .owner_fault = row->fault ? ambit_str_of(row->fault) : (struct ambit_str){0},
        .service = row->service ? ambit_str_of(row->service) : (struct ambit_str){0},
        .action = ambit_str_of(row->action),
        .resource = AMBIT_STR("svc:staging/x"),
    };
}

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct ambit_action_question q = open_row(row);
        lab_decide_action(&lab, &q);
        if (lab.d.reason != row->reason || lab.d.failed_check != (int)row->check)
            fail_msg("%s: %s at %d", row->name, ambit_reason_text(lab.d.reason),
                     lab.d.failed_check);
        lab_assert_text(row->name, lab.d.policy, row->policy);
        lab_assert_text(row->name, lab.d.rule, row->rule);
        lab_replay_action(&lab, &q);
        assert_int_equal(
            ambit_explain_action(lab.set, &q, &lab.world, &lab.arena, &lab.explanation), AMBIT_OK);
        lab_assert_checks(&lab, (size_t)row->check, AMBIT_ACTION_CHECKS);
        assert_int_equal(
            ambit_remedy_action(lab.set, &q, &lab.d, &lab.world, &lab.arena, &lab.explanation),
            AMBIT_OK);
        assert_int_equal(lab.explanation.remedy.change == AMBIT_CHANGE_WAIT,
                         row->reason == AMBIT_REASON_OUTSIDE_HOURS);
        if (row->check < AMBIT_ACTION_CHECKS)
            lab_assert_text(row->name, lab.explanation.checks[row->check].saw, row->saw);
        for (size_t k = 0; k < lab.d.n_charges; k++) /* it happens under no grant */
            assert_true(lab.d.charges[k].what.by != AMBIT_BY_GRANT &&
                        lab.d.charges[k].what.by != AMBIT_BY_LINEAGE);
        lab_close(&lab);
    }
}

/* Who is behind the agent must be there and active, as of a token request. */
static void test_owner(void **state)
{
    static const char *const saw[] = {"the owner is not active", "the backup is not active"};
    struct lab_policy policy = {"p", "", PLAIN};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct ambit_action_question q = open_row(&rows[0]);
        lab_close(&lab);
        lab_open_with(&lab, &policy, 1, i != 0, i != 1);
        lab_decide_action(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_OWNER_REQUIRED);
        assert_int_equal(
            ambit_explain_action(lab.set, &q, &lab.world, &lab.arena, &lab.explanation), AMBIT_OK);
        lab_assert_text("saw", lab.explanation.checks[AMBIT_ACTION_CHECK_LIVE].saw, saw[i]);
        lab_close(&lab);
    }
}

/* What a stopped policy contains is `stopped` only where no other rule contains it. */
static void test_stopped(void **state)
{
    static const struct {
        const char *targets[3], *q;
        enum ambit_reason reason;
    } stops[] = {
        {{"p"}, NULL, AMBIT_REASON_STOPPED},
        {{"q"}, NULL, AMBIT_REASON_ALLOWED},
        {{"p"}, PLAIN, AMBIT_REASON_ALLOWED},
        {{"q"}, RULE(",'bind':['dpop']") "," LAB_QUIET, AMBIT_REASON_ALLOWED},
        {{"p", "q"}, PLAIN, AMBIT_REASON_STOPPED},
        {{"q"}, PLAIN, AMBIT_REASON_ALLOWED},
        {{"p"}, RULE(",'bind':['dpop']") "," LAB_QUIET, AMBIT_REASON_BINDING_REQUIRED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(stops); i++) {
        struct row row = rows[0];
        row.q = stops[i].q;
        struct ambit_action_question q = open_row(&row);
        for (size_t k = 0; stops[i].targets[k]; k++)
            lab_stop(&lab, (uint8_t)(k + 1), AMBIT_TARGET_POLICY, stops[i].targets[k]);
        lab_decide_action(&lab, &q);
        if (lab.d.reason != stops[i].reason)
            fail_msg("row %zu: %s", i, ambit_reason_text(lab.d.reason));
        assert_true((lab.d.reason == AMBIT_REASON_STOPPED) == ambit_id_eq(lab.d.stop, lab_id(1)));
        lab_close(&lab);
    }
}

static int left_to_tell;

static enum ambit_err figure_ends(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    (void)query;
    *ret = 0;
    return left_to_tell-- > 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

/* The first policy refuses, the second is stopped; where the world cannot tell nothing is decided.
 */
static void test_cannot_tell(void **state)
{
    static struct row row;
    (void)state;
    row = rows[0];
    row.p = RULE(",'bind':['dpop']") "," LAB_QUIET;
    row.q = PLAIN;
    struct ambit_action_question q = open_row(&row);
    lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "q");
    lab_decide_action(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_BINDING_REQUIRED);
    lab_close(&lab);

    row.p =
        "'allow':[{'id':'o','actions':['service.x*d'],'resources':['svc:**'],'ttl':{'max':'9m'}}"
        ",{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],'ttl':{'max':'15m'},'l"
        "imits':[{'count':5,'within':'1h'}]},{'id':'s','actions':['service.*'],'resources':['svc:"
        "staging/**'],'ttl':{'max':'15m'},'limits':[{'count':3,'within':'1h'}]}]," LAB_QUIET;
    q = open_row(&row);
    lab.world.figure = figure_ends;
    for (int n = 0; n < 2; n++) {
        left_to_tell = n;
        assert_int_equal(ambit_decide_action(lab.set, &q, &lab.world, &lab.d),
                         n == 0 ? AMBIT_ERR_DAMAGED : AMBIT_OK);
    }
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_cannot_tell),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
