/* SPDX-License-Identifier: Apache-2.0 */
/* Running the tests of one policy: reading the file, asking each case, and noting what was reached.
 */
#include "policy/policy_test.h"

#include "base/buf.h"
#include "base/json_read.h"
#include "policy/compiled.h"

struct run {
    const struct ambit_policy_set *set;
    const struct ambit_policy *policy;
    int64_t now_ms;
    struct arena *arena;
    struct ambit_test_report *report;
    struct ambit_test_problem *problem;
};

const char *ambit_test_part_text(enum ambit_test_part part)
{
    switch (part) {
    case AMBIT_PART_RULE:
        return "rule";
    case AMBIT_PART_NEVER:
        return "never";
    case AMBIT_PART_HARD_STOP:
        return "hard_stop";
    }
    return "rule";
}

static enum ambit_err complain(struct run *run, const struct json_value *at, const char *pointer,
                               const char *what, const char *expected)
{
    *run->problem = (struct ambit_test_problem){.line = at->line,
                                                .column = at->column,
                                                .pointer = ambit_str_of(pointer),
                                                .what = what,
                                                .expected = expected};
    return AMBIT_ERR_MALFORMED;
}

static bool has_only(const struct json_value *object, const char *const *names, size_t n,
                     const struct json_value **ret_other)
{
    for (const struct json_value *m = object->first; m; m = m->next) {
        bool is_known = false;
        for (size_t i = 0; i < n && !is_known; i++)
            is_known = ambit_str_is(m->key, names[i]);
        *ret_other = m;
        if (!is_known)
            return false;
    }
    return true;
}

/* ---- what was reached ------------------------------------------------------------------------ */

static enum ambit_err list_parts(struct run *run)
{
    const struct ambit_policy *policy = run->policy;
    struct ambit_test_report *report = run->report;
    size_t n = policy->n_rules + policy->n_never + policy->n_hard_stops;
    report->reach = arena_array(run->arena, n + 1, sizeof *report->reach);
    if (!report->reach)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < policy->n_rules; i++)
        report->reach[report->n_reach++] =
            (struct ambit_test_reach){.part = AMBIT_PART_RULE, .id = policy->rules[i].id};
    for (size_t i = 0; i < policy->n_never; i++)
        report->reach[report->n_reach++] =
            (struct ambit_test_reach){.part = AMBIT_PART_NEVER, .id = policy->never[i].id};
    for (size_t i = 0; i < policy->n_hard_stops; i++)
        report->reach[report->n_reach++] =
            (struct ambit_test_reach){.part = AMBIT_PART_HARD_STOP, .id = policy->hard_stops[i].id};
    return AMBIT_OK;
}

static void reach(struct run *run, enum ambit_test_part part, struct ambit_str policy,
                  struct ambit_str id)
{
    struct ambit_test_report *report = run->report;
    for (size_t i = 0; i < report->n_reach && ambit_str_eq(policy, run->policy->doc.name); i++) {
        struct ambit_test_reach *entry = &report->reach[i];
        if (entry->part != part || entry->is_reached || !ambit_str_eq(entry->id, id))
            continue;
        entry->is_reached = true;
        report->n_reached++;
    }
}

static void note_reached(struct run *run, const struct ambit_decision *d)
{
    for (size_t i = 0; i < d->n_given; i++)
        reach(run, AMBIT_PART_RULE, d->given[i].policy, d->given[i].rule);
    for (size_t i = 0; i < d->n_except; i++)
        reach(run, AMBIT_PART_NEVER, d->except[i].policy, d->except[i].id);
    for (size_t i = 0; i < d->n_trips; i++)
        reach(run, AMBIT_PART_HARD_STOP, d->trips[i].policy, d->trips[i].id);
    if (d->reason == AMBIT_REASON_FORBIDDEN)
        reach(run, AMBIT_PART_NEVER, d->policy, d->rule);
    else if (d->reason != AMBIT_REASON_HARD_STOP)
        reach(run, AMBIT_PART_RULE, d->policy, d->rule);
}

/* ---- one case -------------------------------------------------------------------------------- */

static enum ambit_err fail_case(struct run *run, struct ambit_test_case *c, struct buf *text)
{
    struct ambit_str *line = arena_alloc(run->arena, sizeof *line);
    if (!line || buf_check(text))
        return AMBIT_ERR_NO_MEMORY;
    *line = arena_copy(run->arena, buf_str(text));
    if (!line->p)
        return AMBIT_ERR_NO_MEMORY;
    c->differences = line;
    c->n_differences = 1;
    return AMBIT_OK;
}

static enum ambit_err fail_question(struct run *run, struct ambit_test_case *c,
                                    const struct ambit_hypothesis_problem *problem,
                                    const char *below)
{
    BUF_AUTO text = {0};
    buf_printf(&text, "%s%.*s: %s", below, AMBIT_STR_ARG(problem->pointer), problem->what);
    if (problem->name.p)
        buf_printf(&text, " \"%.*s\"", AMBIT_STR_ARG(problem->name));
    buf_printf(&text, "; expected %s", problem->expected);
    return fail_case(run, c, &text);
}

static enum ambit_err compare(struct run *run, struct ambit_test_case *c,
                              const struct ambit_hypothesis *h, const struct ambit_answer *answer,
                              const struct json_value *expect)
{
    BUF_AUTO text = {0};
    ambit_answer_write(h, answer, AMBIT_FOR_SECURITY, &text);
    struct ambit_str copy =
        buf_check(&text) ? (struct ambit_str){0} : arena_copy(run->arena, buf_str(&text));
    const struct json_value *is = NULL;
    struct json_problem problem;
    if (!copy.p ||
        json_read(copy, (struct json_limits){.depth = 64}, run->arena, &is, &problem) != AMBIT_OK)
        return AMBIT_ERR_NO_MEMORY;

    size_t n = 0;
    struct ambit_str *differences = arena_array(run->arena, expect->count + 1, sizeof *differences);
    if (!differences)
        return AMBIT_ERR_NO_MEMORY;
    for (const struct json_value *m = expect->first; m; m = m->next) {
        BUF_AUTO why = {0};
        if (test_expectation_holds(m, is, &why))
            continue;
        differences[n] =
            buf_check(&why) ? (struct ambit_str){0} : arena_copy(run->arena, buf_str(&why));
        if (!differences[n++].p)
            return AMBIT_ERR_NO_MEMORY;
    }
    c->differences = differences;
    c->n_differences = n;
    c->passed = n == 0;
    return AMBIT_OK;
}

/* The question of a case: which member it is, and of which kind. */
static const struct json_value *question_of(const struct json_value *test,
                                            enum ambit_question_kind *ret)
{
    static const char *const names[] = {[AMBIT_QUESTION_GRANT] = "request",
                                        [AMBIT_QUESTION_ACTION] = "action",
                                        [AMBIT_QUESTION_EVENT] = "event"};
    const struct json_value *found = NULL;
    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        const struct json_value *value = json_get(test, names[i]);
        if (value && found)
            return NULL; /* two questions */
        if (value) {
            found = value;
            *ret = (enum ambit_question_kind)i;
        }
    }
    return found;
}

static enum ambit_err ask(struct run *run, struct ambit_test_case *c,
                          const struct json_value *given, const struct json_value *question,
                          enum ambit_question_kind kind, const struct json_value *expect)
{
    struct ambit_hypothesis h = {.kind = kind, .now_ms = run->now_ms};
    struct ambit_hypothesis_problem problem;
    struct ambit_world world;
    struct ambit_answer answer;
    const char *below = "/given";
    enum ambit_err err = ambit_hypothesis_read(run->set, given, AMBIT_PART_GIVEN | AMBIT_PART_STOPS,
                                               run->arena, &h, &problem);
    if (!err) {
        below = kind == AMBIT_QUESTION_GRANT    ? "/request"
                : kind == AMBIT_QUESTION_ACTION ? "/action"
                                                : "/event";
        err = ambit_hypothesis_read(run->set, question, AMBIT_PART_ASKED, run->arena, &h, &problem);
    }
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_NOT_FOUND)
        return fail_question(run, c, &problem, below);
    if (!err)
        err = ambit_world_of_hypothesis(run->set, &h, run->arena, &world);
    if (!err)
        err = ambit_answer(run->set, &h, &world, run->arena, &answer);
    if (err)
        return err;
    note_reached(run, answer.decision);
    return compare(run, c, &h, &answer, expect);
}

static enum ambit_err run_case(struct run *run, const struct json_value *test)
{
    static const char *const names[] = {"name", "given", "request", "action", "event", "expect"};
    struct ambit_test_case *c = &run->report->cases[run->report->n_cases++];
    const struct json_value *other = NULL;
    if (test->kind != JSON_OBJECT)
        return complain(run, test, "/cases", "not a case", "an object");
    if (!has_only(test, names, AMBIT_LEN(names), &other))
        return complain(run, other, "/cases", "unknown member of a case",
                        "name given request action event expect");

    enum ambit_question_kind kind = AMBIT_QUESTION_GRANT;
    const struct json_value *given = json_get(test, "given"), *expect = json_get(test, "expect");
    const struct json_value *question = question_of(test, &kind);
    *c = (struct ambit_test_case){.name = json_get_str(test, "name"), .line = test->line};
    if (!c->name.p)
        return complain(run, test, "/cases", "member missing", "name, a text");
    if (!given || given->kind != JSON_OBJECT)
        return complain(run, test, "/cases", "member missing", "given, an object");
    if (!question)
        return complain(run, test, "/cases", "no question, or more than one",
                        "one of request, action, event");
    if (!expect || expect->kind != JSON_OBJECT || expect->count == 0)
        return complain(run, test, "/cases", "member missing",
                        "expect, an object with some member of the answer");
    enum ambit_err err = ask(run, c, given, question, kind, expect);
    run->report->n_passed += c->passed;
    return err;
}

static enum ambit_err run_cases(struct run *run, const struct json_value *file)
{
    const struct json_value *cases = json_get(file, "cases");
    if (!cases || cases->kind != JSON_ARRAY || cases->count == 0)
        return complain(run, cases ? cases : file, "/cases", "no cases", "a list of cases");
    run->report->cases = arena_array(run->arena, cases->count, sizeof *run->report->cases);
    if (!run->report->cases)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = list_parts(run);
    for (const struct json_value *test = cases->first; test && !err; test = test->next)
        err = run_case(run, test);
    return err;
}

enum ambit_err ambit_policy_test(const struct ambit_policy_set *set, struct ambit_str name,
                                 struct ambit_str text, int64_t now_ms, struct arena *arena,
                                 struct ambit_test_report *ret, struct ambit_test_problem *reterr)
{
    static const char *const names[] = {"policy", "cases"};
    struct run run = {
        .set = set, .now_ms = now_ms, .arena = arena, .report = ret, .problem = reterr};
    const struct json_value *file = NULL, *other = NULL;
    struct json_problem syntax;
    *ret = (struct ambit_test_report){.policy = name};
    *reterr = (struct ambit_test_problem){.pointer = AMBIT_STR("")};
    enum ambit_err err =
        json_read(text, (struct json_limits){.depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true},
                  arena, &file, &syntax);
    if (err == AMBIT_ERR_MALFORMED) {
        reterr->line = syntax.line;
        reterr->column = syntax.column;
        reterr->what = syntax.what;
        reterr->expected = syntax.expected;
    }
    if (err)
        return err;
    if (file->kind != JSON_OBJECT)
        return complain(&run, file, "", "not a file of tests", "an object");
    if (!has_only(file, names, AMBIT_LEN(names), &other))
        return complain(&run, other, "", "unknown member", "policy, cases");

    const struct json_value *policy = json_get(file, "policy");
    if (!policy || !ambit_str_eq(json_get_str(file, "policy"), name))
        return complain(&run, policy ? policy : file, "/policy",
                        "not the policy that the file is named after",
                        "the name that stands before .test.json");
    run.policy = ambit_policy_find(set->documents, name);
    if (!run.policy)
        return complain(&run, policy, "/policy", "no such policy",
                        "the name of a policy of the set");
    return run_cases(&run, file);
}
