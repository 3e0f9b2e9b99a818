/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a row is found, absent or an error; what is written is seen after the commit and only then;
 * read transactions are one per thread and given back when the thread ends. */
#include "fixture.h"

#include <pthread.h>

static void test_row(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    char got[4];
    size_t len = 99;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_GRANTS, key_of("k"), "12345", 5), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_GRANTS, key_of("k"), got, sizeof got, &len),
                     AMBIT_ERR_TOO_LARGE);
    assert_int_equal(store_put(txn, STORE_GRANTS, key_of("k"), "abc", 3), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_GRANTS, key_of("k"), got, sizeof got, &len), AMBIT_OK);
    assert_int_equal(len, 3);
    assert_int_equal(store_get(txn, STORE_STOPS, key_of("k"), got, sizeof got, &len),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(store_delete(txn, STORE_GRANTS, key_of("none")), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(store_delete(txn, STORE_GRANTS, key_of("k")), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_HOLDS, key_of("empty"), NULL, 0), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_HOLDS, key_of("empty"), got, sizeof got, &len), AMBIT_OK);
    assert_int_equal(len, 0);
    store_write_abort(txn);
    expect_one(fixture->store, "k", NULL);
}

static void test_append_only_grows(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_append(txn, STORE_EVENTS, key_of("b"), "1", 1), AMBIT_OK);
    assert_int_equal(store_append(txn, STORE_EVENTS, key_of("c"), "2", 1), AMBIT_OK);
    assert_int_equal(store_append(txn, STORE_EVENTS, key_of("a"), "3", 1), AMBIT_ERR_DAMAGED);
    assert_int_equal(store_append(txn, STORE_EVENTS, key_of("c"), "3", 1), AMBIT_ERR_DAMAGED);
    store_write_abort(txn);
}

static void test_delete_range(void **state)
{
    static const struct {
        const char *name, *from, *to;
        size_t max, want_n, want_left;
    } rows[] = {
        {"nothing below", "A", "a", 100, 0, 26}, {"half open", "a", "c", 100, 2, 24},
        {"bounded", "c", "z", 3, 3, 21},         {"to the last", "y", "", 100, 2, 19},
        {"from the first", "", "g", 100, 1, 18}, {"the rest", "", "", 100, 18, 0},
        {"of nothing", "", "", 100, 0, 0},
    };
    struct fixture *fixture = *state;
    for (char c = 'a'; c <= 'z'; c++)
        put_one(fixture->store, (char[]){c, 0}, "x");
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct store_txn *txn = NULL;
        size_t n = 99, left = 0;
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        enum ambit_err err = store_delete_range(txn, STORE_GRANTS, key_of(rows[i].from),
                                                key_of(rows[i].to), rows[i].max, &n);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
        ROW_CHECK(rows[i].name, err == AMBIT_OK && n == rows[i].want_n);
        assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
        char got[8];
        for (char c = 'a'; c <= 'z'; c++)
            left += store_get(txn, STORE_GRANTS, key_of((char[]){c, 0}), got, sizeof got, NULL) ==
                    AMBIT_OK;
        store_read_end(txn);
        ROW_CHECK(rows[i].name, left == rows[i].want_left);
    }
}

static void test_delete_many(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    char key[16];
    size_t n = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (int i = 0; i < 1000; i++) {
        assert_true(snprintf(key, sizeof key, "%06d", i * 7919 % 1000) > 0);
        assert_int_equal(store_put(txn, STORE_ONCE, key_of(key), "12345678", 8), AMBIT_OK);
    }
    assert_int_equal(
        store_delete_range(txn, STORE_ONCE, key_of("000100"), key_of("000900"), 5000, &n),
        AMBIT_OK);
    assert_int_equal(n, 800);
    assert_int_equal(store_get(txn, STORE_ONCE, key_of("000099"), key, sizeof key, NULL), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_ONCE, key_of("000100"), key, sizeof key, NULL),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(store_get(txn, STORE_ONCE, key_of("000900"), key, sizeof key, NULL), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* Thirty-two are deleted however little time there is, and no more than that. */
static void test_delete_some(void **state)
{
    static const struct {
        const char *name, *to;
        size_t max;
        int64_t most_us;
        size_t want_n;
        bool want_late;
    } rows[] = {
        {"no time", "000900", 5000, 0, 32, true}, /* of 1000 */
        {"no time, few asked for", "000900", 32, 0, 32, false},
        {"no time, a few more", "000900", 33, 0, 32, true},
        {"fewer than a look", "000900", 4, 0, 4, false},
        {"few are there", "000110", 5000, 0, 10, false},
        {"time enough", "000600", 5000, INT64_C(3600000000), 490, false},
        {"as many as asked for", "000900", 100, INT64_C(3600000000), 100, false},
        {"none are there", "000600", 100, 0, 0, false},
    };
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    char key[16];
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (int i = 0; i < 1000; i++) {
        assert_true(snprintf(key, sizeof key, "%06d", i) > 0);
        assert_int_equal(store_put(txn, STORE_ONCE, key_of(key), "12345678", 8), AMBIT_OK);
    }
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        size_t n = 99;
        bool is_late = false;
        enum ambit_err err = store_delete_some(txn, STORE_ONCE, key_of(""), key_of(rows[i].to),
                                               rows[i].max, rows[i].most_us, &n, &is_late);
        ROW_CHECK(rows[i].name,
                  err == AMBIT_OK && n == rows[i].want_n && is_late == rows[i].want_late);
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void test_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *before = NULL, *twice = NULL, *write = NULL;
    char got[8];
    assert_int_equal(store_read_begin(fixture->store, &before), AMBIT_OK);
    assert_int_equal(store_read_begin(fixture->store, &twice), AMBIT_ERR_CONFLICT);
    /* A thread that writes may read beside it. */
    assert_int_equal(store_write_begin(fixture->store, &write), AMBIT_OK);
    assert_int_equal(store_put(write, STORE_GRANTS, key_of("k"), "v", 1), AMBIT_OK);
    assert_int_equal(store_write_commit(write), AMBIT_OK);
    assert_int_equal(store_get(before, STORE_GRANTS, key_of("k"), got, sizeof got, NULL),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(store_put(before, STORE_GRANTS, key_of("k"), "v", 1), AMBIT_ERR_INTERNAL);
    store_read_end(before);
    expect_one(fixture->store, "k", "v");
}

static void *read_once(void *ctx)
{
    expect_one(ctx, "k", "v");
    return NULL;
}

/* More threads, one after another, than there are reader slots. */
static void test_readers_are_given_back(void **state)
{
    struct fixture *fixture = *state;
    put_one(fixture->store, "k", "v");
    for (int i = 0; i < 1200; i++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, read_once, fixture->store), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

static void test_large_batch_shows(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    uint8_t value[4096] = {1}, key[8] = {0};
    int n = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_false(store_txn_is_large(txn));
    for (; n < 5000 && !store_txn_is_large(txn); n++) {
        key[6] = (uint8_t)(n >> 8);
        key[7] = (uint8_t)n;
        assert_int_equal(
            store_append(txn, STORE_EVENTS, (struct store_key){key, 8}, value, sizeof value),
            AMBIT_OK);
    }
    assert_true(n > 10 && n < 5000);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_row, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_append_only_grows, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_delete_range, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_delete_some, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_delete_many, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_snapshot, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_readers_are_given_back, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_large_batch_shows, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
