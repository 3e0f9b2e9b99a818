/* SPDX-License-Identifier: Apache-2.0 */
/* Limits whose number can never be reached: past what a window holds, or because another limit of
 * the same rule refuses before. At most `a` in each window of A are at most a * ceil(B / A) in a
 * window of B, which as many windows of A cover. */
#include "policy/check_warn.h"

int64_t check_most(int64_t max, int64_t within_s, int64_t window_s)
{
    int64_t windows = within_s > 0 ? (window_s + within_s - 1) / within_s : 1;
    int64_t most = 0;
    return __builtin_mul_overflow(max, windows, &most) ? INT64_MAX : most;
}

bool check_largest(const struct ambit_rule *rule, struct ambit_str member, int64_t *ret)
{
    for (size_t i = 0; i < rule->when.n_context; i++) {
        const struct ambit_context_test *test = &rule->when.context[i];
        if (!ambit_str_eq(test->member, member) || !test->has_max)
            continue;
        *ret = test->max;
        return true;
    }
    return false;
}

/* Every event of one key of `fine` has one key of `coarse`, and all its others have the same. */
static bool is_coarser(enum ambit_by coarse, enum ambit_by fine)
{
    return coarse == fine || coarse == AMBIT_BY_POLICY ||
           (fine == AMBIT_BY_GRANT && (coarse == AMBIT_BY_LINEAGE || coarse == AMBIT_BY_AGENT));
}

static bool is_one_history(const struct ambit_limit *a, const struct ambit_limit *b)
{
    return a->kind == b->kind && a->distinct_action == b->distinct_action &&
           ambit_str_eq(a->field, b->field);
}

/* Does every entry that `b` counts count in `a` too? */
static bool counts_for(const struct ambit_limit *a, const struct ambit_limit *b)
{
    bool counts_actions = a->kind == AMBIT_LIMIT_COUNT || a->kind == AMBIT_LIMIT_USES;
    switch (b->kind) {
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_USES:
        return counts_actions;
    case AMBIT_LIMIT_DISTINCT:
        return counts_actions || is_one_history(a, b);
    case AMBIT_LIMIT_SUM:
    case AMBIT_LIMIT_GRANTS:
        return is_one_history(a, b);
    case AMBIT_LIMIT_LIVE_GRANTS:
    case AMBIT_LIMIT_AFTER: /* no limit of a document */
        break;
    }
    return a->kind == AMBIT_LIMIT_GRANTS || a->kind == AMBIT_LIMIT_LIVE_GRANTS;
}

/* In how long a time `b` looks; a grant lives no longer than the rule lets it. */
static int64_t window_of(const struct ambit_rule *rule, const struct ambit_limit *b)
{
    return b->within_s > 0 ? b->within_s : rule->ttl_max_s;
}

/* The most that `b` can come to because of `a`; INT64_MAX: no bound follows. */
static int64_t most_by(const struct ambit_rule *rule, const struct ambit_limit *a,
                       const struct ambit_limit *b)
{
    int64_t each = 1, most = 0;
    bool is_product = b->kind == AMBIT_LIMIT_SUM && a->kind == AMBIT_LIMIT_COUNT &&
                      check_largest(rule, b->field, &each) && each >= 0;
    if (!is_coarser(a->by, b->by) || (!is_product && !counts_for(a, b)))
        return INT64_MAX;
    most = check_most(a->max, a->within_s, window_of(rule, b));
    if (is_product && __builtin_mul_overflow(most, each, &most))
        return INT64_MAX;
    return most;
}

static void say(struct check_run *run, const struct check_policy *policy, const size_t at[2],
                struct ambit_str what)
{
    const struct check_warning warning = {
        .id = AMBIT_WARNING_LIMIT_UNREACHABLE,
        .at = {.kind = AMBIT_KIND_POLICY,
               .name = policy->compiled->policy->doc.name,
               .list = "allow",
               .index = at[0],
               .member = "limits",
               .inner = at[1],
               .has_inner = true},
        .what = what,
        .expected = "a number that can be reached, or no such limit",
    };
    check_warn(run, &warning);
}

static bool has_entries(const struct ambit_limit *limit)
{
    return limit->kind == AMBIT_LIMIT_COUNT || limit->kind == AMBIT_LIMIT_GRANTS ||
           limit->kind == AMBIT_LIMIT_DISTINCT;
}

/* Of two that bound each other the later one is said. */
static bool is_bounded(const struct ambit_rule *rule, size_t a, size_t b)
{
    const struct ambit_limit *x = &rule->limits[a], *y = &rule->limits[b];
    return a != b && most_by(rule, x, y) <= y->max && (a < b || most_by(rule, y, x) > x->max);
}

static void warn_limit(struct check_run *run, const struct check_policy *policy, size_t rule,
                       size_t limit)
{
    const struct ambit_rule *r = policy->compiled->rules[rule].rule;
    const struct ambit_limit *b = &r->limits[limit];
    const size_t at[2] = {rule, limit};
    if (has_entries(b) && b->max > AMBIT_WINDOW_MAX) {
        say(run, policy, at,
            check_say(run, "a window holds at most %d entries, and refuses there",
                      AMBIT_WINDOW_MAX));
        return;
    }
    for (size_t a = 0; a < r->n_limits; a++) {
        if (!is_bounded(r, a, limit))
            continue;
        say(run, policy, at,
            check_say(run,
                      "limit %zu of the rule refuses before: under it there are never more "
                      "than %lld in that time",
                      a, (long long)most_by(r, &r->limits[a], b)));
        return;
    }
}

void warn_limits(struct check_run *run, struct check_policy *policy)
{
    for (size_t i = 0; i < policy->compiled->n_rules; i++) {
        for (size_t k = 0; k < policy->compiled->rules[i].rule->n_limits; k++)
            warn_limit(run, policy, i, k);
    }
}
