/* SPDX-License-Identifier: Apache-2.0 */
/* Remedies that take time, a person, or another deed first: each tried on the engine, to the
 * millisecond where a window gives way; and what two patterns have in common. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/remedy.h"

#define RULE(more)                                                                         \
    "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:x/**','svc:*/web-*','db:p/**/" \
    "log'],'ttl':{'default':'5m','max':'12h'}" more "}]," LAB_QUIET
#define SECOND INT64_C(1000)

static struct lab lab;

/* A history of times and amounts; a window is counted as it is asked for. */
static struct {
    int64_t at_ms[4], amount[4];
    size_t n;
} past;

static enum ambit_err count_past(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    int64_t now_ms = *(const int64_t *)ctx;
    *ret = query->kind == AMBIT_LIMIT_AFTER ? -1 : (int64_t)query->n_values;
    for (size_t i = 0; i < past.n && !query->is_stop; i++) {
        bool is_inside = query->within_ms == 0 || now_ms - past.at_ms[i] < query->within_ms;
        if (is_inside && query->kind != AMBIT_LIMIT_AFTER)
            *ret += query->kind == AMBIT_LIMIT_SUM ? past.amount[i] : 1;
    }
    return AMBIT_OK;
}

static void assert_remedy(enum ambit_change change, const char *value)
{
    const struct ambit_explanation *e = &lab.explanation;
    if (e->remedy.change != change || e->agent_remedy.change != change)
        fail_msg("%s", ambit_change_text(e->remedy.change));
    lab_assert_text("value", e->remedy.value, value);
}

static void grant_remedy(const struct ambit_grant_question *q, struct ambit_world *world)
{
    assert_int_equal(ambit_decide_grant(lab.set, q, world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.verdict, AMBIT_DENY);
    assert_int_equal(ambit_remedy_grant(lab.set, q, &lab.d, world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
}

static void action_remedy(const struct ambit_action_question *q, struct ambit_world *world)
{
    assert_int_equal(ambit_decide_action(lab.set, q, world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.verdict, AMBIT_DENY);
    assert_int_equal(ambit_remedy_action(lab.set, q, &lab.d, world, &lab.arena, &lab.explanation),
                     AMBIT_OK);
}

static struct ambit_item item = {{"a.b", 3}, {"svc:x/1", 7}};

static void open_with(const char *body)
{
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
}

static void take(const char *body)
{
    open_with(body);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
}

/* The third oldest must leave a window of two; after that, the hours. */
static void test_window(void **state)
{
    (void)state;
    int64_t now_ms = LAB_NOW_MS;
    struct ambit_world world = {.ctx = &now_ms, .figure = count_past};
    open_with(RULE(",'limits':[{'grants':2,'within':'1h'}]"));
    past.n = 3;
    past.at_ms[0] = now_ms - 3599 * SECOND;
    past.at_ms[1] = now_ms - 3000 * SECOND - 7;
    past.at_ms[2] = now_ms - 10 * SECOND;
    struct ambit_grant_question q = lab_question(&item, 1);
    grant_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_WAIT, "\"2026-11-20T10:09:59.993Z\"");
    lab_close(&lab);
}

static void test_window_and_hours(void **state)
{
    (void)state;
    int64_t now_ms = LAB_NOW_MS;
    struct ambit_world world = {.ctx = &now_ms, .figure = count_past};
    take(RULE(",'limits':[{'count':1,'within':'3h'},{'sum':'rows','max':10,'within':'3h'}]"));
    past.n = 1;
    past.at_ms[0] = now_ms - 3600 * SECOND;
    past.amount[0] = 8;
    struct ambit_action_question q = lab_action(&lab, "a.b", "svc:x/1");
    struct ambit_context_member rows = {.name = AMBIT_STR("rows"),
                                        .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 1}};
    q.context = &rows;
    q.n_context = 1;
    q.now_ms = now_ms;
    /* The grant lives for 5m only: then it is another question. */
    action_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab.grant.expires_ms = now_ms + 8 * 3600 * SECOND;
    action_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_WAIT, "\"2026-11-20T12:00:00.000Z\"");
    /* Uses never come back. */
    lab_close(&lab);
    take(RULE(",'limits':[{'count':9,'within':'3h'},{'uses':1}]"));
    lab.grant.expires_ms = now_ms + 8 * 3600 * SECOND;
    action_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab_close(&lab);
}

/* More than a window ever takes: what would pass now. */
static void test_less(void **state)
{
    (void)state;
    int64_t now_ms = LAB_NOW_MS;
    struct ambit_world world = {.ctx = &now_ms, .figure = count_past};
    take(RULE(",'limits':[{'sum':'cost','max':99,'within':'1m'},{'sum':'rows','max':10,'within':"
              "'1m'}]"));
    past.n = 1;
    past.at_ms[0] = now_ms - SECOND;
    past.amount[0] = 4;
    struct ambit_context_member members[] = {
        {.name = AMBIT_STR("cost"), .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 1}},
        {.name = AMBIT_STR("rows"), .value = {.kind = AMBIT_SCALAR_INTEGER, .integer = 1000000}}};
    struct ambit_action_question q = lab_action(&lab, "a.b", "svc:x/1");
    q.context = members;
    q.n_context = 2;
    q.now_ms = now_ms;
    action_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_ADD_CONTEXT, "{\"rows\":6}");
    past.amount[0] = 10;
    action_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab_close(&lab);
}

/* People see whom to ask, the agent only that it can. */
static void test_approval(void **state)
{
    (void)state;
    static const char ask[] =
        "[{\"agent\":\"remediator\",\"policy\":\"p\",\"rule\":\"r\",\"roles\":"
        "[\"oncall\"],\"teams\":[\"ops\"],\"count\":2}]";
    open_with(RULE(",'approval':{'at':'grant','roles':['oncall'],'teams':['ops'],'count':2,"
                   "'timeout':'5m'}"));
    struct ambit_grant_question q = lab_question(&item, 1);
    grant_remedy(&q, &lab.world);
    assert_remedy(AMBIT_CHANGE_ASK_APPROVAL, ask);
    assert_true(lab.explanation.remedy.may_retry && lab.explanation.agent_remedy.may_retry);
    assert_null(lab.explanation.agent_remedy.value.p);
    q.approval = AMBIT_APPROVAL_REJECTED;
    grant_remedy(&q, &lab.world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab_close(&lab);
    take(RULE(",'approval':{'at':'action','roles':['oncall'],'teams':['ops'],'count':2,"
              "'timeout':'5m'}"));
    struct ambit_action_question action = lab_action(&lab, "a.b", "svc:x/1");
    action_remedy(&action, &lab.world);
    assert_remedy(AMBIT_CHANGE_ASK_APPROVAL, ask);
    lab_close(&lab);
}

/* Nothing of the question changes: people are told what must be done first, if that would do. */
static void test_order(void **state)
{
    (void)state;
    int64_t now_ms = LAB_NOW_MS;
    struct ambit_world world = {.ctx = &now_ms, .figure = count_past};
    open_with(RULE(",'when':{'after':[{'actions':['b.a','b.b'],'resources':['db:**'],'within':'1h'}"
                   ",{'actions':['c'],'within':'1m'}]}"));
    struct ambit_grant_question q = lab_question(&item, 1);
    past.n = 0;
    grant_remedy(&q, &world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab_assert_text("people", lab.explanation.remedy.text,
                    "First this must be allowed, and be reported done where an outcome is due: b.a "
                    "or b.b on db:**; and c.");
    lab_assert_text("agent", lab.explanation.agent_remedy.text,
                    "Something else must be done first.");
    lab_close(&lab);
    open_with(RULE(",'bind':['dpop'],'when':{'after':[{'actions':['c'],'within':'1m'}]}"));
    grant_remedy(&q, &world);
    lab_assert_text("not enough", lab.explanation.remedy.text,
                    "Nothing that the caller can change would pass.");
    lab_set(&lab, "p/r/rule/after//agent/remediator", LAB_NOW_MS);
    q.binding = AMBIT_BINDING_DPOP;
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
    lab_set(&lab, "p/r/rule/after//agent/remediator", -1);
    struct ambit_action_question action = lab_action(&lab, "a.b", "svc:x/1");
    action.has_proof = true;
    action_remedy(&action, &lab.world);
    assert_remedy(AMBIT_CHANGE_NONE, "");
    lab_assert_text("agent", lab.explanation.agent_remedy.text,
                    "Something else must be done first.");
    lab_close(&lab);
}

/* Inside both, both ways round; and what is offered is what the engine gives. */
static void test_common(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *want;
    } rows[] = {
        {"svc:x/**", "svc:x/1", "svc:x/1"},
        {"svc:*/web-1", "svc:prod/**", "svc:prod/web-1"},
        {"svc:**/web", "svc:prod/**", "svc:prod/**/web"},
        {"svc:a*/b", "svc:*z/b", "svc:a*z/b"},
        {"svc:ab*/b", "svc:a*z/b", "svc:ab*z/b"},
        {"svc:a*b*/x", "svc:*z/x", NULL},
        {"svc:a*/x", "svc:b*/x", NULL},
        {"svc:*a/x", "svc:*b/x", NULL},
        {"svc:a/x", "svc:b/**", NULL},
        {"svc:a/**/b", "svc:*/**/*", "svc:a/**/b"},
        {"svc:a/**/c/d", "svc:*/b/**/d", "svc:a/b/**/c/d"},
        {"svc:a/**/c", "svc:*/b/**/d", NULL},
        {"svc:*/*/*", "svc:a/**/c", "svc:a/*/c"},
        {"svc:*/x", "svc:a/**/b/c", NULL},
        {"svc:x", "svc:x/y", NULL},
        {"svc:a/**/m*/**", "svc:*b/**", NULL},
        {"svc:x", "db:x", NULL},
        {"a.*.c", "*.b.**", "a.b.c"},
        {"a.**", "**.z", "a.**.z"},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows) * 2; i++) {
        const char *texts[] = {rows[i / 2].a, rows[i / 2].b};
        enum pattern_kind kind = strchr(texts[0], ':') ? PATTERN_RESOURCE : PATTERN_ACTION;
        struct pattern_buf a, b, c;
        char room[AMBIT_WORD_MAX];
        bool in_a = false, in_b = false;
        assert_int_equal(pattern_parse(ambit_str_of(texts[i % 2]), kind, false, &a), AMBIT_OK);
        assert_int_equal(pattern_parse(ambit_str_of(texts[1 - i % 2]), kind, false, &b), AMBIT_OK);
        struct ambit_str got = remedy_narrower(&a.pattern, &b.pattern, room);
        if (!ambit_str_eq(got, ambit_str_of(rows[i / 2].want)))
            fail_msg("%s and %s: %.*s", texts[0], texts[1], AMBIT_STR_ARG(got));
        if (!got.p)
            continue;
        assert_int_equal(pattern_parse(got, kind, false, &c), AMBIT_OK);
        assert_int_equal(pattern_contains(&a.pattern, &c.pattern, &in_a), AMBIT_OK);
        assert_int_equal(pattern_contains(&b.pattern, &c.pattern, &in_b), AMBIT_OK);
        assert_true(in_a && in_b);
    }
}

static void test_long(void **state)
{
    (void)state;
    char head[AMBIT_WORD_MAX], tail[AMBIT_WORD_MAX], room[AMBIT_WORD_MAX];
    struct pattern_buf a, b;
    memset(head, 'h', sizeof head);
    memset(tail, 't', sizeof tail);
    memcpy(head, "svc:", 4);
    memcpy(head + 300, "/**", 3);
    memcpy(tail, "svc:**/", 7);
    assert_int_equal(pattern_parse((struct ambit_str){head, 303}, PATTERN_RESOURCE, false, &a),
                     AMBIT_OK);
    assert_int_equal(pattern_parse((struct ambit_str){tail, 300}, PATTERN_RESOURCE, false, &b),
                     AMBIT_OK);
    assert_null(remedy_narrower(&a.pattern, &b.pattern, room).p);
}

static void test_narrow(void **state)
{
    (void)state;
    static const struct {
        const char *resource, *want;
    } rows[] = {
        {"svc:prod/**", "[{\"actions\":[\"a.b\"],\"resources\":[\"svc:prod/web-*\"]}]"},
        {"svc:*/1", "[{\"actions\":[\"a.b\"],\"resources\":[\"svc:x/1\"]}]"},
        {"db:**/x/log", "[{\"actions\":[\"a.b\"],\"resources\":[\"db:p/**/x/log\"]}]"},
    };
    open_with(RULE(""));
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_item wide = {AMBIT_STR("a.b"), ambit_str_of(rows[i].resource)};
        struct ambit_grant_question q = lab_question(&wide, 1);
        grant_remedy(&q, &lab.world);
        assert_remedy(AMBIT_CHANGE_NARROW_ITEMS, rows[i].want);
        assert_null(lab.explanation.agent_remedy.value.p);
    }
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window), cmocka_unit_test(test_window_and_hours),
        cmocka_unit_test(test_less),   cmocka_unit_test(test_approval),
        cmocka_unit_test(test_order),  cmocka_unit_test(test_common),
        cmocka_unit_test(test_long),   cmocka_unit_test(test_narrow),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
