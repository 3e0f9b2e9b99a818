/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what an event cannot hold is decided as malformed and recorded, and costs nobody else in
 * its batch anything; what fails for our own reasons never looks like the caller's fault (HTP-12).
 */
#include "stage.h"

#include "base/encode.h"
#include "core/once.h"
#include "store/store.h"

static void expect(struct answer answer, enum ambit_reason reason)
{
    if (answer.err || answer.reason != reason)
        fail_msg("%s, %s instead of %s", ambit_err_text(answer.err),
                 ambit_reason_text(answer.reason), ambit_reason_text(reason));
}

/* No JSON integer is that great: the batch is not taken back for it. */
static void test_a_number_too_great(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct ask blocker = {.agent = "worker", .action = "a.free", .resource = "svc:free/0"};
    struct ask fine = {.agent = "helper", .action = "a.free", .resource = "svc:free/1"};
    struct ask great = {.agent = "worker",
                        .action = "a.free",
                        .resource = "svc:free/2",
                        .lifetime_s = INT64_C(1) << 60};
    struct held_ask first, second, third, fourth;
    stage_hold_commits();
    stage_submit(&stage, &blocker, &first);
    stage_await_commit();
    stage_submit(&stage, &fine, &second);
    stage_submit(&stage, &great, &third);
    stage_submit(&stage, &fine, &fourth);
    int before = stage_n_commits;
    stage_release_commits();
    expect(stage_await(&first), AMBIT_REASON_ALLOWED);
    expect(stage_await(&second), AMBIT_REASON_ALLOWED);
    expect(stage_await(&third), AMBIT_REASON_MALFORMED);
    expect(stage_await(&fourth), AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_n_commits - before, 2); /* the one that was held, and one for the rest */
    assert_int_equal(stage_count_events(&stage, "grant.refused", "\"malformed\""), 1);
    stage_explain_all(&stage);
    stage_verify(&stage);
}

static void test_a_text_too_long(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    static char audience[60000] = "https://";
    memset(audience + 8, 'a', sizeof audience - 9);
    struct ask ask = {
        .agent = "worker", .action = "a.free", .resource = "svc:free/1", .audience = audience};
    expect(stage_ask(&stage, &ask), AMBIT_REASON_MALFORMED);
    assert_int_equal(stage_count_events(&stage, "grant.refused", "\"malformed\""), 1);
    stage_verify(&stage);
}

/* Whether it was used is remembered as long as it is good: what expired in the queue is refused. */
static void test_an_assertion_that_expired_in_the_queue(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct ask blocker = {.agent = "worker", .action = "a.free", .resource = "svc:free/0"};
    struct ask ask = blocker;
    struct held_ask first, second;
    ask.once = 7;
    stage_hold_commits();
    stage_submit(&stage, &blocker, &first);
    stage_await_commit();
    stage_submit(&stage, &ask, &second);
    stage_pass(60000);
    stage_release_commits();
    expect(stage_await(&first), AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_await(&second).err, AMBIT_ERR_REFUSED);
}

/* As many proofs as a caller may have alive, in the store beside the writer. */
static void keep_proofs(struct stage *stage, const char *caller, uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        struct store_txn *txn = NULL;
        assert_int_equal(store_write_begin(broker_store(stage->broker), &txn), AMBIT_OK);
        for (uint32_t end = i + 100; i < n && i < end; i++) {
            struct once_value value = {.until_ms = stage_wall_ms + 60000, .is_proof = true};
            put_be32(value.digest.b + 4, i + 1);
            assert_int_equal(once_keep(txn, &value, ambit_str_of(caller)), AMBIT_OK);
        }
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
}

/* DPOP-12: a proof counts once, a restart forgets none, and beyond the bound that caller alone
 * waits; nothing is forgotten early to make room. */
static void test_dpop_12_proofs_of_a_caller(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct ask ask = {.agent = "worker", .action = "a.free", .resource = "svc:free/0", .proof = 7};
    struct ask next = ask, other = ask;
    next.proof = 8;
    other.agent = "helper";
    other.proof = 9;
    expect(stage_ask(&stage, &ask), AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_ask(&stage, &ask).err, AMBIT_ERR_REFUSED);
    keep_proofs(&stage, "worker", ONCE_PROOFS_MAX - 1);
    assert_int_equal(stage_ask(&stage, &next).err, AMBIT_ERR_BUSY);
    stage_reopen(&stage);
    assert_int_equal(stage_ask(&stage, &next).err, AMBIT_ERR_BUSY);
    assert_int_equal(stage_ask(&stage, &ask).err, AMBIT_ERR_REFUSED);
    expect(stage_ask(&stage, &other), AMBIT_REASON_ALLOWED);
    stage_pass(62000);
    next.proof = 10;
    expect(stage_ask(&stage, &next), AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_dpop_12_proofs_of_a_caller),
    cmocka_unit_test(test_an_assertion_that_expired_in_the_queue),
    cmocka_unit_test(test_a_number_too_great),
    cmocka_unit_test(test_a_text_too_long),
};
UNIT_MAIN(tests)
