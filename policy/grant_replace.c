/* SPDX-License-Identifier: Apache-2.0 */
/* Which live grant a token request replaces where `live_grants` is reached: one that is the same,
 * and holds a place in every rule that has none left. */
#include "policy/decide_grant.h"

bool grant_is_first_of_rule(const struct grant_judge *g, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (g->giving[k].rule == g->giving[i].rule)
            return false;
    }
    return true;
}

/* Is a `live_grants` limit of the rule reached? Each figure is told once. */
static bool is_reached(struct grant_judge *g, const struct compiled_rule *rule)
{
    for (size_t i = 0; i < rule->n_limits; i++) {
        const struct ambit_limit *limit = &rule->limits[i].limit;
        int64_t alive = 0;
        if (limit->kind == AMBIT_LIMIT_LIVE_GRANTS &&
            judge_limit_figure(&g->j, rule, limit, &alive) && figure_exceeds(alive, 1, limit->max))
            return true;
    }
    return false;
}

/* The rules that would give, and have no place left. */
static size_t find_slots(struct grant_judge *g, struct ambit_slot *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_giving; i++) {
        const struct compiled_rule *rule = g->giving[i].rule;
        if (grant_is_first_of_rule(g, i) && is_reached(g, rule))
            ret[n++] = (struct ambit_slot){.policy = rule->policy->name, .rule = rule->id};
    }
    return n;
}

bool grant_may_have_places(struct grant_judge *g)
{
    struct ambit_decision *d = g->j.d;
    struct ambit_slot slots[AMBIT_GIVEN_MAX] PATTERN_SCRATCH;
    struct ambit_same_query query = {
        .agent = g->j.agent->name,
        .audience = d->audience,
        .binding = g->q->binding,
        .binding_key = g->q->binding_key,
        .items = d->given,
        .n_items = d->n_given,
        .slots = slots,
        .n_slots = find_slots(g, slots),
    };
    return query.n_slots == 0 || judge_same_live(&g->j, &query, &d->replaces);
}
