/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what was appended is read back as it was hashed, in its place, and the tree covers it. */
#include "fixture.h"
#include "samples.h"

#include "base/buf.h"
#include "base/encode.h"

static const struct event_seed seed = {.b = {7}};

static void append(struct fixture *fixture, struct event *event)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_append(&fixture->edge, txn, event, &seed), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void test_append_and_get(void **state)
{
    struct fixture *fixture = *state;
    ARENA_AUTO arena = {0};
    BUF_AUTO memory = {0};
    struct event small = sample_small(), large = sample_large(&arena), back;
    struct store_txn *txn = NULL;
    struct ledger_row row;
    append(fixture, &small);
    append(fixture, &large);
    assert_int_equal(small.seq, 0);
    assert_int_equal(large.seq, 1);
    assert_int_equal(fixture->edge.size, 2);
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_get(txn, 0, &memory, &row), AMBIT_OK);
    struct ambit_digest first = row.leaf;
    assert_true(ambit_digest_eq(row.leaf, tree_leaf(row.bytes)));
    assert_int_equal(row.opening.len, 0);
    assert_int_equal(ledger_get(txn, 1, &memory, &row), AMBIT_OK);
    assert_true(ambit_digest_eq(row.leaf, tree_leaf(row.bytes)));
    assert_int_equal(event_decode(row.bytes, row.opening, &arena, &back), AMBIT_OK);
    assert_true(ambit_str_is(back.words, "it \"misbehaves\"\n"));
    assert_int_equal(back.seq, 1);
    assert_true(ambit_digest_eq(tree_root(&fixture->edge), tree_node(&first, &row.leaf)));
    assert_int_equal(ledger_get(txn, 2, &memory, &row), AMBIT_ERR_NOT_FOUND);
    store_read_end(txn);
}

static void test_erased_opening(void **state)
{
    struct fixture *fixture = *state;
    ARENA_AUTO arena = {0};
    BUF_AUTO memory = {0};
    struct event large = sample_large(&arena), back;
    struct store_txn *txn = NULL;
    struct ledger_row row;
    uint8_t key[8] = {0};
    append(fixture, &large);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_delete(txn, STORE_OPENINGS, (struct store_key){key, 8}), AMBIT_OK);
    assert_int_equal(ledger_get(txn, 0, &memory, &row), AMBIT_OK);
    assert_int_equal(row.opening.len, 0);
    assert_int_equal(event_decode(row.bytes, row.opening, &arena, &back), AMBIT_OK);
    assert_null(back.words.p);
    store_write_abort(txn);
}

static void test_damaged_row(void **state)
{
    struct fixture *fixture = *state;
    BUF_AUTO memory = {0};
    struct event small = sample_small();
    struct store_txn *txn = NULL;
    struct ledger_row row;
    uint8_t key[8] = {0};
    append(fixture, &small);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_put(txn, STORE_EVENTS, (struct store_key){key, 8}, "short", 5),
                     AMBIT_OK);
    assert_int_equal(ledger_get(txn, 0, &memory, &row), AMBIT_ERR_DAMAGED);
    store_write_abort(txn);
}

/* A row that is there already is not written over. */
static void test_append_never_overwrites(void **state)
{
    struct fixture *fixture = *state;
    struct event small = sample_small();
    struct store_txn *txn = NULL;
    append(fixture, &small);
    append(fixture, &small);
    fixture->edge.size = 1; /* an edge that is behind the table */
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_append(&fixture->edge, txn, &small, &seed), AMBIT_ERR_DAMAGED);
    store_write_abort(txn);
}

/* Two events that say the same have other leaves, and who knows all that is said knows neither. */
static void test_leaves_hide(void **state)
{
    struct fixture *fixture = *state;
    static const struct event_seed other = {{77}};
    struct event rows[] = {sample_small(), sample_small(), sample_small()};
    struct tree_edge edge = fixture->edge;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    rows[2].words = AMBIT_STR("its commitment is salted");
    assert_int_equal(ledger_append(&edge, txn, &rows[0], &seed), AMBIT_OK);
    assert_int_equal(ledger_append(&edge, txn, &rows[1], &other), AMBIT_OK);
    assert_int_equal(ledger_append(&edge, txn, &rows[2], &seed), AMBIT_OK);
    assert_false(ambit_id_is_none(rows[0].blind));
    assert_false(ambit_id_is_none(rows[1].blind));
    assert_false(ambit_id_eq(rows[0].blind, rows[1].blind));
    assert_true(ambit_id_is_none(rows[2].blind));
    store_write_abort(txn);
}

static void test_too_large(void **state)
{
    static char text[AMBIT_EVENT_BYTES];
    struct fixture *fixture = *state;
    struct event small = sample_small();
    struct store_txn *txn = NULL;
    memset(text, 'a', sizeof text);
    small.agent = (struct ambit_str){.p = text, .len = sizeof text};
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(ledger_append(&fixture->edge, txn, &small, &seed), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(fixture->edge.size, 0);
    small.agent.len = sizeof text - 150;
    assert_int_equal(ledger_append(&fixture->edge, txn, &small, &seed), AMBIT_OK);
    store_write_abort(txn);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_up, fixture_down)
    const struct CMUnitTest tests[] = {
        WITH(test_append_and_get),          WITH(test_erased_opening), WITH(test_damaged_row),
        WITH(test_append_never_overwrites), WITH(test_too_large),      WITH(test_leaves_hide),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
