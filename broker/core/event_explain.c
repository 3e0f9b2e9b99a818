/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded decision made again from its own inputs: the documents it names by digest, the figures
 * and stops it wrote down. The record need not carry the list of checks: the engine derives it. */
#include "core/event_json.h"

#include "base/addr.h"
#include "base/arena.h"
#include "base/json_read.h"
#include "core/context.h"
#include "core/internal.h"

static AMBIT_CHECKED enum ambit_err documents_of(struct broker *broker, struct store_txn *txn,
                                                 const struct ambit_digest *digest,
                                                 struct documents_ref **ret)
{
    struct documents_ref *now = broker_documents_acquire(broker);
    if (ambit_digest_eq(now->documents->digest, *digest)) {
        *ret = now;
        return AMBIT_OK;
    }
    broker_documents_release(now);
    return documents_load(txn, digest, ret);
}

static struct ambit_addr_view source_of(struct ambit_str text)
{
    struct ambit_addr_view view = {0};
    struct addr addr;
    if (text.p != NULL && addr_decode(text, &addr) == AMBIT_OK) {
        view.family = addr.family;
        memcpy(view.b, addr.b, sizeof view.b);
    }
    return view;
}

static enum ambit_approval_state approval_of(const struct event *event)
{
    return ambit_str_is(event->approved, "given")      ? AMBIT_APPROVAL_GIVEN
           : ambit_str_is(event->approved, "rejected") ? AMBIT_APPROVAL_REJECTED
                                                       : AMBIT_APPROVAL_NONE;
}

/* The grant that was delegated from, as its row stands; how it stood then is in the event. One that
 * was not known then has no lineage there, though a row of that name may stand now: its secret was
 * not shown. */
static AMBIT_CHECKED enum ambit_err load_parent(struct store_txn *txn, const struct event *event,
                                                struct arena *arena, struct grant_row *row,
                                                struct ambit_grant_view *ret)
{
    enum ambit_err err = grant_load(txn, event->parent, arena, row);
    bool was_unknown = ambit_id_is_none(event->lineage);
    if (err == AMBIT_ERR_NOT_FOUND || (err == AMBIT_OK && was_unknown)) {
        *ret = (struct ambit_grant_view){.id = event->parent, .liveness = AMBIT_UNKNOWN_GRANT};
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    grant_row_view(row, ret);
    ret->liveness = event->liveness;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err explain_grant(const struct documents_ref *documents,
                                                  struct store_txn *txn, const struct event *event,
                                                  const struct ambit_world *world,
                                                  struct arena *arena,
                                                  struct ambit_explanation *ret)
{
    struct grant_row row;
    struct ambit_grant_view parent;
    struct ambit_grant_question question = {
        .now_ms = event->time_ms,
        .agent = event->agent,
        .keeps_binding = true,
        .items = event->asked,
        .n_items = event->n_asked,
        .audience = event->has_asked_audience ? event->audience : (struct ambit_str){0},
        .has_lifetime = event->has_asked_lifetime,
        .lifetime_s = event->asked_lifetime_s,
        .purpose = event->purpose,
        .source = source_of(event->source),
        .binding = event->binding,
        .binding_key = event->binding_key,
        .composition = event->composition,
        .owner_fault =
            event->reason == AMBIT_REASON_OWNER_REQUIRED ? event->member : (struct ambit_str){0},
        .approval = approval_of(event),
        .approval_lapse_ms = event->approval_until_ms,
    };
    if (!ambit_id_is_none(event->parent)) {
        enum ambit_err err = load_parent(txn, event, arena, &row, &parent);
        if (err != AMBIT_OK)
            return err;
        question.parent = &parent;
    }
    return ambit_explain_grant(documents->set, &question, world, arena, ret);
}

static AMBIT_CHECKED enum ambit_err explain_action(const struct documents_ref *documents,
                                                   struct store_txn *txn, const struct event *event,
                                                   const struct ambit_world *world,
                                                   struct arena *arena,
                                                   struct ambit_explanation *ret)
{
    struct grant_row row;
    struct ambit_grant_view view;
    struct ambit_action_question question = {
        .now_ms = event->time_ms,
        .service = event->service,
        .has_proof = event->has_proof,
        .action = event->action,
        .resource = event->resource,
        .source = source_of(event->source),
        .stated_reason = event->stated_reason,
        .approval = approval_of(event),
    };
    if (!ambit_id_is_none(event->grant)) {
        enum ambit_err err = grant_load(txn, event->grant, arena, &row);
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
        grant_row_view(&row, &view);
        view.liveness = event->liveness;
        question.grant = &view;
    } else if (event->service.p != NULL && event->agent.p != NULL) { /* AZN-18 */
        question.named_agent = event->agent;
        if (event->reason == AMBIT_REASON_OWNER_REQUIRED)
            question.owner_fault = event->member;
    }
    enum ambit_err err =
        context_members(event->context, arena, &question.context, &question.n_context);
    return err == AMBIT_OK ? ambit_explain_action(documents->set, &question, world, arena, ret)
                           : err;
}

enum ambit_err event_explain(struct broker *broker, struct store_txn *txn,
                             const struct event *event, struct arena *arena,
                             struct ambit_explanation *ret)
{
    bool is_grant = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
    bool is_action = event->type == EVENT_ACTION_ALLOWED || event->type == EVENT_ACTION_DENIED;
    bool is_services_own =
        is_grant && event->service.p != NULL; /* service_grant.h: no engine was asked */
    if ((!is_grant && !is_action) || is_services_own)
        return AMBIT_ERR_UNSUPPORTED;

    struct documents_ref *documents = NULL;
    enum ambit_err err = documents_of(broker, txn, &event->documents, &documents);
    if (err != AMBIT_OK)
        return err;
    struct ambit_recorded recorded = {
        .figures = event->figures, .n = event->n_figures, .replaces = event->replaces};
    struct ambit_world world =
        ambit_world_of_record(&recorded, event->used_stops, event->n_used_stops);
    err = is_grant ? explain_grant(documents, txn, event, &world, arena, ret)
                   : explain_action(documents, txn, event, &world, arena, ret);
    broker_documents_release(documents);
    return err;
}
