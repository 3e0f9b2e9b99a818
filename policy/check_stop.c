/* SPDX-License-Identifier: Apache-2.0 */
/* Hard stops that cannot fire: no rule allows what they watch, nothing is ever unaccounted for, or
 * the limits of the rules refuse before their number is reached. */
#include "policy/check_warn.h"

static void say(struct check_run *run, const struct check_policy *policy, size_t stop,
                enum ambit_warning id, struct ambit_str what)
{
    const struct check_warning warning = {
        .id = id,
        .at = {.kind = AMBIT_KIND_POLICY,
               .name = policy->compiled->policy->doc.name,
               .list = "hard_stops",
               .index = stop},
        .what = what,
        .expected = id == AMBIT_WARNING_STOP_NEVER_FIRES ? "a stop that something can trip, or none"
                                                         : "a number that can be reached",
    };
    check_warn(run, &warning);
}

/* The most that one rule lets come together in the stop's window under one of its keys. */
static int64_t most_of_rule(const struct ambit_rule *rule, const struct ambit_hard_stop *stop)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < rule->n_limits; i++) {
        const struct ambit_limit *limit = &rule->limits[i];
        bool is_grants = stop->on == AMBIT_ON_GRANTED;
        int64_t each = 1;
        if (limit->within_s == 0 || (limit->by != stop->by && limit->by != AMBIT_BY_POLICY))
            continue;
        bool is_counted = limit->kind == (is_grants ? AMBIT_LIMIT_GRANTS : AMBIT_LIMIT_COUNT);
        bool is_same = limit->kind == stop->kind && limit->kind != AMBIT_LIMIT_COUNT &&
                       ambit_str_eq(limit->field, stop->field) &&
                       limit->distinct_action == stop->distinct_action;
        if (stop->kind == AMBIT_LIMIT_SUM && is_counted)
            is_counted = check_largest(rule, stop->field, &each) && each >= 0;
        if (!is_counted && !is_same)
            continue;
        int64_t most = check_most(limit->max, limit->within_s, stop->within_s);
        if (is_counted && __builtin_mul_overflow(most, each, &most))
            continue;
        least = most < least ? most : least;
    }
    return least;
}

/* A token request counts each rule's grants once, an action is charged to one rule: what the rules
 * let come together is the sum of what each does. */
static bool is_unreachable(struct check_run *run, struct check_policy *policy,
                           const struct compiled_stop *compiled, const struct cover *cover)
{
    const struct ambit_hard_stop *stop = compiled->stop;
    bool is_token = stop->on == AMBIT_ON_GRANTED;
    bool is_bounded = is_token ? stop->kind == AMBIT_LIMIT_COUNT : stop->on == AMBIT_ON_ALLOWED;
    if (stop->at_once || !is_bounded)
        return false;
    int64_t total = 0;
    for (size_t i = 0; i < policy->n_reach; i++) {
        const struct check_policy *other = policy->reach[i];
        for (size_t k = 0; k < other->compiled->n_rules; k++) {
            if (!cover_meets(run, cover, &other->rules[k]))
                continue;
            int64_t most = most_of_rule(other->compiled->rules[k].rule, stop);
            if (__builtin_add_overflow(total, most, &total))
                return false;
        }
    }
    int64_t harmless = stop->kind == AMBIT_LIMIT_COUNT ? stop->max - 1 : stop->max;
    return !run->is_cut_off && total <= harmless;
}

static bool hears_allowed(const struct ambit_hard_stop *stop)
{
    return stop->on == AMBIT_ON_ALLOWED || stop->on == AMBIT_ON_GRANTED ||
           stop->on == AMBIT_ON_UNACCOUNTED;
}

static void warn_stop(struct check_run *run, struct check_policy *policy, size_t i)
{
    const struct compiled_stop *compiled = &policy->compiled->stops[i];
    const struct ambit_hard_stop *stop = compiled->stop;
    const struct cover *cover = &policy->stops[i];
    bool is_due = stop->on == AMBIT_ON_UNACCOUNTED;
    enum ambit_warning never = AMBIT_WARNING_STOP_NEVER_FIRES;
    if (hears_allowed(stop) && !cover_is_reached(run, policy, cover, is_due)) {
        say(run, policy, i, never,
            is_due ? AMBIT_STR("no rule that agents with this policy have and that asks for an "
                               "outcome overlaps it")
                   : AMBIT_STR("no rule that agents with this policy have overlaps it"));
        return;
    }
    if (stop->after) {
        struct cover before = cover_of_after(run, stop->after);
        if (!cover_is_reached(run, policy, &before, false)) {
            say(run, policy, i, never,
                AMBIT_STR("no rule that agents with this policy have overlaps what \"after\" asks "
                          "for"));
            return;
        }
    }
    if (is_unreachable(run, policy, compiled, cover)) {
        say(run, policy, i, never,
            AMBIT_STR("the limits of the rules that overlap it refuse before its number is "
                      "reached"));
        return;
    }
    if (!stop->at_once && stop->kind != AMBIT_LIMIT_SUM && stop->max > AMBIT_WINDOW_MAX)
        say(run, policy, i, AMBIT_WARNING_LIMIT_UNREACHABLE,
            check_say(run, "a window holds at most %d entries: it fires there", AMBIT_WINDOW_MAX));
}

void warn_stops(struct check_run *run, struct check_policy *policy)
{
    /* Of a policy that no agent lists that alone is said. */
    if (policy->n_groups == 0 || !check_reach(run, policy))
        return;
    for (size_t i = 0; i < policy->compiled->n_stops && !run->err; i++)
        warn_stop(run, policy, i);
}
