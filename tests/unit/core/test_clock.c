/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a clock that cannot be believed gives nothing until an on-call person has looked at it;
 * stops go on, and time in the record never goes back (design section 2, "Clock"). */
#include "stage.h"

#include <time.h>

#include "core/head.h"
#include "core/verify.h"

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

    stage_wall_ms -= 5001;
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

/* ---- over a restart ---- */

enum { DAY_MS = 86400000 };

static void expect_ready(struct stage *stage, const struct answer *token, bool is_live)
{
    assert_string_equal(broker_status(stage->broker), "ready");
    struct answer done = stage_do(stage, token, "a.free", "svc:free/x");
    assert_int_equal(done.err, AMBIT_OK);
    assert_int_equal(done.reason == AMBIT_REASON_ALLOWED, is_live);
    assert_int_equal(stage_is_active(stage, token), is_live);
}

/* Forward, and back again: whether another machine, or this one started again, or only the broker,
 * what lived when the clock jumped lives on by the time that went by, and nothing else does. */
static void test_ahead_at_start(void **state)
{
    static const struct {
        const char *name;
        int64_t wall_step;
        bool is_other_boot, is_doubted;
    } rows[] = {
        {"the broker alone, an hour", 3600000, false, true},
        {"the broker alone, ten years", 3650LL * DAY_MS, false, true},
        {"the machine, ten years", 3650LL * DAY_MS, true, true},
        {"the machine, a week and a bit", 7LL * DAY_MS + 20, true, true},
        {"the machine, an hour", 3600000, true, false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_boot = (struct ambit_id){{1}};
        stage_open(&stage);
        struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
        struct stopped stop = stage_stop(&stage, "lee", "agent:helper");
        assert_int_equal(stop.err, AMBIT_OK);
        stage_close(&stage);

        stage_wall_ms += rows[i].wall_step;
        stage_pass(10);
        stage_boot.b[0] += rows[i].is_other_boot;
        stage_open(&stage);
        ROW_CHECK(rows[i].name,
                  streq(broker_status(stage.broker), rows[i].is_doubted ? "clock" : "ready"));
        if (!rows[i].is_doubted)
            continue;
        expect_nothing_given(&stage, &token);
        await_event(&stage, "time.distrusted", 1);
        ROW_CHECK(rows[i].name, broker_now_ms(stage.broker) <= STAGE_START_MS + 20);

        stage_close(&stage); /* the clock is set right, and the broker started again */
        stage_wall_ms -= rows[i].wall_step;
        stage_open(&stage);
        expect_nothing_given(&stage, &token); /* a restart is nobody's word */
        assert_int_equal(stage_acknowledge_time(&stage, "lee"), AMBIT_OK);
        expect_ready(&stage, &token, true);
        ROW_CHECK(rows[i].name, broker_now_ms(stage.broker) <= STAGE_START_MS + 20);
        ROW_CHECK(rows[i].name, stage_ask(&stage, &(struct ask){.agent = "helper",
                                                                .action = "a.free",
                                                                .resource = "svc:free/x"})
                                        .reason == AMBIT_REASON_STOPPED);
        stage_reopen(&stage);
        expect_ready(&stage, &token, true);
        stage_verify(&stage);
    }
}

/* Down for a month, and the clock was right all the time: one word, and the month has passed. */
static void test_down_for_long(void **state)
{
    (void)state;
    for (int same_boot = 0; same_boot < 2; same_boot++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_boot = (struct ambit_id){{1}};
        stage_open(&stage);
        struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
        stage_close(&stage);
        stage_wall_ms += 30LL * DAY_MS;
        stage_boot_ms += same_boot ? 30LL * DAY_MS : 0;
        stage_boot = (struct ambit_id){{same_boot ? 1 : 2}};
        stage_open(&stage);
        if (!same_boot) {
            expect_nothing_given(&stage, &token);
            assert_int_equal(stage_acknowledge_time(&stage, "kim"), AMBIT_OK);
            assert_int_equal(stage_count_events(&stage, "time.acknowledged",
                                                "\"wall\":\"2026-12-20T10:00:00.000Z\""),
                             1);
        }
        expect_ready(&stage, &token, false);
        assert_int_equal(stage_ask(&stage, &ask_free).now_ms, STAGE_START_MS + 30LL * DAY_MS);
        stage_reopen(&stage);
        expect_ready(&stage, &token, false);
        stage_verify(&stage);
    }
}

/* Nothing was recorded since the token ended: the record knows the time all the same. */
static void test_idle_and_back(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    stage_pass(DAY_MS); /* idle: the second of the writer alone */
    struct head head = {.last_now_ms = 0};
    for (int i = 0; i < 100 && head.last_now_ms < STAGE_START_MS + DAY_MS; i++) {
        struct timespec pause = {.tv_nsec = 50000000};
        struct store_txn *txn = NULL;
        (void)nanosleep(&pause, NULL);
        assert_int_equal(store_read_begin(broker_store(stage.broker), &txn), AMBIT_OK);
        assert_int_equal(head_load(txn, &head), AMBIT_OK);
        store_read_end(txn);
    }
    assert_true(head.last_now_ms == STAGE_START_MS + DAY_MS);
    stage_close(&stage);
    stage_wall_ms -= DAY_MS - 60000; /* and the machine was started again */
    stage_open(&stage);
    await_status(&stage, "clock");
    assert_int_equal(stage_acknowledge_time(&stage, "kim"), AMBIT_OK);
    expect_ready(&stage, &token, false);
    stage_reopen(&stage); /* a clock that was acknowledged is not asked about again */
    expect_ready(&stage, &token, false);
    stage_verify(&stage);
}

/* Nobody can say it: whoever starts the broker does, on record. */
static void test_accepted_at_start(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    BUF_AUTO text = {0};
    stage_make(&stage);
    stage.accept_time = "a test";
    assert_int_equal(stage_try_open(&stage, &text), AMBIT_ERR_MALFORMED);
    assert_non_null(memmem(text.p, text.len, "nothing to accept", 17));
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    stage_close(&stage);

    stage_wall_ms += 30LL * DAY_MS;
    stage.accept_time = "down for a month";
    stage_open(&stage);
    expect_ready(&stage, &token, false);
    assert_int_equal(stage_count_events(&stage, "time.distrusted", NULL), 1);
    assert_int_equal(
        stage_count_events(&stage, "time.acknowledged", "\"wall\":\"2026-12-20T10:00:00.000Z\""),
        1);
    stage_reopen(&stage);
    expect_ready(&stage, &token, false);
    stage_verify(&stage);
}

/* The row is no event's: changed, it is a doubt at a start, and verification names it. */
static void test_damaged_row(void **state)
{
    static const size_t bytes[] = {0, 1, 17, 24, 25, 33, 40, 41, 49, 50, 57};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i <= AMBIT_LEN(bytes) + 1; i++) { /* cut, and taken away */
        struct store *store = NULL;
        struct store_txn *txn = NULL;
        struct verify_report report;
        struct store_key key = {"clock", 5};
        char path[FOLDER_PATH_MAX];
        uint8_t row[64];
        size_t len = 0;
        stage_close(&stage);
        folder_join(path, stage.folder, "store");
        assert_int_equal(store_open(&(struct store_options){.folder = path}, &store), AMBIT_OK);
        assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
        assert_int_equal(store_get(txn, STORE_META, key, row, sizeof row, &len), AMBIT_OK);
        assert_int_equal(len, 58);
        if (i < AMBIT_LEN(bytes))
            row[bytes[i]] ^= 1;
        assert_int_equal(store_put(txn, STORE_META, key, row, i < AMBIT_LEN(bytes) ? len : len - 1),
                         AMBIT_OK);
        if (i > AMBIT_LEN(bytes))
            assert_int_equal(store_delete(txn, STORE_META, key), AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
        store_close(store);
        assert_int_equal(verify_store(stage.folder, stage.folder, &report), AMBIT_OK);
        assert_int_equal(report.n_problems, 1);
        assert_true(ambit_str_is(report.problems[0].key, "clock"));
        verify_done(&report);
        stage_open(&stage);
        await_status(&stage, "clock");
        assert_int_equal(stage_acknowledge_time(&stage, "lee"), AMBIT_OK);
    }
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_steps_while_running), cmocka_unit_test(test_small_steps),
    cmocka_unit_test(test_behind_at_start),     cmocka_unit_test(test_doubt_before_the_word),
    cmocka_unit_test(test_ahead_at_start),      cmocka_unit_test(test_down_for_long),
    cmocka_unit_test(test_idle_and_back),       cmocka_unit_test(test_accepted_at_start),
    cmocka_unit_test(test_damaged_row),
};
UNIT_MAIN(tests)
