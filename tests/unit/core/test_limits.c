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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_count_to_the_millisecond),
};
UNIT_MAIN(tests)
