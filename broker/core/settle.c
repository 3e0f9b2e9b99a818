/* SPDX-License-Identifier: Apache-2.0 */
/* See settle.h. */
#include "core/settle.h"

#include "core/approval.h"
#include "core/decided.h"
#include "core/due.h"
#include "core/incident.h"
#include "core/outcome.h"
#include "core/tick.h"

/* ---- outage -------------------------------------------------------------------------------- */

/* Reports cannot be taken, or their time is not known. */
static bool is_outage(struct broker *broker)
{
    struct store_space space;
    store_space(broker->store, &space);
    return space.is_last_reserve || writer_state(broker->writer) == WRITER_CLOCK;
}

/* Recorded when it matters: while an outcome is owed. Later ones begin with it behind them. */
static AMBIT_CHECKED enum ambit_err record_outage(struct broker *broker, struct store_txn *txn,
                                                  int64_t now_ms, int64_t outage_ms)
{
    struct due due;
    struct command command;
    struct event event;
    enum ambit_err err = due_first(txn, DUE_OUTCOME, &due);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    command_init(&command, broker, NULL, NULL);
    err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, EVENT_BROKER_OUTAGE);
    event.outage_ms = outage_ms;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    return err;
}

/* *ret_goes_on: reports can be taken now. */
static AMBIT_CHECKED enum ambit_err judge_outage(struct broker *broker, struct store_txn *txn,
                                                 int64_t now_ms, bool *ret_goes_on)
{
    struct settle *settle = &broker->settle;
    *ret_goes_on = !is_outage(broker);
    if (!*ret_goes_on) {
        settle->next.was_outage = true;
        return AMBIT_OK;
    }
    int64_t gap_ms = now_ms - settle->next.able_ms;
    bool is_one = gap_ms > 0 && (settle->next.was_outage || gap_ms > OUTAGE_LEAST_MS);
    settle->next.able_ms = now_ms;
    settle->next.was_outage = false;
    return is_one ? record_outage(broker, txn, now_ms, gap_ms) : AMBIT_OK;
}

/* ---- what fell due ------------------------------------------------------------------------- */

/* The first due at `now`; NOT_FOUND: none. */
static AMBIT_CHECKED enum ambit_err next_due(struct store_txn *txn, enum due_kind kind,
                                             int64_t now_ms, struct due *ret)
{
    enum ambit_err err = due_first(txn, kind, ret);
    return err == AMBIT_OK && ret->when_ms > now_ms ? AMBIT_ERR_NOT_FOUND : err;
}

static AMBIT_CHECKED enum ambit_err settle_outcomes(struct broker *broker, struct store_txn *txn,
                                                    int64_t now_ms)
{
    struct due due;
    enum ambit_err err = AMBIT_OK;
    for (size_t n = 0; err == AMBIT_OK; n++) {
        err = next_due(txn, DUE_OUTCOME, now_ms - broker->batch.head.outage_ms, &due);
        if (err == AMBIT_OK && (n == SETTLE_OUTCOMES || store_txn_is_large(txn)))
            broker->batch.is_behind = true;
        if (err != AMBIT_OK || broker->batch.is_behind)
            break;
        err = outcome_unaccounted(broker, txn, now_ms, due.id);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err settle_incidents(struct broker *broker, struct store_txn *txn,
                                                     int64_t now_ms)
{
    struct due due;
    enum ambit_err err = AMBIT_OK;
    for (size_t n = 0; err == AMBIT_OK && n < SETTLE_INCIDENTS; n++) {
        err = next_due(txn, DUE_INCIDENT, now_ms, &due);
        if (err == AMBIT_OK)
            err = incident_escalate(broker, txn, now_ms, due.id);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err settle_approvals(struct broker *broker, struct store_txn *txn,
                                                     int64_t now_ms)
{
    struct due due;
    enum ambit_err err = AMBIT_OK;
    for (size_t n = 0; err == AMBIT_OK && n < SETTLE_APPROVALS; n++) {
        err = next_due(txn, DUE_APPROVAL, now_ms, &due);
        if (err == AMBIT_OK)
            err = approval_lapse(broker, txn, now_ms, due.id);
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

/* When something is due next, for the tick. */
static AMBIT_CHECKED enum ambit_err look_ahead(struct broker *broker, struct store_txn *txn)
{
    int64_t first_ms = INT64_MAX;
    for (int kind = DUE_OUTCOME; kind <= DUE_APPROVAL; kind++) {
        struct due due;
        enum ambit_err err = due_first(txn, (enum due_kind)kind, &due);
        if (err == AMBIT_ERR_NOT_FOUND)
            continue;
        if (err != AMBIT_OK)
            return err;
        int64_t when_ms = due.when_ms + (kind == DUE_OUTCOME ? broker->batch.head.outage_ms : 0);
        if (when_ms < first_ms)
            first_ms = when_ms;
    }
    broker->settle.next.due_ms = first_ms;
    return AMBIT_OK;
}

enum ambit_err settle_batch(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    bool goes_on = true;
    if (!atomic_load(&broker->is_open) || broker->batch.is_settled)
        return AMBIT_OK;
    enum ambit_err err = judge_outage(broker, txn, now_ms, &goes_on);
    bool is_due = now_ms >= broker->settle.next.due_ms; /* else the store need not be asked */
    if (err == AMBIT_OK && goes_on && is_due)
        err = settle_outcomes(broker, txn, now_ms);
    if (err == AMBIT_OK && goes_on && is_due)
        err = settle_incidents(broker, txn, now_ms);
    if (err == AMBIT_OK && goes_on && is_due) /* who uses one looks at its time anyway */
        err = settle_approvals(broker, txn, now_ms);
    if (err == AMBIT_OK && is_due)
        err = look_ahead(broker, txn);
    broker->batch.is_settled = err == AMBIT_OK;
    return err;
}

enum ambit_err settle_before(struct command *command, struct store_txn *txn)
{
    enum ambit_err err = settle_batch(command->broker, txn, command->now_ms);
    command->is_behind = command->broker->batch.is_behind;
    return err;
}

enum ambit_err settle_after(struct broker *broker, struct store_txn *txn)
{
    bool goes_on = true;
    if (!atomic_load(&broker->is_open) || broker->batch.is_settled)
        return AMBIT_OK;
    return judge_outage(broker, txn, broker->batch.head.last_now_ms, &goes_on);
}

void settle_note(struct broker *broker, int64_t due_ms)
{
    if (due_ms != 0 && due_ms < broker->settle.next.due_ms)
        broker->settle.next.due_ms = due_ms;
}

bool settle_wanted(const struct broker *broker, int64_t now_ms)
{
    return atomic_load(&broker->is_open) && now_ms >= broker->settle.kept.due_ms;
}

void settle_keep(struct broker *broker)
{
    broker->settle.kept = broker->settle.next;
}

void settle_restore(struct broker *broker)
{
    broker->settle.next = broker->settle.kept;
}
