/* SPDX-License-Identifier: Apache-2.0 */
/* Hard stops: which of the agent's hear an event, which would fire, what they take, and what their
 * history keeps. */
#include "policy/judge.h"

static bool is_denied(enum ambit_reason reason, bool is_grant)
{
    switch (reason) {
    case AMBIT_REASON_FORBIDDEN:
    case AMBIT_REASON_OUT_OF_SCOPE:
    case AMBIT_REASON_NOT_DELEGABLE:
    case AMBIT_REASON_MALFORMED:
    case AMBIT_REASON_CONTEXT_VIOLATED:
    case AMBIT_REASON_WRONG_SOURCE:
    case AMBIT_REASON_ORDER_VIOLATED:
    case AMBIT_REASON_COMPOSITION_MISMATCH:
        return true;
    case AMBIT_REASON_WRONG_AUDIENCE:
        return is_grant;
    case AMBIT_REASON_ALLOWED:
    case AMBIT_REASON_STOPPED:
    case AMBIT_REASON_OWNER_REQUIRED:
    case AMBIT_REASON_NOTHING_REQUESTED:
    case AMBIT_REASON_POLICY_EXPIRED:
    case AMBIT_REASON_OUTSIDE_HOURS:
    case AMBIT_REASON_PURPOSE_REQUIRED:
    case AMBIT_REASON_REASON_REQUIRED:
    case AMBIT_REASON_MISSING_CONTEXT:
    case AMBIT_REASON_BINDING_REQUIRED:
    case AMBIT_REASON_BINDING_MISMATCH:
    case AMBIT_REASON_EXPIRED:
    case AMBIT_REASON_LIMIT_EXCEEDED:
    case AMBIT_REASON_HARD_STOP:
    case AMBIT_REASON_APPROVAL_REQUIRED:
    case AMBIT_REASON_APPROVAL_REJECTED:
    case AMBIT_REASON_INACTIVE:
    case AMBIT_REASON_POLICY_CHANGED:
    case AMBIT_REASON_NOT_SUPPORTED:
        return false;
    }
    return true;
}

const struct ambit_context_member *context_find(const struct ambit_action_question *question,
                                                struct ambit_str name)
{
    if (!question->service.p && !question->is_hypothetical)
        return NULL; /* context is believed from services alone */
    for (size_t i = 0; i < question->n_context; i++) {
        if (ambit_str_eq(question->context[i].name, name))
            return &question->context[i];
    }
    return NULL;
}

bool context_amount(const struct ambit_action_question *question, struct ambit_str field,
                    int64_t *ret)
{
    const struct ambit_context_member *member = context_find(question, field);
    if (!member || member->is_other || member->value.kind != AMBIT_SCALAR_INTEGER ||
        member->value.integer < 0)
        return false;
    *ret = member->value.integer;
    return true;
}

static enum ambit_err rule_resource_inside(const struct judge *j, const struct compiled_stop *stop,
                                           const struct pattern *resource, bool *ret)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    char text[AMBIT_WORD_MAX] PATTERN_SCRATCH;
    if (!resource->has_variables)
        return patterns_contain(&stop->resources, resource, ret);
    return pattern_fill(resource, &j->variables, text, &buf)
               ? patterns_contain(&stop->resources, &buf.pattern, ret)
               : AMBIT_OK;
}

/* Asked for "on every resource" and refused: inside if a resource that some rule of the agent would
 * have given for the action is. */
static enum ambit_err open_item_inside(const struct judge *j, const struct compiled_stop *stop,
                                       const struct pattern *action, bool *ret)
{
    *ret = false;
    for (size_t p = 0; p < j->agent->n_policies && !*ret; p++) {
        const struct compiled_policy *policy = j->agent->policies[p].policy;
        for (size_t r = 0; r < policy->n_rules && !*ret; r++) {
            const struct compiled_rule *rule = &policy->rules[r];
            bool is_contained = false;
            enum ambit_err err = patterns_contain(&rule->actions, action, &is_contained);
            for (size_t k = 0; !err && is_contained && k < rule->resources.n && !*ret; k++)
                err = rule_resource_inside(j, stop, &rule->resources.v[k], ret);
            if (err)
                return err;
        }
    }
    return AMBIT_OK;
}

enum ambit_err hard_stop_item_inside(const struct judge *j, const struct compiled_stop *stop,
                                     const struct heard_item *item, bool *ret)
{
    *ret = stop->actions.n == 0 && stop->resources.n == 0;
    if (*ret || item->is_malformed)
        return AMBIT_OK;

    *ret = stop->actions.n == 0;
    enum ambit_err err = *ret ? AMBIT_OK : patterns_contain(&stop->actions, item->action, ret);
    if (err || !*ret || stop->resources.n == 0)
        return err;
    if (!item->resource)
        return open_item_inside(j, stop, item->action, ret);
    return patterns_contain(&stop->resources, item->resource, ret);
}

enum ambit_err hard_stop_hears(const struct judge *j, const struct compiled_stop *stop,
                               const struct event *event, bool *ret)
{
    *ret = event->n_items == 0 && stop->actions.n == 0 && stop->resources.n == 0;
    for (size_t i = 0; i < event->n_items && !*ret; i++) {
        enum ambit_err err = hard_stop_item_inside(j, stop, &event->items[i], ret);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

bool hard_stop_requires(const struct compiled_stop *stop, const struct heard_item *item)
{
    bool is_inside = false;
    AMBIT_ASSERT(!stop->stop->at_once && stop->stop->kind == AMBIT_LIMIT_SUM);
    return hard_stop_item_inside(NULL, stop, item, &is_inside) == AMBIT_OK && is_inside;
}

bool hard_stop_listens(const struct compiled_stop *stop, bool is_grant, enum ambit_reason reason)
{
    /* A token request happens under no grant and no lineage. */
    if (is_grant && (stop->by == AMBIT_BY_GRANT || stop->by == AMBIT_BY_LINEAGE))
        return false;

    switch (stop->on) {
    case AMBIT_ON_ATTEMPTED:
        return true;
    case AMBIT_ON_DENIED:
        return is_denied(reason, is_grant);
    case AMBIT_ON_ALLOWED:
        return reason == AMBIT_REASON_ALLOWED && !is_grant;
    case AMBIT_ON_GRANTED:
        return reason == AMBIT_REASON_ALLOWED && is_grant;
    case AMBIT_ON_UNACCOUNTED:
    case AMBIT_ON_SIGNAL:
        break;
    }
    return false;
}

bool hard_stop_is_held(struct judge *j, const struct compiled_stop *stop)
{
    /* what fires on a single event takes the agent that acted, on whichever level it is heard */
    const struct compiled_agent *taken = stop->stop->at_once ? j->levels[0].agent : j->agent;
    switch (stop->stop->then) {
    case AMBIT_THEN_REVOKE_GRANT:
        return false;
    case AMBIT_THEN_SUSPEND_AGENT:
        return judge_stop_on(j, AMBIT_TARGET_AGENT, taken->name) != NULL;
    case AMBIT_THEN_STOP_TEAM:
        return judge_stop_on(j, AMBIT_TARGET_TEAM, compiled_team(taken)) != NULL;
    case AMBIT_THEN_STOP_POLICY:
        return judge_stop_on(j, AMBIT_TARGET_POLICY, stop->policy->name) != NULL;
    }
    return false;
}

static struct ambit_figure_query stop_query(struct judge *j, const struct compiled_stop *stop,
                                            const struct event *event)
{
    struct ambit_figure_query query = {
        .policy = stop->policy->name,
        .id = stop->stop->id,
        .is_stop = true,
        .kind = stop->stop->kind,
        .field = stop->stop->field,
        .by = stop->stop->by,
        .key = judge_key(j, stop->stop->by, stop->policy),
        .within_ms = stop->stop->within_s * 1000,
    };
    if (query.kind == AMBIT_LIMIT_DISTINCT) {
        query.field = distinct_field(stop->stop->distinct_action);
        distinct_values(j, stop, event, &query);
    }
    return query;
}

static void fire(struct judge *j, const struct compiled_stop *stop)
{
    struct ambit_decision *d = j->d;
    if (d->n_trips == AMBIT_TRIPS_MAX) {
        judge_fail(j, AMBIT_ERR_TOO_LARGE);
        return;
    }
    d->trips[d->n_trips++] = (struct ambit_trip){
        .policy = stop->policy->name,
        .id = stop->stop->id,
        .then = stop->stop->then,
        .by = stop->stop->by,
        .agent = j->agent->name,
        .team = compiled_team(j->agent),
        .key = judge_key(j, stop->stop->by, stop->policy),
        .lineage = j->lineage,
    };
}

/* What one event adds to the stop's number: nothing to a sum of a token request, nor of an action
 * that did not say a usable number; of different names what it adds is in the figure already. */
static int64_t amount_of(const struct compiled_stop *stop, const struct event *event)
{
    int64_t amount = 0;
    switch (stop->stop->kind) {
    case AMBIT_LIMIT_COUNT:
        return 1;
    case AMBIT_LIMIT_SUM:
        if (event->action) /* which says one, or leaves it at nothing */
            (void)context_amount(event->action, stop->stop->field, &amount);
        return amount;
    case AMBIT_LIMIT_DISTINCT:
    case AMBIT_LIMIT_GRANTS:
    case AMBIT_LIMIT_LIVE_GRANTS:
    case AMBIT_LIMIT_USES:
    case AMBIT_LIMIT_AFTER:
        break;
    }
    return 0;
}

static bool has_fired(const struct judge *j, const struct compiled_stop *stop)
{
    for (size_t i = 0; i < j->d->n_trips; i++) {
        const struct ambit_trip *trip = &j->d->trips[i];
        if (ambit_str_eq(trip->id, stop->stop->id) &&
            ambit_str_eq(trip->policy, stop->policy->name))
            return true;
    }
    return false;
}

/* A single event takes the agent that acted, whichever level's stop heard it, and once. */
static void cross_at_once(struct judge *j, const struct compiled_stop *stop)
{
    unsigned level = j->level;
    judge_enter(j, 0);
    if (!hard_stop_is_held(j, stop) && !has_fired(j, stop))
        fire(j, stop);
    judge_enter(j, level);
}

bool hard_stop_count(struct judge *j, const struct compiled_stop *stop, const struct event *event)
{
    const struct ambit_hard_stop *s = stop->stop;
    if (s->at_once) {
        bool fires = judge_after_stop(j, stop);
        if (fires)
            cross_at_once(j, stop);
        return fires;
    }
    bool held = hard_stop_is_held(j, stop);
    int64_t figure = 0;
    struct ambit_charge charge = {.what = stop_query(j, stop, event),
                                  .amount = amount_of(stop, event)};
    if (!judge_figure(j, &charge.what, &figure))
        return false;
    /* Of a count `max` is the number that fires, else what may not be passed. */
    int64_t most = s->kind == AMBIT_LIMIT_COUNT ? s->max - 1 : s->max;
    bool crosses = figure_exceeds(figure, charge.amount, most) && judge_after_stop(j, stop);
    if (crosses && !held)
        fire(j, stop);
    charge.resets = crosses && !held;
    if (charge.what.n_values)
        charge.amount = 1;
    if (charge.amount > 0 || charge.resets)
        judge_charge(j, &charge);
    return crosses;
}

/* What a delegate does counts for every ancestor, by a policy and key that they share once; what
 * fires on a single event, whatever was done before under which key, fires once. */
bool hard_stop_is_heard_below(struct judge *j, const struct compiled_stop *stop)
{
    bool is_keyed = !stop->stop->at_once || stop->stop->after;
    return j->level > 0 && judge_is_shared(j, is_keyed ? stop->by : AMBIT_BY_POLICY, stop->policy);
}
