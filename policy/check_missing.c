/* SPDX-License-Identifier: Apache-2.0 */
/* What is not there: policies of an agent, agents of a policy, tests beside it, time left. */
#include "policy/check_warn.h"

static void warn_agent(struct check_run *run, const struct ambit_agent *agent)
{
    if (agent->policies.n > 0)
        return;
    const struct check_warning warning = {
        .id = AMBIT_WARNING_AGENT_WITHOUT_POLICY,
        .at = {.kind = AMBIT_KIND_AGENT, .name = agent->doc.name, .member = "policies"},
        .what = AMBIT_STR("the agent lists no policy and is given nothing"),
        .expected = "a policy, or no document for the agent",
    };
    check_warn(run, &warning);
}

/* By name: a shadow policy is listed too, though it is not in force. */
static bool is_listed(const struct check_run *run, const struct check_policy *policy)
{
    struct ambit_str name = policy->compiled->policy->doc.name;
    for (size_t i = 0; i < run->documents->n_agents && policy->n_groups == 0; i++) {
        const struct ambit_strs *list = &run->documents->agents[i].policies;
        for (size_t j = 0; j < list->n; j++) {
            if (ambit_str_eq(list->v[j], name))
                return true;
        }
    }
    return policy->n_groups > 0;
}

static void warn_policy(struct check_run *run, const struct check_policy *policy)
{
    const struct ambit_check *check = run->check;
    const struct ambit_policy *document = policy->compiled->policy;
    struct check_warning warning = {
        .at = {.kind = AMBIT_KIND_POLICY, .name = document->doc.name, .member = "policy"}};
    if (!is_listed(run, policy)) {
        warning.id = AMBIT_WARNING_POLICY_WITHOUT_AGENT;
        warning.what = AMBIT_STR("no agent lists the policy");
        warning.expected = "the policy's name in \"policies\" of an agent";
        check_warn(run, &warning);
    }
    if (check->has_tests && policy->file && !check->has_tests(check->ctx, policy->file)) {
        warning.id = AMBIT_WARNING_POLICY_WITHOUT_TESTS;
        warning.what = AMBIT_STR("the policy has no tests");
        warning.expected = "a NAME.test.json beside it, with cases that reach every rule and hard "
                           "stop";
        check_warn(run, &warning);
    }
    if (check->now_ms && document->not_after_ms && document->not_after_ms <= check->now_ms) {
        warning.id = AMBIT_WARNING_POLICY_EXPIRED;
        warning.at.member = "not_after";
        warning.what = AMBIT_STR("the date is past: its rules give nothing any more, its never "
                                 "rules and hard stops still hold");
        warning.expected = "a later date, or no such policy";
        check_warn(run, &warning);
    }
}

void warn_missing(struct check_run *run)
{
    for (size_t i = 0; i < run->documents->n_agents; i++)
        warn_agent(run, &run->documents->agents[i]);
    for (size_t i = 0; i < run->documents->n_policies; i++)
        warn_policy(run, &run->policies[i]);
}
