/* SPDX-License-Identifier: Apache-2.0 */
/* Introspection: which items the documents and stops of now still give (INT-5), and which of them a
 * service may decide alone (policy-language.md, "What a service may decide alone"). */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more) \
    "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'15m'}" more "}]"
#define PLAIN RULE("") "," LAB_QUIET

static struct lab lab;
static struct ambit_given item;

static const struct row {
    const char *name, *head, *body;
    bool is_live, asks;
} rows[] = {
    {"nothing asks", "", PLAIN, true, false},
    {"a count", "", RULE(",'limits':[{'count':9,'within':'1m'}]") "," LAB_QUIET, true, true},
    {"live grants alone", "", RULE(",'limits':[{'live_grants':9}]") "," LAB_QUIET, true, false},
    {"context", "", RULE(",'when':{'context':{'x':{'equals':1}}}") "," LAB_QUIET, true, true},
    {"source", "", RULE(",'when':{'source':['10.0.0.0/8']}") "," LAB_QUIET, true, true},
    {"reason", "", RULE(",'when':{'reason':true}") "," LAB_QUIET, true, true},
    {"a purpose the grant has not", "", RULE(",'when':{'purpose':'INC-*'}") "," LAB_QUIET, false,
     false},
    {"tier high", "'tier':'high',", PLAIN, true, true},
    {"a stop on attempted that meets it", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'attempted','resources':['svc:canary'],'then':"
              "'suspend_agent'}]",
     true, true},
    {"a stop on allowed elsewhere", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'allowed','resources':['db:**'],'then':"
              "'suspend_agent'}]",
     true, false},
    {"a stop on what nobody accounted for", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'unaccounted','count':2,'within':'1h','then':"
              "'suspend_agent'}]",
     true, false},
    {"approval at action", "",
     RULE(",'approval':{'at':'action','roles':['oncall'],'timeout':'1m'}") "," LAB_QUIET, true,
     true},
    {"approval at grant, which it has not", "",
     RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'1m'}") "," LAB_QUIET, false,
     false},
    {"tier critical", "'tier':'critical',", PLAIN, true, true},
    {"a stop on denied", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'denied','then':'suspend_agent'}]", true, false},
    {"a never that meets it", "",
     RULE("") ",'never':[{'id':'n','actions':['**'],'resources':['svc:x']}]," LAB_QUIET, true,
     true},
    {"a never that holds it", "",
     RULE("") ",'never':[{'id':'n','actions':['**'],'resources':['svc:**']}]," LAB_QUIET, false,
     false},
    {"a narrower rule", "",
     "'allow':[{'id':'r','actions':['a.b'],'resources':['svc:**'],'ttl':{'max':'15m'}}]," LAB_QUIET,
     false, false},
    {"a shorter rule", "",
     "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1s'}}]," LAB_QUIET,
     false, false},
    {"another rule", "",
     "'allow':[{'id':'other','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1m'}}]"
     "," LAB_QUIET,
     false, false},
    {"bound now", "", RULE(",'bind':['dpop']") "," LAB_QUIET, false, false},
    {"over", "'not_after':'2026-11-20T10:00:00Z',", PLAIN, false, false},
    {"another audience", "'audiences':['https://other.example.gov'],", PLAIN, false, false},
    {"shadow now", "'mode':'shadow',", PLAIN, false, false},
    {"an outcome", "", RULE(",'outcome':{'within':'1m'}") "," LAB_QUIET, true, true},
    {"limits on grants alone", "", RULE(",'limits':[{'grants':9,'within':'1h'}]") "," LAB_QUIET,
     true, false},
    {"different names", "",
     RULE(",'limits':[{'distinct':'action','max':9,'within':'1h'}]") "," LAB_QUIET, true, true},
    {"after", "", RULE(",'when':{'after':[{'actions':['b'],'within':'1h'}]}") "," LAB_QUIET, true,
     true},
    {"a composition nobody vouched for", "", RULE(",'when':{'composition':true}") "," LAB_QUIET,
     false, false},
    {"a never that meets another action", "",
     RULE("") ",'never':[{'id':'n','actions':['b.*'],'resources':['svc:**']}]," LAB_QUIET, true,
     false},
    {"a never elsewhere", "",
     RULE("") ",'never':[{'id':'n','actions':['**'],'resources':['db:**']}]," LAB_QUIET, true,
     false},
    {"a stop on another action", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'allowed','actions':['b.*'],'then':'suspend_agent'}]",
     true, false},
    {"a stop on that action", "",
     RULE("") ",'hard_stops':[{'id':'s','on':'allowed','actions':['*.c'],'then':'suspend_agent'}]",
     true, true},
    {"another agent's own", "",
     "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:${agent}/"
     "**'],'ttl':{'max':'9m'}}]," LAB_QUIET,
     false, false},
};

static struct ambit_grant_view view(void)
{
    item = (struct ambit_given){.action = AMBIT_STR("a.*"),
                                .resource = AMBIT_STR("svc:**"),
                                .policy = AMBIT_STR("p"),
                                .rule = AMBIT_STR("r")};
    return (struct ambit_grant_view){
        .id = lab_id(1),
        .agent = AMBIT_STR("remediator"),
        .owner = AMBIT_STR("dana"),
        .team = AMBIT_STR("payments"),
        .audience = LAB_AUDIENCE,
        .issued_ms = LAB_NOW_MS - 2000,
        .expires_ms = LAB_NOW_MS + 60000,
        .items = &item,
        .n_items = 1,
    };
}

static void look(const struct ambit_grant_view *grant, uint64_t *live, uint64_t *ask)
{
    ambit_grant_items_now(lab.set, grant, lab.stops, lab.world.n_stops, LAB_NOW_MS, live, ask);
}

static void test_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct lab_policy policy = {"p", rows[i].head, rows[i].body};
        struct ambit_grant_view grant = view();
        uint64_t live = 7, ask = 7;
        lab_open(&lab, &policy, 1);
        look(&grant, &live, &ask);
        if (live != rows[i].is_live || ask != rows[i].asks)
            fail_msg("%s: live %d ask %d", rows[i].name, (int)live, (int)ask);
        lab_close(&lab);
    }
}

static void test_stops(void **state)
{
    (void)state;
    static const struct {
        enum ambit_target_kind kind;
        const char *target;
        bool is_live;
    } stops[] = {
        {AMBIT_TARGET_AGENT, "remediator", false}, {AMBIT_TARGET_AGENT, "reporter", true},
        {AMBIT_TARGET_TEAM, "payments", false},    {AMBIT_TARGET_OWNER, "dana", false},
        {AMBIT_TARGET_OWNER, "sam", true},         {AMBIT_TARGET_POLICY, "p", false},
        {AMBIT_TARGET_POLICY, "q", true},          {AMBIT_TARGET_RESOURCE, "svc:x", false},
        {AMBIT_TARGET_RESOURCE, "db:**", true},    {AMBIT_TARGET_ALL, "", false},
    };
    struct lab_policy policy = {"p", "", PLAIN};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_view grant = view();
    uint64_t live = 0, ask = 0;
    for (size_t i = 0; i < AMBIT_LEN(stops); i++) {
        lab.world.n_stops = 0;
        lab_stop(&lab, 1, stops[i].kind, stops[i].target);
        look(&grant, &live, &ask);
        assert_int_equal(live, stops[i].is_live);
    }
    lab.world.n_stops = 0;
    grant.liveness = AMBIT_DEAD_REVOKED;
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    grant = view();
    grant.expires_ms = LAB_NOW_MS;
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    grant = view();
    grant.agent = AMBIT_STR("gone");
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    lab_close(&lab);
}

static void test_except(void **state)
{
    (void)state;
    static const struct ambit_str actions[] = {{"a.b", 3}}, resources[] = {{"svc:x", 5}};
    struct ambit_except except = {.actions = {actions, 1}, .resources = {resources, 1}};
    struct lab_policy policy = {"p", "", PLAIN};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_view grant = view();
    uint64_t live = 0, ask = 0;
    grant.except = &except;
    grant.n_except = 1;
    look(&grant, &live, &ask);
    assert_true(live == 1 && ask == 1);
    static const struct {
        struct ambit_str action, resource;
        bool asks;
    } excepts[] = {{{"b.c", 3}, {"svc:x", 5}, false},
                   {{"a.b", 3}, {"db:x", 4}, false},
                   {{"a..b", 4}, {"svc:x", 5}, true}, /* cannot be read: unsure */
                   {{"a.b", 3}, {"svc:", 4}, true}};
    for (size_t i = 0; i < AMBIT_LEN(excepts); i++) {
        except.actions.v = &excepts[i].action;
        except.resources.v = &excepts[i].resource;
        look(&grant, &live, &ask);
        assert_true(live == 1 && ask == excepts[i].asks);
    }
    lab_close(&lab);
}

/* Whoever is behind the agent now, and what the row remembers. */
static void test_row(void **state)
{
    struct lab_policy policy = {"p", "", RULE(",'when':{'composition':true}") "," LAB_QUIET};
    struct lab_policy plain = {"p", "", PLAIN};
    static struct ambit_given many[65];
    uint64_t live = 0, ask = 0;
    (void)state;
    lab_open(&lab, &policy, 1);
    struct ambit_grant_view grant = view();
    grant.composition = AMBIT_STR(LAB_COMPOSITION);
    look(&grant, &live, &ask);
    assert_int_equal(live, 1);
    assert_true(ambit_rule_asks(lab.set, AMBIT_STR("none"), AMBIT_STR("r")));
    assert_true(ambit_rule_asks(lab.set, AMBIT_STR("p"), AMBIT_STR("none")));
    assert_false(ambit_rule_asks(lab.set, AMBIT_STR("p"), AMBIT_STR("r")));
    lab_close(&lab);

    lab_open_with(&lab, &plain, 1, false, true);
    grant = view();
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    lab_close(&lab);

    lab_open(&lab, &plain, 1);
    grant = view();
    grant.owner = AMBIT_STR("who was"); /* the stop is on the owner of now */
    lab_stop(&lab, 1, AMBIT_TARGET_OWNER, "dana");
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    lab.world.n_stops = 0;
    grant = view();
    for (size_t i = 0; i < AMBIT_LEN(many); i++)
        many[i] = item;
    many[1].action = AMBIT_STR("a..b");
    many[2].resource = AMBIT_STR("svc:");
    grant.items = many;
    grant.n_items = AMBIT_LEN(many);
    look(&grant, &live, &ask);
    assert_true(live == ~UINT64_C(6) && ask == 0);
    lab_close(&lab);
}

/* Everyone above must still give it; and what any of them asks about, the service asks about. */
static void test_above(void **state)
{
    (void)state;
    struct lab_policy policies[] = {
        {"p", "", PLAIN},
        {"q", "",
         "'allow':[{'id':'all','actions':['**'],'resources':['svc:**'],'ttl':{'max':'15m'}},"
         "{'id':'asks','actions':['**'],'resources':['svc:**'],'ttl':{'max':'15m'},'when':{'reason'"
         ":true}}]," LAB_QUIET}};
    static const struct {
        const char *name, *action, *resource, *rule;
        bool is_live, asks;
    } above[] = {{"wider", "**", "svc:**", "all", true, false},
                 {"the same", "a.*", "svc:**", "all", true, false},
                 {"one that asks", "a.*", "svc:**", "asks", true, true},
                 {"narrower in the action", "a.b", "svc:**", "all", false, false},
                 {"narrower in the resource", "a.*", "svc:x", "all", false, false},
                 {"its rule is gone", "a.*", "svc:**", "gone", false, false},
                 {"no name", "a..", "svc:**", "all", false, false},
                 {"no resource", "**", "svc:", "all", false, false}};
    lab_open(&lab, policies, 2);
    struct ambit_grant_view grant = view(), root = view();
    struct ambit_given items[2] = {
        {.policy = AMBIT_STR("q")},
        {AMBIT_STR("b.*"), AMBIT_STR("svc:**"), AMBIT_STR("q"), AMBIT_STR("all"), {{0}}}};
    uint64_t live = 0, ask = 0;
    grant.above = &root;
    grant.depth = 1;
    root.items = items;
    root.n_items = 2;
    for (size_t i = 0; i < AMBIT_LEN(above); i++) {
        items[0].action = ambit_str_of(above[i].action);
        items[0].resource = ambit_str_of(above[i].resource);
        items[0].rule = ambit_str_of(above[i].rule);
        look(&grant, &live, &ask);
        if (live != above[i].is_live || ask != above[i].asks)
            fail_msg("%s: live %d ask %d", above[i].name, (int)live, (int)ask);
    }
    items[0] = (struct ambit_given){
        AMBIT_STR("**"), AMBIT_STR("svc:**"), AMBIT_STR("q"), AMBIT_STR("all"), {{0}}};
    root.liveness = AMBIT_DEAD_REVOKED;
    look(&grant, &live, &ask);
    assert_int_equal(live, 0);
    root.liveness = AMBIT_LIVE;
    /* More above it than may be: unsure. */
    struct ambit_grant_view chain[9];
    for (size_t i = 0; i < 9; i++) {
        chain[i] = root;
        chain[i].above = i ? &chain[i - 1] : NULL;
        grant.above = &chain[i];
        look(&grant, &live, &ask);
        assert_int_equal(live, i < 6);
    }
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents), cmocka_unit_test(test_stops),
        cmocka_unit_test(test_except),    cmocka_unit_test(test_row),
        cmocka_unit_test(test_above),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
