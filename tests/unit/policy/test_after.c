/* SPDX-License-Identifier: Apache-2.0 */
/* `after` (policy-language.md, "History"): in `when` it is met by an allowed action of the agent
 * that a service asked for and, where that owes an outcome, was reported done; in a hard stop by
 * every allowed action under the same key, whoever asked. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define RULE(more) \
    "{'id':'r','actions':['a.*','s.*'],'resources':['svc:**'],'ttl':{'max':'9m'}" more "}"
#define GRANT_TEXT "ZAcAAAAAAAAAAAAAAAAAAA"
#define MINUTE     INT64_C(60000)

static struct lab lab;
static struct ambit_grant_question question;

static void open_with(const char *rules, const char *stops)
{
    static struct ambit_item items[] = {{{"a.*", 3}, {"svc:**", 6}}, {{"s.*", 3}, {"svc:**", 6}}};
    char body[16000];
    snprintf(body, sizeof body, "'allow':[%s],'hard_stops':[%s]", rules, stops);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    question = lab_question(items, 2);
    lab_decide_grant(&lab, &question);
    lab_take_grant(&lab, &question);
}

static enum ambit_reason act_at(const char *action, const char *resource, int64_t ms, bool of_agent)
{
    struct ambit_action_question q = lab_action(&lab, action, resource);
    q.now_ms = LAB_NOW_MS + ms;
    if (of_agent)
        q.service = (struct ambit_str){0};
    lab_decide_action(&lab, &q);
    lab_replay_action(&lab, &q);
    lab_commit(&lab);
    return lab.d.reason;
}

static enum ambit_reason act(const char *action, const char *resource)
{
    return act_at(action, resource, 1000, false);
}

#define QUIET "{'id':'q','on':'denied','count':99,'within':'1m','then':'suspend_agent'}"
#define NEEDS(what)                                                                                \
    "{'id':'n','actions':['a.go'],'resources':['svc:1'],'ttl':{'max':'9m'},'when':{'after':[" what \
    "]}}"

/* Inside its window while now - t < w, to the millisecond. */
static void test_window(void **state)
{
    (void)state;
    open_with(NEEDS("{'actions':['s.read'],'within':'1m'}") "," RULE(""), QUIET);
    lab.items[0].rule = AMBIT_STR("n");
    assert_int_equal(act("a.go", "svc:1"), AMBIT_REASON_ORDER_VIOLATED);
    assert_int_equal(act_at("s.read", "svc:2", 0, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 1);
    assert_int_equal(lab.d.charges[0].what.kind, AMBIT_LIMIT_AFTER);
    assert_int_equal(lab.d.charges[0].what.within_ms, MINUTE);
    assert_int_equal(lab.d.charges[0].amount, 1);
    assert_false(lab.d.charges[0].when_done || lab.d.charges[0].resets);
    assert_int_equal(lab.d.charges[0].what.field.len, 22);
    assert_int_equal(act_at("a.go", "svc:1", MINUTE - 1, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 0); /* it looks for no a.go */
    assert_int_equal(act_at("a.go", "svc:1", MINUTE, false), AMBIT_REASON_ORDER_VIOLATED);
    lab_close(&lab);
}

/* Whoever asked: the agent's own question meets no rule; what owes an outcome meets it when done.
 */
static void test_who_asked(void **state)
{
    (void)state;
    open_with(NEEDS("{'actions':['s.read'],'within':'1m'}") "," RULE(""), QUIET);
    assert_int_equal(act_at("s.read", "svc:2", 0, true), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 0);
    lab_close(&lab);
    open_with(NEEDS("{'actions':['s.read'],'within':'1m'}") ",{'id':'r','actions':['s.*','a.*'],"
                                                            "'resources':['svc:**'],'ttl':{'max':'"
                                                            "9m'},'outcome':{'within':'2m'}}",
              QUIET ",{'id':'x','on':'allowed','actions':['a.never'],'after':{'actions':['s.*'],"
                    "'within':'1h'},'then':'suspend_agent'}");
    lab.items[0].rule = AMBIT_STR("n");
    assert_int_equal(act_at("s.read", "svc:2", 0, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.outcome_due_ms, LAB_NOW_MS + 2 * MINUTE);
    assert_int_equal(lab.d.n_charges, 2);
    assert_true(lab.d.charges[0].when_done != lab.d.charges[1].when_done);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(lab.d.charges[i].when_done, !lab.d.charges[i].what.is_stop);
    assert_int_equal(act("a.go", "svc:1"), AMBIT_REASON_ORDER_VIOLATED); /* not reported yet */
    assert_int_equal(lab.d.outcome_due_ms, 0);
    lab_close(&lab);
}

/* All of them must hold; two that look for the same are one history, kept for the longer. */
static void test_several(void **state)
{
    (void)state;
    open_with(NEEDS("{'actions':['s.read','s.look'],'within':'1m'},{'actions':['s.look','s.read'],"
                    "'within':'1h'},{'actions':['s.ok'],'resources':['svc:x/**','svc:y'],'within':"
                    "'2m'}") "," RULE(""),
              QUIET);
    lab.items[0].rule = AMBIT_STR("n");
    const struct ambit_rule *rules = ambit_policy_documents(lab.set)->policies[0].rules;
    const struct ambit_after *after = rules[0].when.after;
    assert_true(ambit_str_eq(after[0].history, after[1].history));
    assert_false(ambit_str_eq(after[0].history, after[2].history));
    assert_int_equal(act_at("s.look", "svc:x/1", 0, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 1);
    assert_int_equal(lab.d.charges[0].what.within_ms, 60 * MINUTE);
    assert_true(ambit_str_eq(lab.d.charges[0].what.field, after[0].history));
    assert_int_equal(act_at("s.ok", "svc:z", 0, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 0); /* on another resource */
    assert_int_equal(act_at("s.ok", "svc:x/1/2", 0, false), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 1);
    assert_true(ambit_str_eq(lab.d.charges[0].what.field, after[2].history));
    assert_int_equal(act_at("a.go", "svc:1", MINUTE, false), AMBIT_REASON_ORDER_VIOLATED);
    lab_close(&lab);
}

/* A grant is judged by it too, and two items under one rule ask once. */
static void test_grants(void **state)
{
    (void)state;
    static const struct ambit_item items[] = {{{"a.*", 3}, {"svc:1", 5}},
                                              {{"s.*", 3}, {"svc:1", 5}}};
    struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.*','s.*'],'resources':['svc:**'],'ttl':{'max':'9m'},"
        "'when':{'after':[{'actions':['b.done'],'within':'1m'}]}}]," LAB_QUIET};
    lab_open(&lab, &policy, 1);
    question = lab_question(items, 2);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ORDER_VIOLATED);
    lab_set(&lab, "p/r/rule/after//agent/remediator", LAB_NOW_MS - MINUTE);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ORDER_VIOLATED);
    lab_set(&lab, "p/r/rule/after//agent/remediator", LAB_NOW_MS - MINUTE + 1);
    lab_decide_grant(&lab, &question);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_figures, 1);
    lab_replay_grant(&lab, &question);
    lab_close(&lab);
}

/* Many rules look for something else, or elsewhere; those that look for it are found, however their
 * patterns begin. */
static void test_index(void **state)
{
    (void)state;
    char rules[15000];
    size_t at = 0;
    for (int i = 0; i < 60; i++)
        at +=
            (size_t)snprintf(rules + at, sizeof rules - at,
                             "{'id':'n%d','actions':['x.go'],'resources':['svc:1'],'ttl':{'max':"
                             "'9m'},'when':{'after':[{'actions':['s%d.read'],'within':'1m'},"
                             "{'actions':['**'],'resources':['svc:only%d/**'],'within':'1m'}%s]}},",
                             i, i, i,
                             i == 30   ? ",{'actions':['*.read'],'within':'1m'}"
                             : i == 31 ? ",{'actions':['**'],'resources':['svc:*/1'],'within':'1m'}"
                                       : "");
    snprintf(rules + at, sizeof rules - at, RULE(""));
    open_with(rules, QUIET);
    static const struct {
        const char *action, *resource, *rules[3];
    } rows[] = {{"s.read", "svc:2", {"n30"}},
                {"s.look", "svc:2", {0}},
                {"s.look", "svc:x/1", {"n31"}},
                {"s.look", "svc:only7/1", {"n7", "n31"}},
                {"s.read", "svc:only7", {"n7", "n30"}}};
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        assert_int_equal(act(rows[i].action, rows[i].resource), AMBIT_REASON_ALLOWED);
        size_t n = 0;
        while (n < 3 && rows[i].rules[n])
            n++;
        assert_int_equal(lab.d.n_charges, n);
        for (size_t k = 0; k < n; k++)
            lab_assert_text(rows[i].resource, lab.d.charges[k].what.id, rows[i].rules[k]);
    }
    lab_close(&lab);
}

/* A stop's `after` looks under the stop's key, and any allowed action counts. */
static void test_stop(void **state)
{
    (void)state;
    static const struct {
        const char *by, *then, *key;
    } bys[] = {{"grant", "revoke_grant", GRANT_TEXT},
               {"lineage", "suspend_agent", GRANT_TEXT},
               {"agent", "suspend_agent", "remediator"},
               {"team", "stop_team", "payments"},
               {"policy", "stop_policy", "p"}};
    for (size_t i = 0; i < AMBIT_LEN(bys); i++) {
        char stop[512], key[256];
        snprintf(stop, sizeof stop,
                 "{'id':'exfil','on':'attempted','actions':['a.send'],'by':'%s','then':'%s',"
                 "'after':{'actions':['s.read'],'within':'1m'}}",
                 bys[i].by, bys[i].then);
        open_with(RULE(""), stop);
        snprintf(key, sizeof key, "p/exfil/stop/after//%s/%s", bys[i].by, bys[i].key);
        assert_int_equal(act_at("a.send", "svc:1", 0, false), AMBIT_REASON_ALLOWED);
        assert_int_equal(lab.d.n_trips, 0);
        assert_int_equal(act_at("s.read", "svc:1", 1, true), AMBIT_REASON_ALLOWED);
        assert_int_equal(lab.d.n_charges, 1);
        assert_true(lab.d.charges[0].what.is_stop);
        assert_int_equal(lab_get(&lab, key), LAB_NOW_MS + 1);
        assert_int_equal(act_at("a.send", "svc:1", MINUTE, false), AMBIT_REASON_HARD_STOP);
        assert_int_equal(lab.d.n_trips, 1);
        lab_assert_text("key", lab.d.trips[0].key, bys[i].key);
        assert_int_equal(lab.d.n_charges, 0);
        assert_int_equal(act_at("a.send", "svc:1", MINUTE + 1, false), AMBIT_REASON_ALLOWED);
        lab_close(&lab);
    }
}

/* With a count: every event is counted, and fires from the count-th on where its `after` holds. */
static void test_stop_count(void **state)
{
    (void)state;
    open_with(RULE(""), "{'id':'exfil','on':'allowed','actions':['a.send'],'count':2,'within':'1h',"
                        "'after':{'actions':['s.read'],'resources':['svc:secret/*'],'within':'1m'},"
                        "'then':'suspend_agent'}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(act("a.send", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab_get(&lab, "p/exfil/stop/count//agent/remediator"), 3);
    assert_int_equal(act("s.read", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(act("a.send", "svc:1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(act("s.read", "svc:secret/1"), AMBIT_REASON_ALLOWED);
    assert_int_equal(act("a.send", "svc:1"), AMBIT_REASON_HARD_STOP);
    assert_int_equal(lab.d.n_charges, 1);
    assert_true(lab.d.charges[0].resets);
    assert_int_equal(lab_get(&lab, "p/exfil/stop/count//agent/remediator"), 0);
    assert_int_equal(act("a.send", "svc:1"), AMBIT_REASON_ALLOWED);
    lab_close(&lab);
}

/* A refused action is no allowed one. */
static void test_refused(void **state)
{
    (void)state;
    open_with(RULE(""), "{'id':'x','on':'attempted','actions':['a.send'],'after':{'actions':['s.*',"
                        "'b.*'],'within':'1m'},'then':'suspend_agent'}");
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_charges, 0);
    assert_int_equal(act("a.send", "svc:1"), AMBIT_REASON_ALLOWED);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window),     cmocka_unit_test(test_who_asked),
        cmocka_unit_test(test_several),    cmocka_unit_test(test_grants),
        cmocka_unit_test(test_index),      cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_count), cmocka_unit_test(test_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
