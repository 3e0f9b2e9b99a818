/* SPDX-License-Identifier: Apache-2.0 */
/* Goal (DPOP-12, CLI-11): a value is new once until it is over; a caller has at most so many proofs
 * alive, to the second, and nothing is forgotten to make room; what is over goes. */
#include "../store/fixture.h"

#include "base/encode.h"
#include "core/once.h"

static const int64_t start_ms = 1795168800123;
static const struct ambit_str ann = AMBIT_STR("ann"), bob = AMBIT_STR("bob");

static struct once_value value_of(uint32_t number, int64_t until_ms, bool is_proof)
{
    struct once_value value = {.until_ms = until_ms, .is_proof = is_proof};
    value.digest.b[31] = 1;
    put_be32(value.digest.b, number);
    return value;
}

static enum once_state look(struct store_txn *txn, struct once_value value, struct ambit_str caller,
                            int64_t now_ms)
{
    enum once_state state = ONCE_FULL;
    assert_int_equal(once_look(txn, &value, caller, now_ms, &state), AMBIT_OK);
    return state;
}

static void keep(struct store_txn *txn, struct once_value value, struct ambit_str caller)
{
    assert_int_equal(once_keep(txn, &value, caller), AMBIT_OK);
}

static void cli_11_a_value_is_new_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (int is_proof = 0; is_proof < 2; is_proof++) {
        struct once_value value = value_of(7 + is_proof, start_ms + 60000, is_proof);
        assert_int_equal(look(txn, value, ann, start_ms), ONCE_NEW);
        keep(txn, value, ann);
        assert_int_equal(look(txn, value, ann, start_ms), ONCE_USED);
        assert_int_equal(look(txn, value, bob, start_ms), ONCE_USED);
        /* The same value shown with another end: it lies in another minute. */
        assert_int_equal(
            look(txn, value_of(7 + is_proof, start_ms + 1000, is_proof), ann, start_ms), ONCE_USED);
        assert_int_equal(look(txn, value_of(9, start_ms + 60000, is_proof), ann, start_ms),
                         ONCE_NEW);
        /* ASG-4: far off, as platforms say it. */
        struct once_value late = value_of(20 + is_proof, start_ms + 3000000, is_proof);
        assert_int_equal(look(txn, late, ann, start_ms), ONCE_NEW);
        keep(txn, late, ann);
        assert_int_equal(look(txn, late, ann, start_ms), ONCE_USED);
        assert_int_equal(look(txn, late, ann, start_ms + 2999000), ONCE_USED);
        /* What ended while it waited is as good as used. */
        assert_int_equal(look(txn, value_of(9, start_ms, is_proof), ann, start_ms), ONCE_USED);
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void dpop_12_so_many_a_caller_and_none_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint32_t i = 0; i < ONCE_PROOFS_MAX; i++) {
        struct once_value value = value_of(i, start_ms + 1000 + i % 60 * 1000, true);
        if (i % 50 == 49) {
            assert_int_equal(look(txn, value, ann, start_ms), ONCE_NEW);
            assert_int_equal(store_write_commit(txn), AMBIT_OK);
            assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        }
        keep(txn, value, ann);
        if (i % 10 == 0)
            keep(txn, value, ann); /* an event tells of what is kept already: not counted again */
    }
    struct once_value next = value_of(ONCE_PROOFS_MAX, start_ms + 60000, true);
    assert_int_equal(look(txn, next, ann, start_ms), ONCE_FULL);
    assert_int_equal(look(txn, next, bob, start_ms), ONCE_NEW);
    assert_int_equal(look(txn, value_of(0, start_ms + 1000, true), ann, start_ms), ONCE_USED);
    /* Assertions are not counted. */
    assert_int_equal(look(txn, value_of(ONCE_PROOFS_MAX, start_ms + 60000, false), ann, start_ms),
                     ONCE_NEW);
    /* Two seconds on, the first of them are over. */
    assert_int_equal(look(txn, next, ann, start_ms + 2000), ONCE_NEW);
    assert_int_equal(once_expire(txn, start_ms + 2000, 100000), AMBIT_OK);
    assert_int_equal(look(txn, value_of(59, start_ms + 60000, true), ann, start_ms + 2000),
                     ONCE_USED);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void rows_are_told_apart_from_others(void **state)
{
    static const uint8_t key[20] = {0x01, 0xc8, 0x8b, 0x40};
    uint8_t row[8], counts[120] = {0}, more[120] = {0, 1};
    (void)state;
    struct ambit_str at = {.p = (const char *)key, .len = sizeof key};
    struct ambit_str value = {.p = (const char *)row, .len = sizeof row};
    struct ambit_str few = {.p = (const char *)counts, .len = sizeof counts};
    struct ambit_str many = {.p = (const char *)more, .len = sizeof more};
    int64_t minute_ms = (int64_t)get_be32(key) * 60000;
    put_be64(row, (uint64_t)minute_ms + 59999);
    assert_true(once_has_form(at, value) && once_has_form(at, few));
    put_be64(row, (uint64_t)minute_ms + 60000);
    assert_false(once_has_form(at, value));
    assert_false(once_has_form((struct ambit_str){.p = at.p, .len = 19}, few));
    assert_true(once_holds(many, few) && !once_holds(few, many) && once_holds(value, value));
    assert_false(once_holds(value, few));
    assert_true(once_may_be_gone(at, minute_ms + 60000));
    assert_false(once_may_be_gone(at, minute_ms + 59999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cli_11_a_value_is_new_once, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(dpop_12_so_many_a_caller_and_none_is_forgotten, fixture_up,
                                        fixture_down),
        cmocka_unit_test(rows_are_told_apart_from_others),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
