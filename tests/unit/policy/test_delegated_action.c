/* SPDX-License-Identifier: Apache-2.0 */
/* What a delegate does: every check from `stop` on, the proof of the key apart, again for every
 * grant above, with what that grant recorded and its agent's documents of now. */
#include "chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct chain chain;

struct row {
    const char *name;
    struct chain_documents documents;
    void (*change)(struct chain *c);
    enum ambit_reason reason;
    enum ambit_action_check check;
    unsigned level;
    const char *rule, *member, *saw; /* NULL: anything */
};

#define WITH_A(more) PA(CHAIN_RULE("ra", CHAIN_DEEP more) "," LAB_QUIET)

static void stop_agent_a(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_AGENT, "a");
}

static void stop_policy_b(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_POLICY, "pb");
}

static void b_dead(struct chain *c)
{
    c->b.view.liveness = AMBIT_DEAD_STOPPED;
}

static void a_revoked(struct chain *c)
{
    c->a.view.liveness = AMBIT_DEAD_REVOKED;
}

static void a_unknown(struct chain *c)
{
    c->a.view.liveness = AMBIT_UNKNOWN_GRANT;
}

static void b_over(struct chain *c)
{
    c->b.view.expires_ms = LAB_NOW_MS;
}

static void b_agent_gone(struct chain *c)
{
    c->b.view.agent = AMBIT_STR("nobody");
}

static void a_elsewhere(struct chain *c)
{
    c->a.items[0].resource = AMBIT_STR("svc:staging/us/**");
}

static void in_except_of_b(struct chain *c)
{
    static const struct ambit_str any[] = {AMBIT_STR("**")};
    static const struct ambit_str resources[] = {AMBIT_STR("svc:staging/eu/x")};
    c->b.except[0] = (struct ambit_except){.policy = AMBIT_STR("old"),
                                           .id = AMBIT_STR("n"),
                                           .actions = {any, 1},
                                           .resources = {resources, 1}};
    c->b.view.n_except = 1;
}

static void a_old(struct chain *c)
{
    c->a.view.issued_ms = LAB_NOW_MS - 7200000;
}

static void used_up(struct chain *c)
{
    lab_set(&c->lab, "pa/ra/rule/count//agent/a", 3);
}

static void used_up_by_both(struct chain *c)
{
    used_up(c);
    lab_set(&c->lab, "pb/rb/rule/count//agent/b", 3);
}

static void with_rows(struct chain *c, int64_t rows)
{
    static struct ambit_context_member member;
    member = (struct ambit_context_member){
        .name = AMBIT_STR("rows"),
        .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = rows},
    };
    c->act.context = &member;
    c->act.n_context = 1;
}

static void many_rows(struct chain *c)
{
    with_rows(c, 9);
}

static void bound(struct chain *c)
{
    c->a.view.binding = c->b.view.binding = AMBIT_BINDING_DPOP;
}

static void rejected(struct chain *c)
{
    c->act.approval = AMBIT_APPROVAL_REJECTED;
}

static void wider(struct chain *c)
{
    c->item.resource = AMBIT_STR("svc:staging/**");
}

static void beside(struct chain *c)
{
    c->item.resource = AMBIT_STR("svc:staging/us/x");
}

static const struct lab_agent unowned[] = {{"a", "gone", "sam", "'pa'", "'delegates_to':['b'],"},
                                           {"b", "lee", "sam", "'pb'", "'delegates_to':['c'],"},
                                           {"c", "dana", "lee", "'pc'", ""}};

#define COUNT ",'limits':[{'count':3,'within':'1h'}]"

static const struct row rows[] = {
    {"a stop on the agent at the root", AS_IS, stop_agent_a, AMBIT_REASON_STOPPED,
     AMBIT_ACTION_CHECK_STOP, 2, "", "", "of a, 2 above: a stop CQcAAAAAAAAAAAAAAAAAAA on agent:a"},
    {"a stop on the policy of one above", AS_IS, stop_policy_b, AMBIT_REASON_STOPPED,
     AMBIT_ACTION_CHECK_STOP, 1, "", "", NULL},
    {"dead by a stop in force", AS_IS, b_dead, AMBIT_REASON_STOPPED, AMBIT_ACTION_CHECK_STOP, 1, "",
     "", "of b, 1 above: a stop"},
    {"revoked", AS_IS, a_revoked, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, 2, "", "revoked",
     "of a, 2 above: revoked"},
    {"unknown", AS_IS, a_unknown, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, 2, "", "revoked",
     NULL},
    {"over", AS_IS, b_over, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, 1, "", "expired",
     "of b, 1 above: expired at 2026-11-20T10:00:00.000Z"},
    {"its agent is gone", AS_IS, b_agent_gone, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE, 1,
     "", "agent", "of nobody, 1 above: no such agent"},
    {"no owner at the root", AGENTS(unowned), NULL, AMBIT_REASON_INACTIVE, AMBIT_ACTION_CHECK_LIVE,
     2, "", "owner", "of a, 2 above: the owner is not active"},
    {"a never at the root",
     PA(CHAIN_RULE("ra", CHAIN_DEEP) ",'never':[{'id':'n','actions':['**'],'resources':['svc:"
                                     "staging/eu/**']}]," LAB_QUIET),
     NULL, AMBIT_REASON_FORBIDDEN, AMBIT_ACTION_CHECK_NEVER, 2, "n", "", "of a, 2 above: pa/n"},
    {"outside the root's items", AS_IS, a_elsewhere, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_ACTION_CHECK_SCOPE, 2, "", "", "of a, 2 above: inside no item"},
    {"inside an except of the parent", AS_IS, in_except_of_b, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_ACTION_CHECK_SCOPE, 1, "", "except", "of b, 1 above: inside an exception"},
    {"the root's rule is gone", PA(CHAIN_RULE("rx", CHAIN_DEEP) "," LAB_QUIET), NULL,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "allow",
     "of a, 2 above: changed: allow"},
    {"its policy is over", HEAD_A("'not_after':'2026-01-01T00:00:00Z',"), NULL,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "not_after", NULL},
    {"its policy names another audience", HEAD_A("'audiences':['https://other.example.gov'],"),
     NULL, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "audiences", NULL},
    {"it binds to another kind of key", WITH_A(",'bind':['mtls']"), bound,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "bind", NULL},
    {"older than its ttl.max", AS_IS, a_old, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY,
     2, "ra", "ttl.max", NULL},
    {"it asks approval at grant now", WITH_A(CHAIN_APPROVAL("grant")), NULL,
     AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "approval", NULL},
    {"its hours",
     WITH_A(",'when':{'hours':[{'days':['Sat'],'from':'00:00','to':'24:00','zone':'UTC'}]}"), NULL,
     AMBIT_REASON_OUTSIDE_HOURS, AMBIT_ACTION_CHECK_HOURS, 2, "ra", "", NULL},
    {"its source", WITH_A(",'when':{'source':['192.0.2.0/24']}"), NULL, AMBIT_REASON_WRONG_SOURCE,
     AMBIT_ACTION_CHECK_SOURCE, 2, "ra", "", "of a, 2 above: 10.20.0.1"},
    {"the purpose that it recorded", WITH_A(",'when':{'purpose':'INC-*'}"), NULL,
     AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_ACTION_CHECK_PURPOSE, 2, "ra", "", "of a, 2 above: none"},
    {"its reason", WITH_A(",'when':{'reason':true}"), NULL, AMBIT_REASON_REASON_REQUIRED,
     AMBIT_ACTION_CHECK_REASON, 2, "ra", "", NULL},
    {"its context", WITH_A(",'when':{'context':{'rows':{'max':5}}}"), NULL,
     AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT, 2, "ra", "rows",
     "of a, 2 above: rows absent"},
    {"its context violated", WITH_A(",'when':{'context':{'rows':{'max':5}}}"), many_rows,
     AMBIT_REASON_CONTEXT_VIOLATED, AMBIT_ACTION_CHECK_CONTEXT, 2, "ra", "rows",
     "of a, 2 above: rows 9"},
    {"what its hard stop sums",
     PA(CHAIN_RULE("ra", CHAIN_DEEP) ",'hard_stops':[{'id':'bulk','on':'allowed','sum':'rows','max'"
                                     ":10,'within':'1h','then':'suspend_agent'}]"),
     NULL, AMBIT_REASON_MISSING_CONTEXT, AMBIT_ACTION_CHECK_CONTEXT, 2, "ra", "rows", NULL},
    {"what must come before",
     WITH_A(",'when':{'after':[{'actions':['backup.create'],'within':'1h'}]}"), NULL,
     AMBIT_REASON_ORDER_VIOLATED, AMBIT_ACTION_CHECK_AFTER, 2, "ra", NULL, NULL},
    {"the composition that it recorded", WITH_A(",'when':{'composition':true}"), NULL,
     AMBIT_REASON_COMPOSITION_MISMATCH, AMBIT_ACTION_CHECK_COMPOSITION, 2, "ra", "", NULL},
    {"its limit", WITH_A(COUNT), used_up, AMBIT_REASON_LIMIT_EXCEEDED, AMBIT_ACTION_CHECK_LIMITS, 2,
     "ra", "count", "of a, 2 above: 3 before this"},
    {"a hard stop of its policy",
     PA(CHAIN_RULE(
         "ra", CHAIN_DEEP) ",'hard_stops':[{'id':'wire','on':'allowed','then':'suspend_agent'}]"),
     NULL, AMBIT_REASON_HARD_STOP, AMBIT_ACTION_CHECK_HARD_STOP, 2, "wire", "",
     "of a, 2 above: pa/wire fires"},
    {"its approval", WITH_A(CHAIN_APPROVAL("action")), NULL, AMBIT_REASON_APPROVAL_REQUIRED,
     AMBIT_ACTION_CHECK_APPROVAL, 2, "ra", "", "of a, 2 above: nobody's approval"},
    {"its approval rejected", WITH_A(CHAIN_APPROVAL("action")), rejected,
     AMBIT_REASON_APPROVAL_REJECTED, AMBIT_ACTION_CHECK_APPROVAL, 2, "ra", "",
     "of a, 2 above: a rejection"},
    {"the earliest failure names the reason",
     PA_PC(CHAIN_RULE("rx", CHAIN_DEEP) "," LAB_QUIET,
           CHAIN_RULE("rc", ",'when':{'reason':true}") "," LAB_QUIET),
     NULL, AMBIT_REASON_POLICY_CHANGED, AMBIT_ACTION_CHECK_POLICY, 2, "ra", "allow", NULL},
    {"of equals the nearest",
     PA_PB(CHAIN_RULE("ra", CHAIN_DEEP COUNT) "," LAB_QUIET,
           CHAIN_RULE("rb", CHAIN_DEEP COUNT) "," LAB_QUIET),
     used_up_by_both, AMBIT_REASON_LIMIT_EXCEEDED, AMBIT_ACTION_CHECK_LIMITS, 1, "rb", "count",
     "of b, 1 above: 3 before this"},
};

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct lab *lab = &chain.lab;
        chain_open(&chain, &row->documents);
        if (strstr(row->name, "come before"))
            lab_set(lab, "pa/ra/rule/after/a:13:backup.creater:/agent/a", -1);
        if (row->change)
            row->change(&chain);
        lab_decide_action(lab, &chain.act);
        if (lab->d.verdict != AMBIT_DENY || lab->d.reason != row->reason ||
            lab->d.failed_check != (int)row->check || lab->d.level != row->level)
            fail_msg("%s: %s at %d of level %u", row->name, ambit_reason_text(lab->d.reason),
                     lab->d.failed_check, lab->d.level);
        lab_assert_text(row->name, lab->d.rule, row->rule);
        lab_assert_text(row->name, lab->d.member, row->member);
        assert_true(lab->d.is_attempt);
        lab_replay_action(lab, &chain.act);
        assert_int_equal(
            ambit_explain_action(lab->set, &chain.act, &lab->world, &lab->arena, &lab->explanation),
            AMBIT_OK);
        lab_assert_checks(lab, (size_t)row->check, AMBIT_ACTION_CHECKS);
        lab_assert_text(row->name, lab->explanation.checks[row->check].saw, row->saw);
        chain_close(&chain);
    }
}

/* A delegate of its own delegate: an agent may stand in the chain twice, and is charged once by its
 * name, once for each of its grants. */
static void test_twice(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(&chain, &(struct chain_documents){
                           .pa = CHAIN_RULE(
                               "ra", CHAIN_DEEP
                               ",'limits':[{'count':9,'within':'1h'},{'uses':9}]") "," LAB_QUIET});
    chain.c.view.agent = AMBIT_STR("a");
    chain.c.items[0].policy = AMBIT_STR("pa");
    chain.c.items[0].rule = AMBIT_STR("ra");
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab->d.n_charges, 3);
    lab_replay_action(lab, &chain.act);
    chain_close(&chain);
}

/* The key is proved by who acts alone: that of a grant above is not at hand. */
static void test_proof(void **state)
{
    (void)state;
    chain_open(&chain, &(struct chain_documents){0});
    bound(&chain);
    lab_decide_action(&chain.lab, &chain.act);
    assert_int_equal(chain.lab.d.verdict, AMBIT_ALLOW);
    chain.c.view.binding = AMBIT_BINDING_DPOP;
    lab_decide_action(&chain.lab, &chain.act);
    assert_int_equal(chain.lab.d.reason, AMBIT_REASON_BINDING_MISMATCH);
    chain_close(&chain);
}

#define OF_ONE \
    "[{\"agent\":\"a\",\"policy\":\"pa\",\"rule\":\"ra\",\"roles\":[\"oncall\"],\"count\":1}]"

/* Whom to ask is found by asking the engine again as if they had said yes; the agent is told no
 * more than that. What a grant above lacks nobody below can mend. */
static void test_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct chain_documents documents;
        void (*change)(struct chain *c);
        bool is_grant;
        enum ambit_change remedy;
        const char *value;
    } table[] = {
        {"approval at grant", WITH_A(CHAIN_APPROVAL("grant")), NULL, true,
         AMBIT_CHANGE_ASK_APPROVAL, OF_ONE},
        {"approval at action", WITH_A(CHAIN_APPROVAL("action")), NULL, false,
         AMBIT_CHANGE_ASK_APPROVAL, OF_ONE},
        {"of a team", WITH_A(",'approval':{'at':'action','teams':['ops'],'timeout':'1m'}"), NULL,
         false, AMBIT_CHANGE_ASK_APPROVAL,
         "[{\"agent\":\"a\",\"policy\":\"pa\",\"rule\":\"ra\",\"teams\":[\"ops\"],\"count\":1}]"},
        {"rejected", WITH_A(CHAIN_APPROVAL("action")), rejected, false, AMBIT_CHANGE_NONE, NULL},
        {"wider than the parent", AS_IS, wider, true, AMBIT_CHANGE_NARROW_ITEMS,
         "[{\"actions\":[\"service.read\"],\"resources\":[\"svc:staging/eu/**\"]}]"},
        {"beside the parent", AS_IS, beside, true, AMBIT_CHANGE_NONE, NULL},
        {"a limit above", WITH_A(",'limits':[{'count':3,'within':'1m'}]"), used_up, false,
         AMBIT_CHANGE_WAIT, "\"2026-11-20T10:01:01.000Z\""},
        {"context of a rule above", WITH_A(",'when':{'context':{'rows':{'max':5}}}"), many_rows,
         false, AMBIT_CHANGE_ADD_CONTEXT, "{\"rows\":5}"},
        {"the purpose above", WITH_A(",'when':{'purpose':'INC-*'}"), NULL, true, AMBIT_CHANGE_NONE,
         NULL},
        {"policy above not yet", HEAD_A("'not_before':'2026-11-20T10:01:00Z',"), NULL, true,
         AMBIT_CHANGE_WAIT, "\"2026-11-20T10:01:00.000Z\""},
        {"no agent above", AS_IS, b_agent_gone, false, AMBIT_CHANGE_NONE, NULL},
    };
    for (size_t i = 0; i < AMBIT_LEN(table); i++) {
        struct lab *lab = &chain.lab;
        chain_open(&chain, &table[i].documents);
        if (table[i].change)
            table[i].change(&chain);
        enum ambit_err err = AMBIT_OK;
        if (table[i].is_grant) {
            lab_decide_grant(lab, &chain.q);
            err = ambit_remedy_grant(lab->set, &chain.q, &lab->d, &lab->world, &lab->arena,
                                     &lab->explanation);
        } else {
            lab_decide_action(lab, &chain.act);
            err = ambit_remedy_action(lab->set, &chain.act, &lab->d, &lab->world, &lab->arena,
                                      &lab->explanation);
        }
        assert_int_equal(err, AMBIT_OK);
        if (lab->explanation.remedy.change != table[i].remedy)
            fail_msg("%s: %s", table[i].name, ambit_change_text(lab->explanation.remedy.change));
        lab_assert_text(table[i].name, lab->explanation.remedy.value, table[i].value);
        if (table[i].remedy == AMBIT_CHANGE_ASK_APPROVAL)
            assert_null(lab->explanation.agent_remedy.value.p);
        chain_close(&chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_proof),
        cmocka_unit_test(test_remedy),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
