/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever fails while a question is answered, wherever: where memory ends there is no answer, what
 * the world cannot tell is not decided, and where a comparison of patterns is not settled in its
 * steps nothing is allowed that would not be otherwise (policy-language.md, "Names and patterns").
 */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/pattern.h"
#include "support/shortage.h"

static struct lab lab;

#define NOW      "'agent':'a','now':'2026-11-20T10:00:00Z'"
#define AT(time) "'at':'2026-11-20T" time "Z'"
#define HISTORY                                                                                                           \
    ",'history':[{" AT(                                                                                                   \
        "09:40:00") ",'kind':'allowed','action':'backup.make','resource':'svc:stag"                                       \
                    "ing/x'},{" AT(                                                                                       \
                        "09:59:00") ",'kind':'allowed','action':'service.read','resource':'svc:"                          \
                                    "staging"                                                                             \
                                    "/y','context':{'rows':3}},{" AT(                                                     \
                                        "09:59:10") ",'kind':'refused','reason':'forbidden','"                            \
                                                    "action'"                                                             \
                                                    ":'service.delete','resource':'svc:staging/"                          \
                                                    "x'},{" AT(                                                           \
                                                        "09:59:20") ",'kind':'granted','items':["                         \
                                                                    "{'actions':['service.re*'],'"                        \
                                                                    "resources':['svc:staging/"                           \
                                                                    "x']}]},{" AT(                                        \
                                                                        "09:59:30") ",'kind':'"                           \
                                                                                    "refu"                                \
                                                                                    "sed','"                              \
                                                                                    "reason':'"                           \
                                                                                    "out_of_"                             \
                                                                                    "scope','"                            \
                                                                                    "items':[{'"                          \
                                                                                    "actions':['"                         \
                                                                                    "x'],'"                               \
                                                                                    "resources':["                        \
                                                                                    "'svc:y']}]},"                        \
                                                                                    "{" AT(                               \
                                                                                        "09:59:"                          \
                                                                                        "40") ",'"                        \
                                                                                              "ki"                        \
                                                                                              "nd"                        \
                                                                                              "':"                        \
                                                                                              "'s"                        \
                                                                                              "ig"                        \
                                                                                              "na"                        \
                                                                                              "l'"                        \
                                                                                              ",'"                        \
                                                                                              "si"                        \
                                                                                              "gn"                        \
                                                                                              "al"                        \
                                                                                              "':"                        \
                                                                                              "'e"                        \
                                                                                              "dr"                        \
                                                                                              "',"                        \
                                                                                              "'f"                        \
                                                                                              "ro"                        \
                                                                                              "m'"                        \
                                                                                              ":'"                        \
                                                                                              "ot"                        \
                                                                                              "he"                        \
                                                                                              "r'"                        \
                                                                                              "},"                        \
                                                                                              "{" AT(                     \
                                                                                                  "09:59:50") ",'kind':'" \
                                                                                                              "unaccounted','action':'service.read','resource':'svc:staging/y'}]"
#define WANTS(items, more) "{'question':'grant'," NOW ",'items':[" items "]" more HISTORY "}"
#define DOES(action, resource, more) \
    "{'question':'action'," NOW ",'action':'" action "','resource':'" resource "'" more HISTORY "}"
#define HELD ",'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define READ "{'actions':['service.read'],'resources':['svc:staging/x']}"
#define ABOVE(of, more)                                                                            \
    "{'agent':'" of "','items':[{'actions':['service.rea*'],'resources':['svc:staging/**']}]" more \
    "}"
#define PARENTS ",'parent':" ABOVE("b", ",'grant':'g2','depth':1,'parent':" ABOVE("c", ""))

/* Every kind of question, with something for each check, each limit and each stop to look at. */
static const char *const questions[] = {
    WANTS(READ, ""),
    WANTS(READ, ",'audience':'https://payments.example.gov','lifetime_s':60"),
    WANTS("{'actions':['service.re*'],'resources':['svc:staging/**','svc:payments/z']}", ""),
    WANTS("{'actions':['service.read']}", ""),
    WANTS("{'actions':['service.read']}", PARENTS),
    WANTS(READ, PARENTS),
    WANTS("{'actions':['service.delete'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['ask.first'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['ask.first'],'resources':['svc:staging/x']}", ",'approval':'given'"),
    WANTS("{'actions':['live.one'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['late.one'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['many.*'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['many.*','more.*'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['service.read'],'resources':['svc:staging/x','svc:staging/y','svc:payments/"
          "z']}",
          ""),
    WANTS("{'actions':['x.y'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['service.**'],'resources':['svc:**']}", ""),
    DOES("service.read", "svc:staging/x", HELD ",'context':{'rows':3}"),
    DOES("service.read", "svc:staging/x", HELD),
    DOES("service.read", "svc:staging/x",
         ",'context':{'rows':3},'grant_items':[{'actions':['service.read'],'resources':['svc:"
         "staging/"
         "**']},{'actions':['service.*'],'resources':['svc:staging/**']}]"),
    WANTS("{'actions':['service.read','service.reset'],'resources':['svc:staging/x']}", ""),
    WANTS("{'actions':['wish.*'],'resources':['svc:staging/x']}", ""),
    DOES("service.read", "svc:staging/x", HELD ",'context':{'rows':30}"),
    DOES("service.read", "svc:staging/x", HELD ",'context':{'rows':3}" PARENTS),
    DOES("service.delete", "svc:staging/x", HELD),
    DOES("service.drop", "svc:staging/x", HELD ",'context':{'rows':3}"),
    DOES("many.things", "svc:staging/x",
         ",'context':{'rows':1},'grant_items':[{'actions':['many.*'],'resources':['svc:**']}]"),
    DOES("form.fill", "svc:staging/x",
         ",'grant_items':[{'actions':['form.*'],'resources':['svc:**']}]"),
    DOES("act.ask", "svc:staging/x",
         ",'grant_items':[{'actions':['act.*'],'resources':['svc:**']}]"),
    "{'question':'event'," NOW ",'kind':'signal','signal':'edr','from':'other'" HISTORY "}",
    "{'question':'event'," NOW ",'kind':'unaccounted','action':'service.read','resource':'svc:stag"
    "ing/x'" HISTORY "}",
};

/* Asks each again and again until nothing fails any more. Where something did, `fails_as` is the
 * answer; NULL: any, but that nothing is allowed that was not. */
static void ask_failing(const char *fails_as)
{
    size_t n_wrong = 0, n_ways = 0;
    for (size_t i = 0; i < AMBIT_LEN(questions); i++, n_ways += failing.n_ways) {
        static char whole[65536];
        bool has_failed = false;
        FAILING_START();
        int len = snprintf(whole, sizeof whole, "%s", question_answer(&lab, questions[i]));
        assert_true(len > 0 && (size_t)len < sizeof whole);
        if (whole[0] != '{')
            fail_msg("question %zu: %s", i, whole);
        do {
            failing_arm();
            const char *got = question_answer(&lab, questions[i]);
            has_failed = failing_disarm();
            bool is_allowed = strstr(got, "\"decision\":\"allow\"") != NULL;
            bool was_allowed = strstr(whole, "\"decision\":\"allow\"") != NULL;
            bool is_right = !has_failed ? strcmp(got, whole) == 0
                            : fails_as  ? strcmp(got, fails_as) == 0
                                        : got[0] == '{' && (was_allowed || !is_allowed);
            if (!is_right)
                print_error("question %zu: %zu %.200s\n", i, failing.n_ways, got);
            n_wrong += !is_right;
        } while (has_failed);
    }
    assert_int_equal(n_wrong, 0);
    assert_true(n_ways > 100);
}

static bool is_comparing_short;

static bool world_fails(void)
{
    return failing_hits_next();
}

static uint64_t hash(uint64_t from, struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++)
        from = (from ^ (uint8_t)text.p[i]) * 1099511628211ULL;
    return from * 31;
}

/* A comparison that is not settled never is, whoever asks it again. */
enum ambit_err __real_pattern_contains(const struct pattern *outer, const struct pattern *inner,
                                       bool *ret);
enum ambit_err __wrap_pattern_contains(const struct pattern *outer, const struct pattern *inner,
                                       bool *ret);
enum ambit_err __wrap_pattern_contains(const struct pattern *outer, const struct pattern *inner,
                                       bool *ret)
{
    uint64_t pair = hash(hash(1469598103934665603ULL, outer->text), inner->text);
    if (!is_comparing_short || !failing_hits_at(pair | 1))
        return __real_pattern_contains(outer, inner, ret);
    *ret = false;
    return AMBIT_ERR_TOO_LARGE;
}

static void test_memory(void **state)
{
    (void)state;
    shortage_is_off = false;
    ask_failing("no_memory");
}

static void test_world(void **state)
{
    (void)state;
    shortage_is_off = true;
    question_world_fails = world_fails;
    ask_failing("damaged");
    question_world_fails = NULL;
}

/* What is asked lies inside what was shown, or it could not be told. */
static void test_items_inside(void **state)
{
    static const struct ambit_item shown[] = {{AMBIT_STR("b.*"), AMBIT_STR("svc:**")},
                                              {AMBIT_STR("a.*"), AMBIT_STR("svc:*/x")}};
    static const struct ambit_item asked[] = {{AMBIT_STR("a.b"), AMBIT_STR("svc:y/x")}};
    bool has_failed = false;
    (void)state;
    shortage_is_off = is_comparing_short = true;
    FAILING_START();
    do {
        bool is_inside = false;
        failing_arm();
        enum ambit_err err = ambit_items_inside(shown, AMBIT_LEN(shown), asked, 1, &is_inside);
        has_failed = failing_disarm();
        assert_int_equal(err, has_failed ? AMBIT_ERR_TOO_LARGE : AMBIT_OK);
        assert_int_equal(is_inside, !has_failed);
    } while (has_failed);
    assert_int_equal(failing.n_ways, 4);
    is_comparing_short = false;
}

/* Of an introspected grant no item is left that would not be otherwise. */
static void test_items_now(void **state)
{
    static const struct ambit_given items[] = {{AMBIT_STR("service.r*"),
                                                AMBIT_STR("svc:staging/**"),
                                                AMBIT_STR("p"),
                                                AMBIT_STR("back"),
                                                {{0}}},
                                               {AMBIT_STR("backup.make"),
                                                AMBIT_STR("svc:staging/x"),
                                                AMBIT_STR("p"),
                                                AMBIT_STR("backup"),
                                                {{0}}},
                                               {AMBIT_STR("service.drop"),
                                                AMBIT_STR("svc:payments/z"),
                                                AMBIT_STR("q"),
                                                AMBIT_STR("drop"),
                                                {{0}}},
                                               {AMBIT_STR("service.drop"),
                                                AMBIT_STR("svc:payments/**"),
                                                AMBIT_STR("q"),
                                                AMBIT_STR("drop"),
                                                {{0}}}};
    struct ambit_grant_view grant = {.agent = AMBIT_STR("a"),
                                     .owner = AMBIT_STR("dana"),
                                     .team = AMBIT_STR("payments"),
                                     .audience = LAB_AUDIENCE,
                                     .issued_ms = LAB_NOW_MS,
                                     .expires_ms = LAB_NOW_MS + 60000,
                                     .items = items,
                                     .n_items = AMBIT_LEN(items)};
    uint64_t whole = 0, live = 0, asks = 0;
    bool has_failed = false;
    (void)state;
    shortage_is_off = true;
    ambit_grant_items_now(lab.set, &grant, NULL, 0, LAB_NOW_MS, &whole, &asks);
    is_comparing_short = true;
    FAILING_START();
    do {
        failing_arm();
        ambit_grant_items_now(lab.set, &grant, NULL, 0, LAB_NOW_MS, &live, &asks);
        has_failed = failing_disarm();
        assert_true((live & ~whole) == 0 && (has_failed || live == whole));
    } while (has_failed);
    assert_true(whole != 0 && failing.n_ways > 3);
    is_comparing_short = false;
}

static void test_comparing(void **state)
{
    (void)state;
    shortage_is_off = true;
    question_world_fails = NULL;
    is_comparing_short = true;
    ask_failing(NULL);
    is_comparing_short = false;
}

#define RULE(id, action, more)                                                      \
    "{'id':'" id "','actions':['" action "'],'resources':['svc:staging/**','svc:${" \
    "team}/**'],'ttl':{'max':'1h'},'delegation':{'depth':3}" more "}"
#define LIMITS(text) ",'limits':[" text "]"
#define BY(key)      "{'count':900,'within':'1h','by':'" key "'}"

static int open_all(void **state)
{
    static const char *const people[] = {"dana", "sam", "lee", NULL};
    static const struct lab_agent agents[] = {
        {"a", "dana", "sam", "'p','q','many'", ""},
        {"b", "lee", "sam", "'p','q'", "'delegates_to':['a'],"},
        {"c", "dana", "lee", "'p'", "'delegates_to':['b'],"}};
    static const struct
        lab_policy
            policies
                [] =
                    {
                        {"p", "",
                         "'allow':[" RULE("read", "service.re*",
                                          LIMITS(
                                              "{'count':20,'within':'10m'},{'sum':'rows','max':10,'"
                                              "within':'1h'},{'distinct'"
                                              ":'resource','max':5,'within':'1h'},{'grants':9,'"
                                              "within':'1h'}") ",'when':{'af"
                                                               "ter':[{'actions'"
                                                               ":['backup.*'],'"
                                                               "within':'1h'}]},"
                                                               "'outcome':{'"
                                                               "within':'2m'}") "," RULE("backup",
                                                                                         "backup.*",
                                                                                         LIMITS(
                                                                                             "{'"
                                                                                             "uses'"
                                                                                             ":5},{"
                                                                                             "'coun"
                                                                                             "t':"
                                                                                             "50,'"
                                                                                             "withi"
                                                                                             "n':'"
                                                                                             "1h'"
                                                                                             "}")) "," RULE("wish", "wish.*", ",'when':{'purpose':'INC-*'}") "," RULE("form", "form.*", ",'when':{'context':{'m':{'matches':'INC-*'}}}") "," RULE("first",
                                                                                                                                                                                                                                                  "ask.*", ",'approval':{'at':'grant','roles':['oncall'],'timeout':'15m'}") "," RULE("act",
                                                                                                                                                                                                                                                                                                                                     "act.*",
                                                                                                                                                                                                                                                                                                                                     ",'approval':{'at':'action','roles':['oncall'],'timeout':'5m'}") "," RULE("live",
                                                                                                                                                                                                                                                                                                                                                                                                               "live.*",
                                                                                                                                                                                                                                                                                                                                                                                                               LIMITS(
                                                                                                                                                                                                                                                                                                                                                                                                                   "{'live_grants':1}")) "," RULE("late",
                                                                                                                                                                                                                                                                                                                                                                                                                                                  "late.*",
                                                                                                                                                                                                                                                                                                                                                                                                                                                  ",'when':{'after':[{'actions':['never.done'],'within':'1h'}]"
                                                                                                                                                                                                                                                                                                                                                                                                                                                  "}") "],'never':[{'id':'n','actions':['service.delete'],'resources':['svc:**']},{'id':'"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "m','actions':['**'],'resources':['svc:staging/secret/**']}],'hard_stops':[{'id':'no',"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "'on':'denied','count':9,'within':'1m','then':'suspend_agent'},{'id':'trap','on':'attem"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "pted','resources':['svc:canary/**'],'after':{'actions':['secret.read'],'within':'1h'},"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "'then':'suspend_agent'},{'id':'bulk','on':'allowed','actions':['service.*'],'sum':'row"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "s','max':100,'within':'1h','then':'stop_team','by':'team'},{'id':'wide','on':'attempte"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "d','distinct':'resource','max':50,'within':'1h','then':'suspend_agent'},{'id':'got','o"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "n':'granted','actions':['service.**'],'count':50,'within':'1h','then':'stop_policy','b"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "y':'policy'},{'id':'silent','on':'unaccounted','count':5,'within':'1h','then':'suspend"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "_agent'},{'id':'edr','on':'signal','signal':'edr','from':['other'],'count':5,'within':"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "'1h','then':'suspend_agent'},{'id':'old','on':'allowed','actions':['service.**'],'coun"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "t':99,'within':'1h','after':{'actions':['service.**'],'resources':['svc:**'],'within':"
                                                                                                                                                                                                                                                                                                                                                                                                                                                       "'1h'},'then':'suspend_agent'}]"},
                        {"q", "",
                         "'allow':[" RULE(
                             "drop", "service.drop",
                             "") "],'never':[{'id':'z','actions':['service.dro"
                                 "p'],'resources':['svc:payments/"
                                 "**']}],'hard_stops':[{'id':'act','on':'attempted','actions"
                                 "':['service.**'],'count':50,'within':'1h','then':'suspend_agent'}"
                                 ",{'"
                                 "id':'now','on':'atte"
                                 "mpted','actions':['**'],'resources':['svc:staging/hot/"
                                 "**'],'then':'suspend_agent'}]"},
                        {"many", "",
                         "'allow':[" RULE(
                             "many", "many.*",
                             LIMITS(BY("agent") "," BY("team") "," BY("owner") "," BY("policy") "," BY(
                                 "grant") "," BY("lineage") "," BY("resource") ",{'grants':900,'"
                                                                               "within':'1h'},{'"
                                                                               "grants':900,'"
                                                                               "within':'1h','by':'"
                                                                               "team'},{'grants':"
                                                                               "900,'within':'1h','"
                                                                               "by':'owner'"
                                                                               "},{'grants':900,'w"
                                                                               "ithin':'1h','by':'"
                                                                               "policy'},{'live_"
                                                                               "grants':900},"
                                                                               "{'live_grants':90"
                                                                               "0,'by':'team'},{'"
                                                                               "live_grants':900,'"
                                                                               "by':'owner'}"
                                                                               ",{'live_grants':9"
                                                                               "00,'by':'policy'},{"
                                                                               "'grants':800,'"
                                                                               "within':'2h'},"
                                                                               "{'grants':800,'wi"
                                                                               "thin':'3h'},{'"
                                                                               "grants':800,'"
                                                                               "within':'4h'},{'"
                                                                               "grants':800,'"
                                                                               "within':"
                                                                               "'5h'},{'grants':"
                                                                               "800,'within':'6h'},"
                                                                               "{'grants':"
                                                                               "800,'within':'7h'},"
                                                                               "{'grants':800,'"
                                                                               "within':'8h'},{'"
                                                                               "live_grants':1,'"
                                                                               "by':'agent'}")) "]"
                                                                                                "," LAB_QUIET},
                    };
    struct lab_documents all = {.people = people,
                                .agents = agents,
                                .n_agents = AMBIT_LEN(agents),
                                .policies = policies,
                                .n_policies = AMBIT_LEN(policies)};
    (void)state;
    lab_open_agents(&lab, &all);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    lab_close(&lab);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_world),
        cmocka_unit_test(test_comparing), cmocka_unit_test(test_items_inside),
        cmocka_unit_test(test_items_now),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
