/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one figure of history for the engine. */
#include "core/world.h"

#include "core/cutoff.h"
#include "core/holds.h"
#include "core/internal.h"
#include "core/window.h"

/* A figure no limit lets through: the window holds all it may. */
static const int64_t FIGURE_FULL = INT64_MAX / 4;

static AMBIT_CHECKED enum ambit_err live_grants(const struct world *world, const struct state_key *key, int64_t *ret)
{
    static _Thread_local struct window_live list[2 * AMBIT_LIVE_GRANTS_MAX];
    size_t n = 0;
    int64_t alive = 0;
    enum ambit_err err = window_live_read(world->txn, key, list, AMBIT_LEN(list), &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (list[i].expires_ms <= world->now_ms)
            continue;
        ARENA_AUTO arena;
        char block[4096];
        arena_init(&arena, block, sizeof block, 0);
        struct grant_row row;
        enum ambit_liveness liveness = AMBIT_LIVE;
        err = grant_load(world->txn, list[i].grant, &arena, &row);
        if (err == AMBIT_OK)
            err = cutoff_liveness(world->txn, world->last_cutoff_seq, &row, &liveness);
        if (err == AMBIT_OK && liveness == AMBIT_LIVE)
            alive++;
    }
    *ret = alive;
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static enum ambit_err figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    const struct world *world = ctx;
    struct state_key key = state_key_counter(query);
    struct window_figure read;
    enum ambit_err err = AMBIT_OK;
    switch (query->kind) {
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_USES:
    case AMBIT_LIMIT_SUM:
        err = window_read(world->txn, &key, query->within_ms, world->now_ms, world->is_writer, &read);
        if (err == AMBIT_OK)
            *ret = read.is_full ? FIGURE_FULL : query->kind == AMBIT_LIMIT_SUM ? read.sum : read.count;
        return err;
    case AMBIT_LIMIT_LIVE_GRANTS:
        return live_grants(world, &key, ret);
    case AMBIT_LIMIT_DISTINCT:
    case AMBIT_LIMIT_GRANTS:
        return AMBIT_ERR_UNSUPPORTED;
    }
    return AMBIT_ERR_INTERNAL;
}

void world_init(struct world *world, struct store_txn *txn, const struct holds *holds, uint64_t last_cutoff_seq, int64_t now_ms)
{
    *world = (struct world){.txn = txn, .now_ms = now_ms, .last_cutoff_seq = last_cutoff_seq, .is_writer = true};
    world->view = (struct ambit_world){.stops = holds->views, .n_stops = holds->n, .ctx = world, .figure = figure};
}

enum ambit_err world_open_read(struct broker *broker, int64_t now_ms, struct world *ret)
{
    struct store_txn *txn = NULL;
    struct head head;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err == AMBIT_OK)
        err = head_load(txn, &head);
    if (err != AMBIT_OK) {
        store_read_end(txn);
        return err;
    }
    struct holds *holds = broker_holds_acquire(broker);
    world_init(ret, txn, holds, head.last_cutoff_seq, now_ms);
    ret->is_writer = false;
    ret->holds = holds;
    return AMBIT_OK;
}

void world_close(struct world *world)
{
    store_read_end(world->txn);
    holds_release(world->holds);
}
