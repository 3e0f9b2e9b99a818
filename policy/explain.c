/* SPDX-License-Identifier: Apache-2.0 */
/* The list of checks of a decision, in order, each with what it required and saw, derived by asking
 * the question again. A check behind the one that failed is `not_reached`, never passed. */
#include "policy/explain.h"

#include "policy/decide_action.h"

static const char *const grant_checks[] = {
#define X(name, text) [AMBIT_GRANT_CHECK_##name] = text,
    AMBIT_GRANT_CHECK_LIST(X)
#undef X
};
static const char *const action_checks[] = {
#define X(name, text) [AMBIT_ACTION_CHECK_##name] = text,
    AMBIT_ACTION_CHECK_LIST(X)
#undef X
};

/* Keeps what is told of the item and rule that decided; a rule judged again begins anew. */
static void watch(void *ctx, const struct seen *seen)
{
    struct explainer *e = ctx;
    bool is_other_item = seen->item != e->item && !e->any_item;
    if (!seen->rule || seen->level != e->d->level || is_other_item ||
        (e->wanted && seen->rule != e->wanted))
        return;
    if (seen->rule != e->rule && e->rule && e->reached >= e->d->failed_check)
        return; /* an earlier rule got as far: ties first */
    if (seen->check == e->first_check || seen->rule != e->rule)
        e->n_limits = e->n_afters = 0;
    e->rule = seen->rule;
    e->reached = seen->check;
    e->item = seen->item;
    if (seen->limit && e->n_limits < AMBIT_LEN(e->limits))
        e->limits[e->n_limits++] =
            (struct seen_limit){.limit = seen->limit, .figure = seen->figure};
    if (seen->after && e->n_afters < AMBIT_LEN(e->afters))
        e->afters[e->n_afters++] =
            (struct seen_limit){.after = seen->after, .figure = seen->figure};
}

/* The rule that the checks are of, where one decided. */
static const struct compiled_rule *deciding_rule(const struct compiled_agent *agent,
                                                 const struct ambit_decision *d)
{
    const struct compiled_policy *policy =
        agent && d->policy.p ? compiled_policy_of(agent, d->policy) : NULL;
    bool is_stop = d->reason == AMBIT_REASON_HARD_STOP || d->reason == AMBIT_REASON_FORBIDDEN;
    if (!policy || is_stop)
        return NULL;
    return compiled_rule_find(policy, d->rule);
}

static enum ambit_err report(struct explainer *e, size_t n, const char *const *names)
{
    bool is_grant = e->grant_question != NULL;
    struct ambit_explanation *ret = e->ret;
    ret->n_checks = n;
    for (size_t i = 0; i < n; i++) {
        struct ambit_check_report *check = &ret->checks[i];
        bool failed = (int)i == e->d->failed_check;
        *check = (struct ambit_check_report){.check = names[i]};
        if ((int)i > e->d->failed_check)
            continue;

        check->outcome = failed ? AMBIT_CHECK_FAIL : AMBIT_CHECK_PASS;
        buf_reset(&e->required);
        buf_reset(&e->saw);
        if (is_grant)
            explain_grant_check(e, (enum ambit_grant_check)i, failed);
        else
            explain_action_check(e, (enum ambit_action_check)i, failed);
        check->required = explain_take(e, &e->required);
        check->saw = explain_take(e, &e->saw);
        if (failed && e->d->level > 0 && check->saw.p) {
            buf_reset(&e->saw);
            put_level(e);
            buf_put_str(&e->saw, check->saw);
            check->saw = explain_take(e, &e->saw);
        }
        if (!check->required.p || !check->saw.p)
            return AMBIT_ERR_NO_MEMORY;
    }
    explain_sentences(e);
    return ret->admin_text.p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static const struct ambit_grant_view *above(const struct explainer *e, unsigned level)
{
    const struct ambit_grant_view *grant =
        e->grant_question ? e->grant_question->parent : e->action_question->grant->above;
    while (--level > 0)
        grant = grant->above;
    return grant;
}

static void begin(struct explainer *e, const struct ambit_decision *d)
{
    e->d = d;
    e->item = e->grant_question ? d->item : d->given_item;
    if (d->level > 0) {
        e->grant = above(e, d->level);
        e->agent = compiled_agent_find(e->set, e->grant->agent);
        e->any_item = e->action_question != NULL; /* of a grant above: the first that got as far */
    }
    e->wanted = deciding_rule(e->agent, d);
    *e->ret = (struct ambit_explanation){0};
    buf_init(&e->required, 0);
    buf_init(&e->saw, 0);
}

enum ambit_err ambit_explain_grant(const struct ambit_policy_set *set,
                                   const struct ambit_grant_question *question,
                                   const struct ambit_world *recorded, struct arena *arena,
                                   struct ambit_explanation *ret)
{
    struct ambit_decision *d AMBIT_AUTO_FREE = malloc(2 * sizeof *d);
    if (!d)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = decide_grant(set, question, recorded, NULL, &d[0]);
    if (err)
        return err;

    struct explainer e = {
        .set = set,
        .agent = compiled_agent_find(set, question->agent),
        .grant_question = question,
        .first_check = AMBIT_GRANT_CHECK_SCOPE,
        .arena = arena,
        .ret = ret,
    };
    begin(&e, &d[0]);
    struct ambit_recorded figures = {
        .figures = d[0].figures, .n = d[0].n_figures, .replaces = d[0].replaces};
    struct ambit_world again = ambit_world_of_record(&figures, recorded->stops, recorded->n_stops);
    struct trace trace = {.tell = watch, .ctx = &e};
    err = decide_grant(set, question, &again, &trace, &d[1]);
    if (!err)
        err = report(&e, AMBIT_GRANT_CHECKS, grant_checks);
    buf_done(&e.required);
    buf_done(&e.saw);
    return err;
}

/* The last item and rule told of: when the question is allowed, those that were charged. */
static void watch_last(void *ctx, const struct seen *seen)
{
    struct explainer *e = ctx;
    if (!seen->rule)
        return;
    if (seen->check == e->first_check || seen->rule != e->rule || seen->item != e->item)
        e->n_limits = 0;
    e->rule = seen->rule;
    e->item = seen->item;
    if (seen->limit && e->n_limits < AMBIT_LEN(e->limits))
        e->limits[e->n_limits++] =
            (struct seen_limit){.limit = seen->limit, .figure = seen->figure};
}

/* The rule that a failed check is told of is known when all is judged: the question is asked again.
 */
static enum ambit_err explain_again(struct explainer *e, const struct ambit_world *recorded)
{
    struct ambit_decision *again AMBIT_AUTO_FREE = malloc(sizeof *again);
    if (!again)
        return AMBIT_ERR_NO_MEMORY;
    struct ambit_recorded figures = {.figures = e->d->figures, .n = e->d->n_figures};
    struct ambit_world world = ambit_world_of_record(&figures, recorded->stops, recorded->n_stops);
    struct trace trace = {.tell = watch, .ctx = e};
    e->rule = NULL;
    e->n_limits = 0;
    return decide_action(e->set, e->action_question, &world, &trace, again);
}

enum ambit_err ambit_explain_action_in(const struct ambit_policy_set *set,
                                       const struct ambit_action_question *question,
                                       const struct ambit_world *recorded,
                                       struct ambit_decision *scratch, struct arena *arena,
                                       struct ambit_explanation *ret)
{
    struct explainer e = {
        .set = set,
        .agent = question->grant ? compiled_agent_find(set, question->grant->agent) : NULL,
        .action_question = question,
        .grant = question->grant,
        .first_check = AMBIT_ACTION_CHECK_POLICY,
        .arena = arena,
        .ret = ret,
    };
    if (question->named_agent.p && action_named_view(set, question, &e.named)) {
        e.grant = &e.named;
        e.agent = compiled_agent_find(set, question->named_agent);
    }
    struct trace trace = {.tell = watch_last, .ctx = &e};
    enum ambit_err err = decide_action(set, question, recorded, &trace, scratch);
    if (err)
        return err;

    size_t last_item = e.item;
    begin(&e, scratch);
    bool is_told = scratch->verdict == AMBIT_ALLOW && e.rule == e.wanted &&
                   last_item == scratch->given_item;
    if (!is_told)
        err = explain_again(&e, recorded);
    if (!err)
        err = report(&e, AMBIT_ACTION_CHECKS, action_checks);
    buf_done(&e.required);
    buf_done(&e.saw);
    return err;
}

enum ambit_err ambit_explain_action(const struct ambit_policy_set *set,
                                    const struct ambit_action_question *question,
                                    const struct ambit_world *recorded, struct arena *arena,
                                    struct ambit_explanation *ret)
{
    struct ambit_decision *scratch AMBIT_AUTO_FREE = malloc(sizeof *scratch);
    return scratch ? ambit_explain_action_in(set, question, recorded, scratch, arena, ret)
                   : AMBIT_ERR_NO_MEMORY;
}
