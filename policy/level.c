/* SPDX-License-Identifier: Apache-2.0 */
/* Those whose authority a question needs, one above the other: the agent that asks or acts, and for
 * a delegated grant each grant above it (policy-language.md, "Delegation"). */
#include "policy/judge.h"

#include "base/encode.h"

void judge_begin(struct judge *j, const struct ambit_policy_set *set,
                 const struct ambit_world *world, struct ambit_decision *decision, int64_t now_ms)
{
    j->set = set;
    j->world = world;
    j->d = decision;
    j->now_ms = now_ms;
    j->trace = NULL;
    j->named_by = NULL;
    j->agent = NULL;
    j->level = j->n_levels = 0;
    j->name = j->resource = NULL;
    j->err = AMBIT_OK;
    j->n_memo = j->n_last_values = 0;
    j->last_values = NULL;
    decision_begin(decision);
}

struct level level_of(const struct ambit_policy_set *set, const struct ambit_grant_view *grant)
{
    return (struct level){
        .grant = grant,
        .agent = compiled_agent_find(set, grant->agent),
        .variables = {.agent = grant->agent, .team = grant->team, .purpose = grant->purpose},
    };
}

void judge_levels(struct judge *j, struct level own, const struct ambit_grant_view *above)
{
    j->levels[0] = own;
    j->lineage = own.grant ? own.grant->lineage : above ? above->lineage : (struct ambit_id){{0}};
    j->n_levels = 1;
    for (; above; above = above->above) {
        if (j->n_levels == LEVELS_MAX) {
            j->err = AMBIT_ERR_TOO_LARGE;
            return;
        }
        j->levels[j->n_levels++] = level_of(j->set, above);
    }
    for (unsigned i = 0; i < j->n_levels; i++) {
        const struct ambit_grant_view *grant = j->levels[i].grant;
        if (grant)
            id_encode(grant->id, j->d->grant_text[i]);
    }
}

void judge_enter(struct judge *j, unsigned level)
{
    j->level = level;
    j->agent = j->levels[level].agent;
    j->variables = j->levels[level].variables;
}

static bool lists(const struct compiled_agent *agent, const struct compiled_policy *policy)
{
    for (size_t i = 0; agent && i < agent->n_policies; i++) {
        if (agent->policies[i].policy == policy)
            return true;
    }
    return false;
}

bool judge_is_shared(struct judge *j, enum ambit_by by, const struct compiled_policy *policy)
{
    unsigned level = j->level;
    struct ambit_str key = judge_key(j, by, policy);
    bool is_shared = false;
    for (unsigned below = 0; below < level && !is_shared; below++) {
        if (!lists(j->levels[below].agent, policy))
            continue;
        judge_enter(j, below);
        is_shared = ambit_str_eq(judge_key(j, by, policy), key);
    }
    judge_enter(j, level);
    return is_shared;
}
