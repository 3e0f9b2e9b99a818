/* SPDX-License-Identifier: Apache-2.0 */
/* The hard stops of a policy, by what they listen to and by where their patterns begin, so that an
 * event passes by those that cannot hear it. */
#include "policy/compile.h"

/* Of hard_stop_listens(), what holds whatever the reason. */
static void note_hearing(struct compiled_policy *policy, const struct ambit_hard_stop *stop,
                         size_t i)
{
    enum ambit_stop_on on = stop->on;
    bool attempted = on == AMBIT_ON_ATTEMPTED, passed = attempted || on == AMBIT_ON_ALLOWED;
    bool refused = attempted || on == AMBIT_ON_DENIED;
    /* A token request happens under no grant and no lineage. */
    bool by_agent = stop->by != AMBIT_BY_GRANT && stop->by != AMBIT_BY_LINEAGE;
    const bool hears[HEARINGS] = {
        [HEARS_GRANT] = by_agent && (attempted || on == AMBIT_ON_GRANTED),
        [HEARS_GRANT_REFUSED] = by_agent && refused,
        [HEARS_ACTION] = passed,
        [HEARS_ACTION_REFUSED] = refused,
        [HEARS_EVENT] = on == AMBIT_ON_UNACCOUNTED || on == AMBIT_ON_SIGNAL,
        [HEARS_SUM] = passed && !stop->at_once && stop->kind == AMBIT_LIMIT_SUM,
    };
    for (size_t hearing = 0; hearing < HEARINGS; hearing++)
        policy->hearing[hearing] |= (uint64_t)hears[hearing] << i;
}

/* What names no action is about every one. */
static enum ambit_err add_to_index(const struct compiled_stop *stop, uint16_t i,
                                   struct index_builder *pairs, struct index_builder *any)
{
    const struct pattern *actions = stop->actions.n ? stop->actions.v : &index_anything;
    size_t n = stop->actions.n ? stop->actions.n : 1;
    return stop->resources.n
               ? index_add_pairs(pairs, actions, n, stop->resources.v, stop->resources.n, i)
               : index_add_pairs(any, actions, n, &index_anything, 1, i);
}

static enum ambit_err compile_stop(struct arena *arena, struct compiled_policy *policy, size_t i,
                                   struct compiled_stop *ret)
{
    const struct ambit_hard_stop *stop = &policy->policy->hard_stops[i];
    *ret = (struct compiled_stop){.stop = stop, .on = stop->on, .by = stop->by, .policy = policy};
    note_hearing(policy, stop, i);
    policy->stops_everywhere |= (uint64_t)(stop->actions.n == 0 && stop->resources.n == 0) << i;
    enum ambit_err err =
        compile_patterns(arena, stop->actions, PATTERN_ACTION, false, &ret->actions);
    return err ? err
               : compile_patterns(arena, stop->resources, PATTERN_RESOURCE, false, &ret->resources);
}

enum ambit_err compile_stops(struct arena *arena, struct compiled_policy *policy)
{
    struct index_builder pairs AMBIT_CLEANUP(index_builder_done) = {0};
    struct index_builder any AMBIT_CLEANUP(index_builder_done) = {0};
    size_t n = policy->policy->n_hard_stops;
    if (n > AMBIT_STOPS_MAX) /* the reader refuses such a set; each is a bit below */
        return AMBIT_ERR_TOO_LARGE;
    struct compiled_stop *stops = arena_array(arena, n ? n : 1, sizeof *stops);
    if (!stops)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        enum ambit_err err = compile_stop(arena, policy, i, &stops[i]);
        if (!err && !(policy->stops_everywhere >> i & 1))
            err = add_to_index(&stops[i], (uint16_t)i, &pairs, &any);
        if (err)
            return err;
    }
    policy->stops = stops;
    enum ambit_err err = index_build(&pairs, arena, &policy->stop_index);
    return err ? err : index_build(&any, arena, &policy->stop_any_index);
}
