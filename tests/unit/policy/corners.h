/* SPDX-License-Identifier: Apache-2.0 */
/* Sets whose policies are written with ' for ", and all that is warned of in one line: "id pointer"
 * of each, joined with "; ". */
#pragma once

#include "warnings.h"

struct corner {
    const char *name, *allow, *never, *stops, *more; /* with ' for "; NULL: as usual */
    const char *want;                                /* "id pointer" of each, joined with "; " */
};

#define R(id, more) RULE_ON(id, "a.**", "svc:x/**", more)
#define RULE_ON(id, a, r, more) \
    "{'id':'" id "','actions':['" a "'],'resources':['" r "'],'ttl':{'max':'15m'}" more "}"
#define CONTEXT_OF(t) R("r", ",'when':{'context':{'m':{" t "}}}")
#define SUMMED(t) \
    R("r", ",'when':{'context':{'m':{" t "}}},'limits':[{'sum':'m','max':5,'within':'1h'}]")
#define LIMITED(t)         R("r", ",'limits':[" t "]")
#define BOUND              "{'grants':4000,'within':'1h','by':'team'},"
#define NEVER_APPLIES      "rule-never-applies /allow/0/when"
#define UNREACHABLE(n)     "limit-unreachable /allow/0/limits/" n
#define NEVER_FIRES        "stop-never-fires /hard_stops/0"
#define FIRE(t)            "{'id':'s','then':'suspend_agent'," t "}"
#define TWO(first, second) R("r", first) "," R("s", second)
#define ORDER              "order-matters /allow/1"
#define REACHED            "rule-never-reached /allow/1"
#define FEWER              RULE_ON("s", "a.b", "svc:x/**", "")

static inline char *quoted(struct set *set, const char *text)
{
    struct ambit_str copy = arena_copy(&set->arena, ambit_str_of(text ? text : ""));
    char *p = arena_alloc(&set->arena, copy.len + 1);
    assert_non_null(p);
    for (size_t i = 0; i < copy.len; i++)
        p[i] = (char)(text[i] == '\'' ? '"' : text[i]);
    return text ? p : NULL;
}

static inline void put_corner(struct set *set, const char *name, const struct corner *corner)
{
    put_policy(set, name,
               &(struct policy_text){.allow = quoted(set, corner->allow),
                                     .never = quoted(set, corner->never),
                                     .stops = quoted(set, corner->stops),
                                     .more = quoted(set, corner->more)});
}

static inline void begin(struct set *set)
{
    start(set);
    set_put(set, AMBIT_KIND_PERSON, "gone",
            ambit_str_of(quoted(set, "{'person':'gone','name':'G','email':'g@example.gov','team':'p"
                                     "ay','active':false,'roles':['oncall']}")));
}

/* "id pointer; ..." of all. */
static inline void list(const struct ambit_problems *problems, char *ret, size_t size)
{
    size_t at = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < problems->n; i++)
        at += (size_t)snprintf(ret + at, size - at, "%s%.*s %.*s", i ? "; " : "",
                               AMBIT_STR_ARG(problems->v[i].id),
                               AMBIT_STR_ARG(problems->v[i].pointer));
    assert_true(at < size);
}
