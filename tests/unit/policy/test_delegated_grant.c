/* SPDX-License-Identifier: Apache-2.0 */
/* A token request under a parent grant: inside it, no longer, not deeper, to whom it may go; every
 * check again for every grant above, and what stops and approvals make of it. */
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
    enum ambit_grant_check check;
    unsigned level;
    const char *rule, *member, *required, *saw; /* NULL: anything */
};

#define WITH_A(more) PA(CHAIN_RULE("ra", CHAIN_DEEP more) "," LAB_QUIET)

static void stop_agent_a(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_AGENT, "a");
}

static void stop_owner_then(struct chain *c)
{
    c->b.view.owner = AMBIT_STR("zed");
    lab_stop(&c->lab, 9, AMBIT_TARGET_OWNER, "zed");
}

static void stop_owner_now(struct chain *c)
{
    c->b.view.owner = AMBIT_STR("zed");
    lab_stop(&c->lab, 9, AMBIT_TARGET_OWNER, "lee");
}

static void stop_policy_a(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_POLICY, "pa");
}

static void stop_something_else(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_POLICY, "other");
    c->b.view.liveness = AMBIT_DEAD_STOPPED;
}

static void b_revoked(struct chain *c)
{
    c->b.view.liveness = AMBIT_DEAD_REVOKED;
}

static void a_unknown(struct chain *c)
{
    c->a.view.liveness = AMBIT_UNKNOWN_GRANT;
}

static void b_agent_gone(struct chain *c)
{
    c->b.view.agent = AMBIT_STR("nobody");
}

static void outside_b(struct chain *c)
{
    c->item.resource = AMBIT_STR("svc:staging/us/x");
}

static void outside_all(struct chain *c)
{
    c->item.resource = AMBIT_STR("svc:prod/x");
}

static void a_narrower(struct chain *c)
{
    c->a.items[0].resource = AMBIT_STR("svc:staging/eu/y");
}

static void a_unreadable(struct chain *c)
{
    c->a.items[0].resource = AMBIT_STR("svc:staging//");
}

static void in_except_of_b(struct chain *c)
{
    static const struct ambit_str actions[] = {AMBIT_STR("service.*")};
    static const struct ambit_str resources[] = {AMBIT_STR("svc:zzz"), AMBIT_STR("svc:*/eu/*")};
    c->b.except[0] = (struct ambit_except){.policy = AMBIT_STR("old"),
                                           .id = AMBIT_STR("n"),
                                           .actions = {actions, 1},
                                           .resources = {resources, 2}};
    c->b.view.n_except = 1;
}

static void stop_resource(struct chain *c)
{
    lab_stop(&c->lab, 9, AMBIT_TARGET_RESOURCE, "svc:staging/**");
}

static void outside_and_stopped(struct chain *c)
{
    outside_b(c);
    stop_resource(c);
}

static void other_audience(struct chain *c)
{
    c->q.audience = LAB_OTHER;
}

static void b_bound(struct chain *c)
{
    c->b.view.binding = AMBIT_BINDING_DPOP;
    c->q.keeps_binding = true;
}

static void b_bound_and_so_is_c(struct chain *c)
{
    b_bound(c);
    c->q.binding = AMBIT_BINDING_MTLS;
}

static void b_bound_in_thought(struct chain *c)
{
    c->b.view.binding = AMBIT_BINDING_DPOP;
}

static void b_for_another(struct chain *c)
{
    c->b.view.audience = LAB_OTHER;
    c->q.audience = LAB_AUDIENCE;
}

static void b_expires_now(struct chain *c)
{
    c->b.view.expires_ms = LAB_NOW_MS;
}

static void a_old(struct chain *c)
{
    c->a.view.issued_ms = LAB_NOW_MS - 7200000;
}

static void rejected(struct chain *c)
{
    c->q.approval = AMBIT_APPROVAL_REJECTED;
}

static const struct lab_agent strangers[] = {{"a", "dana", "sam", "'pa'", "'delegates_to':['b'],"},
                                             {"b", "lee", "sam", "'pb'", "'delegates_to':['a'],"},
                                             {"c", "dana", "lee", "'pc'", ""}};
static const struct lab_agent lone[] = {{"a", "dana", "sam", "'pa'", "'delegates_to':['b'],"},
                                        {"b", "lee", "sam", "'pb'", ""},
                                        {"c", "dana", "lee", "'pc'", ""}};
static const struct lab_agent unowned[] = {{"a", "dana", "gone", "'pa'", "'delegates_to':['b'],"},
                                           {"b", "lee", "sam", "'pb'", "'delegates_to':['c'],"},
                                           {"c", "dana", "lee", "'pc'", ""}};
static const struct lab_agent unlisted[] = {{"a", "dana", "sam", "'pb'", "'delegates_to':['b'],"},
                                            {"b", "lee", "sam", "'pb'", "'delegates_to':['c'],"},
                                            {"c", "dana", "lee", "'pc'", ""}};

static const struct row rows[] = {
    {"a stop on the agent at the root", AS_IS, stop_agent_a, AMBIT_REASON_STOPPED,
     AMBIT_GRANT_CHECK_STOP, 2, "", "", NULL,
     "of a, 2 above: a stop CQcAAAAAAAAAAAAAAAAAAA on agent:a"},
    {"a stop on who owned it then", AS_IS, stop_owner_then, AMBIT_REASON_STOPPED,
     AMBIT_GRANT_CHECK_STOP, 1, "", "", NULL, NULL},
    {"a stop on who owns it now", AS_IS, stop_owner_now, AMBIT_REASON_STOPPED,
     AMBIT_GRANT_CHECK_STOP, 1, "", "", NULL, NULL},
    {"a stop on the policy that gave it", AS_IS, stop_policy_a, AMBIT_REASON_STOPPED,
     AMBIT_GRANT_CHECK_STOP, 2, "", "", NULL, NULL},
    {"dead by a stop in force", AS_IS, stop_something_else, AMBIT_REASON_STOPPED,
     AMBIT_GRANT_CHECK_STOP, 1, "", "", NULL, "of b, 1 above: a stop"},
    {"revoked", AS_IS, b_revoked, AMBIT_REASON_INACTIVE, AMBIT_GRANT_CHECK_STOP, 1, "", "revoked",
     NULL, "of b, 1 above: its grant is revoked"},
    {"unknown", AS_IS, a_unknown, AMBIT_REASON_INACTIVE, AMBIT_GRANT_CHECK_STOP, 2, "", "revoked",
     NULL, NULL},
    {"its agent is gone", AS_IS, b_agent_gone, AMBIT_REASON_INACTIVE, AMBIT_GRANT_CHECK_STOP, 1, "",
     "agent", NULL, "of nobody, 1 above: there is no such agent"},
    {"no backup at the root", AGENTS(unowned), NULL, AMBIT_REASON_OWNER_REQUIRED,
     AMBIT_GRANT_CHECK_OWNER, 2, "", "backup",
     "owner dana and backup gone are active, and the owner's confirmation has not lapsed",
     "of a, 2 above: dana is active, gone is not active"},
    {"a never of the root's policy",
     PA(CHAIN_RULE("ra", CHAIN_DEEP) ",'never':[{'id':'n','actions':['**'],'resources':['svc:"
                                     "staging/eu/**']}]," LAB_QUIET),
     NULL, AMBIT_REASON_FORBIDDEN, AMBIT_GRANT_CHECK_NEVER, 2, "n", "", NULL,
     "of a, 2 above: pa/n"},
    {"in no rule of its own", AS_IS, outside_all, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, 0, "", "", NULL, "no rule contains it"},
    {"outside the parent", AS_IS, outside_b, AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, 1,
     "", "parent", "the grant above contains service.read[svc:staging/us/x]",
     "of b, 1 above: no item of it does"},
    {"outside the grant above the parent", AS_IS, a_narrower, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, 2, "", "parent", NULL, "of a, 2 above: no item of it does"},
    {"a grant whose item cannot be read", AS_IS, a_unreadable, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, 2, "", "parent", NULL, NULL},
    {"inside an except of the parent", AS_IS, in_except_of_b, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, 1, "", "except", NULL, "of b, 1 above: inside an exception of it"},
    {"the rule that gave it is gone", PA(CHAIN_RULE("rx", CHAIN_DEEP) "," LAB_QUIET), NULL,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, 2, "", "allow",
     "the rule that gave the grant above still gives service.read[svc:staging/eu/x]",
     "of a, 2 above: it does not"},
    {"the policy that gave it is listed no more", AGENTS(unlisted), NULL, AMBIT_REASON_OUT_OF_SCOPE,
     AMBIT_GRANT_CHECK_SCOPE, 2, "", "allow", NULL, NULL},
    {"the rule that gave it is narrower",
     PA("'allow':[{'id':'ra','actions':['service.*'],'resources':['svc:staging/us/"
        "**'],'ttl':{'max':"
        "'1h'}" CHAIN_DEEP "}]," LAB_QUIET),
     NULL, AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, 2, "ra", "allow", NULL, NULL},
    {"to another agent", AGENTS(strangers), NULL, AMBIT_REASON_NOT_DELEGABLE,
     AMBIT_GRANT_CHECK_SCOPE, 1, "", "delegates_to", "b delegates to c",
     "of b, 1 above: its document does not say so"},
    {"to no agent at all", AGENTS(lone), NULL, AMBIT_REASON_NOT_DELEGABLE, AMBIT_GRANT_CHECK_SCOPE,
     1, "", "delegates_to", NULL, NULL},
    {"not delegable", PB(CHAIN_RULE("rb", "") "," LAB_QUIET), NULL, AMBIT_REASON_NOT_DELEGABLE,
     AMBIT_GRANT_CHECK_SCOPE, 1, "rb", "delegation.depth", "pb/rb is not delegable",
     "of b, 1 above: depth 2"},
    {"too deep below the root", PA(CHAIN_RULE("ra", ",'delegation':{'depth':1}") "," LAB_QUIET),
     NULL, AMBIT_REASON_NOT_DELEGABLE, AMBIT_GRANT_CHECK_SCOPE, 2, "ra", "delegation.depth",
     "pa/ra is delegable to depth 1", "of a, 2 above: depth 2"},
    {"too deep below the parent's rule",
     PB(CHAIN_RULE("rb", ",'delegation':{'depth':1}") "," LAB_QUIET), NULL,
     AMBIT_REASON_NOT_DELEGABLE, AMBIT_GRANT_CHECK_SCOPE, 1, "rb", "delegation.depth", NULL, NULL},
    {"a stop on the resource", AS_IS, stop_resource, AMBIT_REASON_STOPPED, AMBIT_GRANT_CHECK_SCOPE,
     0, "", "", NULL, NULL},
    {"outside the parent, and a stop on the resource", AS_IS, outside_and_stopped,
     AMBIT_REASON_OUT_OF_SCOPE, AMBIT_GRANT_CHECK_SCOPE, 1, "", "parent", NULL, NULL},
    {"not the parent's audience", AS_IS, other_audience, AMBIT_REASON_WRONG_AUDIENCE,
     AMBIT_GRANT_CHECK_AUDIENCE, 0, "rc", "", NULL, NULL},
    {"asked for another than the parent's audience", AS_IS, b_for_another,
     AMBIT_REASON_WRONG_AUDIENCE, AMBIT_GRANT_CHECK_AUDIENCE, 1, "", "parent",
     "https://other.example.gov", "of b, 1 above: https://payments.example.gov"},
    {"the root's policy names another audience",
     HEAD_A("'audiences':['https://other.example.gov'],"), NULL, AMBIT_REASON_WRONG_AUDIENCE,
     AMBIT_GRANT_CHECK_AUDIENCE, 2, "ra", "", "https://other.example.gov",
     "of a, 2 above: https://payments.example.gov"},
    {"the root's policy is over", HEAD_A("'not_after':'2026-01-01T00:00:00Z',"), NULL,
     AMBIT_REASON_POLICY_EXPIRED, AMBIT_GRANT_CHECK_DATES, 2, "ra", "", NULL, NULL},
    {"the root's hours",
     WITH_A(",'when':{'hours':[{'days':['Sat'],'from':'00:00','to':'24:00','zone':'UTC'}]}"), NULL,
     AMBIT_REASON_OUTSIDE_HOURS, AMBIT_GRANT_CHECK_HOURS, 2, "ra", "", NULL, NULL},
    {"the root's source", WITH_A(",'when':{'source':['192.0.2.0/24']}"), NULL,
     AMBIT_REASON_WRONG_SOURCE, AMBIT_GRANT_CHECK_SOURCE, 2, "ra", "", "192.0.2.0/24",
     "of a, 2 above: 10.20.0.1"},
    {"the purpose that the root recorded", WITH_A(",'when':{'purpose':'INC-*'}"), NULL,
     AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_GRANT_CHECK_PURPOSE, 2, "ra", "", "INC-*",
     "of a, 2 above: none"},
    {"the composition that the root recorded", WITH_A(",'when':{'composition':true}"), NULL,
     AMBIT_REASON_COMPOSITION_MISMATCH, AMBIT_GRANT_CHECK_COMPOSITION, 2, "ra", "", NULL, NULL},
    {"TEX-8: the parent's binding is not dropped", AS_IS, b_bound, AMBIT_REASON_BINDING_REQUIRED,
     AMBIT_GRANT_CHECK_BINDING, 1, "", "parent",
     "a key of its own, since the grant above is bound to one", "of b, 1 above: none"},
    {"the binding that the root recorded", WITH_A(",'bind':['dpop']"), NULL,
     AMBIT_REASON_BINDING_REQUIRED, AMBIT_GRANT_CHECK_BINDING, 2, "ra", "", NULL,
     "of a, 2 above: none"},
    {"the parent ends", AS_IS, b_expires_now, AMBIT_REASON_EXPIRED, AMBIT_GRANT_CHECK_LIFETIME, 0,
     "rc", "", NULL, "0s, until 2026-11-20T10:00:00.000Z"},
    {"the root is older than its rule's ttl.max", AS_IS, a_old, AMBIT_REASON_EXPIRED,
     AMBIT_GRANT_CHECK_LIFETIME, 2, "ra", "", "at most 1h since the grant above was given",
     "of a, 2 above: given at 2026-11-20T08:00:00.000Z"},
    {"a hard stop of the root's policy",
     PA(CHAIN_RULE(
         "ra", CHAIN_DEEP) ",'hard_stops':[{'id':'wire','on':'granted','then':'suspend_agent'}]"),
     NULL, AMBIT_REASON_HARD_STOP, AMBIT_GRANT_CHECK_HARD_STOP, 2, "wire", "", NULL,
     "of a, 2 above: pa/wire fires"},
    {"the root's rule asks a person", WITH_A(CHAIN_APPROVAL("grant")), NULL,
     AMBIT_REASON_APPROVAL_REQUIRED, AMBIT_GRANT_CHECK_APPROVAL, 2, "ra", "",
     "approval by 1 person of role oncall within 15m", "of a, 2 above: nobody's approval"},
    {"and that person says no", WITH_A(CHAIN_APPROVAL("grant")), rejected,
     AMBIT_REASON_APPROVAL_REJECTED, AMBIT_GRANT_CHECK_APPROVAL, 2, "ra", "", NULL, NULL},
    {"the earliest failure names the reason",
     PA_PC(CHAIN_RULE("ra", CHAIN_DEEP ",'when':{'purpose':'INC-*'}") "," LAB_QUIET,
           CHAIN_RULE("rc", ",'bind':['mtls']") "," LAB_QUIET),
     NULL, AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_GRANT_CHECK_PURPOSE, 2, "ra", NULL, NULL, NULL},
    {"of equals the nearest",
     PA_PB(CHAIN_RULE("ra", CHAIN_DEEP ",'when':{'purpose':'INC-*'}") "," LAB_QUIET,
           CHAIN_RULE("rb", CHAIN_DEEP ",'when':{'purpose':'INC-*'}") "," LAB_QUIET),
     NULL, AMBIT_REASON_PURPOSE_REQUIRED, AMBIT_GRANT_CHECK_PURPOSE, 1, "rb", NULL, NULL, NULL},
};

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        chain_open(&chain, &row->documents);
        if (row->change)
            row->change(&chain);
        struct lab *lab = &chain.lab;
        lab_decide_grant(lab, &chain.q);
        if (lab->d.verdict != AMBIT_DENY || lab->d.reason != row->reason ||
            lab->d.failed_check != (int)row->check || lab->d.level != row->level)
            fail_msg("%s: %s at %d of level %u", row->name, ambit_reason_text(lab->d.reason),
                     lab->d.failed_check, lab->d.level);
        lab_assert_text(row->name, lab->d.rule, row->rule);
        lab_assert_text(row->name, lab->d.member, row->member);
        assert_true(lab->d.is_attempt);
        assert_int_equal(lab->d.n_asks, row->check == AMBIT_GRANT_CHECK_APPROVAL);
        lab_replay_grant(lab, &chain.q);
        assert_int_equal(
            ambit_explain_grant(lab->set, &chain.q, &lab->world, &lab->arena, &lab->explanation),
            AMBIT_OK);
        lab_assert_checks(lab, (size_t)row->check, AMBIT_GRANT_CHECKS);
        lab_assert_text(row->name, lab->explanation.checks[row->check].required, row->required);
        lab_assert_text(row->name, lab->explanation.checks[row->check].saw, row->saw);
        chain_close(&chain);
    }
}

/* Inside the parent in everything: items, end, audience, what is excepted. */
static void test_allowed(void **state)
{
    (void)state;
    chain_open(&chain,
               &(struct chain_documents){
                   .pc = CHAIN_RULE("rc", "") ",'never':[{'id':'n','actions':['**'],'resources':['"
                                              "svc:staging/eu/*/keys']}]," LAB_QUIET});
    struct lab *lab = &chain.lab;
    static const struct ambit_str actions[] = {AMBIT_STR("service.drop")};
    static const struct ambit_str resources[] = {AMBIT_STR("svc:staging/**")};
    chain.b.except[0] = (struct ambit_except){.policy = AMBIT_STR("pb"),
                                              .id = AMBIT_STR("then"),
                                              .actions = {actions, 1},
                                              .resources = {resources, 1}};
    chain.b.view.n_except = 1;
    chain.item.resource = AMBIT_STR("svc:staging/eu/**");
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab->d.level, 0);
    lab_assert_text("rule", lab->d.rule, "rc");
    assert_true(ambit_str_eq(lab->d.audience, LAB_AUDIENCE));
    assert_int_equal(lab->d.expires_ms, LAB_NOW_MS + 1200000); /* the parent's, on a second */
    assert_int_equal(lab->d.n_except, 2);
    lab_assert_text("of the parent", lab->d.except[0].id, "then");
    lab_assert_text("of its own", lab->d.except[1].id, "n");
    lab_replay_grant(lab, &chain.q);
    assert_int_equal(
        ambit_explain_grant(lab->set, &chain.q, &lab->world, &lab->arena, &lab->explanation),
        AMBIT_OK);
    lab_assert_checks(lab, AMBIT_GRANT_CHECKS, AMBIT_GRANT_CHECKS);

    chain.a.view.expires_ms = LAB_NOW_MS + 60000; /* no longer than any above */
    chain.q.audience = LAB_AUDIENCE;
    chain.q.has_lifetime = true;
    chain.q.lifetime_s = 600;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.expires_ms, LAB_NOW_MS + 60000);

    /* asked for on every resource: only what lies inside the parent */
    chain.item.resource = (struct ambit_str){0};
    chain.b.items[0].resource = AMBIT_STR("svc:staging/**");
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    lab_assert_text("given", lab->d.given[0].resource, "svc:staging/**");
    chain.b.items[0].resource = AMBIT_STR("svc:staging/eu/**");
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab->d.level, 1);
    chain_close(&chain);
}

/* The same `never` in the parent's except and in a policy now stands once; changed since, twice. */
static void test_except_of_both(void **state)
{
    (void)state;
    static const struct ambit_str actions[] = {AMBIT_STR("**")};
    static const struct ambit_str resources[] = {AMBIT_STR("svc:staging/eu/*/keys")};
    static const struct ambit_str more[] = {AMBIT_STR("svc:staging/eu/*/keys"), AMBIT_STR("db:x")};
    chain_open(&chain,
               &(struct chain_documents){
                   .pc = CHAIN_RULE("rc", "") ",'never':[{'id':'n','actions':['**'],'resources':['"
                                              "svc:staging/eu/*/keys']}]," LAB_QUIET});
    chain.b.except[0] = (struct ambit_except){.policy = AMBIT_STR("pc"),
                                              .id = AMBIT_STR("n"),
                                              .actions = {actions, 1},
                                              .resources = {resources, 1}};
    chain.b.view.n_except = 1;
    chain.item.resource = AMBIT_STR("svc:staging/eu/**");
    lab_decide_grant(&chain.lab, &chain.q);
    assert_int_equal(chain.lab.d.n_except, 1);
    chain.b.except[0].resources = (struct ambit_strs){more, 2};
    lab_decide_grant(&chain.lab, &chain.q);
    assert_int_equal(chain.lab.d.n_except, 2);
    chain.b.except[0].resources = (struct ambit_strs){&more[1], 1};
    lab_decide_grant(&chain.lab, &chain.q);
    assert_int_equal(chain.lab.d.n_except, 2);
    chain_close(&chain);
}

/* Items of a grant above are tried in its order; one whose rule still gives is enough. */
static void test_items_above(void **state)
{
    (void)state;
    chain_open(&chain, &(struct chain_documents){0});
    chain.a.items[1] = chain.a.items[0];
    chain.a.items[0].rule = AMBIT_STR("gone");
    chain.a.view.n_items = 2;
    lab_decide_grant(&chain.lab, &chain.q);
    assert_int_equal(chain.lab.d.verdict, AMBIT_ALLOW);
    lab_replay_grant(&chain.lab, &chain.q);
    chain_close(&chain);
}

/* A chain longer than can be was not made by us. */
static void test_too_long(void **state)
{
    (void)state;
    struct ambit_grant_view more[AMBIT_DEPTH_MAX + 3];
    chain_open(&chain, &(struct chain_documents){0});
    for (size_t i = 0; i < AMBIT_LEN(more); i++) {
        more[i] = chain.a.view;
        more[i].above = i + 1 < AMBIT_LEN(more) ? &more[i + 1] : NULL;
    }
    chain.q.parent = more;
    assert_int_equal(ambit_decide_grant(chain.lab.set, &chain.q, &chain.lab.world, &chain.lab.d),
                     AMBIT_ERR_TOO_LARGE);
    chain.act.grant = more;
    assert_int_equal(ambit_decide_action(chain.lab.set, &chain.act, &chain.lab.world, &chain.lab.d),
                     AMBIT_ERR_TOO_LARGE);
    chain_close(&chain);
}

/* TEX-8: bound to whichever key; and what is asked in thought is left to the language. */
static void test_a_key_of_its_own(void **state)
{
    static const struct chain_documents as_is = AS_IS;
    static void (*const changes[])(struct chain *) = {b_bound_and_so_is_c, b_bound_in_thought};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(changes); i++) {
        chain_open(&chain, &as_is);
        changes[i](&chain);
        lab_decide_grant(&chain.lab, &chain.q);
        assert_int_equal(chain.lab.d.reason, AMBIT_REASON_ALLOWED);
        lab_replay_grant(&chain.lab, &chain.q);
        chain_close(&chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_except_of_both), cmocka_unit_test(test_items_above),
        cmocka_unit_test(test_too_long),       cmocka_unit_test(test_a_key_of_its_own),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
