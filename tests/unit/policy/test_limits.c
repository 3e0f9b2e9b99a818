/* SPDX-License-Identifier: Apache-2.0 */
/* `limits` (policy-language.md, "History"): every kind by every key that it may count by, what each
 * is charged with, and the number at which it refuses. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more)                                                                     \
    "'allow':[{'id':'staging','actions':['service.*'],'resources':['svc:staging/**']," \
    "'ttl':{'default':'5m','max':'15m'}" more "}]"
#define GRANT_TEXT "ZAcAAAAAAAAAAAAAAAAAAA"

static struct lab lab;
static struct ambit_grant_question question;

static void open_with(const char *limits)
{
    static struct ambit_item item = {{"service.*", 9}, {"svc:staging/**", 14}};
    char body[2048];
    snprintf(body, sizeof body, RULE(",'limits':[%s]") "," LAB_QUIET, limits);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    question = lab_question(&item, 1);
}

static void take_grant(void)
{
    lab_decide_grant(&lab, &question);
    lab_take_grant(&lab, &question);
}

static enum ambit_reason act(const char *action, const char *resource)
{
    struct ambit_action_question q = lab_action(&lab, action, resource);
    lab_decide_action(&lab, &q);
    lab_replay_action(&lab, &q);
    lab_commit(&lab);
    return lab.d.reason;
}

/* By each key: the history it stands under. */
static const struct {
    const char *by, *key;
} bys[] = {{"grant", GRANT_TEXT}, {"lineage", GRANT_TEXT}, {"agent", "remediator"},
           {"team", "payments"},  {"owner", "dana"},       {"resource", "svc:staging/1"},
           {"policy", "p"}};

/* The name that is there already counts no second time; one more than `max` is refused. */
static void test_distinct(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(bys); i++) {
        bool is_action = strcmp(bys[i].by, "resource") == 0;
        const char *what = is_action ? "action" : "resource";
        char limits[512], key[256];
        snprintf(limits, sizeof limits,
                 "{'distinct':'%s','max':2,'within':'1m','by':'%s'},{'distinct':'%s','max':9,"
                 "'within':'1h','by':'%s'},{'count':900,'within':'1h'}",
                 what, bys[i].by, what, bys[i].by);
        open_with(limits);
        take_grant();
        static const char *const actions[2][3] = {{"service.a", "service.a", "service.a"},
                                                  {"service.a", "service.b", "service.c"}};
        static const char *const resources[2][3] = {
            {"svc:staging/1", "svc:staging/2", "svc:staging/3"},
            {"svc:staging/1", "svc:staging/1", "svc:staging/1"}};
        assert_int_equal(act(actions[is_action][0], resources[is_action][0]), AMBIT_REASON_ALLOWED);
        assert_int_equal(lab.d.n_charges, 2); /* two windows on one history: one entry */
        assert_int_equal(lab.d.charges[0].what.within_ms, 3600 * 1000);
        assert_int_equal(lab.d.charges[0].what.n_values, 1);
        assert_int_equal(lab.d.charges[0].amount, 1);
        snprintf(key, sizeof key, "p/staging/rule/distinct/%s/%s/%s=%s", what, bys[i].by,
                 bys[i].key, is_action ? "service.a" : "svc:staging/1");
        assert_int_equal(lab_get(&lab, key), 1);
        assert_int_equal(act(actions[is_action][0], resources[is_action][0]), AMBIT_REASON_ALLOWED);
        assert_int_equal(act(actions[is_action][1], resources[is_action][1]), AMBIT_REASON_ALLOWED);
        assert_int_equal(act(actions[is_action][2], resources[is_action][2]),
                         AMBIT_REASON_LIMIT_EXCEEDED);
        lab_assert_text("member", lab.d.member, "distinct");
        assert_int_equal(lab.d.n_charges, 0);
        assert_int_equal(act(actions[is_action][1], resources[is_action][1]), AMBIT_REASON_ALLOWED);
        lab_close(&lab);
    }
}

/* Of actions and of resources are two histories. */
static void test_distinct_of_both(void **state)
{
    (void)state;
    open_with("{'distinct':'resource','max':1,'within':'1m'},"
              "{'distinct':'action','max':1,'within':'1m'}");
    take_grant();
    assert_int_equal(act("service.a", "svc:staging/1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 2);
    assert_int_equal(act("service.b", "svc:staging/1"), AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(act("service.a", "svc:staging/2"), AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(act("service.a", "svc:staging/1"), AMBIT_REASON_ALLOWED);
    lab_set(&lab, "p/staging/rule/distinct/action/agent/remediator", AMBIT_FIGURE_FULL);
    assert_int_equal(act("service.a", "svc:staging/1"), AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

/* Grants are counted when given, once in each rule that gave any of it; never by an action. */
static void test_grants(void **state)
{
    (void)state;
    for (size_t i = 2; i < AMBIT_LEN(bys); i++) {
        char limits[512], key[256];
        if (strcmp(bys[i].by, "resource") == 0)
            continue; /* no key to count grants by */
        snprintf(limits, sizeof limits,
                 "{'grants':2,'within':'1m','by':'%s'},{'grants':5,'within':'1h','by':'%s'}",
                 bys[i].by, bys[i].by);
        open_with(limits);
        snprintf(key, sizeof key, "p/staging/rule/grants//%s/%s", bys[i].by, bys[i].key);
        for (int n = 0; n < 3; n++) {
            lab_decide_grant(&lab, &question);
            lab_replay_grant(&lab, &question);
            assert_int_equal(lab.d.reason,
                             n < 2 ? AMBIT_REASON_ALLOWED : AMBIT_REASON_LIMIT_EXCEEDED);
            assert_int_equal(lab.d.n_charges, n < 2 ? 1 : 0);
            if (n < 2)
                assert_int_equal(lab.d.charges[0].what.within_ms, 3600 * 1000);
            lab_commit(&lab);
        }
        lab_assert_text("member", lab.d.member, "grants");
        assert_int_equal(lab_get(&lab, key), 2);
        lab_set(&lab, key, 0);
        take_grant();
        assert_int_equal(act("service.a", "svc:staging/1"), AMBIT_REASON_ALLOWED);
        assert_int_equal(lab.d.n_charges, 0);
        assert_int_equal(lab.d.n_figures, 0);
        lab_close(&lab);
    }
}

/* Replacing a live grant makes room among those that live, and is one more that was given. */
static void test_grants_replacing(void **state)
{
    (void)state;
    open_with("{'live_grants':1},{'grants':2,'within':'1h'}");
    lab.same = lab_id(9);
    lab_set(&lab, "p/staging/rule/live_grants//agent/remediator", 1);
    lab_set(&lab, "p/staging/rule/grants//agent/remediator", 1);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_true(ambit_id_eq(lab.d.replaces, lab.same));
    assert_int_equal(lab.d.n_charges, 2);
    lab_set(&lab, "p/staging/rule/grants//agent/remediator", 2);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    assert_true(ambit_id_is_none(lab.d.replaces));
    lab_set(&lab, "p/staging/rule/grants//agent/remediator", AMBIT_FIGURE_FULL);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_distinct_of_both),
        cmocka_unit_test(test_grants),
        cmocka_unit_test(test_grants_replacing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
