/* SPDX-License-Identifier: Apache-2.0 */
/* What hard stops hear of an event that is no question of the agent's: an outcome that nobody
 * reported in time, or a signal from a service. It can only tighten. */
#include "policy/judge.h"

#include "base/encode.h"

static bool is_from(const struct ambit_hard_stop *stop, struct ambit_str sender)
{
    for (size_t i = 0; i < stop->from.n; i++) {
        if (ambit_str_eq(stop->from.v[i], sender))
            return true;
    }
    return false;
}

/* What happened under no grant counts under no grant and no lineage. */
static bool listens(const struct ambit_event_question *q, const struct compiled_stop *stop)
{
    if (!q->grant && (stop->by == AMBIT_BY_GRANT || stop->by == AMBIT_BY_LINEAGE))
        return false;
    switch (q->kind) {
    case AMBIT_EVENT_UNACCOUNTED:
        return stop->on == AMBIT_ON_UNACCOUNTED;
    case AMBIT_EVENT_SIGNAL:
        break;
    }
    return stop->on == AMBIT_ON_SIGNAL && ambit_str_eq(stop->stop->signal, q->signal) &&
           is_from(stop->stop, q->from);
}

static void hear_level(struct judge *j, const struct ambit_event_question *q,
                       const struct event *event)
{
    for (size_t p = 0; p < j->agent->n_policies && !j->err; p++) {
        const struct listed_policy *listed = &j->agent->policies[p];
        uint64_t left = hard_stops_that_may(listed, event, HEARS_EVENT);
        while (left && !j->err) {
            const struct compiled_stop *stop = &listed->policy->stops[compiled_next(&left)];
            bool hears = false;
            if (listens(q, stop) && hard_stop_hears(j, stop, event, &hears) == AMBIT_OK && hears &&
                !hard_stop_is_heard_below(j, stop))
                (void)hard_stop_count(j, stop, event);
        }
    }
}

enum ambit_err ambit_decide_event(const struct ambit_policy_set *set,
                                  const struct ambit_event_question *question,
                                  const struct ambit_world *world, struct ambit_decision *ret)
{
    struct level own = {.agent = compiled_agent_find(set, question->agent)};
    if (!own.agent)
        return AMBIT_ERR_NOT_FOUND;

    if (question->grant)
        own = level_of(set, question->grant);
    struct judge j PATTERN_SCRATCH;
    judge_begin(&j, set, world, ret, question->now_ms);
    j.name = &question->action;
    j.resource = &question->resource;
    ret->reason = AMBIT_REASON_ALLOWED;
    struct pattern_buf action PATTERN_SCRATCH, resource PATTERN_SCRATCH;
    struct heard_item item = {.action = &action.pattern, .resource = &resource.pattern};
    bool has_names = question->kind == AMBIT_EVENT_UNACCOUNTED;
    item.is_malformed =
        has_names &&
        (pattern_parse_name(question->action, PATTERN_ACTION, &action) != AMBIT_OK ||
         pattern_parse_name(question->resource, PATTERN_RESOURCE, &resource) != AMBIT_OK);
    struct index_probe probe PATTERN_SCRATCH;
    if (has_names && !item.is_malformed) {
        index_probe_set(&probe, &action.pattern, &resource.pattern);
        item.probe = &probe;
    }
    struct event event = {.items = &item, .n_items = has_names};
    judge_levels(&j, own, question->grant ? question->grant->above : NULL);
    if (question->grant)
        id_encode(question->grant->lineage, ret->lineage_text);
    for (unsigned level = 0; level < j.n_levels && !j.err; level++) {
        judge_enter(&j, level);
        if (j.agent)
            hear_level(&j, question, &event);
    }
    return j.err;
}
