/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a store made by version 0.1.0 is opened, verified and continued, for ever: what was given,
 * stopped and counted then is given, stopped and counted now, and its log is the beginning of ours.
 */
#include "golden_copy.h"

#include "core/head.h"
#include "core/verify.h"

static void test_verifies(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    struct verify_report report;
    golden_make(&stage, &golden);
    assert_int_equal(verify_store(stage.folder, stage.folder, &report), AMBIT_OK);
    for (size_t i = 0; i < report.n; i++)
        print_message("# %s %.*s: %s\n", report.problems[i].table,
                      AMBIT_STR_ARG(report.problems[i].key), report.problems[i].what);
    assert_int_equal(report.n_problems, 0);
    assert_int_equal(report.events, golden.events + 1); /* and the end of the broker that made it */
    assert_true(report.events > AMBIT_TILE_HASHES);
    verify_done(&report);
}

static void expect_consistent(struct stage *stage, const struct golden_store *golden)
{
    struct store_txn *txn = NULL;
    struct tree_proof proof;
    uint64_t size = 0;
    struct ambit_digest root = stage_root(stage, &size);
    assert_true(size > golden->events + 1);
    assert_int_equal(store_read_begin(broker_store(stage->broker), &txn), AMBIT_OK);
    assert_int_equal(tree_consistency(txn, golden->events, size, &proof), AMBIT_OK);
    store_read_end(txn);
    assert_int_equal(
        tree_consistency_verify(golden->events, golden->root, size, root, proof.node, proof.n),
        AMBIT_OK);
}

static void test_continues(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    stage_open(&stage);
    assert_string_equal(broker_status(stage.broker), "ready");
    assert_int_equal(stage_count_events(&stage, "documents.activated", NULL), 2); /* none of ours */
    assert_true(stage_explain_all(&stage) > 256);

    /* A token of then, alive and dead. */
    assert_true(stage_is_active(&stage, &golden.live));
    assert_false(stage_is_active(&stage, &golden.stopped));
    assert_int_equal(stage_do(&stage, &golden.stopped, "p.do", "svc:p/x").reason,
                     AMBIT_REASON_STOPPED);
    /* One a minute on each resource, and x was used a second ago. */
    assert_int_equal(stage_do(&stage, &golden.live, "a.each", "svc:each/y").reason,
                     AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_do(&stage, &golden.live, "a.each", "svc:each/x").reason,
                     AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(60000);
    assert_int_equal(stage_do(&stage, &golden.live, "a.each", "svc:each/x").reason,
                     AMBIT_REASON_ALLOWED);
    /* Stops of then, of a person, of a rule and out of the journal, hold. */
    struct ask helper = {.agent = "helper", .action = "a.free", .resource = "svc:free/x"};
    struct ask porter = {.agent = "porter", .action = "p.do", .resource = "svc:p/x"};
    struct ask other = {.agent = "worker", .action = "a.free", .resource = "svc:other/x"};
    struct ask watched = {.agent = "worker", .action = "w.do", .resource = "svc:w/x"};
    assert_int_equal(stage_ask(&stage, &helper).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_ask(&stage, &porter).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_ask(&stage, &other).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_ask(&stage, &watched).reason, AMBIT_REASON_STOPPED);

    struct answer given = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    assert_true(stage_is_active(&stage, &given));
    expect_consistent(&stage, &golden);
    assert_true(stage_explain_all(&stage) > 256);
    stage_verify(&stage);
}

/* An assertion used then is used. */
static void test_remembers_one_time_values(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    stage_open(&stage);
    struct ask again = {.agent = "worker", .action = "a.free", .resource = "svc:free/x", .once = 9};
    assert_int_equal(stage_ask(&stage, &again).err, AMBIT_ERR_REFUSED);
    again.once = 10;
    assert_int_equal(stage_ask(&stage, &again).err, AMBIT_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_verifies),
    cmocka_unit_test(test_continues),
    cmocka_unit_test(test_remembers_one_time_values),
};
UNIT_MAIN(tests)
