/* SPDX-License-Identifier: Apache-2.0 */
/* An action with nothing presented (AZN-18): a service names the agent, and its word is all there
 * is. Decided for exactly this, by the rules of now, as a token request for it and its use would be
 * in one: what a rule asks of a grant (a key, a purpose, a composition, a person's yes) is not
 * there. */
#include "policy/decide_action.h"

static struct finding fails(int check, enum ambit_reason reason, struct ambit_str member)
{
    return (struct finding){.check = check, .reason = reason, .member = member};
}

static const struct finding settled = {.check = AMBIT_ACTION_CHECKS};

bool action_named_view(const struct ambit_policy_set *set,
                       const struct ambit_action_question *question, struct ambit_grant_view *ret)
{
    const struct compiled_agent *agent = compiled_agent_find(set, question->named_agent);
    if (!agent || !question->service.p || !compiled_service_find(set, question->service))
        return false;
    *ret = (struct ambit_grant_view){
        .agent = agent->name,
        .owner = agent->agent->owner,
        .team = compiled_team(agent),
        .issued_ms = question->now_ms,
        .expires_ms = INT64_MAX,
        .liveness = AMBIT_LIVE,
    };
    return true;
}

struct finding action_judge_named_owner(const struct action_judge *a)
{
    const struct ambit_person *owner = a->j.agent->owner, *backup = a->j.agent->backup;
    struct ambit_str fault = a->q->owner_fault;
    if (!owner->is_active)
        fault = AMBIT_STR("owner");
    else if (!backup->is_active)
        fault = AMBIT_STR("backup");
    return fault.p ? fails(AMBIT_ACTION_CHECK_LIVE, AMBIT_REASON_OWNER_REQUIRED, fault) : settled;
}

static struct finding lacks(enum ambit_reason reason, const struct compiled_rule *rule,
                            const char *member)
{
    struct finding finding = finding_of_rule(AMBIT_ACTION_CHECK_POLICY, reason, rule);
    finding.member = ambit_str_of(member);
    return finding;
}

struct finding action_judge_unpresented(const struct action_judge *a,
                                        const struct compiled_rule *rule)
{
    const struct compiled_policy *policy = rule->policy;
    if (!policy_in_dates(policy, a->q->now_ms))
        return lacks(AMBIT_REASON_POLICY_EXPIRED, rule,
                     policy->not_before_ms > a->q->now_ms ? "not_before" : "not_after");
    if (!rule_accepts_binding(rule, AMBIT_BINDING_NONE))
        return lacks(AMBIT_REASON_BINDING_REQUIRED, rule, "bind");
    if (rule_asks_at_grant(rule))
        return lacks(AMBIT_REASON_APPROVAL_REQUIRED, rule, "approval");
    return finding_of_rule(AMBIT_ACTION_CHECKS, AMBIT_REASON_ALLOWED, rule);
}

/* Where the rules of the agent stand: the first that passes, else the first that got furthest. */
struct best {
    struct finding finding;
    const struct compiled_rule *rule; /* NULL: none contains it */
};

/* What a stopped policy contains is `stopped` only where no other rule contains it. */
static void note_stopped(struct best *best, const struct ambit_stop_view *stop)
{
    if (best->rule || best->finding.reason == AMBIT_REASON_STOPPED)
        return;
    best->finding = fails(AMBIT_ACTION_CHECK_STOP, AMBIT_REASON_STOPPED, (struct ambit_str){0});
    best->finding.stop = stop->id;
}

static void judge_rules_of(struct action_judge *a, const struct compiled_policy *policy,
                           struct best *best)
{
    const struct ambit_stop_view *stop = NULL;
    if (a->j.world->n_stops)
        stop = judge_stop_on(&a->j, AMBIT_TARGET_POLICY, policy->name);
    struct index_walk walk = index_begin(&policy->rule_index, &a->probe);
    size_t r = 0;
    while (!a->j.err && index_next(&walk, &r)) {
        const struct compiled_rule *rule = &policy->rules[r];
        if (!patterns_match(&rule->actions, &a->action.pattern) ||
            !rule_matches_resource(rule, &a->j.variables, &a->resource.pattern))
            continue;
        if (stop) {
            note_stopped(best, stop);
            continue;
        }
        struct finding finding = action_judge_rule(a, 0, rule);
        if (!best->rule || finding_is_further(&finding, &best->finding))
            *best = (struct best){.finding = finding, .rule = rule};
        if (finding.check == AMBIT_ACTION_CHECKS)
            return;
    }
}

struct finding action_judge_named(struct action_judge *a, const struct compiled_rule **ret_rule)
{
    struct best best = {.finding = fails(AMBIT_ACTION_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE,
                                         (struct ambit_str){0})};
    uint64_t left = compiled_policies_of_rules(a->j.agent, &a->probe);
    while (left && !a->j.err && best.finding.check != AMBIT_ACTION_CHECKS) {
        const struct compiled_policy *policy = a->j.agent->policies[compiled_next(&left)].policy;
        if (judge_counts(&a->j, policy))
            judge_rules_of(a, policy, &best);
    }
    *ret_rule = best.rule;
    return best.finding;
}
