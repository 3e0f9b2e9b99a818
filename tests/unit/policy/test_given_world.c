/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a history that is told (policy-language.md, "Explain and tests" and "Counting"): every
 * kind by every key, what lies inside a window, and what each kind of entry counts for. */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define AT(time)  "'at':'2026-11-20T" time "Z'"
#define ACT       "'action':'service.read','resource':'svc:staging/x'"
#define ITEMS(a)  "'items':[{'actions':['" a "'],'resources':['svc:staging/x']}]"
#define DID(more) "{" AT("09:59:00") ",'kind':'allowed'," more "}"
#define GOT(more) "{" AT("09:59:00") ",'kind':'granted'," more "}"
#define NOT(more) "{" AT("09:59:00") ",'kind':'refused','reason':" more "}"
#define QUESTION(kind, more, history)                                                     \
    "{'question':'" kind "','agent':'a','now':'2026-11-20T10:00:00Z','history':[" history \
    "]," more "}"
#define ACTION_OF(more, history)                                                \
    QUESTION("action",                                                          \
             "'grant_items':[{'actions':['service.*'],'resources':['svc:stagin" \
             "g/**']}]," ACT more,                                              \
             history)
#define ACTION(history) ACTION_OF("", history)
#define GRANT(history)  QUESTION("grant", ITEMS("service.read"), history)
#define LIMIT(text)     ",'limits':[" text "]"
#define ALLOW           "'allow'"
#define LIMITED         "'limit_exceeded'"

static struct lab lab;

struct world_row {
    const char *name, *rule, *stop; /* further members of the rule; the hard stop */
    const char *question, *want;
};

static void open_row(const struct world_row *row)
{
    static const char *const people[] = {"dana", "sam", "lee", "kim@ops", NULL};
    static const struct lab_agent agents[] = {{"a", "dana", "sam", "'p','q'", ""},
                                              {"b", "dana", "sam", "'p'", ""},
                                              {"c", "lee", "sam", "'q'", ""},
                                              {"d", "kim", "sam", "'p'", ""}};
    char body[4096], other[2048];
    int len = snprintf(body, sizeof body,
                       "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],"
                       "'ttl':{'max':'15m'}%s}],'hard_stops':[%s]",
                       row->rule,
                       row->stop ? row->stop
                                 : "{'id':'quiet','on':'denied','actions':['never.used'],'count':9,"
                                   "'within':'1m','then':'suspend_agent'}");
    assert_true(len > 0 && (size_t)len < sizeof body);
    len = snprintf(other, sizeof other,
                   "'allow':[{'id':'o','actions':['other.*'],'resources':['svc:**'],'ttl':{'max':'1"
                   "5m'},'outcome':{'within':'5m'}}]," LAB_QUIET);
    assert_true(len > 0 && (size_t)len < sizeof other);
    struct lab_policy policies[] = {{"p", "", body}, {"q", "", other}};
    struct lab_documents all = {
        .people = people, .agents = agents, .n_agents = 4, .policies = policies, .n_policies = 2};
    lab_open_agents(&lab, &all);
}

static void hold(const struct world_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct question_row row = {rows[i].name, rows[i].question, rows[i].want};
        open_row(&rows[i]);
        question_hold(&lab, &row, 1);
        lab_close(&lab);
    }
}
#define HOLD(rows) hold(rows, AMBIT_LEN(rows))

/* Every rule needs a bound that a new grant does not reset. */
#define WIDE        "{'grants':4000,'within':'1h','by':'team'}"
#define ONE_BY(key) LIMIT(WIDE ",{'count':1,'within':'1h','by':'" key "'}")

static const struct world_row keys_rows[] = {
    {"grant", ONE_BY("grant"), NULL, ACTION_OF(",'grant':'g'", DID(ACT ",'grant':'g'")), LIMITED},
    {"another grant", ONE_BY("grant"), NULL, ACTION_OF(",'grant':'g'", DID(ACT ",'grant':'h'")),
     ALLOW},
    {"a request is under no grant", ONE_BY("grant"), NULL, ACTION(GOT(ITEMS("service.read"))),
     ALLOW},
    {"nor in a lineage", ONE_BY("lineage"), NULL, ACTION(GOT(ITEMS("service.read"))), ALLOW},
    {"another team", ONE_BY("team"), NULL, ACTION(DID(ACT ",'agent':'d','policy':'p','rule':'r'")),
     ALLOW},
    {"by no rule of the set", ONE_BY("agent"), NULL,
     ACTION(DID("'action':'nothing','resource':'svc:x'")), ALLOW},
    {"after now, where that is known later", ONE_BY("agent"), NULL,
     "{'question':'action','agent':'a','history':[{" AT(
         "10:00:01") ",'kind':'allowed'," ACT
                     "}],'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']"
                     "}]," ACT "}",
     ALLOW},
    {"no grant either", ONE_BY("grant"), NULL, ACTION(DID(ACT)), LIMITED},
    {"lineage", ONE_BY("lineage"), NULL, ACTION_OF(",'lineage':'g'", DID(ACT ",'lineage':'g'")),
     LIMITED},
    {"another lineage", ONE_BY("lineage"), NULL, ACTION_OF(",'lineage':'g'", DID(ACT)), ALLOW},
    {"agent", ONE_BY("agent"), NULL, ACTION(DID(ACT)), LIMITED},
    {"another agent", ONE_BY("agent"), NULL, ACTION(DID(ACT ",'agent':'b'")), ALLOW},
    {"team", ONE_BY("team"), NULL, ACTION(DID(ACT ",'agent':'b'")), LIMITED},
    {"owner", ONE_BY("owner"), NULL, ACTION(DID(ACT ",'agent':'b'")), LIMITED},
    {"another owner", ONE_BY("owner"), NULL,
     ACTION(DID(ACT ",'agent':'c','policy':'p','rule':'r'")), ALLOW},
    {"resource", ONE_BY("resource"), NULL, ACTION(DID(ACT ",'agent':'b'")), LIMITED},
    {"another resource", ONE_BY("resource"), NULL,
     ACTION(DID("'action':'service.read','resource':'svc:staging/y'")), ALLOW},
    {"policy", ONE_BY("policy"), NULL, ACTION(DID(ACT ",'agent':'b'")), LIMITED},
    {"another policy", ONE_BY("policy"), NULL, ACTION(DID(ACT ",'policy':'q','rule':'r'")), ALLOW},
    {"another rule", ONE_BY("policy"), NULL, ACTION(DID(ACT ",'policy':'p','rule':'s'")), ALLOW},
    {"refused", ONE_BY("agent"), NULL, ACTION(NOT("'limit_exceeded'," ACT)), ALLOW},
    {"a window's edge", ONE_BY("agent"), NULL,
     ACTION("{" AT("09:00:00") ",'kind':'allowed'," ACT "}"), ALLOW},
    {"inside it", ONE_BY("agent"), NULL,
     ACTION("{" AT("09:00:00.001") ",'kind':'allowed'," ACT "}"), LIMITED},
};

static void test_keys(void **state)
{
    (void)state;
    HOLD(keys_rows);
}

#define SUM                LIMIT("{'sum':'rows','max':10,'within':'1h'}")
#define ROWS(n)            ",'context':{'rows':" n "}"
#define DISTINCT(what, by) LIMIT("{'distinct':'" what "','max':1,'within':'1h'" by "}")
static const struct world_row limits_rows[] = {
    {"uses", LIMIT("{'uses':1}," WIDE), NULL, ACTION_OF(",'grant':'g'", DID(ACT ",'grant':'g'")),
     LIMITED},
    {"grants", LIMIT("{'grants':1,'within':'1h'}"), NULL, GRANT(GOT(ITEMS("service.read"))),
     LIMITED},
    {"grants of no rule", LIMIT("{'grants':1,'within':'1h'}"), NULL, GRANT(GOT(ITEMS("x.y"))),
     ALLOW},
    {"grants of another's rule", LIMIT("{'grants':1,'within':'1h'}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'policy':'p','rule':'s'")), ALLOW},
    {"grants: an action is none", LIMIT("{'grants':1,'within':'1h'}"), NULL, GRANT(DID(ACT)),
     ALLOW},
    {"grants by grant: a request has none", LIMIT("{'grants':1,'within':'1h','by':'owner'}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'agent':'b'")), LIMITED},
    {"live", LIMIT("{'live_grants':1}"), NULL, GRANT(GOT(ITEMS("service.reset"))), LIMITED},
    {"ended", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.reset") ",'lifetime_s':60")), ALLOW},
    {"alive for a second", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.reset") ",'lifetime_s':61")), LIMITED},
    {"replaces the same", LIMIT("{'live_grants':1}"), NULL, GRANT(GOT(ITEMS("service.read"))),
     ALLOW},
    {"replaces the same, named", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'grant':'g','audience':'https://payments.example.gov'")),
     ALLOW},
    {"another's", LIMIT("{'live_grants':1,'by':'owner'}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'agent':'b'")), LIMITED},
    {"another key", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'binding':'mtls'")), LIMITED},
    {"another audience", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'audience':'https://x.example.gov'")), LIMITED},
    {"more items", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT("'items':[{'actions':['service.read','service.reset'],'resources':['svc:staging/"
               "x']}]")),
     LIMITED},
    {"another resource", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT("'items':[{'actions':['service.read'],'resources':['svc:staging/y']}]")), LIMITED},
    {"another policy's", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'policy':'q','rule':'r'")), ALLOW},
    {"another rule's", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'policy':'p','rule':'s'")), ALLOW},
    {"no longer the same", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'lifetime_s':0")), ALLOW},
    {"after now, where that is known later", LIMIT("{'live_grants':1}"), NULL,
     "{'question':'grant','agent':'a','history':[{" AT("10:00:01") ",'kind':'granted'," ITEMS(
         "service.reset") "}]," ITEMS("service.read") "}",
     ALLOW},
    {"fewer items", LIMIT("{'live_grants':1}"), NULL,
     QUESTION("grant",
              "'items':[{'actions':['service.read','service.reset'],'resources':['svc:"
              "staging/x']}]",
              GOT(ITEMS("service.read"))),
     LIMITED},
    {"the same, and no grant", LIMIT("{'live_grants':1}"), NULL,
     GRANT(DID(ACT) "," GOT(ITEMS("service.read"))), ALLOW},
    {"in the place of another rule too", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT("'items':[{'actions':['service.read'],'resources':['svc:staging/x'],'policy':'q'"
               ",'rule':'o'}]") "," GOT(ITEMS("service.reset"))),
     LIMITED},
    {"the same, in the place of another rule", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'policy':'p','rule':'s'") "," GOT(ITEMS("service.reset"))),
     LIMITED},
    {"the same, which ended", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT(ITEMS("service.read") ",'lifetime_s':0") "," GOT(ITEMS("service.reset"))), LIMITED},
    {"the same, after now", LIMIT("{'live_grants':1}"), NULL,
     "{'question':'grant','agent':'a','history':[" GOT(ITEMS("service.reset")) ",{" AT(
         "10:00:01") ",'kind':'granted'," ITEMS("service.read") "}]," ITEMS("service.read") "}",
     LIMITED},
    {"twice the same", LIMIT("{'live_grants':1}"), NULL,
     GRANT(GOT("'items':[{'actions':['service.read'],'resources':['svc:staging/x','svc:staging/"
               "x']}]")),
     ALLOW},
    {"under a stop", LIMIT("{'live_grants':1}"), NULL,
     QUESTION("grant", ITEMS("service.read") ",'stops':['grant:g']",
              GOT(ITEMS("service.reset") ",'grant':'g'")),
     ALLOW},
    {"under another", LIMIT("{'live_grants':1}"), NULL,
     QUESTION("grant", ITEMS("service.read") ",'stops':['grant:h']",
              GOT(ITEMS("service.reset") ",'grant':'g'")),
     LIMITED},
    {"of a stopped agent", LIMIT("{'live_grants':1,'by':'owner'}"), NULL,
     QUESTION("grant", ITEMS("service.read") ",'stops':['agent:b']",
              GOT(ITEMS("service.reset") ",'agent':'b'")),
     ALLOW},
    {"sum", SUM, NULL, ACTION_OF(ROWS("4"), DID(ACT ROWS("7"))), LIMITED},
    {"just in it", SUM, NULL, ACTION_OF(ROWS("3"), DID(ACT ROWS("7"))), ALLOW},
    {"no number adds nothing", SUM, NULL, ACTION_OF(ROWS("10"), DID(ACT ROWS("'7'")) "," DID(ACT)),
     ALLOW},
    {"nor does a negative one", SUM, NULL, ACTION_OF(ROWS("10"), DID(ACT ROWS("-7"))), ALLOW},
    {"distinct actions", DISTINCT("action", ""), NULL,
     ACTION(DID("'action':'service.write','resource':'svc:staging/x'")), LIMITED},
    {"the same action", DISTINCT("action", ""), NULL, ACTION(DID(ACT) "," DID(ACT)), ALLOW},
    {"distinct resources", DISTINCT("resource", ""), NULL,
     ACTION(DID("'action':'service.read','resource':'svc:staging/y'")), LIMITED},
    {"by team", DISTINCT("resource", ",'by':'team'"), NULL,
     ACTION(DID("'action':'service.read','resource':'svc:staging/y','agent':'b'")), LIMITED},
};

static void test_limits(void **state)
{
    (void)state;
    HOLD(limits_rows);
}

#define AFTER   ",'when':{'after':[{'actions':['other.*'],'within':'10m'}]}"
#define AFTER_Y ",'when':{'after':[{'actions':['other.*'],'resources':['svc:y'],'within':'10m'}]}"
#define AFTER_TWO                                                                                  \
    ",'when':{'after':[{'actions':['other.do'],'within':'10m'},{'actions':['other.be'],'within':'" \
    "10"                                                                                           \
    "m'},{'actions':['other.do'],'within':'20m'},{'actions':['other.do'],'within':'15m'}]}},{'id'" \
    ":'t','actions':['third.*'],'resources':["                                                     \
    "'s"                                                                                           \
    "vc:**'],'ttl':{'max':'1m'},'when':{'after':[{'actions':['other.do'],'within':'1h'}]}"
#define BEFORE(more) DID("'action':'other.do','resource':'svc:x'" more)
static const struct world_row after_rows[] = {
    {"done", AFTER, NULL, ACTION(BEFORE("")), ALLOW},
    {"done twice", AFTER, NULL, ACTION(BEFORE("") "," BEFORE("")), ALLOW},
    {"nothing done", AFTER, NULL, ACTION(""), "'order_violated'"},
    {"by the agent's own word", AFTER, NULL, ACTION(BEFORE(",'asked_by':'agent'")),
     "'order_violated'"},
    {"not reported", AFTER, NULL, ACTION(BEFORE(",'outcome':'missing'")), "'order_violated'"},
    {"not owed", AFTER, NULL, ACTION(BEFORE(",'outcome':'missing','policy':'p','rule':'r'")),
     ALLOW},
    {"of no rule", AFTER, NULL, ACTION(BEFORE(",'outcome':'missing','rule':'zz'")), ALLOW},
    {"another action", AFTER, NULL, ACTION(DID(ACT)), "'order_violated'"},
    {"its resource", AFTER_Y, NULL, ACTION(DID("'action':'other.do','resource':'svc:y'")), ALLOW},
    {"another resource", AFTER_Y, NULL, ACTION(BEFORE("")), "'order_violated'"},
    {"refused", AFTER, NULL, ACTION(NOT("'limit_exceeded','action':'other.do','resource':'svc:x'")),
     "'order_violated'"},
    {"malformed", AFTER, NULL, ACTION(DID("'action':'?','resource':'svc:x'")), "'order_violated'"},
    {"two that are looked for", AFTER_TWO, NULL,
     ACTION(BEFORE("") "," DID("'action':'other.be','resource':'svc:x'")), ALLOW},
    {"one of two", AFTER_TWO, NULL, ACTION(BEFORE("")), "'order_violated'"},
    {"too long ago", AFTER, NULL,
     ACTION("{" AT("09:49:00") ",'kind':'allowed','action':'other.do','resource':'svc:x'}"),
     "'order_violated'"},
    {"another agent's", AFTER, NULL,
     ACTION(DID("'agent':'b','action':'other.do','resource':'svc:x'")), "'order_violated'"},
};

static void test_after(void **state)
{
    (void)state;
    HOLD(after_rows);
}

#define STOP(more) "{'id':'s','then':'suspend_agent'," more "}"
#define TWO        ",'count':2,'within':'1h'"
#define FIRES      "'trips':['p/s']"
#define QUIETLY    "'trips':[]"

#define ON(what) STOP("'on':'" what "'" TWO)
#define REFUSED_ACTION                                                                      \
    "'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}],'action':'x." \
    "y','resource':'svc:staging/x'"
#define FIVE(n)          "'svc:" n "0','svc:" n "1','svc:" n "2','svc:" n "3','svc:" n "4'"
#define TWENTY(n)        FIVE(n "a") "," FIVE(n "b") "," FIVE(n "c") "," FIVE(n "d")
#define MANY_NAMES       TWENTY("a") "," TWENTY("b") "," TWENTY("c") "," TWENTY("d")
#define REFUSED(history) QUESTION("action", REFUSED_ACTION, history)
static const struct world_row stops_rows[] = {
    {"allowed", "", ON("allowed"), ACTION(DID(ACT)), FIRES},
    {"allowed of a request", "", ON("allowed"), ACTION(GOT(ITEMS("service.read"))), QUIETLY},
    {"granted", "", ON("granted"), GRANT(GOT(ITEMS("service.read"))), FIRES},
    {"granted is no action", "", ON("granted"), GRANT(DID(ACT)), QUIETLY},
    {"denied", "", ON("denied"), REFUSED(NOT("'out_of_scope'," ACT)), FIRES},
    {"denied request", "", ON("denied"), REFUSED(NOT("'out_of_scope'," ITEMS("x.y"))), FIRES},
    {"attempted", "", ON("attempted"), REFUSED(DID(ACT)), FIRES},
    {"nobody's victim", "", ON("denied"), REFUSED(NOT("'wrong_audience'," ACT)), QUIETLY},
    {"nor with another's key", "", ON("denied"), REFUSED(NOT("'binding_mismatch'," ACT)), QUIETLY},
    {"a request is", "", ON("denied"), REFUSED(NOT("'wrong_audience'," ITEMS("x.y"))), FIRES},
    {"what a stop refused", "", ON("attempted"),
     ACTION(NOT("'hard_stop','policy':'p','rule':'s'," ACT)), FIRES},
    {"what another stop refused", "", ON("allowed"),
     ACTION(NOT("'hard_stop','policy':'p','rule':'t'," ACT)), QUIETLY},
    {"what another policy's refused", "", ON("allowed"),
     ACTION(NOT("'hard_stop','policy':'q','rule':'s'," ACT)), QUIETLY},
    {"what it refused, denied", "", ON("denied"),
     REFUSED(NOT("'hard_stop','policy':'p','rule':'s'," ACT)), QUIETLY},
    {"more items than a grant holds", "",
     STOP("'on':'denied','distinct':'resource','max':63,'within':'1h'"),
     REFUSED(NOT("'out_of_scope','items':[{'actions':['x.y'],'resources':[" MANY_NAMES "]}]")),
     FIRES},
    {"names that are none", "", ON("denied"),
     REFUSED(NOT("'malformed','items':[{'actions':['x..y'],'resources':['svc:x']}]")), FIRES},
    {"resources that are none", "", STOP("'on':'denied','actions':['**']" TWO),
     REFUSED(NOT("'malformed','items':[{'actions':['x.y'],'resources':['svc:']}]")), QUIETLY},
    {"an action's resource that is none", "", STOP("'on':'denied','actions':['**']" TWO),
     REFUSED(NOT("'malformed','action':'x.y','resource':'svc:'")), QUIETLY},
    {"an agent of another policy", "",
     "{'id':'s','on':'allowed','by':'team','then':'stop_team','count':2,'within':'1h'}",
     ACTION(DID(ACT ",'agent':'c'")), QUIETLY},
    {"after what one of another policy did", "",
     "{'id':'s','on':'allowed','by':'team','then':'stop_team','after':{'actions':['other.*'],'withi"
     "n':'10m'}}",
     ACTION(DID("'agent':'c','action':'other.do','resource':'svc:x'")), QUIETLY},
    {"an agent of the policy", "",
     "{'id':'s','on':'allowed','by':'team','then':'stop_team','count':2,'within':'1h'}",
     ACTION(DID(ACT ",'agent':'b'")), FIRES},
    {"inside its actions", "", STOP("'on':'allowed','actions':['service.read']" TWO),
     ACTION(DID("'action':'service.write','resource':'svc:staging/x'")), QUIETLY},
    {"unaccounted", "", ON("unaccounted"),
     "{'question':'event','agent':'a','now':'2026-11-20T10:00:00Z','history':[{" AT(
         "09:59:00") ",'kind':'unaccounted'," ACT "}],'kind':'unaccounted'," ACT "}",
     FIRES},
    {"unaccounted, once", "", ON("unaccounted"),
     "{'question':'event','agent':'a','kind':'unaccounted','history':[" DID(ACT) "]," ACT "}",
     QUIETLY},
    {"sum", "", STOP("'on':'allowed','sum':'rows','max':10,'within':'1h'"),
     ACTION_OF(ROWS("4"), DID(ACT ROWS("7")) "," NOT(
                              "'hard_stop','policy':'p','rule':'s'," ITEMS("service.read"))),
     FIRES},
    {"distinct actions", "", STOP("'on':'allowed','distinct':'action','max':1,'within':'1h'"),
     ACTION(DID("'action':'service.write','resource':'svc:staging/x'")), FIRES},
    {"distinct resources", "", STOP("'on':'granted','distinct':'resource','max':1,'within':'1h'"),
     GRANT(GOT("'items':[{'actions':['service.read'],'resources':['svc:staging/y']}]")), FIRES},
    {"after", "", STOP("'on':'allowed','after':{'actions':['other.*'],'within':'10m'}"),
     ACTION(BEFORE(",'asked_by':'agent'")), FIRES},
    {"after nothing", "", STOP("'on':'allowed','after':{'actions':['other.*'],'within':'10m'}"),
     ACTION(""), QUIETLY},
};

static void test_stops(void **state)
{
    (void)state;
    HOLD(stops_rows);
}

static void test_signals(void **state)
{
#define HEARD(name, from) \
    "{" AT("09:59:00") ",'kind':'signal','signal':'" name "','from':'" from "'}"
#define SIGNAL(history)                                                                      \
    "{'question':'event','agent':'a','now':'2026-11-20T10:00:00Z','kind':'signal','signal':" \
    "'edr','from':'other','history':[" history "]}"
#define ON_SIGNAL STOP("'on':'signal','signal':'edr','from':['other','payments-api']" TWO)
    static const struct world_row rows[] = {
        {"twice", "", ON_SIGNAL, SIGNAL(HEARD("edr", "payments-api")), FIRES},
        {"once", "", ON_SIGNAL, SIGNAL(""), QUIETLY},
        {"another", "", ON_SIGNAL, SIGNAL(HEARD("ids", "other")), QUIETLY},
        {"no signal", "", ON_SIGNAL, SIGNAL(DID(ACT)), QUIETLY},
        {"from another", "", STOP("'on':'signal','signal':'edr','from':['other']" TWO),
         SIGNAL(HEARD("edr", "payments-api")), QUIETLY},
        {"nothing of the kind", "", ON_SIGNAL,
         "{'question':'event','agent':'a','kind':'unaccounted','history':[" HEARD(
             "edr", "other") "]," ACT "}",
         QUIETLY},
    };
    (void)state;
    HOLD(rows);
}

/* More different names than fit where they are first kept, and a window that is full. */
static void test_many(void **state)
{
    enum { MANY = 4200 };
    static char history[MANY * 192];
    static char question[sizeof history + 1024];
    static const struct {
        const char *rule, *want;
        int n;
    } rows[] = {
        {LIMIT("{'distinct':'resource','max':150,'within':'1h'}"), "'limit_exceeded'", 150},
        {LIMIT("{'distinct':'resource','max':151,'within':'1h'}"), "'allow'", 150},
        /* more than a figure holds */
        {LIMIT("{'sum':'rows','max':9007199254740991,'within':'1h'}"), "'limit_exceeded'", 1100},
        {LIMIT("{'count':4096,'within':'1h'}"), "'limit_exceeded'", MANY},
    };
    (void)state;
    for (size_t r = 0; r < AMBIT_LEN(rows); r++) {
        size_t at = 0;
        for (int i = 0; i < rows[r].n; i++)
            at += (size_t)snprintf(
                history + at, sizeof history - at,
                "%s" DID(
                    "'action':'service.read','resource':'svc:staging/%d'" ROWS("9007199254740991")),
                i ? "," : "", i);
        int len = snprintf(question, sizeof question, ACTION_OF(ROWS("1"), "%s"), history);
        assert_true(len > 0 && (size_t)len < sizeof question);
        struct world_row row = {"many", rows[r].rule, NULL, question, rows[r].want};
        hold(&row, 1);
    }
}

/* A window that is full takes no more, whatever the limit says. */
static void test_full(void **state)
{
    static struct ambit_entry entries[AMBIT_WINDOW_MAX];
    const struct world_row row = {"full", ONE_BY("agent"), NULL, "", ""};
    struct ambit_hypothesis h = {
        .now_ms = LAB_NOW_MS, .entries = entries, .n_entries = AMBIT_WINDOW_MAX};
    const struct ambit_figure_query query = {.policy = AMBIT_STR("p"),
                                             .id = AMBIT_STR("r"),
                                             .kind = AMBIT_LIMIT_COUNT,
                                             .by = AMBIT_BY_AGENT,
                                             .key = AMBIT_STR("a"),
                                             .within_ms = 3600000};
    struct ambit_world world;
    int64_t figure = 0;
    (void)state;
    for (size_t i = 0; i < AMBIT_WINDOW_MAX; i++)
        entries[i] = (struct ambit_entry){.at_ms = LAB_NOW_MS - 1,
                                          .kind = AMBIT_ENTRY_ALLOWED,
                                          .agent = AMBIT_STR("a"),
                                          .action = AMBIT_STR("service.read"),
                                          .resource = AMBIT_STR("svc:staging/x"),
                                          .policy = AMBIT_STR("p"),
                                          .rule = AMBIT_STR("r")};
    open_row(&row);
    assert_int_equal(ambit_world_of_hypothesis(lab.set, &h, &lab.arena, &world), AMBIT_OK);
    assert_int_equal(world.figure(world.ctx, &query, &figure), AMBIT_OK);
    assert_true(figure == AMBIT_FIGURE_FULL);
    h.n_entries--;
    assert_int_equal(world.figure(world.ctx, &query, &figure), AMBIT_OK);
    assert_int_equal(figure, AMBIT_WINDOW_MAX - 1);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),  cmocka_unit_test(test_limits),  cmocka_unit_test(test_after),
        cmocka_unit_test(test_stops), cmocka_unit_test(test_signals), cmocka_unit_test(test_many),
        cmocka_unit_test(test_full),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
