/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: commands that share a batch answer as if each were alone: one that fails takes nobody with
 * it, the last of a limit goes to one, and a restart between any two changes no answer. */
#include "stage.h"

#include <time.h>

#include "core/internal.h"

enum { RACERS = 16 };

/* A command of the test's own that fails whenever it is run. */
struct failing {
    struct writer_job job;
    sem_t done;
    enum ambit_err err;
    int runs;
};

static enum ambit_err failing_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct failing *failing = (struct failing *)(void *)job;
    (void)txn;
    (void)now_ms;
    failing->runs++;
    return AMBIT_ERR_INTERNAL;
}

static void failing_done(struct writer_job *job, enum ambit_err err)
{
    struct failing *failing = (struct failing *)(void *)job;
    failing->err = err;
    assert_int_equal(sem_post(&failing->done), 0);
}

/* RACERS actions and a failing command in one batch, behind a commit that is held. */
static size_t race(struct stage *stage, bool with_failing)
{
    struct held_ask first;
    struct held_act held[RACERS];
    struct failing failing = {
        .job = {.class = WRITER_RECORDS, .run = failing_run, .done = failing_done}};
    struct ask ask = {"helper", "a.free", "svc:free/x"};
    struct act act = {"a.few", "svc:few/x"};
    struct answer token = stage_grant(stage, "worker", "a.few", "svc:few/**");
    size_t allowed = 0;
    assert_int_equal(sem_init(&failing.done, 0, 0), 0);
    stage_hold_commits();
    stage_submit(stage, &ask, &first);
    stage_await_commit();
    int commits = stage_n_commits;
    for (size_t i = 0; i < RACERS; i++) {
        stage_submit_act(stage, &token, &act, &held[i]);
        if (with_failing && i == RACERS / 2)
            assert_int_equal(writer_submit(stage->broker->writer, &failing.job), AMBIT_OK);
    }
    stage_release_commits();
    assert_int_equal(stage_await(&first).err, AMBIT_OK);
    for (size_t i = 0; i < RACERS; i++) {
        struct answer answer = stage_await_act(&held[i]);
        assert_int_equal(answer.err, AMBIT_OK);
        assert_true(answer.reason == AMBIT_REASON_ALLOWED ||
                    answer.reason == AMBIT_REASON_LIMIT_EXCEEDED);
        assert_int_equal(answer.reason == AMBIT_REASON_ALLOWED, i < 3); /* in their order */
        allowed += answer.reason == AMBIT_REASON_ALLOWED;
    }
    if (with_failing) {
        assert_int_equal(sem_wait(&failing.done), 0);
        assert_int_equal(failing.err, AMBIT_ERR_INTERNAL);
        assert_int_equal(failing.runs, 2); /* in the batch, and alone */
        /* The held one, one for each of those before it, and one for those behind. */
        assert_true(stage_n_commits - commits >= RACERS / 2 + 3);
    } else {
        /* The held one, and theirs; one may be the writer's own. */
        assert_true(stage_n_commits - commits <= 3);
    }
    assert_int_equal(sem_destroy(&failing.done), 0);
    return allowed;
}

static void test_one_fails_alone(void **state)
{
    (void)state;
    for (int with_failing = 0; with_failing < 2; with_failing++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_open(&stage);
        assert_int_equal(race(&stage, with_failing), 3);
        assert_int_equal(stage_count_events(&stage, "action.allowed", NULL), 3);
        assert_int_equal(stage_count_events(&stage, "action.denied", NULL), RACERS - 3);
        assert_int_equal(stage_count_events(&stage, "grant.issued", NULL), 2);
        assert_true(stage_explain_all(&stage) == RACERS + 2);
        stage_verify(&stage);
    }
}

/* ---- restarts ---- */

enum { STEPS = 14 };

static struct answer step(struct stage *stage, int i, struct answer *token)
{
    struct act act = {"a.few", "svc:few/x"};
    stage_pass(90);
    switch (i) {
    case 0:
        *token = stage_grant(stage, "worker", "a.few", "svc:few/**");
        return *token;
    case 9:
    case 10:
    case 12:
        return stage_do(stage, token, "b.none", "svc:few/x"); /* the third fires */
    default:
        return stage_act(stage, token, &act);
    }
}

static void test_restart_anywhere(void **state)
{
    struct answer want[STEPS];
    (void)state;
    for (int restart_at = -1; restart_at < STEPS; restart_at++) {
        STAGE_AUTO stage;
        struct answer token;
        stage_make(&stage);
        stage_open(&stage);
        for (int i = 0; i < STEPS; i++) {
            if (i == restart_at)
                stage_reopen(&stage);
            struct answer have = step(&stage, i, &token);
            if (restart_at < 0)
                want[i] = have;
            if (have.reason != want[i].reason || have.now_ms != want[i].now_ms ||
                !streq(have.trip, want[i].trip))
                fail_msg("step %d after a restart at %d: %s instead of %s", i, restart_at,
                         ambit_reason_text(have.reason), ambit_reason_text(want[i].reason));
        }
        if (restart_at < 0) {
            assert_int_equal(want[4].reason, AMBIT_REASON_LIMIT_EXCEEDED);
            assert_string_equal(want[12].trip, "counting/probing");
            assert_int_equal(want[13].reason, AMBIT_REASON_INACTIVE);
        }
        if (restart_at == STEPS - 1)
            stage_verify(&stage);
    }
}

/* ---- refusals that repeat ---- */

static void test_folding(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    assert_int_equal(stage_stop(&stage, "lee", "agent:worker").err, AMBIT_OK);
    for (int i = 0; i < 50; i++) {
        struct answer answer = stage_do(&stage, &token, "a.free", "svc:free/x");
        assert_int_equal(answer.err, AMBIT_OK);
        assert_int_equal(answer.reason, AMBIT_REASON_STOPPED);
    }
    assert_int_equal(stage_count_events(&stage, "action.denied", NULL), 10);
    stage_pass(60000);
    for (int i = 0; i < 100 && stage_count_events(&stage, "refusals.folded", NULL) == 0; i++) {
        struct timespec pause = {.tv_nsec = 50000000};
        (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(stage_count_events(&stage, "refusals.folded", "\"count\":40"), 1);
    assert_int_equal(stage_do(&stage, &token, "a.free", "svc:free/x").reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_count_events(&stage, "action.denied", NULL), 11); /* a new minute */
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_one_fails_alone),
    cmocka_unit_test(test_restart_anywhere),
    cmocka_unit_test(test_folding),
};
UNIT_MAIN(tests)
