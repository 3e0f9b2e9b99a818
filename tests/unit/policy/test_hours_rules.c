/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a rule with hours gives until its window ends and says so, takes back what is asked outside
 * it, and leaves introspection with nothing while it is closed. The clock is UTC, the time
 * 2026-11-20T10:00:00Z, a Friday. */
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define HOURS(windows)                                                                        \
    "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1h'},'when':{" \
    "'hours':[" windows "]}}]," LAB_QUIET
enum { MINUTE_MS = 60000 };

static struct lab lab;
static const struct ambit_item item = {{"a.b", 3}, {"svc:x", 5}};

static void open_with(const char *body)
{
    struct lab_policy policy = {.name = "p", .head = "", .body = body};
    lab_open(&lab, &policy, 1);
}

static const struct row {
    const char *name, *body;
    int64_t lifetime_s, end_min; /* 0: none asked; the end in minutes from now */
    const char *hours, *hours_saw, *lifetime;
} rows[] = {
    {"no hours",
     "'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1h'}}]," LAB_QUIET,
     0, 60, "any hour", "2026-11-20T10:00:00.000Z", "some of at most 1h"},
    {"the window ends first", HOURS("{'from':'10:00','to':'10:20','zone':'UTC'}"), 0, 20,
     "an open window: 10:00 to 10:20 UTC",
     "2026-11-20T10:00:00.000Z, open until 2026-11-20T10:20:00.000Z",
     "some of at most 1h in the window until 2026-11-20T10:20:00.000Z"},
    {"what is asked ends first", HOURS("{'from':'10:00','to':'10:20','zone':'UTC'}"), 600, 10,
     "an open window: 10:00 to 10:20 UTC",
     "2026-11-20T10:00:00.000Z, open until 2026-11-20T10:20:00.000Z", NULL},
    {"of two the one that ends last",
     HOURS("{'from':'09:00','to':'10:05','zone':'UTC'},"
           "{'days':['Thu','Fri'],'from':'22:00','to':'10:40','zone':'Europe/Berlin'}"),
     0, 40, "an open window: 09:00 to 10:05 UTC or Thu Fri 22:00 to 10:40 Europe/Berlin", NULL,
     NULL},
};

static void test_given(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        const struct row *row = &rows[i];
        open_with(row->body);
        struct ambit_grant_question q = lab_question(&item, 1);
        q.has_lifetime = row->lifetime_s != 0;
        q.lifetime_s = row->lifetime_s;
        lab_decide_grant(&lab, &q);
        if (lab.d.reason != AMBIT_REASON_ALLOWED ||
            lab.d.expires_ms != LAB_NOW_MS + row->end_min * MINUTE_MS)
            fail_msg("%s: %s until %lld", row->name, ambit_reason_text(lab.d.reason),
                     (long long)lab.d.expires_ms);
        assert_int_equal(ambit_explain_grant(lab.set, &q, &lab.world, &lab.arena, &lab.explanation),
                         AMBIT_OK);
        const struct ambit_check_report *checks = lab.explanation.checks;
        lab_assert_text(row->name, checks[AMBIT_GRANT_CHECK_HOURS].required, row->hours);
        lab_assert_text(row->name, checks[AMBIT_GRANT_CHECK_HOURS].saw, row->hours_saw);
        lab_assert_text(row->name, checks[AMBIT_GRANT_CHECK_LIFETIME].required, row->lifetime);
        lab_close(&lab);
    }
}

/* A grant from before the rule had these hours. */
static void test_taken_back(void **state)
{
    (void)state;
    open_with(HOURS("{'from':'09:00','to':'10:30','zone':'UTC'}"));
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    lab_take_grant(&lab, &q);
    lab.grant.expires_ms = LAB_NOW_MS + 60 * MINUTE_MS;
    for (int minutes = 0; minutes < 60; minutes += 15) {
        struct ambit_action_question action = lab_action(&lab, "a.b", "svc:x");
        bool is_open = minutes < 30;
        uint64_t live = 0, asks = 0;
        action.now_ms = LAB_NOW_MS + minutes * MINUTE_MS;
        lab_decide_action(&lab, &action);
        assert_int_equal(lab.d.reason, is_open ? AMBIT_REASON_ALLOWED : AMBIT_REASON_OUTSIDE_HOURS);
        assert_true(is_open || lab.d.is_attempt);
        ambit_grant_items_now(lab.set, &lab.grant, NULL, 0, action.now_ms, &live, &asks);
        assert_int_equal(live, is_open);
        assert_int_equal(asks, 0); /* hours alone ask for no broker */
    }
    lab_close(&lab);
}

/* One condition of many: what stands before and behind it keeps its place. */
static void test_place_among_checks(void **state)
{
    (void)state;
    open_with("'allow':[{'id':'r','actions':['a.*'],'resources':['svc:**'],'ttl':{'max':'1h'},"
              "'bind':['dpop'],'when':{'source':['192.0.2.0/24'],'hours':[{'from':'11:00','to':"
              "'12:00','zone':'UTC'}]}}]," LAB_QUIET);
    struct ambit_grant_question q = lab_question(&item, 1);
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_OUTSIDE_HOURS);
    q.audience = LAB_OTHER;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_AUDIENCE);
    q.audience = LAB_AUDIENCE;
    q.now_ms = LAB_NOW_MS + 90 * MINUTE_MS;
    lab_decide_grant(&lab, &q);
    assert_int_equal(lab.d.reason, AMBIT_REASON_WRONG_SOURCE);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_given),
                                       cmocka_unit_test(test_taken_back),
                                       cmocka_unit_test(test_place_among_checks)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
