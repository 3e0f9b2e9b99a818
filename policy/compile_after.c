/* SPDX-License-Identifier: Apache-2.0 */
/* Every `after` of a policy's rules and stops, compiled and indexed, so that an allowed action
 * finds those that look for it without passing by the others. */
#include "policy/compile.h"

static size_t count_afters(const struct ambit_policy *policy)
{
    size_t n = 0;
    for (size_t i = 0; i < policy->n_rules; i++)
        n += policy->rules[i].when.n_after;
    for (size_t i = 0; i < policy->n_hard_stops; i++)
        n += policy->hard_stops[i].after != NULL;
    return n;
}

struct afters {
    struct arena *arena;
    struct compiled_after *v;
    size_t n, first; /* from `first` on they are of one rule or stop */
};

/* One that looks for the same is there already: the longer window is kept. */
static bool is_there(struct afters *afters, const struct compiled_after *after)
{
    for (size_t i = afters->first; i < afters->n; i++) {
        struct compiled_after *there = &afters->v[i];
        if (!ambit_str_eq(there->after->history, after->after->history))
            continue;
        if (there->keep_ms < after->keep_ms)
            there->keep_ms = after->keep_ms;
        return true;
    }
    return false;
}

static enum ambit_err add(struct afters *afters, struct compiled_after after)
{
    after.keep_ms = after.after->within_s * 1000;
    if (is_there(afters, &after))
        return AMBIT_OK;

    enum ambit_err err = compile_patterns(afters->arena, after.after->actions, PATTERN_ACTION,
                                          false, &after.actions);
    if (!err)
        err = compile_patterns(afters->arena, after.after->resources, PATTERN_RESOURCE, false,
                               &after.resources);
    if (!err)
        afters->v[afters->n++] = after;
    return err;
}

static enum ambit_err add_all(struct afters *afters, const struct ambit_policy *policy)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; i < policy->n_rules && !err; i++) {
        const struct ambit_rule *rule = &policy->rules[i];
        afters->first = afters->n;
        for (size_t k = 0; k < rule->when.n_after && !err; k++)
            err = add(afters, (struct compiled_after){.after = &rule->when.after[k],
                                                      .id = rule->id,
                                                      .by = AMBIT_BY_AGENT});
    }
    for (size_t i = 0; i < policy->n_hard_stops && !err; i++) {
        const struct ambit_hard_stop *stop = &policy->hard_stops[i];
        afters->first = afters->n;
        if (stop->after)
            err = add(afters,
                      (struct compiled_after){
                          .after = stop->after, .id = stop->id, .is_stop = true, .by = stop->by});
    }
    return err;
}

/* By where the patterns begin; what looks on every resource, by its action alone. */
static enum ambit_err add_to_index(const struct compiled_after *after, uint16_t i,
                                   struct index_builder *pairs, struct index_builder *any)
{
    return after->resources.n
               ? index_add_pairs(pairs, after->actions.v, after->actions.n, after->resources.v,
                                 after->resources.n, i)
               : index_add_pairs(any, after->actions.v, after->actions.n, &index_anything, 1, i);
}

enum ambit_err compile_afters(struct arena *arena, struct compiled_policy *policy)
{
    struct index_builder pairs AMBIT_CLEANUP(index_builder_done) = {0};
    struct index_builder any AMBIT_CLEANUP(index_builder_done) = {0};
    size_t n = count_afters(policy->policy);
    if (n == 0)
        return AMBIT_OK;

    struct afters afters = {.arena = arena, .v = arena_array(arena, n, sizeof *afters.v)};
    if (!afters.v)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = add_all(&afters, policy->policy);
    for (size_t i = 0; i < afters.n && !err; i++)
        err = add_to_index(&afters.v[i], (uint16_t)i, &pairs, &any);
    if (!err)
        err = index_build(&pairs, arena, &policy->after_index);
    if (!err)
        err = index_build(&any, arena, &policy->after_any_index);
    policy->afters = afters.v;
    policy->n_afters = afters.n;
    return err;
}
