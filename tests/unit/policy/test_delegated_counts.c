/* SPDX-License-Identifier: Apache-2.0 */
/* What a delegate does counts for every grant above it, keys that several share once; what fires
 * takes whose count it is; whom a delegated grant and its acts must ask. */
#include "chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct chain chain;

static void outside_b(struct chain *c)
{
    c->item.resource = AMBIT_STR("svc:staging/us/x");
}

/* Every rule that asks is named, for the agent whose authority it gives; with a person's approval
 * it passes, and ends no later than that lapses. */
static void test_asks(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(&chain, &(struct chain_documents){
                           .pa = CHAIN_RULE("ra", CHAIN_DEEP CHAIN_APPROVAL("grant")) "," LAB_QUIET,
                           .pc = CHAIN_RULE("rc", CHAIN_APPROVAL("grant")) "," LAB_QUIET});
    struct ambit_item items[] = {chain.item, {AMBIT_STR("service.restart"), chain.item.resource}};
    chain.q.items = items;
    chain.q.n_items = 2;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(lab->d.level, 0);
    assert_int_equal(lab->d.n_asks, 2);
    lab_assert_text("agent", lab->d.asks[0].agent, "c");
    lab_assert_text("rule", lab->d.asks[0].rule, "rc");
    lab_assert_text("agent", lab->d.asks[1].agent, "a");
    lab_assert_text("policy", lab->d.asks[1].policy, "pa");
    assert_int_equal(lab->d.asks[1].tier, AMBIT_TIER_MEDIUM);
    lab_replay_grant(lab, &chain.q);

    chain.q.approval = AMBIT_APPROVAL_GIVEN;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab->d.n_asks, 2);
    assert_int_equal(lab->d.expires_ms, LAB_NOW_MS + 1200000);
    chain.q.approval_lapse_ms = LAB_NOW_MS + 90500;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.expires_ms, LAB_NOW_MS + 90000);
    chain.q.approval_lapse_ms = LAB_NOW_MS;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_EXPIRED);
    assert_int_equal(lab->d.n_asks, 0);
    chain_close(&chain);

    /* only a rule above asks: its lapse bounds all the same */
    chain_open(&chain,
               &(struct chain_documents){
                   .pa = CHAIN_RULE("ra", CHAIN_DEEP CHAIN_APPROVAL("grant")) "," LAB_QUIET});
    chain.q.approval = AMBIT_APPROVAL_GIVEN;
    chain.q.approval_lapse_ms = LAB_NOW_MS + 90500;
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.expires_ms, LAB_NOW_MS + 90000);
    chain_close(&chain);
}

#define COUNTED(then, by)                                                                        \
    ",'hard_stops':[{'id':'s','on':'denied','count':2,'within':'1m','by':'" by "','then':'" then \
    "'}]"

/* What a delegate does counts for every ancestor; what fires takes the one whose count it is. */
static void test_counts_above(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(&chain, &(struct chain_documents){.pa = CHAIN_RULE("ra", CHAIN_DEEP)
                                                     COUNTED("suspend_agent", "agent")});
    outside_b(&chain);
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab->d.n_charges, 1);
    lab_assert_text("key", lab->d.charges[0].what.key, "a");
    assert_int_equal(lab->d.n_trips, 0);
    lab_commit(lab);
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.n_trips, 1);
    lab_assert_text("takes", lab->d.trips[0].agent, "a");
    assert_true(ambit_id_eq(lab->d.trips[0].lineage, lab_id(1)));
    lab_replay_grant(lab, &chain.q);
    chain_close(&chain);
}

/* A single event takes the agent that acted, whoever's policy heard it. */
static void test_at_once_above(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(
        &chain,
        &(struct chain_documents){
            .pa = CHAIN_RULE(
                "ra", CHAIN_DEEP) ",'hard_stops':[{'id':'wire','on':'attempted','resources':["
                                  "'svc:staging/us/**'],'then':'suspend_agent'}]"});
    outside_b(&chain);
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab->d.n_trips, 1);
    lab_assert_text("takes", lab->d.trips[0].agent, "c");
    lab_assert_text("key", lab->d.trips[0].key, "c");
    lab_stop(lab, 9, AMBIT_TARGET_AGENT, "c"); /* held: does not fire again */
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(lab->d.n_trips, 0);
    chain_close(&chain);

    /* held is who acted, not whose policy it is: that of a holds a alone */
    chain_open(&chain,
               &(struct chain_documents){
                   .pa = CHAIN_RULE("ra", CHAIN_DEEP) ",'hard_stops':[{'id':'wire','on':'attempted'"
                                                      ",'then':'suspend_agent'}]"});
    lab_stop(lab, 9, AMBIT_TARGET_AGENT, "a");
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_STOPPED);
    assert_int_equal(lab->d.n_trips, 1);
    lab_assert_text("takes", lab->d.trips[0].agent, "c");
    chain_close(&chain);
}

#define SHARED_BODY(stop)                                                                     \
    "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],'ttl':{'max':" \
    "'1h'},'delegation':{'depth':2},'limits':[{'count':9,'within':'1h','by':'team'},"         \
    "{'count':9,'within':'1h','by':'policy'},{'count':9,'within':'1h'},"                      \
    "{'count':9,'within':'1h','by':'lineage'},{'count':9,'within':'1h','by':'owner'},"        \
    "{'uses':9},{'count':9,'within':'1h','by':'resource'}]}],'hard_stops':[" stop "]"

static const struct lab_agent sharers[] = {{"a", "dana", "sam", "'pa'", "'delegates_to':['b'],"},
                                           {"b", "lee", "sam", "'pa'", "'delegates_to':['c'],"},
                                           {"c", "dana", "lee", "'pa'", ""}};

/* All three list the same policy and hold by the same rule. */
static void share(const char *body)
{
    chain_open(&chain, &(struct chain_documents){.pa = body, .agents = sharers});
    struct held *all[] = {&chain.a, &chain.b, &chain.c};
    for (size_t i = 0; i < AMBIT_LEN(all); i++) {
        all[i]->items[0].policy = AMBIT_STR("pa");
        all[i]->items[0].rule = AMBIT_STR("r");
    }
}

static size_t charged(enum ambit_by by, bool is_stop)
{
    size_t n = 0;
    for (size_t i = 0; i < chain.lab.d.n_charges; i++)
        n += chain.lab.d.charges[i].what.by == by && chain.lab.d.charges[i].what.is_stop == is_stop;
    return n;
}

/* A key that several share (team, policy, lineage) is charged once. */
static void test_shared_keys(void **state)
{
    (void)state;
    static const struct {
        enum ambit_by by;
        size_t limits;
    } rows[] = {{AMBIT_BY_TEAM, 1},    {AMBIT_BY_POLICY, 1}, {AMBIT_BY_AGENT, 3},
                {AMBIT_BY_GRANT, 3},   {AMBIT_BY_OWNER, 2},  {AMBIT_BY_LINEAGE, 1},
                {AMBIT_BY_RESOURCE, 1}};
    share(SHARED_BODY(
        "{'id':'t','on':'allowed','count':9,'within':'1h','by':'team','then':'stop_team'},"
        "{'id':'l','on':'allowed','count':9,'within':'1h','by':'lineage','then':'revoke_grant'},"
        "{'id':'g','on':'allowed','count':9,'within':'1h','by':'grant','then':'revoke_grant'},"
        "{'id':'a','on':'attempted','count':9,'within':'1h','then':'suspend_agent'}"));
    lab_decide_action(&chain.lab, &chain.act);
    assert_int_equal(chain.lab.d.verdict, AMBIT_ALLOW);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (charged(rows[i].by, false) != rows[i].limits)
            fail_msg("by %s: %zu", ambit_by_text(rows[i].by), charged(rows[i].by, false));
    }
    assert_int_equal(charged(AMBIT_BY_TEAM, true), 1);
    assert_int_equal(charged(AMBIT_BY_LINEAGE, true), 1);
    assert_int_equal(charged(AMBIT_BY_GRANT, true), 3);
    assert_int_equal(charged(AMBIT_BY_AGENT, true), 3);
    lab_replay_action(&chain.lab, &chain.act);
    chain_close(&chain);
}

/* Each level by its own rule and keys; a limit of one above refuses the delegate. */
static void test_charged_in_all(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(
        &chain,
        &(struct chain_documents){
            .pa = CHAIN_RULE("ra", CHAIN_DEEP
                             ",'limits':[{'count':2,'within':'1h'},{'uses':2}]") "," LAB_QUIET,
            .pc = CHAIN_RULE("rc", ",'limits':[{'count':9,'within':'1h'}]") "," LAB_QUIET});
    for (int i = 0; i < 2; i++) {
        lab_decide_action(lab, &chain.act);
        assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
        assert_int_equal(lab->d.n_charges, 3);
        lab_replay_action(lab, &chain.act);
        lab_commit(lab);
    }
    assert_int_equal(lab_get(lab, "pc/rc/rule/count//agent/c"), 2);
    assert_int_equal(lab_get(lab, "pa/ra/rule/count//agent/a"), 2);
    assert_int_equal(lab_get(lab, "pa/ra/rule/uses//grant/AQcAAAAAAAAAAAAAAAAAAA"), 2);
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(lab->d.level, 2);
    assert_int_equal(lab->d.n_charges, 0);
    chain_close(&chain);
}

static void test_action_asks(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(
        &chain,
        &(struct chain_documents){
            .pa = CHAIN_RULE("ra", CHAIN_DEEP CHAIN_APPROVAL("action")) "," LAB_QUIET,
            .pc = CHAIN_RULE(
                "rc",
                CHAIN_APPROVAL(
                    "action") ",'limits':[{'count':9,'within':'1h'}]") ",'hard_stops':[{'id':'n','"
                                                                       "on':'allowed','count':9,'"
                                                                       "within':'1m','then':"
                                                                       "'suspend_agent'},{'id':'m',"
                                                                       "'on':'attempted','count':9,"
                                                                       "'within':'1m','then':"
                                                                       "'suspend_agent'}]"});
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(lab->d.n_asks, 2);
    lab_assert_text("agent", lab->d.asks[0].agent, "c");
    lab_assert_text("agent", lab->d.asks[1].agent, "a");
    /* an attempt, and nothing else */
    assert_true(lab->d.is_attempt);
    assert_int_equal(lab->d.n_charges, 1);
    lab_assert_text("hears attempts", lab->d.charges[0].what.id, "m");
    lab_replay_action(lab, &chain.act);

    /* nobody is asked to approve what would fail */
    lab_set(lab, "pc/n/stop/count//agent/c", 8);
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab->d.n_asks, 0);
    lab_set(lab, "pc/n/stop/count//agent/c", 0);
    lab_set(lab, "pc/rc/rule/count//agent/c", 9);
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(lab->d.n_asks, 0);
    lab_set(lab, "pc/rc/rule/count//agent/c", 0);

    chain.act.approval = AMBIT_APPROVAL_GIVEN;
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.verdict, AMBIT_ALLOW);
    assert_int_equal(lab->d.n_asks, 2);
    assert_int_equal(lab->d.n_charges, 3);
    chain.act.approval = AMBIT_APPROVAL_REJECTED;
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_APPROVAL_REJECTED);
    assert_int_equal(lab->d.n_asks, 2);
    chain_close(&chain);
}

/* A count of one above fires: it takes the one above, and the lineage of the event. */
static void test_action_count(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(&chain, &(struct chain_documents){.pa = CHAIN_RULE("ra", CHAIN_DEEP)
                                                     COUNTED("suspend_agent", "agent")});
    chain.act.resource = AMBIT_STR("svc:staging/us/x");
    lab_set(lab, "pa/s/stop/count//agent/a", 1);
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab->d.n_trips, 1);
    lab_assert_text("takes", lab->d.trips[0].agent, "a");
    assert_true(ambit_id_eq(lab->d.trips[0].lineage, lab_id(1)));
    chain.a.view.agent = AMBIT_STR("nobody"); /* no agent there any more: nobody hears */
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.n_trips, 0);
    chain_close(&chain);
}

/* The same tripwire in a policy that all list fires once, and takes who acted. */
static void test_action_at_once(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    share(SHARED_BODY("{'id':'wire','on':'allowed','then':'suspend_agent'}"));
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab->d.n_trips, 1);
    lab_assert_text("takes", lab->d.trips[0].agent, "c");
    chain_close(&chain);
}

/* One of the chain is not there any more: those above hear what is refused all the same. */
static void test_gone_between(void **state)
{
    (void)state;
    struct lab *lab = &chain.lab;
    chain_open(&chain, &(struct chain_documents){
                           .pa = CHAIN_RULE("ra", CHAIN_DEEP) ",'hard_stops':[{'id':'wire','on':'at"
                                                              "tempted','then':'suspend_agent'}]"});
    chain.b.view.agent = AMBIT_STR("retired");
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_INACTIVE);
    assert_int_equal(lab->d.n_trips, 1);
    chain_close(&chain);
    share(SHARED_BODY("{'id':'wire','on':'attempted','then':'suspend_agent'}"));
    chain.b.view.agent = AMBIT_STR("retired");
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_INACTIVE);
    assert_int_equal(lab->d.n_trips, 1);
    lab_stop(lab, 1, AMBIT_TARGET_AGENT, "elsewhere");
    lab_decide_action(lab, &chain.act);
    assert_int_equal(lab->d.reason, AMBIT_REASON_INACTIVE);
    lab_decide_grant(lab, &chain.q);
    assert_int_equal(lab->d.reason, AMBIT_REASON_INACTIVE);
    chain_close(&chain);
}

static void a_elsewhere(struct chain *c)
{
    c->a.items[0].resource = AMBIT_STR("svc:staging/eu/y");
}

static void a_revoked(struct chain *c)
{
    c->a.view.liveness = AMBIT_DEAD_REVOKED;
}

static void b_over(struct chain *c)
{
    c->b.view.expires_ms = LAB_NOW_MS;
}

static void a_approved(struct chain *c)
{
    c->a.view.is_approved = true;
}

/* Introspection: what any above gives no more is left out, what any above must be asked is asked.
 */
static void test_items_now(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct chain_documents documents;
        void (*change)(struct chain *c);
        uint64_t live, ask;
    } rows[] = {
        {"as it is", AS_IS, NULL, 1, 0},
        {"the rule above is gone", PA(CHAIN_RULE("rx", "") "," LAB_QUIET), NULL, 0, 0},
        {"its limit is asked",
         PA(CHAIN_RULE("ra", ",'limits':[{'count':9,'within':'1h'}]") "," LAB_QUIET), NULL, 1, 1},
        {"its stop is asked",
         PA(CHAIN_RULE("ra", "") ",'hard_stops':[{'id':'s','on':'allowed','count':9,'within':'1m',"
                                 "'then':'suspend_agent'}]"),
         NULL, 1, 1},
        {"its never is asked",
         PA(CHAIN_RULE("ra", "") ",'never':[{'id':'n','actions':['**'],"
                                 "'resources':['svc:staging/eu/*/keys']}]," LAB_QUIET),
         NULL, 1, 1},
        {"its never takes all",
         PA(CHAIN_RULE("ra", "") ",'never':[{'id':'n','actions':['**'],"
                                 "'resources':['svc:staging/**']}]," LAB_QUIET),
         NULL, 0, 0},
        {"outside the one above", AS_IS, a_elsewhere, 0, 0},
        {"the one above is revoked", AS_IS, a_revoked, 0, 0},
        {"the one above is over", AS_IS, b_over, 0, 0},
        {"not approved", PA(CHAIN_RULE("ra", CHAIN_APPROVAL("grant")) "," LAB_QUIET), NULL, 0, 0},
        {"approved", PA(CHAIN_RULE("ra", CHAIN_APPROVAL("grant")) "," LAB_QUIET), a_approved, 1, 0},
        {"approval at action", PA(CHAIN_RULE("ra", CHAIN_APPROVAL("action")) "," LAB_QUIET), NULL,
         1, 1},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        uint64_t live = 9, ask = 9;
        chain_open(&chain, &rows[i].documents);
        if (rows[i].change)
            rows[i].change(&chain);
        ambit_grant_items_now(chain.lab.set, &chain.c.view, NULL, 0, LAB_NOW_MS, &live, &ask);
        if (live != rows[i].live || ask != rows[i].ask)
            fail_msg("%s: %d %d", rows[i].name, (int)live, (int)ask);
        chain_close(&chain);
    }
}

static void test_items_inside(void **state)
{
    (void)state;
    static const struct ambit_item shown[] = {{AMBIT_STR("service.*"), AMBIT_STR("svc:staging/**")},
                                              {AMBIT_STR("db.read"), AMBIT_STR("db:x")}};
    static const struct {
        struct ambit_item item;
        bool inside;
    } rows[] = {
        {{AMBIT_STR("service.read"), AMBIT_STR("svc:staging/a/b")}, true},
        {{AMBIT_STR("service.*"), AMBIT_STR("svc:staging/**")}, true},
        {{AMBIT_STR("db.read"), AMBIT_STR("db:x")}, true},
        {{AMBIT_STR("db.read"), AMBIT_STR("svc:staging/a")}, false},
        {{AMBIT_STR("service.read"), AMBIT_STR("svc:**")}, false},
        {{AMBIT_STR("**"), AMBIT_STR("db:x")}, false},
        {{AMBIT_STR("service.read"), {NULL, 0}}, false},
        {{AMBIT_STR("service..read"), AMBIT_STR("svc:staging/a")}, false},
        {{AMBIT_STR("service.read"), AMBIT_STR("svc:staging//a")}, false},
    };
    bool inside = true;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        assert_int_equal(ambit_items_inside(shown, 2, &rows[i].item, 1, &inside), AMBIT_OK);
        assert_int_equal(inside, rows[i].inside);
    }
    struct ambit_item many[] = {rows[0].item, rows[3].item};
    assert_int_equal(ambit_items_inside(shown, 2, many, 2, &inside), AMBIT_OK);
    assert_false(inside);
    assert_int_equal(ambit_items_inside(shown, 0, many, 1, &inside), AMBIT_OK);
    assert_false(inside);
    assert_int_equal(ambit_items_inside(shown, 2, many, 0, &inside), AMBIT_OK);
    assert_false(inside); /* nothing is no part of it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asks),           cmocka_unit_test(test_counts_above),
        cmocka_unit_test(test_at_once_above),  cmocka_unit_test(test_shared_keys),
        cmocka_unit_test(test_charged_in_all), cmocka_unit_test(test_action_asks),
        cmocka_unit_test(test_action_count),   cmocka_unit_test(test_action_at_once),
        cmocka_unit_test(test_gone_between),   cmocka_unit_test(test_items_now),
        cmocka_unit_test(test_items_inside),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
