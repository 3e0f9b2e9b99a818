/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles against tiles: the hash of a full tile stands in the one above it; what is left of each
 * level at the right edge makes up the root (TIL-2, RFC 6962 section 2.1). */
#include "ledger/log_verify_internal.h"
#include "ledger/tile_path.h"

enum { HASH = sizeof(struct ambit_digest) };

enum ambit_err log_read_tile(struct log_verify *verify, unsigned level, uint64_t index,
                             struct log_hashes *ret)
{
    size_t width = log_tile_width(verify->checkpoint.size, level, index);
    char path[LOG_PATH_MAX];
    log_tile_path(&(struct tile_path){.level = level, .index = index, .width = (unsigned)width},
                  path);
    buf_reset(&verify->scratch);
    ret->n = 0;
    enum ambit_err err = log_get(verify, path, LOG_TILE_WIDTH * HASH, &verify->scratch);
    if (err != AMBIT_OK)
        return err;
    if (verify->scratch.len != width * HASH) {
        log_problem(verify, NULL, path, "is not the %zu hashes it must be", width);
        return AMBIT_ERR_DAMAGED;
    }
    ret->n = width;
    memcpy(ret->hash, verify->scratch.p, width * HASH);
    return AMBIT_OK;
}

/* `n` is a power of two. */
static struct ambit_digest root_of(const struct ambit_digest *hash, size_t n)
{
    struct ambit_digest part[LOG_TILE_WIDTH];
    memcpy(part, hash, n * sizeof part[0]);
    for (; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            part[i] = tree_node(&part[2 * i], &part[2 * i + 1]);
    return part[0];
}

/* The full subtrees of a tile that is not full, from the left: one per set bit of its width. */
static void take_edge(struct log_verify *verify, unsigned level, const struct log_hashes *tile)
{
    size_t at = 0;
    for (unsigned bit = 8; bit-- > 0;) {
        size_t n = (size_t)1 << bit;
        if ((tile->n & n) == 0)
            continue;
        verify->edge.node[8 * level + bit] = root_of(tile->hash + at, n);
        at += n;
    }
}

static AMBIT_CHECKED enum ambit_err need_upper(struct log_verify *verify, unsigned level,
                                               uint64_t index)
{
    if (verify->upper_level == level && verify->upper_index == index)
        return verify->upper.n > 0 ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
    verify->upper_level = level;
    verify->upper_index = index;
    return log_read_tile(verify, level, index, &verify->upper);
}

enum ambit_err log_take_tile(struct log_verify *verify, unsigned level, uint64_t index,
                             const struct log_hashes *tile)
{
    if (tile->n < LOG_TILE_WIDTH) {
        take_edge(verify, level, tile);
        return AMBIT_OK;
    }
    uint64_t above = index / LOG_TILE_WIDTH;
    size_t at = index % LOG_TILE_WIDTH;
    struct ambit_digest root = root_of(tile->hash, LOG_TILE_WIDTH);
    enum ambit_err err = need_upper(verify, level + 1, above);
    if (err != AMBIT_OK)
        return log_is_ours(err) ? err : AMBIT_OK; /* told when it was read */
    if (at < verify->upper.n && ambit_digest_eq(verify->upper.hash[at], root))
        return AMBIT_OK;
    char path[LOG_PATH_MAX];
    log_tile_path(&(struct tile_path){.level = level, .index = index, .width = LOG_TILE_WIDTH},
                  path);
    log_problem(verify, NULL, path, "does not have the hash that the tile above it gives");
    return AMBIT_OK;
}

enum ambit_err log_verify_tiles(struct log_verify *verify)
{
    uint64_t size = verify->checkpoint.size;
    struct log_hashes tile;
    enum ambit_err err = AMBIT_OK;
    for (unsigned level = 1; level < LOG_TILE_LEVELS && size >> (8 * level) > 0; level++) {
        for (uint64_t i = 0;
             err == AMBIT_OK && !log_gives_up(verify) && log_tile_width(size, level, i) > 0; i++) {
            err = log_read_tile(verify, level, i, &tile);
            if (err == AMBIT_OK)
                err = log_take_tile(verify, level, i, &tile);
            else if (!log_is_ours(err))
                err = AMBIT_OK;
        }
    }
    if (err != AMBIT_OK)
        return err;
    verify->edge.size = size;
    verify->report->root = tree_root(&verify->edge);
    if (!ambit_digest_eq(verify->report->root, verify->checkpoint.root))
        log_problem(verify, NULL, "checkpoint",
                    "the events do not have the root that the checkpoint gives");
    return AMBIT_OK;
}
