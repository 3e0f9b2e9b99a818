/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest change that would pass, where there is more than one thing in its way: what would
 * pass is found by asking again, and where nothing that the caller can change would, that is said
 * (policy-language.md, "Answers teach, and do not leak"). */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct lab lab;

struct corner {
    const char *name, *p; /* members of policy p from `allow` on */
    const char *question, *want;
};

#define NOW      "'agent':'remediator','now':'2026-11-20T10:00:00Z'"
#define AT(time) "'at':'2026-11-20T" time "Z'"
#define RULE_OF(id, action, resource, more)                                \
    "{'id':'" id "','actions':['" action "'],'resources':['" resource "']" \
    ",'ttl':{'max':'15m'}" more "}"
#define RULE(more)  "'allow':[" RULE_OF("r", "service.*", "svc:staging/**", more) "]," LAB_QUIET
#define WHEN(more)  RULE(",'when':{" more "}")
#define SPENT(when) RULE(",'when':{" when "},'limits':[{'count':1,'within':'30d'}]")
#define GIVEN(when) RULE(",'when':{" when "},'limits':[{'grants':1,'within':'30d'}]")
#define HELD        ",'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define DONE            \
    ",'history':[{" AT( \
        "09:59:00") ",'kind':'allowed','action':'service.read','resource':'svc:staging/x'}]"
#define GOT ",'history':[{" AT("09:59:00") ",'kind':'granted','items':[" READ "]}]"
#define READS(more) \
    "{'question':'action'," NOW ",'action':'service.read','resource':'svc:staging/x'" HELD more "}"
#define ITEM(a, r)         "{'actions':['" a "'],'resources':['" r "']}"
#define READ               ITEM("service.read", "svc:staging/x")
#define WANTS(items, more) "{'question':'grant'," NOW ",'items':[" items "]" more "}"
#define NOTHING            "'remedy':{'change':'none'"
#define CONTEXT(value)     "'remedy':{'change':'add_context','value':{" value "}"
#define CHANGE(word)       "'remedy':{'change':'" word "'"

#define TEN(p)                                                                                    \
    "'" p "0':1,'" p "1':1,'" p "2':1,'" p "3':1,'" p "4':1,'" p "5':1,'" p "6':1,'" p "7':1,'" p \
    "8':1,'" p "9':1"
#define SEVENTY \
    TEN("a") "," TEN("b") "," TEN("c") "," TEN("d") "," TEN("e") "," TEN("f") "," TEN("g")
#define FIVE(p) "'svc:" p "0','svc:" p "1','svc:" p "2','svc:" p "3','svc:" p "4'"
#define MANY_NAMES \
    FIVE("a") "," FIVE("b") "," FIVE("c") "," FIVE("d") "," FIVE("e") "," FIVE("f") "," FIVE("g")

static void hold(const struct corner *corners, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct lab_policy policy = {"p", "", corners[i].p};
        struct question_row row = {corners[i].name, corners[i].question, corners[i].want};
        lab_open(&lab, &policy, 1);
        question_hold(&lab, &row, 1);
        lab_close(&lab);
    }
}
#define HOLD(rows) hold(rows, AMBIT_LEN(rows))

static void test_context(void **state)
{
    static const struct corner rows[] = {
        {"what it must equal", WHEN("'context':{'m':{'equals':'a'}}"), READS(""),
         CONTEXT("'m':'a'")},
        {"a truth", WHEN("'context':{'m':{'equals':true}}"), READS(""), CONTEXT("'m':true")},
        {"one of a list", WHEN("'context':{'m':{'in':[3,4]}}"), READS(""), CONTEXT("'m':3")},
        {"at most", WHEN("'context':{'m':{'max':7}}"), READS(""), CONTEXT("'m':7")},
        {"at least", WHEN("'context':{'m':{'min':7}}"), READS(""), CONTEXT("'m':7")},
        {"of a form", WHEN("'context':{'m':{'matches':'INC-*'}}"), READS(""),
         CONTEXT("'m':'INC-'")},
        {"of any form", WHEN("'context':{'m':{'matches':'*'}}"), READS(""), CONTEXT("'m':'1'")},
        {"instead of what is there", WHEN("'context':{'m':{'equals':'a'}}"),
         READS(",'context':{'n':1,'m':'b'}"), CONTEXT("'m':'a'")},
        {"two, one after the other", WHEN("'context':{'m':{'equals':1},'n':{'equals':2}}"),
         READS(""), CONTEXT("'m':1,'n':2")},
        {"an amount", RULE(",'limits':[{'sum':'m','max':9,'within':'1h'}]"), READS(""),
         CONTEXT("'m':1")},
        {"of which the test takes too little", WHEN("'context':{'m':{'in':[3],'max':2}}"),
         READS(""), NOTHING},
        {"and a reason", WHEN("'context':{'m':{'equals':1}},'reason':true"), READS(""), NOTHING},
        {"and then too many", SPENT("'context':{'m':{'equals':1}}"), READS(DONE), NOTHING},
        {"of a rule that is not there",
         "'allow':[" RULE_OF("o", "service.*", "svc:staging/**", "") "]," LAB_QUIET,
         "{'question':'action'," NOW ",'action':'service.read','resource':'svc:staging/x','grant_it"
         "ems':[{'actions':['service.*'],'resources':['svc:staging/**'],'policy':'p','rule':'r'}]}",
         NOTHING},
    };
    (void)state;
    HOLD(rows);
}

static void test_actions(void **state)
{
    static const struct corner rows[] = {
        {"a reason", WHEN("'reason':true"), READS(""),
         CONTEXT("'stated_reason':'why this is done'")},
        {"a reason, and then too many", SPENT("'reason':true"), READS(DONE), NOTHING},
        {"the source", WHEN("'source':['10.0.0.0/8']"), READS(""),
         CONTEXT("'source':'10.0.0.0/8'")},
        {"another source", WHEN("'source':['10.0.0.0/8']"), READS(",'source':'192.0.2.1'"),
         NOTHING},
        {"the source, and then too many", SPENT("'source':['10.0.0.0/8']"), READS(DONE), NOTHING},
        {"what comes first", WHEN("'after':[{'actions':['b'],'within':'1h'}]"), READS(""),
         "First this must be allowed"},
        {"what comes first, of three, on two",
         WHEN("'after':[{'actions':['b','c','d'],'resources':['svc:x','svc:y'],'within':'1h'},{'act"
              "ions':['e'],'within':'1h'}]"),
         READS(""), "b, c or d on svc:x or svc:y; and e."},
        {"what comes first, and then too many", SPENT("'after':[{'actions':['b'],'within':'1h'}]"),
         READS(DONE), NOTHING},
        {"approval", RULE(",'approval':{'at':'action','roles':['oncall'],'timeout':'5m'}"),
         READS(""), CHANGE("ask_approval")},
        {"the hours", WHEN("'hours':[{'from':'11:00','to':'12:00','zone':'UTC'}]"), READS(""),
         "'remedy':{'change':'wait','value':'2026-11-20T11:00:00.000Z'"},
        {"the hours, of a rule that nobody can use then",
         WHEN("'hours':[{'from':'11:00','to':'12:00','zone':'UTC'}],'reason':true"), READS(""),
         NOTHING},
        {"the window", RULE(",'limits':[{'count':1,'within':'1h'}]"), READS(DONE),
         "'remedy':{'change':'wait','value':'2026-11-20T10:59:00.000Z'"},
        {"half of so much", RULE(",'limits':[{'sum':'m','max':9,'within':'1h'}]"),
         READS(",'context':{'m':30}"), CONTEXT("'m':9")},
        {"nothing of so much", RULE(",'limits':[{'sum':'m','max':9,'within':'1h'},{'uses':1}]"),
         READS(",'grant':'g','context':{'m':30},'history':[{" AT(
             "09:59:00") ",'kind':'allowed','grant':'g','action':'service.read','resource':'svc:st"
                         "aging/x','context':{'m':1}}]"),
         NOTHING},
        {"of one of two sums",
         RULE(",'limits':[{'count':9,'within':'1h'},{'sum':'n','max':9,'within':'1h'},{'sum':'m','"
              "max':9,'within':'1h'}]"),
         READS(",'context':{'m':30,'n':1}"), CONTEXT("'m':9")},
        {"with more context than there may be", RULE(""), READS(",'context':{" SEVENTY "}"),
         NOTHING},
        {"used up for ever", RULE(",'limits':[{'uses':1},{'count':9,'within':'1h'}]"),
         READS(",'grant':'g','history':[{" AT(
             "09:59:00") ",'kind':'allowed','grant':'g','action':'service.read','resource':'svc:st"
                         "aging/x'}]"),
         NOTHING},
    };
    (void)state;
    HOLD(rows);
}

static void test_grants(void **state)
{
    static const struct corner rows[] = {
        {"a purpose", WHEN("'purpose':'INC-*'"), WANTS(READ, ""),
         "'remedy':{'change':'state_purpose','value':'INC-*'"},
        {"a purpose, and then too many", GIVEN("'purpose':'INC-*'"), WANTS(READ, GOT), NOTHING},
        {"a key", RULE(",'bind':['mtls']"), WANTS(READ, ""),
         "'remedy':{'change':'bind','value':'mtls'"},
        {"a key, and then too many",
         RULE(",'bind':['dpop'],'limits':[{'grants':1,'within':'30d'}]"), WANTS(READ, GOT),
         NOTHING},
        {"what comes first", WHEN("'after':[{'actions':['b'],'within':'1h'}]"), WANTS(READ, ""),
         "First this must be allowed"},
        {"what comes first, and then too many", GIVEN("'after':[{'actions':['b'],'within':'1h'}]"),
         WANTS(READ, GOT), NOTHING},
        {"approval", RULE(",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m'}"),
         WANTS(READ, ""), CHANGE("ask_approval")},
        {"a lifetime", RULE(""), WANTS(READ, ",'lifetime_s':0"),
         "'remedy':{'change':'shorten','value':900"},
        {"a lifetime, and then too many", GIVEN(""), WANTS(READ, ",'lifetime_s':-1" GOT), NOTHING},
        {"the same for live ones", RULE(",'limits':[{'live_grants':1}]"),
         WANTS(ITEM("service.stop", "svc:staging/x"), GOT), NOTHING},
        {"live ones, at another hour",
         RULE(",'when':{'hours':[{'from':'11:00','to':'12:00','zone':'UTC'}]},'limits':[{'live_gran"
              "ts':1},{'grants':2,'within':'1h'}]"),
         WANTS(READ, GOT), CHANGE("wait")},
        {"one item less", RULE(""), WANTS(READ "," ITEM("x", "svc:y"), ""), CHANGE("narrow_items")},
        {"two items less, one everywhere", RULE(""),
         WANTS(ITEM("x", "svc:y") ",{'actions':['service.read']}," ITEM("z", "svc:y"), ""),
         "'value':[{'actions':['service.read']}]"},
        {"every item less", RULE(""), WANTS(ITEM("x", "svc:y") "," ITEM("z", "svc:y"), ""),
         NOTHING},
        {"a narrower item", RULE(""), WANTS(ITEM("service.**", "svc:staging/x"), ""),
         "'value':[{'actions':['service.*'],'resources':['svc:staging/x']}]"},
        {"narrower, of a variable's rule",
         "'allow':[" RULE_OF("q", "service.*", "svc:${purpose}/**", "") "," RULE_OF(
             "r", "service.*", "svc:${agent}/**", "") "]," LAB_QUIET,
         WANTS(ITEM("service.read", "svc:**"), ""),
         "'value':[{'actions':['service.read'],'resources':['svc:remediator/**']}]"},
        {"narrower than the parent holds", RULE(",'delegation':{'depth':2}"),
         WANTS(ITEM("service.*", "svc:staging/**"),
               ",'parent':{'agent':'remediator','items':[{'actions':['a..b'],'resources':['svc:']},"
               "{'actions':['service.read'],'resources':['svc:staging/**']}]}"),
         NOTHING},
        {"nothing narrower, by how it begins",
         "'allow':[" RULE_OF("r", "service.re*", "svc:staging/**", "") "]," LAB_QUIET,
         WANTS(ITEM("service.r", "svc:staging/**"), ""), NOTHING},
        {"nothing narrower, by how it ends",
         "'allow':[" RULE_OF("r", "service.r*ead", "svc:staging/**", "") "]," LAB_QUIET,
         WANTS(ITEM("service.r", "svc:staging/**"), ""), NOTHING},
        {"more items than there may be", RULE(""),
         WANTS("{'actions':['service.read'],'resources':[" MANY_NAMES "]}", ""), NOTHING},
        {"an item of no form", RULE(""), WANTS(ITEM("a..b", "svc:x"), ""), NOTHING},
        {"a resource of no form", RULE(""), WANTS(ITEM("a.b", "svc:"), ""), NOTHING},
        {"everywhere, of nothing", RULE(""), WANTS("{'actions':['x.y']}", ""), NOTHING},
        {"not begun, and then expired", RULE(""),
         WANTS(READ, ",'audience':'https://nobody.example.gov'"), NOTHING},
    };
    (void)state;
    HOLD(rows);
}

/* What would take more tries than there are is not found, and nothing is said that was not tried.
 */
static void test_tries(void **state)
{
    static char body[16000];
    int len = snprintf(body, sizeof body, "'allow':[");
    (void)state;
    for (int i = 0; i < 170; i++)
        len +=
            snprintf(body + len, sizeof body - (size_t)len,
                     "%s{'id':'r%d','actions':['a.%d'],'resources':['svc:**'],'ttl':{'max':'1m'},"
                     "'bind':['dpop']}",
                     i ? "," : "", i, i);
    len += snprintf(body + len, sizeof body - (size_t)len, "]," LAB_QUIET);
    assert_true(len > 0 && (size_t)len < sizeof body);
    const struct corner rows[] = {
        {"narrower, by more rules", body, WANTS(ITEM("a.*", "svc:**"), ""), NOTHING},
        {"narrower, by more that are held above", body,
         WANTS(
             ITEM("a.*", "svc:**"),
             ",'parent':{'agent':'remediator','items':[{'actions':['a.1','a.2','a.3','a.4','a.5','"
             "a.6','a.7','a.8','a.9','a.10','a.11','a.12','a.13','a.14','a.15','a.16'],'resources'"
             ":['svc:a','svc:b','svc:c','svc:d','svc:e','svc:f','svc:g','svc:h','svc:i','svc:j','s"
             "vc:k']}]}"),
         NOTHING},
        {"less of two sums, or later",
         RULE(",'limits':[{'sum':'m','max':1,'within':'30d'},{'sum':'n','max':1,'within':'30d'},{'u"
              "ses':1},{'count':9,'within':'30d'}]"),
         READS(",'grant':'g','context':{'m':9007199254740991,'n':9007199254740991},'history':[{" AT(
             "09:59:00") ",'kind':'allowed','grant':'g','action':'service.read','resource':'svc:sta"
                         "ging/x','context':{'m':1,'n':1}}]"),
         NOTHING},
    };
    HOLD(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context), cmocka_unit_test(test_actions),
        cmocka_unit_test(test_grants),  cmocka_unit_test(test_tries),
        cmocka_unit_test(test_tries),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
