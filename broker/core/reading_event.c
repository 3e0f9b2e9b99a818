/* SPDX-License-Identifier: Apache-2.0 */
/* One event as the query files read it: out of the table, or, where it was pruned, out of its
 * segment. */
#include "core/query_internal.h"

#include "core/pruned.h"
#include "core/segment.h"
#include "ledger/tiles.h"

/* One whose row has left the store: believed by the leaf hash in the tree. */
static AMBIT_CHECKED enum ambit_err pruned_event(const struct reading *reading, uint64_t seq,
                                                 struct buf *memory, struct ledger_row *ret)
{
    struct pruned pruned;
    struct tile tile;
    enum ambit_err err = pruned_load(reading->txn, &pruned);
    if (err == AMBIT_OK && (seq >= pruned.done || reading->segments == NULL))
        err = AMBIT_ERR_DAMAGED;
    if (err == AMBIT_OK)
        err = segments_get(reading->segments, reading->txn, seq, memory, ret);
    if (err != AMBIT_OK)
        return err;
    err = tile_get(reading->txn, 0, seq / AMBIT_TILE_HASHES, &tile);
    bool is_it = err == AMBIT_OK && seq % AMBIT_TILE_HASHES < tile.n &&
                 ambit_digest_eq(tile.hash[seq % AMBIT_TILE_HASHES], ret->leaf);
    return err == AMBIT_OK && is_it ? AMBIT_OK : AMBIT_ERR_DAMAGED;
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
