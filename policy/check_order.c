/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that overlap and ask for different things: the first that passes counts, so their order is
 * part of what they mean. Said at the later one, once, for the first earlier rule of that kind. And
 * rules that are never tried, because an earlier one gives the same and asks nothing. */
#include "policy/check_warn.h"

/* Two rules, the one tried before the other. */
struct order {
    const struct check_policy *early, *late;
    size_t early_rule, late_rule;
    const struct check_group *group; /* NULL: both are of one policy */
};

static bool is_same_value(const struct json_value *a, const struct json_value *b)
{
    if (a->kind != b->kind || a->count != b->count || !ambit_str_eq(a->text, b->text))
        return false;
    const struct json_value *x = a->first;
    for (const struct json_value *y = b->first; x && y; y = y->next) {
        const struct json_value *other = x;
        if (a->kind == JSON_OBJECT) { /* INVARIANT: as many members, no name twice */
            for (other = a->first; other && !ambit_str_eq(other->key, y->key);)
                other = other->next;
        }
        if (!other || !is_same_value(other, y))
            return false;
        x = a->kind == JSON_OBJECT ? x : x->next;
    }
    return true;
}

static const struct json_value *rule_json(const struct check_policy *policy, size_t rule)
{
    const struct json_value *value = policy->json ? json_get(policy->json, "allow") : NULL;
    value = value ? value->first : NULL;
    for (size_t i = 0; value && i < rule; i++)
        value = value->next;
    return value;
}

static bool is_what_is_covered(const struct json_value *member)
{
    return ambit_str_is(member->key, "id") || ambit_str_is(member->key, "actions") ||
           ambit_str_is(member->key, "resources");
}

/* The first member of `a` that `b` has otherwise or not at all; NULL: none. */
static const struct json_value *member_apart(const struct json_value *a, const struct json_value *b)
{
    for (const struct json_value *x = a->first; x; x = x->next) {
        const struct json_value *y = b->first;
        while (y && !ambit_str_eq(x->key, y->key))
            y = y->next;
        if (!is_what_is_covered(x) && (!y || !is_same_value(x, y)))
            return x;
    }
    return NULL;
}

/* What the two ask differently, by name; absent: nothing. */
static struct ambit_str difference(const struct order *order)
{
    const struct json_value *early = rule_json(order->early, order->early_rule);
    const struct json_value *late = rule_json(order->late, order->late_rule);
    if (!early || !late)
        return (struct ambit_str){NULL, 0};
    const struct json_value *apart = member_apart(early, late);
    if (!apart)
        apart = member_apart(late, early);
    return apart ? apart->key : (struct ambit_str){NULL, 0};
}

/* Nothing that could refuse what it covers: whoever asks for it gets it from this rule. What a
 * variable stands for is known for one agent at a time only. */
static bool asks_nothing(const struct compiled_rule *rule)
{
    const struct ambit_rule *r = rule->rule;
    const struct ambit_when *when = &r->when;
    for (size_t i = 0; i < rule->resources.n; i++) {
        if (rule->resources.v[i].has_variables)
            return false;
    }
    return r->n_limits == 0 && !r->approval && !r->bind_dpop && !r->bind_mtls &&
           when->n_hours == 0 && when->source.n == 0 && !when->purpose.p && !when->composition &&
           !when->reason && when->n_context == 0 && when->n_after == 0;
}

static const struct compiled_rule *early_of(const struct order *order)
{
    return &order->early->compiled->rules[order->early_rule];
}

static struct ambit_str rule_named(struct check_run *run, const struct order *order)
{
    struct ambit_str id = early_of(order)->rule->id;
    if (!order->group)
        return check_say(run, "rule \"%.*s\" before it", AMBIT_STR_ARG(id));
    return check_say(run, "rule \"%.*s\" of policy \"%.*s\", which %.*s has before it,",
                     AMBIT_STR_ARG(id), AMBIT_STR_ARG(order->early->compiled->policy->doc.name),
                     AMBIT_STR_ARG(check_who(run, order->group)));
}

static void say_never_reached(struct check_run *run, const struct order *order)
{
    const struct check_warning warning = {
        .id = AMBIT_WARNING_RULE_NEVER_REACHED,
        .at = {.kind = AMBIT_KIND_POLICY,
               .name = order->late->compiled->policy->doc.name,
               .list = "allow",
               .index = order->late_rule},
        .what = check_say(run,
                          "%.*s gives the same without asking anything: this one is never "
                          "tried",
                          AMBIT_STR_ARG(rule_named(run, order))),
        .expected = "the rule that asks more first, or no such rule",
    };
    check_warn(run, &warning);
}

/* True when something was said about the later rule. */
static bool warn_pair(struct check_run *run, const struct order *order)
{
    const struct cover *early = &order->early->rules[order->early_rule];
    const struct cover *late = &order->late->rules[order->late_rule];
    struct ambit_witness witness;
    if (!cover_meets(run, early, late))
        return false;
    if (!order->group && asks_nothing(early_of(order)) &&
        cover_is_inside(run, late, &early->area, 1)) {
        say_never_reached(run, order);
        return true;
    }
    struct ambit_str apart = difference(order);
    if (!apart.p || !cover_overlap(run, early, late, &witness))
        return false;
    const struct check_warning warning = {
        .id = AMBIT_WARNING_ORDER_MATTERS,
        .at = {.kind = AMBIT_KIND_POLICY,
               .name = order->late->compiled->policy->doc.name,
               .list = "allow",
               .index = order->late_rule},
        .what = check_say(run,
                          "%.*s overlaps it and asks otherwise (\"%.*s\"): what the first "
                          "refuses this one may allow",
                          AMBIT_STR_ARG(rule_named(run, order)), AMBIT_STR_ARG(apart)),
        .expected = "rules that do not overlap, or an order that is meant",
        .example = &witness,
    };
    check_warn(run, &warning);
    return true;
}

static void warn_within(struct check_run *run, const struct check_policy *policy, bool *said)
{
    for (size_t late = 1; late < policy->compiled->n_rules; late++) {
        for (size_t early = 0; early < late && !said[late]; early++) {
            const struct order order = {
                .early = policy, .late = policy, .early_rule = early, .late_rule = late};
            said[late] = warn_pair(run, &order);
        }
    }
}

/* A question names an audience: rules of policies without a common one are never tried together. */
static bool share_audience(const struct check_policy *a, const struct check_policy *b)
{
    const struct ambit_strs *x = &a->compiled->policy->audiences;
    const struct ambit_strs *y = &b->compiled->policy->audiences;
    for (size_t i = 0; i < x->n; i++) {
        for (size_t j = 0; j < y->n; j++) {
            if (ambit_str_eq(x->v[i], y->v[j]))
                return true;
        }
    }
    return false;
}

static void warn_between(struct check_run *run, const struct check_policy *early,
                         const struct check_policy *late, const struct check_group *group,
                         bool *said)
{
    for (size_t i = 0; i < late->compiled->n_rules; i++) {
        for (size_t j = 0; j < early->compiled->n_rules && !said[i]; j++) {
            const struct order order = {
                .early = early, .late = late, .early_rule = j, .late_rule = i, .group = group};
            said[i] = warn_pair(run, &order);
        }
    }
}

/* Pairs of policies that an earlier group had in the same order are not looked at again. */
enum { POLICIES_MAX = 16384 }; /* of which every pair has a bit: 32 MiB */
struct seen_pairs {
    uint64_t *v; /* a bit for each pair */
    size_t n;
};

static bool is_seen(struct seen_pairs *seen, size_t early, size_t late)
{
    size_t bit = early * seen->n + late;
    uint64_t mask = UINT64_C(1) << (bit % 64);
    bool was = seen->v[bit / 64] & mask;
    seen->v[bit / 64] |= mask;
    return was;
}

static void warn_group(struct check_run *run, const struct check_group *group,
                       struct seen_pairs *seen, bool *const *said)
{
    const struct compiled_agent *agent = group->agent;
    for (size_t late = 1; late < agent->n_policies; late++) {
        struct check_policy *second = check_policy_of(run, agent->policies[late].policy);
        for (size_t early = 0; early < late; early++) {
            struct check_policy *first = check_policy_of(run, agent->policies[early].policy);
            size_t a = (size_t)(first - run->policies), b = (size_t)(second - run->policies);
            if (check_spend(run, 10) && !is_seen(seen, a, b) && share_audience(first, second))
                warn_between(run, first, second, group, said[b]);
        }
    }
}

void warn_order(struct check_run *run)
{
    size_t n = run->documents->n_policies;
    bool is_small = n <= POLICIES_MAX;
    struct seen_pairs seen = {
        .n = n, .v = arena_array(run->arena, is_small ? n * n / 64 + 1 : 1, sizeof *seen.v)};
    bool **said = arena_array(run->arena, n + 1, sizeof *said);
    if (!seen.v || !said) {
        run->err = AMBIT_ERR_NO_MEMORY;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        said[i] = arena_array(run->arena, run->policies[i].compiled->n_rules + 1, sizeof **said);
        if (!said[i]) {
            run->err = AMBIT_ERR_NO_MEMORY;
            return;
        }
        warn_within(run, &run->policies[i], said[i]);
    }
    run->is_cut_off |= !is_small && run->n_groups > 0;
    for (size_t g = 0; g < run->n_groups && is_small; g++)
        warn_group(run, &run->groups[g], &seen, said);
}
