/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of a rule that both questions judge, each a plain claim; and lists of patterns. */
#include "policy/judge.h"

#include "base/encode.h"

void decision_begin(struct ambit_decision *decision)
{
    decision->verdict = AMBIT_DENY;
    decision->reason = AMBIT_REASON_MALFORMED;
    decision->failed_check = 0;
    decision->policy = decision->rule = decision->member = (struct ambit_str){0};
    decision->digest = (struct ambit_digest){{0}};
    decision->stop = decision->replaces = (struct ambit_id){{0}};
    decision->item = decision->given_item = 0;
    decision->level = 0;
    decision->n_asks = 0;
    decision->n_given = decision->n_except = 0;
    decision->audience = (struct ambit_str){0};
    decision->expires_ms = 0;
    decision->outcome_due_ms = 0;
    decision->n_charges = decision->n_trips = 0;
    decision->is_attempt = false;
    decision->n_figures = decision->n_used_stops = decision->n_values = 0;
    memset(decision->grant_text, 0, sizeof decision->grant_text);
    memset(decision->lineage_text, 0, sizeof decision->lineage_text);
}

void decision_refuse(struct ambit_decision *decision, const struct finding *finding)
{
    decision->verdict = AMBIT_DENY;
    decision->reason = finding->reason;
    decision->failed_check = finding->check;
    decision->rule = finding->rule;
    decision->member = finding->member;
    decision->stop = finding->stop;
    decision->level = finding->level;
    if (finding->policy) {
        decision->policy = finding->policy->name;
        decision->digest = finding->policy->digest;
    } else {
        decision->policy = finding->gone;
    }
    decision->n_given = decision->n_except = 0;
    if (finding->reason != AMBIT_REASON_APPROVAL_REQUIRED &&
        finding->reason != AMBIT_REASON_APPROVAL_REJECTED)
        decision->n_asks = 0;
    decision->replaces = (struct ambit_id){{0}};
}

struct finding finding_of_rule(int check, enum ambit_reason reason,
                               const struct compiled_rule *rule)
{
    return (struct finding){
        .check = check, .reason = reason, .policy = rule->policy, .rule = rule->id};
}

struct finding finding_of_approval(int check, int passed, enum ambit_approval_state state,
                                   const struct compiled_rule *rule)
{
    switch (state) {
    case AMBIT_APPROVAL_GIVEN:
        return finding_of_rule(passed, AMBIT_REASON_ALLOWED, rule);
    case AMBIT_APPROVAL_REJECTED:
        return finding_of_rule(check, AMBIT_REASON_APPROVAL_REJECTED, rule);
    case AMBIT_APPROVAL_NONE:
        break;
    }
    return finding_of_rule(check, AMBIT_REASON_APPROVAL_REQUIRED, rule);
}

void judge_ask(struct judge *j, const struct compiled_rule *rule)
{
    struct ambit_decision *d = j->d;
    struct ambit_ask ask = {
        .agent = j->agent->name,
        .policy = rule->policy->name,
        .rule = rule->id,
        .digest = rule->policy->digest,
        .tier = rule->policy->policy->tier,
        .approval = rule->approval,
    };
    for (size_t i = 0; i < d->n_asks; i++) {
        if (ambit_str_eq(d->asks[i].agent, ask.agent) && ambit_str_eq(d->asks[i].rule, ask.rule) &&
            ambit_str_eq(d->asks[i].policy, ask.policy))
            return;
    }
    if (d->n_asks == AMBIT_ASKS_MAX)
        judge_fail(j, AMBIT_ERR_TOO_LARGE);
    else
        d->asks[d->n_asks++] = ask;
}

bool policy_in_dates(const struct compiled_policy *policy, int64_t now_ms)
{
    return (policy->not_before_ms == 0 || now_ms >= policy->not_before_ms) &&
           (policy->not_after_ms == 0 || now_ms < policy->not_after_ms);
}

bool policy_names_audience(const struct compiled_policy *policy, struct ambit_str audience)
{
    for (size_t i = 0; i < policy->audiences.n; i++) {
        if (ambit_str_eq(policy->audiences.v[i], audience))
            return true;
    }
    return false;
}

bool rule_in_hours(const struct compiled_rule *rule, int64_t now_ms, int64_t *ret_closes_ms)
{
    int64_t closes_ms = INT64_MAX;
    size_t n = rule->n_hours;
    bool holds = n == 0 || hours_are_open(rule->hours, n, now_ms, &closes_ms);
    if (ret_closes_ms)
        *ret_closes_ms = closes_ms;
    return holds;
}

bool rule_accepts_source(const struct compiled_rule *rule, const struct ambit_addr_view *source)
{
    if (rule->n_sources == 0)
        return true;

    struct addr addr = {.family = source->family};
    memcpy(addr.b, source->b, sizeof addr.b);
    for (size_t i = 0; i < rule->n_sources; i++) {
        if (addr.family && cidr_contains(&rule->sources[i], &addr))
            return true;
    }
    return false;
}

bool rule_accepts_purpose(const struct compiled_rule *rule, struct ambit_str purpose)
{
    struct ambit_str pattern = rule->rule->when.purpose;
    return !pattern.p || (purpose.p && pattern_matches_text(pattern, purpose));
}

bool rule_accepts_composition(const struct compiled_rule *rule, const struct compiled_agent *agent,
                              struct ambit_str composition)
{
    return !rule->rule->when.composition ||
           (composition.len > 0 && ambit_str_eq(composition, agent->agent->composition));
}

bool rule_accepts_binding(const struct compiled_rule *rule, enum ambit_binding binding)
{
    if (!rule->bind_dpop && !rule->bind_mtls)
        return true;
    return (rule->bind_dpop && binding == AMBIT_BINDING_DPOP) ||
           (rule->bind_mtls && binding == AMBIT_BINDING_MTLS);
}

bool text_is_free(struct ambit_str text)
{
    return !text.p ||
           (text.len <= AMBIT_TEXT_MAX && utf8_is_valid(text) && !text_has_control(text));
}

enum ambit_err patterns_contain(const struct patterns *patterns, const struct pattern *item,
                                bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < patterns->n && !*ret; i++) {
        enum ambit_err err = pattern_contains(&patterns->v[i], item, ret);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

enum ambit_err patterns_pair_contains(const struct patterns *actions,
                                      const struct patterns *resources,
                                      const struct pattern *action, const struct pattern *resource,
                                      bool *ret)
{
    enum ambit_err err = patterns_contain(actions, action, ret);
    return err || !*ret ? err : patterns_contain(resources, resource, ret);
}

bool text_contains(struct ambit_str text, enum pattern_kind kind, const struct pattern *item)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    bool contains = false;
    return pattern_parse(text, kind, false, &buf) == AMBIT_OK &&
           pattern_contains(&buf.pattern, item, &contains) == AMBIT_OK && contains;
}

bool patterns_match(const struct patterns *patterns, const struct pattern *name)
{
    for (size_t i = 0; i < patterns->n; i++) {
        if (pattern_matches(&patterns->v[i], name))
            return true;
    }
    return false;
}

bool patterns_overlap(const struct patterns *patterns, const struct pattern *item)
{
    for (size_t i = 0; i < patterns->n; i++) {
        if (pattern_overlaps(&patterns->v[i], item))
            return true;
    }
    return false;
}
