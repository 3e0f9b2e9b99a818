/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one figure of history for the engine. */
#include "core/world.h"

#include "base/encode.h"
#include "core/cutoff.h"
#include "core/distinct.h"
#include "core/live_before.h"
#include "core/stops.h"
#include "core/window.h"

/* The greatest that an event can hold: what is more is as good as full. */
static const int64_t FIGURE_MAX = 9007199254740991; /* 2^53-1 */

/* How many of these are alive. */
static AMBIT_CHECKED enum ambit_err count_alive(const struct world *world,
                                                const struct window_live *list, size_t n,
                                                int64_t *alive)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        if (list[i].expires_ms <= world->now_ms)
            continue;
        ARENA_AUTO arena;
        char block[4096];
        arena_init(&arena, block, sizeof block, 0);
        struct grant_row row;
        enum ambit_liveness liveness = AMBIT_LIVE;
        err = grant_load_row(world->txn, list[i].grant, &arena, &row);
        if (err == AMBIT_OK)
            err = cutoff_liveness(world->txn, world->last_cutoff_seq, &row, &liveness);
        if (err == AMBIT_OK && liveness == AMBIT_LIVE)
            ++*alive;
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

/* Those that the limit has listed, and those that its rule gave before there was a limit. */
static AMBIT_CHECKED enum ambit_err live_grants(const struct world *world,
                                                const struct ambit_figure_query *query,
                                                const struct state_key *key, int64_t *ret)
{
    static _Thread_local struct window_live list[2 * AMBIT_LIVE_GRANTS_MAX];
    const struct window_live *before = NULL;
    size_t n = 0, n_before = 0;
    int64_t alive = 0;
    enum ambit_err err = window_live_read(world->txn, key, list, AMBIT_LEN(list), &n);
    if (err == AMBIT_OK && world->before != NULL)
        err = live_before_find(world, query, key, (struct live_listed){.v = list, .n = n}, &before,
                               &n_before);
    if (err == AMBIT_ERR_TOO_LARGE) {
        *ret = AMBIT_FIGURE_FULL;
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = count_alive(world, list, n, &alive);
    if (err == AMBIT_OK)
        err = count_alive(world, before, n_before, &alive);
    *ret = alive;
    return err;
}

static enum ambit_err figure(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    const struct world *world = ctx;
    struct state_key key = state_key_counter(query);
    struct window_figure read;
    enum ambit_err err = AMBIT_OK;
    switch (query->kind) {
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_GRANTS:
    case AMBIT_LIMIT_USES:
    case AMBIT_LIMIT_SUM:
        err =
            window_read(world->txn, &key, query->within_ms, world->now_ms, world->is_writer, &read);
        if (err == AMBIT_OK)
            *ret = read.is_full || read.sum > FIGURE_MAX ? AMBIT_FIGURE_FULL
                   : query->kind == AMBIT_LIMIT_SUM      ? read.sum
                                                         : read.count;
        return err;
    case AMBIT_LIMIT_LIVE_GRANTS:
        return live_grants(world, query, &key, ret);
    case AMBIT_LIMIT_DISTINCT:
        return distinct_read(world->txn, &key,
                             (struct window_span){.within_ms = query->within_ms,
                                                  .now_ms = world->now_ms,
                                                  .may_keep = world->is_writer},
                             (struct distinct_values){.v = query->values, .n = query->n_values},
                             ret);
    case AMBIT_LIMIT_AFTER:
        return window_latest_read(world->txn, &key, ret);
    }
    return AMBIT_ERR_INTERNAL;
}

/* ---- the live grant that a same request replaces ------------------------------------------- */

static bool has_item(const struct ambit_given *items, size_t n, const struct ambit_given *item)
{
    for (size_t i = 0; i < n; i++)
        if (ambit_str_eq(items[i].action, item->action) &&
            ambit_str_eq(items[i].resource, item->resource))
            return true;
    return false;
}

static bool holds_place(const struct grant_row *row, const struct ambit_slot *slot)
{
    for (size_t i = 0; i < row->n_items; i++)
        if (ambit_str_eq(row->items[i].policy, slot->policy) &&
            ambit_str_eq(row->items[i].rule, slot->rule))
            return true;
    return false;
}

/* The same items, in whatever order they were asked and whichever rules gave them; and it leaves a
 * place in each rule where the new one needs one. */
static bool is_same(const struct grant_row *row, const struct ambit_same_query *query)
{
    if (row->n_items != query->n_items || row->binding != query->binding ||
        !ambit_digest_eq(row->binding_key, query->binding_key) ||
        !ambit_str_eq(row->audience, query->audience))
        return false;
    for (size_t i = 0; i < row->n_items; i++)
        if (!has_item(query->items, query->n_items, &row->items[i]) ||
            !has_item(row->items, row->n_items, &query->items[i]))
            return false;
    for (size_t i = 0; i < query->n_slots; i++)
        if (!holds_place(row, &query->slots[i]))
            return false;
    return true;
}

/* Newest first over the agent's own grants; none lives longer than AMBIT_TTL_MAX_S, and a rule with
 * such a limit has at most AMBIT_LIVE_GRANTS_MAX alive. */
static enum ambit_err same_live(void *ctx, const struct ambit_same_query *query,
                                struct ambit_id *ret)
{
    const struct world *world = ctx;
    STORE_CURSOR_AUTO cursor = NULL;
    struct state_key agent = state_key_agent(query->agent);
    uint8_t bound[24];
    memcpy(bound, agent.b, 16);
    memset(bound + 16, 0xff, 8);
    *ret = (struct ambit_id){{0}};
    enum ambit_err err = store_cursor_open(world->txn, STORE_AGENT_GRANTS, &cursor);
    enum store_seek seek = STORE_BEFORE;
    struct ambit_str key, value;
    for (size_t i = 0; err == AMBIT_OK && i < 2 * AMBIT_LIVE_GRANTS_MAX;
         i++, seek = STORE_PREVIOUS) {
        err =
            store_cursor_move(cursor, seek, (struct store_key){bound, sizeof bound}, &key, &value);
        if (err != AMBIT_OK || key.len != 24 || value.len != 24 || memcmp(key.p, agent.b, 16) != 0)
            break;
        if ((int64_t)get_be64((const uint8_t *)value.p + 16) <= world->now_ms)
            continue;

        ARENA_AUTO arena;
        char block[4096];
        arena_init(&arena, block, sizeof block, 0);
        struct ambit_id id;
        struct grant_row row;
        enum ambit_liveness liveness = AMBIT_LIVE;
        memcpy(id.b, value.p, 16);
        err = grant_load_row(world->txn, id, &arena, &row);
        if (err == AMBIT_OK && is_same(&row, query)) {
            err = cutoff_liveness(world->txn, world->last_cutoff_seq, &row, &liveness);
            if (err == AMBIT_OK && liveness == AMBIT_LIVE) {
                *ret = id;
                return AMBIT_OK;
            }
        }
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static void world_fill(struct world *world, const struct ambit_stop_view *stops, size_t n)
{
    world->view = (struct ambit_world){
        .stops = stops, .n_stops = n, .ctx = world, .figure = figure, .same_live = same_live};
}

enum ambit_err world_open_batch(struct broker *broker, struct store_txn *txn, struct arena *arena,
                                int64_t now_ms, struct world *ret)
{
    struct stops stops;
    enum ambit_err err = stops_of_batch(broker, txn, arena, &stops);
    *ret = (struct world){.txn = txn,
                          .now_ms = now_ms,
                          .last_cutoff_seq = broker->batch.head.last_cutoff_seq,
                          .is_writer = true,
                          .documents = broker->batch.documents->documents,
                          .before = broker->live_before};
    world_fill(ret, stops.views, stops.n);
    return err;
}

void world_of_tables(struct store_txn *txn, int64_t now_ms, uint64_t last_cutoff_seq,
                     struct world *ret)
{
    *ret = (struct world){.txn = txn, .now_ms = now_ms, .last_cutoff_seq = last_cutoff_seq};
    world_fill(ret, NULL, 0);
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
    *ret = (struct world){.txn = txn,
                          .now_ms = now_ms,
                          .last_cutoff_seq = head.last_cutoff_seq,
                          .holds = broker_holds_acquire(broker)};
    world_fill(ret, ret->holds->views, ret->holds->n);
    return AMBIT_OK;
}

void world_close(struct world *world)
{
    store_read_end(world->txn);
    holds_release(world->holds);
}
