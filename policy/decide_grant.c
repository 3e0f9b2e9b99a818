/* SPDX-License-Identifier: Apache-2.0 */
/* May this agent be granted this? The order of checks of policy-language.md, "Two questions, one
 * engine": first what holds for the whole request, then each item, then the request again. */
#include "policy/decide_grant.h"

void grant_enter(struct grant_judge *g, unsigned level)
{
    const struct ambit_grant_view *grant = g->j.levels[level].grant;
    const struct ambit_grant_question *q = g->q;
    judge_enter(&g->j, level);
    g->claims = (struct claims){
        .purpose = grant ? grant->purpose : q->purpose,
        .composition = grant ? grant->composition : q->composition,
        .binding = grant ? grant->binding : q->binding,
    };
}

static struct finding whole(int check, enum ambit_reason reason)
{
    return (struct finding){.check = check, .reason = reason};
}

static const struct finding settled = {.check = AMBIT_GRANT_CHECKS};

static struct finding judge_stop(struct grant_judge *g)
{
    const struct compiled_agent *agent = g->j.agent;
    if (g->j.world->n_stops == 0)
        return grant_above_stop(g);
    struct covered covered = {
        .agent = agent->name, .owner = agent->agent->owner, .team = compiled_team(agent)};
    const struct ambit_stop_view *stop = judge_stop_covering(&g->j, &covered);
    if (!stop)
        return grant_above_stop(g);
    struct finding finding = whole(AMBIT_GRANT_CHECK_STOP, AMBIT_REASON_STOPPED);
    finding.stop = stop->id;
    return finding;
}

/* No owner, no authority: both must be there and active, for every agent whose authority it is. */
static struct finding judge_owner(struct grant_judge *g)
{
    const struct ambit_person *owner = g->j.agent->owner, *backup = g->j.agent->backup;
    struct finding finding = whole(AMBIT_GRANT_CHECK_OWNER, AMBIT_REASON_OWNER_REQUIRED);
    if (!owner->is_active) {
        finding.member = AMBIT_STR("owner");
        return finding;
    }
    if (!backup->is_active) {
        finding.member = AMBIT_STR("backup");
        return finding;
    }
    /* It is about the agent that asks, which comes first. */
    if (g->q->owner_fault.p) {
        finding.member = g->q->owner_fault;
        return finding;
    }
    return settled;
}

static struct finding judge_owners(struct grant_judge *g)
{
    struct finding finding = settled;
    for (unsigned level = 0; level < g->j.n_levels && finding.check == AMBIT_GRANT_CHECKS;
         level++) {
        grant_enter(g, level);
        finding = judge_owner(g);
        finding.level = level;
    }
    grant_enter(g, 0);
    return finding;
}

/* Reads every item, so that hard stops know which are malformed. Returns the first that is, or n.
 */
static size_t parse_items(struct grant_judge *g)
{
    size_t first = g->n_asked;
    for (size_t i = 0; i < g->n_asked; i++) {
        struct asked *asked = &g->asked[i];
        const struct ambit_item *item = &g->q->items[i];
        asked->has_resource = item->resource.p != NULL;
        asked->is_malformed =
            pattern_parse(item->action, PATTERN_ACTION, false, &asked->action) != AMBIT_OK ||
            (asked->has_resource &&
             pattern_parse(item->resource, PATTERN_RESOURCE, false, &asked->resource) != AMBIT_OK);
        if (asked->has_resource && !asked->is_malformed)
            index_probe_set(&asked->probe, &asked->action.pattern, &asked->resource.pattern);
        if (asked->is_malformed && first == g->n_asked)
            first = i;
    }
    return first;
}

static struct finding judge_form(struct grant_judge *g, size_t malformed, size_t *ret_item)
{
    const struct ambit_grant_question *q = g->q;
    struct finding finding = whole(AMBIT_GRANT_CHECK_FORM, AMBIT_REASON_MALFORMED);
    if (q->n_items == 0)
        return whole(AMBIT_GRANT_CHECK_FORM, AMBIT_REASON_NOTHING_REQUESTED);

    if (q->n_items > AMBIT_ITEMS_MAX) {
        finding.member = AMBIT_STR("items");
    } else if (malformed < g->n_asked) {
        *ret_item = malformed;
        finding.member = AMBIT_STR("items");
    } else if (q->has_lifetime && q->lifetime_s <= 0) {
        finding.member = AMBIT_STR("lifetime_s");
    } else if (!text_is_free(q->purpose)) {
        finding.member = AMBIT_STR("purpose");
    } else {
        return settled;
    }
    return finding;
}

/* Every item in the order asked. The reason is that of the item that failed at the earliest check.
 */
static struct finding judge_items(struct grant_judge *g, size_t *ret_item)
{
    g->n_giving = g->n_filled = 0;
    g->j.d->n_given = g->j.d->n_except = g->j.d->n_asks = 0;
    struct finding worst = grant_above_except(g);
    if (worst.check != AMBIT_GRANT_CHECKS)
        return worst;
    for (size_t i = 0; i < g->n_asked && !g->j.err; i++) {
        struct finding finding = grant_judge_item(g, i);
        if (finding.check < worst.check) {
            worst = finding;
            *ret_item = i;
        }
    }
    return worst;
}

/* TOK-14: without an audience, the one that is common to all policies that give. */
static struct finding judge_common_audience(struct grant_judge *g)
{
    struct ambit_decision *d = g->j.d;
    if (g->audience.p) {
        d->audience = g->audience;
        return settled;
    }
    size_t n_common = 0;
    struct ambit_strs first = g->giving[0].rule->policy->audiences;
    for (size_t a = 0; a < first.n; a++) {
        bool is_common = true;
        for (size_t i = 1; i < g->n_giving && is_common; i++)
            is_common = policy_names_audience(g->giving[i].rule->policy, first.v[a]);
        if (is_common) {
            d->audience = first.v[a];
            n_common++;
        }
    }
    if (n_common == 1)
        return settled;
    d->audience = (struct ambit_str){0};
    return finding_of_rule(AMBIT_GRANT_CHECK_AUDIENCE, AMBIT_REASON_WRONG_AUDIENCE,
                           g->giving[0].rule);
}

static struct finding judge_all(struct grant_judge *g, size_t *ret_item)
{
    struct finding finding = judge_items(g, ret_item);
    if (finding.check < AMBIT_GRANT_CHECK_LIMITS || g->j.err)
        return finding;
    /* Nobody is asked to approve what would fail. */
    struct finding audience = judge_common_audience(g);
    if (audience.check == AMBIT_GRANT_CHECKS || finding.check < AMBIT_GRANT_CHECK_APPROVAL)
        return finding;
    *ret_item = g->giving[0].i;
    return audience;
}

/* Where a `live_grants` limit is reached, the same request as a live grant's takes its place: tried
 * first as if it did, and if there is no such grant, once more with the limit as it is. */
static struct finding judge_replacing(struct grant_judge *g, size_t *ret_item)
{
    g->may_replace = true;
    struct finding finding = judge_all(g, ret_item);
    if (!g->needs_replace || g->j.err)
        return finding;
    if (finding.check >= AMBIT_GRANT_CHECK_LIMITS && g->j.d->audience.p && grant_may_have_places(g))
        return finding;
    g->may_replace = false;
    return judge_all(g, ret_item);
}

/* A grant counts once in each rule that gave any of it, and ends when the first of them would. */
static void give(struct grant_judge *g)
{
    struct ambit_decision *d = g->j.d;
    d->verdict = AMBIT_ALLOW;
    d->reason = AMBIT_REASON_ALLOWED;
    d->failed_check = AMBIT_GRANT_CHECKS;
    d->policy = d->given[0].policy;
    d->digest = d->given[0].digest;
    d->rule = d->given[0].rule;
    d->expires_ms = grant_end_ms(g->q, g->giving[0].rule);
    if (d->n_asks > 0 && g->q->approval_lapse_ms && g->q->approval_lapse_ms < d->expires_ms)
        d->expires_ms = g->q->approval_lapse_ms - g->q->approval_lapse_ms % 1000;
    for (size_t i = 0; i < g->n_giving; i++) {
        const struct compiled_rule *rule = g->giving[i].rule;
        int64_t end_ms = grant_end_ms(g->q, rule);
        if (end_ms < d->expires_ms)
            d->expires_ms = end_ms;
        if (!grant_is_first_of_rule(g, i))
            continue;
        bool counts = rule->grant_checks >> AMBIT_GRANT_CHECK_LIMITS & 1;
        for (size_t k = 0; counts && k < rule->n_limits; k++) {
            if (rule->limits[k].is_charged && limit_counts_grants(&rule->limits[k].limit))
                judge_charge_limit(&g->j, rule, &rule->limits[k], 1);
        }
    }
}

static size_t asked_items(const struct grant_judge *g, struct heard_item *ret)
{
    for (size_t i = 0; i < g->n_asked; i++) {
        const struct asked *asked = &g->asked[i];
        ret[i] = (struct heard_item){
            .action = &asked->action.pattern,
            .resource = asked->has_resource ? &asked->resource.pattern : NULL,
            .probe = asked->has_resource ? &asked->probe : NULL,
            .is_malformed = asked->is_malformed,
            .action_text = g->q->items[i].action,
            .resource_text = g->q->items[i].resource,
        };
    }
    return g->n_asked;
}

static size_t given_items(const struct grant_judge *g, struct heard_item *ret)
{
    for (size_t i = 0; i < g->n_giving; i++)
        ret[i] = (struct heard_item){
            .action = g->giving[i].action,
            .resource = g->giving[i].resource,
            .probe = g->giving[i].probe,
            .action_text = g->giving[i].action->text,
            .resource_text = g->giving[i].resource->text,
        };
    return g->n_giving;
}

static void hear_refused(struct grant_judge *g, enum ambit_reason reason)
{
    struct heard_item items[AMBIT_ITEMS_MAX] PATTERN_SCRATCH;
    struct event event = {.is_grant = true, .items = items, .n_items = asked_items(g, items)};
    hard_stops_hear(&g->j, &event, reason);
}

/* The stops over a request that passed everything before them; `before` is what it got to. What
 * lacks approval behind them is heard as refused, unless one of them fires. */
static struct finding judge_hard_stops(struct grant_judge *g, struct finding before)
{
    struct heard_item items[AMBIT_GIVEN_MAX] PATTERN_SCRATCH;
    bool passed = before.check == AMBIT_GRANT_CHECKS;
    struct event event = {.is_grant = true, .items = items};
    event.n_items = given_items(g, items);
    struct finding finding = before;
    if (hard_stops_refuse(&g->j, &event, AMBIT_GRANT_CHECK_HARD_STOP, &finding))
        return finding;
    if (!passed)
        g->j.d->n_charges = 0;
    return before;
}

static void refuse(struct grant_judge *g, const struct finding *finding, size_t item)
{
    decision_refuse(g->j.d, finding);
    g->j.d->audience = (struct ambit_str){0};
    g->j.d->item = item;
    g->j.d->is_attempt = true;
    if (finding->reason != AMBIT_REASON_HARD_STOP)
        hear_refused(g, finding->reason);
}

static void tell_whole(const struct grant_judge *g, int check, const struct finding *finding,
                       size_t item)
{
    judge_tell(&g->j, (struct seen){.check = check,
                                    .passed = finding->check == AMBIT_GRANT_CHECKS,
                                    .item = item});
}

/* What fails before any item is looked at. */
static struct finding judge_whole(struct grant_judge *g, size_t *ret_item)
{
    size_t malformed = parse_items(g);
    struct finding finding = judge_stop(g);
    tell_whole(g, AMBIT_GRANT_CHECK_STOP, &finding, 0);
    if (finding.check != AMBIT_GRANT_CHECKS)
        return finding;

    finding = judge_owners(g);
    tell_whole(g, AMBIT_GRANT_CHECK_OWNER, &finding, 0);
    if (finding.check != AMBIT_GRANT_CHECKS)
        return finding;

    finding = judge_form(g, malformed, ret_item);
    tell_whole(g, AMBIT_GRANT_CHECK_FORM, &finding, *ret_item);
    return finding;
}

static void decide(struct grant_judge *g)
{
    size_t item = 0;
    struct finding finding = judge_whole(g, &item);
    if (finding.check == AMBIT_GRANT_CHECKS)
        finding = judge_replacing(g, &item);
    if (g->j.err)
        return;
    if (finding.check > AMBIT_GRANT_CHECK_HARD_STOP)
        finding = judge_hard_stops(g, finding);
    if (finding.check != AMBIT_GRANT_CHECKS) {
        refuse(g, &finding, item);
        return;
    }
    g->j.d->is_attempt = true;
    give(g);
}

/* Of what is judged: more items than there may be are not looked at. */
static bool asks_everywhere(const struct grant_judge *g)
{
    for (size_t i = 0; i < g->n_asked; i++) {
        if (!g->q->items[i].resource.p)
            return true;
    }
    return false;
}

/* Only what is asked for on every resource pays for the room that filling takes. */
__attribute__((noinline)) static void decide_everywhere(struct grant_judge *g)
{
    struct open_room room PATTERN_SCRATCH;
    g->open = &room;
    decide(g);
    g->open = NULL;
}

enum ambit_err decide_grant(const struct ambit_policy_set *set,
                            const struct ambit_grant_question *question,
                            const struct ambit_world *world, const struct trace *trace,
                            struct ambit_decision *ret)
{
    const struct compiled_agent *agent = compiled_agent_find(set, question->agent);
    if (!agent)
        return AMBIT_ERR_NOT_FOUND;

    compiled_fetch(agent);
    struct grant_judge g PATTERN_SCRATCH;
    judge_begin(&g.j, set, world, ret, question->now_ms);
    g.j.trace = trace;
    g.q = question;
    g.audience =
        question->audience.p || !question->parent ? question->audience : question->parent->audience;
    g.n_asked = question->n_items > AMBIT_ITEMS_MAX ? 0 : question->n_items;
    g.n_giving = g.n_filled = 0;
    g.open = NULL;
    g.may_replace = g.needs_replace = g.takes_unapproved = false;
    struct level own = {.agent = agent,
                        .variables = {.agent = question->agent,
                                      .team = compiled_team(agent),
                                      .purpose = question->purpose}};
    judge_levels(&g.j, own, question->parent);
    grant_enter(&g, 0);
    if (!g.j.err && asks_everywhere(&g))
        decide_everywhere(&g);
    else if (!g.j.err)
        decide(&g);
    return g.j.err;
}

enum ambit_err ambit_decide_grant(const struct ambit_policy_set *set,
                                  const struct ambit_grant_question *question,
                                  const struct ambit_world *world, struct ambit_decision *ret)
{
    return decide_grant(set, question, world, NULL, ret);
}
