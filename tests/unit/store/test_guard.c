/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the wall clock is believed while it goes as fast as CLOCK_BOOTTIME; a step of more than 5 s
 * either way, or a start that the record does not bear out, is noticed and believed again only when
 * a person says so. */
#include "support/unit.h"

#include "store/guard.h"

enum { T0 = 1000000 };
#define LATE INT64_C(1795168800000)
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
    guard_init(guard, record_ms, NULL);
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

/* What a start makes of a mark. The record's last time is T0, the mark 1 s older and 100 ms after
 * the machine started; `gone` by CLOCK_BOOTTIME, the wall clock shows T0 and `wall`. */
static void test_starts_again(void **state)
{
    enum { DAY = 86400000, OTHER = 1, DOUBT = 2, NONE = 4 };
    static const struct {
        const char *name;
        int64_t gone, wall, ahead;
        int how;
        bool want_distrusted;
        int64_t want_now; /* after T0 */
    } rows[] = {
        {"same: at once", 1000, 0, 0, 0, false, 0},
        {"same: an hour down", 3601000, 3600000, 0, 0, false, 3600000},
        {"same: a year down", 365LL * DAY + 1000, 365LL * DAY, 0, 0, false, 365LL * DAY},
        {"same: a little back", 3601000, 3595000, 0, 0, false, 3600000},
        {"same: back", 3601000, 3594999, 0, 0, true, 3600000},
        {"same: a little on", 3601000, 3605000, 0, 0, false, 3605000},
        {"same: on", 3601000, 3605001, 0, 0, true, 3600000},
        {"same: ten years on", 3601000, 3650LL * DAY, 0, 0, true, 3600000},
        {"same: still at the record", 3601000, 0, 0, 0, true, 3600000},
        {"same: ahead of a clock that was acknowledged", 61000, 59000 - 3600000, 3601000, 0, false,
         60000},
        {"same: ahead, and set right meanwhile", 61000, 60000, 3601000, 0, true, 60000},
        {"same: doubted before", 1000, 0, 0, DOUBT, true, 0},
        {"same, and boot time went back: as another", -50, 3600000, 0, 0, false, 3600000},
        {"other: a week down", 20, 7LL * DAY, 0, OTHER, false, 7LL * DAY},
        {"other: more", 20, 7LL * DAY + 1, 0, OTHER, true, 0},
        {"other: a little back", 20, -5000, 0, OTHER, false, 0},
        {"other: back", 20, -5001, 0, OTHER, true, 0},
        {"other: behind as before", 20, 60000 - 3600000, 3600000, OTHER, false, 60000},
        {"other: behind it", 20, -5001 - 3600000, 3600000, OTHER, true, 0},
        {"other: doubted before", 20, 0, 0, OTHER | DOUBT, true, 0},
        {"no mark: a week", 0, 7LL * DAY, 0, NONE, false, 7LL * DAY},
        {"no mark: more", 0, 7LL * DAY + 1, 0, NONE, true, 0},
        {"no mark: back", 0, -5001, 0, NONE, true, 0},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct guard guard = {.wall_ms = wall, .boot_ms = boot, .boot = {{1}}};
        struct guard_mark mark = {.boot = {{rows[i].how & OTHER ? 2 : 1}},
                                  .boot_ms = 100,
                                  .wall_ms = LATE - 1000 - rows[i].ahead,
                                  .ahead_ms = rows[i].ahead,
                                  .is_distrusted = (rows[i].how & DOUBT) != 0};
        wall_now_ms = LATE + rows[i].wall;
        boot_now_ms = 100 + rows[i].gone;
        guard_init(&guard, LATE, rows[i].how & NONE ? NULL : &mark);
        ROW_CHECK(rows[i].name, guard.is_distrusted == rows[i].want_distrusted);
        ROW_CHECK(rows[i].name, guard_believed(&guard) == LATE + rows[i].want_now);
        boot_now_ms += 10;
        wall_now_ms += 10;
        ROW_CHECK(rows[i].name, guard_now(&guard) == LATE + rows[i].want_now + 10);
        ROW_CHECK(rows[i].name, guard.is_distrusted == rows[i].want_distrusted);
    }
}

/* The first start of all has nothing to hold a clock against. */
static void test_first_start(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    assert_false(guard.is_distrusted);
    assert_int_equal(guard_now(&guard), T0);
}

/* A mark goes round; small steps over many starts add up as they do in one run. */
static void test_mark_goes_round(void **state)
{
    struct guard guard;
    (void)state;
    begin(&guard, 0);
    guard.boot = (struct ambit_id){{1}};
    for (int i = 0; i < 2; i++) {
        struct guard_mark mark = guard_mark(&guard, guard_now(&guard));
        assert_int_equal(mark.wall_ms, T0);
        assert_int_equal(mark.boot_ms, 50);
        wall_now_ms += 4000;
        guard = (struct guard){.wall_ms = wall, .boot_ms = boot, .boot = {{1}}};
        guard_init(&guard, mark.now_ms, &mark);
        assert_int_equal(guard.is_distrusted, i == 1);
    }
    assert_int_equal(guard_now(&guard), T0 + 4000);
    guard.is_trust_asked = true;
    (void)guard_now(&guard);
    struct guard_mark mark = guard_mark(&guard, guard_now(&guard));
    assert_true(mark.wall_ms == T0 + 8000 && !mark.is_distrusted && mark.ahead_ms == 0);
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
        cmocka_unit_test(test_starts_again),
        cmocka_unit_test(test_first_start),
        cmocka_unit_test(test_mark_goes_round),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
