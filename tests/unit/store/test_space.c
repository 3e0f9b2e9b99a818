/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a store that runs out of room says so before a commit does, names the two marks in time,
 * and recovers when rows are deleted: what the free list holds is free. */
#include "fixture.h"

#include <sys/stat.h>
#include <time.h>

static void key_at(uint32_t i, uint8_t key[8])
{
    memset(key, 0, 8);
    for (int b = 0; b < 4; b++)
        key[4 + b] = (uint8_t)(i >> (24 - 8 * b));
}

static enum ambit_err append_one(struct store *store, uint32_t i)
{
    static uint8_t value[32 * 1024];
    uint8_t key[8];
    struct store_txn *txn = NULL;
    key_at(i, key);
    enum ambit_err err = store_write_begin(store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = store_append(txn, STORE_EVENTS, (struct store_key){key, sizeof key}, value, sizeof value);
    if (err != AMBIT_OK) {
        store_write_abort(txn);
        return err;
    }
    return store_write_commit(txn);
}

static void pause_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static void test_fills_and_recovers(void **state)
{
    struct fixture *fixture = *state;
    struct store_space space;
    uint32_t n = 0, narrow_at = 0, last_at = 0;
    enum ambit_err err = AMBIT_OK;
    store_space(fixture->store, &space);
    assert_false(space.is_narrow);
    assert_true(space.free_bytes > SMALL_MAP / 2);
    for (; err == AMBIT_OK && n < 10000; n++) {
        store_space(fixture->store, &space);
        narrow_at = space.is_narrow && !narrow_at ? n : narrow_at;
        last_at = space.is_last_reserve && !last_at ? n : last_at;
        err = append_one(fixture->store, n);
    }
    assert_int_equal(err, AMBIT_ERR_NO_SPACE);
    assert_true(narrow_at > 0 && last_at > narrow_at && n > last_at + 5);
    assert_true(n > 400); /* most of 16 MiB in pieces of 36 KiB */

    struct store_txn *txn = NULL;
    size_t deleted = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    err = store_delete_range(txn, STORE_EVENTS, key_of(""), key_of(""), 200, &deleted);
    assert_int_equal(err, AMBIT_OK);
    assert_int_equal(deleted, 200);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    pause_ms(1100); /* the free list is looked at again after a second */
    store_space_check(fixture->store);
    store_space(fixture->store, &space);
    assert_false(space.is_narrow);
    for (int i = 0; i < 4 && store_wants_turn(fixture->store); i++) { /* as the writer does */
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        assert_int_equal(store_turn(txn), AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
    assert_false(store_wants_turn(fixture->store));
    for (uint32_t i = n; i < n + 50; i++)
        assert_int_equal(append_one(fixture->store, i), AMBIT_OK);
}

/* Steps and reserve smaller than what a commit is given for itself. */
static void test_small_steps(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = small_options(fixture);
    options.grow_bytes = options.reserve_bytes = 1 << 12;
    store_close(fixture->store);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(append_one(fixture->store, i), AMBIT_OK);
}

static off_t blocks_of(const struct fixture *fixture)
{
    char path[FOLDER_PATH_MAX];
    struct stat st;
    assert_int_equal(stat(folder_join(path, fixture->path, "data.mdb"), &st), 0);
    return st.st_blocks * 512;
}

static void test_allocates_ahead(void **state)
{
    struct fixture *fixture = *state;
    struct store_space space;
    for (uint32_t i = 0; i < 100; i++) {
        store_space(fixture->store, &space);
        assert_true(blocks_of(fixture) >= (off_t)(space.used_bytes + SMALL_GROW / 2));
        assert_int_equal(append_one(fixture->store, i), AMBIT_OK);
    }
    assert_int_equal(space.commits, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fills_and_recovers, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_small_steps, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_allocates_ahead, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
