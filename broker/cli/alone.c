/* SPDX-License-Identifier: Apache-2.0 */
/* Asked of the engine itself, with the very call that introspection makes: a rule stands here when
 * a grant of all it gives, to some agent that lists it, has an item that needs no broker. */
#include "cli/alone.h"

enum { ITEMS_MAX = 64 };

/* One rule as some agent would hold it. */
struct holder {
    const struct ambit_policy_set *set;
    const struct ambit_policy *policy;
    const struct ambit_rule *rule;
    int64_t now_ms;
};

static bool lists(const struct ambit_agent *agent, struct ambit_str policy)
{
    for (size_t i = 0; i < agent->policies.n; i++) {
        if (ambit_str_eq(agent->policies.v[i], policy))
            return true;
    }
    return false;
}

/* The pairs of a rule's patterns from the `first`-th on; how many there were. */
static size_t pairs_of(const struct holder *holder, size_t first,
                       struct ambit_given items[ITEMS_MAX])
{
    const struct ambit_rule *rule = holder->rule;
    size_t n = 0, all = rule->actions.n * rule->resources.n;
    for (size_t i = first; i < all && n < ITEMS_MAX; i++) {
        items[n++] = (struct ambit_given){.action = rule->actions.v[i / rule->resources.n],
                                          .resource = rule->resources.v[i % rule->resources.n],
                                          .policy = holder->policy->doc.name,
                                          .rule = rule->id,
                                          .digest = holder->policy->doc.digest};
    }
    return n;
}

static bool is_alone_for(const struct holder *holder, const struct ambit_agent *agent)
{
    struct ambit_given items[ITEMS_MAX] = {{.action = {NULL, 0}}};
    struct ambit_grant_view grant = {
        .agent = agent->doc.name,
        .owner = agent->owner,
        .audience = holder->policy->audiences.v[0],
        .issued_ms = holder->now_ms,
        .expires_ms = holder->now_ms + holder->rule->ttl_max_s * 1000,
        .binding = holder->rule->bind_dpop   ? AMBIT_BINDING_DPOP
                   : holder->rule->bind_mtls ? AMBIT_BINDING_MTLS
                                             : AMBIT_BINDING_NONE,
        .purpose = holder->rule->when.purpose,
        .items = items,
        .liveness = AMBIT_LIVE,
    };
    for (size_t first = 0;; first += grant.n_items) {
        uint64_t live = 0, ask = 0;
        grant.n_items = pairs_of(holder, first, items);
        if (grant.n_items == 0)
            return false;
        ambit_grant_items_now(holder->set, &grant, NULL, 0, holder->now_ms, &live, &ask);
        if (live & ~ask)
            return true;
    }
}

static bool is_alone(const struct holder *holder)
{
    const struct ambit_documents *documents = ambit_policy_documents(holder->set);
    if (ambit_rule_asks(holder->set, holder->policy->doc.name, holder->rule->id))
        return false;
    for (size_t i = 0; i < documents->n_agents; i++) {
        const struct ambit_agent *agent = &documents->agents[i];
        if (lists(agent, holder->policy->doc.name) && is_alone_for(holder, agent))
            return true;
    }
    return false;
}

enum ambit_err alone_find(const struct ambit_policy_set *set, int64_t now_ms,
                          struct alone_rules *ret)
{
    const struct ambit_documents *documents = ambit_policy_documents(set);
    size_t n_rules = 0;
    for (size_t i = 0; i < documents->n_policies; i++)
        n_rules += documents->policies[i].n_rules;

    *ret = (struct alone_rules){.v = calloc(n_rules + 1, sizeof *ret->v)};
    if (!ret->v)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < documents->n_policies; i++) {
        const struct ambit_policy *policy = &documents->policies[i];
        for (size_t k = 0; k < policy->n_rules; k++) {
            const struct holder holder = {
                .set = set, .policy = policy, .rule = &policy->rules[k], .now_ms = now_ms};
            if (is_alone(&holder))
                ret->v[ret->n++] = (struct alone_rule){.policy = policy->doc.name,
                                                       .rule = policy->rules[k].id,
                                                       .within_s = policy->rules[k].ttl_max_s};
        }
    }
    return AMBIT_OK;
}

void alone_done(struct alone_rules *rules)
{
    free(rules->v);
    *rules = (struct alone_rules){.v = NULL};
}
