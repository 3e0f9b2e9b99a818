/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: limits count what was allowed, exactly to the millisecond, under their own key, over a
 * restart, and a renewal needs no second slot (PL "History"). */
#include "stage.h"

static void expect(struct answer answer, enum ambit_reason reason)
{
    if (answer.err || answer.reason != reason)
        fail_msg("%s, %s instead of %s", ambit_err_text(answer.err),
                 ambit_reason_text(answer.reason), ambit_reason_text(reason));
}

static void test_count_to_the_millisecond(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.few", "svc:few/**");
    for (int i = 0; i < 3; i++) { /* at 0, 100, 200 */
        expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_ALLOWED);
        stage_pass(100);
    }
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(699); /* 999: an event at t is inside while now - t < w */
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(1);
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_ALLOWED);
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(99);
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(1);
    expect(stage_do(&stage, &token, "a.few", "svc:few/x"), AMBIT_REASON_ALLOWED);
}

static void test_sums(void **state)
{
    static const struct act sixty = {"a.sum", "svc:sum/x", .context = "{'amount':60}"};
    static const struct act forty = {"a.sum", "svc:sum/x", .context = "{'amount':40}"};
    static const struct act one = {"a.sum", "svc:sum/x", .context = "{'amount':1}"};
    static const struct act none = {"a.sum", "svc:sum/x", .context = "{'other':1}"};
    static const struct act below = {"a.sum", "svc:sum/x", .context = "{'amount':-1}"};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.sum", "svc:sum/**");
    expect(stage_act(&stage, &token, &sixty), AMBIT_REASON_ALLOWED);
    stage_pass(1);
    expect(stage_act(&stage, &token, &none), AMBIT_REASON_MISSING_CONTEXT);
    expect(stage_act(&stage, &token, &below), AMBIT_REASON_CONTEXT_VIOLATED);
    expect(stage_act(&stage, &token, &forty),
           AMBIT_REASON_ALLOWED); /* 100: not more than the bound */
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_reopen(&stage);
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(9998);
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(1);
    expect(stage_act(&stage, &token, &one), AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

static void test_uses(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.uses", "svc:uses/**");
    expect(stage_do(&stage, &token, "a.uses", "svc:uses/x"), AMBIT_REASON_ALLOWED);
    expect(stage_do(&stage, &token, "a.none", "svc:uses/x"),
           AMBIT_REASON_OUT_OF_SCOPE); /* no use */
    stage_reopen(&stage);
    expect(stage_do(&stage, &token, "a.uses", "svc:uses/y"), AMBIT_REASON_ALLOWED);
    expect(stage_do(&stage, &token, "a.uses", "svc:uses/x"), AMBIT_REASON_LIMIT_EXCEEDED);
    struct answer next = stage_grant(&stage, "worker", "a.uses", "svc:uses/**"); /* by grant */
    expect(stage_do(&stage, &next, "a.uses", "svc:uses/x"), AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

/* Two slots: the same request takes the slot of its twin, another is refused until one is free. */
static void test_live_grants(void **state)
{
    static const struct ask one = {"worker", "a.slot", "svc:slot/1", .lifetime_s = 10};
    static const struct ask two = {"worker", "a.slot", "svc:slot/2", .lifetime_s = 20};
    static const struct ask three = {"worker", "a.slot", "svc:slot/3", .lifetime_s = 10};
    bool is_foreign = false;
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer first = stage_ask(&stage, &one), second = stage_ask(&stage, &two);
    expect(first, AMBIT_REASON_ALLOWED);
    expect(second, AMBIT_REASON_ALLOWED);
    expect(stage_ask(&stage, &three), AMBIT_REASON_LIMIT_EXCEEDED);
    struct answer renewed = stage_ask(&stage, &one);
    expect(renewed, AMBIT_REASON_ALLOWED);
    assert_true(ambit_id_eq(renewed.replaces, first.grant));
    assert_false(stage_is_active(&stage, &first));
    assert_true(stage_is_active(&stage, &renewed));
    expect(stage_do(&stage, &first, "a.slot", "svc:slot/1"), AMBIT_REASON_INACTIVE);
    stage_pass(9999);
    expect(stage_ask(&stage, &three), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(1); /* the first has ended */
    struct answer third = stage_ask(&stage, &three);
    expect(third, AMBIT_REASON_ALLOWED);
    expect(stage_ask(&stage, &one), AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(stage_revoke(&stage, "worker", &second, &is_foreign),
                     AMBIT_OK); /* frees one */
    expect(stage_ask(&stage, &one), AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

/* Renewed and given back more often than a list is long: the list stays short, the slots two. */
static void test_live_grants_without_end(void **state)
{
    static const struct ask one = {"worker", "a.slot", "svc:slot/1", .lifetime_s = 86400};
    static const struct ask two = {"worker", "a.slot", "svc:slot/2", .lifetime_s = 86400};
    static const struct ask three = {"worker", "a.slot", "svc:slot/3", .lifetime_s = 86400};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    expect(stage_ask(&stage, &two), AMBIT_REASON_ALLOWED);
    for (int i = 0; i < 200; i++)
        expect(stage_ask(&stage, &one), AMBIT_REASON_ALLOWED);
    expect(stage_ask(&stage, &three), AMBIT_REASON_LIMIT_EXCEEDED);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_count_to_the_millisecond),
    cmocka_unit_test(test_sums),
    cmocka_unit_test(test_uses),
    cmocka_unit_test(test_live_grants),
    cmocka_unit_test(test_live_grants_without_end),
};
UNIT_MAIN(tests)
