/* SPDX-License-Identifier: Apache-2.0 */
/* One requested item: against every `never`, then against the rules that contain it, in the agent's
 * order of policies and then in document order. */
#include "policy/decide_grant.h"

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
static struct finding judge_agent_never(const struct compiled_agent *agent,
                                        const struct candidate *c)
{
    for (uint64_t left = compiled_policies_of_never(agent, c->probe); left;) {
        const struct compiled_policy *policy = agent->policies[compiled_next(&left)].policy;
        struct index_walk walk = index_begin(&policy->never_index, c->probe);
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

/* One of any level's agent. */
static struct finding judge_never(struct grant_judge *g, const struct candidate *c)
{
    struct finding finding = settled;
    for (unsigned level = 0; level < g->j.n_levels && finding.check == AMBIT_GRANT_CHECKS;
         level++) {
        finding = judge_agent_never(g->j.levels[level].agent, c);
        finding.level = level;
    }
    return finding;
}

static bool strs_eq(struct ambit_strs a, struct ambit_strs b)
{
    for (size_t i = 0; i < a.n && a.n == b.n; i++) {
        if (!ambit_str_eq(a.v[i], b.v[i]))
            return false;
    }
    return a.n == b.n;
}

static bool except_eq(const struct ambit_except *a, const struct ambit_except *b)
{
    return ambit_str_eq(a->policy, b->policy) && ambit_str_eq(a->id, b->id) &&
           strs_eq(a->actions, b->actions) && strs_eq(a->resources, b->resources);
}

static bool add_except(struct grant_judge *g, const struct compiled_never *never)
{
    struct ambit_decision *d = g->j.d;
    struct ambit_except except = {
        .policy = never->policy->name,
        .id = never->never->id,
        .actions = never->never->actions,
        .resources = never->never->resources,
    };
    for (size_t i = 0; i < d->n_except; i++) {
        /* the parent's, which stand first, are copies: of this rule, or of what it was then */
        if (g->excepts[i] == never || (!g->excepts[i] && except_eq(&d->except[i], &except)))
            return true;
    }
    if (d->n_except == AMBIT_EXCEPT_MAX)
        return false;
    g->excepts[d->n_except] = never;
    d->except[d->n_except++] = except;
    return true;
}

static struct finding judge_agent_except(struct grant_judge *g, const struct compiled_agent *agent,
                                         const struct candidate *c)
{
    for (uint64_t left = compiled_policies_meeting(agent, c->probe); left;) {
        const struct compiled_policy *policy = agent->policies[compiled_next(&left)].policy;
        struct index_walk walk = index_begin_meeting(&policy->never_meeting, c->probe);
        size_t n = 0;
        while (index_next(&walk, &n)) {
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

/* `never` rules of any level's agent that only overlap the item go with the grant. More than 64:
 * ask narrower. */
static struct finding judge_except(struct grant_judge *g, const struct candidate *c)
{
    struct finding finding = settled;
    for (unsigned level = 0; level < g->j.n_levels && finding.check == AMBIT_GRANT_CHECKS;
         level++) {
        finding = judge_agent_except(g, g->j.levels[level].agent, c);
        finding.level = level;
    }
    return finding;
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
    g->giving[g->n_giving++] = (struct giving){
        .i = c->i, .action = c->action, .resource = c->resource, .probe = c->probe, .rule = rule};
    d->given[d->n_given++] = (struct ambit_given){
        .action = c->action->text,
        .resource = c->resource->text,
        .policy = rule->policy->name,
        .rule = rule->id,
        .digest = rule->policy->digest,
    };
    return true;
}

static struct finding stopped(const struct ambit_stop_view *stop)
{
    return (struct finding){
        .check = AMBIT_GRANT_CHECK_SCOPE, .reason = AMBIT_REASON_STOPPED, .stop = stop->id};
}

/* A rule that contains the item: what of check `scope` is left, then everything behind it. Of a
 * policy that is stopped it gives nothing. */
static struct finding judge_containing(struct grant_judge *g, const struct candidate *c,
                                       const struct compiled_rule *rule, bool *ret_gives)
{
    const struct ambit_stop_view *stop = NULL;
    struct finding finding = settled;
    bool stops = g->j.world->n_stops > 0;
    if (stops)
        stop = judge_stop_on(&g->j, AMBIT_TARGET_POLICY, rule->policy->name);
    *ret_gives = stop == NULL;
    if (!stop && c->above)
        finding = *c->above;
    if (!stop && stops && finding.check == AMBIT_GRANT_CHECKS)
        stop = judge_stop_on_resource(&g->j, c->resource);
    if (stop)
        finding = stopped(stop);
    bool holds = finding.check == AMBIT_GRANT_CHECKS;
    judge_tell(&g->j,
               (struct seen){
                   .check = AMBIT_GRANT_CHECK_SCOPE, .passed = holds, .item = c->i, .rule = rule});
    return holds ? grant_judge_rule(g, c->i, rule) : finding;
}

/* Where an item's rules stand: the first that passes, else the first of those that got furthest. */
struct best {
    struct finding finding;
    const struct compiled_rule *rule; /* NULL: none contains it */
};

static void note(struct best *best, const struct finding *finding, const struct compiled_rule *rule)
{
    if (!best->rule || finding_is_further(finding, &best->finding))
        *best = (struct best){.finding = *finding, .rule = rule};
}

/* What a stopped policy contains is `stopped` only where no other rule contains it. */
static void note_stopped(struct best *best, const struct finding *finding)
{
    if (!best->rule && best->finding.reason != AMBIT_REASON_STOPPED)
        best->finding = *finding;
}

static struct best none_contains(void)
{
    return (struct best){.finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE)};
}

static void note_ask(struct grant_judge *g, const struct best *best)
{
    if (best->finding.check >= AMBIT_GRANT_CHECK_APPROVAL && rule_asks_at_grant(best->rule))
        judge_ask(&g->j, best->rule);
}

static struct best judge_rules(struct grant_judge *g, const struct candidate *c)
{
    struct best best = none_contains();
    for (uint64_t left = compiled_policies_of_rules(g->j.agent, c->probe); left && !g->j.err;) {
        const struct compiled_policy *policy = g->j.agent->policies[compiled_next(&left)].policy;
        struct index_walk walk = index_begin(&policy->rule_index, c->probe);
        size_t r = 0;
        while (index_next(&walk, &r)) {
            const struct compiled_rule *rule = &policy->rules[r];
            bool contains = false;
            if (rule_contains(rule, &g->j.variables, c->action, c->resource, &contains) !=
                AMBIT_OK) {
                best.finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
                return best;
            }
            if (!contains)
                continue;

            bool gives = true;
            struct finding finding = judge_containing(g, c, rule, &gives);
            if (gives)
                note(&best, &finding, rule);
            else
                note_stopped(&best, &finding);
            if (finding.check == AMBIT_GRANT_CHECKS)
                return best;
        }
    }
    return best;
}

/* The agent's own rules, and those that gave what is above: all must pass, the earliest failure
 * names the reason. */
static struct finding with_above(struct grant_judge *g, const struct candidate *c,
                                 const struct finding *own)
{
    if (g->j.n_levels == 1)
        return *own;
    struct finding above = grant_above_rules(g, c);
    return finding_is_earlier(&above, own) ? above : *own;
}

static struct finding judge_named(struct grant_judge *g, const struct candidate *c)
{
    struct best best = judge_rules(g, c);
    if (best.finding.check >= AMBIT_GRANT_CHECK_LIMITS && !add_given(g, c, best.rule))
        return fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
    note_ask(g, &best);
    return with_above(g, c, &best.finding);
}

static struct finding too_many(void)
{
    struct finding finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
    finding.member = AMBIT_STR("items");
    return finding;
}

/* How far an item asked for on every resource must get to be given. */
static int least_given(const struct grant_judge *g)
{
    return g->takes_unapproved ? AMBIT_GRANT_CHECK_APPROVAL : AMBIT_GRANT_CHECKS;
}

/* One of a rule's own resources, for an action asked for "on every resource" (TOK-12). */
static struct finding judge_open_resource(struct grant_judge *g, struct candidate *c,
                                          const struct compiled_rule *rule, bool *ret_gives)
{
    struct finding above = settled;
    *ret_gives = true;
    struct finding finding = judge_never(g, c);
    if (finding.check == AMBIT_GRANT_CHECKS && g->j.n_levels > 1) {
        above = grant_above_scope(g, c);
        c->above = &above;
    }
    if (finding.check == AMBIT_GRANT_CHECKS)
        finding = judge_containing(g, c, rule, ret_gives);
    if (finding.check > AMBIT_GRANT_CHECK_SCOPE)
        finding = with_above(g, c, &finding);
    c->above = NULL;
    if (finding.check < least_given(g))
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
    struct pattern_buf *buf = &g->open->filled[g->n_filled];
    return pattern_fill(resource, &g->j.variables, g->j.d->texts[g->n_filled], buf) ? &buf->pattern
                                                                                    : NULL;
}

/* In the place beside what it would be given as; what is not given leaves it to the next. */
static const struct index_probe *open_probe(struct grant_judge *g, const struct candidate *c)
{
    struct index_probe *probe = &g->open->probes[g->n_giving];
    index_probe_set(probe, c->action, c->resource);
    return probe;
}

static struct finding judge_everywhere(struct grant_judge *g, struct candidate *c)
{
    struct best best = none_contains();
    for (size_t p = 0; p < g->j.agent->n_policies; p++) {
        const struct compiled_policy *policy = g->j.agent->policies[p].policy;
        for (size_t r = 0; r < policy->n_rules && !g->j.err; r++) {
            const struct compiled_rule *rule = &policy->rules[r];
            bool contains = false;
            if (patterns_contain(&rule->actions, c->action, &contains) != AMBIT_OK)
                return fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED);
            for (size_t k = 0; contains && k < rule->resources.n; k++) {
                c->resource = real_resource(g, &rule->resources.v[k]);
                if (!c->resource && g->n_filled == AMBIT_GIVEN_MAX)
                    return too_many();
                if (!c->resource)
                    continue;
                c->probe = open_probe(g, c);
                bool gives = true;
                struct finding finding = judge_open_resource(g, c, rule, &gives);
                g->n_filled +=
                    rule->resources.v[k].has_variables && finding.check >= least_given(g);
                if (finding.reason == AMBIT_REASON_MALFORMED)
                    return finding;
                struct best one = {.finding = finding, .rule = rule};
                if (finding.check == AMBIT_GRANT_CHECKS)
                    note_ask(g, &one);
                if (gives)
                    note(&best, &finding, rule);
                else
                    note_stopped(&best, &finding);
            }
        }
    }
    if (best.rule)
        note_ask(g, &best);
    return best.finding;
}

/* Where none passes, those that lack a person's yes alone are what would be given with it. */
static struct finding judge_open(struct grant_judge *g, struct candidate *c)
{
    struct finding finding = judge_everywhere(g, c);
    if (finding.check != AMBIT_GRANT_CHECK_APPROVAL)
        return finding;
    g->takes_unapproved = true;
    finding = judge_everywhere(g, c);
    g->takes_unapproved = false;
    return finding;
}

struct finding grant_judge_item(struct grant_judge *g, size_t i)
{
    const struct asked *asked = &g->asked[i];
    struct candidate c PATTERN_SCRATCH;
    c.i = i;
    c.action = &asked->action.pattern;
    c.above = NULL;
    if (!asked->has_resource)
        return judge_open(g, &c);

    c.resource = &asked->resource.pattern;
    c.probe = &asked->probe;
    struct finding finding = judge_never(g, &c);
    if (finding.check == AMBIT_GRANT_CHECKS)
        finding = judge_except(g, &c);
    g->j.level = finding.level; /* whose `never` it was */
    judge_tell(&g->j, (struct seen){.check = AMBIT_GRANT_CHECK_NEVER,
                                    .passed = finding.check == AMBIT_GRANT_CHECKS,
                                    .item = i});
    g->j.level = 0;
    if (finding.check != AMBIT_GRANT_CHECKS || g->j.n_levels == 1)
        return finding.check == AMBIT_GRANT_CHECKS ? judge_named(g, &c) : finding;

    struct finding above = grant_above_scope(g, &c);
    c.above = &above;
    return judge_named(g, &c);
}
