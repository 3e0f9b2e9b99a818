/* SPDX-License-Identifier: Apache-2.0 */
/* One allow rule against a token request, from check `audience` on, in the order of the language.
 */
#include "policy/decide_grant.h"

static struct finding passed(const struct compiled_rule *rule)
{
    return finding_of_rule(AMBIT_GRANT_CHECKS, AMBIT_REASON_ALLOWED, rule);
}

static struct finding claim(bool holds, int check, enum ambit_reason reason,
                            const struct compiled_rule *rule)
{
    return holds ? passed(rule) : finding_of_rule(check, reason, rule);
}

static int64_t earlier(int64_t end_ms, int64_t bound_ms)
{
    return bound_ms && bound_ms < end_ms ? bound_ms : end_ms;
}

int64_t grant_end_ms(const struct ambit_grant_question *q, const struct compiled_rule *rule)
{
    int64_t life_s = q->has_lifetime ? q->lifetime_s : rule->ttl_default_s;
    if (life_s > rule->ttl_max_s) /* zero or less asked is `malformed` long before */
        life_s = rule->ttl_max_s;
    int64_t end_ms = q->now_ms + life_s * 1000;
    end_ms = earlier(end_ms, rule->policy->not_after_ms);
    int64_t closes_ms = 0;
    (void)rule_in_hours(rule, q->now_ms, &closes_ms); /* judged long before */
    end_ms = earlier(end_ms, closes_ms);
    for (const struct ambit_grant_view *above = q->parent; above; above = above->above)
        end_ms = earlier(end_ms, above->expires_ms);
    if (rule_asks_at_grant(rule) && q->approval == AMBIT_APPROVAL_GIVEN)
        end_ms = earlier(end_ms, q->approval_lapse_ms);
    return end_ms - end_ms % 1000;
}

/* Some life is left under the rule; that of one above is still young enough for its rule of now. */
static bool has_life(const struct grant_judge *g, const struct compiled_rule *rule)
{
    const struct ambit_grant_view *grant = g->j.levels[g->j.level].grant;
    if (grant && grant->issued_ms &&
        g->q->now_ms - grant->issued_ms > (int64_t)rule->ttl_max_s * 1000)
        return false;
    return grant_end_ms(g->q, rule) > g->q->now_ms;
}

bool limit_counts_grants(const struct ambit_limit *limit)
{
    return limit->kind == AMBIT_LIMIT_GRANTS || limit->kind == AMBIT_LIMIT_LIVE_GRANTS;
}

/* What counts grants; the other limits count actions. */
static struct finding judge_limits(struct grant_judge *g, size_t item,
                                   const struct compiled_rule *rule)
{
    for (size_t i = 0; i < rule->n_limits; i++) {
        const struct ambit_limit *limit = &rule->limits[i].limit;
        int64_t given = 0;
        if (!limit_counts_grants(limit))
            continue;
        if (!judge_limit_figure(&g->j, rule, limit, &given))
            return finding_of_rule(AMBIT_GRANT_CHECK_LIMITS, AMBIT_REASON_LIMIT_EXCEEDED, rule);

        bool is_reached = figure_exceeds(given, 1, limit->max);
        bool makes_room = g->may_replace && limit->kind == AMBIT_LIMIT_LIVE_GRANTS;
        bool holds = !is_reached || makes_room;
        judge_tell(&g->j, (struct seen){.check = AMBIT_GRANT_CHECK_LIMITS,
                                        .passed = holds,
                                        .item = item,
                                        .rule = rule,
                                        .limit = limit,
                                        .figure = given});
        if (!holds) {
            struct finding finding =
                finding_of_rule(AMBIT_GRANT_CHECK_LIMITS, AMBIT_REASON_LIMIT_EXCEEDED, rule);
            finding.member = ambit_str_of(ambit_limit_kind_text(limit->kind));
            return finding;
        }
        g->needs_replace |= is_reached;
    }
    return passed(rule);
}

static struct finding judge_approval(const struct grant_judge *g, const struct compiled_rule *rule)
{
    return rule_asks_at_grant(rule) ? finding_of_approval(AMBIT_GRANT_CHECK_APPROVAL,
                                                          AMBIT_GRANT_CHECKS, g->q->approval, rule)
                                    : passed(rule);
}

static struct finding judge_afters(struct grant_judge *g, size_t item,
                                   const struct compiled_rule *rule)
{
    const struct ambit_when *when = &rule->rule->when;
    for (size_t i = 0; i < when->n_after; i++) {
        int64_t latest_ms = -1;
        bool holds = judge_after(&g->j, rule, &when->after[i], &latest_ms);
        judge_tell(&g->j, (struct seen){.check = AMBIT_GRANT_CHECK_AFTER,
                                        .passed = holds,
                                        .item = item,
                                        .rule = rule,
                                        .after = &when->after[i],
                                        .figure = latest_ms});
        if (!holds)
            return finding_of_rule(AMBIT_GRANT_CHECK_AFTER, AMBIT_REASON_ORDER_VIOLATED, rule);
    }
    return passed(rule);
}

static struct finding judge_check(struct grant_judge *g, size_t item,
                                  const struct compiled_rule *rule, enum ambit_grant_check check)
{
    const struct ambit_grant_question *q = g->q;
    switch (check) {
    case AMBIT_GRANT_CHECK_AUDIENCE: /* none asked: judged over all that gives, decide_grant.c */
        return claim(!g->audience.p || policy_names_audience(rule->policy, g->audience), check,
                     AMBIT_REASON_WRONG_AUDIENCE, rule);
    case AMBIT_GRANT_CHECK_DATES:
        return claim(policy_in_dates(rule->policy, q->now_ms), check, AMBIT_REASON_POLICY_EXPIRED,
                     rule);
    case AMBIT_GRANT_CHECK_HOURS:
        return claim(rule_in_hours(rule, q->now_ms, NULL), check, AMBIT_REASON_OUTSIDE_HOURS, rule);
    case AMBIT_GRANT_CHECK_SOURCE:
        return claim(rule_accepts_source(rule, &q->source), check, AMBIT_REASON_WRONG_SOURCE, rule);
    case AMBIT_GRANT_CHECK_PURPOSE:
        return claim(rule_accepts_purpose(rule, g->claims.purpose), check,
                     AMBIT_REASON_PURPOSE_REQUIRED, rule);
    case AMBIT_GRANT_CHECK_COMPOSITION:
        return claim(rule_accepts_composition(rule, g->j.agent, g->claims.composition), check,
                     AMBIT_REASON_COMPOSITION_MISMATCH, rule);
    case AMBIT_GRANT_CHECK_AFTER:
        return judge_afters(g, item, rule);
    case AMBIT_GRANT_CHECK_BINDING:
        return claim(rule_accepts_binding(rule, g->claims.binding), check,
                     AMBIT_REASON_BINDING_REQUIRED, rule);
    case AMBIT_GRANT_CHECK_LIFETIME:
        return claim(has_life(g, rule), check, AMBIT_REASON_EXPIRED, rule);
    case AMBIT_GRANT_CHECK_LIMITS:
        return g->j.level == 0 ? judge_limits(g, item, rule) : passed(rule);
    case AMBIT_GRANT_CHECK_STOP:
    case AMBIT_GRANT_CHECK_OWNER:
    case AMBIT_GRANT_CHECK_FORM:
    case AMBIT_GRANT_CHECK_NEVER:
    case AMBIT_GRANT_CHECK_SCOPE:
    case AMBIT_GRANT_CHECK_HARD_STOP: /* once, over the whole question */
    case AMBIT_GRANT_CHECKS:
        return passed(rule);
    case AMBIT_GRANT_CHECK_APPROVAL:
        break;
    }
    return judge_approval(g, rule);
}

struct finding grant_judge_rule(struct grant_judge *g, size_t i, const struct compiled_rule *rule)
{
    for (int check = AMBIT_GRANT_CHECK_AUDIENCE; check < AMBIT_GRANT_CHECKS; check++) {
        if (!(rule->grant_checks >> check & 1) && !g->j.trace)
            continue;
        struct finding finding = judge_check(g, i, rule, (enum ambit_grant_check)check);
        bool holds = finding.check == AMBIT_GRANT_CHECKS;
        judge_tell(&g->j, (struct seen){.check = check, .passed = holds, .item = i, .rule = rule});
        if (!holds) /* so it does not where the world could not tell */
            return finding;
    }
    return passed(rule);
}
