/* SPDX-License-Identifier: Apache-2.0 */
/* A small set of documents - two people, a service, an agent "bot" with one policy "p" - and rows
 * of what is warned of when the policy is another. */
#pragma once

#include "support/unit.h"

#include <stdio.h>

#include "ambit/check.h"
#include "base/buf.h"
#include "set.h"

/* ---- a small set ----------------------------------------------------------------------------- */

static const struct {
    enum ambit_kind kind;
    const char *name, *text;
} others[] = {
    {AMBIT_KIND_PERSON, "dana",
     "{\"person\":\"dana\",\"name\":\"D\",\"email\":\"d@example.gov\",\"team\":\"pay\",\"active\":"
     "true,\"roles\":[\"owner\"]}"},
    {AMBIT_KIND_PERSON, "sam",
     "{\"person\":\"sam\",\"name\":\"S\",\"email\":\"s@example.gov\",\"team\":\"pay\",\"active\":"
     "true,\"roles\":[\"owner\",\"oncall\"]}"},
    {AMBIT_KIND_SERVICE, "api",
     "{\"service\":\"api\",\"owner\":\"dana\",\"tier\":\"low\",\"audiences\":[\"https://a.example."
     "gov\"],\"resources\":[\"svc:**\",\"db:**\"],\"authenticate\":[{\"method\":\"client_secret_"
     "basic\",\"sha256\":"
     "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"expires\":"
     "\"2027-01-31T00:00:00Z\"}]}"},
};

#define SECRET                                                                                    \
    "[{\"method\":\"client_secret_basic\",\"sha256\":"                                            \
    "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"expires\":\"2027-01-" \
    "31T00:00:00Z\"}]"

/* Rules, never rules and stops by their text; what is NULL is a plain one, or none. */
struct policy_text {
    const char *allow, *never, *stops, *more;
};
#define RULE(id, rest)                                                                         \
    "{\"id\":\"" id "\",\"actions\":[\"a.**\"],\"resources\":[\"svc:x/**\"],\"ttl\":{\"max\":" \
    "\"15m\"}" rest "}"
#define PLAIN_STOP "{\"id\":\"s\",\"on\":\"attempted\",\"then\":\"suspend_agent\"}"

static inline void put_policy(struct set *set, const char *name, const struct policy_text *text)
{
    BUF_AUTO out = {0};
    buf_printf(&out,
               "{\"policy\":\"%s\",\"description\":\"d\",\"owner\":\"dana\",\"tier\":\"low\",\n"
               "\"audiences\":[\"https://a.example.gov\"],\n"
               "\"review\":{\"authored_by\":\"dana\",\"accepted_by\":\"dana\"},\n"
               "%s\"allow\":[\n%s],\n\"never\":[%s],\n\"hard_stops\":[\n%s]}\n",
               name, text->more ? text->more : "", text->allow ? text->allow : RULE("r", ""),
               text->never ? text->never
                           : "{\"id\":\"n\",\"actions\":[\"**\"],\"resources\":[\"db:sealed\"]}",
               text->stops ? text->stops : PLAIN_STOP);
    assert_int_equal(buf_check(&out), AMBIT_OK);
    set_put(set, AMBIT_KIND_POLICY, name, buf_str(&out));
}

static inline void put_agent(struct set *set, const char *name, const char *policies,
                             const char *more)
{
    char text[2048];
    int n = snprintf(text, sizeof text,
                     "{\"agent\":\"%s\",\"description\":\"d\",\"owner\":\"dana\",\"backup\":"
                     "\"sam\",\"authenticate\":" SECRET ",\n\"policies\":[%s]%s}",
                     name, policies, more ? more : "");
    assert_true(n > 0 && (size_t)n < sizeof text);
    set_put(set, AMBIT_KIND_AGENT, name, ambit_str_of(text));
}

static inline void start(struct set *set)
{
    set_init(set);
    for (size_t i = 0; i < AMBIT_LEN(others); i++)
        set_put(set, others[i].kind, others[i].name, ambit_str_of(others[i].text));
}

static inline bool are_there(void *ctx, const struct ambit_file *policy)
{
    (void)policy;
    return ctx == NULL;
}

static inline void warn(struct set *set, struct ambit_check *check, struct ambit_problems *ret)
{
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *compiled = NULL;
    enum ambit_err err = ambit_documents_read(set->files, set->n, &set_env, ret, &documents);
    for (size_t i = 0; i < ret->n; i++)
        print_error("%.*s %.*s\n", AMBIT_STR_ARG(ret->v[i].pointer), AMBIT_STR_ARG(ret->v[i].what));
    assert_int_equal(err, AMBIT_OK);
    assert_int_equal(ambit_policy_compile(documents, &compiled), AMBIT_OK);
    check->set = compiled;
    check->files = set->files;
    check->n_files = set->n;
    if (!check->has_tests)
        check->has_tests = are_there;
    if (!check->now_ms)
        check->now_ms = set_env.now_ms;
    assert_int_equal(ambit_policy_warn(check, ret), AMBIT_OK);
    ambit_policy_set_free(compiled);
}

/* ---- one policy, one agent ------------------------------------------------------------------- */

#define LIMITS(text) RULE("r", ",\"limits\":[" text "]")
#define WHEN(text)   RULE("r", ",\"when\":{" text "}")
#define STOP(text)   "{\"id\":\"s\",\"then\":\"suspend_agent\"," text "}"

struct row {
    const char *name;
    struct policy_text policy;
    const char *id, *pointer, *what; /* id NULL: nothing is warned of */
    const char *action, *resource;
};

static inline void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        struct set set;
        struct ambit_problems problems = {0};
        struct ambit_check check = {0};
        start(&set);
        put_policy(&set, "p", &row->policy);
        put_agent(&set, "bot", "\"p\"", NULL);
        warn(&set, &check, &problems);
        for (size_t k = 0; k < problems.n; k++) {
            if (problems.n != (row->id != NULL))
                print_error("%s: %.*s %.*s [%.*s]\n", row->name,
                            AMBIT_STR_ARG(problems.v[k].pointer), AMBIT_STR_ARG(problems.v[k].what),
                            AMBIT_STR_ARG(problems.v[k].id));
        }
        ROW_CHECK(row->name, problems.n == (row->id != NULL));
        ROW_CHECK(row->name, problems.n_errors == 0);
        if (row->id) {
            const struct ambit_problem *problem = &problems.v[0];
            ROW_CHECK(row->name, problem->is_warning && problem->line > 0 && problem->column > 0);
            ROW_CHECK(row->name, ambit_str_is(problem->id, row->id));
            ROW_CHECK(row->name, ambit_str_is(problem->pointer, row->pointer));
            ROW_CHECK(row->name, strstr(problem->what.p, row->what) != NULL);
            ROW_CHECK(row->name, problem->expected.len > 0);
            ROW_CHECK(row->name, ambit_str_is(problem->file, "policies/p.json"));
            ROW_CHECK(row->name, row->action ? ambit_str_is(problem->action, row->action)
                                             : problem->action.p == NULL);
            ROW_CHECK(row->name, row->resource ? ambit_str_is(problem->resource, row->resource)
                                               : problem->resource.p == NULL);
        }
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

static inline const struct ambit_problem *only(const struct ambit_problems *problems,
                                               const char *id)
{
    const struct ambit_problem *found = NULL;
    for (size_t i = 0; i < problems->n; i++) {
        if (!ambit_str_is(problems->v[i].id, id))
            continue;
        assert_null(found);
        found = &problems->v[i];
    }
    assert_non_null(found);
    return found;
}
