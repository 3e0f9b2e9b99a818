/* SPDX-License-Identifier: Apache-2.0 */
/* The cursors of a window against its entries. A cursor that lies would let an agent pass a limit,
 * or keep it from what it may do, and no event says where a cursor stands. */
#include "core/distinct.h"
#include "core/window_inside.h"

/* What the entries kept say of one cursor: how many stand from it on, their sum, and whether one
 * that it has passed is still inside. */
struct found {
    int64_t count, sum;
    bool passed_one_inside;
};

static void look(struct found *found, const struct window_cursor *cursor,
                 const struct window_chunk *chunk, uint32_t number, int64_t now_ms)
{
    for (size_t i = 0; i < chunk->n; i++) {
        struct window_entry entry = window_entry_at(chunk->entries, i);
        bool is_passed = cursor->count == 0 || number < cursor->chunk ||
                         (number == cursor->chunk && i < cursor->index);
        if (is_passed) {
            found->passed_one_inside =
                found->passed_one_inside || now_ms - entry.time_ms < cursor->within_ms;
            continue;
        }
        found->count++;
        found->sum = (int64_t)((uint64_t)found->sum + (uint64_t)entry.amount);
    }
}

/* A slot that is not used is all zero. */
static bool holds(const struct window_cursor *cursor, const struct found *found)
{
    if (cursor->within_ms == 0)
        return cursor->chunk == 0 && cursor->index == 0 && cursor->count == 0 && cursor->sum == 0;
    return cursor->count == found->count && cursor->sum == found->sum && !found->passed_one_inside;
}

enum ambit_err window_cursors_hold(struct store_txn *txn, const struct state_key *key,
                                   struct ambit_str row, int64_t now_ms, bool *ret)
{
    struct window window = {0};
    struct window_chunk chunk;
    struct found found[WINDOW_CURSORS] = {{0}};
    *ret = true;
    if (row.len >= 2 && (uint8_t)row.p[1] == WINDOW_KIND_DISTINCT)
        return distinct_cursors_hold(txn, key, row, now_ms, ret);
    if (row.len < 2 || (uint8_t)row.p[1] != WINDOW_KIND_ENTRIES)
        return AMBIT_OK;
    enum ambit_err err = window_decode((const uint8_t *)row.p, row.len, &window);
    for (uint64_t number = window.first_chunk; !err && number <= window.last_chunk; number++) {
        err = window_chunk_load(txn, key, &window, (uint32_t)number, &chunk);
        for (size_t i = 0; !err && i < WINDOW_CURSORS; i++)
            look(&found[i], &window.cursors[i], &chunk, (uint32_t)number, now_ms);
    }
    for (size_t i = 0; !err && i < WINDOW_CURSORS; i++)
        *ret = *ret && holds(&window.cursors[i], &found[i]);
    return err;
}
