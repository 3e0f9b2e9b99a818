/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of the Merkle tree in the store (TIL-2): level u8 || index u64 big-endian -> hashes. */
#pragma once

#include "ambit/base.h"
#include "ambit/limits.h"

struct store_txn;

enum { TILE_LEVELS = 8 };
struct tile {
    size_t n;
    struct ambit_digest hash[AMBIT_TILE_HASHES];
};

/* A stored tile; NOT_FOUND; DAMAGED when it is not a whole number of hashes. Level 0 is stored only
 * when full. */
AMBIT_CHECKED enum ambit_err tile_get(struct store_txn *txn, unsigned level, uint64_t index,
                                      struct tile *ret);
AMBIT_CHECKED enum ambit_err tile_put(struct store_txn *txn, unsigned level, uint64_t index,
                                      const struct tile *tile);
/* Leaf hashes as the events table has them: all of tile `index` of level 0 that there are. */
AMBIT_CHECKED enum ambit_err tile_of_events(struct store_txn *txn, uint64_t index,
                                            struct tile *ret);
/* The first `width` hashes (1 to 256) of any tile, full or partial, of a tree of `size` leaves;
 * NOT_FOUND when the tree does not reach so far. For serving tiles (TIL-1). */
AMBIT_CHECKED enum ambit_err tile_read(struct store_txn *txn, uint64_t size, unsigned level,
                                       uint64_t index, size_t width, struct tile *ret);
