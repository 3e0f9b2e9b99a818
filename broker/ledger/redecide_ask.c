/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to the question it answered. */
#include "ledger/redecide.h"

#include "base/addr.h"
#include "base/arena.h"
#include "ledger/context.h"

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

static bool is_grant_event(const struct event *event)
{
    return event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED;
}

static bool is_action_event(const struct event *event)
{
    return event->type == EVENT_ACTION_ALLOWED || event->type == EVENT_ACTION_DENIED;
}

/* AZN-18: a subject of a kind that nobody knows is refused before any grant or policy is found. */
static bool is_unknown_subject(const struct event *event)
{
    return event->type == EVENT_ACTION_DENIED && event->reason == AMBIT_REASON_NOT_SUPPORTED &&
           ambit_str_is(event->member, "subject.type") && ambit_id_is_none(event->grant) &&
           event->agent.p == NULL && event->policy.p == NULL && event->service.p != NULL;
}

bool redecide_was_asked(const struct event *event)
{
    if (is_grant_event(event))
        return event->service.p == NULL;
    return is_action_event(event) && !is_unknown_subject(event);
}

/* The owner's standing is read from the people's tables; that it was at fault is an input. */
static struct ambit_str owner_fault_of(const struct event *event)
{
    return event->reason == AMBIT_REASON_OWNER_REQUIRED ? event->member : (struct ambit_str){0};
}

/* How the grant stood then is in the event. */
static AMBIT_CHECKED enum ambit_err find_subject(const struct event *event,
                                                 const struct redecide_source *source,
                                                 struct ambit_id id, struct arena *arena,
                                                 struct redecide_question *ret)
{
    enum ambit_err err = source->grant_of(source->ctx, id, arena, &ret->subject);
    if (err != AMBIT_OK)
        return err;
    ret->has_subject = true;
    ret->subject.view.liveness = event->liveness;
    return AMBIT_OK;
}

/* One that was not known then has no lineage in the event, though a grant of that id may stand
 * there now: its secret was not shown. */
static AMBIT_CHECKED enum ambit_err find_parent(const struct event *event,
                                                const struct redecide_source *source,
                                                struct arena *arena, struct redecide_question *ret)
{
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    if (!ambit_id_is_none(event->lineage))
        err = find_subject(event, source, event->parent, arena, ret);
    if (err == AMBIT_ERR_NOT_FOUND) {
        ret->has_subject = true;
        ret->subject =
            (struct redecide_grant){.view = {.id = event->parent, .liveness = AMBIT_UNKNOWN_GRANT}};
        err = AMBIT_OK;
    }
    ret->grant.parent = &ret->subject.view;
    return err;
}

static AMBIT_CHECKED enum ambit_err ask_grant(const struct event *event,
                                              const struct redecide_source *source,
                                              struct arena *arena, struct redecide_question *ret)
{
    ret->is_grant = true;
    ret->grant = (struct ambit_grant_question){
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
        .owner_fault = owner_fault_of(event),
        .approval = approval_of(event),
        .approval_lapse_ms = event->approval_until_ms,
    };
    return ambit_id_is_none(event->parent) ? AMBIT_OK : find_parent(event, source, arena, ret);
}

static AMBIT_CHECKED enum ambit_err ask_action(const struct event *event,
                                               const struct redecide_source *source,
                                               struct arena *arena, struct redecide_question *ret)
{
    enum ambit_err err = AMBIT_OK;
    ret->action = (struct ambit_action_question){
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
        err = find_subject(event, source, event->grant, arena, ret);
        ret->action.grant = &ret->subject.view;
    } else if (event->service.p != NULL && event->agent.p != NULL) { /* AZN-18 */
        ret->action.named_agent = event->agent;
        ret->action.owner_fault = owner_fault_of(event);
    }
    return err == AMBIT_OK ? context_members(event->context, arena, &ret->action.context,
                                             &ret->action.n_context)
                           : err;
}

enum ambit_err redecide_ask(const struct event *event, const struct redecide_source *source,
                            struct arena *arena, struct redecide_question *ret)
{
    *ret = (struct redecide_question){.is_grant = false};
    if (!redecide_was_asked(event))
        return AMBIT_ERR_UNSUPPORTED;
    return is_grant_event(event) ? ask_grant(event, source, arena, ret)
                                 : ask_action(event, source, arena, ret);
}
