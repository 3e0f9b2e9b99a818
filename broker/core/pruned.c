/* SPDX-License-Identifier: Apache-2.0 */
/* The row of what was pruned: see pruned.h. */
#include "core/pruned.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"

enum { ROW_BYTES = 16 };
static const char row_key[] = "pruned";

static struct store_key key_of_row(void)
{
    return (struct store_key){row_key, sizeof row_key - 1};
}

enum ambit_err pruned_load(struct store_txn *txn, struct pruned *ret)
{
    uint8_t row[ROW_BYTES];
    size_t len = 0;
    *ret = (struct pruned){.target = 0};
    enum ambit_err err = store_get(txn, STORE_META, key_of_row(), row, sizeof row, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_TOO_LARGE ? AMBIT_ERR_DAMAGED : err;
    *ret = (struct pruned){.target = get_be64(row), .done = get_be64(row + 8)};
    return len == ROW_BYTES && ret->done <= ret->target ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static AMBIT_CHECKED enum ambit_err pruned_store(struct store_txn *txn, const struct pruned *pruned)
{
    uint8_t row[ROW_BYTES];
    put_be64(row, pruned->target);
    put_be64(row + 8, pruned->done);
    return store_put(txn, STORE_META, key_of_row(), row, sizeof row);
}

enum ambit_err pruned_event_read(const struct event *event, uint64_t *ret_first, uint64_t *ret_next)
{
    ARENA_AUTO arena;
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    int64_t first = 0, next = 0;
    arena_init(&arena, NULL, 0, 0);
    enum ambit_err err =
        json_read(event->detail, (struct json_limits){.depth = 8}, &arena, &detail, &ignored);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_DAMAGED;
    if (!json_get_i64(detail, "first", &first) || !json_get_i64(detail, "next", &next) ||
        first < 0 || next <= first || next % AMBIT_TILE_HASHES != 0 || (uint64_t)next > event->seq)
        return AMBIT_ERR_DAMAGED;
    *ret_first = (uint64_t)first;
    *ret_next = (uint64_t)next;
    return AMBIT_OK;
}

enum ambit_err apply_pruned(struct store_txn *txn, const struct event *event)
{
    struct pruned pruned;
    uint64_t first = 0, next = 0;
    enum ambit_err err = pruned_event_read(event, &first, &next);
    if (err == AMBIT_OK)
        err = pruned_load(txn, &pruned);
    if (err != AMBIT_OK)
        return err;
    if (first != pruned.target)
        return AMBIT_ERR_DAMAGED;
    pruned.target = next;
    return pruned_store(txn, &pruned);
}

bool pruned_tick_wanted(const struct broker *broker)
{
    return atomic_load(&broker->is_pruning);
}

enum ambit_err pruned_tick(struct broker *broker, struct store_txn *txn)
{
    struct pruned pruned;
    if (!atomic_load(&broker->is_pruning))
        return AMBIT_OK;
    enum ambit_err err = pruned_load(txn, &pruned);
    if (err != AMBIT_OK)
        return err;
    if (pruned.done == pruned.target) {
        atomic_store(&broker->is_pruning, false);
        return AMBIT_OK;
    }
    uint8_t from[8], to[8];
    size_t n = 0;
    bool is_late = false;
    uint64_t end = pruned.target - pruned.done > PRUNED_TICK_ROWS ? pruned.done + PRUNED_TICK_ROWS
                                                                  : pruned.target;
    put_be64(from, pruned.done);
    put_be64(to, end);
    err = store_delete_some(txn, STORE_EVENTS, (struct store_key){from, sizeof from},
                            (struct store_key){to, sizeof to}, PRUNED_TICK_ROWS, PRUNED_TICK_US, &n,
                            &is_late);
    if (err != AMBIT_OK)
        return err;
    pruned.done = is_late ? pruned.done + n : end; /* a row for each event, or fewer */
    return pruned_store(txn, &pruned);
}
