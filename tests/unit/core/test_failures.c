/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: wrong secrets are limited for a client and source (CLI-14); others are listened to, and
 * time heals. */
#include "support/unit.h"

#include "core/failures.h"

#define NOW INT64_C(1790000000000)

static void limited(void **state)
{
    (void)state;
    struct failures *failures = NULL;
    assert_int_equal(failures_new(3, 60, &failures), AMBIT_OK);
    struct ambit_str here = AMBIT_STR("10.0.0.1"), there = AMBIT_STR("10.0.0.2");
    for (int i = 0; i < 3; i++) {
        assert_false(failures_are_any(failures, NOW));
        assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), here, NOW), 0);
        failures_note(failures, AMBIT_STR("a"), here, NOW);
    }
    assert_true(failures_are_any(failures, NOW));
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), here, NOW), 1);
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("b"), here, NOW), 0);
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), there, NOW), 0);
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), here, NOW + 1000), 0);
    failures_note(failures, AMBIT_STR("a"), here, NOW + 1000);
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), here, NOW + 1000), 1);
    for (int i = 0; i < 100; i++) /* the wait does not grow without end */
        failures_note(failures, AMBIT_STR("a"), here, NOW + 1000);
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("a"), here, NOW + 1000), 1);
    assert_false(failures_are_any(failures, NOW + 5000));
    failures_free(failures);
}

/* However many names fail from there: another is listened to. */
static void nobody_is_shut_out_by_others(void **state)
{
    (void)state;
    struct failures *failures = NULL;
    assert_int_equal(failures_new(3, 60, &failures), AMBIT_OK);
    struct ambit_str here = AMBIT_STR("10.0.0.1");
    for (int i = 0; i < 100000; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "n%d", i % 20000);
        failures_note(failures, (struct ambit_str){.p = name, .len = (size_t)n}, here, NOW);
    }
    assert_int_equal(failures_wait_s(failures, AMBIT_STR("new"), here, NOW), 0);
    failures_free(failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limited),
                                       cmocka_unit_test(nobody_is_shut_out_by_others)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
