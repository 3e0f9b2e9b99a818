/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: when a commit fails nothing is given any more, by anybody; a person's stop is in force all
 * the same, is written beside the store, and stands in the record before anything is served again
 * (design section 2, "Failure"). */
#include "stage.h"

static struct answer sealed_by(struct stage *stage, enum stage_failure failure,
                               struct answer *ret_before)
{
    stage_make(stage);
    stage_open(stage);
    *ret_before = stage_grant(stage, "worker", "a.free", "svc:free/**");
    stage_commits(failure);
    struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/x"};
    return stage_ask(stage, &ask);
}

static void test_nothing_is_given(void **state)
{
    static const enum stage_failure failures[] = {STAGE_COMMIT_FAILS, STAGE_COMMIT_UNSURE};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(failures); i++) {
        STAGE_AUTO stage;
        struct answer before;
        struct answer lost = sealed_by(&stage, failures[i], &before);
        assert_int_equal(lost.err, AMBIT_ERR_SEALED);
        assert_string_equal(broker_status(stage.broker), "sealed");
        stage_commits(STAGE_COMMITS); /* too late: only a restart helps */
        struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/x"};
        struct answer again = stage_ask(&stage, &ask);
        assert_int_equal(again.err, AMBIT_ERR_SEALED);
        assert_int_equal(stage_do(&stage, &before, "a.free", "svc:free/x").err, AMBIT_ERR_SEALED);
        assert_int_equal(stage_look(&stage, &before).err, AMBIT_ERR_SEALED);
        assert_int_equal(stage_look(&stage, &lost).err, AMBIT_ERR_SEALED);
        bool is_foreign = false;
        assert_int_equal(stage_revoke(&stage, "worker", &before, &is_foreign), AMBIT_ERR_SEALED);
        assert_int_equal(stage_note_read(&stage, "ann", "grants"), AMBIT_ERR_SEALED);

        stage_reopen(&stage);
        assert_string_equal(broker_status(stage.broker), "ready");
        assert_true(stage_is_active(&stage, &before));
        assert_int_equal(stage_count_events(&stage, "broker.sealed", "reading or writing failed"),
                         1);
        assert_true(stage_explain_all(&stage) >= 1);
        stage_verify(&stage);
    }
}

/* The stop of a sealed broker: pending, in the record at the next start, and what it covers is
 * dead. */
static void test_stop_goes_to_the_journal(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct answer token;
    assert_int_equal(sealed_by(&stage, STAGE_COMMIT_FAILS, &token).err, AMBIT_ERR_SEALED);
    struct stopped stopped = stage_stop(&stage, "lee", "agent:worker");
    assert_int_equal(stopped.err, AMBIT_ERR_SEALED);
    assert_true(stopped.is_pending);
    assert_false(stopped.not_recorded);
    struct stopped second = stage_stop(&stage, "kim", "resource:svc:other/**");
    assert_true(second.is_pending);
    assert_int_equal(stage_stop(&stage, "lee", "agent:nobody").err, AMBIT_ERR_NOT_FOUND);

    stage_commits(STAGE_COMMITS);
    stage_reopen(&stage);
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 2);
    assert_int_equal(stage_count_events(&stage, "stop.raised", "\"person\":\"lee\""), 1);
    assert_int_equal(stage_count_events(&stage, "incident.opened", NULL), 2);
    assert_false(stage_is_active(&stage, &token));
    struct answer denied = stage_do(&stage, &token, "a.free", "svc:free/x");
    assert_int_equal(denied.reason, AMBIT_REASON_STOPPED);
    struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/x"};
    struct ask other = {.agent = "helper", .action = "a.free", .resource = "svc:other/x"};
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_ask(&stage, &other).reason, AMBIT_REASON_STOPPED);

    /* Once, not again at the next start; clearing lifts the hold and revives nothing. */
    stage_reopen(&stage);
    assert_int_equal(stage_count_events(&stage, "stop.raised", NULL), 2);
    assert_int_equal(stage_clear(&stage, "kim", stopped.stop), CLEAR_FINE);
    assert_int_equal(stage_do(&stage, &token, "a.free", "svc:free/x").reason,
                     AMBIT_REASON_INACTIVE);
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_ALLOWED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* Sealed while the stop waited: in force before, pending after. */
static void test_sealed_while_it_waits(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct held_ask first;
    struct held_stop stop;
    struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/x"};
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    stage_hold_commits();
    stage_submit(&stage, &ask, &first);
    stage_await_commit();
    stage_submit_stop(&stage, "lee", "team:payments", &stop);
    assert_false(stage_is_active(&stage, &token));
    stage_commits(STAGE_COMMIT_FAILS);
    stage_release_commits();
    assert_int_equal(stage_await(&first).err, AMBIT_ERR_SEALED);
    struct stopped stopped = stage_await_stop(&stop);
    assert_int_equal(stopped.err, AMBIT_ERR_SEALED);
    assert_true(stopped.is_pending);
    stage_commits(STAGE_COMMITS);
    stage_reopen(&stage);
    assert_false(stage_is_active(&stage, &token));
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_STOPPED);
    stage_verify(&stage);
}

/* A stop of a grant that was never made durable: it stands for nothing, and the start goes on. */
static void test_stop_of_a_lost_grant(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct held_ask held;
    struct held_stop stop;
    struct answer before;
    char target[64];
    struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/x"};
    stage_make(&stage);
    stage_open(&stage);
    before = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    stage_submit(&stage, &ask, &held);
    struct answer given = stage_await(&held);
    stage_submit_stop(&stage, "lee", stage_target("grant", given.grant, target), &stop);
    assert_int_equal(stage_await_stop(&stop).err, AMBIT_OK);
    /* The same record as a sealed broker writes it, about an id that no row has. */
    given.grant.b[15] ^= 1;
    char record[256];
    assert_true(snprintf(record, sizeof record,
                         "{\"incident\":\"AAAAAAAAAAAAAAAAAAAAAg\",\"person\":\"lee\",\"stop\":"
                         "\"AAAAAAAAAAAAAAAAAAAAAQ\","
                         "\"target\":\"%s\",\"v\":1,\"words\":\"lost\"}",
                         stage_target("grant", given.grant, target)) < (int)sizeof record);
    assert_int_equal(store_journal_append(broker_store(stage.broker), ambit_str_of(record)),
                     AMBIT_OK);
    stage_reopen(&stage);
    assert_int_equal(stage_count_events(&stage, "stop.raised", target), 1);
    assert_true(stage_is_active(&stage, &before));
    struct ambit_id id = {.b = {[15] = 1}};
    assert_int_equal(stage_clear(&stage, "kim", id),
                     CLEAR_NEEDS_TWO); /* nobody knows whose it was */
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_nothing_is_given),
    cmocka_unit_test(test_stop_goes_to_the_journal),
    cmocka_unit_test(test_sealed_while_it_waits),
    cmocka_unit_test(test_stop_of_a_lost_grant),
};
UNIT_MAIN(tests)
