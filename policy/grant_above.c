/* SPDX-License-Identifier: Apache-2.0 */
/* What a token request under a parent grant is held to beside the agent's own rules: every grant
 * above lives and is stopped by nothing, holds the item by what it recorded, may be delegated so
 * far and to this agent, and its giving rule, as it stands now, would still give the item
 * (policy-language.md, "Delegation"). */
#include "policy/decide_grant.h"

static const struct finding settled = {.check = AMBIT_GRANT_CHECKS};

static struct finding fails(int check, enum ambit_reason reason, unsigned level)
{
    return (struct finding){.check = check, .reason = reason, .level = level};
}

/* ---- stop ------------------------------------------------------------------------------------ */

/* The row is judged as it was when it was given, and by the documents now. */
static const struct ambit_stop_view *find_stop(struct grant_judge *g, const struct level *level)
{
    const struct ambit_grant_view *grant = level->grant;
    struct covered then = {.agent = grant->agent, .owner = grant->owner, .team = grant->team};
    const struct ambit_stop_view *stop = judge_stop_covering(&g->j, &then);
    if (!stop && level->agent) {
        struct covered now = {.agent = grant->agent,
                              .owner = level->agent->agent->owner,
                              .team = compiled_team(level->agent)};
        stop = judge_stop_covering(&g->j, &now);
    }
    for (size_t i = 0; !stop && i < grant->n_items; i++)
        stop = judge_stop_on(&g->j, AMBIT_TARGET_POLICY, grant->items[i].policy);
    return stop;
}

static struct finding judge_stop(struct grant_judge *g, unsigned i)
{
    const struct level *level = &g->j.levels[i];
    const struct ambit_stop_view *stop = g->j.world->n_stops ? find_stop(g, level) : NULL;
    if (stop || level->grant->liveness == AMBIT_DEAD_STOPPED) {
        struct finding finding = fails(AMBIT_GRANT_CHECK_STOP, AMBIT_REASON_STOPPED, i);
        if (stop)
            finding.stop = stop->id;
        return finding;
    }
    if (level->grant->liveness == AMBIT_LIVE && level->agent)
        return settled;
    struct finding finding = fails(AMBIT_GRANT_CHECK_STOP, AMBIT_REASON_INACTIVE, i);
    finding.member = level->agent ? AMBIT_STR("revoked") : AMBIT_STR("agent");
    return finding;
}

struct finding grant_above_stop(struct grant_judge *g)
{
    struct finding finding = settled;
    for (unsigned i = 1; i < g->j.n_levels && finding.check == AMBIT_GRANT_CHECKS; i++)
        finding = judge_stop(g, i);
    return finding;
}

/* ---- scope ----------------------------------------------------------------------------------- */

static bool texts_contain(struct ambit_strs texts, enum pattern_kind kind,
                          const struct pattern *pattern)
{
    for (size_t i = 0; i < texts.n; i++) {
        if (text_contains(texts.v[i], kind, pattern))
            return true;
    }
    return false;
}

static bool item_holds(const struct ambit_given *item, const struct candidate *c)
{
    return text_contains(item->resource, PATTERN_RESOURCE, c->resource) &&
           text_contains(item->action, PATTERN_ACTION, c->action);
}

/* Nothing would be left of it. */
static bool is_excepted(const struct ambit_grant_view *grant, const struct candidate *c)
{
    for (size_t i = 0; i < grant->n_except; i++) {
        if (texts_contain(grant->except[i].resources, PATTERN_RESOURCE, c->resource) &&
            texts_contain(grant->except[i].actions, PATTERN_ACTION, c->action))
            return true;
    }
    return false;
}

/* The rule that gave an item above; NULL: it is there no more. */
static const struct compiled_rule *rule_of(const struct grant_judge *g,
                                           const struct ambit_given *item)
{
    const struct compiled_policy *policy = compiled_policy_of(g->j.agent, item->policy);
    return policy ? compiled_rule_find(policy, item->rule) : NULL;
}

/* Each only to agents that its agent's document of now delegates to, and no deeper than its rule
 * says: that is the depth of what hangs below it, counted from the root. */
static struct finding judge_delegable(const struct grant_judge *g, const struct compiled_rule *rule)
{
    const struct ambit_strs to = g->j.agent->agent->delegates_to;
    const struct ambit_grant_view *below = g->j.levels[g->j.level - 1].grant;
    struct ambit_str agent = below ? below->agent : g->q->agent;
    bool is_named = false;
    for (size_t i = 0; i < to.n && !is_named; i++)
        is_named = ambit_str_eq(to.v[i], agent);
    struct finding finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_NOT_DELEGABLE, g->j.level);
    if (!is_named) {
        finding.member = AMBIT_STR("delegates_to");
        return finding;
    }
    if (g->q->parent->depth < rule->rule->delegation_depth)
        return settled;
    finding.policy = rule->policy;
    finding.rule = rule->id;
    finding.member = AMBIT_STR("delegation.depth");
    return finding;
}

/* One item of the grant above, which holds the candidate: does its rule of now give it still? */
static struct finding judge_giving(const struct grant_judge *g, const struct ambit_given *item,
                                   const struct candidate *c, const struct compiled_rule **ret_rule)
{
    const struct compiled_rule *rule = rule_of(g, item);
    bool contains = false;
    *ret_rule = rule;
    if (rule && rule_contains(rule, &g->j.variables, c->action, c->resource, &contains) != AMBIT_OK)
        return fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_MALFORMED, g->j.level);
    if (contains)
        return judge_delegable(g, rule);
    struct finding finding =
        rule ? finding_of_rule(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE, rule)
             : fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE, g->j.level);
    finding.level = g->j.level;
    finding.member = AMBIT_STR("allow");
    return finding;
}

/* The items of one level that hold the candidate, in its grant's order: the first that passes, else
 * the first of those that got furthest. `with_rules`: from check `audience` on too. */
static struct finding judge_level(struct grant_judge *g, const struct candidate *c, bool with_rules)
{
    const struct ambit_grant_view *grant = g->j.levels[g->j.level].grant;
    struct finding best = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE, g->j.level);
    const struct compiled_rule *best_rule = NULL;
    bool is_held = false;
    best.member = AMBIT_STR("parent");
    for (size_t i = 0; i < grant->n_items && !g->j.err; i++) {
        const struct compiled_rule *rule = NULL;
        if (!item_holds(&grant->items[i], c))
            continue;
        struct finding finding = judge_giving(g, &grant->items[i], c, &rule);
        if (with_rules && rule)
            judge_tell(&g->j, (struct seen){.check = AMBIT_GRANT_CHECK_SCOPE,
                                            .passed = finding.check == AMBIT_GRANT_CHECKS,
                                            .item = c->i,
                                            .rule = rule});
        if (with_rules && finding.check == AMBIT_GRANT_CHECKS)
            finding = grant_judge_rule(g, c->i, rule);
        if (!is_held || finding_is_further(&finding, &best)) {
            best = finding;
            best_rule = rule;
        }
        is_held = true;
        if (best.check == AMBIT_GRANT_CHECKS)
            break;
    }
    if (with_rules && best_rule && best.check >= AMBIT_GRANT_CHECK_APPROVAL &&
        rule_asks_at_grant(best_rule))
        judge_ask(&g->j, best_rule);
    best.level = g->j.level;
    return best;
}

struct finding grant_above_scope(struct grant_judge *g, const struct candidate *c)
{
    struct finding finding = settled;
    for (unsigned i = 1; i < g->j.n_levels && finding.check == AMBIT_GRANT_CHECKS; i++) {
        grant_enter(g, i);
        finding = judge_level(g, c, false);
        if (finding.check == AMBIT_GRANT_CHECKS && is_excepted(g->j.levels[i].grant, c)) {
            finding = fails(AMBIT_GRANT_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE, i);
            finding.member = AMBIT_STR("except");
        }
    }
    grant_enter(g, 0);
    return finding;
}

/* ---- from `audience` on ---------------------------------------------------------------------- */

/* Inside the grant above whatever its rules say: for its audience; and bound where that is, to
 * whichever key, of which whoever asks has its own (TEX-8, TEX-10). */
static struct finding judge_inside(const struct grant_judge *g,
                                   const struct ambit_grant_view *above)
{
    struct finding finding = settled;
    if (above->audience.p && !ambit_str_eq(above->audience, g->audience))
        finding = fails(AMBIT_GRANT_CHECK_AUDIENCE, AMBIT_REASON_WRONG_AUDIENCE, g->j.level);
    else if (g->q->keeps_binding && above->binding != AMBIT_BINDING_NONE &&
             g->q->binding == AMBIT_BINDING_NONE)
        finding = fails(AMBIT_GRANT_CHECK_BINDING, AMBIT_REASON_BINDING_REQUIRED, g->j.level);
    finding.member = AMBIT_STR("parent");
    return finding;
}

struct finding grant_above_rules(struct grant_judge *g, const struct candidate *c)
{
    struct finding worst = settled;
    for (unsigned i = 1; i < g->j.n_levels; i++) {
        grant_enter(g, i);
        struct finding finding = judge_level(g, c, true);
        struct finding inside = judge_inside(g, g->j.levels[i].grant);
        if (inside.check <= finding.check && inside.check != AMBIT_GRANT_CHECKS)
            finding = inside;
        if (finding_is_earlier(&finding, &worst))
            worst = finding;
    }
    grant_enter(g, 0);
    return worst;
}

struct finding grant_above_except(struct grant_judge *g)
{
    const struct ambit_grant_view *parent = g->q->parent;
    struct ambit_decision *d = g->j.d;
    struct finding too_many = fails(AMBIT_GRANT_CHECK_NEVER, AMBIT_REASON_MALFORMED, 1);
    too_many.member = AMBIT_STR("except");
    if (parent && parent->n_except > AMBIT_EXCEPT_MAX)
        return too_many;
    for (size_t i = 0; parent && i < parent->n_except; i++) {
        g->excepts[d->n_except] = NULL;
        d->except[d->n_except++] = parent->except[i];
    }
    return settled;
}
