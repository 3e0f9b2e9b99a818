/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the tree that grows by its edge and its tiles is the tree of RFC 6962 at every size, its
 * proofs verify and are the only ones that do, and it goes on after the store was closed (MRK-1,
 * TIL-2). */
#include "fixture.h"

#include "base/encode.h"

static struct ambit_digest leaf_at(uint64_t i)
{
    uint8_t bytes[8];
    put_be64(bytes, i * 0x9E3779B97F4A7C15U);
    return tree_leaf((struct ambit_str){.p = (const char *)bytes, .len = sizeof bytes});
}

/* Appends leaves [from, to) as the ledger does: the row first, then the tree. */
static void grow(struct fixture *fixture, uint64_t to)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint64_t i = fixture->edge.size; i < to; i++) {
        struct ambit_digest leaf = leaf_at(i);
        uint8_t key[8];
        put_be64(key, i);
        assert_int_equal(store_append(txn, STORE_EVENTS, (struct store_key){key, 8}, leaf.b, 32),
                         AMBIT_OK);
        assert_int_equal(tree_append(&fixture->edge, txn, leaf), AMBIT_OK);
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static struct ambit_digest *all_leaves(size_t n)
{
    struct ambit_digest *leaves = calloc(n, sizeof *leaves);
    assert_non_null(leaves);
    for (size_t i = 0; i < n; i++)
        leaves[i] = leaf_at(i);
    return leaves;
}

static void test_root_at_every_size(void **state)
{
    enum { N = 600 };
    struct fixture *fixture = *state;
    struct ambit_digest *leaves = all_leaves(N);
    for (size_t n = 1; n <= N; n++) {
        grow(fixture, n);
        assert_true(ambit_digest_eq(tree_root(&fixture->edge), naive_root(leaves, n)));
    }
    free(leaves);
}

static void test_tiles(void **state)
{
    enum { N = 600 };
    struct fixture *fixture = *state;
    struct ambit_digest *leaves = all_leaves(N);
    struct store_txn *txn = NULL;
    struct tile tile;
    grow(fixture, N);
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(tile_get(txn, 0, i, &tile), AMBIT_OK);
        assert_int_equal(tile.n, 256);
        assert_memory_equal(tile.hash, leaves + 256 * i, sizeof tile.hash);
    }
    assert_int_equal(tile_get(txn, 0, 2, &tile), AMBIT_ERR_NOT_FOUND); /* partial: not stored */
    assert_int_equal(tile_get(txn, 1, 0, &tile), AMBIT_OK);
    assert_int_equal(tile.n, 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(ambit_digest_eq(tile.hash[i], naive_root(leaves + 256 * i, 256)));
    assert_int_equal(tile_get(txn, 2, 0, &tile), AMBIT_ERR_NOT_FOUND);

    static const struct {
        const char *name;
        unsigned level;
        uint64_t index;
        size_t width;
        enum ambit_err want;
    } rows[] = {
        {"full", 0, 1, 256, AMBIT_OK},
        {"partial", 0, 2, 88, AMBIT_OK},
        {"narrower", 0, 2, 1, AMBIT_OK},
        {"wider than the tree", 0, 2, 89, AMBIT_ERR_NOT_FOUND},
        {"no width", 0, 0, 0, AMBIT_ERR_NOT_FOUND},
        {"too wide", 0, 0, 257, AMBIT_ERR_NOT_FOUND},
        {"past the end", 0, 3, 1, AMBIT_ERR_NOT_FOUND},
        {"level 1", 1, 0, 2, AMBIT_OK},
        {"level 1 narrower", 1, 0, 1, AMBIT_OK},
        {"level 1 wider", 1, 0, 3, AMBIT_ERR_NOT_FOUND},
        {"level 2", 2, 0, 1, AMBIT_ERR_NOT_FOUND},
        {"level beyond", 63, 0, 1, AMBIT_ERR_NOT_FOUND},
        {"index beyond", 0, UINT64_MAX, 1, AMBIT_ERR_NOT_FOUND},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        enum ambit_err err = tile_read(txn, N, rows[i].level, rows[i].index, rows[i].width, &tile);
        ROW_CHECK(rows[i].name, err == rows[i].want);
        ROW_CHECK(rows[i].name, err != AMBIT_OK || tile.n == rows[i].width);
    }
    store_read_end(txn);
    free(leaves);
}

static void check_inclusion(struct store_txn *txn, const struct ambit_digest *leaves, uint64_t n)
{
    struct ambit_digest root = naive_root(leaves, n);
    struct tree_proof proof;
    for (uint64_t i = 0; i < n; i++) {
        assert_int_equal(tree_inclusion(txn, i, n, &proof), AMBIT_OK);
        assert_int_equal(tree_inclusion_verify(leaves[i], i, n, proof.node, proof.n, root),
                         AMBIT_OK);
        assert_int_equal(tree_inclusion_verify(leaves[i], i + 1, n, proof.node, proof.n, root),
                         AMBIT_ERR_REFUSED);
        if (proof.n > 0) {
            assert_int_equal(tree_inclusion_verify(leaves[i], i, n, proof.node, proof.n - 1, root),
                             AMBIT_ERR_REFUSED);
            proof.node[i % proof.n].b[5] ^= 1;
            assert_int_equal(tree_inclusion_verify(leaves[i], i, n, proof.node, proof.n, root),
                             AMBIT_ERR_REFUSED);
        }
    }
    assert_int_equal(tree_inclusion(txn, n, n, &proof), AMBIT_ERR_NOT_FOUND);
}

static void check_consistency(struct store_txn *txn, const struct ambit_digest *leaves, uint64_t n)
{
    struct ambit_digest root = naive_root(leaves, n);
    struct tree_proof proof;
    for (uint64_t m = 1; m <= n; m++) {
        struct ambit_digest old = naive_root(leaves, m);
        assert_int_equal(tree_consistency(txn, m, n, &proof), AMBIT_OK);
        assert_int_equal(tree_consistency_verify(m, old, n, root, proof.node, proof.n), AMBIT_OK);
        proof.node[proof.n] = root; /* one too many */
        assert_int_equal(tree_consistency_verify(m, old, n, root, proof.node, proof.n + 1),
                         AMBIT_ERR_REFUSED);
        if (proof.n > 0) {
            proof.node[m % proof.n].b[31] ^= 128;
            assert_int_equal(tree_consistency_verify(m, old, n, root, proof.node, proof.n),
                             AMBIT_ERR_REFUSED);
        }
    }
    assert_int_equal(tree_consistency(txn, n + 1, n, &proof), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(tree_consistency(txn, 0, n, &proof), AMBIT_ERR_NOT_FOUND);
}

static void test_proofs(void **state)
{
    static const uint64_t large[] = {255, 256, 257, 511, 512, 513, 600};
    struct fixture *fixture = *state;
    struct ambit_digest *leaves = all_leaves(600);
    struct store_txn *txn = NULL;
    grow(fixture, 600);
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    for (uint64_t n = 1; n <= 40; n++) {
        check_inclusion(txn, leaves, n);
        check_consistency(txn, leaves, n);
    }
    for (size_t i = 0; i < AMBIT_LEN(large); i++) {
        check_inclusion(txn, leaves, large[i]);
        check_consistency(txn, leaves, large[i]);
    }
    store_read_end(txn);
    free(leaves);
}

/* 65,536 leaves make a tile of level 2; proofs then read all three levels. */
static void test_third_level(void **state)
{
    enum { N = 66000 };
    struct fixture *fixture = *state;
    struct ambit_digest *leaves = all_leaves(N);
    struct store_txn *txn = NULL;
    struct tree_proof proof;
    struct tile tile;
    for (uint64_t n = 5000; n < N; n += 5000)
        grow(fixture, n);
    grow(fixture, N);
    struct ambit_digest root = naive_root(leaves, N);
    assert_true(ambit_digest_eq(tree_root(&fixture->edge), root));
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(tile_get(txn, 2, 0, &tile), AMBIT_OK);
    assert_int_equal(tile.n, 1);
    assert_true(ambit_digest_eq(tile.hash[0], naive_root(leaves, 65536)));
    for (uint64_t i = 0; i < N; i += 7321) {
        assert_int_equal(tree_inclusion(txn, i, N, &proof), AMBIT_OK);
        assert_int_equal(tree_inclusion_verify(leaves[i], i, N, proof.node, proof.n, root),
                         AMBIT_OK);
        struct ambit_digest old = naive_root(leaves, i + 1);
        assert_int_equal(tree_consistency(txn, i + 1, N, &proof), AMBIT_OK);
        assert_int_equal(tree_consistency_verify(i + 1, old, N, root, proof.node, proof.n),
                         AMBIT_OK);
    }
    store_read_end(txn);
    free(leaves);
}

static void test_goes_on_after_reopening(void **state)
{
    struct fixture *fixture = *state;
    struct ambit_digest *leaves = all_leaves(1030);
    for (uint64_t n = 200; n <= 1030; n += 83) {
        grow(fixture, n);
        store_close(fixture->store);
        store_up(fixture);
        assert_true(ambit_digest_eq(tree_root(&fixture->edge), naive_root(leaves, n)));
    }
    struct store_txn *txn = NULL;
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    check_inclusion(txn, leaves, 300);
    check_inclusion(txn, leaves, 1025);
    store_read_end(txn);
    free(leaves);
}

static void test_missing_rows_are_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    struct tree_proof proof;
    uint8_t key[8];
    grow(fixture, 300);
    put_be64(key, 290);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_delete(txn, STORE_EVENTS, (struct store_key){key, 8}), AMBIT_OK);
    assert_int_equal(tree_inclusion(txn, 289, 300, &proof), AMBIT_ERR_DAMAGED);
    struct tile tile = {.n = 1};
    assert_int_equal(tile_put(txn, 0, 0, &tile), AMBIT_OK);
    assert_int_equal(tree_inclusion(txn, 2, 256, &proof), AMBIT_ERR_DAMAGED);
    store_write_abort(txn);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, fixture_up, fixture_down)
    const struct CMUnitTest tests[] = {
        WITH(test_root_at_every_size),
        WITH(test_tiles),
        WITH(test_proofs),
        WITH(test_third_level),
        WITH(test_goes_on_after_reopening),
        WITH(test_missing_rows_are_noticed),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
