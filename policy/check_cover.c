/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing what rules, `never` rules and stops cover: first by what they begin with, then pattern
 * by pattern, and exactly only where a warning depends on it. */
#include "policy/check_warn.h"
#include "policy/compile.h"
#include "policy/pattern_glob.h"

/* What each costs, about, in nanoseconds. */
enum { COST_SIEVE = 5, COST_PAIR = 100, COST_QUESTION = 5000, COST_STEP = 400, STEPS = 20000 };

static uint64_t bit_of(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 58);
}

static uint64_t bit_of_segment(const struct pattern *pattern, size_t i)
{
    struct ambit_str segment = pattern_segment_text(pattern, i);
    return segment_is_literal(segment) ? bit_of(index_hash(segment)) : UINT64_MAX;
}

/* Of the segment at place `i` of every name of the pattern; of none: a bit of its own. */
static uint64_t bit_at(const struct pattern *pattern, size_t i)
{
    if (i < pattern->n_head)
        return bit_of_segment(pattern, i);
    return pattern->n_any ? UINT64_MAX : UINT64_C(1);
}

static uint64_t bit_at_end(const struct pattern *pattern)
{
    if (pattern->n_any && pattern->n_tail == 0)
        return UINT64_MAX;
    return bit_of_segment(pattern, (size_t)pattern->n_segments - 1);
}

static void add_action(const struct pattern *pattern, uint64_t masks[SIEVES])
{
    masks[SIEVE_ACTION_FIRST] |= bit_at(pattern, 0);
    masks[SIEVE_ACTION_LAST] |= bit_at_end(pattern);
}

static void add_resource(const struct pattern *pattern, uint64_t masks[SIEVES])
{
    struct ambit_str type = {.p = pattern->text.p, .len = pattern->type_len};
    masks[SIEVE_TYPE] |= bit_of(index_hash(type));
    masks[SIEVE_FIRST] |= bit_at(pattern, 0);
    masks[SIEVE_SECOND] |= bit_at(pattern, 1);
    masks[SIEVE_THIRD] |= bit_at(pattern, 2);
    masks[SIEVE_LAST] |= bit_at_end(pattern);
}

struct cover cover_of(const struct patterns *actions, const struct patterns *resources,
                      struct ambit_strs action_texts, struct ambit_strs resource_texts)
{
    struct cover cover = {.area = {.actions = action_texts, .resources = resource_texts},
                          .actions = actions,
                          .resources = resources};
    for (size_t i = 0; i < SIEVES; i++) {
        bool is_of_action = i == SIEVE_ACTION_FIRST || i == SIEVE_ACTION_LAST;
        cover.masks[i] = (is_of_action ? actions->n : resources->n) ? 0 : UINT64_MAX;
    }
    for (size_t i = 0; i < actions->n; i++)
        add_action(&actions->v[i], cover.masks);
    for (size_t i = 0; i < resources->n; i++)
        add_resource(&resources->v[i], cover.masks);
    return cover;
}

static bool pass_sieve(const struct cover *a, const struct cover *b)
{
    bool passes = true;
    for (size_t i = 0; i < SIEVES; i++)
        passes &= (a->masks[i] & b->masks[i]) != 0;
    return passes;
}

/* A list of `a` that is empty is everything. */
static bool lists_meet(struct check_run *run, const struct patterns *a, const struct patterns *b)
{
    if (a->n == 0)
        return true;
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            if (!check_spend(run, COST_PAIR))
                return false;
            if (pattern_overlaps(&a->v[i], &b->v[j]))
                return true;
        }
    }
    return false;
}

bool cover_meets(struct check_run *run, const struct cover *a, const struct cover *b)
{
    if (!check_spend(run, COST_SIEVE))
        return false;
    return pass_sieve(a, b) && lists_meet(run, a->actions, b->actions) &&
           lists_meet(run, a->resources, b->resources);
}

/* Asks within the work that is left. What is not settled in the bound is not warned of. */
static bool ask(struct check_run *run, struct ambit_area_question *question,
                struct ambit_area_answer *ret)
{
    if (!check_spend(run, COST_QUESTION + COST_PAIR * question->n_outside))
        return false;
    question->terms.steps = STEPS;
    enum ambit_err err = ambit_area_find(question, ret);
    if (err == AMBIT_ERR_TOO_LARGE) {
        run->is_partial = true;
        return false;
    }
    if (err) {
        run->err = err;
        return false;
    }
    return check_spend(run, COST_STEP * ret->steps);
}

bool cover_overlap(struct check_run *run, const struct cover *a, const struct cover *b,
                   struct ambit_witness *ret)
{
    const struct ambit_area both[] = {a->area, b->area};
    struct ambit_area_question question = {.inside = both, .n_inside = 2};
    struct ambit_area_answer answer;
    if (!ask(run, &question, &answer) || !answer.is_found)
        return false;
    *ret = answer.witness;
    return true;
}

bool cover_is_inside(struct check_run *run, const struct cover *inner,
                     const struct ambit_area *outer, size_t n_outer)
{
    struct ambit_area_question question = {
        .inside = &inner->area, .n_inside = 1, .outside = outer, .n_outside = n_outer};
    struct ambit_area_answer answer;
    return ask(run, &question, &answer) && !answer.is_found;
}

bool cover_is_reached(struct check_run *run, struct check_policy *policy, const struct cover *cover,
                      bool due)
{
    if (!check_reach(run, policy))
        return true;
    for (size_t i = 0; i < policy->n_reach; i++) {
        const struct check_policy *other = policy->reach[i];
        for (size_t k = 0; k < other->compiled->n_rules; k++) {
            if (due && other->compiled->rules[k].rule->outcome_within_s == 0)
                continue;
            if (cover_meets(run, cover, &other->rules[k]) || run->is_cut_off)
                return true;
        }
    }
    return run->err != AMBIT_OK;
}

struct cover cover_of_after(struct check_run *run, const struct ambit_after *after)
{
    struct patterns *lists = arena_array(run->arena, 2, sizeof *lists);
    if (!lists || compile_patterns(run->arena, after->actions, PATTERN_ACTION, false, &lists[0]) ||
        compile_patterns(run->arena, after->resources, PATTERN_RESOURCE, false, &lists[1])) {
        static const struct patterns none = {0};
        run->err = AMBIT_ERR_NO_MEMORY;
        return cover_of(&none, &none, after->actions, after->resources);
    }
    return cover_of(&lists[0], &lists[1], after->actions, after->resources);
}
