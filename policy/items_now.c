/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of a grant by the documents and stops of now (INT-5), and which of its items a
 * service must ask the broker about (PL "What a service may decide alone"): an item stands when
 * everyone above still gives it too, and is asked about when anyone's rule says so. Unsure is left
 * out. */
#include "policy/judge.h"

struct item_view {
    const struct ambit_grant_view *grant;
    const struct compiled_agent *agent;
    const struct pattern *action, *resource;
    struct variables variables;
    int64_t now_ms;
};

/* The whole grant is worth nothing now: dead, expired, ownerless, or covered by a stop. */
static bool is_dead(const struct ambit_grant_view *grant, const struct compiled_agent *agent,
                    const struct ambit_stop_view *stops, size_t n_stops, int64_t now_ms)
{
    if (grant->liveness != AMBIT_LIVE || grant->expires_ms <= now_ms || !agent ||
        !agent->owner->is_active)
        return true;

    struct covered then = {.agent = grant->agent, .owner = grant->owner, .team = grant->team};
    struct covered now = {
        .agent = grant->agent, .owner = agent->agent->owner, .team = compiled_team(agent)};
    if (stop_covering(stops, n_stops, &then) || stop_covering(stops, n_stops, &now))
        return true;

    /* A grant is dead whole, whichever of its items a stopped policy gave. */
    for (size_t i = 0; i < grant->n_items; i++) {
        if (stop_on(stops, n_stops, AMBIT_TARGET_POLICY, grant->items[i].policy))
            return true;
    }
    return false;
}

static bool rule_gives(const struct item_view *view, const struct compiled_rule *rule)
{
    bool contains = false;
    return policy_in_dates(rule->policy, view->now_ms) && rule_in_hours(rule, view->now_ms, NULL) &&
           policy_names_audience(rule->policy, view->grant->audience) &&
           (!rule_asks_at_grant(rule) || view->grant->is_approved) &&
           rule_accepts_binding(rule, view->grant->binding) &&
           rule_accepts_purpose(rule, view->grant->purpose) &&
           view->now_ms - view->grant->issued_ms <= (int64_t)rule->ttl_max_s * 1000 &&
           rule_accepts_composition(rule, view->agent, view->grant->composition) &&
           rule_contains(rule, &view->variables, view->action, view->resource, &contains) ==
               AMBIT_OK &&
           contains;
}

/* Any `never` of now: forbids the item whole (or may), or only meets it. */
static bool is_forbidden(const struct item_view *view, bool *ret_meets)
{
    struct index_probe probe = index_probe_of(view->action, view->resource);
    for (size_t p = 0; p < view->agent->n_policies; p++) {
        const struct compiled_policy *policy = view->agent->policies[p].policy;
        struct index_walk walk = index_begin_meeting(&policy->never_meeting, &probe);
        for (size_t n = 0; index_next(&walk, &n);) {
            const struct compiled_never *never = &policy->never[n];
            bool holds = false;
            if (!patterns_overlap(&never->resources, view->resource) ||
                !patterns_overlap(&never->actions, view->action))
                continue;
            *ret_meets = true;
            if (patterns_pair_contains(&never->actions, &never->resources, view->action,
                                       view->resource, &holds) != AMBIT_OK ||
                holds)
                return true;
        }
    }
    return false;
}

static bool texts_overlap(struct ambit_strs texts, enum pattern_kind kind,
                          const struct pattern *item)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    for (size_t i = 0; i < texts.n; i++) {
        if (pattern_parse(texts.v[i], kind, false, &buf) != AMBIT_OK ||
            pattern_overlaps(&buf.pattern, item))
            return true;
    }
    return false;
}

static bool is_excepted(const struct item_view *view)
{
    for (size_t i = 0; i < view->grant->n_except; i++) {
        const struct ambit_except *except = &view->grant->except[i];
        if (texts_overlap(except->actions, PATTERN_ACTION, view->action) &&
            texts_overlap(except->resources, PATTERN_RESOURCE, view->resource))
            return true;
    }
    return false;
}

static bool stop_watches(const struct item_view *view)
{
    for (size_t p = 0; p < view->agent->n_policies; p++) {
        const struct compiled_policy *policy = view->agent->policies[p].policy;
        for (uint64_t left = policy->hearing[HEARS_ACTION]; left;) {
            const struct compiled_stop *stop = &policy->stops[compiled_next(&left)];
            if ((stop->actions.n == 0 || patterns_overlap(&stop->actions, view->action)) &&
                (stop->resources.n == 0 || patterns_overlap(&stop->resources, view->resource)))
                return true;
        }
    }
    return false;
}

/* An item that this grant recorded: does its rule still give what is looked at, and must the broker
 * be asked? */
static bool gives(const struct item_view *view, const struct ambit_given *item, bool *ret_ask)
{
    const struct compiled_policy *policy = compiled_policy_of(view->agent, item->policy);
    const struct compiled_rule *rule = policy ? compiled_rule_find(policy, item->rule) : NULL;
    bool meets_never = false;
    if (!rule || !rule_gives(view, rule) || is_forbidden(view, &meets_never))
        return false;
    *ret_ask |= rule->needs_broker || meets_never || is_excepted(view) || stop_watches(view);
    return true;
}

static bool recorded_contains(const struct ambit_given *item, const struct item_view *view)
{
    return text_contains(item->resource, PATTERN_RESOURCE, view->resource) &&
           text_contains(item->action, PATTERN_ACTION, view->action);
}

static struct item_view view_of(const struct ambit_policy_set *set,
                                const struct ambit_grant_view *grant, int64_t now_ms)
{
    return (struct item_view){
        .grant = grant,
        .agent = compiled_agent_find(set, grant->agent),
        .variables = {.agent = grant->agent, .team = grant->team, .purpose = grant->purpose},
        .now_ms = now_ms,
    };
}

/* Of the items of a grant above that hold it, the first that gives it answers for that grant. */
static bool above_gives(const struct ambit_policy_set *set, const struct item_view *below,
                        const struct ambit_grant_view *above, bool *ret_ask)
{
    struct item_view view = view_of(set, above, below->now_ms);
    view.action = below->action;
    view.resource = below->resource;
    for (size_t i = 0; i < above->n_items; i++) {
        if (recorded_contains(&above->items[i], &view) && gives(&view, &above->items[i], ret_ask))
            return true;
    }
    return false;
}

struct stops {
    const struct ambit_stop_view *v;
    size_t n;
};

static bool judge_item(const struct ambit_policy_set *set, struct item_view *view,
                       const struct ambit_given *item, struct stops stops, bool *ret_ask)
{
    struct pattern_buf action PATTERN_SCRATCH, resource PATTERN_SCRATCH;
    *ret_ask = false;
    if (pattern_parse(item->action, PATTERN_ACTION, false, &action) != AMBIT_OK ||
        pattern_parse(item->resource, PATTERN_RESOURCE, false, &resource) != AMBIT_OK)
        return false;

    view->action = &action.pattern;
    view->resource = &resource.pattern;
    bool is_live =
        !stop_on_resource(stops.v, stops.n, view->resource) && gives(view, item, ret_ask);
    for (const struct ambit_grant_view *g = view->grant->above; is_live && g; g = g->above)
        is_live = above_gives(set, view, g, ret_ask);
    *ret_ask &= is_live;
    return is_live;
}

/* Itself or anyone above, of whom there are at most as many as may be. */
static bool is_any_dead(const struct ambit_policy_set *set, const struct ambit_grant_view *grant,
                        struct stops stops, int64_t now_ms)
{
    unsigned n = 0;
    for (const struct ambit_grant_view *g = grant; g; g = g->above) {
        if (n++ == LEVELS_MAX ||
            is_dead(g, compiled_agent_find(set, g->agent), stops.v, stops.n, now_ms))
            return true;
    }
    return false;
}

void ambit_grant_items_now(const struct ambit_policy_set *set, const struct ambit_grant_view *grant,
                           const struct ambit_stop_view *stops, size_t n_stops, int64_t now_ms,
                           uint64_t *ret_live, uint64_t *ret_ask)
{
    struct item_view view = view_of(set, grant, now_ms);
    struct stops in_force = {.v = stops, .n = n_stops};
    *ret_live = *ret_ask = 0;
    if (is_any_dead(set, grant, in_force, now_ms))
        return;
    for (size_t i = 0; i < grant->n_items && i < 64; i++) {
        bool asks = false;
        bool is_live = judge_item(set, &view, &grant->items[i], in_force, &asks);
        *ret_live |= (uint64_t)is_live << i;
        *ret_ask |= (uint64_t)asks << i;
    }
}

bool ambit_rule_asks(const struct ambit_policy_set *set, struct ambit_str policy,
                     struct ambit_str rule)
{
    const struct ambit_policy *document = ambit_policy_find(set->documents, policy);
    if (!document)
        return true;
    const struct compiled_policy *compiled = &set->policies[document - set->documents->policies];
    const struct compiled_rule *found = compiled_rule_find(compiled, rule);
    return !found || found->needs_broker;
}
