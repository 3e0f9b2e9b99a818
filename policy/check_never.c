/* SPDX-License-Identifier: Apache-2.0 */
/* Rules whose items all lie in `never` rules: of one, said where that one stands; of several
 * together, said at the rule. `never` rules of every policy of an agent hold for all its rules. */
#include "policy/check_warn.h"
#include "policy/judge.h"

static struct ambit_str name_of(const struct check_policy *policy)
{
    return policy->compiled->policy->doc.name;
}

static void say_swallowed(struct check_run *run, const struct check_policy *policy, size_t rule,
                          const struct check_policy *other, size_t never,
                          const struct check_group *group)
{
    struct ambit_str id = policy->compiled->rules[rule].rule->id;
    const struct check_warning warning = {
        .id = AMBIT_WARNING_NEVER_SWALLOWS_RULE,
        .at = {.kind = AMBIT_KIND_POLICY, .name = name_of(other), .list = "never", .index = never},
        .what = policy == other
                    ? check_say(run, "it forbids everything that rule \"%.*s\" allows",
                                AMBIT_STR_ARG(id))
                    : check_say(run,
                                "it forbids %.*s everything that rule \"%.*s\" of policy \"%.*s\" "
                                "allows",
                                AMBIT_STR_ARG(check_who(run, group)), AMBIT_STR_ARG(id),
                                AMBIT_STR_ARG(name_of(policy))),
        .expected = "a narrower never rule, or no such allow rule",
    };
    check_warn(run, &warning);
}

/* The first never rule of `other` that holds all of the rule: one that may hold its first pair. */
static bool find_swallowing(struct check_run *run, const struct cover *rule,
                            const struct check_policy *other, size_t *ret)
{
    const struct index_probe probe = index_probe_of(&rule->actions->v[0], &rule->resources->v[0]);
    struct index_walk walk = index_begin(&other->compiled->never_index, &probe);
    while (index_next(&walk, ret)) {
        if (cover_meets(run, rule, &other->never[*ret]) &&
            cover_is_inside(run, rule, &other->never[*ret].area, 1))
            return true;
    }
    return false;
}

/* All never rules of the group's policies that meet the rule, together. */
static bool is_swallowed_together(struct check_run *run, const struct cover *rule,
                                  const struct listed_policy *policies, size_t n)
{
    size_t most = 0, n_areas = 0;
    for (size_t p = 0; p < n; p++)
        most += policies[p].policy->n_never;
    if (most == 0)
        return false;
    struct ambit_area *areas = arena_array(run->arena, most, sizeof *areas);
    if (!areas)
        run->err = AMBIT_ERR_NO_MEMORY;
    for (size_t p = 0; areas && p < n; p++) {
        const struct check_policy *policy = check_policy_of(run, policies[p].policy);
        for (size_t i = 0; i < policies[p].policy->n_never; i++) {
            if (cover_meets(run, rule, &policy->never[i]))
                areas[n_areas++] = policy->never[i].area;
        }
    }
    return n_areas > 1 && cover_is_inside(run, rule, areas, n_areas);
}

/* A name that the pattern matches: each `**` for nothing, each `*` for a byte that few write out.
 */
static bool sample_of(const struct pattern *pattern, enum pattern_kind kind, char *text,
                      struct pattern_buf *ret)
{
    size_t len = pattern->type_len ? (size_t)pattern->type_len + 1 : 0;
    memcpy(text, pattern->text.p, len);
    for (size_t i = 0; i < pattern->n_segments; i++) {
        struct ambit_str segment = {.p = pattern->text.p + pattern->segments[i].at,
                                    .len = pattern->segments[i].len};
        bool is_variable = memchr(segment.p, '{', segment.len) != NULL;
        if (i > 0)
            text[len++] = kind == PATTERN_ACTION ? '.' : '/';
        for (size_t k = 0; k < (is_variable ? 1 : segment.len); k++)
            text[len++] = is_variable || segment.p[k] == '*' ? '~' : segment.p[k];
    }
    if (pattern->n_segments == 0)
        text[len++] = '~';
    struct ambit_str sample = {.p = text, .len = len};
    return pattern_parse_name(sample, kind, ret) == AMBIT_OK;
}

/* Some name that the rule covers lies in no never rule: the quick answer to the question below. */
static bool is_sample_left(struct check_run *run, const struct cover *rule,
                           const struct listed_policy *policies, size_t n)
{
    char texts[2][AMBIT_WORD_MAX + 1];
    struct pattern_buf action, resource;
    if (!check_spend(run, 200 * n) ||
        !sample_of(&rule->actions->v[0], PATTERN_ACTION, texts[0], &action) ||
        !sample_of(&rule->resources->v[0], PATTERN_RESOURCE, texts[1], &resource))
        return false;
    const struct index_probe probe = index_probe_of(&action.pattern, &resource.pattern);
    for (size_t p = 0; p < n; p++) {
        struct index_walk walk = index_begin(&policies[p].policy->never_index, &probe);
        for (size_t i = 0; index_next(&walk, &i);) {
            const struct compiled_never *never = &policies[p].policy->never[i];
            if (patterns_match(&never->actions, &action.pattern) &&
                patterns_match(&never->resources, &resource.pattern))
                return false;
        }
    }
    return true;
}

static bool is_swallowed_for_all(struct check_run *run, const struct check_policy *policy,
                                 const struct cover *rule)
{
    const struct listed_policy alone = {.policy = policy->compiled};
    if (policy->n_groups == 0)
        return !is_sample_left(run, rule, &alone, 1) && is_swallowed_together(run, rule, &alone, 1);
    for (size_t g = 0; g < policy->n_groups; g++) {
        const struct compiled_agent *agent = run->groups[policy->groups[g]].agent;
        if (is_sample_left(run, rule, agent->policies, agent->n_policies) ||
            !is_swallowed_together(run, rule, agent->policies, agent->n_policies))
            return false;
    }
    return true;
}

/* A never rule of another policy is said once, for the first group that has both. */
static bool warn_others(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    bool is_said = false;
    for (size_t g = 0; g < policy->n_groups && !is_said; g++) {
        const struct check_group *group = &run->groups[policy->groups[g]];
        for (size_t i = 0; i < group->agent->n_policies && !is_said; i++) {
            const struct check_policy *other =
                check_policy_of(run, group->agent->policies[i].policy);
            size_t never = 0;
            is_said = other != policy && other->compiled->n_never > 0 &&
                      find_swallowing(run, &policy->rules[rule], other, &never);
            if (is_said)
                say_swallowed(run, policy, rule, other, never, group);
        }
    }
    return is_said;
}

static void warn_rule(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    size_t never = 0;
    if (find_swallowing(run, &policy->rules[rule], policy, &never)) {
        say_swallowed(run, policy, rule, policy, never, NULL);
        return;
    }
    if (warn_others(run, policy, rule) || !is_swallowed_for_all(run, policy, &policy->rules[rule]))
        return;
    const struct check_warning warning = {
        .id = AMBIT_WARNING_RULE_NEVER_APPLIES,
        .at = {.kind = AMBIT_KIND_POLICY, .name = name_of(policy), .list = "allow", .index = rule},
        .what = AMBIT_STR("never rules together forbid everything that the rule allows"),
        .expected = "narrower never rules, or no such allow rule",
    };
    check_warn(run, &warning);
}

void warn_never(struct check_run *run, struct check_policy *policy)
{
    for (size_t i = 0; i < policy->compiled->n_rules; i++)
        warn_rule(run, policy, i);
}
