/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a grant against the rule that gave it, as that rule stands now: still there, its
 * conditions, the context it requires, its limits. In the order of the language. */
#include "policy/decide_action.h"

static struct finding passed(const struct compiled_rule *rule)
{
    return finding_of_rule(AMBIT_ACTION_CHECKS, AMBIT_REASON_ALLOWED, rule);
}

static struct finding claim(bool holds, int check, enum ambit_reason reason,
                            const struct compiled_rule *rule)
{
    return holds ? passed(rule) : finding_of_rule(check, reason, rule);
}

/* What a question in thought does not say of its grant passes. */
static bool is_left_out(const struct action_judge *a, bool is_absent)
{
    return is_absent && a->q->is_hypothetical;
}

/* Which member of the policy or the rule no longer stands as the grant needs it; NULL: none. */
static const char *changed_member(const struct action_judge *a, const struct compiled_rule *rule)
{
    const struct compiled_policy *policy = rule->policy;
    const struct ambit_grant_view *grant = a->grant;
    if (!policy_in_dates(policy, a->q->now_ms))
        return policy->not_before_ms > a->q->now_ms ? "not_before" : "not_after";
    if (!is_left_out(a, !grant->audience.p) && !policy_names_audience(policy, grant->audience))
        return "audiences";
    if (!patterns_match(&rule->actions, &a->action.pattern))
        return "actions";
    if (!rule_matches_resource(rule, &a->j.variables, &a->resource.pattern))
        return "resources";
    if (!is_left_out(a, grant->binding == AMBIT_BINDING_NONE) &&
        !rule_accepts_binding(rule, grant->binding))
        return "bind";
    if (!is_left_out(a, grant->issued_ms == 0) &&
        a->q->now_ms - grant->issued_ms > (int64_t)rule->ttl_max_s * 1000)
        return "ttl.max";
    return rule_asks_at_grant(rule) && !grant->is_approved ? "approval" : NULL;
}

static struct finding judge_policy(struct action_judge *a, const struct compiled_rule *rule)
{
    if (a->j.named_by)
        return action_judge_unpresented(a, rule);
    const char *changed = changed_member(a, rule);
    if (changed) {
        struct finding finding =
            finding_of_rule(AMBIT_ACTION_CHECK_POLICY, AMBIT_REASON_POLICY_CHANGED, rule);
        finding.member = ambit_str_of(changed);
        return finding;
    }
    return passed(rule);
}

static bool scalar_in(const struct ambit_scalar *value, const struct ambit_context_test *test)
{
    for (size_t i = 0; i < test->n_in; i++) {
        if (ambit_scalar_eq(value, &test->in[i]))
            return true;
    }
    return test->n_in == 0;
}

/* Every part of the test holds; types are equal, never converted. */
static bool test_holds(const struct ambit_context_test *test,
                       const struct ambit_context_member *member)
{
    const struct ambit_scalar *value = &member->value;
    bool is_integer = value->kind == AMBIT_SCALAR_INTEGER;
    if (member->is_other)
        return false;
    if (test->has_equals && !ambit_scalar_eq(value, &test->equals))
        return false;
    if (!scalar_in(value, test))
        return false;
    if (test->has_min && (!is_integer || value->integer < test->min))
        return false;
    if (test->has_max && (!is_integer || value->integer > test->max))
        return false;
    return !test->matches.p ||
           (value->kind == AMBIT_SCALAR_STRING && pattern_matches_text(test->matches, value->text));
}

/* What the context is held to: the rule's tests, then the numbers that its limits and the hard
 * stops sum. One walk for what is missing, one for what is wrong. */
struct context_walk {
    const struct action_judge *a;
    const struct compiled_rule *rule;
    bool wants_missing; /* else what violates */
};

static bool number_offends(const struct context_walk *walk, struct ambit_str field)
{
    int64_t amount = 0;
    if (!context_find(walk->a->q, field))
        return walk->wants_missing;
    return !walk->wants_missing && !context_amount(walk->a->q, field, &amount);
}

static bool test_offends(const struct context_walk *walk, const struct ambit_context_test *test)
{
    const struct ambit_context_member *member = context_find(walk->a->q, test->member);
    if (!member)
        return walk->wants_missing;
    return !walk->wants_missing && !test_holds(test, member);
}

static bool rule_offends(const struct context_walk *walk, struct ambit_str *ret_member)
{
    const struct ambit_rule *rule = walk->rule->rule;
    for (size_t i = 0; i < rule->when.n_context; i++) {
        *ret_member = rule->when.context[i].member;
        if (test_offends(walk, &rule->when.context[i]))
            return true;
    }
    for (size_t i = 0; i < rule->n_limits; i++) {
        *ret_member = rule->limits[i].field;
        if (rule->limits[i].kind == AMBIT_LIMIT_SUM && number_offends(walk, rule->limits[i].field))
            return true;
    }
    return false;
}

static bool stops_offend(const struct context_walk *walk, struct ambit_str *ret_member)
{
    const struct compiled_agent *agent = walk->a->j.agent;
    struct heard_item item = {.action = &walk->a->action.pattern,
                              .resource = &walk->a->resource.pattern,
                              .probe = &walk->a->probe};
    struct event event = {.items = &item, .n_items = 1};
    for (size_t p = 0; p < agent->n_policies; p++) {
        const struct listed_policy *listed = &agent->policies[p];
        if (!judge_counts(&walk->a->j, listed->policy))
            continue;
        for (uint64_t left = hard_stops_that_may(listed, &event, HEARS_SUM); left;) {
            const struct compiled_stop *stop = &listed->policy->stops[compiled_next(&left)];
            if (hard_stop_requires(stop, &item) && number_offends(walk, stop->stop->field)) {
                *ret_member = stop->stop->field;
                return true;
            }
        }
    }
    return false;
}

/* If any member is absent that is the reason, whatever else is wrong. */
static struct finding judge_context(struct action_judge *a, const struct compiled_rule *rule)
{
    struct context_walk walk = {.a = a, .rule = rule, .wants_missing = true};
    struct ambit_str member = {0};
    if ((rule->asks_context && rule_offends(&walk, &member)) || stops_offend(&walk, &member)) {
        struct finding finding =
            finding_of_rule(AMBIT_ACTION_CHECK_CONTEXT, AMBIT_REASON_MISSING_CONTEXT, rule);
        finding.member = member;
        return finding;
    }
    walk.wants_missing = false;
    if ((rule->asks_context && rule_offends(&walk, &member)) || stops_offend(&walk, &member)) {
        struct finding finding =
            finding_of_rule(AMBIT_ACTION_CHECK_CONTEXT, AMBIT_REASON_CONTEXT_VIOLATED, rule);
        finding.member = member;
        return finding;
    }
    return passed(rule);
}

static struct finding judge_afters(struct action_judge *a, size_t item,
                                   const struct compiled_rule *rule)
{
    const struct ambit_when *when = &rule->rule->when;
    for (size_t i = 0; i < when->n_after; i++) {
        int64_t latest_ms = -1;
        bool holds = judge_after(&a->j, rule, &when->after[i], &latest_ms);
        judge_tell(&a->j, (struct seen){.check = AMBIT_ACTION_CHECK_AFTER,
                                        .passed = holds,
                                        .item = item,
                                        .rule = rule,
                                        .after = &when->after[i],
                                        .figure = latest_ms});
        if (!holds)
            return finding_of_rule(AMBIT_ACTION_CHECK_AFTER, AMBIT_REASON_ORDER_VIOLATED, rule);
    }
    return passed(rule);
}

/* What one action adds to a limit's figure, which of different names has this one in it already;
 * false: this kind does not count actions. */
static bool limit_amount(const struct action_judge *a, const struct ambit_limit *limit,
                         int64_t *ret)
{
    *ret = 1;
    switch (limit->kind) {
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_USES:
        return true;
    case AMBIT_LIMIT_SUM:
        return context_amount(a->q, limit->field, ret);
    case AMBIT_LIMIT_DISTINCT:
        *ret = 0;
        return true;
    case AMBIT_LIMIT_GRANTS:
    case AMBIT_LIMIT_LIVE_GRANTS:
    case AMBIT_LIMIT_AFTER:
        break;
    }
    return false;
}

static struct finding judge_limits(struct action_judge *a, size_t item,
                                   const struct compiled_rule *rule)
{
    for (size_t i = 0; i < rule->n_limits; i++) {
        const struct ambit_limit *limit = &rule->limits[i].limit;
        struct finding exceeded =
            finding_of_rule(AMBIT_ACTION_CHECK_LIMITS, AMBIT_REASON_LIMIT_EXCEEDED, rule);
        int64_t amount = 0, figure = 0;
        if (!limit_amount(a, limit, &amount))
            continue;
        if (!judge_limit_figure(&a->j, rule, limit, &figure))
            return exceeded;

        bool holds = !figure_exceeds(figure, amount, limit->max);
        judge_tell(&a->j, (struct seen){.check = AMBIT_ACTION_CHECK_LIMITS,
                                        .passed = holds,
                                        .item = item,
                                        .rule = rule,
                                        .limit = limit,
                                        .figure = figure});
        if (!holds) {
            exceeded.member = ambit_str_of(ambit_limit_kind_text(limit->kind));
            return exceeded;
        }
    }
    return passed(rule);
}

static struct finding judge_approval(const struct action_judge *a, const struct compiled_rule *rule)
{
    return rule_asks_at_action(rule)
               ? finding_of_approval(AMBIT_ACTION_CHECK_APPROVAL, AMBIT_ACTION_CHECKS,
                                     a->q->approval, rule)
               : passed(rule);
}

static struct finding judge_check(struct action_judge *a, size_t item,
                                  const struct compiled_rule *rule, enum ambit_action_check check)
{
    const struct ambit_action_question *q = a->q;
    switch (check) {
    case AMBIT_ACTION_CHECK_POLICY:
        return judge_policy(a, rule);
    case AMBIT_ACTION_CHECK_HOURS:
        return claim(rule_in_hours(rule, q->now_ms, NULL), check, AMBIT_REASON_OUTSIDE_HOURS, rule);
    case AMBIT_ACTION_CHECK_SOURCE:
        return claim(rule_accepts_source(rule, &q->source), check, AMBIT_REASON_WRONG_SOURCE, rule);
    case AMBIT_ACTION_CHECK_PURPOSE:
        return claim(rule_accepts_purpose(rule, a->grant->purpose), check,
                     AMBIT_REASON_PURPOSE_REQUIRED, rule);
    case AMBIT_ACTION_CHECK_REASON:
        return claim(!rule->rule->when.reason || q->stated_reason.len > 0, check,
                     AMBIT_REASON_REASON_REQUIRED, rule);
    case AMBIT_ACTION_CHECK_CONTEXT:
        return judge_context(a, rule);
    case AMBIT_ACTION_CHECK_AFTER:
        return judge_afters(a, item, rule);
    case AMBIT_ACTION_CHECK_COMPOSITION:
        return claim(rule_accepts_composition(rule, a->j.agent, a->grant->composition), check,
                     AMBIT_REASON_COMPOSITION_MISMATCH, rule);
    case AMBIT_ACTION_CHECK_LIMITS:
        return judge_limits(a, item, rule);
    case AMBIT_ACTION_CHECK_AUDIENCE:
    case AMBIT_ACTION_CHECK_GRANT:
    case AMBIT_ACTION_CHECK_STOP:
    case AMBIT_ACTION_CHECK_LIVE:
    case AMBIT_ACTION_CHECK_PROOF:
    case AMBIT_ACTION_CHECK_FORM:
    case AMBIT_ACTION_CHECK_NEVER:
    case AMBIT_ACTION_CHECK_SCOPE:
    case AMBIT_ACTION_CHECK_HARD_STOP: /* once, over the whole question */
    case AMBIT_ACTION_CHECKS:
        return passed(rule);
    case AMBIT_ACTION_CHECK_APPROVAL:
        break;
    }
    return judge_approval(a, rule);
}

struct finding action_judge_item(struct action_judge *a, size_t i,
                                 const struct compiled_rule **ret_rule)
{
    const struct ambit_given *item = &a->grant->items[i];
    const struct compiled_policy *policy = compiled_policy_of(a->j.agent, item->policy);
    const struct compiled_rule *rule = policy ? compiled_rule_find(policy, item->rule) : NULL;
    *ret_rule = rule;
    if (!rule) {
        struct finding gone = {.check = AMBIT_ACTION_CHECK_POLICY,
                               .reason = AMBIT_REASON_POLICY_CHANGED,
                               .policy = policy,
                               .gone = item->policy,
                               .rule = item->rule,
                               .member = policy ? AMBIT_STR("allow") : AMBIT_STR("policies")};
        return gone;
    }
    return action_judge_rule(a, i, rule);
}

struct finding action_judge_rule(struct action_judge *a, size_t i, const struct compiled_rule *rule)
{
    for (int check = AMBIT_ACTION_CHECK_POLICY; check < AMBIT_ACTION_CHECKS; check++) {
        if (!(rule->action_checks >> check & 1) && !a->j.trace)
            continue;
        struct finding finding = judge_check(a, i, rule, (enum ambit_action_check)check);
        bool holds = finding.check == AMBIT_ACTION_CHECKS;
        judge_tell(&a->j, (struct seen){.check = check, .passed = holds, .item = i, .rule = rule});
        if (!holds) /* so it does not where the world could not tell */
            return finding;
    }
    return passed(rule);
}

/* Due by the earliest of all that ask for it. */
static void owe_outcome(struct action_judge *a, const struct compiled_rule *rule)
{
    struct ambit_decision *d = a->j.d;
    int64_t due_ms = a->q->now_ms + (int64_t)rule->outcome_within_s * 1000;
    if (rule->outcome_within_s && (d->outcome_due_ms == 0 || due_ms < d->outcome_due_ms))
        d->outcome_due_ms = due_ms;
}

/* By the rule that let it through, of whichever level. */
static bool owes_outcome(const struct action_judge *a)
{
    for (unsigned level = 0; level < a->j.n_levels; level++) {
        if (a->rules[level]->outcome_within_s)
            return true;
    }
    return false;
}

void action_charge(struct action_judge *a, const struct compiled_rule *rule)
{
    struct done done = {
        .action = &a->action.pattern,
        .resource = &a->resource.pattern,
        .probe = &a->probe,
        .by_service = a->q->service.p || a->q->is_hypothetical,
        .owes_outcome = owes_outcome(a),
    };
    judge_charge_afters(&a->j, &done);
    owe_outcome(a, rule);
    for (size_t i = 0; i < rule->n_limits; i++) {
        int64_t amount = 0;
        const struct ambit_limit *limit = &rule->limits[i].limit;
        if (!rule->limits[i].is_charged || !limit_amount(a, limit, &amount))
            continue;
        if (limit->kind == AMBIT_LIMIT_DISTINCT)
            amount = 1;
        if (amount > 0)
            judge_charge_limit(&a->j, rule, &rule->limits[i], amount);
    }
}
