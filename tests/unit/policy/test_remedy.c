/* SPDX-License-Identifier: Apache-2.0 */
/* A remedy is offered only where the engine, asked again with it applied, allows; the agent is told
 * nothing that it was not granted. And the two sentences. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                   \
    "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:x/**']," \
    "'ttl':{'default':'5m','max':'15m'}" more "}]," LAB_QUIET

static struct lab lab;

static const struct grant_row {
    const char *name, *head, *body;
    struct ambit_item items[3];
    size_t n;
    bool zero_lifetime;
    enum ambit_change change;
    const char *value, *agent_value; /* NULL: none */
} grants[] = {
    {"purpose",
     "",
     RULE(",'when':{'purpose':'INC-*'}"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_STATE_PURPOSE,
     "\"INC-*\"",
     "\"INC-*\""},
    {"bind",
     "",
     RULE(",'bind':['mtls']"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_BIND,
     "\"mtls\"",
     "\"mtls\""},
    {"purpose and bind: no single change",
     "",
     RULE(",'bind':['mtls'],'when':{'purpose':'I'}"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_NONE,
     NULL,
     NULL},
    {"wait",
     "'not_before':'2026-11-21T00:00:00Z',",
     RULE(""),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_WAIT,
     "\"2026-11-21T00:00:00.000Z\"",
     "\"2026-11-21T00:00:00.000Z\""},
    {"wait for a window",
     "",
     RULE(",'when':{'hours':[{'days':['Mon'],'from':'08:00','to':'09:00','zone':'UTC'},"
          "{'from':'18:00','to':'19:00','zone':'UTC'}]}"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_WAIT,
     "\"2026-11-20T18:00:00.000Z\"",
     "\"2026-11-20T18:00:00.000Z\""},
    {"wait for a window behind the first date",
     "'not_before':'2026-11-20T18:30:00Z',",
     RULE(",'when':{'hours':[{'from':'18:00','to':'18:30','zone':'UTC'}]}"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_WAIT,
     "\"2026-11-21T18:00:00.000Z\"",
     "\"2026-11-21T18:00:00.000Z\""},
    {"no window before the last date",
     "'not_after':'2026-11-20T18:00:00Z',",
     RULE(",'when':{'hours':[{'from':'18:00','to':'18:30','zone':'UTC'}]}"),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_NONE,
     NULL,
     NULL},
    {"over for good",
     "'not_after':'2026-11-20T00:00:00Z',",
     RULE(""),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_NONE,
     NULL,
     NULL},
    {"drop what lies in no rule",
     "",
     RULE(""),
     {{{"z.z", 3}, {"svc:x/1", 7}}, {{"a.b", 3}, {"svc:x/1", 7}}, {{"a..", 3}, {"svc:x/1", 7}}},
     3,
     false,
     AMBIT_CHANGE_NARROW_ITEMS,
     "[{\"actions\":[\"a.b\"],\"resources\":[\"svc:x/1\"]}]",
     "[{\"actions\":[\"a.b\"],\"resources\":[\"svc:x/1\"]}]"},
    {"cut down to the rule",
     "",
     RULE(""),
     {{{"a.b", 3}, {"svc:**", 6}}},
     1,
     false,
     AMBIT_CHANGE_NARROW_ITEMS,
     "[{\"actions\":[\"a.b\"],\"resources\":[\"svc:x/**\"]}]",
     NULL},
    {"cut down in the action too",
     "",
     RULE(""),
     {{{"**", 2}, {"svc:x/1", 7}}},
     1,
     false,
     AMBIT_CHANGE_NARROW_ITEMS,
     "[{\"actions\":[\"a.*\"],\"resources\":[\"svc:x/1\"]}]",
     NULL},
    {"nothing in common",
     "",
     RULE(""),
     {{{"a.b", 3}, {"db:**", 5}}},
     1,
     false,
     AMBIT_CHANGE_NONE,
     NULL,
     NULL},
    {"lifetime",
     "",
     RULE(""),
     {{{"a.b", 3}, {"svc:x/1", 7}}},
     1,
     true,
     AMBIT_CHANGE_SHORTEN,
     "300",
     "300"},
};

static void assert_value(const char *name, struct ambit_str got, const char *want)
{
    if ((want == NULL) != (got.p == NULL))
        fail_msg("%s: value %.*s", name, AMBIT_STR_ARG(got));
    lab_assert_text(name, got, want);
}

static void assert_remedy(const char *name, enum ambit_change change, const char *value,
                          const char *agent_value)
{
    const struct ambit_explanation *e = &lab.explanation;
    if (e->remedy.change != change || e->agent_remedy.change != change)
        fail_msg("%s: %s", name, ambit_change_text(e->remedy.change));
    assert_int_equal(e->remedy.may_retry, change != AMBIT_CHANGE_NONE);
    assert_true(e->remedy.text.len > 0 && e->agent_remedy.text.len > 0);
    assert_value(name, e->remedy.value, value);
    assert_value(name, e->agent_remedy.value, agent_value);
}

static void test_grants(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(grants); i++) {
        const struct grant_row *row = &grants[i];
        struct lab_policy policy = {"p", row->head, row->body};
        lab_open(&lab, &policy, 1);
        struct ambit_grant_question q = lab_question(row->items, row->n);
        q.has_lifetime = row->zero_lifetime;
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.verdict, AMBIT_DENY);
        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        assert_int_equal(
            ambit_remedy_grant(lab.set, &q, &lab.d, &lab.world, &lab.arena, &lab.explanation),
            AMBIT_OK);
        assert_remedy(row->name, row->change, row->value, row->agent_value);
        lab_close(&lab);
    }
}

/* A hard stop that fired is not gone around. */
static void test_grant_hard_stop(void **state)
{
    (void)state;
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1m'}}],"
        "'hard_stops':[{'id':'wire','on':'attempted','resources':['svc:x'],'then':'suspend_agent'}"
        "]"};
    struct ambit_item items[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:x")},
                                 {AMBIT_STR("a.b"), AMBIT_STR("svc:y")}};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(items, 2);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_HARD_STOP);
    assert_int_equal(
        ambit_remedy_grant(lab.set, &q, &lab.d, &lab.world, &lab.arena, &lab.explanation),
        AMBIT_OK);
    assert_remedy("hard stop", AMBIT_CHANGE_NONE, NULL, NULL);
    lab_close(&lab);
}

typedef void change_fn(struct ambit_action_question *q);
static void bind_grant(struct ambit_action_question *q)
{
    lab.grant.binding = AMBIT_BINDING_DPOP;
    (void)q;
}
static void no_source(struct ambit_action_question *q)
{
    q->source.family = 0;
}
static void other_source(struct ambit_action_question *q)
{
    q->source.b[0] = 1;
}
static void used_up(struct ambit_action_question *q)
{
    lab_set(&lab, "p/r/rule/count//agent/remediator", 2);
    (void)q;
}
static void by_agent(struct ambit_action_question *q)
{
    q->service = (struct ambit_str){0};
}
static void batch_5(struct ambit_action_question *q)
{
    static struct ambit_context_member batch = {
        .name = {"batch", 5}, .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 5}};
    q->context = &batch;
    q->n_context = 1;
}

#define CONTEXT                                                                              \
    ",'when':{'context':{'batch':{'min':1,'max':3},'mode':{'in':['rolling','blue']},'ok':{'" \
    "equals':true},'by':{'matches':'ops-*'}}}"
#define SOURCE ",'when':{'source':['10.20.0.0/16']}"

static const struct action_row {
    const char *name, *body, *action;
    change_fn *change;
    enum ambit_change remedy;
    const char *value, *agent_value;
} actions[] = {
    {"context", RULE(CONTEXT), "a.b", NULL, AMBIT_CHANGE_ADD_CONTEXT,
     "{\"batch\":3,\"mode\":\"rolling\",\"ok\":true,\"by\":\"ops-\"}",
     "{\"batch\":3,\"mode\":\"rolling\",\"ok\":true,\"by\":\"ops-\"}"},
    {"context of the agent", RULE(CONTEXT), "a.b", by_agent, AMBIT_CHANGE_NONE, NULL, NULL},
    {"context too large", RULE(",'when':{'context':{'batch':{'max':3}}}"), "a.b", batch_5,
     AMBIT_CHANGE_ADD_CONTEXT, "{\"batch\":3}", "{\"batch\":3}"},
    {"sum", RULE(",'limits':[{'sum':'rows','max':10,'within':'1h'}]"), "a.b", NULL,
     AMBIT_CHANGE_ADD_CONTEXT, "{\"rows\":1}", "{\"rows\":1}"},
    {"reason", RULE(",'when':{'reason':true}"), "a.b", NULL, AMBIT_CHANGE_ADD_CONTEXT,
     "{\"stated_reason\":\"why this is done\"}", "{\"stated_reason\":\"why this is done\"}"},
    {"proof", RULE(""), "a.b", bind_grant, AMBIT_CHANGE_BIND, "\"dpop\"", "\"dpop\""},
    {"source unnamed", RULE(SOURCE), "a.b", no_source, AMBIT_CHANGE_ADD_CONTEXT,
     "{\"source\":\"10.20.0.0/16\"}", NULL},
    {"another source", RULE(SOURCE), "a.b", other_source, AMBIT_CHANGE_NONE, NULL, NULL},
    {"window", RULE(",'limits':[{'count':2,'within':'1m'}]"), "a.b", used_up, AMBIT_CHANGE_WAIT,
     "\"2026-11-20T10:01:01.000Z\"", "\"2026-11-20T10:01:01.000Z\""},
    {"window longer than the grant lives", RULE(",'limits':[{'count':2,'within':'1h'}]"), "a.b",
     used_up, AMBIT_CHANGE_NONE, NULL, NULL},
    {"out of scope", RULE(""), "b.b", NULL, AMBIT_CHANGE_NONE, NULL, NULL},
};

static void test_actions(void **state)
{
    (void)state;
    struct ambit_item item = {AMBIT_STR("a.*"), AMBIT_STR("svc:x/**")};
    for (size_t i = 0; i < AMBIT_LEN(actions); i++) {
        const struct action_row *row = &actions[i];
        struct lab_policy policy = {"p", "", row->body};
        lab_open(&lab, &policy, 1);
        struct ambit_grant_question g = lab_question(&item, 1);
        lab_decide_grant(&lab, &g);
        lab_take_grant(&lab, &g);
        struct ambit_action_question q = lab_action(&lab, row->action, "svc:x/1");
        if (row->change)
            row->change(&q);
        lab_decide_action(&lab, &q);
        assert_int_equal(lab.d.verdict, AMBIT_DENY);
        assert_int_equal(
            ambit_remedy_action(lab.set, &q, &lab.d, &lab.world, &lab.arena, &lab.explanation),
            AMBIT_OK);
        assert_remedy(row->name, row->remedy, row->value, row->agent_value);
        lab_close(&lab);
    }
}

static void test_sentences(void **state)
{
    (void)state;
    struct lab_policy policy = {"p", "", RULE("")};
    struct ambit_item item = {AMBIT_STR("z.z"), AMBIT_STR("svc:x/\x01")};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(&item, 1);
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_text("user", lab.explanation.user_text,
                    "Something in the request does not have the form that it must have.");
    lab_assert_text("admin", lab.explanation.admin_text,
                    "remediator was refused z.z[svc:x/?] (malformed): form required 1 to 32 items "
                    "of well-formed names, a lifetime of at least 1s, a purpose that is free "
                    "text, and saw z.z[svc:x/?].");
    item.resource = AMBIT_STR("svc:x/1");
    item.action = AMBIT_STR("a.z");
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
    lab_assert_text("user", lab.explanation.user_text, "Everything that was asked for is granted.");
    lab_assert_text("admin", lab.explanation.admin_text,
                    "remediator was allowed a.z[svc:x/1] (allowed) by p/r.");
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grants),
        cmocka_unit_test(test_grant_hard_stop),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_sentences),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
