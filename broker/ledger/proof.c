/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion and consistency proofs (RFC 6962 sections 2.1.1, 2.1.2; MRK-1): made from tiles,
 * verified from nothing but their own bytes. */
#include "ledger/tiles.h"
#include "ledger/tree.h"

/* ---- making -------------------------------------------------------------------------------- */

/* Reads hashes of full subtrees; keeps the tile read last. */
struct reader {
    struct store_txn *txn;
    uint64_t size; /* of the tree that the proof is for */
    bool has_tile;
    unsigned level;
    uint64_t index;
    struct tile tile;
};

static enum ambit_err load(struct reader *reader, unsigned level, uint64_t index)
{
    if (reader->has_tile && reader->level == level && reader->index == index)
        return AMBIT_OK;
    uint64_t left = (reader->size >> (8 * level)) - index * AMBIT_TILE_HASHES;
    size_t width = left < AMBIT_TILE_HASHES ? (size_t)left : AMBIT_TILE_HASHES;
    reader->has_tile = false;
    enum ambit_err err = tile_read(reader->txn, reader->size, level, index, width, &reader->tile);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    reader->has_tile = true;
    reader->level = level;
    reader->index = index;
    return AMBIT_OK;
}

/* The root of the full subtree of 2^height leaves that begins at leaf `first`: of the nodes of its
 * tile level, at most 128 neighbours in one tile, joined pair by pair. */
static enum ambit_err full_root(struct reader *reader, uint64_t first, unsigned height,
                                struct ambit_digest *ret)
{
    struct ambit_digest part[AMBIT_TILE_HASHES / 2];
    unsigned level = height / 8;
    size_t n = (size_t)1 << (height % 8);
    uint64_t node = first >> (8 * level);
    enum ambit_err err = load(reader, level, node / AMBIT_TILE_HASHES);
    if (err != AMBIT_OK)
        return err;
    size_t at = node % AMBIT_TILE_HASHES;
    if (at + n > reader->tile.n)
        return AMBIT_ERR_DAMAGED;
    memcpy(part, reader->tile.hash + at, n * sizeof part[0]);
    for (; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            part[i] = tree_node(&part[2 * i], &part[2 * i + 1]);
    *ret = part[0];
    return AMBIT_OK;
}

/* MTH of the leaves [from, to), from being a multiple of a power of two not below to - from. */
static enum ambit_err range_root(struct reader *reader, uint64_t from, uint64_t to,
                                 struct ambit_digest *ret)
{
    struct ambit_digest part[TREE_LEVELS], root;
    size_t n = 0;
    for (uint64_t at = from, left = to - from; left > 0;) {
        unsigned height = 63 - (unsigned)__builtin_clzll(left);
        enum ambit_err err = full_root(reader, at, height, &part[n++]);
        if (err != AMBIT_OK)
            return err;
        at += (uint64_t)1 << height;
        left -= (uint64_t)1 << height;
    }
    AMBIT_ASSERT(n > 0);
    root = part[--n];
    while (n > 0)
        root = tree_node(&part[--n], &root);
    *ret = root;
    return AMBIT_OK;
}

/* The largest power of two below n, for n > 1. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << (63 - (unsigned)__builtin_clzll(n - 1));
}

/* The recursion goes from the root down and a proof is written from the leaf up. */
static void reverse(struct tree_proof *proof)
{
    for (size_t i = 0; i < proof->n / 2; i++) {
        struct ambit_digest one = proof->node[i];
        proof->node[i] = proof->node[proof->n - 1 - i];
        proof->node[proof->n - 1 - i] = one;
    }
}

enum ambit_err tree_inclusion(struct store_txn *txn, uint64_t index, uint64_t size,
                              struct tree_proof *ret)
{
    struct reader reader = {.txn = txn, .size = size};
    if (index >= size)
        return AMBIT_ERR_NOT_FOUND;
    ret->n = 0;
    for (uint64_t from = 0, to = size; to - from > 1;) {
        uint64_t middle = from + split(to - from);
        bool is_left = index < middle;
        enum ambit_err err = is_left ? range_root(&reader, middle, to, &ret->node[ret->n++])
                                     : range_root(&reader, from, middle, &ret->node[ret->n++]);
        if (err != AMBIT_OK)
            return err;
        if (is_left)
            to = middle;
        else
            from = middle;
    }
    reverse(ret);
    return AMBIT_OK;
}

enum ambit_err tree_consistency(struct store_txn *txn, uint64_t old_size, uint64_t size,
                                struct tree_proof *ret)
{
    struct reader reader = {.txn = txn, .size = size};
    uint64_t from = 0, to = size;
    bool is_whole = true; /* [from, old_size) is the whole old tree: its root is known */
    ret->n = 0;
    if (old_size > size || old_size == 0)
        return AMBIT_ERR_NOT_FOUND;
    while (to != old_size) {
        uint64_t middle = from + split(to - from);
        bool is_left = old_size <= middle;
        enum ambit_err err = is_left ? range_root(&reader, middle, to, &ret->node[ret->n++])
                                     : range_root(&reader, from, middle, &ret->node[ret->n++]);
        if (err != AMBIT_OK)
            return err;
        if (is_left) {
            to = middle;
        } else {
            from = middle;
            is_whole = false;
        }
    }
    if (!is_whole) {
        enum ambit_err err = range_root(&reader, from, to, &ret->node[ret->n++]);
        if (err != AMBIT_OK)
            return err;
    }
    reverse(ret);
    return AMBIT_OK;
}

/* ---- verifying ----------------------------------------------------------------------------- */

enum ambit_err tree_inclusion_verify(struct ambit_digest leaf, uint64_t index, uint64_t size,
                                     const struct ambit_digest *path, size_t n,
                                     struct ambit_digest root)
{
    if (index >= size)
        return AMBIT_ERR_REFUSED;
    uint64_t fn = index, sn = size - 1;
    struct ambit_digest r = leaf;
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return AMBIT_ERR_REFUSED;
        if (fn & 1 || fn == sn) {
            r = tree_node(&path[i], &r);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = tree_node(&r, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && ambit_digest_eq(r, root) ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* The walk of consistency over proof[1..): both roots grow from the node they have in common. */
static bool roots_follow(uint64_t fn, uint64_t sn, struct ambit_digest common,
                         const struct ambit_digest *proof, size_t n,
                         const struct ambit_digest roots[2])
{
    struct ambit_digest fr = common, sr = common;
    for (size_t i = 0; i < n; i++) {
        if (sn == 0)
            return false;
        if (fn & 1 || fn == sn) {
            fr = tree_node(&proof[i], &fr);
            sr = tree_node(&proof[i], &sr);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = tree_node(&sr, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && ambit_digest_eq(fr, roots[0]) && ambit_digest_eq(sr, roots[1]);
}

enum ambit_err tree_consistency_verify(uint64_t old_size, struct ambit_digest old_root,
                                       uint64_t size, struct ambit_digest root,
                                       const struct ambit_digest *proof, size_t n)
{
    const struct ambit_digest roots[2] = {old_root, root};
    if (old_size > size || old_size == 0)
        return AMBIT_ERR_REFUSED;
    if (old_size == size)
        return n == 0 && ambit_digest_eq(old_root, root) ? AMBIT_OK : AMBIT_ERR_REFUSED;
    if (n == 0)
        return AMBIT_ERR_REFUSED;

    uint64_t fn = old_size - 1, sn = size - 1;
    bool is_power = (old_size & (old_size - 1)) == 0;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    /* The old tree is one full subtree of the new one: its root is the common node. */
    bool holds = is_power ? roots_follow(fn, sn, old_root, proof, n, roots)
                          : roots_follow(fn, sn, proof[0], proof + 1, n - 1, roots);
    return holds ? AMBIT_OK : AMBIT_ERR_REFUSED;
}
