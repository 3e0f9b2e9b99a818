/* SPDX-License-Identifier: Apache-2.0 */
/* An agent among the other documents: who answers for it, what it lists, how it may prove itself.
 */
#include "policy/check.h"

#include "ambit/policy.h"

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

/* The least that one entry of an event's `counts` takes, but for its names. */
enum { ENTRY_BYTES_LEAST = 80 };

/* Hard stops that hear every attempt: each counts it, or fires on it. */
static bool hears_everything(const struct ambit_hard_stop *stop)
{
    return stop->on == AMBIT_ON_ATTEMPTED && stop->actions.n == 0 && stop->resources.n == 0 &&
           !stop->after && stop->by != AMBIT_BY_GRANT && stop->by != AMBIT_BY_LINEAGE;
}

/* What cannot be recorded does not happen: an agent on whom more falls, whatever it asks, could
 * never be given anything. Of a set that is in force already that is not asked. */
static void check_recordable(struct loaded_set *set, struct loaded *loaded)
{
    const struct ambit_agent *agent = loaded->as.agent;
    size_t n_trips = 0, bytes = 0;
    _Static_assert(ENTRY_BYTES_LEAST * AMBIT_CHARGES_MAX > AMBIT_EVENT_BYTES,
                   "more that count than an event has room for are too many bytes besides");
    for (size_t i = 0; i < agent->policies.n; i++) {
        const struct loaded *found = check_find(set, AMBIT_KIND_POLICY, agent->policies.v[i]);
        const struct ambit_policy *policy = found && !found->is_broken ? found->as.policy : NULL;
        for (size_t k = 0; policy && !policy->is_shadow && k < policy->n_hard_stops; k++) {
            const struct ambit_hard_stop *stop = &policy->hard_stops[k];
            if (!hears_everything(stop))
                continue;
            n_trips += stop->at_once;
            if (!stop->at_once)
                bytes += ENTRY_BYTES_LEAST + stop->id.len + policy->doc.name.len;
        }
    }
    if (n_trips <= AMBIT_TRIPS_MAX && bytes <= AMBIT_EVENT_BYTES)
        return;
    struct place at = place_member(&loaded->root, "policies");
    complain(&loaded->reading, &at,
             "more hard stops hear its every attempt than one event can record",
             "at most 64 that fire at once, 512 that count, and 32 KiB of their names and keys");
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
    if (loaded->reading.env->now_ms) {
        check_recordable(set, loaded);
        check_names(loaded, agent->credentials, agent->n_credentials);
    }

    struct place list = place_member(&loaded->root, "delegates_to");
    for (size_t i = 0; i < agent->delegates_to.n; i++) {
        struct place at = check_element(&list, i);
        if (agent->delegates_to.v[i].p)
            (void)check_reference(set, loaded, &at, AMBIT_KIND_AGENT);
    }
}
