/* SPDX-License-Identifier: Apache-2.0 */
/* Corners of the language, each a world, a question and what the answer says of it: types and
 * bounds of a context, patterns that nearly match, several of what is mostly one, a chain whose
 * nearest link is the one that fails, lists that are full. */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct lab lab;

struct corner {
    const char *name, *head, *p; /* members of policy p; NULL: RULE("") */
    const char *question, *want;
};

#define NOW      "'agent':'a','now':'2026-11-20T10:00:00Z'"
#define AT(time) "'at':'2026-11-20T" time "Z'"
#define RULE_OF(id, action, resource, more)                                \
    "{'id':'" id "','actions':['" action "'],'resources':['" resource "']" \
    ",'ttl':{'max':'15m'}" more "}"
#define RULES(list) "'allow':[" list "]," LAB_QUIET
#define RULE(more)  RULES(RULE_OF("r", "service.*", "svc:staging/**", more))
#define STOPS(more) \
    "'allow':[" RULE_OF("r", "service.*", "svc:staging/**", "") "],'hard_stops':[" more "]"
#define CONTEXT(t)    RULE(",'when':{'context':{" t "}}")
#define HELD_OF(a, r) ",'grant_items':[{'actions':['" a "'],'resources':['" r "']}]"
#define HELD          HELD_OF("service.*", "svc:staging/**")
#define DOES(action, resource, more) \
    "{'question':'action'," NOW ",'action':'" action "','resource':'" resource "'" more "}"
#define READS(more)                   DOES("service.read", "svc:staging/x", HELD more)
#define WITH(context)                 READS(",'context':{" context "}")
#define WANTS(items, more)            "{'question':'grant'," NOW ",'items':[" items "]" more "}"
#define ITEM(a, r)                    "{'actions':['" a "'],'resources':['" r "']}"
#define READ                          ITEM("service.read", "svc:staging/x")
#define PARENT_OF(agent, items, more) ",'parent':{'agent':'" agent "','items':[" items "]" more "}"

#define ALLOW    "'decision':'allow'"
#define NO(why)  "'reason':'" why "'"
#define VIOLATED NO("context_violated")

static const struct lab_agent agents[] = {
    {"a", "dana", "sam", "'p','q'", "'delegates_to':['b','a'],"},
    {"b", "dana", "sam", "'p','q'", "'delegates_to':['x','a'],"},
    {"x", "gone", "sam", "'p'", ""},
    {"c", "dana", "sam", "'p'", "'delegates_to':['a'],"},
    {"nobody", "dana", "sam", "", ""}};

static void open_corner(const struct corner *corner)
{
    static const char *const people[] = {"dana", "sam", "lee", "-gone", NULL};
    const struct lab_policy policies[] = {
        {"p", corner->head ? corner->head : "", corner->p ? corner->p : RULE("")},
        {"q", "",
         "'allow':[" RULE_OF(
             "r", "other.*", "svc:**",
             ",'limits':[{'count':9,'within':'1h','by':'te"
             "am'}]") "," RULE_OF("s", "service.*", "svc:staging/q/**",
                                  ",'outcome':{'within':'1m'}") "],'never':[{'id':'z','actions':["
                                                                "'other.zap'],'resources':['svc:**'"
                                                                "]}],'hard_stops':[{'id':'"
                                                                "s','on':'allowed','actions':["
                                                                "'service.read'],'resources':['svc:"
                                                                "staging/two/"
                                                                "**'],'then':'suspend_agent'}]"}};
    struct lab_documents all = {.people = people,
                                .agents = agents,
                                .n_agents = AMBIT_LEN(agents),
                                .policies = policies,
                                .n_policies = AMBIT_LEN(policies)};
    lab_open_agents(&lab, &all);
}

static void hold(const struct corner *corners, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct question_row row = {corners[i].name, corners[i].question, corners[i].want};
        open_corner(&corners[i]);
        question_hold(&lab, &row, 1);
        lab_close(&lab);
    }
}
#define HOLD(rows) hold(rows, AMBIT_LEN(rows))

/* Types are equal, never converted; all parts of a test hold. */
static void test_context(void **state)
{
    static const struct corner rows[] = {
        {"equal numbers", NULL, CONTEXT("'n':{'equals':3}"), WITH("'n':3"), ALLOW},
        {"other numbers", NULL, CONTEXT("'n':{'equals':3}"), WITH("'n':4"), VIOLATED},
        {"a number as text", NULL, CONTEXT("'n':{'equals':3}"), WITH("'n':'3'"), VIOLATED},
        {"equal truths", NULL, CONTEXT("'n':{'equals':true}"), WITH("'n':true"), ALLOW},
        {"other truths", NULL, CONTEXT("'n':{'equals':true}"), WITH("'n':false"), VIOLATED},
        {"equal texts", NULL, CONTEXT("'n':{'equals':'a'}"), WITH("'n':'a'"), ALLOW},
        {"in a list", NULL, CONTEXT("'n':{'in':['a',3]}"), WITH("'n':3"), ALLOW},
        {"in no list", NULL, CONTEXT("'n':{'in':['a',3]}"), WITH("'n':'b'"), VIOLATED},
        {"at least", NULL, CONTEXT("'n':{'min':2}"), WITH("'n':2"), ALLOW},
        {"too little", NULL, CONTEXT("'n':{'min':2}"), WITH("'n':1"), VIOLATED},
        {"little of a text", NULL, CONTEXT("'n':{'min':2}"), WITH("'n':'2'"), VIOLATED},
        {"much of a text", NULL, CONTEXT("'n':{'max':2}"), WITH("'n':'2'"), VIOLATED},
        {"matches", NULL, CONTEXT("'n':{'matches':'INC-*'}"), WITH("'n':'INC-1'"), ALLOW},
        {"does not", NULL, CONTEXT("'n':{'matches':'INC-*'}"), WITH("'n':'CR-1'"), VIOLATED},
        {"no text", NULL, CONTEXT("'n':{'matches':'INC-*'}"), WITH("'n':1"), VIOLATED},
        {"a list", NULL, CONTEXT("'n':{'matches':'INC-*'}"), WITH("'n':['INC-1']"), VIOLATED},
        {"a list, told", NULL, CONTEXT("'n':{'equals':true}"), WITH("'n':['x']"),
         "'required':'n equal to true'"},
        {"a number, told", NULL, CONTEXT("'n':{'equals':7}"), WITH("'n':1"),
         "'required':'n equal to 7'"},
        {"absent, whatever is wrong besides", NULL, CONTEXT("'n':{'equals':3},'m':{'equals':true}"),
         WITH("'n':4"), NO("missing_context")},
    };
    (void)state;
    HOLD(rows);
}

#define SUM_STOP                                                                                \
    STOPS("{'id':'s','on':'allowed','actions':['service.*'],'sum':'rows','max':9,'within':'1h'" \
          ",'then':'suspend_agent'}")
#define SUMMED                                                                         \
    ",'history':[{" AT("09:59:00") ",'kind':'allowed','action':'service.read','resour" \
                                   "ce':'svc:staging/x','context':{'rows':10}}]"

/* What a stop sums is required of every action that it watches. */
static void test_sums(void **state)
{
    static const struct corner rows[] = {
        {"absent", NULL, SUM_STOP, READS(""), NO("missing_context")},
        {"no number", NULL, SUM_STOP, WITH("'rows':'1'"), VIOLATED},
        {"nothing of the kind", NULL, SUM_STOP, WITH("'rows':null"), VIOLATED},
        {"below nothing", NULL, SUM_STOP, WITH("'rows':-1"), VIOLATED},
        {"small enough", NULL, SUM_STOP, WITH("'rows':9"), ALLOW},
        {"too much", NULL, SUM_STOP, WITH("'rows':10"), "'trips':['p/s']"},
        {"nearly that action", NULL,
         STOPS(
             "{'id':'s','on':'allowed','actions':['service.w*'],'sum':'rows','max':9,'within':'1h'"
             ",'then':'suspend_agent'}"),
         READS(""), ALLOW},
        {"another action", NULL, SUM_STOP, DOES("other.x", "svc:y", HELD_OF("other.*", "svc:**")),
         ALLOW},
        {"nothing, over what was too much", NULL, SUM_STOP, READS(",'context':{'rows':0}" SUMMED),
         "'trips':['p/s']"},
        {"of a request nothing", NULL,
         STOPS("{'id':'s','on':'attempted','sum':'rows','max':9,'within':'1h','then':'suspend_agent"
               "'}"),
         WANTS(READ, ""), ALLOW},
    };
    (void)state;
    HOLD(rows);
}

#define DONE_BY_BOTH                                                               \
    ",'history':[{" AT(                                                            \
        "09:58:00") ",'kind':'allowed','agent':'b','action':'x.y','resource':'svc" \
                    ":y'},{" AT(                                                   \
                        "09:59:00") ",'kind':'allowed','action':'x.y','resource':'svc:y'}]"
#define ANY_STOP(more) STOPS("{'id':'s','on':'allowed','then':'suspend_agent'" more "}")
#define AFTER(a, r)                                                                         \
    RULES(RULE_OF("r", "service.*", "svc:staging/**",                                       \
                  "") ",{'id':'w','actions':['w'],'resour"                                  \
                      "ces':['svc:**'],'ttl':{'max':'1m'},'when':{'after':[{'actions':['" a \
                      "']," r "'within':'1h'}]}}")

/* The grant and what stands around an action. */
static void test_actions(void **state)
{
    static const struct corner rows[] = {
        {"the policy is over", "'not_after':'2026-01-01T00:00:00Z',", NULL, READS(""),
         "'saw':'changed: not_after'"},
        {"the policy is not yet", "'not_before':'2027-01-01T00:00:00Z',", NULL, READS(""),
         "'saw':'changed: not_before'"},
        {"approved at grant", NULL,
         RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m'}"),
         READS(",'approval':'given'"), ALLOW},
        {"not approved at grant", NULL,
         RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m'}"), READS(""),
         NO("policy_changed")},
        {"what an after nearly looks for", NULL, AFTER("service.re*d.x", ""), READS(""), ALLOW},
        {"and where", NULL, AFTER("service.*", "'resources':['svc:stag*/y'],"), READS(""), ALLOW},
        {"an item that cannot be read", NULL, NULL,
         DOES("service.read", "svc:staging/x", HELD_OF("service.*", "svc:staging/***")),
         NO("out_of_scope")},
        {"an item of nothing", NULL, NULL,
         DOES("service.read", "svc:staging/x", HELD_OF("", "svc:staging/**")), NO("out_of_scope")},
        {"malformed under a stop elsewhere", NULL, NULL,
         DOES("service.read", "svc:a//b", HELD ",'stops':['agent:b']"), NO("malformed")},
        {"an after of a stop in the future of it", NULL,
         ANY_STOP(",'after':{'actions':['x.y'],'within':'1h'}"), READS(""), ALLOW},
        {"no such variable", NULL, RULES(RULE_OF("r", "service.*", "svc:${purpose}/**", "")),
         DOES("service.read", "svc:a/b",
              ",'purpose':'a/b','grant_items':[{'actions':['service.*'],'resources':['svc:**'],'p"
              "olicy':'p','rule':'r'}]"),
         NO("policy_changed")},
        {"whose outcome is due, and that above", NULL, RULE(",'outcome':{'within':'2m'}"),
         READS(PARENT_OF("b", READ, "")), ALLOW},
        {"and above it is due sooner", NULL, RULE(",'outcome':{'within':'2m'}"),
         DOES("service.read", "svc:staging/q/x",
              HELD PARENT_OF("b",
                             "{'actions':['service.read'],'resources':['svc:staging/q/x'],'poli"
                             "cy':'q','rule':'s'}",
                             "")),
         ALLOW},
        {"and above it is due later", NULL, RULE(",'outcome':{'within':'2s'}"),
         DOES("service.read", "svc:staging/q/x",
              HELD PARENT_OF("b",
                             "{'actions':['service.read'],'resources':['svc:staging/q/x'],'poli"
                             "cy':'q','rule':'s'}",
                             "")),
         ALLOW},
        {"what an after nearly looks for, first of all", NULL, AFTER("*.write", ""), READS(""),
         ALLOW},
        {"and where, first of all", NULL, AFTER("service.*", "'resources':['svc:*/y'],"), READS(""),
         ALLOW},
        {"what an after nearly looks for, but for a letter", NULL, AFTER("service.w*", ""),
         READS(""), ALLOW},
        {"and where, but for a letter", NULL, AFTER("service.*", "'resources':['svc:staging/y*'],"),
         READS(""), ALLOW},
        {"not begun before an after", NULL,
         ANY_STOP(",'after':{'actions':['service.w*'],'within':'1h'}"), READS(""), ALLOW},
        {"two items above, of one rule", NULL,
         RULE(",'limits':[{'count':9,'within':'1h','by':'team'}]"),
         READS(PARENT_OF("b", READ "," ITEM("service.*", "svc:staging/**"), "")), ALLOW},
        {"two sums by one key, and above", NULL,
         RULE(
             ",'limits':[{'sum':'n','max':9,'within':'1h','by':'team'},{'sum':'m','max':9,'within':"
             "'1h','by':'team'}]"),
         READS(",'context':{'n':1,'m':1}" PARENT_OF("b", READ, "")), ALLOW},
        {"rules of one name, of two policies", NULL,
         RULE(",'limits':[{'count':9,'within':'1h','by':'team'}]"),
         DOES("other.x", "svc:staging/x",
              ",'grant_items':[{'actions':['other.*'],'resources':['svc:**']}]" PARENT_OF(
                  "b", ITEM("other.*", "svc:**"), "")),
         ALLOW},
        {"rules of one name, each of its own policy", NULL,
         RULES(RULE_OF("r", "other.*", "svc:**",
                       ",'limits':[{'count':9,'within':'1h','by':'team'}]")),
         DOES("other.x", "svc:staging/x",
              HELD_OF("other.*", "svc:**") PARENT_OF(
                  "b", "{'actions':['other.*'],'resources':['svc:**'],'policy':'q','rule':'r'}",
                  "")),
         ALLOW},
        {"stops of one name, of two policies", NULL, ANY_STOP(""),
         DOES("service.read", "svc:staging/two/x", HELD), "'trips':['p/s','q/s']"},
        {"one stop, heard by both, after what both did", NULL,
         ANY_STOP(",'after':{'actions':['x.y'],'within':'1h'}"),
         READS(PARENT_OF("b", READ, "") DONE_BY_BOTH), "'trips':['p/s'],"},
    };
    (void)state;
    HOLD(rows);
}

#define DEEP           ",'delegation':{'depth':3}"
#define B_HOLDS(items) PARENT_OF("b", items, "")

/* Token requests. */
static void test_grants(void **state)
{
    static const struct corner rows[] = {
        {"two that are malformed", NULL, NULL,
         WANTS(READ "," ITEM("a..b", "svc:x") "," ITEM("a", "svc:"), ""), NO("malformed")},
        {"the nearest has no owner", NULL, RULE(DEEP),
         "{'question':'grant','agent':'x','now':'2026-11-20T10:00:00Z','items':[" READ
         "]" B_HOLDS(READ) "}",
         NO("owner_required")},
        {"the nearest forbids", NULL,
         "'allow':[" RULE_OF("r", "other.*", "svc:**",
                             DEEP) "],'never':[{'id':'n','actions':['othe"
                                   "r.x'],'resources':['svc:**']}]," LAB_QUIET,
         WANTS(ITEM("other.x", "svc:y"), B_HOLDS(ITEM("other.*", "svc:**"))), NO("forbidden")},
        {"a parent that is stopped by nothing", NULL, RULE(DEEP),
         WANTS(READ, B_HOLDS(READ) ",'stops':['agent:x']"), ALLOW},
        {"two items above, the second no further", NULL, RULE(""),
         WANTS(READ, B_HOLDS(READ "," ITEM("service.*", "svc:staging/**"))), NO("not_delegable")},
        {"reached, and for no single audience",
         "'audiences':['https://payments.example.gov','https://other.example.gov'],",
         RULE(",'limits':[{'grants':1,'within':'1h'}]"),
         WANTS(READ, ",'history':[{" AT("09:59:00") ",'kind':'granted','items':[" READ "]}]"),
         NO("limit_exceeded")},
        {"live ones reached, and for no single audience",
         "'audiences':['https://payments.example.gov','https://other.example.gov'],",
         RULE(",'limits':[{'live_grants':1}]"),
         WANTS(READ, ",'history':[{" AT("09:59:00") ",'kind':'granted','items':[" READ "]}]"),
         NO("limit_exceeded")},
        {"live ones reached, others too, and for no single audience",
         "'audiences':['https://payments.example.gov','https://other.example.gov'],",
         RULES(RULE_OF("r", "service.*", "svc:staging/**",
                       ",'limits':[{'live_grants':1}]") "," RULE_OF("t", "third.*", "svc:**",
                                                                    ",'limits':[{'grants':1,'"
                                                                    "within':'1h'}]")),
         WANTS(READ "," ITEM("third.x", "svc:y"),
               ",'history':[{" AT("09:59:00") ",'kind':'granted','items':[" READ
                                              "," ITEM("third.x", "svc:z") "]}]"),
         NO("limit_exceeded")},
        {"the same except, of another policy", NULL,
         "'allow':[" RULE_OF("r", "service.*", "svc:staging/**",
                             DEEP) "],'never':[{'id':'n','act"
                                   "ions':['service.x'],'resources':['svc:staging/y']}]," LAB_QUIET,
         WANTS(ITEM("service.*", "svc:staging/**"),
               PARENT_OF("b", ITEM("service.*", "svc:staging/**"),
                         ",'except':[{'policy':'q','id':'n','actions':['service.x'],'resources':['s"
                         "vc:staging/y']},{'policy':'p','id':'m','actions':['service.x'],'resource"
                         "s':['svc:staging/y']},{'policy':'p','id':'n','actions':['service.z'],'re"
                         "sources':['svc:staging/y']},{'policy':'p','id':'n','actions':['service.x"
                         "'],'resources':['svc:staging/z']}]")),
         "{'policy':'p','id':'n','actions':['service.x'],'resources':['svc:staging/y']}],'trips'"},
        {"nothing, past a stop with resources", NULL,
         STOPS("{'id':'s','on':'attempted','resources':['svc:**'],'then':'suspend_agent'}"),
         WANTS("", ""), "'trips':[]"},
        {"nothing, past a stop with actions", NULL,
         STOPS("{'id':'s','on':'attempted','actions':['**'],'then':'suspend_agent'}"),
         WANTS("", ""), "'trips':[]"},
        {"nothing, past a stop without either", NULL,
         STOPS("{'id':'s','on':'attempted','then':'suspend_agent'}"), WANTS("", ""),
         "'trips':['p/s']"},
        {"everywhere, of which one is heard", NULL,
         "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/x','svc:y'],'ttl':{'"
         "max':'15m'}}],'hard_stops':[{'id':'s','on':'denied','resources':['svc:staging/**'],'then'"
         ":'suspend_agent'}]",
         WANTS("{'actions':['service.read']}", ",'audience':'https://nobody.example.gov'"),
         "'trips':['p/s']"},
        {"between dates", "'not_before':'2026-01-01T00:00:00Z','not_after':'2026-02-01T00:00:00Z',",
         NULL, WANTS(READ, ""), " until before "},
        {"one stop of two", NULL, NULL,
         WANTS(ITEM("service.read", "svc:staging/q/x"),
               ",'stops':['policy:p','resource:svc:staging/q/**']"),
         "on resource:svc:staging/q/**"},
        {"below the root, two above", NULL, RULE(DEEP),
         WANTS(READ,
               PARENT_OF("b", READ,
                         ",'depth':2" PARENT_OF("a", READ, ",'depth':1" PARENT_OF("x", READ, "")))),
         NO("owner_required")},
        {"not to who is below, three above", NULL, RULE(DEEP),
         WANTS(READ, PARENT_OF("a", READ,
                               ",'depth':2" PARENT_OF("a", READ,
                                                      ",'depth':1" PARENT_OF("nobody", READ, "")))),
         NO("out_of_scope")},
        {"not to who is below, of three", NULL, RULE(DEEP),
         WANTS(READ,
               PARENT_OF("a", READ,
                         ",'depth':2" PARENT_OF("c", READ, ",'depth':1" PARENT_OF("a", READ, "")))),
         NO("not_delegable")},
        {"to the first of two that may be", NULL, RULE(DEEP),
         "{'question':'grant','agent':'b','now':'2026-11-20T10:00:00Z','items':[" READ
         "]" PARENT_OF("a", READ, "") "}",
         ALLOW},
    };
    (void)state;
    HOLD(rows);
}

#define EVENT(more) "{'question':'event'," NOW more "}"

static void test_events(void **state)
{
    static const struct corner rows[] = {
        {"of another action", NULL,
         STOPS("{'id':'s','on':'unaccounted','actions':['x.*'],'then':'suspend_agent'}"),
         EVENT(",'kind':'unaccounted','action':'service.read','resource':'svc:x'"), "'trips':[]"},
        {"of nearly that action", NULL,
         STOPS("{'id':'s','on':'unaccounted','actions':['*.write'],'then':'suspend_agent'}"),
         EVENT(",'kind':'unaccounted','action':'service.read','resource':'svc:x'"), "'trips':[]"},
        {"of that action", NULL,
         STOPS("{'id':'s','on':'unaccounted','actions':['x.*'],'then':'suspend_agent'}"),
         EVENT(",'kind':'unaccounted','action':'x.read','resource':'svc:x'"), "'trips':['p/s']"},
    };
    (void)state;
    HOLD(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context), cmocka_unit_test(test_sums),
        cmocka_unit_test(test_actions), cmocka_unit_test(test_grants),
        cmocka_unit_test(test_events),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
