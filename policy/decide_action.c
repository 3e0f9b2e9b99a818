/* SPDX-License-Identifier: Apache-2.0 */
/* May this grant do this now? The order of checks of policy-language.md, "Two questions, one
 * engine": what the grant is worth, the names, every `never`, the items that cover the action, the
 * rule of each as it stands now, and the hard stops over what would pass. */
#include "policy/decide_action.h"

#include "base/encode.h"

#include "policy/pattern_glob.h"

static const struct finding settled = {.check = AMBIT_ACTION_CHECKS};

void action_enter(struct action_judge *a, unsigned level)
{
    judge_enter(&a->j, level);
    a->grant = a->j.levels[level].grant;
}

static struct finding fails(int check, enum ambit_reason reason)
{
    return (struct finding){.check = check, .reason = reason};
}

static struct finding stopped(const struct ambit_stop_view *stop)
{
    struct finding finding = fails(AMBIT_ACTION_CHECK_STOP, AMBIT_REASON_STOPPED);
    if (stop)
        finding.stop = stop->id;
    return finding;
}

/* A resource whose name is malformed lies inside no pattern; it is the service's to speak of when
 * its type is, so that the answer is `malformed` and not the service's fault. */
static bool speaks_for(const struct compiled_service *service, const struct action_judge *a)
{
    if (a->has_resource)
        return patterns_match(&service->resources, &a->resource.pattern);

    struct ambit_str text = a->q->resource;
    for (size_t i = 0; i < service->resources.n; i++) {
        const struct pattern *pattern = &service->resources.v[i];
        if (text.len > pattern->type_len &&
            memcmp(text.p, pattern->text.p, (size_t)pattern->type_len + 1) == 0)
            return true;
    }
    return false;
}

static bool is_addressed(const struct compiled_service *service, struct ambit_str audience)
{
    for (size_t i = 0; i < service->service->audiences.n; i++) {
        if (ambit_str_eq(service->service->audiences.v[i], audience))
            return true;
    }
    return false;
}

static struct finding judge_audience(struct action_judge *a)
{
    if (!a->q->service.p)
        return settled;

    const struct compiled_service *service = compiled_service_find(a->j.set, a->q->service);
    bool is_shown = a->grant && !a->j.named_by;
    if (!service || (is_shown && !is_addressed(service, a->grant->audience)) ||
        !speaks_for(service, a))
        return fails(AMBIT_ACTION_CHECK_AUDIENCE, AMBIT_REASON_WRONG_AUDIENCE);
    return settled;
}

/* The row is judged as it was when it was given, and by the documents now. */
static const struct ambit_stop_view *find_stop(struct action_judge *a)
{
    const struct ambit_grant_view *grant = a->grant;
    struct covered then = {.agent = grant->agent, .owner = grant->owner, .team = grant->team};
    const struct ambit_stop_view *stop = judge_stop_covering(&a->j, &then);
    if (!stop && a->j.agent) {
        struct covered now = {.agent = grant->agent,
                              .owner = a->j.agent->agent->owner,
                              .team = compiled_team(a->j.agent)};
        stop = judge_stop_covering(&a->j, &now);
    }
    for (size_t i = 0; !stop && i < grant->n_items; i++)
        stop = judge_stop_on(&a->j, AMBIT_TARGET_POLICY, grant->items[i].policy);
    if (!stop && a->has_resource)
        stop = judge_stop_on_resource(&a->j, &a->resource.pattern);
    return stop;
}

static struct finding judge_stop(struct action_judge *a)
{
    const struct ambit_stop_view *stop = a->j.world->n_stops ? find_stop(a) : NULL;
    return stop || a->grant->liveness == AMBIT_DEAD_STOPPED ? stopped(stop) : settled;
}

static struct finding judge_live(struct action_judge *a)
{
    if (a->j.named_by)
        return action_judge_named_owner(a);
    struct finding finding = fails(AMBIT_ACTION_CHECK_LIVE, AMBIT_REASON_INACTIVE);
    if (a->grant->liveness != AMBIT_LIVE)
        finding.member = AMBIT_STR("revoked");
    else if (a->grant->expires_ms <= a->q->now_ms)
        finding.member = AMBIT_STR("expired");
    else if (!a->j.agent)
        finding.member = AMBIT_STR("agent");
    else if (!a->j.agent->owner->is_active)
        finding.member = AMBIT_STR("owner");
    else
        return settled;
    return finding;
}

static struct finding judge_form(struct action_judge *a)
{
    struct finding finding = fails(AMBIT_ACTION_CHECK_FORM, AMBIT_REASON_MALFORMED);
    if (!a->has_action)
        finding.member = AMBIT_STR("action");
    else if (!a->has_resource)
        finding.member = AMBIT_STR("resource");
    else if (a->q->n_context > AMBIT_CONTEXT_MAX)
        finding.member = AMBIT_STR("context");
    else if (!text_is_free(a->q->stated_reason))
        finding.member = AMBIT_STR("stated_reason");
    else
        return settled;
    return finding;
}

/* No `never` of any policy that the agent lists now, whatever its dates. */
static struct finding judge_never(struct action_judge *a)
{
    for (uint64_t left = compiled_policies_of_never(a->j.agent, &a->probe); left;) {
        const struct compiled_policy *policy = a->j.agent->policies[compiled_next(&left)].policy;
        struct index_walk walk = index_begin(&policy->never_index, &a->probe);
        size_t n = 0;
        while (index_next(&walk, &n)) {
            const struct compiled_never *never = &policy->never[n];
            if (!patterns_match(&never->actions, &a->action.pattern) ||
                !patterns_match(&never->resources, &a->resource.pattern))
                continue;
            struct finding finding = fails(AMBIT_ACTION_CHECK_NEVER, AMBIT_REASON_FORBIDDEN);
            finding.policy = policy;
            finding.rule = never->never->id;
            return finding;
        }
    }
    return settled;
}

/* What stands before the first star of a pattern must begin the name; the separator before `**` may
 * go with it. Spares parsing what cannot match. */
static bool may_match(struct ambit_str text, struct ambit_str name)
{
    const char *star = text.len ? memchr(text.p, '*', text.len) : NULL;
    if (!star)
        return ambit_str_eq(text, name);
    size_t n = (size_t)(star - text.p);
    n -= n > 0;
    return name.len >= n && memcmp(text.p, name.p, n) == 0;
}

/* A pattern that the grant recorded, against one of the names. */
static bool recorded_matches(struct ambit_str text, enum pattern_kind kind,
                             const struct pattern *name)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    return may_match(text, name->text) && pattern_parse(text, kind, false, &buf) == AMBIT_OK &&
           pattern_matches(&buf.pattern, name);
}

static bool any_recorded_matches(struct ambit_strs texts, enum pattern_kind kind,
                                 const struct pattern *name)
{
    for (size_t i = 0; i < texts.n; i++) {
        if (recorded_matches(texts.v[i], kind, name))
            return true;
    }
    return false;
}

static bool is_excepted(const struct action_judge *a)
{
    for (size_t i = 0; i < a->grant->n_except; i++) {
        const struct ambit_except *except = &a->grant->except[i];
        if (any_recorded_matches(except->actions, PATTERN_ACTION, &a->action.pattern) &&
            any_recorded_matches(except->resources, PATTERN_RESOURCE, &a->resource.pattern))
            return true;
    }
    return false;
}

static bool item_covers(const struct action_judge *a, const struct ambit_given *item)
{
    return recorded_matches(item->resource, PATTERN_RESOURCE, &a->resource.pattern) &&
           recorded_matches(item->action, PATTERN_ACTION, &a->action.pattern);
}

/* Items that cover the action, in the grant's order: the first that passes is charged, alone; else
 * the one that got furthest names the reason, ties first. */
static struct finding judge_items(struct action_judge *a, const struct compiled_rule **ret_rule)
{
    struct finding best = fails(AMBIT_ACTION_CHECK_SCOPE, AMBIT_REASON_OUT_OF_SCOPE);
    if (is_excepted(a)) {
        best.member = AMBIT_STR("except");
        return best;
    }
    bool is_covered = false;
    *ret_rule = NULL;
    for (size_t i = 0; i < a->grant->n_items && !a->j.err; i++) {
        const struct compiled_rule *rule = NULL;
        if (!item_covers(a, &a->grant->items[i]))
            continue;
        struct finding finding = action_judge_item(a, i, &rule);
        if (!is_covered || finding_is_further(&finding, &best)) {
            best = finding;
            *ret_rule = rule;
            if (a->j.level == 0)
                a->j.d->given_item = i;
        }
        is_covered = true;
        if (finding.check == AMBIT_ACTION_CHECKS)
            break;
    }
    return best;
}

/* Every level's own items and rules. The earliest failure names the reason, ties: the nearest. */
static struct finding judge_levels_items(struct action_judge *a)
{
    struct finding worst = settled;
    for (unsigned level = 0; level < a->j.n_levels && !a->j.err; level++) {
        action_enter(a, level);
        struct finding finding = a->j.named_by ? action_judge_named(a, &a->rules[level])
                                               : judge_items(a, &a->rules[level]);
        finding.level = level;
        if (finding_is_earlier(&finding, &worst))
            worst = finding;
        if (finding.check >= AMBIT_ACTION_CHECK_APPROVAL && rule_asks_at_action(a->rules[level]))
            judge_ask(&a->j, a->rules[level]);
    }
    action_enter(a, 0);
    return worst;
}

/* What stands before any item, in order. Each is reached only when those before it passed; those
 * behind are of an item and its rule. */
static struct finding judge_step(struct action_judge *a, enum ambit_action_check check)
{
    switch (check) {
    case AMBIT_ACTION_CHECK_AUDIENCE:
        return judge_audience(a);
    case AMBIT_ACTION_CHECK_GRANT:
        return a->grant ? settled : fails(check, AMBIT_REASON_INACTIVE);
    case AMBIT_ACTION_CHECK_STOP:
        return judge_stop(a);
    case AMBIT_ACTION_CHECK_LIVE:
        return judge_live(a);
    case AMBIT_ACTION_CHECK_PROOF:
        return a->grant->binding == AMBIT_BINDING_NONE || a->q->has_proof
                   ? settled
                   : fails(check, AMBIT_REASON_BINDING_MISMATCH);
    case AMBIT_ACTION_CHECK_FORM:
        return judge_form(a);
    case AMBIT_ACTION_CHECK_NEVER:
    case AMBIT_ACTION_CHECK_SCOPE:
    case AMBIT_ACTION_CHECK_POLICY:
    case AMBIT_ACTION_CHECK_HOURS:
    case AMBIT_ACTION_CHECK_SOURCE:
    case AMBIT_ACTION_CHECK_PURPOSE:
    case AMBIT_ACTION_CHECK_REASON:
    case AMBIT_ACTION_CHECK_CONTEXT:
    case AMBIT_ACTION_CHECK_AFTER:
    case AMBIT_ACTION_CHECK_COMPOSITION:
    case AMBIT_ACTION_CHECK_LIMITS:
    case AMBIT_ACTION_CHECK_HARD_STOP:
    case AMBIT_ACTION_CHECK_APPROVAL:
    case AMBIT_ACTION_CHECKS:
        break;
    }
    return judge_never(a);
}

/* Of the checks before any item these are made again for every grant above; the key is proved by
 * who acts, and names are the same for all. */
static bool is_made_again(int check)
{
    return check == AMBIT_ACTION_CHECK_STOP || check == AMBIT_ACTION_CHECK_LIVE ||
           check == AMBIT_ACTION_CHECK_NEVER;
}

static struct finding judge_steps(struct action_judge *a)
{
    struct finding finding = settled;
    for (int check = 0; check < AMBIT_ACTION_CHECK_SCOPE; check++) {
        unsigned n = is_made_again(check) ? a->j.n_levels : 1;
        for (unsigned level = 0; level < n; level++) {
            action_enter(a, level);
            finding = judge_step(a, (enum ambit_action_check)check);
            finding.level = level;
            if (finding.check != AMBIT_ACTION_CHECKS)
                break;
        }
        action_enter(a, 0);
        if (finding.check != AMBIT_ACTION_CHECKS)
            break;
    }
    return finding;
}

static struct event event_of(const struct action_judge *a, struct heard_item *ret_item)
{
    *ret_item = (struct heard_item){.action = &a->action.pattern,
                                    .resource = &a->resource.pattern,
                                    .probe = &a->probe,
                                    .is_malformed = !a->has_action || !a->has_resource};
    return (struct event){.items = ret_item, .n_items = 1, .action = a->q};
}

/* Nobody's victim: an attempt is the agent's only when its grant is known, the service that asks is
 * the one addressed, and a bound key was proved. */
static bool is_attempt(const struct action_judge *a, const struct finding *finding)
{
    return a->grant && a->j.agent && finding->reason != AMBIT_REASON_WRONG_AUDIENCE &&
           (a->grant->binding == AMBIT_BINDING_NONE || a->q->has_proof);
}

static void refuse(struct action_judge *a, const struct finding *finding)
{
    decision_refuse(a->j.d, finding);
    a->j.d->is_attempt = is_attempt(a, finding);
    if (!a->j.d->is_attempt || finding->reason == AMBIT_REASON_HARD_STOP)
        return;
    struct heard_item item = {0};
    struct event event = event_of(a, &item);
    hard_stops_hear(&a->j, &event, finding->reason);
}

static void allow(struct action_judge *a)
{
    struct ambit_decision *d = a->j.d;
    const struct compiled_rule *rule = a->rules[0];
    d->verdict = AMBIT_ALLOW;
    d->reason = AMBIT_REASON_ALLOWED;
    d->failed_check = AMBIT_ACTION_CHECKS;
    d->policy = rule->policy->name;
    d->digest = rule->policy->digest;
    d->rule = rule->id;
    d->is_attempt = true;
    for (unsigned level = 0; level < a->j.n_levels; level++) {
        action_enter(a, level);
        action_charge(a, a->rules[level]);
    }
    action_enter(a, 0);
}

/* The stops over an action that passed everything before them. What lacks approval behind
 * them is heard as refused, unless one of them fires. */
static struct finding judge_hard_stops(struct action_judge *a, struct finding before)
{
    struct heard_item item = {0};
    struct event event = event_of(a, &item);
    struct finding finding = before;
    if (hard_stops_refuse(&a->j, &event, AMBIT_ACTION_CHECK_HARD_STOP, &finding))
        return finding;
    if (before.check != AMBIT_ACTION_CHECKS)
        a->j.d->n_charges = 0;
    return before;
}

static void decide(struct action_judge *a)
{
    struct finding finding = judge_steps(a);
    if (finding.check == AMBIT_ACTION_CHECKS)
        finding = judge_levels_items(a);
    if (a->j.err)
        return;
    if (finding.check > AMBIT_ACTION_CHECK_HARD_STOP)
        finding = judge_hard_stops(a, finding);
    if (finding.check == AMBIT_ACTION_CHECKS)
        allow(a);
    else
        refuse(a, &finding);
}

enum ambit_err decide_action(const struct ambit_policy_set *set,
                             const struct ambit_action_question *question,
                             const struct ambit_world *world, const struct trace *trace,
                             struct ambit_decision *ret)
{
    struct action_judge a PATTERN_SCRATCH;
    a.q = question;
    a.grant = question->grant && question->grant->liveness != AMBIT_UNKNOWN_GRANT ? question->grant
                                                                                  : NULL;
    judge_begin(&a.j, set, world, ret, question->now_ms);
    a.j.trace = trace;
    if (question->named_agent.p && action_named_view(set, question, &a.named)) {
        a.grant = &a.named;
        a.j.named_by = compiled_service_find(set, question->service);
    }
    a.j.name = &question->action;
    a.j.resource = &question->resource;
    a.has_action = pattern_parse_name(question->action, PATTERN_ACTION, &a.action) == AMBIT_OK;
    a.has_resource =
        pattern_parse_name(question->resource, PATTERN_RESOURCE, &a.resource) == AMBIT_OK;
    if (a.has_action && a.has_resource)
        index_probe_set(&a.probe, &a.action.pattern, &a.resource.pattern);
    struct level own = {.grant = a.grant};
    if (a.grant)
        own = level_of(set, a.grant);
    if (own.agent)
        compiled_fetch(own.agent);
    judge_levels(&a.j, own, a.grant ? a.grant->above : NULL);
    action_enter(&a, 0);
    if (a.grant)
        id_encode(a.grant->lineage, ret->lineage_text);
    if (!a.j.err)
        decide(&a);
    return a.j.err;
}

enum ambit_err ambit_decide_action(const struct ambit_policy_set *set,
                                   const struct ambit_action_question *question,
                                   const struct ambit_world *world, struct ambit_decision *ret)
{
    return decide_action(set, question, world, NULL, ret);
}
