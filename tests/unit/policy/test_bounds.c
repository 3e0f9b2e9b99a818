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
        12, 47,
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

/* `n` resources, each printed with its number. */
static const char *resources(const char *format, size_t n)
{
    static char text[4096];
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, i ? ",'" : "'");
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%zu'", format, i);
    }
    return text;
}

/* Two rules for a.b on 40 resources each, one for a.c. */
static void open_wide(const char *first, const char *second, const char *more)
{
    static char body[12000];
    int len = snprintf(body, sizeof body,
                       "'allow':[{'id':'x','actions':['a.b'],'resources':[%s],'ttl':{'max':'9m'}},",
                       resources(first, 40));
    len += snprintf(body + len, sizeof body - (size_t)len,
                    "{'id':'y','actions':['a.b'],'resources':[%s],'ttl':{'max':'9m'}},"
                    "{'id':'z','actions':['a.c'],'resources':['svc:**'],'ttl':{'max':'9m'}}]%s",
                    resources(second, 40), more);
    assert_true(len > 0 && (size_t)len < sizeof body);
    lab_open(&lab, &(struct lab_policy){"p", "", body}, 1);
}

static void refuses_form(const struct ambit_item *items, size_t n, enum ambit_grant_check check,
                         const char *member)
{
    struct ambit_grant_question q = lab_question(items, n);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_MALFORMED);
    assert_int_equal(lab.d.failed_check, (int)check);
    lab_assert_text("member", lab.d.member, member);
    lab_replay_grant(&lab, &q);
    lab_close(&lab);
}

/* A grant holds so many items, and takes so many never rules with it (PL "Items"). */
static void test_grant_is_full(void **state)
{
    static const struct ambit_item open[] = {{{"a.b", 3}, {0}},
                                             {AMBIT_STR("a.c"), AMBIT_STR("svc:z")}};
    static char never[8000];
    int len = snprintf(never, sizeof never, ",'never':[");
    (void)state;
    for (int i = 0; i < 65; i++)
        len += snprintf(never + len, sizeof never - (size_t)len,
                        "%s{'id':'n%d','actions':['a.b'],'resources':['svc:x*%d/**']}",
                        i ? "," : "", i, i);
    snprintf(never + len, sizeof never - (size_t)len, "]," LAB_QUIET);

    open_wide("svc:a", "svc:b", "," LAB_QUIET);
    refuses_form(open, 1, AMBIT_GRANT_CHECK_SCOPE, "items");
    open_wide("svc:${team}/a", "svc:${team}/b", "," LAB_QUIET);
    refuses_form(open, 1, AMBIT_GRANT_CHECK_SCOPE, "items");
    open_wide("svc:x*/", "svc:x*/b", never);
    refuses_form(open, 1, AMBIT_GRANT_CHECK_NEVER, "except");

    static char body[4096];
    len = snprintf(body, sizeof body,
                   "'allow':[{'id':'x','actions':['a.b'],'resources':[%s],'ttl':{'max':'9m'}},{'id'"
                   ":'z','actions':['a.c'],'resources':['svc:**'],'ttl':{'max':'9m'}}]," LAB_QUIET,
                   resources("svc:", 64));
    assert_true(len > 0 && (size_t)len < sizeof body);
    lab_open(&lab, &(struct lab_policy){"p", "", body}, 1);
    struct ambit_grant_question q = lab_question(open, 1);
    lab_decide_grant(&lab, &q);
    assert_true(lab.d.verdict == AMBIT_ALLOW && lab.d.n_given == AMBIT_GIVEN_MAX);
    refuses_form(open, 2, AMBIT_GRANT_CHECK_SCOPE, NULL);
}

/* More excepts above than a grant can have: none is left out. */
static void test_except_above(void **state)
{
    static struct ambit_except except[AMBIT_EXCEPT_MAX + 1];
    static const struct ambit_given held = {.action = AMBIT_STR("a.*"),
                                            .resource = AMBIT_STR("svc:**"),
                                            .policy = AMBIT_STR("p0"),
                                            .rule = AMBIT_STR("r")};
    struct ambit_grant_view parent = {.agent = AMBIT_STR("remediator"),
                                      .owner = AMBIT_STR("dana"),
                                      .team = AMBIT_STR("payments"),
                                      .audience = LAB_AUDIENCE,
                                      .expires_ms = LAB_NOW_MS + 60000,
                                      .items = &held,
                                      .n_items = 1,
                                      .except = except,
                                      .n_except = AMBIT_LEN(except)};
    (void)state;
    open_many(1, 65, ALLOW ",'never':[", "'actions':['a.b.c'],'resources':['svc:1']",
              "]," LAB_QUIET);
    struct ambit_grant_question q = ask_all();
    q.parent = &parent;
    lab_decide_grant(&lab, &q);
    assert_true(lab.d.reason == AMBIT_REASON_MALFORMED &&
                lab.d.failed_check == AMBIT_GRANT_CHECK_NEVER && lab.d.level == 1);
    static const struct ambit_item wide = {AMBIT_STR("a.**"), AMBIT_STR("svc:1")};
    parent.n_except = 0;
    q = lab_question(&wide, 1);
    q.parent = &parent;
    lab_decide_grant(&lab, &q);
    assert_true(lab.d.reason == AMBIT_REASON_MALFORMED &&
                lab.d.failed_check == AMBIT_GRANT_CHECK_NEVER && lab.d.level == 0);
    lab_close(&lab);
}

/* Stops of one id on several targets are told apart; more that matter than can be written down are
 * too many; one that cannot be read covers everything. */
static void test_stops(void **state)
{
    static const struct ambit_item open[] = {{{"a.b", 3}, {0}}};
    static struct ambit_stop_view stops[80];
    static char targets[80][16];
    (void)state;
    open_wide("svc:a", "svc:b", "," LAB_QUIET);
    for (size_t i = 0; i < AMBIT_LEN(stops); i++) {
        snprintf(targets[i], sizeof targets[i], "svc:%c%zu", i < 40 ? 'a' : 'b', i % 40);
        stops[i] = (struct ambit_stop_view){
            .id = lab_id(7), .kind = AMBIT_TARGET_RESOURCE, .target = ambit_str_of(targets[i])};
    }
    lab.world.stops = stops;
    struct ambit_grant_question q = lab_question(open, 1);
    for (size_t n = AMBIT_USED_STOPS_MAX; n <= AMBIT_LEN(stops); n += 16) {
        lab.world.n_stops = n;
        enum ambit_err err = ambit_decide_grant(lab.set, &q, &lab.world, &lab.d);
        assert_int_equal(err, n > AMBIT_USED_STOPS_MAX ? AMBIT_ERR_TOO_LARGE : AMBIT_OK);
        assert_int_equal(lab.d.n_used_stops, AMBIT_USED_STOPS_MAX);
    }
    stops[0].target = AMBIT_STR("svc:***");
    lab.world.n_stops = 1;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_STOPPED);
    stops[0] = (struct ambit_stop_view){
        .id = lab_id(7), .kind = AMBIT_TARGET_AGENT, .target = AMBIT_STR("remediator")};
    stops[1] = (struct ambit_stop_view){
        .id = lab_id(7), .kind = AMBIT_TARGET_POLICY, .target = AMBIT_STR("p")};
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.n_used_stops, 1);
    lab_close(&lab);
}

/* A record that ends before its decision does is damaged; one that was refused in the end does not
 * say which grant it would have replaced. */
static void test_record(void **state)
{
    static const struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'},'limits':[{"
        "'live_grants':1}]}],'hard_stops':[{'id':'s','on':'granted','then':'suspend_agent'}]"};
    (void)state;
    lab_open(&lab, &policy, 1);
    lab_set(&lab, "p/r/rule/live_grants//agent/remediator", 1);
    lab.same = lab_id(5);
    struct ambit_grant_question q = ask_all();
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_HARD_STOP);
    lab_replay_grant(&lab, &q);
    for (size_t n = 0; n < lab.d.n_figures; n++) {
        static struct ambit_decision again;
        struct ambit_recorded recorded = {.figures = lab.d.figures, .n = n};
        struct ambit_world world = ambit_world_of_record(&recorded, NULL, 0);
        assert_int_equal(ambit_decide_grant(lab.set, &q, &world, &again), AMBIT_ERR_DAMAGED);
    }
    lab_close(&lab);
}

/* As many figures as there is room for, and then the live grant. */
static void test_figures(void **state)
{
    static char text[2][14000];
    static const struct lab_policy named[] = {{"p0", "", text[0]}, {"p1", "", text[1]}};
    static struct ambit_item items[8];
    static char actions[8][4];
    (void)state;
    for (int p = 0; p < 2; p++) {
        int len = snprintf(text[p], sizeof text[p], "'allow':[");
        for (int r = 0; r < 4; r++) {
            len += snprintf(text[p] + len, sizeof text[p] - (size_t)len,
                            "%s{'id':'r%d','actions':['a.%d'],'resources':['svc:**'],'ttl':{'max':'"
                            "9m'},'limits':[%s",
                            r ? "," : "", r, 4 * p + r,
                            p + r ? "{'grants':9,'within':'64s'}" : "{'live_grants':1}");
            for (int i = 1; i < 64; i++)
                len += snprintf(text[p] + len, sizeof text[p] - (size_t)len,
                                ",{'grants':9,'within':'%ds'}", i);
            len += snprintf(text[p] + len, sizeof text[p] - (size_t)len, "]}");
            snprintf(actions[4 * p + r], sizeof actions[0], "a.%d", 4 * p + r);
            items[4 * p + r] =
                (struct ambit_item){ambit_str_of(actions[4 * p + r]), AMBIT_STR("svc:1")};
        }
        snprintf(text[p] + len, sizeof text[p] - (size_t)len, "]," LAB_QUIET);
    }
    lab_open(&lab, named, 2);
    lab_set(&lab, "p0/r0/rule/live_grants//agent/remediator", 1);
    lab.same = lab_id(5);
    for (size_t n = 7; n <= 8; n++) {
        struct ambit_grant_question q = lab_question(items, n);
        assert_int_equal(ambit_decide_grant(lab.set, &q, &lab.world, &lab.d),
                         n == 7 ? AMBIT_OK : AMBIT_ERR_TOO_LARGE);
    }
    lab_close(&lab);
}

/* What the world cannot tell is not explained either. */
static void test_explain(void **state)
{
    static const struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'9m'},'limits':[{"
        "'grants':9,'within':'1h'},{'count':9,'within':'1h'}]}]," LAB_QUIET};
    (void)state;
    lab_open(&lab, &policy, 1);
    struct ambit_grant_question q = ask_all();
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
    struct ambit_action_question action = lab_action(&lab, "a.b", "svc:1");
    lab.world.figure = no_figure;
    assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                     AMBIT_ERR_DAMAGED);
    assert_int_equal(
        ambit_explain_action(lab.set, &action, &lab.world, &lab.arena, &lab.explanation),
        AMBIT_ERR_DAMAGED);
    lab_close(&lab);
}

static void test_text(void **state)
{
    (void)state;
    assert_true(text_is_free((struct ambit_str){0}));
    assert_true(text_is_free(AMBIT_STR("a reason")));
    assert_false(text_is_free(AMBIT_STR("\xff")));
    assert_false(text_is_free(AMBIT_STR("a\nb")));
    static char text[AMBIT_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    assert_true(text_is_free((struct ambit_str){text, AMBIT_TEXT_MAX}));
    assert_false(text_is_free((struct ambit_str){text, sizeof text}));
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
        cmocka_unit_test(test_room),          cmocka_unit_test(test_charges),
        cmocka_unit_test(test_asks),          cmocka_unit_test(test_cannot_tell),
        cmocka_unit_test(test_grant_is_full), cmocka_unit_test(test_except_above),
        cmocka_unit_test(test_stops),         cmocka_unit_test(test_record),
        cmocka_unit_test(test_figures),       cmocka_unit_test(test_text),
        cmocka_unit_test(test_explain),       cmocka_unit_test(test_arithmetic),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
