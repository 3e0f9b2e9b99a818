/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a hard stop fires on the number it says, takes what its `then` says before the request that
 * tripped it is answered, opens one incident, and begins again from nothing. */
#include "stage.h"

static void expect(struct answer answer, enum ambit_reason reason, const char *trip)
{
    if (answer.err || answer.reason != reason || !streq(answer.trip, trip))
        fail_msg("%s, %s, trip '%s' instead of %s, '%s'", ambit_err_text(answer.err),
                 ambit_reason_text(answer.reason), answer.trip, ambit_reason_text(reason), trip);
}

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_open(stage);
}

/* On denied, three within a minute, by grant: beside the refusal, whose reason stays. */
static void test_denied(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    struct answer other = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    expect(stage_do(&stage, &token, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE, "");
    expect(stage_do(&stage, &other, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE,
           ""); /* its own count */
    expect(stage_do(&stage, &token, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE, "");
    stage_pass(60000); /* the two have left the window */
    expect(stage_do(&stage, &token, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE, "");
    expect(stage_do(&stage, &token, "b.none", "svc:free/x"), AMBIT_REASON_OUT_OF_SCOPE, "");
    stage_reopen(&stage);
    stage_pass(59999);
    expect(stage_do(&stage, &token, "a.free", "db:customers/1"), AMBIT_REASON_FORBIDDEN,
           "counting/probing");
    expect(stage_do(&stage, &token, "a.free", "svc:free/x"), AMBIT_REASON_INACTIVE, "");
    assert_false(stage_is_active(&stage, &token));
    assert_true(stage_is_active(&stage, &other));
    assert_int_equal(stage_count_events(&stage, "stop.raised", "hard_stop:counting/probing"), 1);
    assert_int_equal(stage_count_events(&stage, "incident.opened", NULL), 1);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* On allowed: the request that would make the third is refused, and counts for no limit. */
static void test_allowed_by_grant(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_grant(&stage, "worker", "w.**", "svc:w/**");
    expect(stage_do(&stage, &token, "w.do", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
    expect(stage_do(&stage, &token, "w.do", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
    expect(stage_do(&stage, &token, "w.else", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
    expect(stage_do(&stage, &token, "w.do", "svc:w/x"), AMBIT_REASON_HARD_STOP, "watched/burst");
    expect(stage_do(&stage, &token, "w.do", "svc:w/x"), AMBIT_REASON_INACTIVE, "");
    struct answer next = stage_grant(&stage, "worker", "w.**", "svc:w/**"); /* the agent goes on */
    expect(stage_do(&stage, &next, "w.do", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
    stage_verify(&stage);
}

/* A sum; the agent is suspended; cleared, the sum begins again from nothing. */
static void test_sum_begins_again(void **state)
{
    static const struct act six = {"w.bulk", "svc:w/x", .context = "{'rows':6}"};
    static const struct act four = {"w.bulk", "svc:w/x", .context = "{'rows':4}"};
    static const struct act one = {"w.bulk", "svc:w/x", .context = "{'rows':1}"};
    static const struct ask ask = {"worker", "w.**", "svc:w/**"};
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_ask(&stage, &ask),
                  helper = stage_grant(&stage, "helper", "w.**", "svc:w/**");
    expect(stage_act(&stage, &token, &six), AMBIT_REASON_ALLOWED, "");
    expect(stage_act(&stage, &token, &four), AMBIT_REASON_ALLOWED, "");
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_HARD_STOP, "watched/bulk");
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_STOPPED, "");
    expect(stage_ask(&stage, &ask), AMBIT_REASON_STOPPED, "");
    expect(stage_act(&stage, &helper, &six), AMBIT_REASON_ALLOWED, ""); /* each agent by itself */

    char by[] = "hard_stop:watched/bulk";
    assert_int_equal(stage_count_events(&stage, "stop.raised", by), 1);
    struct ambit_id stop = {{0}};
    { /* its id, from the row of the one stop in force */
        struct store_txn *txn = NULL;
        struct store_cursor *cursor = NULL;
        struct ambit_str key, value;
        assert_int_equal(store_read_begin(broker_store(stage.broker), &txn), AMBIT_OK);
        assert_int_equal(store_cursor_open(txn, STORE_HOLDS, &cursor), AMBIT_OK);
        assert_int_equal(
            store_cursor_move(cursor, STORE_FIRST, (struct store_key){0}, &key, &value), AMBIT_OK);
        memcpy(stop.b, key.p, sizeof stop.b);
        store_cursor_close(cursor);
        store_read_end(txn);
    }
    assert_int_equal(stage_clear(&stage, "kim", stop), CLEAR_FINE);
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_INACTIVE,
           ""); /* clearing revives nothing */
    token = stage_ask(&stage, &ask);
    expect(stage_act(&stage, &token, &six), AMBIT_REASON_ALLOWED, "");
    expect(stage_act(&stage, &token, &four), AMBIT_REASON_ALLOWED, "");
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_HARD_STOP, "watched/bulk");
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* A tripwire fires at once, also on what is out of scope, and at a token request. */
static void test_tripwire(void **state)
{
    static const struct ask canary = {"helper", "a.read", "secret:canary/1"};
    static const struct ask plain = {"helper", "a.free", "svc:free/x"};
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    expect(stage_do(&stage, &token, "a.free", "secret:canary/1"), AMBIT_REASON_OUT_OF_SCOPE,
           "watched/tripwire");
    expect(stage_do(&stage, &token, "a.free", "svc:free/x"), AMBIT_REASON_STOPPED, "");
    expect(stage_ask(&stage, &plain), AMBIT_REASON_ALLOWED, "");
    expect(stage_ask(&stage, &canary), AMBIT_REASON_OUT_OF_SCOPE, "watched/tripwire");
    expect(stage_ask(&stage, &plain), AMBIT_REASON_STOPPED, "");
    stage_verify(&stage);
}

/* By team and by policy: over all their agents. */
static void test_team_and_policy(void **state)
{
    static const struct ask worker = {"worker", "w.do", "svc:w/**"},
                            helper = {"helper", "a.free", "svc:free/**"},
                            porter = {"porter", "p.do", "svc:p/**"};
    (void)state;
    {
        STAGE_AUTO stage;
        stage_up(&stage);
        struct answer a = stage_grant(&stage, "worker", "w.**", "svc:w/**"),
                      b = stage_grant(&stage, "helper", "w.**", "svc:w/**");
        expect(stage_do(&stage, &a, "w.team", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
        expect(stage_do(&stage, &b, "w.team", "svc:w/x"), AMBIT_REASON_HARD_STOP, "watched/team");
        expect(stage_ask(&stage, &worker), AMBIT_REASON_STOPPED, "");
        expect(stage_ask(&stage, &helper), AMBIT_REASON_STOPPED, "");
        expect(stage_ask(&stage, &porter), AMBIT_REASON_ALLOWED, "");
        stage_verify(&stage);
    }
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer a = stage_grant(&stage, "worker", "w.**", "svc:w/**"),
                  b = stage_grant(&stage, "helper", "w.**", "svc:w/**");
    expect(stage_do(&stage, &a, "w.fleet", "svc:w/x"), AMBIT_REASON_ALLOWED, "");
    expect(stage_do(&stage, &b, "w.fleet", "svc:w/x"), AMBIT_REASON_HARD_STOP, "watched/fleet");
    expect(stage_do(&stage, &a, "w.else", "svc:w/x"), AMBIT_REASON_STOPPED, "");
    expect(stage_ask(&stage, &worker), AMBIT_REASON_STOPPED, "");
    expect(stage_ask(&stage, &helper), AMBIT_REASON_ALLOWED, ""); /* by another policy */
    stage_verify(&stage);
}

/* On granted: the third token under the policy is refused, and every live one of the agent's dies.
 */
static void test_granted(void **state)
{
    static const struct ask greed = {"worker", "w.greed", "svc:w/**"};
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer other = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    struct answer first = stage_ask(&stage, &greed), second = stage_ask(&stage, &greed);
    expect(second, AMBIT_REASON_ALLOWED, "");
    expect(stage_ask(&stage, &greed), AMBIT_REASON_HARD_STOP, "watched/greed");
    assert_false(stage_is_active(&stage, &first));
    assert_false(stage_is_active(&stage, &second));
    assert_true(stage_is_active(&stage, &other)); /* under another policy */
    expect(stage_ask(&stage, &greed), AMBIT_REASON_ALLOWED,
           ""); /* revoked, not suspended; from nothing */
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_denied),   cmocka_unit_test(test_allowed_by_grant),
    cmocka_unit_test(test_tripwire), cmocka_unit_test(test_sum_begins_again),
    cmocka_unit_test(test_granted),  cmocka_unit_test(test_team_and_policy),
};
UNIT_MAIN(tests)
