/* SPDX-License-Identifier: Apache-2.0 */
/* Growing the Merkle tree: the edge in memory, full tiles in the store. Tile (level, index) holds
 * the hashes [256 index, 256 index + 256) of the nodes that cover 256^level leaves each. Level 0 is
 * written when it is full, from the leaf hashes that stand in the events table; a higher level gets
 * its next hash whenever a tile below it became full. */
#include "ledger/tree.h"

#include "ambit/limits.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "ledger/tiles.h"

enum { LEAF_ON_STACK = 4096 };

struct ambit_digest tree_leaf(struct ambit_str bytes)
{
    __attribute__((uninitialized)) char few[LEAF_ON_STACK];
    AMBIT_AUTO_FREE char *many = NULL;
    struct ambit_digest digest;
    char *p = few;
    if (bytes.len >= sizeof few) {
        p = many = malloc(bytes.len + 1);
        AMBIT_ASSERT(many);
    }
    p[0] = 0;
    if (bytes.len)
        memcpy(p + 1, bytes.p, bytes.len);
    crypto_sha256(p, bytes.len + 1, &digest);
    return digest;
}

struct ambit_digest tree_node(const struct ambit_digest *left, const struct ambit_digest *right)
{
    uint8_t both[1 + 2 * sizeof *left];
    struct ambit_digest digest;
    both[0] = 1;
    memcpy(both + 1, left->b, sizeof left->b);
    memcpy(both + 1 + sizeof left->b, right->b, sizeof right->b);
    crypto_sha256(both, sizeof both, &digest);
    return digest;
}

struct ambit_digest tree_root(const struct tree_edge *edge)
{
    struct ambit_digest root;
    if (edge->size == 0) {
        crypto_sha256("", 0, &root);
        return root;
    }
    unsigned i = (unsigned)__builtin_ctzll(edge->size);
    root = edge->node[i];
    for (i++; i < TREE_LEVELS; i++)
        if (edge->size >> i & 1)
            root = tree_node(&edge->node[i], &root);
    return root;
}

/* `n` leaves are in the tree and n is a multiple of 256: writes the full tile of level 0 and hands
 * its root up, as far as tiles become full. */
static enum ambit_err put_tiles(struct store_txn *txn, uint64_t n, const struct tree_edge *edge)
{
    __attribute__((uninitialized)) struct tile tile;
    enum ambit_err err = tile_of_events(txn, n / AMBIT_TILE_HASHES - 1, &tile);
    if (err != AMBIT_OK)
        return err;
    err = tile_put(txn, 0, n / AMBIT_TILE_HASHES - 1, &tile);
    n /= AMBIT_TILE_HASHES;
    for (unsigned level = 1; err == AMBIT_OK; level++, n /= AMBIT_TILE_HASHES) {
        tile.n = 0;
        size_t at = (n - 1) % AMBIT_TILE_HASHES;
        if (at > 0)
            err = tile_get(txn, level, (n - 1) / AMBIT_TILE_HASHES, &tile);
        if (err == AMBIT_OK && tile.n != at)
            err = AMBIT_ERR_DAMAGED;
        if (err != AMBIT_OK)
            return err;
        /* The node that became full last covers 256^level leaves. */
        tile.hash[tile.n++] = edge->node[8 * level];
        err = tile_put(txn, level, (n - 1) / AMBIT_TILE_HASHES, &tile);
        if (n % AMBIT_TILE_HASHES != 0)
            return err;
    }
    return err;
}

enum ambit_err tree_append(struct tree_edge *edge, struct store_txn *txn, struct ambit_digest leaf)
{
    struct tree_edge *e = edge;
    struct ambit_digest node = leaf;
    unsigned i = 0;
    AMBIT_ASSERT(e->size < UINT64_MAX >> 1);
    /* A binary counter: a carry joins two full subtrees. node[i] of a carry that went on is kept
     * for put_tiles: it is the root of the 2^i leaves that ended here. */
    for (; e->size >> i & 1; i++) {
        struct ambit_digest left = e->node[i];
        e->node[i] = node;
        node = tree_node(&left, &node);
    }
    e->node[i] = node;
    e->size++;
    return e->size % AMBIT_TILE_HASHES == 0 ? put_tiles(txn, e->size, e) : AMBIT_OK;
}
