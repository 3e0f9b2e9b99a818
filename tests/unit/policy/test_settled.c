/* SPDX-License-Identifier: Apache-2.0 */
/* Small print of a token request (policy-language.md, "Settled questions"): what a stopped policy
 * contains, and which live grant a request may replace. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct lab lab;

/* An item that only rules of stopped policies contain is `stopped`; where another contains it, that
 * one says why not. */
static void test_stopped_policy(void **state)
{
    (void)state;
    static const char plain[] = "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':"
                                "{'max':'9m'}}]," LAB_QUIET;
    static const char bound[] =
        "'allow':[{'id':'b','actions':['a.*'],'resources':['svc:**'],'ttl':{"
        "'max':'9m'},'bind':['dpop']}]," LAB_QUIET;
    static const struct ambit_item items[] = {{{"a.b", 3}, {"svc:1", 5}}, {{"a.b", 3}, {0}}};
    struct lab_policy policies[] = {{"p", "", plain}, {"q", "", plain}, {"z", "", bound}};
    for (size_t i = 0; i < AMBIT_LEN(items); i++) {
        lab_open(&lab, policies, 3);
        struct ambit_grant_question q = lab_question(&items[i], 1);
        lab_stop(&lab, 1, AMBIT_TARGET_POLICY, "p");
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
        lab_assert_text("given by", lab.d.policy, "q");
        lab_stop(&lab, 2, AMBIT_TARGET_POLICY, "q");
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_BINDING_REQUIRED);
        lab_assert_text("decided by", lab.d.policy, "z");
        lab_stop(&lab, 3, AMBIT_TARGET_POLICY, "z");
        lab_decide_grant(&lab, &q);
        assert_int_equal(lab.d.reason, AMBIT_REASON_STOPPED);
        assert_true(ambit_id_eq(lab.d.stop, lab_id(1))); /* the first of them */
        lab_close(&lab);
    }
}

static struct {
    struct ambit_slot slots[4];
    size_t n_slots, n_items, n_asked;
} asked;

static enum ambit_err same_live(void *ctx, const struct ambit_same_query *query,
                                struct ambit_id *ret)
{
    const struct ambit_id *same = ctx;
    asked.n_asked++;
    asked.n_items = query->n_items;
    asked.n_slots = query->n_slots;
    assert_in_range(query->n_slots, 1, AMBIT_LEN(asked.slots));
    memcpy(asked.slots, query->slots, query->n_slots * sizeof asked.slots[0]);
    *ret = *same;
    return AMBIT_OK;
}

static int64_t alive_of_r, grants_of_s;

static enum ambit_err figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    *ret = query->kind == AMBIT_LIMIT_LIVE_GRANTS && ambit_str_is(query->id, "r") ? alive_of_r
           : query->kind == AMBIT_LIMIT_GRANTS                                    ? grants_of_s
                                                                                  : 0;
    return AMBIT_OK;
}

/* The same request may replace the grant that holds a place in each rule that has none left; also
 * where another limit then refuses it. */
static void test_replaces(void **state)
{
    (void)state;
    static const struct ambit_item items[] = {{{"a.b", 3}, {"svc:1", 5}},
                                              {{"c.d", 3}, {"svc:1", 5}}};
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'},'limits':[{"
        "'live_grants':1}]},{'id':'s','actions':['c.*'],'resources':['svc:**'],'ttl':{'max':'9m'},"
        "'limits':[{'live_grants':5},{'grants':3,'within':'1h'}]}]," LAB_QUIET};
    struct ambit_id same = lab_id(5);
    struct ambit_world world = {.ctx = &same, .figure = figure, .same_live = same_live};
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = lab_question(items, 2);
    alive_of_r = 1;
    assert_int_equal(ambit_decide_grant(lab.set, &q, &world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_true(ambit_id_eq(lab.d.replaces, same));
    assert_true(asked.n_asked == 1 && asked.n_items == 2 && asked.n_slots == 1);
    lab_assert_text("place in", asked.slots[0].rule, "r");
    grants_of_s = 3;
    assert_int_equal(ambit_decide_grant(lab.set, &q, &world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_assert_text("decided by", lab.d.rule, "s");
    assert_true(ambit_id_is_none(lab.d.replaces) && asked.n_items == 2);
    same = (struct ambit_id){{0}};
    assert_int_equal(ambit_decide_grant(lab.set, &q, &world, &lab.d), AMBIT_OK);
    lab_assert_text("decided by", lab.d.rule, "r");
    q.n_items = 1;
    q.items = &items[1]; /* no place is wanted: nobody is asked */
    size_t before = asked.n_asked;
    assert_int_equal(ambit_decide_grant(lab.set, &q, &world, &lab.d), AMBIT_OK);
    assert_true(lab.d.reason == AMBIT_REASON_LIMIT_EXCEEDED && asked.n_asked == before);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_policy),
        cmocka_unit_test(test_replaces),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
