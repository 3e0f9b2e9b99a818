/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the wall clock is believed while it goes as fast as CLOCK_BOOTTIME; a step of more than 5 s
 * either way, or a start behind the record, is noticed and believed again only when a person says
 * so. */
#include "support/unit.h"

#include "store/guard.h"

enum { T0 = 1000000 };
static int64_t wall_now_ms, boot_now_ms;

static int64_t wall(void)
{
    return wall_now_ms;
}

static int64_t boot(void)
{
    return boot_now_ms;
}

static struct guard *begin(struct guard *guard, int64_t record_ms)
{
    wall_now_ms = T0;
    boot_now_ms = 50;
    *guard = (struct guard){.wall_ms = wall, .boot_ms = boot};
    guard_init(guard, record_ms);
    return guard;
}

static void test_steps(void **state)
{
    static const struct {
        const char *name;
        int64_t wall_step, boot_step;
        bool want_distrusted;
        int64_t want_now; /* after T0 */
    } rows[] = {
        {"both go on", 60000, 60000, false, 60000},
        {"back a little", -5000, 0, false, 0},
        {"still for a little", 0, 5000, false, 4995},
        {"still", 0, 5001, true, 5001},
        {"back", -5001, 0, true, 0},
        {"on a little", 6000, 1000, false, 6000},
        {"on", 6001, 1000, true, 1000},
        {"an hour on", 3600000, 10, true, 10},
        {"asleep", 7200000, 7200000, false, 7200000},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct guard guard;
        begin(&guard, 0);
        wall_now_ms += rows[i].wall_step;
        boot_now_ms += rows[i].boot_step;
        int64_t now = guard_now(&guard);
        ROW_CHECK(rows[i].name, guard.is_distrusted == rows[i].want_distrusted);
        ROW_CHECK(rows[i].name, now == T0 + rows[i].want_now);
    }
}

static void test_small_steps_add_up(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    wall_now_ms += 4000;
    boot_now_ms += 10;
    (void)guard_now(&guard);
    assert_false(guard.is_distrusted);
    wall_now_ms += 4000;
    boot_now_ms += 10;
    (void)guard_now(&guard);
    assert_true(guard.is_distrusted);
}

static void test_slewing_is_followed(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    for (int i = 0; i < 100000; i++) { /* 500 parts in a million, for about a day */
        boot_now_ms += 1000;
        wall_now_ms += i % 2 ? 1000 : 1001;
        (void)guard_now(&guard);
    }
    assert_false(guard.is_distrusted);
}

static void test_start_behind(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, T0 + 5000);
    assert_false(guard.is_distrusted);
    begin(&guard, T0 + 5001);
    assert_true(guard.is_distrusted);
    assert_int_equal(guard_now(&guard), T0 + 5001);
    boot_now_ms += 700;
    wall_now_ms += 700;
    assert_int_equal(guard_now(&guard), T0 + 5701); /* time goes on from the record */
}

static void test_trust(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    wall_now_ms += 3600000;
    (void)guard_now(&guard);
    assert_true(guard.is_distrusted);
    wall_now_ms -= 3600000; /* set right again: a person looks all the same */
    (void)guard_now(&guard);
    assert_true(guard.is_distrusted);
    wall_now_ms += 1800000;
    guard.is_trust_asked = true;
    assert_int_equal(guard_now(&guard), wall_now_ms);
    assert_false(guard.is_distrusted);
    wall_now_ms += 1000;
    boot_now_ms += 1000;
    assert_int_equal(guard_now(&guard), wall_now_ms);
    assert_false(guard.is_distrusted);
}

/* What was believed goes on when a clock that is behind it is acknowledged, and is caught up with
 * by a thousandth. */
static void test_ahead(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    wall_now_ms -= 3600000;
    assert_int_equal(guard_now(&guard), T0);
    guard.is_trust_asked = true;
    assert_int_equal(guard_now(&guard), T0);
    assert_false(guard.is_distrusted);
    wall_now_ms += 1000000;
    boot_now_ms += 1000000;
    assert_int_equal(guard_now(&guard), T0 + 1000000 - 1000);
    assert_int_equal(guard_believed(&guard), T0 + 1000000 - 1000);
    for (int i = 0; i < 3600; i++) {
        wall_now_ms += 1000000;
        boot_now_ms += 1000000;
        int64_t before = guard_believed(&guard);
        assert_true(guard_now(&guard) <= before && guard_believed(&guard) >= before - 1000);
        assert_false(guard.is_distrusted);
    }
    assert_int_equal(guard_now(&guard), wall_now_ms);
    wall_now_ms += 3600000; /* right again, and believed: nothing is ahead */
    (void)guard_now(&guard);
    guard.is_trust_asked = true;
    assert_int_equal(guard_now(&guard), wall_now_ms);
}

/* Everything reads it, whether or not the writer has looked since. */
static void test_believed(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    boot_now_ms += 60000;
    assert_int_equal(guard_believed(&guard), T0 + 60000); /* stands still */
    wall_now_ms += INT64_C(315360000000);
    assert_int_equal(guard_believed(&guard), T0 + 60000); /* ten years on */
    assert_false(guard.is_distrusted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_small_steps_add_up),
        cmocka_unit_test(test_slewing_is_followed),
        cmocka_unit_test(test_start_behind),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_believed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
