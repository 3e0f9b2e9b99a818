/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/signals. */
#include "core/signal.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "core/heard.h"
#include "core/settle.h"

/* Whose signal it is: the agent named, or the one whose grant is named. False: there is none. */
static AMBIT_CHECKED enum ambit_err find_agent(struct signal_command *command,
                                               struct store_txn *txn, struct event *event,
                                               bool *ret)
{
    const struct ambit_documents *documents = command->base.documents->documents;
    struct grant_row row;
    *ret = false;
    event->agent = command->agent;
    if (!ambit_id_is_none(command->grant)) {
        enum ambit_err err = grant_load_row(txn, command->grant, command->arena, &row);
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
        event->agent = row.agent;
        event->grant = row.id;
        event->lineage = row.lineage;
        event->parent = row.parent;
    }
    const struct ambit_agent *agent = ambit_agent_find(documents, event->agent);
    if (agent == NULL)
        return AMBIT_OK;
    const struct ambit_person *owner = ambit_person_find(documents, agent->owner);
    event->owner = agent->owner;
    event->team = owner != NULL ? owner->team : (struct ambit_str){0};
    *ret = true;
    return AMBIT_OK;
}

/* Whether a stop of the agent's policies names this signal and its sender, though it does nothing
 * now: while its hold lasts it does not fire again. */
static bool is_listened(const struct signal_command *command, const struct event *event)
{
    const struct ambit_documents *documents = command->base.documents->documents;
    const struct ambit_agent *agent = ambit_agent_find(documents, event->agent);
    for (size_t p = 0; agent != NULL && p < agent->policies.n; p++) {
        const struct ambit_policy *policy = ambit_policy_find(documents, agent->policies.v[p]);
        for (size_t s = 0; policy != NULL && s < policy->n_hard_stops; s++) {
            const struct ambit_hard_stop *stop = &policy->hard_stops[s];
            if (stop->on != AMBIT_ON_SIGNAL || !ambit_str_eq(stop->signal, command->signal))
                continue;
            bool needs_grant = stop->by == AMBIT_BY_GRANT || stop->by == AMBIT_BY_LINEAGE;
            for (size_t i = 0; i < stop->from.n; i++)
                if (ambit_str_eq(stop->from.v[i], event->service) &&
                    !(needs_grant && ambit_id_is_none(event->grant)))
                    return true;
        }
    }
    return false;
}

static enum ambit_err signal_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct signal_command *command = (struct signal_command *)(void *)job;
    struct command *base = &command->base;
    struct event event;
    struct heard heard;
    bool is_known = false;
    enum ambit_err err = command_begin(base, now_ms);
    if (err == AMBIT_OK && !base->way_in_lost)
        err = command_use_once(base, txn);
    if (err == AMBIT_OK && !base->way_in_lost && !base->once_used)
        err = settle_before(base, txn);
    if (err != AMBIT_OK || base->way_in_lost || base->once_used || base->is_behind)
        return err;
    event_init(&event, base, EVENT_SIGNAL_RECEIVED);
    err = find_agent(command, txn, &event, &is_known);
    command->is_unknown = !is_known;
    if (err != AMBIT_OK || !is_known)
        return err;
    event.service = base->caller.name;
    event.signal = command->signal;
    event.words = command->detail;
    struct ambit_grant_view grant = {.id = event.grant};
    struct ambit_event_question question = {.kind = AMBIT_EVENT_SIGNAL,
                                            .agent = event.agent,
                                            .grant = ambit_id_is_none(event.grant) ? NULL : &grant,
                                            .signal = command->signal,
                                            .from = base->caller.name};
    err = heard_record(base->broker, txn, base, &question, &event, command->arena, &heard);
    bool was_recorded = heard.is_heard;
    heard.is_heard = event.heard = heard.is_heard || is_listened(command, &event);
    if (err == AMBIT_OK && !was_recorded &&
        (heard.is_heard || unheard_tell(&base->broker->unheard, base->caller.name, now_ms)))
        err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    command->is_heard = heard.is_heard;
    command->trips = heard.trips;
    command->n_trips = heard.n_trips;
    return err;
}

enum ambit_err signal_submit(struct signal_command *command)
{
    command->base.job.run = signal_run;
    return command_submit(&command->base, WRITER_RECORDS);
}

enum ambit_err signal_tick(struct broker *broker, struct store_txn *txn, int64_t now_ms)
{
    struct unheard_slot *slot = NULL;
    while ((slot = unheard_due(&broker->unheard, now_ms)) != NULL) {
        struct command command;
        struct event event;
        BUF_AUTO detail;
        struct json_out out;
        buf_init(&detail, 0);
        json_out_init(&out, &detail, true);
        json_begin_object(&out);
        json_key(&out, "count");
        json_i64(&out, (int64_t)slot->count);
        json_end_object(&out);
        command_init(&command, broker, NULL, NULL);
        enum ambit_err err = buf_check(&detail);
        if (err == AMBIT_OK)
            err = command_begin(&command, now_ms);
        if (err != AMBIT_OK)
            return err;
        event_init(&event, &command, EVENT_SIGNAL_RECEIVED);
        event.service = (struct ambit_str){slot->service, slot->len};
        event.detail = buf_str(&detail);
        err = record_event(broker, txn, &command, &event);
        command_release(&command);
        if (err != AMBIT_OK)
            return err;
        unheard_free(&broker->unheard, slot);
    }
    return AMBIT_OK;
}
