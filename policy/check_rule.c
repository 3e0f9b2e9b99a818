/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that can never apply for what they ask: hours that never open, contexts that contradict
 * themselves, approvals that nobody can give, actions that nobody can have taken before. */
#include "policy/check_warn.h"

static void say(struct check_run *run, const struct check_policy *policy, size_t rule,
                const struct check_warning *what)
{
    struct check_warning warning = *what;
    const char *member = warning.at.member;
    warning.id = AMBIT_WARNING_RULE_NEVER_APPLIES;
    warning.at = (struct check_at){.kind = AMBIT_KIND_POLICY,
                                   .name = policy->compiled->policy->doc.name,
                                   .list = "allow",
                                   .index = rule,
                                   .member = member};
    check_warn(run, &warning);
}

/* ---- context --------------------------------------------------------------------------------- */

static bool is_equal(const struct ambit_scalar *a, const struct ambit_scalar *b)
{
    return a->kind == b->kind && a->boolean == b->boolean && a->integer == b->integer &&
           ambit_str_eq(a->text, b->text);
}

/* Do all the tests but `equals` and `in` hold for the value? An amount that is summed up is an
 * integer, and not negative. */
static bool passes_rest(const struct ambit_context_test *test, const struct ambit_scalar *value,
                        bool is_amount)
{
    bool is_integer = value->kind == AMBIT_SCALAR_INTEGER;
    if (is_amount && (!is_integer || value->integer < 0))
        return false;
    if ((test->has_min || test->has_max) && !is_integer)
        return false;
    if ((test->has_min && value->integer < test->min) ||
        (test->has_max && value->integer > test->max))
        return false;
    return !test->matches.p ||
           (value->kind == AMBIT_SCALAR_STRING && pattern_matches_text(test->matches, value->text));
}

static bool can_pass(const struct ambit_context_test *test, bool is_amount)
{
    if (test->has_equals && !passes_rest(test, &test->equals, is_amount))
        return false;
    for (size_t i = 0; i < test->n_in; i++) {
        if (passes_rest(test, &test->in[i], is_amount) &&
            (!test->has_equals || is_equal(&test->in[i], &test->equals)))
            return true;
    }
    if (test->n_in > 0)
        return false;
    if (test->matches.p && (test->has_min || test->has_max || is_amount))
        return false;
    return !is_amount || !test->has_max || test->max >= 0;
}

static bool is_summed(const struct ambit_rule *rule, struct ambit_str member)
{
    for (size_t i = 0; i < rule->n_limits; i++) {
        if (rule->limits[i].kind == AMBIT_LIMIT_SUM && ambit_str_eq(rule->limits[i].field, member))
            return true;
    }
    return false;
}

static void warn_context(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    const struct ambit_rule *r = policy->compiled->rules[rule].rule;
    for (size_t i = 0; i < r->when.n_context; i++) {
        const struct ambit_context_test *test = &r->when.context[i];
        if (can_pass(test, is_summed(r, test->member)))
            continue;
        const struct check_warning warning = {
            .at = {.member = "when"},
            .what = check_say(run, "no value of context member \"%.*s\" passes all its tests",
                              AMBIT_STR_ARG(test->member)),
            .expected = "tests that some value passes",
        };
        say(run, policy, rule, &warning);
    }
}

/* ---- time, people, composition --------------------------------------------------------------- */

static void warn_hours(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    const struct ambit_policy *document = policy->compiled->policy;
    const struct compiled_rule *r = &policy->compiled->rules[rule];
    int64_t from_ms = document->not_before_ms, opens_ms = 0;
    if (from_ms < run->check->now_ms)
        from_ms = run->check->now_ms;
    if (r->rule->when.n_hours == 0 ||
        (document->not_after_ms && document->not_after_ms <= from_ms) || !check_spend(run, 100000))
        return;
    if (hours_next_opening(r->hours, r->rule->when.n_hours, from_ms, &opens_ms) &&
        (!document->not_after_ms || opens_ms < document->not_after_ms))
        return;
    const struct check_warning warning = {
        .at = {.member = "when"},
        .what = AMBIT_STR("none of its hours opens between the policy's dates"),
        .expected = "hours that open while the policy is inside its dates",
    };
    say(run, policy, rule, &warning);
}

/* Of the roles that may answer, which are all that the reader lets through. */
static unsigned role_of(struct ambit_str text)
{
    if (ambit_str_is(text, "owner"))
        return AMBIT_ROLE_OWNER;
    return ambit_str_is(text, "oncall") ? AMBIT_ROLE_ONCALL : AMBIT_ROLE_APPROVER;
}

static bool may_approve(const struct ambit_approval *approval, const struct ambit_person *person)
{
    bool has_role = approval->roles.n == 0, is_in_team = approval->teams.n == 0;
    for (size_t i = 0; i < approval->roles.n; i++)
        has_role |= (person->roles & role_of(approval->roles.v[i])) != 0;
    for (size_t i = 0; i < approval->teams.n; i++)
        is_in_team |= ambit_str_eq(approval->teams.v[i], person->team);
    return person->is_active && has_role && is_in_team;
}

static void warn_approval(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    const struct ambit_approval *approval = policy->compiled->rules[rule].rule->approval;
    int64_t n = 0;
    if (!approval || !check_spend(run, 20 * run->documents->n_people))
        return;
    for (size_t i = 0; i < run->documents->n_people; i++)
        n += may_approve(approval, &run->documents->people[i]);
    if (n >= approval->count)
        return;
    const struct check_warning warning = {
        .at = {.member = "approval"},
        .what = check_say(run, "%lld active %s may answer, %lld must", (long long)n,
                          n == 1 ? "person" : "people", (long long)approval->count),
        .expected = "as many active people with one of the roles and in one of the teams",
    };
    say(run, policy, rule, &warning);
}

static bool has_composition(const struct ambit_agent *agent)
{
    for (size_t i = 0; i < agent->n_credentials && agent->composition.p; i++) {
        if (agent->credentials[i].method == AMBIT_METHOD_FEDERATED_JWT)
            return true;
    }
    return false;
}

static void warn_composition(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    if (!policy->compiled->rules[rule].rule->when.composition || policy->n_groups == 0)
        return;
    for (size_t g = 0; g < policy->n_groups; g++) {
        const struct check_group *group = &run->groups[policy->groups[g]];
        for (size_t i = 0; i < group->n_agents; i++) {
            if (has_composition(group->agents[i]->agent))
                return;
        }
    }
    const struct check_warning warning = {
        .at = {.member = "when"},
        .what = AMBIT_STR("no agent that lists the policy can show its composition"),
        .expected = "an agent with \"provenance\" {\"composition\"} and a \"federated_jwt\" way in",
    };
    say(run, policy, rule, &warning);
}

/* ---- what must be elsewhere ------------------------------------------------------------------ */

static void warn_after(struct check_run *run, struct check_policy *policy, size_t rule)
{
    const struct ambit_when *when = &policy->compiled->rules[rule].rule->when;
    for (size_t i = 0; i < when->n_after && policy->n_groups > 0; i++) {
        struct cover cover = cover_of_after(run, &when->after[i]);
        if (cover_is_reached(run, policy, &cover, false))
            continue;
        const struct check_warning warning = {
            .at = {.member = "when"},
            .what = check_say(run,
                              "nothing that \"after\" %zu asks for is allowed to any agent "
                              "that lists the policy",
                              i),
            .expected = "actions that an allow rule of the same agents, or of whom they delegate "
                        "to, allows",
        };
        say(run, policy, rule, &warning);
    }
}

static void warn_reach(struct check_run *run, const struct check_policy *policy, size_t rule)
{
    static const struct patterns all = {0};
    const struct ambit_strs *audiences = &policy->compiled->policy->audiences;
    for (size_t i = 0; i < audiences->n; i++) {
        const struct ambit_service *service =
            ambit_service_of_audience(run->documents, audiences->v[i]);
        if (!service)
            return; /* the reader refuses an audience of none */
        const struct compiled_service *compiled =
            &run->check->set->services[service - run->documents->services];
        const struct cover cover =
            cover_of(&all, &compiled->resources, (struct ambit_strs){0}, service->resources);
        if (cover_meets(run, &cover, &policy->rules[rule]) || run->is_cut_off)
            return;
    }
    const struct check_warning warning = {
        .at = {.member = "resources"},
        .what = AMBIT_STR("no service of the policy's audiences speaks for any of them"),
        .expected = "resources that overlap those of a service whose audience the policy names",
    };
    say(run, policy, rule, &warning);
}

void warn_rules(struct check_run *run, struct check_policy *policy)
{
    for (size_t i = 0; i < policy->compiled->n_rules && !run->err; i++) {
        warn_reach(run, policy, i);
        warn_hours(run, policy, i);
        warn_context(run, policy, i);
        warn_composition(run, policy, i);
        warn_after(run, policy, i);
        warn_approval(run, policy, i);
    }
}
