/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion and consistency proofs (RFC 6962 sections 2.1.1, 2.1.2; MRK-1): made from tiles,
 * wherever they come from. Pure. */
#include "ambit/limits.h"
#include "ledger/tree.h"

/* Reads hashes of full subtrees; keeps the tile read last. */
struct reader {
    const struct tree_tiles *tiles;
    uint64_t size; /* of the tree that the proof is for */
    bool has_tile;
    unsigned level;
    uint64_t index;
    size_t width;
    struct ambit_digest hash[AMBIT_TILE_HASHES];
};

/* The hashes stay as they are until a tile is read. */
static void reader_init(struct reader *reader, const struct tree_tiles *tiles, uint64_t size)
{
    reader->tiles = tiles;
    reader->size = size;
    reader->has_tile = false;
}

static enum ambit_err load(struct reader *reader, unsigned level, uint64_t index)
{
    if (reader->has_tile && reader->level == level && reader->index == index)
        return AMBIT_OK;
    uint64_t left = (reader->size >> (8 * level)) - index * AMBIT_TILE_HASHES;
    reader->width = left < AMBIT_TILE_HASHES ? (size_t)left : AMBIT_TILE_HASHES;
    reader->has_tile = false;
    enum ambit_err err =
        reader->tiles->read(reader->tiles->ctx, level, index, reader->width, reader->hash);
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
    if (at + n > reader->width)
        return AMBIT_ERR_DAMAGED;
    memcpy(part, reader->hash + at, n * sizeof part[0]);
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

enum ambit_err tree_root_from(const struct tree_tiles *tiles, uint64_t at, uint64_t size,
                              struct ambit_digest *ret)
{
    __attribute__((uninitialized)) struct reader reader;
    reader_init(&reader, tiles, size);
    if (at > size)
        return AMBIT_ERR_NOT_FOUND;
    if (at > 0)
        return range_root(&reader, 0, at, ret);
    *ret = tree_root(&(struct tree_edge){.size = 0});
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

enum ambit_err tree_inclusion_from(const struct tree_tiles *tiles, uint64_t index, uint64_t size,
                                   struct tree_proof *ret)
{
    __attribute__((uninitialized)) struct reader reader;
    reader_init(&reader, tiles, size);
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

enum ambit_err tree_consistency_from(const struct tree_tiles *tiles, uint64_t old_size,
                                     uint64_t size, struct tree_proof *ret)
{
    __attribute__((uninitialized)) struct reader reader;
    reader_init(&reader, tiles, size);
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
