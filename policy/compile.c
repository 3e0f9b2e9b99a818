/* SPDX-License-Identifier: Apache-2.0 */
/* From documents to the compiled set: names resolved, patterns parsed, what cannot be judged named.
 * The only file of the deciding half that allocates. The rules of one policy: compile_policy.c. */
#include "policy/compile.h"

static struct ambit_str agent_name(const void *ctx, size_t i)
{
    return ((const struct compiled_agent *)ctx)[i].name;
}

static struct ambit_str policy_name(const void *ctx, size_t i)
{
    return ((const struct ambit_documents *)ctx)->policies[i].doc.name;
}

static struct ambit_str service_name(const void *ctx, size_t i)
{
    return ((const struct ambit_documents *)ctx)->services[i].doc.name;
}

static struct ambit_str rule_id(const void *ctx, size_t i)
{
    return ((const struct compiled_rule *)ctx)[i].id;
}

/* The place of a name in its table's array, or SIZE_MAX. */
static size_t find(const struct name_table *table, struct ambit_str name,
                   struct ambit_str (*name_of)(const void *ctx, size_t i), const void *ctx)
{
    for (size_t i = index_hash(name) & table->mask; table->slots[i]; i = (i + 1) & table->mask) {
        size_t place = table->slots[i] - 1;
        if (ambit_str_eq(name_of(ctx, place), name))
            return place;
    }
    return SIZE_MAX;
}

const struct compiled_agent *compiled_agent_find(const struct ambit_policy_set *set,
                                                 struct ambit_str name)
{
    size_t i = find(&set->agent_names, name, agent_name, set->agents);
    return i == SIZE_MAX ? NULL : &set->agents[i];
}

const struct compiled_service *compiled_service_find(const struct ambit_policy_set *set,
                                                     struct ambit_str name)
{
    size_t i = find(&set->service_names, name, service_name, set->documents);
    return i == SIZE_MAX ? NULL : &set->services[i];
}

const struct compiled_policy *compiled_policy_of(const struct compiled_agent *agent,
                                                 struct ambit_str name)
{
    uint32_t hash = (uint32_t)index_hash(name);
    for (size_t i = 0; i < agent->n_policies; i++) {
        const struct listed_policy *listed = &agent->policies[i];
        if (listed->name_hash == hash && ambit_str_eq(listed->policy->name, name))
            return listed->policy;
    }
    return NULL;
}

const struct compiled_rule *compiled_rule_find(const struct compiled_policy *policy,
                                               struct ambit_str id)
{
    size_t i = find(&policy->rule_names, id, rule_id, policy->rules);
    return i == SIZE_MAX ? NULL : &policy->rules[i];
}

enum ambit_err compile_rule_names(struct arena *arena, struct compiled_policy *policy)
{
    return name_table_build(arena, policy->n_rules, rule_id, policy->rules, &policy->rule_names);
}

void *compile_lines(struct arena *arena, size_t n, size_t each)
{
    char *p = arena_array(arena, n + 1, each); /* one more, for the room before the first line */
    return p ? p + (-(uintptr_t)p & (COMPILED_LINE - 1)) : NULL;
}

static enum ambit_err compile_policies(struct ambit_policy_set *set)
{
    size_t n = set->documents->n_policies;
    struct compiled_policy *policies = compile_lines(&set->arena, n, sizeof *policies);
    if (!policies)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        enum ambit_err err =
            compile_policy(&set->arena, set->documents, &set->documents->policies[i], &policies[i]);
        if (err)
            return err;
    }
    set->policies = policies;
    return name_table_build(&set->arena, n, policy_name, set->documents, &set->policy_names);
}

static struct listed_policy listed(const struct compiled_policy *policy)
{
    uint64_t has_resources = ~policy->stops_everywhere;
    struct listed_policy ret = {
        .policy = policy,
        .rules = policy->rule_index.begins,
        .never = policy->never_index.begins,
        .stops = policy->stop_index.begins,
        .name_hash = (uint32_t)index_hash(policy->name),
        .remembers = policy->n_afters > 0,
    };
    for (size_t i = 0; i < policy->n_stops; i++)
        has_resources &= policy->stops[i].resources.n ? UINT64_MAX : ~(UINT64_C(1) << i);
    for (int hearing = 0; hearing < HEARINGS; hearing++) {
        uint64_t stops = policy->hearing[hearing];
        ret.hears |= (uint8_t)((stops != 0) << hearing);
        ret.hears_anywhere |= (uint8_t)(((stops & ~has_resources) != 0) << hearing);
    }
    return ret;
}

static enum ambit_err compile_agent(struct ambit_policy_set *set, const struct ambit_agent *agent,
                                    struct compiled_agent *ret)
{
    const struct ambit_person *owner = ambit_person_find(set->documents, agent->owner);
    const struct ambit_person *backup = ambit_person_find(set->documents, agent->backup);
    if (!owner || !backup || agent->policies.n > AMBIT_POLICIES_MAX)
        return AMBIT_ERR_MALFORMED; /* the reader refuses such a set */

    struct listed_policy *policies =
        compile_lines(&set->arena, agent->policies.n, sizeof *policies);
    if (!policies)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    for (size_t i = 0; i < agent->policies.n; i++) {
        size_t place = find(&set->policy_names, agent->policies.v[i], policy_name, set->documents);
        if (place == SIZE_MAX)
            return AMBIT_ERR_MALFORMED; /* and this one */
        if (!set->documents->policies[place].is_shadow)
            policies[n++] = listed(&set->policies[place]);
    }
    *ret = (struct compiled_agent){
        .name = agent->doc.name,
        .agent = agent,
        .owner = owner,
        .backup = backup,
        .policies = policies,
        .n_policies = n,
    };
    return AMBIT_OK;
}

static enum ambit_err compile_agents(struct ambit_policy_set *set)
{
    size_t n = set->documents->n_agents;
    struct compiled_agent *agents = compile_lines(&set->arena, n, sizeof *agents);
    if (!agents)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        enum ambit_err err = compile_agent(set, &set->documents->agents[i], &agents[i]);
        if (err)
            return err;
    }
    enum ambit_err err = compile_tables(&set->arena, agents, n);
    if (err)
        return err;
    set->agents = agents;
    return name_table_build(&set->arena, n, agent_name, agents, &set->agent_names);
}

static enum ambit_err compile_services(struct ambit_policy_set *set)
{
    size_t n = set->documents->n_services;
    struct compiled_service *services = arena_array(&set->arena, n ? n : 1, sizeof *services);
    if (!services)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        services[i].service = &set->documents->services[i];
        enum ambit_err err = compile_patterns(&set->arena, set->documents->services[i].resources,
                                              PATTERN_RESOURCE, false, &services[i].resources);
        if (err)
            return err;
    }
    set->services = services;
    return name_table_build(&set->arena, n, service_name, set->documents, &set->service_names);
}

enum ambit_err ambit_policy_compile(struct ambit_documents *documents,
                                    struct ambit_policy_set **ret)
{
    struct ambit_policy_set *set = calloc(1, sizeof *set);
    if (!set) {
        ambit_documents_free(documents);
        return AMBIT_ERR_NO_MEMORY;
    }
    arena_init(&set->arena, NULL, 0, 0);
    set->documents = documents;
    enum ambit_err err = compile_policies(set);
    if (!err)
        err = compile_agents(set);
    if (!err)
        err = compile_services(set);
    if (err) {
        ambit_policy_set_free(set);
        return err;
    }
    *ret = set;
    return AMBIT_OK;
}

void ambit_policy_set_free(struct ambit_policy_set *set)
{
    if (!set)
        return;
    arena_done(&set->arena);
    ambit_documents_free(set->documents);
    free(set);
}

const struct ambit_documents *ambit_policy_documents(const struct ambit_policy_set *set)
{
    return set->documents;
}
