/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a clock that cannot be believed gives nothing until an on-call person has looked at it;
 * stops go on, and time in the record never goes back (design section 2, "Clock"). */
#include "stage.h"

#include <time.h>

static const struct ask ask_free = {
    .agent = "worker", .action = "a.free", .resource = "svc:free/x"};

/* The writer notices when it next looks, at a command or within its second. */
static void await_status(struct stage *stage, const char *status)
{
    for (int i = 0; i < 100 && !streq(broker_status(stage->broker), status); i++) {
        struct timespec pause = {.tv_nsec = 50000000};
        (void)nanosleep(&pause, NULL);
    }
    assert_string_equal(broker_status(stage->broker), status);
}

static void await_event(struct stage *stage, const char *type, size_t n)
{
    for (int i = 0; i < 100 && stage_count_events(stage, type, NULL) < n; i++) {
        struct timespec pause = {.tv_nsec = 50000000};
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(stage_count_events(stage, type, NULL), n);
}

static void expect_nothing_given(struct stage *stage, const struct answer *token)
{
    struct answer refused = stage_ask(stage, &ask_free);
    assert_int_equal(refused.err, AMBIT_ERR_CLOCK);
    assert_int_equal(stage_do(stage, token, "a.free", "svc:free/x").err, AMBIT_ERR_CLOCK);
    assert_int_equal(stage_look(stage, token).err, AMBIT_ERR_CLOCK); /* expired or not: not told */
}

static void test_steps_while_running(void **state)
{
    static const int64_t steps[] = {-5001, 5002, -86400000, 864000000};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(steps); i++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_open(&stage);
        struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
        struct answer helped = stage_grant(&stage, "helper", "a.free", "svc:free/**");
        int64_t believed = stage_wall_ms;
        stage_wall_ms += steps[i];
        stage_boot_ms += 1;
        /* A command that is not refused lets the writer look; no later one is granted or allowed.
         */
        assert_int_equal(stage_note_read(&stage, "ann", "grants"), AMBIT_OK);
        assert_string_equal(broker_status(stage.broker), "clock");
        expect_nothing_given(&stage, &token);

        /* Stops, revocations and what people read go on, at the time last believed and what passed.
         */
        stage_boot_ms += 41;
        struct stopped stopped = stage_stop(&stage, "lee", "agent:worker");
        assert_int_equal(stopped.err, AMBIT_OK);
        char at[64];
        (void)snprintf(at, sizeof at, "\"time\":\"2026-11-20T10:00:00.%03dZ\"",
                       (int)(believed + 42 - STAGE_START_MS));
        assert_int_equal(stage_count_events(&stage, "stop.raised", at), 1);
        bool is_foreign = false;
        assert_int_equal(stage_revoke(&stage, "helper", &helped, &is_foreign), AMBIT_OK);
        await_event(&stage, "time.distrusted", 1);

        assert_int_equal(stage_acknowledge_time(&stage, "lee"), AMBIT_OK);
        assert_string_equal(broker_status(stage.broker), "ready");
        struct answer denied = stage_do(&stage, &token, "a.free", "svc:free/x");
        assert_int_equal(denied.err, AMBIT_OK);
        /* The wall clock is believed from here on, but never below what stands in the record. */
        assert_true(denied.now_ms == (steps[i] > 0 ? stage_wall_ms : believed + 42));
        assert_int_equal(stage_count_events(&stage, "time.acknowledged", NULL), 1);
        stage_verify(&stage);
    }
}

/* What a clock is slewed by, or put right by five seconds, is no reason to stop. */
static void test_small_steps(void **state)
{
    static const int64_t steps[] = {-5000, 5000, 0};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(steps); i++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_open(&stage);
        stage_wall_ms += steps[i];
        struct answer given = stage_ask(&stage, &ask_free);
        assert_int_equal(given.err, AMBIT_OK);
        assert_int_equal(given.now_ms,
                         STAGE_START_MS + (steps[i] > 0 ? steps[i] : 0)); /* never back */
        assert_string_equal(broker_status(stage.broker), "ready");
    }
}

static void test_behind_at_start(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_pass(10000);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    stage_close(&stage);

    stage_wall_ms -= 5000; /* at most 5 s behind: believed, and `now` waits */
    stage_open(&stage);
    assert_string_equal(broker_status(stage.broker), "ready");
    assert_int_equal(stage_do(&stage, &token, "a.free", "svc:free/x").now_ms,
                     STAGE_START_MS + 10000);
    stage_close(&stage);

    stage_wall_ms -= 1;
    stage_open(&stage);
    await_status(&stage, "clock");
    expect_nothing_given(&stage, &token);
    await_event(&stage, "time.distrusted", 1);
    assert_int_equal(stage_stop(&stage, "kim", "resource:svc:other/**").err, AMBIT_OK);
    stage_reopen(&stage); /* a restart changes nothing */
    expect_nothing_given(&stage, &token);
    assert_int_equal(stage_acknowledge_time(&stage, "kim"), AMBIT_OK);
    struct answer allowed = stage_do(&stage, &token, "a.free", "svc:free/x");
    assert_int_equal(allowed.err, AMBIT_OK);
    assert_int_equal(allowed.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(allowed.now_ms, STAGE_START_MS + 10000);
    assert_int_equal(stage_count_events(&stage, "time.acknowledged", "\"person\":\"kim\""), 1);
    stage_verify(&stage);
}

/* Acknowledged at once, before the writer's second: the doubt stands in the record before the word.
 */
static void test_doubt_before_the_word(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    stage_wall_ms -= 3600000;
    assert_int_equal(stage_note_read(&stage, "ann", "grants"), AMBIT_OK);
    assert_int_equal(stage_acknowledge_time(&stage, "kim"), AMBIT_OK);
    assert_int_equal(
        stage_count_events(&stage, "time.distrusted", "\"wall\":\"2026-11-20T09:00:00.000Z\""), 1);
    assert_int_equal(stage_count_events(&stage, "time.acknowledged", NULL), 1);
    assert_int_equal(stage_note_read(&stage, "ann", "grants"),
                     AMBIT_OK); /* the new base is taken */
    stage_wall_ms -= 3600000;   /* and once more */
    assert_int_equal(stage_note_read(&stage, "ann", "grants"), AMBIT_OK);
    assert_int_equal(stage_acknowledge_time(&stage, "kim"), AMBIT_OK);
    assert_int_equal(stage_count_events(&stage, "time.distrusted", NULL), 2);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_steps_while_running),
    cmocka_unit_test(test_small_steps),
    cmocka_unit_test(test_behind_at_start),
    cmocka_unit_test(test_doubt_before_the_word),
};
UNIT_MAIN(tests)
