/* SPDX-License-Identifier: Apache-2.0 */
/* Events of outcomes -> their rows, their deadlines, and what enters history when it is done. */
#include "core/apply_outcome.h"

#include "base/arena.h"
#include "core/due.h"
#include "core/outcome_row.h"
#include "core/window.h"

static struct due due_of(const struct outcome_row *row)
{
    return (struct due){.when_ms = row->due_uptime_ms, .id = row->id};
}

enum ambit_err apply_owed(struct store_txn *txn, const struct head *head, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row = {
        .id = event->id,
        .grant = event->grant,
        .lineage = event->lineage,
        .parent = event->parent,
        .seq = event->seq,
        .time_ms = event->time_ms,
        .due_ms = event->outcome_due_ms,
        .due_uptime_ms = event->outcome_due_ms - head->outage_ms,
        .agent = event->agent,
        .owner = event->owner,
        .team = event->team,
        .service = event->service,
        .audience = event->audience,
        .policy = event->policy,
        .rule = event->rule,
        .action = event->action,
        .resource = event->resource,
        .digest = event->digest,
        .counts = arena_array(&arena, event->n_counts + 1, sizeof *row.counts),
    };
    if (row.counts == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < event->n_counts; i++)
        if (event->counts[i].when_done)
            row.counts[row.n_counts++] = event->counts[i];
    enum ambit_err err = outcome_row_store(txn, &row);
    return err == AMBIT_OK ? due_put(txn, DUE_OUTCOME, due_of(&row)) : err;
}

/* What the action stands for in history, at its own time. */
static AMBIT_CHECKED enum ambit_err enter_done(struct store_txn *txn, struct outcome_row *row)
{
    for (size_t i = 0; i < row->n_counts; i++) {
        const struct event_count *count = &row->counts[i];
        struct ambit_figure_query query = {.policy = count->policy,
                                           .id = count->id,
                                           .is_stop = count->is_stop,
                                           .kind = count->kind,
                                           .field = count->field,
                                           .by = count->by,
                                           .key = count->key};
        struct state_key key = state_key_counter(&query);
        enum ambit_err err = window_latest_add(txn, &key, row->time_ms, count->keep_ms);
        if (err != AMBIT_OK)
            return err;
    }
    row->n_counts = 0;
    return AMBIT_OK;
}

/* The first report of an action that owed none. */
static struct outcome_row row_of_report(const struct event *event)
{
    return (struct outcome_row){.id = event->cause,
                                .grant = event->grant,
                                .lineage = event->lineage,
                                .parent = event->parent,
                                .agent = event->agent,
                                .owner = event->owner,
                                .team = event->team,
                                .service = event->service,
                                .audience = event->audience,
                                .policy = event->policy,
                                .rule = event->rule,
                                .action = event->action,
                                .resource = event->resource,
                                .digest = event->digest};
}

/* The service's word alone says that it is done: an agent's own would unlock what waits for it. */
enum ambit_err apply_outcome(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row;
    enum outcome outcome = OUTCOME_NONE;
    enum ambit_err err = outcome_row_load(txn, event->cause, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND && event->outcome_due_ms == 0) {
        row = row_of_report(event);
        err = AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = outcome_parse(event->outcome, &outcome);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_DAMAGED : err;

    bool is_service = ambit_str_is(event->reported_by, "service");
    bool is_first = row.by_service.outcome == OUTCOME_NONE && row.by_agent.outcome == OUTCOME_NONE;
    struct outcome_report *report = is_service ? &row.by_service : &row.by_agent;
    if (report->outcome != OUTCOME_NONE)
        return AMBIT_ERR_DAMAGED;
    *report = (struct outcome_report){.outcome = outcome, .seq = event->seq};
    if (is_first && !row.is_unaccounted && row.due_ms != 0)
        err = due_remove(txn, DUE_OUTCOME, due_of(&row));
    if (err == AMBIT_OK && is_service && outcome == OUTCOME_SUCCEEDED)
        err = enter_done(txn, &row);
    return err == AMBIT_OK ? outcome_row_store(txn, &row) : err;
}

enum ambit_err apply_unaccounted(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row;
    enum ambit_err err = outcome_row_load(txn, event->cause, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    row.is_unaccounted = true;
    err = due_remove(txn, DUE_OUTCOME, due_of(&row));
    return err == AMBIT_OK ? outcome_row_store(txn, &row) : err;
}
