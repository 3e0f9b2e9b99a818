/* SPDX-License-Identifier: Apache-2.0 */
/* One requested item: against every `never`, then against the rules that contain it, in the agent's
 * order of policies and then in document order. */
#include "policy/decide_grant.h"

/* An item as it is judged: as asked, or, asked "on every resource", with one of a rule's. */
struct candidate {
    size_t i; /* as asked */
    const struct pattern *action, *resource;
};

static const struct finding settled = {.check = AMBIT_GRANT_CHECKS};

static struct finding fails(int check, enum ambit_reason reason)
{
    return (struct finding){.check = check, .reason = reason};
}

static struct finding forbidden(const struct compiled_never *never)
{
    return (struct finding){.check = AMBIT_GRANT_CHECK_NEVER,
                            .reason = AMBIT_REASON_FORBIDDEN,
                            .policy = never->policy,
                            .rule = never->never->id};
}

/* A `never` rule that holds the item whole forbids it. */
static struct finding judge_never(struct grant_judge *g, const struct candidate *c)
{
    struct index_probe probe = index_probe_of(c->action, c->resource);
    for (size_t p = 0; p < g->j.agent->n_policies; p++) {
        const struct compiled_policy *policy = g->j.agent->policies[p];
        struct index_walk walk = index_begin(&policy->never_index, &probe);
        size_t n = 0;
        while (index_next(&walk, &n)) {
            const struct compiled_never *never = &policy->never[n];
            bool holds = false;
            if (patterns_pair_contains(&never->actions, &never->resources, c->action, c->resource,
                                       &holds) != AMBIT_OK)
                return fails(AMBIT_GRANT_CHECK_NEVER, AMBIT_REASON_MALFORMED);
            if (holds)
                return forbidden(never);
        }
    }
    return settled;
}

static bool add_except(struct grant_judge *g, const struct compiled_never *never)
{
    struct ambit_decision *d = g->j.d;
    for (size_t i = 0; i < d->n_except; i++) {
        if (g->excepts[i] == never)
            return true;
    }
    if (d->n_except == AMBIT_EXCEPT_MAX)
        return false;
    g->excepts[d->n_except] = never;
    d->except[d->n_except++] = (struct ambit_except){
        .policy = never->policy->policy->doc.name,
        .id = never->never->id,
        .actions = never->never->actions,
        .resources = never->never->resources,
    };
    return true;
}

/* `never` rules that only overlap the item go with the grant. More than 64: ask narrower. */
static struct finding judge_except(struct grant_judge *g, const struct candidate *c)
{
    struct index_probe probe = index_probe_of(c->action, c->resource);
    bool is_narrow = probe.is_narrow;
    for (size_t p = 0; p < g->j.agent->n_policies; p++) {
        const struct compiled_policy *policy = g->j.agent->policies[p];
        struct index_walk walk = index_begin(&policy->never_index, &probe);
        /* What begins openly may meet any rule: then all are looked at. */
        for (size_t n = 0; is_narrow ? index_next(&walk, &n) : n < policy->n_never;
             n += !is_narrow) {
            const struct compiled_never *never = &policy->never[n];
            if (!patterns_overlap(&never->resources, c->resource) ||
                !patterns_overlap(&never->actions, c->action))
                continue;
            if (!add_except(g, never)) {
                struct finding finding = fails(AMBIT_GRANT_CHECK_NEVER, AMBIT_REASON_MALFORMED);
                finding.member = AMBIT_STR("except");
                return finding;
            }
        }
    }
    return settled;
}

static bool add_given(struct grant_judge *g, const struct candidate *c,
                      const struct compiled_rule *rule)
{
    struct ambit_decision *d = g->j.d;
    for (size_t i = 0; i < d->n_given; i++) {
        if (ambit_str_eq(d->given[i].action, c->action->text) &&
            ambit_str_eq(d->given[i].resource, c->resource->text))
            return true; /* asked twice, given once */
    }
    if (d->n_given == AMBIT_GIVEN_MAX)
        return false;
    g->giving[g->n_giving++] =
        (struct giving){.action = c->action, .resource = c->resource, .rule = rule};
    d->given[d->n_given++] = (struct ambit_given){
        .action = c->action->text,
        .resource = c->resource->text,
        .policy = rule->policy->policy->doc.name,
        .rule = rule->rule->id,
        .digest = rule->policy->policy->doc.digest,
    };
    return true;
}

static struct finding stopped(const struct ambit_stop_view *stop)
{
    return (struct finding){
        .check = AMBIT_GRANT_CHECK_SCOPE, .reason = AMBIT_REASON_STOPPED, .stop = stop->id};
}

/* A rule that contains the item: what of check `scope` is left, then everything behind it. */
static struct finding judge_containing(struct grant_judge *g, const struct candidate *c,
                                       const struct compiled_rule *rule)
{
    const struct ambit_stop_view *stop = NULL;
    struct finding finding = settled;
    if (g->j.world->n_stops) {
        stop = judge_stop_on(&g->j, AMBIT_TARGET_POLICY, rule->policy->policy->doc.name);
        if (!stop)
            stop = judge_stop_on_resource(&g->j, c->resource);
    }
    if (stop)
        finding = stopped(stop);
    bool holds = finding.check == AMBIT_GRANT_CHECKS;
    judge_tell(&g->j,
               (struct seen){
                   .check = AMBIT_GRANT_CHECK_SCOPE, .passed = holds, .item = c->i, .rule = rule});
    return holds ? grant_judge_rule(g, c->i, rule) : finding;
}

/* The first rule that passes gives the item; else the one that got furthest, ties first. */
static struct finding judge_named(struct grant_judge *g, const struct candidate *c)
{
    struct finding best = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE);
    bool is_contained = false;
    struct index_probe probe = index_probe_of(c->action, c->resource);
    for (size_t p = 0; p < g->j.agent->n_policies && !g->j.err; p++) {
        const struct compiled_policy *policy = g->j.agent->policies[p];
        struct index_walk walk = index_begin(&policy->rule_index, &probe);
        size_t r = 0;
        while (index_next(&walk, &r)) {
            const struct compiled_rule *rule = &policy->rules[r];
            bool contains = false;
            if (rule_contains(rule, &g->j.variables, c->action, c->resource, &contains) != AMBIT_OK)
                return fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
            if (!contains)
                continue;

            struct finding finding = judge_containing(g, c, rule);
            if (finding.check == AMBIT_GRANT_CHECKS)
                return add_given(g, c, rule)
                           ? finding
                           : fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
            if (!is_contained || finding_is_further(&finding, &best))
                best = finding;
            is_contained = true;
        }
    }
    return best;
}

static struct finding too_many(void)
{
    struct finding finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
    finding.member = AMBIT_STR("items");
    return finding;
}

/* One of a rule's own resources, for an action asked for "on every resource" (TOK-12). */
static struct finding judge_open_resource(struct grant_judge *g, const struct candidate *c,
                                          const struct compiled_rule *rule)
{
    struct finding finding = judge_never(g, c);
    if (finding.check == AMBIT_GRANT_CHECKS)
        finding = judge_containing(g, c, rule);
    if (finding.check != AMBIT_GRANT_CHECKS)
        return finding;

    struct finding except = judge_except(g, c);
    if (except.check != AMBIT_GRANT_CHECKS)
        return except;
    return add_given(g, c, rule) ? finding : too_many();
}

/* A resource with `${...}` is given with real text, which lives in the decision. NULL: it stands
 * for nothing, or there is no room for one more. */
static const struct pattern *real_resource(struct grant_judge *g, const struct pattern *resource)
{
    if (!resource->has_variables)
        return resource;
    if (g->n_filled == AMBIT_GIVEN_MAX)
        return NULL;
    struct pattern_buf *buf = &g->filled[g->n_filled];
    return pattern_fill(resource, &g->j.variables, g->j.d->texts[g->n_filled], buf) ? &buf->pattern
                                                                                    : NULL;
}

static struct finding judge_open(struct grant_judge *g, struct candidate c)
{
    struct finding best = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE);
    bool is_contained = false;
    for (size_t p = 0; p < g->j.agent->n_policies; p++) {
        const struct compiled_policy *policy = g->j.agent->policies[p];
        for (size_t r = 0; r < policy->n_rules && !g->j.err; r++) {
            const struct compiled_rule *rule = &policy->rules[r];
            bool contains = false;
            if (patterns_contain(&rule->actions, c.action, &contains) != AMBIT_OK)
                return fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
            for (size_t k = 0; contains && k < rule->resources.n; k++) {
                c.resource = real_resource(g, &rule->resources.v[k]);
                if (!c.resource && g->n_filled == AMBIT_GIVEN_MAX)
                    return too_many();
                if (!c.resource)
                    continue;
                struct finding finding = judge_open_resource(g, &c, rule);
                g->n_filled +=
                    rule->resources.v[k].has_variables && finding.check == AMBIT_GRANT_CHECKS;
                if (finding.reason == AMBIT_REASON_MALFORMED)
                    return finding;
                if (!is_contained || finding_is_further(&finding, &best))
                    best = finding;
                is_contained = true;
            }
        }
    }
    return best;
}

struct finding grant_judge_item(struct grant_judge *g, size_t i)
{
    const struct asked *asked = &g->asked[i];
    struct candidate c = {.i = i, .action = &asked->action.pattern};
    if (!asked->has_resource)
        return judge_open(g, c);

    c.resource = &asked->resource.pattern;
    struct finding finding = judge_never(g, &c);
    if (finding.check == AMBIT_GRANT_CHECKS)
        finding = judge_except(g, &c);
    judge_tell(&g->j, (struct seen){.check = AMBIT_GRANT_CHECK_NEVER,
                                    .passed = finding.check == AMBIT_GRANT_CHECKS,
                                    .item = i});
    if (finding.check != AMBIT_GRANT_CHECKS)
        return finding;
    return judge_named(g, &c);
}
