/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree in the store: proofs from its tiles; while it grows, full tiles are written. Tile (level, index) holds the
 * hashes [256 index, 256 index + 256) of the nodes that cover 256^level leaves each. Level 0 is
 * written when it is full, from the leaf hashes that stand in the events table; a higher level gets
 * its next hash whenever a tile below it became full. */
#include "ledger/tiles.h"
#include "ledger/tree.h"

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
    tree_edge_add(edge, leaf);
    return edge->size % AMBIT_TILE_HASHES == 0 ? put_tiles(txn, edge->size, edge) : AMBIT_OK;
}

/* ---- proofs --------------------------------------------------------------------------------- */

struct stored {
    struct store_txn *txn;
    uint64_t size;
};

static enum ambit_err read_stored(void *ctx, unsigned level, uint64_t index, size_t width,
                                  struct ambit_digest *ret)
{
    const struct stored *stored = ctx;
    __attribute__((uninitialized)) struct tile tile;
    enum ambit_err err = tile_read(stored->txn, stored->size, level, index, width, &tile);
    if (err == AMBIT_OK)
        memcpy(ret, tile.hash, width * sizeof *ret);
    return err;
}

enum ambit_err tree_inclusion(struct store_txn *txn, uint64_t index, uint64_t size,
                              struct tree_proof *ret)
{
    struct stored stored = {.txn = txn, .size = size};
    const struct tree_tiles tiles = {.ctx = &stored, .read = read_stored};
    return tree_inclusion_from(&tiles, index, size, ret);
}

enum ambit_err tree_consistency(struct store_txn *txn, uint64_t old_size, uint64_t size,
                                struct tree_proof *ret)
{
    struct stored stored = {.txn = txn, .size = size};
    const struct tree_tiles tiles = {.ctx = &stored, .read = read_stored};
    return tree_consistency_from(&tiles, old_size, size, ret);
}

enum ambit_err tree_root_at(struct store_txn *txn, uint64_t at, uint64_t size,
                            struct ambit_digest *ret)
{
    struct stored stored = {.txn = txn, .size = size};
    const struct tree_tiles tiles = {.ctx = &stored, .read = read_stored};
    return tree_root_from(&tiles, at, size, ret);
}
