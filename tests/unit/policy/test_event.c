/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are no question of the agent's (policy-language.md, "History"): an outcome that
 * nobody reported, and signals; which hard stops hear them, by which key, and what fires. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ALLOW      "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'}}]"
#define GRANT_TEXT "ZAcAAAAAAAAAAAAAAAAAAA"

static struct lab lab;
static struct ambit_grant_question question;

static void open_with(const char *stops)
{
    static struct ambit_item item = {{"a.*", 3}, {"svc:**", 6}};
    char body[4096];
    snprintf(body, sizeof body, ALLOW ",'hard_stops':[%s]", stops);
    struct lab_policy policy = {"p", "", body};
    lab_open(&lab, &policy, 1);
    question = lab_question(&item, 1);
    lab_decide_grant(&lab, &question);
    lab_take_grant(&lab, &question);
}

static void hear(const struct ambit_event_question *q)
{
    static struct ambit_decision again;
    memset(&lab.d, 0xa5, sizeof lab.d);
    lab.asked_ms = q->now_ms;
    assert_int_equal(ambit_decide_event(lab.set, q, &lab.world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(lab.d.verdict, AMBIT_DENY); /* it allows nothing */
    assert_false(lab.d.is_attempt);

    struct ambit_recorded recorded = {.figures = lab.d.figures, .n = lab.d.n_figures};
    struct ambit_world world =
        ambit_world_of_record(&recorded, lab.d.used_stops, lab.d.n_used_stops);
    assert_int_equal(ambit_decide_event(lab.set, q, &world, &again), AMBIT_OK);
    assert_true(again.n_charges == lab.d.n_charges && again.n_trips == lab.d.n_trips &&
                recorded.next == recorded.n);
    lab_commit(&lab);
}

static void forget(const char *action, const char *resource)
{
    struct ambit_event_question q = {
        .now_ms = LAB_NOW_MS,
        .kind = AMBIT_EVENT_UNACCOUNTED,
        .agent = AMBIT_STR("remediator"),
        .grant = &lab.grant,
        .action = ambit_str_of(action),
        .resource = ambit_str_of(resource),
    };
    hear(&q);
}

static void signal_about(bool has_grant, const char *name, const char *from)
{
    struct ambit_event_question q = {
        .now_ms = LAB_NOW_MS,
        .kind = AMBIT_EVENT_SIGNAL,
        .agent = AMBIT_STR("remediator"),
        .grant = has_grant ? &lab.grant : NULL,
        .signal = ambit_str_of(name),
        .from = ambit_str_of(from),
    };
    hear(&q);
}

/* Counted under each key; the count-th fires and takes whose count it is, with the lineage. */
static void test_unaccounted(void **state)
{
    (void)state;
    static const struct {
        const char *by, *then_text, *key;
        enum ambit_stop_then then;
    } bys[] = {{"grant", "revoke_grant", GRANT_TEXT, AMBIT_THEN_REVOKE_GRANT},
               {"lineage", "suspend_agent", GRANT_TEXT, AMBIT_THEN_SUSPEND_AGENT},
               {"agent", "suspend_agent", "remediator", AMBIT_THEN_SUSPEND_AGENT},
               {"team", "stop_team", "payments", AMBIT_THEN_STOP_TEAM},
               {"policy", "stop_policy", "p", AMBIT_THEN_STOP_POLICY}};
    for (size_t i = 0; i < AMBIT_LEN(bys); i++) {
        char stop[512], key[128];
        snprintf(stop, sizeof stop,
                 "{'id':'silent','on':'unaccounted','count':2,'within':'1h','by':'%s','then':'%s'}",
                 bys[i].by, bys[i].then_text);
        open_with(stop);
        snprintf(key, sizeof key, "p/silent/stop/count//%s/%s", bys[i].by, bys[i].key);
        forget("a.b", "svc:1");
        assert_true(lab.d.n_charges == 1 && lab.d.n_trips == 0);
        assert_int_equal(lab_get(&lab, key), 1);
        forget("a.b", "svc:1");
        assert_int_equal(lab.d.n_trips, 1);
        assert_true(lab.d.charges[0].resets);
        const struct ambit_trip *trip = &lab.d.trips[0];
        assert_int_equal(trip->then, bys[i].then);
        lab_assert_text("key", trip->key, bys[i].key);
        lab_assert_text("agent", trip->agent, "remediator");
        lab_assert_text("team", trip->team, "payments");
        assert_true(ambit_id_eq(trip->lineage, lab.grant.lineage));
        assert_int_equal(lab_get(&lab, key), 0);
        lab_close(&lab);
    }
}

/* Its patterns, and different names. */
static void test_unaccounted_where(void **state)
{
    (void)state;
    open_with("{'id':'at','on':'unaccounted','actions':['a.*'],'resources':['svc:prod/**'],'then':"
              "'suspend_agent'},"
              "{'id':'wide','on':'unaccounted','distinct':'action','max':1,'within':'1h','then':"
              "'suspend_agent'},"
              "{'id':'d','on':'denied','then':'suspend_agent'},"
              "{'id':'s','on':'signal','signal':'x','from':['other'],'then':'suspend_agent'}");
    forget("a.b", "svc:1");
    assert_true(lab.d.n_charges == 1 && lab.d.n_trips == 0);
    forget("a.b", "svc:2");
    assert_int_equal(lab.d.n_trips, 0);
    forget("a.c", "svc:2");
    assert_int_equal(lab.d.n_trips, 1);
    lab_assert_text("stop", lab.d.trips[0].id, "wide");
    forget("a.c", "svc:prod/1");
    assert_int_equal(lab.d.n_trips, 1);
    lab_assert_text("stop", lab.d.trips[0].id, "at");
    /* A name that is none (it could not have been allowed) lies inside no pattern. */
    forget("a..c", "svc:prod/1");
    assert_true(lab.d.n_trips == 1 && lab.d.n_charges == 1);
    lab_assert_text("stop", lab.d.trips[0].id, "wide");
    forget("a.c", "svc:prod//1");
    assert_int_equal(lab.d.n_trips, 0);
    lab_close(&lab);
}

/* Heard only by stops that name it and its sender; under no grant it counts under none. */
static void test_signal(void **state)
{
    (void)state;
    open_with("{'id':'edr','on':'signal','signal':'endpoint.compromised','from':['other',"
              "'payments-api'],'then':'suspend_agent'},"
              "{'id':'often','on':'signal','signal':'odd','from':['other'],'count':2,'within':'1h',"
              "'by':'lineage','then':'revoke_grant'},"
              "{'id':'grant','on':'signal','signal':'odd','from':['other'],'by':'grant','then':"
              "'revoke_grant'}");
    signal_about(false, "endpoint.compromised", "other");
    assert_true(lab.d.n_trips == 1 && lab.d.n_charges == 0);
    assert_true(ambit_id_is_none(lab.d.trips[0].lineage));
    lab_assert_text("agent", lab.d.trips[0].agent, "remediator");
    signal_about(true, "endpoint.compromised", "payments-api");
    assert_int_equal(lab.d.n_trips, 1);
    assert_true(ambit_id_eq(lab.d.trips[0].lineage, lab.grant.lineage));
    signal_about(false, "endpoint.compromised", "elsewhere");
    assert_true(lab.d.n_trips == 0 && lab.d.n_charges == 0 && lab.d.n_figures == 0);
    signal_about(false, "endpoint", "other");
    assert_true(lab.d.n_trips == 0);
    signal_about(false, "odd", "other");
    assert_true(lab.d.n_trips == 0 && lab.d.n_charges == 0);
    signal_about(true, "odd", "other");
    assert_true(lab.d.n_trips == 1 && lab.d.n_charges == 1);
    signal_about(true, "odd", "other");
    assert_int_equal(lab.d.n_trips, 2);
    lab_close(&lab);
}

/* While its hold lasts a stop counts on and does not fire again; `after` holds or not. */
static void test_held_and_after(void **state)
{
    (void)state;
    open_with("{'id':'edr','on':'signal','signal':'x','from':['other'],'then':'suspend_agent'},"
              "{'id':'then','on':'signal','signal':'y','from':['other'],'after':{'actions':['a.*'],"
              "'within':'1m'},'then':'suspend_agent'}");
    signal_about(false, "y", "other");
    assert_int_equal(lab.d.n_trips, 0);
    lab_set(&lab, "p/then/stop/after//agent/remediator", LAB_NOW_MS - 59999);
    signal_about(false, "y", "other");
    assert_int_equal(lab.d.n_trips, 1);
    lab_stop(&lab, 1, AMBIT_TARGET_AGENT, "remediator");
    signal_about(false, "x", "other");
    assert_int_equal(lab.d.n_trips, 0);
    assert_int_equal(lab.d.n_used_stops, 1);
    lab_close(&lab);
}

static enum ambit_err no_figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    (void)ctx;
    (void)query;
    (void)ret;
    return AMBIT_ERR_DAMAGED;
}

static void test_errors(void **state)
{
    (void)state;
    open_with("{'id':'a','on':'unaccounted','count':2,'within':'1h','then':'suspend_agent'},"
              "{'id':'b','on':'unaccounted','count':2,'within':'1h','then':'suspend_agent'}");
    struct ambit_event_question q = {.now_ms = LAB_NOW_MS, .agent = AMBIT_STR("nobody")};
    assert_int_equal(ambit_decide_event(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_NOT_FOUND);
    q.agent = AMBIT_STR("remediator");
    q.action = AMBIT_STR("a.b");
    q.resource = AMBIT_STR("svc:1");
    lab.world.figure = no_figure;
    assert_int_equal(ambit_decide_event(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_DAMAGED);
    assert_int_equal(lab.d.n_charges, 0);
    struct ambit_grant_view above = {.agent = AMBIT_STR("remediator")};
    struct ambit_grant_view under = {.agent = AMBIT_STR("remediator"), .above = &above, .depth = 1};
    q.grant = &under;
    assert_int_equal(ambit_decide_event(lab.set, &q, &lab.world, &lab.d), AMBIT_ERR_DAMAGED);
    lab_close(&lab);

    /* Who is not there any more hears nothing. */
    open_with("{'id':'a','on':'unaccounted','then':'suspend_agent'}");
    above.agent = AMBIT_STR("retired");
    assert_int_equal(ambit_decide_event(lab.set, &q, &lab.world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.n_trips, 1);
    above.agent = AMBIT_STR("remediator"); /* the same policy above hears it once */
    assert_int_equal(ambit_decide_event(lab.set, &q, &lab.world, &lab.d), AMBIT_OK);
    assert_int_equal(lab.d.n_trips, 1);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unaccounted), cmocka_unit_test(test_unaccounted_where),
        cmocka_unit_test(test_signal),      cmocka_unit_test(test_held_and_after),
        cmocka_unit_test(test_errors),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
