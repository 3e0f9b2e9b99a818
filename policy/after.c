/* SPDX-License-Identifier: Apache-2.0 */
/* `after`: when what it looks for was last allowed, and the histories that an allowed action
 * enters. Of a rule it is met by what a service asked for, and where that owes an outcome, once it
 * is reported done; of a hard stop by every allowed action. */
#include "policy/judge.h"

static bool is_inside(int64_t latest_ms, int64_t within_ms, int64_t now_ms)
{
    return latest_ms >= 0 && now_ms - latest_ms < within_ms;
}

static struct ambit_figure_query query_of(struct judge *j, const struct compiled_policy *policy,
                                          struct ambit_str id, const struct ambit_after *after)
{
    return (struct ambit_figure_query){.policy = policy->name,
                                       .id = id,
                                       .kind = AMBIT_LIMIT_AFTER,
                                       .field = after->history,
                                       .by = AMBIT_BY_AGENT,
                                       .key = judge_key(j, AMBIT_BY_AGENT, policy)};
}

bool judge_after(struct judge *j, const struct compiled_rule *rule, const struct ambit_after *after,
                 int64_t *ret_latest_ms)
{
    struct ambit_figure_query query = query_of(j, rule->policy, rule->id, after);
    return judge_figure_once(j, after, &query, ret_latest_ms) &&
           is_inside(*ret_latest_ms, after->within_s * 1000, j->now_ms);
}

bool judge_after_stop(struct judge *j, const struct compiled_stop *stop)
{
    const struct ambit_after *after = stop->stop->after;
    int64_t latest_ms = -1;
    if (!after)
        return true;
    struct ambit_figure_query query = query_of(j, stop->policy, stop->stop->id, after);
    query.is_stop = true;
    query.by = stop->by;
    query.key = judge_key(j, stop->by, stop->policy);
    return judge_figure(j, &query, &latest_ms) &&
           is_inside(latest_ms, after->within_s * 1000, j->now_ms);
}

static void charge(struct judge *j, const struct compiled_policy *policy,
                   const struct compiled_after *after, const struct done *done)
{
    if (!after->is_stop && !done->by_service)
        return;
    if (!patterns_match(&after->actions, done->action) ||
        (after->resources.n && !patterns_match(&after->resources, done->resource)))
        return;
    struct ambit_charge charge = {
        .what = query_of(j, policy, after->id, after->after),
        .amount = 1,
        .when_done = !after->is_stop && done->owes_outcome,
    };
    charge.what.is_stop = after->is_stop;
    charge.what.by = after->by;
    charge.what.key = judge_key(j, after->by, policy);
    charge.what.within_ms = after->keep_ms;
    judge_charge(j, &charge);
}

static void charge_found(struct judge *j, const struct compiled_policy *policy,
                         const struct index *index, const struct done *done,
                         const struct index_probe *probe)
{
    struct index_walk walk = index_begin(index, probe);
    size_t i = 0;
    while (index_next(&walk, &i))
        charge(j, policy, &policy->afters[i], done);
}

void judge_charge_afters(struct judge *j, const struct done *done)
{
    struct index_probe any PATTERN_SCRATCH;
    bool is_probed = false;
    for (size_t p = 0; p < j->agent->n_policies && !j->err; p++) {
        const struct compiled_policy *policy = j->agent->policies[p].policy;
        if (!j->agent->policies[p].remembers || !judge_counts(j, policy))
            continue;
        if (!is_probed) {
            index_probe_anywhere(&any, done->probe);
            is_probed = true;
        }
        charge_found(j, policy, &policy->after_index, done, done->probe);
        charge_found(j, policy, &policy->after_any_index, done, &any);
    }
}
