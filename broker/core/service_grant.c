/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of services: given, and recognised. */
#include "core/service_grant.h"

#include "base/random.h"
#include "core/stops.h"
#include "core/vouched.h"

/* ---- giving ---- */

/* A hold of any kind that covers the service. */
static bool is_stopped(const struct stops *stops, const struct ambit_service *service,
                       const struct ambit_person *owner)
{
    for (size_t i = 0; i < stops->n; i++) {
        const struct ambit_stop_view *view = &stops->views[i];
        bool covers = false;
        switch (view->kind) {
        case AMBIT_TARGET_ALL:
            covers = true;
            break;
        case AMBIT_TARGET_OWNER:
            covers = ambit_str_eq(view->target, service->owner);
            break;
        case AMBIT_TARGET_TEAM:
            covers = owner && ambit_str_eq(view->target, owner->team);
            break;
        case AMBIT_TARGET_GRANT:
        case AMBIT_TARGET_LINEAGE:
        case AMBIT_TARGET_AGENT:
        case AMBIT_TARGET_POLICY:
        case AMBIT_TARGET_RESOURCE:
            break; /* not about services */
        }
        if (covers)
            return true;
    }
    return false;
}

static void fill_event(struct event *event, struct service_grant_command *command,
                       const struct ambit_service *service, const struct ambit_person *owner)
{
    static const struct ambit_item asked = {.action = AMBIT_STR(SERVICE_SCOPE)};
    const struct command *base = &command->base;
    int64_t end_s = base->now_ms / 1000 + command->lifetime_s;

    event_init(event, base, command->is_given ? EVENT_GRANT_ISSUED : EVENT_GRANT_REFUSED);
    event->decision = command->is_given ? AMBIT_ALLOW : AMBIT_DENY;
    event->reason = command->reason;
    event->agent = service->doc.name; /* where an agent's grant has the agent */
    event->service = service->doc.name;
    event->owner = service->owner;
    event->team = owner ? owner->team : (struct ambit_str){0};
    event->asked = &asked;
    event->n_asked = 1;
    event->audience = broker_issuer(base->broker);
    event->has_proof = true;
    event->binding = command->binding;
    event->binding_key = command->binding_key;
    if (!command->is_given)
        return;
    event->grant = command->grant;
    event->lineage = command->grant;
    event->token = command->token;
    event->expires_ms = end_s * 1000;
    event->lifetime_s = (event->expires_ms - base->now_ms) / 1000;
}

static void fill_row(struct service_grant_command *command, const struct event *event)
{
    command->row = (struct grant_row){
        .id = event->grant,
        .lineage = event->lineage,
        .seq = event->seq,
        .issued_ms = event->time_ms,
        .expires_ms = event->expires_ms,
        .token = event->token,
        .agent = event->agent,
        .owner = event->owner,
        .team = event->team,
        .audience = event->audience,
        .txn = event->txn,
        .binding = event->binding,
        .binding_key = event->binding_key,
    };
}

static AMBIT_CHECKED enum ambit_err give(struct service_grant_command *command,
                                         struct store_txn *txn)
{
    struct command *base = &command->base;
    struct broker *broker = base->broker;
    const struct ambit_documents *documents = base->documents->documents;
    const struct ambit_service *service = ambit_service_find(documents, base->caller.name);
    if (!service) {
        base->way_in_lost = true;
        return AMBIT_OK;
    }
    const struct ambit_person *owner = ambit_person_find(documents, service->owner);
    struct stops stops;
    enum ambit_err err = stops_of_batch(broker, txn, command->arena, &stops);
    if (err)
        return err;

    command->reason = AMBIT_REASON_ALLOWED;
    if (is_stopped(&stops, service, owner))
        command->reason = AMBIT_REASON_STOPPED;
    else if (!owner || !owner->is_active)
        command->reason = AMBIT_REASON_OWNER_REQUIRED;
    command->is_given = command->reason == AMBIT_REASON_ALLOWED;

    struct event event;
    fill_event(&event, command, service, owner);
    err = record_event(broker, txn, base, &event);
    if (err)
        return err;
    base->seq = event.seq;
    fill_row(command, &event);
    return AMBIT_OK;
}

static enum ambit_err service_grant_run(struct writer_job *job, struct store_txn *txn,
                                        int64_t now_ms)
{
    struct service_grant_command *command = (struct service_grant_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (!err && !base->way_in_lost)
        err = command_use_once(base, txn);
    if (err || base->way_in_lost || base->once_used)
        return err;
    return give(command, txn);
}

static void service_grant_done(struct writer_job *job, enum ambit_err err)
{
    struct service_grant_command *command = (struct service_grant_command *)(void *)job;
    struct broker *broker = command->base.broker;
    bool is_decided = !err && !command->base.way_in_lost && !command->base.once_used;
    if (is_decided)
        metrics_decided(broker, 0, command->reason);
    if (is_decided && command->is_given) {
        live_add(&broker->live, command->row.expires_ms, command->base.now_ms);
        vouched_written(broker->vouched, command->grant, command->row.parent);
    }
    command_finished(&command->base, err);
}

enum ambit_err service_grant_submit(struct service_grant_command *command)
{
    AMBIT_ASSERT(command->lifetime_s >= 1 && command->lifetime_s <= SERVICE_GRANT_LIFE_S);
    command->grant = random_id(broker_now_ms(command->base.broker));
    command->base.job.run = service_grant_run;
    command->base.job.done = service_grant_done;
    return command_submit(&command->base, WRITER_GIVES);
}

/* ---- recognising ---- */

enum ambit_err query_service_token(struct broker *broker, const struct documents_ref *documents,
                                   const struct identity_token *token, struct arena *arena,
                                   struct grant_row *ret_row, struct caller *ret)
{
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_UNKNOWN_GRANT;
    enum ambit_err err = grant_look(broker, token, arena, &row, &liveness);
    if (err)
        return err;
    if (liveness != AMBIT_LIVE || row.expires_ms <= broker_now_ms(broker))
        return AMBIT_ERR_NOT_FOUND;
    if (row.n_items != 0 || !ambit_str_eq(row.audience, broker_issuer(broker)))
        return AMBIT_ERR_NOT_FOUND;
    const struct ambit_service *service = ambit_service_find(documents->documents, row.agent);
    const struct ambit_person *owner =
        service ? ambit_person_find(documents->documents, service->owner) : NULL;
    if (!owner || !owner->is_active)
        return AMBIT_ERR_NOT_FOUND;
    *ret_row = row;
    *ret = (struct caller){
        .kind = CALLER_SERVICE, .name = service->doc.name, .method = AMBIT_METHOD_TOKEN};
    return AMBIT_OK;
}
