/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the two lists together; where none is pending, which is nearly always, the stored one is
 * lent as it is. */
#include "core/stops.h"

#include "base/arena.h"

static AMBIT_CHECKED enum ambit_err join(const struct holds *held,
                                         const struct ambit_stop_view *pending, size_t n_pending,
                                         struct arena *arena, struct stops *ret)
{
    ret->views = held->views;
    ret->n = held->n;
    if (n_pending == 0)
        return AMBIT_OK;

    struct ambit_stop_view *both = arena_array(arena, held->n + n_pending, sizeof *both);
    if (both == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (held->n > 0)
        memcpy(both, held->views, held->n * sizeof *both);
    memcpy(both + held->n, pending, n_pending * sizeof *both);
    ret->views = both;
    ret->n = held->n + n_pending;
    return AMBIT_OK;
}

enum ambit_err stops_of_batch(struct broker *broker, struct store_txn *txn, struct arena *arena,
                              struct stops *ret)
{
    const struct holds *held = NULL;
    struct ambit_stop_view *pending = NULL;
    size_t n = 0;
    *ret = (struct stops){0};
    enum ambit_err err = batch_holds(broker, txn, &held);
    if (err == AMBIT_OK)
        err = pending_views(&broker->pending, arena, &pending, &n);
    return err == AMBIT_OK ? join(held, pending, n, arena, ret) : err;
}

enum ambit_err stops_now(struct broker *broker, struct arena *arena, struct stops *ret)
{
    struct ambit_stop_view *pending = NULL;
    size_t n = 0;
    *ret = (struct stops){0};
    /* INVARIANT: the pending ones first. A stop leaves them once it is published among the held;
     * read the other way round it could be missed in both. */
    enum ambit_err err = pending_views(&broker->pending, arena, &pending, &n);
    if (err != AMBIT_OK)
        return err;
    ret->holds = broker_holds_acquire(broker);
    return join(ret->holds, pending, n, arena, ret);
}

void stops_done(struct stops *stops)
{
    holds_release(stops->holds);
    stops->holds = NULL;
}
