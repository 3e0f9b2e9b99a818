/* SPDX-License-Identifier: Apache-2.0 */
/* Which of an agent's policies have anything to say about a pair. An agent with few policies asks
 * each of them; one with many asks this table first, so that the others cost nothing. Agents that
 * list the same policies share it. */
#include "policy/compile.h"

enum {
    POLICIES_MIN = 4,      /* that are worth a table */
    ENTRIES_MAX = 1 << 20, /* of all tables of a set; agents beyond ask each policy */
    SHARED_SLOTS = 1 << 12,
};

struct tables_builder {
    struct index_builder rules, never, meeting;
};

static void builder_done(struct tables_builder *builder)
{
    index_builder_done(&builder->rules);
    index_builder_done(&builder->never);
    index_builder_done(&builder->meeting);
}

static enum ambit_err add_policy(struct tables_builder *builder,
                                 const struct compiled_policy *policy, uint16_t place)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; !err && i < policy->n_rules; i++) {
        const struct compiled_rule *rule = &policy->rules[i];
        err = index_add_pairs(&builder->rules, rule->actions.v, rule->actions.n, rule->resources.v,
                              rule->resources.n, place);
    }
    for (size_t i = 0; !err && i < policy->n_never; i++) {
        const struct compiled_never *never = &policy->never[i];
        err = index_add_pairs(&builder->never, never->actions.v, never->actions.n,
                              never->resources.v, never->resources.n, place);
        if (!err)
            err =
                index_add_meeting(&builder->meeting, never->resources.v, never->resources.n, place);
    }
    return err;
}

static size_t entries_of(const struct tables_builder *builder)
{
    return builder->rules.n + builder->never.n + builder->meeting.n;
}

static enum ambit_err build(struct arena *arena, struct tables_builder *builder,
                            const struct compiled_tables **ret)
{
    struct compiled_tables *tables = arena_alloc(arena, sizeof *tables);
    if (!tables)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = index_build(&builder->rules, arena, &tables->rules);
    if (!err)
        err = index_build(&builder->never, arena, &tables->never);
    if (!err)
        err = index_build(&builder->meeting, arena, &tables->meeting);
    *ret = tables;
    return err;
}

static bool lists_the_same(const struct compiled_agent *a, const struct compiled_agent *b)
{
    for (size_t i = 0; i < a->n_policies && a->n_policies == b->n_policies; i++) {
        if (a->policies[i].policy != b->policies[i].policy)
            return false;
    }
    return a->n_policies == b->n_policies;
}

static uint64_t hash_of_list(const struct compiled_agent *agent)
{
    const struct compiled_policy *list[AMBIT_POLICIES_MAX] = {NULL};
    for (size_t i = 0; i < agent->n_policies; i++)
        list[i] = agent->policies[i].policy;
    return index_hash((struct ambit_str){.p = (const char *)list, .len = sizeof list});
}

enum ambit_err compile_tables(struct arena *arena, struct compiled_agent *agents, size_t n)
{
    const struct compiled_agent *shared[SHARED_SLOTS] = {NULL}; /* the last of each hash */
    size_t n_entries = 0;
    for (size_t i = 0; i < n; i++) {
        struct compiled_agent *agent = &agents[i];
        if (agent->n_policies < POLICIES_MIN)
            continue;
        const struct compiled_agent **slot = &shared[hash_of_list(agent) % SHARED_SLOTS];
        if (*slot && lists_the_same(*slot, agent)) {
            agent->tables = (*slot)->tables;
            continue;
        }
        struct tables_builder builder AMBIT_CLEANUP(builder_done) = {{0}};
        enum ambit_err err = AMBIT_OK;
        for (size_t p = 0; !err && p < agent->n_policies && n_entries < ENTRIES_MAX; p++)
            err = add_policy(&builder, agent->policies[p].policy, (uint16_t)p);
        n_entries += entries_of(&builder);
        if (!err && n_entries < ENTRIES_MAX)
            err = build(arena, &builder, &agent->tables);
        if (err)
            return err;
        *slot = agent;
    }
    return AMBIT_OK;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static uint64_t places_of(struct index_walk walk)
{
    uint64_t places = 0;
    size_t place = 0;
    while (index_next(&walk, &place))
        places |= UINT64_C(1) << place;
    return places;
}

uint64_t compiled_policies_of_rules(const struct compiled_agent *agent,
                                    const struct index_probe *probe)
{
    uint64_t places = 0;
    if (agent->tables)
        return places_of(index_begin(&agent->tables->rules, probe));
    for (size_t i = 0; i < agent->n_policies; i++)
        places |= (uint64_t)index_begins_meet(&agent->policies[i].rules, &probe->contains) << i;
    return places;
}

static uint64_t never_places(const struct compiled_agent *agent, const struct index_begins *begins)
{
    uint64_t places = 0;
    for (size_t i = 0; i < agent->n_policies; i++)
        places |= (uint64_t)index_begins_meet(&agent->policies[i].never, begins) << i;
    return places;
}

uint64_t compiled_policies_of_never(const struct compiled_agent *agent,
                                    const struct index_probe *probe)
{
    return agent->tables ? places_of(index_begin(&agent->tables->never, probe))
                         : never_places(agent, &probe->contains);
}

uint64_t compiled_policies_meeting(const struct compiled_agent *agent,
                                   const struct index_probe *probe)
{
    return agent->tables ? places_of(index_begin_meeting(&agent->tables->meeting, probe))
                         : never_places(agent, &probe->meets);
}
