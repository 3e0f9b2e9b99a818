/* SPDX-License-Identifier: Apache-2.0 */
/* An agent among the other documents: who answers for it, what it lists, how it may prove itself.
 */
#include "policy/check.h"

static void check_policies(struct loaded_set *set, struct loaded *loaded)
{
    struct ambit_agent *agent = loaded->as.agent;
    struct place list = place_member(&loaded->root, "policies");
    for (size_t i = 0; i < agent->policies.n; i++) {
        struct place at = check_element(&list, i);
        if (!agent->policies.v[i].p)
            continue;
        const struct loaded *policy = check_reference(set, loaded, &at, AMBIT_KIND_POLICY);
        if (policy && policy->as.policy->tier > agent->tier)
            agent->tier = policy->as.policy->tier;
    }
}

/* A secret that is sent is too weak a proof for what can do the most harm. */
static void check_methods(struct loaded *loaded)
{
    const struct ambit_agent *agent = loaded->as.agent;
    struct place list = place_member(&loaded->root, "authenticate");
    for (size_t i = 0; i < agent->n_credentials; i++) {
        if (agent->credentials[i].method != AMBIT_METHOD_CLIENT_SECRET_BASIC)
            continue;
        struct place at = check_element(&list, i);
        struct place method = place_member(&at, "method");
        complain_text(&loaded->reading, &method,
                      "a policy that the agent lists is of tier high or critical",
                      "a way in without a shared secret");
    }
}

void check_agent_of_set(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_agent *agent = loaded->as.agent;
    check_owner(set, loaded, "owner", agent->owner);
    if (!ambit_str_eq(agent->owner, agent->backup))
        check_owner(set, loaded, "backup", agent->backup);
    check_policies(set, loaded);
    if (agent->tier >= AMBIT_TIER_HIGH)
        check_methods(loaded);

    struct place list = place_member(&loaded->root, "delegates_to");
    for (size_t i = 0; i < agent->delegates_to.n; i++) {
        struct place at = check_element(&list, i);
        if (agent->delegates_to.v[i].p)
            (void)check_reference(set, loaded, &at, AMBIT_KIND_AGENT);
    }
}
