/* SPDX-License-Identifier: Apache-2.0 */
/* One event as the query files read it: out of the table, or, where it was pruned, out of its
 * segment. */
#include "core/query_internal.h"

#include "core/pruned.h"
#include "core/segment.h"
#include "ledger/tiles.h"

/* The tree has it, whatever became of the segment. */
static AMBIT_CHECKED enum ambit_err pruned_leaf(const struct reading *reading, uint64_t seq,
                                                struct ambit_digest *ret)
{
    struct pruned pruned;
    struct tile tile;
    size_t at = seq % AMBIT_TILE_HASHES;
    enum ambit_err err = pruned_load(reading->txn, &pruned);
    if (err == AMBIT_OK && seq >= pruned.done)
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        err = tile_get(reading->txn, 0, seq / AMBIT_TILE_HASHES, &tile);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (at >= tile.n)
        return AMBIT_ERR_DAMAGED;
    *ret = tile.hash[at];
    return AMBIT_OK;
}

/* One whose row has left the store: believed by the leaf hash in the tree. */
static AMBIT_CHECKED enum ambit_err pruned_event(const struct reading *reading, uint64_t seq,
                                                 struct buf *memory, struct ledger_row *ret)
{
    struct ambit_digest leaf;
    enum ambit_err err = pruned_leaf(reading, seq, &leaf);
    if (err == AMBIT_OK && reading->segments == NULL)
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        err = segments_get(reading->segments, reading->txn, seq, memory, ret);
    if (err == AMBIT_OK && !ambit_digest_eq(leaf, ret->leaf))
        err = AMBIT_ERR_DAMAGED;
    return err;
}

enum ambit_err reading_leaf(const struct reading *reading, uint64_t seq, struct ambit_digest *ret)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct ledger_row row;
    enum ambit_err err = ledger_get(reading->txn, seq, &memory, &row);
    if (err == AMBIT_OK)
        *ret = row.leaf;
    return err == AMBIT_ERR_NOT_FOUND ? pruned_leaf(reading, seq, ret) : err;
}

uint64_t reading_pruned_to(const struct reading *reading)
{
    struct pruned pruned;
    return pruned_load(reading->txn, &pruned) == AMBIT_OK ? pruned.done : 0;
}

enum ambit_err reading_row(const struct reading *reading, uint64_t seq, struct buf *memory,
                           struct ledger_row *ret)
{
    buf_reset(memory);
    enum ambit_err err = ledger_get(reading->txn, seq, memory, ret);
    return err == AMBIT_ERR_NOT_FOUND ? pruned_event(reading, seq, memory, ret) : err;
}

enum ambit_err reading_event(const struct reading *reading, uint64_t seq, struct buf *memory,
                             struct arena *arena, struct ledger_row *ret_row, struct event *ret)
{
    if (reading->known != NULL && reading->known(reading->known_ctx, seq, ret_row, ret))
        return AMBIT_OK;
    enum ambit_err err = reading_row(reading, seq, memory, ret_row);
    return err == AMBIT_OK ? event_decode(ret_row->bytes, ret_row->opening, arena, ret) : err;
}

enum ambit_err reading_event_if(const struct reading *reading, uint64_t seq, struct buf *memory,
                                struct arena *arena, struct event *ret)
{
    struct ledger_row row;
    enum ambit_err err = reading_event(reading, seq, memory, arena, &row, ret);
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    *ret = (struct event){.seq = seq};
    return AMBIT_OK;
}
