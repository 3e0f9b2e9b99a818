/* SPDX-License-Identifier: Apache-2.0 */
/* Hard stops on different names (policy-language.md, "Counting"): of an action its own name; of a
 * token request the pattern texts of its items that lie inside the stop. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define GRANT_TEXT "ZAcAAAAAAAAAAAAAAAAAAA"

static struct lab lab;
static struct ambit_grant_question question;

static void open_with(const char *stops)
{
    static struct ambit_item item = {{"a.*", 3}, {"svc:**", 6}};
    static char body[12000];
    snprintf(body, sizeof body,
             "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}}],"
             "'hard_stops':[%s]",
             stops);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    question = lab_question(&item, 1);
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

static enum ambit_reason ask(const struct ambit_item *items, size_t n)
{
    struct ambit_grant_question q = question;
    q.items = items;
    q.n_items = n;
    lab_decide_grant(&lab, &q);
    lab_replay_grant(&lab, &q);
    lab_commit(&lab);
    return lab.d.reason;
}

/* One more than `max` different ones fires; what is there already adds nothing; it begins anew. */
static void test_actions(void **state)
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
        char stop[512], key[128];
        snprintf(stop, sizeof stop,
                 "{'id':'sprawl','on':'allowed','distinct':'resource','max':2,'within':'10m','by':"
                 "'%s','then':'%s'}",
                 bys[i].by, bys[i].then);
        open_with(stop);
        snprintf(key, sizeof key, "p/sprawl/stop/distinct/resource/%s/%s=svc:1", bys[i].by,
                 bys[i].key);
        assert_int_equal(act("a.b", "svc:1"), AMBIT_REASON_ALLOWED);
        assert_int_equal(lab.d.charges[0].what.n_values, 1);
        assert_int_equal(lab.d.charges[0].amount, 1);
        assert_int_equal(lab_get(&lab, key), 1);
        assert_int_equal(act("a.c", "svc:1"), AMBIT_REASON_ALLOWED);
        assert_int_equal(act("a.c", "svc:2"), AMBIT_REASON_ALLOWED);
        assert_int_equal(act("a.c", "svc:3"), AMBIT_REASON_HARD_STOP);
        assert_int_equal(lab.d.n_trips, 1);
        lab_assert_text("key", lab.d.trips[0].key, bys[i].key);
        assert_true(lab.d.charges[0].resets);
        assert_int_equal(lab_get(&lab, key), 0);
        assert_int_equal(act("a.c", "svc:3"), AMBIT_REASON_ALLOWED);
        lab_close(&lab);
    }
}

/* On denied and attempted, of actions; a name that is malformed is one more name. */
static void test_refused(void **state)
{
    (void)state;
    open_with("{'id':'d','on':'denied','distinct':'action','max':2,'within':'1m','then':"
              "'suspend_agent'},"
              "{'id':'t','on':'attempted','distinct':'resource','max':9,'within':'1m','then':"
              "'suspend_agent'}");
    assert_int_equal(act("b.x", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(act("b.y", "svc:1"), AMBIT_REASON_OUT_OF_SCOPE);
    assert_int_equal(lab.d.n_trips, 0);
    assert_int_equal(act("b..z", "svc:1"), AMBIT_REASON_MALFORMED);
    assert_int_equal(lab.d.n_trips, 1);
    assert_int_equal(lab_get(&lab, "p/t/stop/distinct/resource/agent/remediator=svc:1"), 1);
    assert_int_equal(act("b.z", "svc:1 2"), AMBIT_REASON_MALFORMED);
    assert_int_equal(lab_get(&lab, "p/t/stop/distinct/resource/agent/remediator=svc:1 2"), 1);
    lab_set(&lab, "p/t/stop/distinct/resource/agent/remediator", AMBIT_FIGURE_FULL);
    assert_int_equal(act("a.z", "svc:1"), AMBIT_REASON_HARD_STOP);
    lab_close(&lab);
}

/* A token request adds the texts of the items inside, each once; on every resource counts as one
 * name where nothing was given. */
static void test_requests(void **state)
{
    (void)state;
    static const struct ambit_item items[] = {{{"a.b", 3}, {"svc:x/1", 7}},
                                              {{"a.c", 3}, {"svc:x/1", 7}},
                                              {{"a.c", 3}, {"svc:x/*", 7}},
                                              {{"a.d", 3}, {"svc:y/1", 7}}};
    static const struct ambit_item open[] = {{{"a.b", 3}, {0}}}, none[] = {{{"z.z", 3}, {0}}};
    open_with("{'id':'in','on':'granted','resources':['svc:x/**'],'distinct':'resource','max':9,"
              "'within':'1m','then':'suspend_agent'},"
              "{'id':'all','on':'attempted','distinct':'resource','max':9,'within':'1m','then':"
              "'suspend_agent'},"
              "{'id':'same','on':'attempted','distinct':'resource','max':9,'within':'1m','then':"
              "'suspend_agent'},"
              "{'id':'act','on':'attempted','distinct':'action','max':4,'within':'1m','then':"
              "'suspend_agent'}");
    assert_int_equal(ask(items, 4), AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.n_charges, 4);
    assert_int_equal(lab.d.charges[0].what.n_values, 2);
    assert_int_equal(lab.d.charges[1].what.n_values, 3);
    assert_ptr_equal(lab.d.charges[1].what.values, lab.d.charges[2].what.values); /* kept once */
    assert_int_equal(lab.d.charges[3].what.n_values, 3);
    assert_int_equal(lab.d.n_values, 8);
    assert_int_equal(ask(items, 3), AMBIT_REASON_ALLOWED); /* nothing new */
    assert_int_equal(ask(open, 1), AMBIT_REASON_ALLOWED);
    lab_assert_text("given", lab.d.charges[0].what.values[0], "svc:**");
    assert_int_equal(ask(none, 1), AMBIT_REASON_OUT_OF_SCOPE);
    lab_assert_text("on every resource", lab.d.charges[0].what.values[0], "*");
    lab_assert_text("its action", lab.d.charges[2].what.values[0], "z.z");
    static const struct ambit_item more[] = {{{"z.y", 3}, {"svc:1", 5}},
                                             {{"z..", 3}, {"svc:1", 5}}};
    assert_int_equal(ask(more, 2), AMBIT_REASON_MALFORMED);
    assert_int_equal(lab.d.n_trips, 1);
    lab_assert_text("stop", lab.d.trips[0].id, "act");
    assert_int_equal(ask(more, 0), AMBIT_REASON_NOTHING_REQUESTED); /* adds no name */
    assert_int_equal(lab.d.n_charges, 0);
    lab_close(&lab);
}

/* More names than a decision can keep: not decided, so refused. */
static void test_many(void **state)
{
    (void)state;
    static char stops[11000];
    struct ambit_item items[32];
    char text[32][16];
    size_t at = 0;
    for (int i = 0; i < 40; i++)
        at += (size_t)snprintf(stops + at, sizeof stops - at,
                               "%s{'id':'s%d','on':'attempted','distinct':'resource','resources':["
                               "'svc:**','db:x%d'],'actions':['a.%s'],'max':99,'within':'1m','then'"
                               ":'suspend_agent'}",
                               i ? "," : "", i, i, i % 2 ? "*" : "a");
    open_with(stops);
    for (size_t i = 0; i < 32; i++) {
        snprintf(text[i], sizeof text[i], "svc:%zu", i);
        items[i] = (struct ambit_item){i == 31 ? AMBIT_STR("a.b") : AMBIT_STR("a.a"),
                                       ambit_str_of(text[i])};
    }
    struct ambit_grant_question q = question;
    q.items = items;
    q.n_items = 32;
    assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_TOO_LARGE);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_many),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
