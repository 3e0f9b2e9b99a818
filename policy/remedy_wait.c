/* SPDX-License-Identifier: Apache-2.0 */
/* When the calendar or a full window refused: the next time at which it would not. Of what is to
 * come nothing is known but that time passes: what stands in the windows now leaves them, as if
 * nothing else were done. The engine says whether that time would pass; what it says is in the way
 * then is waited for in its turn. */
#include "policy/remedy.h"

static enum ambit_err figure_later(void *ctx, const struct ambit_figure_query *query, int64_t *ret)
{
    const struct later *later = ctx;
    struct ambit_figure_query then = *query;
    if (query->within_ms == 0)
        return later->now->figure(later->now->ctx, query, ret);
    *ret = (int64_t)query->n_values;
    then.within_ms -= later->ms;
    return then.within_ms > 0 ? later->now->figure(later->now->ctx, &then, ret) : AMBIT_OK;
}

static enum ambit_err same_later(void *ctx, const struct ambit_same_query *query,
                                 struct ambit_id *ret)
{
    const struct later *later = ctx;
    *ret = (struct ambit_id){{0}};
    return later->now->same_live ? later->now->same_live(later->now->ctx, query, ret) : AMBIT_OK;
}

struct ambit_world remedy_world_later(struct later *later)
{
    return (struct ambit_world){
        .stops = later->now->stops,
        .n_stops = later->now->n_stops,
        .ctx = later,
        .figure = figure_later,
        .same_live = same_later,
    };
}

/* The rule that refused, of whoever it was that was judged. */
const struct compiled_rule *remedy_rule(const struct ambit_policy_set *set, struct ambit_str agent,
                                        const struct ambit_grant_view *above,
                                        const struct ambit_decision *denied)
{
    for (unsigned level = denied->level; level > 0 && above; level--, above = above->above)
        agent = above->agent;
    const struct compiled_agent *who = compiled_agent_find(set, agent);
    const struct compiled_policy *policy =
        who && denied->policy.p ? compiled_policy_of(who, denied->policy) : NULL;
    return policy ? compiled_rule_find(policy, denied->rule) : NULL;
}

/* What was refused because of the calendar (hours, dates): when that is over. */
static bool next_on_calendar(const struct compiled_rule *rule, enum ambit_reason reason,
                             int64_t at_ms, int64_t *ret_ms)
{
    if (reason == AMBIT_REASON_OUTSIDE_HOURS)
        return hours_next_opening(rule->hours, rule->rule->when.n_hours, at_ms, ret_ms) &&
               *ret_ms > at_ms;
    *ret_ms = rule->policy->policy->not_before_ms;
    return reason == AMBIT_REASON_POLICY_EXPIRED && *ret_ms > at_ms;
}

/* Still refused by a limit at that time? True as well when it could not be asked. */
static bool is_limited_at(const struct waiting *w, int64_t at_ms)
{
    if (w->r->tries == 0)
        return true;
    return !w->try_at(w, at_ms) && w->r->scratch->reason == AMBIT_REASON_LIMIT_EXCEEDED;
}

/* When every window of the rule has passed they are empty; between now and then the limit gives way
 * at one moment, which halving finds to the millisecond. */
static bool next_room(const struct waiting *w, const struct compiled_rule *rule, int64_t at_ms,
                      int64_t *ret_ms)
{
    int64_t longest_ms = 0;
    for (size_t i = 0; i < rule->rule->n_limits; i++) {
        if (rule->rule->limits[i].within_s * 1000 > longest_ms)
            longest_ms = rule->rule->limits[i].within_s * 1000;
    }
    int64_t refused_ms = at_ms, free_ms = at_ms + longest_ms;
    if (longest_ms == 0 || is_limited_at(w, free_ms))
        return false;

    while (free_ms - refused_ms > 1) {
        int64_t middle_ms = refused_ms + (free_ms - refused_ms) / 2;
        if (is_limited_at(w, middle_ms))
            refused_ms = middle_ms;
        else
            free_ms = middle_ms;
    }
    *ret_ms = free_ms;
    return w->r->tries > 0;
}

bool remedy_wait(const struct waiting *w, const struct ambit_decision *denied, int64_t now_ms)
{
    int64_t at_ms = now_ms;
    for (;;) {
        enum ambit_reason reason = denied->reason;
        const struct compiled_rule *rule = remedy_rule(w->r->set, w->agent, w->above, denied);
        if (!rule || w->r->tries == 0)
            return false;
        bool comes = reason == AMBIT_REASON_LIMIT_EXCEEDED
                         ? next_room(w, rule, at_ms, &at_ms)
                         : next_on_calendar(rule, reason, at_ms, &at_ms);
        if (!comes)
            return false;
        if (w->try_at(w, at_ms))
            break;
        denied = w->r->scratch;
    }
    BUF_AUTO value = {0};
    struct json_out out;
    json_out_init(&out, &value, false);
    json_time_ms(&out, at_ms);
    remedy_give(w->r, AMBIT_CHANGE_WAIT, &value,
                "Ask again from this time on; it would pass then, if nothing else is done.",
                REMEDY_FOR_ALL);
    return true;
}
