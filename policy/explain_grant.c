/* SPDX-License-Identifier: Apache-2.0 */
/* What each check of a token request required and saw. */
#include "policy/explain.h"

#include "policy/decide_grant.h"

static void put_person(struct buf *buf, const struct ambit_person *person)
{
    buf_put_str(buf, person->doc.name);
    buf_put_text(buf, person->is_active ? " is active" : " is not active");
}

static void put_owner(struct explainer *e)
{
    const struct ambit_agent *agent = e->agent->agent;
    buf_put_text(&e->required, "owner ");
    buf_put_str(&e->required, agent->owner);
    buf_put_text(&e->required, " and backup ");
    buf_put_str(&e->required, agent->backup);
    buf_put_text(&e->required, " are active, and the owner's confirmation has not lapsed");
    put_person(&e->saw, e->agent->owner);
    buf_put_text(&e->saw, ", ");
    put_person(&e->saw, e->agent->backup);
    struct ambit_str fault = e->grant_question->owner_fault;
    if (ambit_str_is(fault, "attestation")) {
        buf_put_text(&e->saw, ", but no confirmation by the owner that still holds");
    } else if (fault.p) {
        buf_put_text(&e->saw, ", but the ");
        buf_put_str(&e->saw, fault);
        buf_put_text(&e->saw, " was offboarded");
    }
}

static void put_asked_item(struct explainer *e, struct buf *buf)
{
    const struct ambit_grant_question *q = e->grant_question;
    if (e->item < q->n_items)
        put_item(buf, q->items[e->item].action, q->items[e->item].resource);
    else
        buf_put_text(buf, "no item");
}

static void put_form(struct explainer *e, bool failed)
{
    const struct ambit_grant_question *q = e->grant_question;
    buf_put_text(&e->required, "1 to 32 items of well-formed names, a lifetime of at least 1s, a "
                               "purpose that is free text");
    if (failed && ambit_str_is(e->d->member, "lifetime_s")) {
        buf_put_text(&e->saw, "a lifetime of ");
        buf_put_i64(&e->saw, q->lifetime_s);
        buf_put_char(&e->saw, 's');
    } else if (failed && ambit_str_is(e->d->member, "purpose")) {
        buf_put_text(&e->saw, "a purpose that is not");
    } else if (failed && q->n_items > 0 && q->n_items <= AMBIT_ITEMS_MAX) {
        put_asked_item(e, &e->saw);
    } else {
        buf_put_i64(&e->saw, (int64_t)q->n_items);
        buf_put_text(&e->saw, q->n_items == 1 ? " item" : " items");
    }
}

static void put_delegable(struct explainer *e)
{
    const struct compiled_policy *policy = compiled_policy_of(e->agent, e->d->policy);
    const struct compiled_rule *rule = compiled_rule_find(policy, e->d->rule);
    put_path(&e->required, e->d->policy, e->d->rule);
    if (rule->rule->delegation_depth == 0) {
        buf_put_text(&e->required, " is not delegable");
    } else {
        buf_put_text(&e->required, " is delegable to depth ");
        buf_put_i64(&e->required, rule->rule->delegation_depth);
    }
    buf_put_text(&e->saw, "depth ");
    buf_put_i64(&e->saw, (int64_t)e->grant_question->parent->depth + 1);
}

static struct ambit_str agent_below(const struct explainer *e)
{
    const struct ambit_grant_view *grant = e->grant_question->parent;
    for (unsigned level = e->d->level; level > 2; level--)
        grant = grant->above;
    return e->d->level == 1 ? e->grant_question->agent : grant->agent;
}

/* Check `scope` of a grant above, failed: `member` says by what. */
static void put_above_scope(struct explainer *e)
{
    struct ambit_str member = e->d->member;
    if (ambit_str_is(member, "delegates_to")) {
        buf_put_str(&e->required, e->grant->agent);
        buf_put_text(&e->required, " delegates to ");
        buf_put_str(&e->required, agent_below(e));
        buf_put_text(&e->saw, "its document does not say so");
    } else if (ambit_str_is(member, "delegation.depth")) {
        put_delegable(e);
    } else if (ambit_str_is(member, "allow")) {
        buf_put_text(&e->required, "the rule that gave the grant above still gives ");
        put_asked_item(e, &e->required);
        buf_put_text(&e->saw, "it does not");
    } else {
        buf_put_text(&e->required, "the grant above contains ");
        put_asked_item(e, &e->required);
        buf_put_text(&e->saw, ambit_str_is(member, "except") ? "inside an exception of it"
                                                             : "no item of it does");
    }
}

static void put_scope(struct explainer *e, bool failed)
{
    if (failed && e->d->level > 0 && e->d->reason != AMBIT_REASON_MALFORMED) {
        put_above_scope(e);
        return;
    }
    buf_put_text(&e->required, "a rule of a policy that is not stopped contains ");
    put_asked_item(e, &e->required);
    buf_put_text(&e->required, "; no stop on a resource overlaps it");
    if (failed && e->d->reason == AMBIT_REASON_STOPPED)
        put_stop(e);
    else if (failed)
        buf_put_text(&e->saw, e->d->reason == AMBIT_REASON_MALFORMED
                                  ? "more than can be settled: ask narrower"
                                  : "no rule contains it");
    else if (e->rule)
        put_path(&e->saw, e->rule->policy->policy->doc.name, e->rule->rule->id);
    else
        buf_put_text(&e->saw, "a rule does");
}

/* Nobody above is stopped, and their grants live. */
static void put_stop_or_dead(struct explainer *e, bool failed)
{
    if (!failed || e->d->reason != AMBIT_REASON_INACTIVE) {
        put_stop_check(e, failed);
        return;
    }
    buf_put_text(&e->required, "the grant above is active");
    buf_put_text(&e->saw, ambit_str_is(e->d->member, "agent") ? "there is no such agent"
                                                              : "its grant is revoked");
}

static void put_audience(struct explainer *e, bool failed)
{
    const struct ambit_grant_question *q = e->grant_question;
    struct ambit_str audience = q->audience.p || !q->parent ? q->audience : q->parent->audience;
    if (failed && ambit_str_is(e->d->member, "parent")) {
        buf_put_str(&e->required, e->grant->audience);
        put_asked(&e->saw, audience);
    } else if (audience.p) {
        put_strs(&e->required, e->rule->policy->policy->audiences, "none");
        put_asked(&e->saw, audience);
    } else {
        buf_put_text(&e->required, "one audience that is common to all policies that give");
        put_str_or(&e->saw, e->d->audience, "none, or several");
    }
}

/* A grant above is held to its rule's ttl.max of now. */
static void put_age(struct explainer *e)
{
    buf_put_text(&e->required, "at most ");
    put_duration(&e->required, e->rule->rule->ttl_max_s);
    buf_put_text(&e->required, " since the grant above was given");
    buf_put_text(&e->saw, "given at ");
    put_time(&e->saw, e->grant->issued_ms);
}

static void put_lifetime(struct explainer *e)
{
    const struct ambit_grant_question *q = e->grant_question;
    const struct ambit_policy *policy = e->rule->policy->policy;
    if (e->d->level > 0) {
        put_age(e);
        return;
    }
    buf_put_text(&e->required, "some of at most ");
    put_duration(&e->required, e->rule->rule->ttl_max_s);
    if (policy->not_after_ms) {
        buf_put_text(&e->required, " before ");
        put_time(&e->required, policy->not_after_ms);
    }
    if (q->parent) {
        buf_put_text(&e->required, ", before the grant above ends at ");
        put_time(&e->required, q->parent->expires_ms);
    }
    int64_t closes_ms = 0;
    if (e->rule->rule->when.n_hours && rule_in_hours(e->rule, q->now_ms, &closes_ms)) {
        buf_put_text(&e->required, " in the window until ");
        put_time(&e->required, closes_ms);
    }
    int64_t end_ms = grant_end_ms(q, e->rule);
    int64_t left_s = (end_ms - q->now_ms) / 1000;
    put_duration(&e->saw, left_s > 0 ? left_s : 0);
    buf_put_text(&e->saw, ", until ");
    put_time(&e->saw, end_ms);
}

static void put_binding(struct explainer *e, bool failed)
{
    if (failed && ambit_str_is(e->d->member, "parent")) {
        buf_put_text(&e->required, "a key of its own, since the grant above is bound to one");
        buf_put_text(&e->saw, ambit_binding_text(e->grant_question->binding));
        return;
    }
    put_bindings(&e->required, e->rule->rule);
    buf_put_text(&e->saw,
                 ambit_binding_text(e->grant ? e->grant->binding : e->grant_question->binding));
}

/* The conditions of the rule: each is what its document says, and what the question brought. */
static void put_rule_check(struct explainer *e, enum ambit_grant_check check, bool failed)
{
    const struct ambit_grant_question *q = e->grant_question;
    const struct ambit_grant_view *grant = e->grant; /* what it recorded, of a grant above */
    const struct ambit_when *when = e->rule ? &e->rule->rule->when : NULL;
    if (!when) {
        put_none(e);
    } else if (check == AMBIT_GRANT_CHECK_AUDIENCE) {
        put_audience(e, failed);
    } else if (check == AMBIT_GRANT_CHECK_DATES) {
        put_dates(&e->required, e->rule->policy->policy);
        put_time(&e->saw, q->now_ms);
    } else if (check == AMBIT_GRANT_CHECK_HOURS) {
        put_hours(e, q->now_ms);
    } else if (check == AMBIT_GRANT_CHECK_SOURCE) {
        put_strs(&e->required, when->source, "any");
        put_address(&e->saw, &q->source);
    } else if (check == AMBIT_GRANT_CHECK_PURPOSE) {
        put_str_or(&e->required, when->purpose, "any");
        put_str_or(&e->saw, grant ? grant->purpose : q->purpose, "none");
    } else if (check == AMBIT_GRANT_CHECK_COMPOSITION) {
        put_composition(e, grant ? grant->composition : q->composition);
    } else if (check == AMBIT_GRANT_CHECK_AFTER) {
        put_afters(e);
    } else if (check == AMBIT_GRANT_CHECK_BINDING) {
        put_binding(e, failed);
    } else if (check == AMBIT_GRANT_CHECK_LIFETIME) {
        put_lifetime(e);
    } else {
        put_approval(e, rule_asks_at_grant(e->rule) ? e->rule->rule->approval : NULL, q->approval);
    }
}

void explain_grant_check(struct explainer *e, enum ambit_grant_check check, bool failed)
{
    switch (check) {
    case AMBIT_GRANT_CHECK_STOP:
        put_stop_or_dead(e, failed);
        return;
    case AMBIT_GRANT_CHECK_OWNER:
        put_owner(e);
        return;
    case AMBIT_GRANT_CHECK_FORM:
        put_form(e, failed);
        return;
    case AMBIT_GRANT_CHECK_NEVER:
        put_never(e, failed);
        return;
    case AMBIT_GRANT_CHECK_SCOPE:
        put_scope(e, failed);
        return;
    case AMBIT_GRANT_CHECK_LIMITS:
        put_limits(e);
        return;
    case AMBIT_GRANT_CHECK_HARD_STOP:
        put_hard_stop(e, failed);
        return;
    case AMBIT_GRANT_CHECK_AUDIENCE:
    case AMBIT_GRANT_CHECK_DATES:
    case AMBIT_GRANT_CHECK_HOURS:
    case AMBIT_GRANT_CHECK_SOURCE:
    case AMBIT_GRANT_CHECK_PURPOSE:
    case AMBIT_GRANT_CHECK_COMPOSITION:
    case AMBIT_GRANT_CHECK_AFTER:
    case AMBIT_GRANT_CHECK_BINDING:
    case AMBIT_GRANT_CHECK_LIFETIME:
    case AMBIT_GRANT_CHECK_APPROVAL:
    case AMBIT_GRANT_CHECKS: /* their number, and none itself */
        break;
    }
    put_rule_check(e, check, failed);
}
