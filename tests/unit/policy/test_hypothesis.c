/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a hypothetical question (policy-language.md, "Explain and tests" among the settled
 * questions): every member, every value of a wrong type, unknown names. */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "chain.h"

static struct chain chain;

#define WANTED       "'items':[{'actions':['service.read'],'resources':['svc:staging/x']}]"
#define HELD         "'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define ACT          "'action':'service.read','resource':'svc:staging/x'"
#define GRANT(more)  "{'question':'grant','agent':'a'," WANTED more "}"
#define ACTION(more) "{'question':'action','agent':'a'," HELD "," ACT more "}"
#define PARENT(more) "{'question':'grant','agent':'b'," WANTED ",'parent':{" more "}}"

#define HOLD(rows) QUESTION_HOLD(&chain.lab, rows)

static void test_members(void **state)
{
    static const struct question_row rows[] = {
        {"no object", "[]", "malformed : not a question; an object"},
        {"no question", "{'agent':'a'}", "malformed : member missing; \"question\""},
        {"a number for a question", "{'question':1}", "malformed /question: no such question"},
        {"another question", "{'question':'x'}", "malformed /question: no such question"},
        {"no agent", "{'question':'grant'}", "malformed : member missing; agent"},
        {"agent", "{'question':'grant','agent':1}", "malformed /agent: not a text"},
        {"unknown agent", "{'question':'grant','agent':'zed'}",
         "not_found /agent: no such agent; the name of a document of the set"
         "zed"},
        {"now", GRANT(",'now':'soon'"), "malformed /now: not an instant"},
        {"now, a number", GRANT(",'now':1"), "malformed /now: not an instant"},
        {"unknown member", GRANT(",'a/b~':1"), "malformed /a~1b~0: unknown member"},
        {"a member of the other", GRANT(",'context':{}"), "malformed /context: unknown member"},
        {"source", GRANT(",'source':7"), "malformed /source: not a text"},
        {"source that is no address", GRANT(",'source':'home'"), "'allow'"},
        {"source of both kinds", GRANT(",'source':'::1'"), "'allow'"},
        {"history", GRANT(",'history':{}"), "malformed /history: not a history"},
        {"stops", GRANT(",'stops':{}"), "malformed /stops: not a list"},
        {"approval", GRANT(",'approval':1"), "malformed /approval: not a text"},
        {"another approval", GRANT(",'approval':'no'"),
         "malformed /approval: no answer of an approval"},
        {"approval given", GRANT(",'approval':'given'"), "'allow'"},
        {"approval rejected", GRANT(",'approval':'rejected'"), "'allow'"},
        {"purpose", GRANT(",'purpose':[]"), "malformed /purpose: not a text"},
        {"composition", GRANT(",'composition':null"), "malformed /composition: not a text"},
        {"binding", GRANT(",'binding':true"), "malformed /binding: not a text"},
        {"another binding", GRANT(",'binding':'none'"), "malformed /binding: no way of binding"},
        {"audience", GRANT(",'audience':{}"), "malformed /audience: not a text"},
        {"an empty audience", GRANT(",'audience':''"), "'reason':'"},
        {"items", "{'question':'grant','agent':'a','items':'x'}", "malformed /items: not a list"},
        {"no items", "{'question':'grant','agent':'a'}", "'nothing_requested'"},
        {"lifetime", GRANT(",'lifetime_s':'1'"), "malformed /lifetime_s: not a number"},
        {"lifetime, no whole number", GRANT(",'lifetime_s':1.5"), "'malformed'"},
        {"lifetime", GRANT(",'lifetime_s':60"), "'lifetime_s':60"},
        {"all members",
         GRANT(",'now':'2026-11-20T10:00:00Z','purpose':'p','composition':'" LAB_COMPOSITION
               "','binding':'mtls','audience':'https://"
               "payments.example.gov','source':'10.0.0.1','history':[],'stops':[]"),
         "'allow'"},
    };
    (void)state;
    HOLD(rows);
}

static void test_items(void **state)
{
#define ITEMS(list)  "{'question':'grant','agent':'a','items':[" list "]}"
#define GIVEN(list)  "{'question':'action','agent':'a','grant_items':[" list "]," ACT "}"
#define EXCEPT(list) ACTION(",'except':" list)
    static const struct question_row rows[] = {
        {"no object", ITEMS("1"), "malformed /items/0: not an item; an object"},
        {"no actions", ITEMS("{'resources':[]}"), "malformed /items/0: member missing; actions"},
        {"actions", ITEMS("{'actions':'x'}"),
         "malformed /items/0/actions: not a list; a list of texts"},
        {"an action", ITEMS("{'actions':['x',1]}"), "malformed /items/0/actions/1: not a text"},
        {"resources", ITEMS("{'actions':[],'resources':1}"),
         "malformed /items/0/resources: not a list"},
        {"unknown", ITEMS("{'actions':[],'policy':'pa'}"),
         "malformed /items/0/policy: unknown member; actions resources"},
        {"an action alone", ITEMS("{'actions':['service.read']}"), "'allow'"},
        {"every pair",
         ITEMS("{'actions':['service.read','service.restart'],'resources':['svc:staging/"
               "x','svc:staging/y']}"),
         "'allow'"},
        {"not a list", "{'question':'action','agent':'a','grant_items':1," ACT "}",
         "malformed /grant_items: not a list"},
        {"no object", GIVEN("[]"), "malformed /grant_items/0: not an item"},
        {"no resources", GIVEN("{'actions':['a']}"),
         "malformed /grant_items/0: member missing; actions and resources"},
        {"policy", GIVEN("{'actions':[],'resources':[],'policy':1}"),
         "malformed /grant_items/0/policy: not a text"},
        {"unknown policy", GIVEN("{'actions':[],'resources':[],'policy':'x'}"),
         "not_found /grant_items/0/policy: no such policy"},
        {"rule", GIVEN("{'actions':[],'resources':[],'rule':1}"),
         "malformed /grant_items/0/rule: not a text"},
        {"id", GIVEN("{'actions':[],'resources':[],'id':'n'}"),
         "malformed /grant_items/0/id: unknown member; actions resources policy rule"},
        {"of its policy",
         GIVEN("{'actions':['service.*'],'resources':['svc:staging/**'],'policy':'pa'}"),
         "'allow'"},
        {"of its rule",
         GIVEN("{'actions':['service.*'],'resources':['svc:staging/**'],'rule':'ra'}"), "'allow'"},
        {"of both",
         GIVEN(
             "{'actions':['service.*'],'resources':['svc:staging/**'],'policy':'pa','rule':'ra'}"),
         "'allow'"},
        {"of a policy it does not name",
         GIVEN("{'actions':['service.*'],'resources':['svc:staging/**'],'policy':'pb'}"),
         "'policy_changed'"},
        {"of no rule", GIVEN("{'actions':['zone.*'],'resources':['svc:staging/**']}"),
         "'out_of_scope'"},
        {"no pattern", GIVEN("{'actions':['?'],'resources':['svc:staging/**']}"), "'out_of_scope'"},
        {"no resource", GIVEN("{'actions':['service.*'],'resources':['?']}"), "'out_of_scope'"},
        {"except", EXCEPT("1"), "malformed /except: not a list"},
        {"unknown", EXCEPT("[{'rule':'x'}]"),
         "malformed /except/0/rule: unknown member; actions resources policy id"},
        {"id", EXCEPT("[{'id':1}]"), "malformed /except/0/id: not a text"},
        {"no actions", EXCEPT("[{'resources':[]}]"), "malformed /except/0: member missing"},
        {"excepted",
         EXCEPT("[{'policy':'pa','id':'n','actions':['service.read'],'resources':['svc:**']}]"),
         "'out_of_scope'"},
    };
    (void)state;
    HOLD(rows);
}

static void test_actions(void **state)
{
    static const struct question_row rows[] = {
        {"as it is", ACTION(""), "'allow'"},
        {"no action", "{'question':'action','agent':'a'," HELD ",'resource':'svc:x'}",
         "malformed : member missing; grant_items, action and resource"},
        {"no resource", "{'question':'action','agent':'a'," HELD ",'action':'a'}",
         "malformed : member missing"},
        {"no items", "{'question':'action','agent':'a'," ACT "}", "malformed : member missing"},
        {"action", "{'question':'action','agent':'a','action':1}", "malformed /action: not a text"},
        {"resource", "{'question':'action','agent':'a','resource':1}",
         "malformed /resource: not a text"},
        {"context", ACTION(",'context':[]"), "malformed /context: not a context"},
        {"values of a context",
         ACTION(",'context':{'a':'t','b':1,'c':true,'d':false,'e':null,'f':1.5,'g':[],'h':{}}"),
         "'allow'"},
        {"reserved members",
         ACTION(",'context':{'source':'10.0.0.1','stated_reason':'r','arguments_digest':'d'}"),
         "'allow'"},
        {"stated reason", ACTION(",'context':{'stated_reason':1}"),
         "malformed /context/stated_reason: not a text"},
        {"context.source", ACTION(",'context':{'source':1}"),
         "malformed /context/source: not a text"},
        {"the question's own source", ACTION(",'source':'10.0.0.1','context':{'source':1}"),
         "'allow'"},
        {"grant", ACTION(",'grant':1"), "malformed /grant: not a text"},
        {"lineage", ACTION(",'lineage':[]"), "malformed /lineage: not a text"},
        {"issued_at", ACTION(",'issued_at':'then'"), "malformed /issued_at: not an instant"},
        {"expires_at", ACTION(",'expires_at':0"), "malformed /expires_at: not an instant"},
        {"expired",
         ACTION(",'issued_at':'2026-11-20T09:00:00Z','expires_at':'2026-11-20T09:01:00Z'"),
         "'inactive'"},
        {"all members",
         ACTION(",'grant':'g','lineage':'l','audience':'https://"
                "payments.example.gov','purpose':'p','composition':'c','binding':'dpop','approval':"
                "'given','history':[]"),
         "'allow'"},
        {"an audience of no service", ACTION(",'audience':'https://no.example.gov'"),
         "'wrong_audience'"},
        {"stopped by the name it was told by", ACTION(",'grant':'g','stops':['grant:g']"),
         "'stopped'"},
        {"by its id",
         ACTION(",'grant':'ZAcAAAAAAAAAAAAAAAAAAA','stops':['grant:ZAcAAAAAAAAAAAAAAAAAAA']"),
         "'stopped'"},
        {"by its lineage", ACTION(",'grant':'g','lineage':'l','stops':['grant:other','lineage:l']"),
         "'stopped'"},
        {"another grant", ACTION(",'grant':'g','stops':['grant:h']"), "'allow'"},
        {"no grant told", ACTION(",'stops':['grant:h']"), "'allow'"},
    };
    (void)state;
    HOLD(rows);
}

static void test_parents(void **state)
{
#define FIT "'agent':'a','items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define BELOW(grand)                                                                              \
    "{'question':'grant','agent':'c'," WANTED ",'parent':{'agent':'b','items':[{'actions':['serv" \
    "ice.*'],'resources':['svc:staging/**']}],'parent':{" grand "}}}"
    static const struct question_row rows[] = {
        {"no object", "{'question':'grant','agent':'b','parent':1}",
         "malformed /parent: not a parent; an object"},
        {"no agent", PARENT(""), "malformed /parent: member missing; agent"},
        {"agent", PARENT("'agent':1"), "malformed /parent/agent: not a text"},
        {"unknown agent", PARENT("'agent':'zed'"), "not_found /parent/agent: no such agent"},
        {"unknown member", PARENT("'agent':'a','action':'x'"),
         "malformed /parent/action: unknown member"},
        {"depth", PARENT("'agent':'a','depth':'1'"), "malformed /parent/depth: not a depth"},
        {"below a root", PARENT("'agent':'a','depth':-1"), "malformed /parent/depth: not a depth"},
        {"far below", PARENT("'agent':'a','depth':65"), "malformed /parent/depth: not a depth"},
        {"too deep", PARENT("'agent':'a','depth':9"), "malformed /parent: too deep"},
        {"items", PARENT("'agent':'a','items':[1]"), "malformed /parent/items/0: not an item"},
        {"binding", PARENT("'agent':'a','binding':1"), "malformed /parent/binding: not a text"},
        {"fits", PARENT(FIT), "'allow'"},
        {"fits with all members",
         PARENT(FIT ",'depth':0,'expires_at':'2026-11-20T11:00:00Z','issued_at':'2026-11-20T09:00:"
                    "00Z','grant':'g','lineage':'l','purpose':'p','composition':'c','binding':'"
                    "dpop','audience':'https://payments.example.gov','except':[]"),
         "'allow'"},
        {"approved",
         "{'question':'grant','agent':'b','approval':'given'," WANTED ",'parent':{" FIT "}}",
         "'allow'"},
        {"stopped",
         "{'question':'grant','agent':'b'," WANTED ",'stops':['lineage:l'],'parent':{" FIT
         ",'lineage':'l'}}",
         "'stopped'"},
        {"a parent's parent", BELOW(FIT), "'allow'"},
        {"a parent's parent, deep", BELOW(FIT ",'depth':8"), "malformed /parent: too deep"},
        {"of an action",
         "{'question':'action','agent':'b','approval':'given'," HELD "," ACT ",'parent':{" FIT "}}",
         "'allow'"},
        {"of an action, stopped",
         "{'question':'action','agent':'b'," HELD "," ACT ",'stops':['grant:g'],'parent':{" FIT
         ",'grant':'g'}}",
         "'stopped'"},
    };
    (void)state;
    HOLD(rows);
}

static int open_all(void **state)
{
    (void)state;
    chain_open(&chain, &(struct chain_documents)AS_IS);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chain_close(&chain);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_parents),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
