/* SPDX-License-Identifier: Apache-2.0 */
/* What the warnings look at, gathered once: covers, groups of agents, files with their places. */
#include "policy/check_warn.h"

static struct cover *covers_of_rules(struct check_run *run, const struct compiled_policy *policy)
{
    struct cover *v = arena_array(run->arena, policy->n_rules + 1, sizeof *v);
    for (size_t i = 0; v && i < policy->n_rules; i++) {
        const struct compiled_rule *rule = &policy->rules[i];
        v[i] =
            cover_of(&rule->actions, &rule->resources, rule->rule->actions, rule->rule->resources);
    }
    return v;
}

static struct cover *covers_of_never(struct check_run *run, const struct compiled_policy *policy)
{
    struct cover *v = arena_array(run->arena, policy->n_never + 1, sizeof *v);
    for (size_t i = 0; v && i < policy->n_never; i++) {
        const struct compiled_never *never = &policy->never[i];
        v[i] = cover_of(&never->actions, &never->resources, never->never->actions,
                        never->never->resources);
    }
    return v;
}

static struct cover *covers_of_stops(struct check_run *run, const struct compiled_policy *policy)
{
    struct cover *v = arena_array(run->arena, policy->n_stops + 1, sizeof *v);
    for (size_t i = 0; v && i < policy->n_stops; i++) {
        const struct compiled_stop *stop = &policy->stops[i];
        v[i] =
            cover_of(&stop->actions, &stop->resources, stop->stop->actions, stop->stop->resources);
    }
    return v;
}

static int compare_files(const void *a, const void *b)
{
    const struct ambit_file *const *x = a, *const *y = b;
    if ((*x)->kind != (*y)->kind)
        return (*x)->kind < (*y)->kind ? -1 : 1;
    return ambit_str_cmp((*x)->name, (*y)->name);
}

/* The document says its name; the file's may be read otherwise (`__`), so it is asked. */
static const struct json_value *read_json(struct check_run *run, const struct ambit_file *file)
{
    const struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH};
    const struct json_value *value = NULL;
    struct json_problem problem = {0};
    enum ambit_err err = json_read(file->bytes, limits, run->arena, &value, &problem);
    if (err == AMBIT_ERR_NO_MEMORY)
        run->err = err;
    return err ? NULL : value;
}

static enum ambit_err open_files(struct check_run *run)
{
    const struct ambit_check *check = run->check;
    run->files = arena_array(run->arena, check->n_files + 1, sizeof(const struct ambit_file *));
    if (!run->files)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < check->n_files; i++)
        run->files[i] = &check->files[i];
    qsort(run->files, check->n_files, sizeof(const struct ambit_file *), compare_files);
    for (size_t i = 0; i < check->n_files; i++) {
        const struct ambit_file *file = &check->files[i];
        const struct json_value *json =
            file->kind == AMBIT_KIND_POLICY ? read_json(run, file) : NULL;
        struct ambit_str name = json_get_str(json, "policy");
        const struct ambit_policy *policy = name.p ? ambit_policy_find(run->documents, name) : NULL;
        if (!policy)
            continue;
        struct check_policy *place = &run->policies[policy - run->documents->policies];
        place->json = json;
        place->file = file;
    }
    return run->err;
}

static int compare_agents(const void *a, const void *b)
{
    const struct compiled_agent *const *x = a, *const *y = b;
    if ((*x)->n_policies != (*y)->n_policies)
        return (*x)->n_policies < (*y)->n_policies ? -1 : 1;
    for (size_t i = 0; i < (*x)->n_policies; i++) {
        const struct compiled_policy *p = (*x)->policies[i].policy, *q = (*y)->policies[i].policy;
        if (p != q)
            return p < q ? -1 : 1;
    }
    return ambit_str_cmp((*x)->agent->doc.name, (*y)->agent->doc.name);
}

static bool list_the_same(const struct compiled_agent *a, const struct compiled_agent *b)
{
    bool is_same = a->n_policies == b->n_policies;
    for (size_t i = 0; is_same && i < a->n_policies; i++)
        is_same = a->policies[i].policy == b->policies[i].policy;
    return is_same;
}

static enum ambit_err open_groups(struct check_run *run)
{
    size_t n = run->documents->n_agents;
    const struct compiled_agent **sorted =
        arena_array(run->arena, n + 1, sizeof(const struct compiled_agent *));
    run->groups = arena_array(run->arena, n + 1, sizeof *run->groups);
    run->agent_stamps = arena_array(run->arena, n + 1, sizeof *run->agent_stamps);
    if (!sorted || !run->groups || !run->agent_stamps)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        sorted[i] = &run->check->set->agents[i];
    qsort(sorted, n, sizeof(const struct compiled_agent *), compare_agents);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !list_the_same(sorted[i - 1], sorted[i]))
            run->groups[run->n_groups++] =
                (struct check_group){.agents = &sorted[i], .agent = sorted[i]};
        run->groups[run->n_groups - 1].n_agents++;
    }
    return AMBIT_OK;
}

/* Which groups list which policy: counted, then written. */
static enum ambit_err link_groups(struct check_run *run)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t g = 0; g < run->n_groups; g++) {
            const struct compiled_agent *agent = run->groups[g].agent;
            for (size_t i = 0; i < agent->n_policies; i++) {
                struct check_policy *policy = check_policy_of(run, agent->policies[i].policy);
                if (pass == 1)
                    policy->groups[policy->n_groups] = g;
                policy->n_groups++;
            }
        }
        for (size_t i = 0; pass == 0 && i < run->documents->n_policies; i++) {
            struct check_policy *policy = &run->policies[i];
            policy->groups = arena_array(run->arena, policy->n_groups + 1, sizeof *policy->groups);
            if (!policy->groups)
                return AMBIT_ERR_NO_MEMORY;
            policy->n_groups = 0;
        }
    }
    return AMBIT_OK;
}

enum ambit_err check_open(struct check_run *run)
{
    size_t n = run->documents->n_policies;
    run->policies = arena_array(run->arena, n + 1, sizeof *run->policies);
    if (!run->policies)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct check_policy *policy = &run->policies[i];
        policy->compiled = &run->check->set->policies[i];
        policy->rules = covers_of_rules(run, policy->compiled);
        policy->never = covers_of_never(run, policy->compiled);
        policy->stops = covers_of_stops(run, policy->compiled);
        if (!policy->rules || !policy->never || !policy->stops)
            return AMBIT_ERR_NO_MEMORY;
    }
    enum ambit_err err = open_files(run);
    if (!err)
        err = open_groups(run);
    return err ? err : link_groups(run);
}

struct check_policy *check_policy_of(const struct check_run *run,
                                     const struct compiled_policy *policy)
{
    return &run->policies[policy - run->check->set->policies];
}

static void reach_agent(struct check_run *run, struct check_policy *policy,
                        const struct compiled_agent *agent)
{
    for (size_t i = 0; i < agent->n_policies; i++) {
        struct check_policy *other = check_policy_of(run, agent->policies[i].policy);
        if (other->stamp == run->stamp)
            continue;
        other->stamp = run->stamp;
        policy->reach[policy->n_reach++] = other;
    }
}

/* The agents still to be looked at stand behind those that were; each agent once. */
static void reach_delegates(struct check_run *run, struct check_policy *policy, size_t *waiting,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct compiled_agent *agent = &run->check->set->agents[waiting[i]];
        reach_agent(run, policy, agent);
        for (size_t k = 0; k < agent->agent->delegates_to.n; k++) {
            const struct ambit_agent *to =
                ambit_agent_find(run->documents, agent->agent->delegates_to.v[k]);
            size_t index = (size_t)(to - run->documents->agents);
            if (run->agent_stamps[index] == run->stamp)
                continue;
            run->agent_stamps[index] = run->stamp;
            waiting[n++] = index;
        }
    }
}

bool check_reach(struct check_run *run, struct check_policy *policy)
{
    if (policy->reach)
        return true;
    size_t *waiting = calloc(run->documents->n_agents + 1, sizeof *waiting);
    struct check_policy **room = calloc(run->documents->n_policies + 1, sizeof(void *));
    policy->reach = room;
    size_t n = 0;
    run->stamp++;
    for (size_t g = 0; waiting && g < policy->n_groups; g++) {
        const struct check_group *group = &run->groups[policy->groups[g]];
        for (size_t i = 0; i < group->n_agents; i++) {
            size_t index = (size_t)(group->agents[i] - run->check->set->agents);
            run->agent_stamps[index] = run->stamp;
            waiting[n++] = index;
        }
    }
    if (waiting && room)
        reach_delegates(run, policy, waiting, n);
    policy->reach = arena_array(run->arena, policy->n_reach + 1, sizeof(void *));
    if (!waiting || !room || !policy->reach)
        run->err = AMBIT_ERR_NO_MEMORY;
    else
        memcpy(policy->reach, room, policy->n_reach * sizeof(void *));
    free(room);
    free(waiting);
    return !run->err;
}

struct ambit_str check_who(struct check_run *run, const struct check_group *group)
{
    struct ambit_str name = group->agent->agent->doc.name;
    if (group->n_agents == 1)
        return check_say(run, "agent \"%.*s\"", AMBIT_STR_ARG(name));
    return check_say(run, "agent \"%.*s\" and %zu more", AMBIT_STR_ARG(name), group->n_agents - 1);
}
