/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a cursor moves in key order from every place, ends with NOT_FOUND, and hands out copies. */
#include "fixture.h"

static void test_moves(void **state)
{
    static const struct {
        const char *name;
        enum store_seek seek;
        const char *key, *want; /* NULL: NOT_FOUND */
    } rows[] = {
        {"first", STORE_FIRST, "", "b"},
        {"previous of first", STORE_PREVIOUS, "", NULL},
        {"last", STORE_LAST, "", "f"},
        {"next of last", STORE_NEXT, "", NULL},
        {"at", STORE_AT_OR_AFTER, "d", "d"},
        {"next", STORE_NEXT, "", "f"},
        {"previous", STORE_PREVIOUS, "", "d"},
        {"after", STORE_AT_OR_AFTER, "c", "d"},
        {"after an empty key", STORE_AT_OR_AFTER, "", "b"},
        {"after all", STORE_AT_OR_AFTER, "g", NULL},
        {"before one", STORE_BEFORE, "d", "b"},
        {"before a gap", STORE_BEFORE, "e", "d"},
        {"before what is behind all", STORE_BEFORE, "z", "f"},
        {"before the first", STORE_BEFORE, "b", NULL},
        {"before an empty key", STORE_BEFORE, "", NULL},
    };
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    put_one(fixture->store, "d", "value of d");
    put_one(fixture->store, "b", "value of b");
    put_one(fixture->store, "f", "value of f");
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_cursor_open(txn, STORE_GRANTS, &cursor), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct ambit_str key = {0}, value = {0};
        enum ambit_err err =
            store_cursor_move(cursor, rows[i].seek, key_of(rows[i].key), &key, &value);
        if (!rows[i].want) {
            ROW_CHECK(rows[i].name, err == AMBIT_ERR_NOT_FOUND);
            continue;
        }
        ROW_CHECK(rows[i].name, err == AMBIT_OK && ambit_str_is(key, rows[i].want));
        ROW_CHECK(rows[i].name, value.len == 10 && value.p[9] == rows[i].want[0]);
    }
    store_cursor_close(cursor);
    store_read_end(txn);
}

static void test_empty_table(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_cursor_open(txn, STORE_TILES, &cursor), AMBIT_OK);
    for (int seek = STORE_FIRST; seek <= STORE_PREVIOUS; seek++)
        assert_int_equal(store_cursor_move(cursor, (enum store_seek)seek, key_of("k"), NULL, NULL),
                         AMBIT_ERR_NOT_FOUND);
    store_cursor_close(cursor);
    store_read_end(txn);
}

static void test_copies(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct ambit_str key = {0}, value = {0};
    put_one(fixture->store, "k", "before");
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_cursor_open(txn, STORE_GRANTS, &cursor), AMBIT_OK);
    assert_int_equal(store_cursor_move(cursor, STORE_FIRST, key_of(""), &key, &value), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_GRANTS, key_of("k"), "after!", 6), AMBIT_OK);
    assert_true(ambit_str_is(value, "before"));
    store_cursor_close(cursor);
    store_write_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_moves, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_empty_table, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_copies, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
