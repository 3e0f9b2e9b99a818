/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision cannot hold is not decided (TOO_LARGE), and what cannot be settled in the steps
 * that a comparison has is refused; arithmetic does not wrap into a yes. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/judge.h"

#define ALLOW "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}}]"

static struct lab lab;
static struct lab_policy policies[16];
static char bodies[16][14000], names[16][4];

/* `n` policies, each with `each` of what `format` prints with its number. */
static void open_many(size_t n, size_t each, const char *before, const char *format,
                      const char *after)
{
    for (size_t p = 0; p < n; p++) {
        size_t at = (size_t)snprintf(bodies[p], sizeof bodies[p], "%s", before);
        for (size_t i = 0; i < each; i++)
            at += (size_t)snprintf(bodies[p] + at, sizeof bodies[p] - at, "%s{'id':'x%zu',%s}",
                                   i ? "," : "", i, format);
        snprintf(bodies[p] + at, sizeof bodies[p] - at, "%s", after);
        snprintf(names[p], sizeof names[p], "p%zu", p);
        policies[p] = (struct lab_policy){names[p], "", bodies[p]};
    }
    lab_open(&lab, policies, n);
}

static struct ambit_grant_question ask_all(void)
{
    static const struct ambit_item item = {{"a.b", 3}, {"svc:1", 5}};
    return lab_question(&item, 1);
}

static enum ambit_err ask(void)
{
    struct ambit_grant_question q = ask_all();
    return ambit_decide_grant(lab.set, &q, &lab.world, &lab.d);
}

/* One more figure, trip, charge, approval than there is room for. */
static void test_room(void **state)
{
    (void)state;
    open_many(9, 57, ALLOW ",'hard_stops':[",
              "'on':'attempted','actions':['a.*'],'count':9,'within':'1m','then':'suspend_agent'",
              "]");
    assert_int_equal(ask(), AMBIT_ERR_TOO_LARGE);
    lab_close(&lab);
    open_many(8, 64, ALLOW ",'hard_stops':[",
              "'on':'attempted','actions':['a.*'],'count':9,'within':'1m','then':'suspend_agent'",
              "]");
    assert_int_equal(ask(), AMBIT_OK); /* 512 of each are held */
    assert_true(lab.d.n_figures == AMBIT_FIGURES_MAX && lab.d.n_charges == AMBIT_CHARGES_MAX);
    lab_close(&lab);
    open_many(2, 33, ALLOW ",'hard_stops':[",
              "'on':'attempted','actions':['a.*'],'then':'suspend_agent'", "]");
    assert_int_equal(ask(), AMBIT_ERR_TOO_LARGE);
    lab_close(&lab);
    open_many(2, 32, ALLOW ",'hard_stops':[",
              "'on':'attempted','actions':['a.*'],'then':'suspend_agent'", "]");
    assert_int_equal(ask(), AMBIT_OK);
    assert_int_equal(lab.d.n_trips, AMBIT_TRIPS_MAX);
    lab_close(&lab);
}

static void test_charges(void **state)
{
    (void)state;
    static const struct ambit_given given = {
        .action = {"a.b", 3}, .resource = {"svc:1", 5}, .policy = {"p0", 2}, .rule = {"r", 1}};
    open_many(
        11, 47,
        "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'"
        "}},",
        "'actions':['z'],'resources':['svc:1'],'ttl':{'max':'1m'},'when':{'after':[{'actions':"
        "['a.b'],'within':'1m'}]}",
        "]," LAB_QUIET);
    struct ambit_grant_question q = ask_all();
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
    lab.items[0] = given;
    struct ambit_action_question action = lab_action(&lab, "a.b", "svc:1");
    assert_int_equal(ambit_decide_action(lab.set, &action, &lab.world, &lab.d),
                     AMBIT_ERR_TOO_LARGE);
    lab_close(&lab);
}

static void test_asks(void **state)
{
    (void)state;
    static const struct ambit_item open = {{"a.b", 3}, {0}};
    for (size_t n = 32; n <= 33; n++) {
        open_many(2, n, "'allow':[",
                  "'actions':['a.b'],'resources':['svc:1'],'ttl':{'max':'1m'},'approval':{'at':"
                  "'grant','roles':['oncall'],'timeout':'1m'}",
                  "]," LAB_QUIET);
        struct ambit_grant_question q = lab_question(&open, 1);
        q.approval = AMBIT_APPROVAL_GIVEN;
        assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d),
                         n == 32 ? AMBIT_OK : AMBIT_ERR_TOO_LARGE);
        lab_close(&lab);
    }
}

static enum ambit_err no_figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    (void)query;
    (void)ret;
    return AMBIT_ERR_DAMAGED;
}

static enum ambit_err no_same(void *ctx, const struct ambit_same_query *query, struct ambit_id *ret)
{
    (void)ctx;
    (void)query;
    (void)ret;
    return AMBIT_ERR_DAMAGED;
}

/* What the world cannot tell is not decided, wherever it is asked. */
static void test_cannot_tell(void **state)
{
    (void)state;
    static const char *const rules[] = {",'limits':[{'grants':9,'within':'1m'}]",
                                        ",'limits':[{'live_grants':9}]",
                                        ",'when':{'after':[{'actions':['b'],'within':'1m'}]}",
                                        ",'limits':[{'count':9,'within':'1m'}]",
                                        /* one text in two pieces, as clang wants it said */
                                        (",'limits':[{'distinct':'action','max':9,"
                                         "'within':'1m'}]")};
    for (size_t i = 0; i < AMBIT_LEN(rules); i++) {
        char body[1024];
        snprintf(body, sizeof body,
                 "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}%s"
                 "}]," LAB_QUIET,
                 rules[i]);
        struct lab_policy policy = {"p", "", body};
        lab_open(&lab, &policy, 1);
        if (i == 2)
            lab_set(&lab, "p/r/rule/after//agent/remediator", LAB_NOW_MS);
        struct ambit_grant_question q = ask_all();
        lab_decide_grant(&lab, &q);
        lab_take_grant(&lab, &q);
        struct ambit_action_question action = lab_action(&lab, "a.b", "svc:1");
        lab.world.figure = no_figure;
        assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d),
                         i < 3 ? AMBIT_ERR_DAMAGED : AMBIT_OK);
        assert_int_equal(ambit_decide_action(lab.set, &action, &lab.world, &lab.d),
                         i < 2 ? AMBIT_OK : AMBIT_ERR_DAMAGED);
        lab_close(&lab);
    }
    struct lab_policy policy = {"p", "",
                                "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':"
                                "{'max':'9m'},'limits':[{'live_grants':1}]}]," LAB_QUIET};
    lab_open(&lab, &policy, 1);
    lab_set(&lab, "p/r/rule/live_grants//agent/remediator", 1);
    lab.world.same_live = no_same;
    assert_int_equal(ask(), AMBIT_ERR_DAMAGED);
    lab.world.same_live = NULL;
    assert_int_equal(ask(), AMBIT_OK);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

static void test_arithmetic(void **state)
{
    (void)state;
    assert_false(figure_exceeds(INT64_MAX - 1, 0, INT64_MAX - 1));
    assert_true(figure_exceeds(INT64_MAX - 1, 2, INT64_MAX)); /* it would wrap */
    assert_true(figure_exceeds(AMBIT_FIGURE_FULL, 0, INT64_MAX));
    assert_false(figure_exceeds(0, INT64_MAX, INT64_MAX));
    assert_true(figure_exceeds(1, INT64_MAX, INT64_MAX));
    assert_false(figure_exceeds(19, 1, 20));
    assert_true(figure_exceeds(20, 1, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room),       cmocka_unit_test(test_charges),
        cmocka_unit_test(test_asks),       cmocka_unit_test(test_cannot_tell),
        cmocka_unit_test(test_arithmetic),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
