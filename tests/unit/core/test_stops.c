/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a stop is in force from the moment it is accepted, without a gap: while it waits, while it
 * is being committed under the eyes of a reader, and for a service's own token too. */
#include "stage.h"

#include "core/internal.h"
#include "core/service_grant.h"
#include "crypto/digest.h"

/* ---- a commit in the middle of an introspection ---- */

static struct stopped finished;
static struct held_stop *to_finish;

/* Stands where a reader looks at the accepted stops: the one that waits is committed and forgotten
 * there, just before the reader sees that list. */
bool __real_pending_covers(struct pending *pending, const struct grant_row *row);
bool __wrap_pending_covers(struct pending *pending, const struct grant_row *row);
bool __wrap_pending_covers(struct pending *pending, const struct grant_row *row)
{
    if (to_finish) {
        stage_release_commits();
        finished = stage_await_stop(TAKE(to_finish));
    }
    return __real_pending_covers(pending, row);
}

static void expect_no_gap(const char *word, bool is_of_grant)
{
    STAGE_AUTO stage;
    struct held_stop held;
    char text[64];
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/x");
    assert_true(stage_is_active(&stage, &token));
    stage_hold_commits();
    stage_submit_stop(&stage, "lee", is_of_grant ? stage_target(word, token.grant, text) : word,
                      &held);
    assert_int_equal(held.submit_err, AMBIT_OK);
    assert_false(stage_is_active(&stage, &token)); /* accepted */
    stage_await_commit();
    to_finish = &held;
    assert_false(stage_is_active(&stage, &token)); /* committed meanwhile */
    assert_int_equal(finished.err, AMBIT_OK);
    assert_false(stage_is_active(&stage, &token));
}

static void test_no_gap(void **state)
{
    (void)state;
    expect_no_gap("grant", true);
    expect_no_gap("lineage", true);
    expect_no_gap("agent:worker", false);
    expect_no_gap("policy:counting", false);
    expect_no_gap("resource:svc:free/**", false);
    expect_no_gap("all", false);
}

/* ---- services ---- */

static void is_done(void *sem)
{
    assert_int_equal(sem_post(sem), 0);
}

static enum ambit_reason ask_for_service(struct stage *stage)
{
    ARENA_AUTO arena = {0};
    sem_t done;
    struct caller caller = stage_caller(CALLER_SERVICE, "api");
    struct documents_ref *ref = broker_documents_acquire(stage->broker);
    struct service_grant_command command = {.lifetime_s = 60, .arena = &arena};
    assert_int_equal(sem_init(&done, 0, 0), 0);
    command_init(&command.base, stage->broker, &caller, ref);
    command.base.done = is_done;
    command.base.done_ctx = &done;
    assert_int_equal(service_grant_submit(&command), AMBIT_OK);
    while (sem_wait(&done) != 0) {
    }
    assert_int_equal(command.base.err, AMBIT_OK);
    command_release(&command.base);
    broker_documents_release(ref);
    assert_int_equal(sem_destroy(&done), 0);
    return command.reason;
}

/* One that found no space stays accepted without ever being committed. */
static void test_a_service_under_an_accepted_stop(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct ambit_id id = {{1}};
    stage_make(&stage);
    stage_open(&stage);
    assert_int_equal(ask_for_service(&stage), AMBIT_REASON_ALLOWED);
    assert_int_equal(pending_add(&stage.broker->pending, id, AMBIT_TARGET_OWNER, AMBIT_STR("dana")),
                     AMBIT_OK);
    assert_int_equal(ask_for_service(&stage), AMBIT_REASON_STOPPED);
    pending_remove(&stage.broker->pending, id);
    assert_int_equal(ask_for_service(&stage), AMBIT_REASON_ALLOWED);
}

/* ---- what a sealed broker leaves ---- */

/* The commit said no and was written all the same: the journal has the stop, and so has the record;
 * it is one stop. */
static void test_taken_up_once(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/x");
    stage_commits(STAGE_COMMIT_UNSURE);
    struct stopped stopped = stage_stop(&stage, "lee", "agent:worker");
    assert_true(stopped.is_pending);
    stage_commits(STAGE_COMMITS);
    stage_reopen(&stage);
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "incident.opened", NULL), 1);
    assert_false(stage_is_active(&stage, &token));
    assert_int_equal(stage_clear(&stage, "kim", stopped.stop), CLEAR_FINE);
    stage_verify(&stage);
}

/* ---- many, and whose ---- */

static void test_any_number(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    for (int i = 0; i < 100; i++) {
        char target[64];
        assert_true(snprintf(target, sizeof target, "resource:svc:many/%d", i) < 64);
        assert_int_equal(stage_stop(&stage, "lee", target).err, AMBIT_OK);
    }
    struct ask ask = {.agent = "worker", .action = "a.many", .resource = "svc:many/99"};
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_STOPPED);
    stage_reopen(&stage);
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_STOPPED);
}

/* Every owner of what a stop covers is one of those who may not clear it, not the last one found
 * alone. */
static void test_clear_by_one_of_several_owners(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_document(&stage, "services/a-first.json",
                   "{'service':'a-first','owner':'oli','tier':'low','audiences':['https://first."
                   "example.gov'],'resources':['svc:shared/**'],'authenticate':[{'method':"
                   "'client_secret_basic','sha256':"
                   "'00000000000000000000000000000000000000000000000000000000000000bb',"
                   "'expires':'2027-01-31T00:00:00Z'}]}");
    stage_open(&stage);
    struct stopped stopped = stage_stop(&stage, "lee", "resource:svc:shared/**");
    assert_int_equal(stage_clear(&stage, "oli", stopped.stop), CLEAR_NOT_PERMITTED);
    assert_int_equal(stage_clear(&stage, "dana", stopped.stop), CLEAR_NOT_PERMITTED);
    assert_int_equal(stage_clear(&stage, "kim", stopped.stop), CLEAR_FINE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_taken_up_once),
    cmocka_unit_test(test_any_number),
    cmocka_unit_test(test_clear_by_one_of_several_owners),
    cmocka_unit_test(test_no_gap),
    cmocka_unit_test(test_a_service_under_an_accepted_stop),
};
UNIT_MAIN(tests)
