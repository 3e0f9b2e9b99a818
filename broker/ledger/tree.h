/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree over the events (RFC 6962 hashing, MRK-1), kept as C2SP tiles of 256 hashes
 * (TIL-2). While appending only the edge is needed: the roots of the full subtrees to the left, one
 * per set bit of the size. It lives in the head row and is loaded and stored once per batch. */
#pragma once

#include "ambit/base.h"

struct store_txn;

enum { TREE_LEVELS = 64 };
struct tree_edge {
    uint64_t size;
    struct ambit_digest node[TREE_LEVELS]; /* node[i]: root of a full subtree of 2^i leaves, where
                                              bit i of size is set */
};

struct ambit_digest tree_leaf(struct ambit_str bytes);
struct ambit_digest tree_node(const struct ambit_digest *left, const struct ambit_digest *right);
/* SHA-256 of nothing for an empty tree. */
struct ambit_digest tree_root(const struct tree_edge *edge);
/* Adds a leaf to the edge alone. node[i] of a carry that went on is kept: with 2^i dividing the new
 * size it is the root of the 2^i leaves that ended here. */
void tree_edge_add(struct tree_edge *edge, struct ambit_digest leaf);
/* Adds a leaf; when a tile becomes full it is written (level 0 from the leaf hashes in the events
 * table), and the level above gets its new hash. Partial tiles of level 0 are not stored. */
AMBIT_CHECKED enum ambit_err tree_append(struct tree_edge *edge, struct store_txn *txn,
                                         struct ambit_digest leaf);

enum { TREE_PROOF_MAX = 64 };
struct tree_proof {
    struct ambit_digest node[TREE_PROOF_MAX];
    size_t n;
};
/* Where the tiles of a tree are read from: the first `width` hashes of one (1 to 256). */
struct tree_tiles {
    void *ctx;
    enum ambit_err (*read)(void *ctx, unsigned level, uint64_t index, size_t width,
                           struct ambit_digest *ret);
};
AMBIT_CHECKED enum ambit_err tree_inclusion_from(const struct tree_tiles *tiles, uint64_t index,
                                                 uint64_t size, struct tree_proof *ret);
AMBIT_CHECKED enum ambit_err tree_consistency_from(const struct tree_tiles *tiles,
                                                   uint64_t old_size, uint64_t size,
                                                   struct tree_proof *ret);
AMBIT_CHECKED enum ambit_err tree_root_from(const struct tree_tiles *tiles, uint64_t at,
                                            uint64_t size, struct ambit_digest *ret);
/* The same from tiles and events of the store. */
AMBIT_CHECKED enum ambit_err tree_inclusion(struct store_txn *txn, uint64_t index, uint64_t size,
                                            struct tree_proof *ret);
AMBIT_CHECKED enum ambit_err tree_consistency(struct store_txn *txn, uint64_t old_size,
                                              uint64_t size, struct tree_proof *ret);
/* The root that the first `at` leaves of a tree of `size` have, from tiles and events: as much work
 * as a proof. */
AMBIT_CHECKED enum ambit_err tree_root_at(struct store_txn *txn, uint64_t at, uint64_t size,
                                          struct ambit_digest *ret);
/* Verification, pure. REFUSED when it does not hold. */
AMBIT_CHECKED enum ambit_err tree_inclusion_verify(struct ambit_digest leaf, uint64_t index,
                                                   uint64_t size, const struct ambit_digest *path,
                                                   size_t n, struct ambit_digest root);
AMBIT_CHECKED enum ambit_err tree_consistency_verify(uint64_t old_size,
                                                     struct ambit_digest old_root, uint64_t size,
                                                     struct ambit_digest root,
                                                     const struct ambit_digest *proof, size_t n);
