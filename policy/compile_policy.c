/* SPDX-License-Identifier: Apache-2.0 */
/* One policy compiled: its patterns, its blocks of addresses, which histories its limits share,
 * and which of its rules a service must ask the broker about. */
#include "policy/compile.h"

/* One block: the patterns, their segments, their texts. */
enum ambit_err compile_patterns(struct arena *arena, struct ambit_strs texts,
                                enum pattern_kind kind, bool variables, struct patterns *ret)
{
    struct pattern_buf buf PATTERN_SCRATCH;
    size_t bytes = texts.n * sizeof *ret->v;
    for (size_t i = 0; i < texts.n; i++) {
        enum ambit_err err = pattern_parse(texts.v[i], kind, variables, &buf);
        if (err) /* the reader refuses what is none */
            return err;
        bytes += buf.pattern.n_segments * sizeof *buf.room + texts.v[i].len;
    }
    struct pattern *v = arena_alloc(arena, bytes);
    if (!v)
        return AMBIT_ERR_NO_MEMORY;

    struct pattern_segment *segments = (struct pattern_segment *)(v + texts.n);
    for (size_t i = 0; i < texts.n; i++) {
        enum ambit_err err = pattern_parse(texts.v[i], kind, variables, &buf);
        AMBIT_ASSERT(err == AMBIT_OK); /* parsed just above */
        v[i] = buf.pattern;
        v[i].segments = memcpy(segments, buf.room, v[i].n_segments * sizeof *segments);
        segments += v[i].n_segments;
    }
    char *text = (char *)segments;
    for (size_t i = 0; i < texts.n; i++) {
        v[i].text.p = memcpy(text, texts.v[i].p, texts.v[i].len);
        text += texts.v[i].len;
    }
    *ret = (struct patterns){.v = v, .n = texts.n};
    return AMBIT_OK;
}

static enum ambit_err compile_sources(struct arena *arena, struct compiled_rule *rule)
{
    struct ambit_strs texts = rule->rule->when.source;
    struct cidr *sources = arena_array(arena, texts.n ? texts.n : 1, sizeof *sources);
    if (!sources)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < texts.n; i++) {
        enum ambit_err err = cidr_decode(texts.v[i], &sources[i]);
        if (err) /* the reader refuses what is none */
            return err;
    }
    rule->sources = sources;
    rule->n_sources = (uint16_t)texts.n;
    return AMBIT_OK;
}

static bool share_history(const struct ambit_limit *a, const struct ambit_limit *b)
{
    return a->kind == b->kind && a->by == b->by && a->distinct_action == b->distinct_action &&
           ambit_str_eq(a->field, b->field);
}

/* Uses are counted under a grant, and no grant lives longer than that. */
static int64_t keep_ms(const struct ambit_limit *limit)
{
    return (limit->kind == AMBIT_LIMIT_USES ? AMBIT_TTL_MAX_S : limit->within_s) * INT64_C(1000);
}

static enum ambit_err compile_limits(struct arena *arena, struct compiled_rule *rule)
{
    const struct ambit_limit *all = rule->rule->limits;
    size_t n = rule->rule->n_limits;
    struct compiled_limit *limits = arena_array(arena, n ? n : 1, sizeof *limits);
    if (!limits)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        limits[i] = (struct compiled_limit){.limit = all[i], .is_charged = true};
        for (size_t k = 0; k < n; k++) {
            if (!share_history(&all[i], &all[k]))
                continue;
            if (k < i)
                limits[i].is_charged = false;
            if (keep_ms(&all[k]) > limits[i].keep_ms)
                limits[i].keep_ms = keep_ms(&all[k]);
        }
    }
    rule->limits = limits;
    return AMBIT_OK;
}

/* PL "What a service may decide alone": what of the rule and its policy alone asks for the broker.
 */
static bool rule_needs_broker(const struct ambit_rule *rule, enum ambit_tier tier)
{
    const struct ambit_when *when = &rule->when;
    if (when->n_context || when->source.n || when->n_after || when->reason ||
        rule->outcome_within_s || (rule->approval && !rule->approval->at_grant) ||
        tier >= AMBIT_TIER_HIGH)
        return true;

    for (size_t i = 0; i < rule->n_limits; i++) {
        if (rule->limits[i].kind != AMBIT_LIMIT_GRANTS &&
            rule->limits[i].kind != AMBIT_LIMIT_LIVE_GRANTS)
            return true;
    }
    return false;
}

static bool has_limit(const struct ambit_rule *rule, bool of_grants)
{
    for (size_t i = 0; i < rule->n_limits; i++) {
        if (limit_counts_grants(&rule->limits[i]) == of_grants)
            return true;
    }
    return false;
}

static uint32_t bit_if(bool holds, int check)
{
    return holds ? UINT32_C(1) << check : 0;
}

/* What is not here is judged of every rule. */
static void compile_checks(struct compiled_rule *rule)
{
    const struct ambit_when *when = &rule->rule->when;
    bool binds = rule->bind_dpop || rule->bind_mtls;
    rule->grant_checks =
        bit_if(true, AMBIT_GRANT_CHECK_AUDIENCE) | bit_if(true, AMBIT_GRANT_CHECK_DATES) |
        bit_if(rule->n_hours, AMBIT_GRANT_CHECK_HOURS) |
        bit_if(when->source.n, AMBIT_GRANT_CHECK_SOURCE) |
        bit_if(when->purpose.p, AMBIT_GRANT_CHECK_PURPOSE) |
        bit_if(when->composition, AMBIT_GRANT_CHECK_COMPOSITION) |
        bit_if(when->n_after, AMBIT_GRANT_CHECK_AFTER) | bit_if(binds, AMBIT_GRANT_CHECK_BINDING) |
        bit_if(true, AMBIT_GRANT_CHECK_LIFETIME) |
        bit_if(has_limit(rule->rule, true), AMBIT_GRANT_CHECK_LIMITS) |
        bit_if(rule->approval, AMBIT_GRANT_CHECK_APPROVAL);
    rule->asks_context = when->n_context > 0;
    for (size_t i = 0; i < rule->n_limits; i++)
        rule->asks_context |= rule->rule->limits[i].kind == AMBIT_LIMIT_SUM;
    rule->action_checks =
        bit_if(true, AMBIT_ACTION_CHECK_POLICY) | bit_if(rule->n_hours, AMBIT_ACTION_CHECK_HOURS) |
        bit_if(when->source.n, AMBIT_ACTION_CHECK_SOURCE) |
        bit_if(when->purpose.p, AMBIT_ACTION_CHECK_PURPOSE) |
        bit_if(when->reason, AMBIT_ACTION_CHECK_REASON) | bit_if(true, AMBIT_ACTION_CHECK_CONTEXT) |
        bit_if(when->n_after, AMBIT_ACTION_CHECK_AFTER) |
        bit_if(when->composition, AMBIT_ACTION_CHECK_COMPOSITION) |
        bit_if(has_limit(rule->rule, false), AMBIT_ACTION_CHECK_LIMITS) |
        bit_if(rule->approval, AMBIT_ACTION_CHECK_APPROVAL);
}

static enum ambit_err compile_rule(struct arena *arena, const struct ambit_documents *documents,
                                   const struct compiled_policy *policy,
                                   const struct ambit_rule *rule, struct compiled_rule *ret)
{
    *ret = (struct compiled_rule){
        .rule = rule,
        .policy = policy,
        .id = rule->id,
        .ttl_max_s = (uint32_t)rule->ttl_max_s,
        .ttl_default_s = (uint32_t)rule->ttl_default_s,
        .outcome_within_s = (uint32_t)rule->outcome_within_s,
        .n_hours = (uint16_t)rule->when.n_hours,
        .n_limits = (uint16_t)rule->n_limits,
        .bind_dpop = rule->bind_dpop,
        .bind_mtls = rule->bind_mtls,
        .needs_broker = rule_needs_broker(rule, policy->policy->tier),
        .approval = rule->approval,
    };
    compile_checks(ret);
    enum ambit_err err =
        compile_patterns(arena, rule->actions, PATTERN_ACTION, false, &ret->actions);
    if (!err)
        err = compile_patterns(arena, rule->resources, PATTERN_RESOURCE, true, &ret->resources);
    if (!err)
        err = compile_hours(arena, documents, ret);
    if (!err)
        err = compile_sources(arena, ret);
    if (!err)
        err = compile_limits(arena, ret);
    return err;
}

static enum ambit_err compile_rules(struct arena *arena, const struct ambit_documents *documents,
                                    struct compiled_policy *policy)
{
    struct index_builder pairs AMBIT_CLEANUP(index_builder_done) = {0};
    size_t n = policy->policy->n_rules;
    struct compiled_rule *rules = compile_lines(arena, n, sizeof *rules);
    if (!rules)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        enum ambit_err err =
            compile_rule(arena, documents, policy, &policy->policy->rules[i], &rules[i]);
        if (!err)
            err = index_add_pairs(&pairs, rules[i].actions.v, rules[i].actions.n,
                                  rules[i].resources.v, rules[i].resources.n, (uint16_t)i);
        if (err)
            return err;
    }
    policy->rules = rules;
    enum ambit_err err = index_build(&pairs, arena, &policy->rule_index);
    return err ? err : compile_rule_names(arena, policy);
}

static enum ambit_err compile_never(struct arena *arena, struct compiled_policy *policy)
{
    struct index_builder pairs AMBIT_CLEANUP(index_builder_done) = {0};
    struct index_builder meeting AMBIT_CLEANUP(index_builder_done) = {0};
    size_t n = policy->policy->n_never;
    struct compiled_never *never = arena_array(arena, n ? n : 1, sizeof *never);
    if (!never)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < n; i++) {
        const struct ambit_never *from = &policy->policy->never[i];
        never[i] = (struct compiled_never){.never = from, .policy = policy};
        enum ambit_err err =
            compile_patterns(arena, from->actions, PATTERN_ACTION, false, &never[i].actions);
        if (!err)
            err = compile_patterns(arena, from->resources, PATTERN_RESOURCE, false,
                                   &never[i].resources);
        if (!err)
            err = index_add_pairs(&pairs, never[i].actions.v, never[i].actions.n,
                                  never[i].resources.v, never[i].resources.n, (uint16_t)i);
        if (!err)
            err = index_add_meeting(&meeting, never[i].resources.v, never[i].resources.n,
                                    (uint16_t)i);
        if (err)
            return err;
    }
    policy->never = never;
    enum ambit_err err = index_build(&pairs, arena, &policy->never_index);
    return err ? err : index_build(&meeting, arena, &policy->never_meeting);
}

enum ambit_err compile_policy(struct arena *arena, const struct ambit_documents *documents,
                              const struct ambit_policy *policy, struct compiled_policy *ret)
{
    *ret = (struct compiled_policy){
        .policy = policy,
        .name = policy->doc.name,
        .digest = policy->doc.digest,
        .audiences = policy->audiences,
        .not_before_ms = policy->not_before_ms,
        .not_after_ms = policy->not_after_ms,
        .n_rules = (uint32_t)policy->n_rules,
        .n_never = (uint32_t)policy->n_never,
        .n_stops = (uint32_t)policy->n_hard_stops,
    };
    enum ambit_err err = compile_rules(arena, documents, ret);
    if (!err)
        err = compile_never(arena, ret);
    if (!err)
        err = compile_stops(arena, ret);
    if (!err)
        err = compile_afters(arena, ret);
    return err;
}
