/* SPDX-License-Identifier: Apache-2.0 */
/* See heard.h. */
#include "core/heard.h"

#include "base/arena.h"
#include "core/cutoff.h"
#include "core/decided.h"
#include "core/world.h"

/* Asks the engine. *ret_decided: it could be judged. */
static AMBIT_CHECKED enum ambit_err ask(struct broker *broker, struct store_txn *txn,
                                        struct command *command,
                                        const struct ambit_event_question *question,
                                        struct arena *arena, bool *ret_decided)
{
    struct world world;
    struct grant_row row;
    struct ambit_grant_view view;
    struct ambit_event_question asked = *question;
    enum ambit_err err = world_open_batch(broker, txn, arena, command->now_ms, &world);
    if (err == AMBIT_OK && asked.grant != NULL) {
        err = grant_load(txn, asked.grant->id, arena, &row);
        if (err == AMBIT_OK)
            grant_row_view(&row, &view);
        asked.grant = &view;
        if (err == AMBIT_ERR_NOT_FOUND) {
            asked.grant = NULL;
            err = AMBIT_OK;
        }
    }
    if (err != AMBIT_OK)
        return err;
    asked.now_ms = command->now_ms;
    err = ambit_decide_event(command->documents->set, &asked, &world.view, broker->decision);
    *ret_decided = err == AMBIT_OK;
    if (err == AMBIT_ERR_TOO_LARGE)
        LOG(LOG_ERROR, "an event could not be judged: it is recorded without what would follow");
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_TOO_LARGE ? AMBIT_OK : err;
}

enum ambit_err heard_record(struct broker *broker, struct store_txn *txn, struct command *command,
                            const struct ambit_event_question *question, struct event *event,
                            struct arena *arena, struct heard *ret)
{
    struct ambit_decision *decision = broker->decision;
    struct decided decided;
    struct event judged = *event;
    bool is_decided = false;
    *ret = (struct heard){0};
    enum ambit_err err = ask(broker, txn, command, question, arena, &is_decided);
    if (err == AMBIT_OK && is_decided)
        err = decided_copy(decision, arena, &decided);
    if (err == AMBIT_OK && is_decided) {
        ret->is_heard =
            decision->n_charges + decision->n_trips + decision->n_figures + decision->n_used_stops >
            0;
        judged.heard = ret->is_heard && event->type == EVENT_SIGNAL_RECEIVED;
        err = event_of_decision(&judged, decision, &decided, arena);
        judged.decision = EVENT_DECISION_NONE; /* nothing was asked */
        judged.policy = event->policy;
        judged.digest = event->digest;
        judged.rule = event->rule;
        judged.member = event->member;
    }
    if (err != AMBIT_OK || (!ret->is_heard && event->type == EVENT_SIGNAL_RECEIVED))
        return err;
    err = record_event(broker, txn, command, &judged);
    if (record_cannot_hold(err) && is_decided) {
        is_decided = false;
        err = record_event(broker, txn, command, event);
        judged = *event;
    }
    *event = judged;
    if (err != AMBIT_OK || !is_decided)
        return err;
    ret->trips = decided.trips;
    ret->n_trips = decided.n_trips;
    return trips_raise(broker, txn, command, event, decision);
}
