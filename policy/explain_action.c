/* SPDX-License-Identifier: Apache-2.0 */
/* What each check of an action question required and saw. */
#include "policy/explain.h"

#include "base/encode.h"

/* A service's word names the agent, and nothing was presented. */
static bool is_named(const struct explainer *e)
{
    return e->grant && !e->action_question->grant;
}

static void put_audience(struct explainer *e)
{
    const struct ambit_action_question *q = e->action_question;
    if (is_named(e)) {
        buf_put_text(&e->required, "a resource that ");
        buf_put_str(&e->required, q->service);
        buf_put_text(&e->required, " speaks for");
        put_asked(&e->saw, q->resource);
        return;
    }
    if (!q->service.p) {
        buf_put_text(&e->required, "none: the agent asks about its own token");
        buf_put_text(&e->saw, "the agent itself");
        return;
    }
    buf_put_text(&e->required, "a token addressed to ");
    buf_put_str(&e->required, q->service);
    buf_put_text(&e->required, ", and a resource that it speaks for");
    put_asked(&e->saw, q->resource);
    buf_put_text(&e->saw, ", audience ");
    put_str_or(&e->saw, q->grant ? q->grant->audience : (struct ambit_str){0}, "unknown");
}

static void put_grant(struct explainer *e, bool failed)
{
    char id[ID_TEXT_LEN];
    buf_put_text(&e->required, "a grant that the broker knows");
    if (failed) {
        buf_put_text(&e->saw, "none");
        return;
    }
    if (is_named(e)) {
        buf_put_text(&e->required, ", or an agent that the service may name");
        buf_put_str(&e->saw, e->grant->agent);
        buf_put_text(&e->saw, ", on the word of ");
        buf_put_str(&e->saw, e->action_question->service);
        return;
    }
    id_encode(e->action_question->grant->id, id);
    buf_put(&e->saw, id, sizeof id);
}

static void put_stop_or_resource(struct explainer *e, bool failed)
{
    buf_put_text(&e->required, "no stop covers the grant or the resource");
    if (failed)
        put_stop(e);
    else
        buf_put_text(&e->saw, "none");
}

static void put_live_owner(struct explainer *e, bool failed)
{
    buf_put_text(&e->required, "an active owner and backup, and the owner's attestation");
    if (!failed)
        buf_put_text(&e->saw, "both are");
    else if (ambit_str_is(e->d->member, "attestation"))
        buf_put_text(&e->saw, "the attestation has lapsed");
    else
        buf_printf(&e->saw, "the %s is not active",
                   ambit_str_is(e->d->member, "owner") ? "owner" : "backup");
}

static void put_live(struct explainer *e, bool failed)
{
    const struct ambit_grant_view *grant = e->grant;
    if (is_named(e)) {
        put_live_owner(e, failed);
        return;
    }
    buf_put_text(&e->required, "unexpired and unrevoked, its agent in force and the owner active");
    if (failed && ambit_str_is(e->d->member, "revoked")) {
        buf_put_text(&e->saw, "revoked");
    } else if (failed && ambit_str_is(e->d->member, "agent")) {
        buf_put_text(&e->saw, "no such agent");
    } else if (failed && ambit_str_is(e->d->member, "owner")) {
        buf_put_text(&e->saw, "the owner is not active");
    } else {
        buf_put_text(&e->saw, failed ? "expired at " : "alive until ");
        put_time(&e->saw, grant->expires_ms);
    }
}

static void put_proof(struct explainer *e)
{
    enum ambit_binding binding = e->grant->binding;
    if (is_named(e)) {
        buf_put_text(&e->required, "none: nothing is presented");
        buf_put_text(&e->saw, "none");
        return;
    }
    if (binding == AMBIT_BINDING_NONE) {
        buf_put_text(&e->required, "none: the grant is bound to no key");
        buf_put_text(&e->saw, "none");
        return;
    }
    buf_printf(&e->required, "proof of the key bound by %s", ambit_binding_text(binding));
    buf_put_text(&e->saw, e->action_question->has_proof ? "proof" : "no proof");
}

static void put_form(struct explainer *e, bool failed)
{
    const struct ambit_action_question *q = e->action_question;
    buf_put_text(&e->required, "well-formed names; at most 64 members of context; a reason that "
                               "is free text");
    if (failed && ambit_str_is(e->d->member, "stated_reason")) {
        buf_put_text(&e->saw, "a stated reason that is not");
    } else if (failed && ambit_str_is(e->d->member, "context")) {
        buf_put_i64(&e->saw, (int64_t)q->n_context);
        buf_put_text(&e->saw, " members of context");
    } else {
        put_item(&e->saw, q->action, q->resource);
    }
}

static void put_scope(struct explainer *e, bool failed)
{
    const struct ambit_grant_view *grant = e->grant;
    if (is_named(e)) {
        buf_put_text(&e->required, "inside a rule of a policy that names an audience of ");
        buf_put_str(&e->required, e->action_question->service);
        if (failed)
            buf_put_text(&e->saw, "inside no such rule");
        else
            put_item(&e->saw, e->action_question->action, e->action_question->resource);
        return;
    }
    buf_put_text(&e->required, "inside an item of the grant, and inside none of its exceptions");
    if (failed)
        buf_put_text(&e->saw, ambit_str_is(e->d->member, "except") ? "inside an exception"
                                                                   : "inside no item");
    else
        put_item(&e->saw, grant->items[e->item].action, grant->items[e->item].resource);
}

static void put_policy_unpresented(struct explainer *e, bool failed)
{
    put_path(&e->required, e->rule->policy->policy->doc.name, e->rule->rule->id);
    buf_put_text(&e->required, " gives it to who presents nothing");
    buf_put_text(&e->saw, failed ? "it does not, by its " : "it does");
    if (failed)
        buf_put_str(&e->saw, e->d->member);
}

static void put_policy(struct explainer *e, bool failed)
{
    if (is_named(e)) {
        if (e->rule)
            put_policy_unpresented(e, failed);
        else
            put_none(e);
        return;
    }
    const struct ambit_given *item = &e->grant->items[e->item];
    put_path(&e->required, item->policy, item->rule);
    buf_put_text(&e->required, " still gives it");
    if (!failed) {
        buf_put_text(&e->saw, "it does");
        return;
    }
    buf_put_text(&e->saw, "changed: ");
    buf_put_str(&e->saw, e->d->member);
}

static void put_scalar(struct buf *buf, const struct ambit_scalar *value)
{
    switch (value->kind) {
    case AMBIT_SCALAR_STRING:
        buf_put_str(buf, value->text);
        return;
    case AMBIT_SCALAR_INTEGER:
        buf_put_i64(buf, value->integer);
        return;
    case AMBIT_SCALAR_BOOLEAN:
        break;
    }
    buf_put_text(buf, value->boolean ? "true" : "false");
}

static void put_test(struct buf *buf, const struct ambit_context_test *test)
{
    buf_put_str(buf, test->member);
    if (test->has_equals) {
        buf_put_text(buf, " equal to ");
        put_scalar(buf, &test->equals);
    }
    for (size_t i = 0; i < test->n_in; i++) {
        buf_put_text(buf, i ? ", " : " one of ");
        put_scalar(buf, &test->in[i]);
    }
    if (test->has_min) {
        buf_put_text(buf, " at least ");
        buf_put_i64(buf, test->min);
    }
    if (test->has_max) {
        buf_put_text(buf, " at most ");
        buf_put_i64(buf, test->max);
    }
    if (test->matches.p) {
        buf_put_text(buf, " matching ");
        buf_put_str(buf, test->matches);
    }
}

/* The member that was missing or wrong alone; else every member that the rule tests. */
static void put_seen_member(struct explainer *e, struct ambit_str name)
{
    const struct ambit_context_member *member = context_find(e->action_question, name);
    if (e->saw.len)
        buf_put_text(&e->saw, "; ");
    buf_put_str(&e->saw, name);
    if (!member) {
        buf_put_text(&e->saw, " absent");
        return;
    }
    buf_put_char(&e->saw, ' ');
    if (member->is_other)
        buf_put_text(&e->saw, "neither text, integer nor boolean");
    else
        put_scalar(&e->saw, &member->value);
}

static void put_number(struct explainer *e, struct ambit_str field)
{
    if (e->required.len)
        buf_put_text(&e->required, "; ");
    buf_put_str(&e->required, field);
    buf_put_text(&e->required, " an integer of at least 0");
}

static void put_context(struct explainer *e, bool failed)
{
    const struct ambit_rule *rule = e->rule->rule;
    for (size_t i = 0; i < rule->when.n_context; i++) {
        if (failed && !ambit_str_eq(rule->when.context[i].member, e->d->member))
            continue;
        if (e->required.len)
            buf_put_text(&e->required, "; ");
        put_test(&e->required, &rule->when.context[i]);
        if (!failed)
            put_seen_member(e, rule->when.context[i].member);
    }
    if (failed && e->required.len == 0)
        put_number(e, e->d->member);
    for (size_t i = 0; !failed && i < rule->n_limits; i++) {
        if (rule->limits[i].kind != AMBIT_LIMIT_SUM)
            continue;
        put_number(e, rule->limits[i].field);
        put_seen_member(e, rule->limits[i].field);
    }
    if (failed)
        put_seen_member(e, e->d->member);
    if (e->required.len == 0) {
        buf_put_text(&e->required, "none");
        buf_put_text(&e->saw, "none");
    }
}

/* The conditions of the rule: each is what its document says, and what the question brought. */
static void put_rule_check(struct explainer *e, enum ambit_action_check check, bool failed)
{
    const struct ambit_action_question *q = e->action_question;
    const struct ambit_when *when = e->rule ? &e->rule->rule->when : NULL;
    if (!when) {
        put_none(e);
    } else if (check == AMBIT_ACTION_CHECK_HOURS) {
        put_hours(e, q->now_ms);
    } else if (check == AMBIT_ACTION_CHECK_SOURCE) {
        put_strs(&e->required, when->source, "any");
        put_address(&e->saw, &q->source);
    } else if (check == AMBIT_ACTION_CHECK_PURPOSE) {
        put_str_or(&e->required, when->purpose, "any");
        put_str_or(&e->saw, e->grant->purpose, "none");
    } else if (check == AMBIT_ACTION_CHECK_REASON) {
        buf_put_text(&e->required, when->reason ? "a stated reason" : "none");
        buf_put_text(&e->saw, q->stated_reason.len ? "a stated reason" : "none");
    } else if (check == AMBIT_ACTION_CHECK_CONTEXT) {
        put_context(e, failed);
    } else if (check == AMBIT_ACTION_CHECK_AFTER) {
        put_afters(e);
    } else if (check == AMBIT_ACTION_CHECK_COMPOSITION) {
        put_composition(e, e->grant->composition);
    } else {
        put_approval(e, rule_asks_at_action(e->rule) ? e->rule->rule->approval : NULL, q->approval);
    }
}

void explain_action_check(struct explainer *e, enum ambit_action_check check, bool failed)
{
    switch (check) {
    case AMBIT_ACTION_CHECK_AUDIENCE:
        put_audience(e);
        return;
    case AMBIT_ACTION_CHECK_GRANT:
        put_grant(e, failed);
        return;
    case AMBIT_ACTION_CHECK_STOP:
        put_stop_or_resource(e, failed);
        return;
    case AMBIT_ACTION_CHECK_LIVE:
        put_live(e, failed);
        return;
    case AMBIT_ACTION_CHECK_PROOF:
        put_proof(e);
        return;
    case AMBIT_ACTION_CHECK_FORM:
        put_form(e, failed);
        return;
    case AMBIT_ACTION_CHECK_NEVER:
        put_never(e, failed);
        return;
    case AMBIT_ACTION_CHECK_SCOPE:
        put_scope(e, failed);
        return;
    case AMBIT_ACTION_CHECK_POLICY:
        put_policy(e, failed);
        return;
    case AMBIT_ACTION_CHECK_LIMITS:
        put_limits(e);
        return;
    case AMBIT_ACTION_CHECK_HARD_STOP:
        put_hard_stop(e, failed);
        return;
    case AMBIT_ACTION_CHECK_HOURS:
    case AMBIT_ACTION_CHECK_SOURCE:
    case AMBIT_ACTION_CHECK_PURPOSE:
    case AMBIT_ACTION_CHECK_REASON:
    case AMBIT_ACTION_CHECK_CONTEXT:
    case AMBIT_ACTION_CHECK_AFTER:
    case AMBIT_ACTION_CHECK_COMPOSITION:
    case AMBIT_ACTION_CHECK_APPROVAL:
    case AMBIT_ACTION_CHECKS: /* their number, and none itself */
        break;
    }
    put_rule_check(e, check, failed);
}
