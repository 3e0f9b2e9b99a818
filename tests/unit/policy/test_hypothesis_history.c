/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what a hypothetical question tells (policy-language.md, "Explain and tests" among the
 * settled questions): entries of each kind and what they cannot be without, events, stops. */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "chain.h"

static struct chain chain;

#define WANTED        "'items':[{'actions':['service.read'],'resources':['svc:staging/x']}]"
#define ACT           "'action':'service.read','resource':'svc:staging/x'"
#define GRANT(more)   "{'question':'grant','agent':'a'," WANTED more "}"
#define ENTRY(more)   GRANT(",'history':[{" more "}]")
#define AT            "'at':'2026-11-20T09:59:00Z'"
#define ALLOWED(more) ENTRY(AT ",'kind':'allowed'," ACT more)
#define EVENT(more)   "{'question':'event','agent':'a'," more "}"

#define HOLD(rows) QUESTION_HOLD(&chain.lab, rows)

static const struct question_row entries_rows[] = {
    {"no object", GRANT(",'history':[1]"), "malformed /history/0: not an entry; an object"},
    {"no kind", ENTRY(AT), "malformed /history/0: member missing; kind"},
    {"no time", ENTRY("'kind':'allowed'," ACT), "malformed /history/0: member missing; at"},
    {"kind", ENTRY("'kind':1"), "malformed /history/0/kind: no kind of entry"},
    {"another kind", ENTRY("'kind':'seen'"), "malformed /history/0/kind: no kind of entry"},
    {"at", ENTRY("'at':'then'"), "malformed /history/0/at: not an instant"},
    {"after now",
     GRANT(",'now':'2026-11-20T09:58:00Z','history':[{" AT ",'kind':'allowed'," ACT "}]"),
     "malformed /history/0: an entry after now"},
    {"agent", ALLOWED(",'agent':1"), "malformed /history/0/agent: not a text"},
    {"unknown agent", ALLOWED(",'agent':'zed'"), "not_found /history/0/agent: no such agent"},
    {"purpose", ALLOWED(",'purpose':1"), "malformed /history/0/purpose: not a text"},
    {"grant", ALLOWED(",'grant':1"), "malformed /history/0/grant: not a text"},
    {"lineage", ALLOWED(",'lineage':1"), "malformed /history/0/lineage: not a text"},
    {"action", ENTRY("'action':1"), "malformed /history/0/action: not a text"},
    {"resource", ENTRY("'resource':1"), "malformed /history/0/resource: not a text"},
    {"context", ALLOWED(",'context':1"), "malformed /history/0/context: not a context"},
    {"reason", ENTRY("'reason':1"), "malformed /history/0/reason: not a text"},
    {"no reason", ENTRY("'reason':'because'"),
     "malformed /history/0/reason: no reason of a refusal"},
    {"allowed is none", ENTRY("'reason':'allowed'"),
     "malformed /history/0/reason: no reason of a refusal"},
    {"items", ENTRY("'items':1"), "malformed /history/0/items: not a list"},
    {"policy", ALLOWED(",'policy':'zed'"), "not_found /history/0/policy: no such policy"},
    {"rule", ALLOWED(",'rule':1"), "malformed /history/0/rule: not a text"},
    {"lifetime", ENTRY("'lifetime_s':'1'"), "malformed /history/0/lifetime_s: not a lifetime"},
    {"no lifetime", ENTRY("'lifetime_s':-1"), "malformed /history/0/lifetime_s: not a lifetime"},
    {"too long", ENTRY("'lifetime_s':86401"), "malformed /history/0/lifetime_s: not a lifetime"},
    {"audience", ENTRY("'audience':1"), "malformed /history/0/audience: not a text"},
    {"binding", ENTRY("'binding':'x'"), "malformed /history/0/binding: no way of binding"},
    {"asked_by", ALLOWED(",'asked_by':1"), "malformed /history/0/asked_by: not a text"},
    {"asked_by nobody", ALLOWED(",'asked_by':'x'"),
     "malformed /history/0/asked_by: none of the values of this member"},
    {"outcome", ALLOWED(",'outcome':'x'"), "malformed /history/0/outcome: none of the values"},
    {"signal", ENTRY("'signal':1"), "malformed /history/0/signal: not a text"},
    {"from", ENTRY("'from':1"), "malformed /history/0/from: not a text"},
    {"from nobody", ENTRY("'from':'zed'"), "not_found /history/0/from: no such service"},
    {"unknown", ALLOWED(",'x':1"), "malformed /history/0/x: unknown member"},
    {"no action", ENTRY(AT ",'kind':'allowed','resource':'svc:x'"),
     "malformed /history/0: member missing; action and resource"},
    {"no resource", ENTRY(AT ",'kind':'unaccounted','action':'x'"),
     "malformed /history/0: member missing; action and resource"},
    {"no reason of a refusal", ENTRY(AT ",'kind':'refused'," ACT),
     "malformed /history/0: member missing; reason"},
    {"nothing refused", ENTRY(AT ",'kind':'refused','reason':'expired'"),
     "malformed /history/0: member missing; action and resource, or items"},
    {"nothing granted", ENTRY(AT ",'kind':'granted'"),
     "malformed /history/0: member missing; items"},
    {"granted, and an action", ENTRY(AT ",'kind':'granted','action':'x'," WANTED),
     "malformed /history/0: member missing; items"},
    {"refused, of items and an action",
     ENTRY(AT ",'kind':'refused','reason':'forbidden','action':'x'," WANTED),
     "malformed /history/0: member missing; action and resource, or items"},
    {"a signal about an action",
     ENTRY(AT ",'kind':'signal','signal':'s','from':'other','action':'x'"), "'allow'"},
    {"no signal", ENTRY(AT ",'kind':'signal','from':'other'"),
     "malformed /history/0: member missing; signal and from"},
    {"from no service", ENTRY(AT ",'kind':'signal','signal':'s'"),
     "malformed /history/0: member missing; signal and from"},
    {"in any order",
     GRANT(",'history':[{'at':'2026-11-20T09:59:00Z','kind':'allowed'," ACT
           "},{'at':'2026-11-20T09:58:00Z','kind':'allowed'," ACT "}]"),
     "'allow'"},
    {"every member",
     ALLOWED(",'agent':'b','purpose':'p','grant':'g','lineage':'l','context':{},'policy':'pb','"
             "rule':'rb','asked_by':'service','outcome':'succeeded'"),
     "'allow'"},
    {"of a rule by its policy", ALLOWED(",'policy':'pa'"), "'allow'"},
    {"of no rule", ENTRY(AT ",'kind':'allowed','action':'x','resource':'svc:x'"), "'allow'"},
    {"by a stop", ENTRY(AT ",'kind':'refused','reason':'hard_stop'," ACT), "'allow'"},
    {"granted",
     ENTRY(AT ",'kind':'granted','lifetime_s':60,'audience':'https://"
              "payments.example.gov','binding':'dpop','grant':'g'," WANTED),
     "'allow'"},
    {"granted by its policy", ENTRY(AT ",'kind':'granted','policy':'pa'," WANTED), "'allow'"},
    {"granted by its rule", ENTRY(AT ",'kind':'granted','policy':'pa','rule':'ra'," WANTED),
     "'allow'"},
    {"granted of no rule",
     ENTRY(AT ",'kind':'granted','policy':'pa','items':[{'actions':['x'],'resources':['svc:x']}]"),
     "'allow'"},
    {"granted, charged item by item",
     ENTRY(AT ",'kind':'granted','policy':'pa','items':[{'actions':['service.read'],'resources'"
              ":['svc:staging/x'],'policy':'pa'}]"),
     "'allow'"},
};

static void test_entries(void **state)
{
    (void)state;
    HOLD(entries_rows);
}

static void test_events(void **state)
{
    static const struct question_row rows[] = {
        {"unaccounted", EVENT("'kind':'unaccounted'," ACT), "{'trips':[]}"},
        {"signal", EVENT("'kind':'signal','signal':'s','from':'other','grant':'g','lineage':'l'"),
         "{'trips':[]}"},
        {"around it",
         EVENT("'now':'2026-11-20T10:00:00Z','source':'10.0.0.1','history':[],'stops':['all'],'"
               "kind':'unaccounted'," ACT),
         "{'trips':[]}"},
        {"a wrong history", EVENT("'history':1,'kind':'unaccounted'," ACT),
         "malformed /history: not a history"},
        {"no kind", EVENT(ACT), "malformed : member missing; kind"},
        {"no event of its own", EVENT("'kind':'allowed'," ACT),
         "malformed /kind: no event of its own; unaccounted or signal"},
        {"unknown", EVENT("'items_':1"), "malformed /items_: unknown member"},
        {"no agent", "{'question':'event','kind':'unaccounted'," ACT "}",
         "malformed : member missing; agent"},
        {"an entry of nobody, with items",
         "{'question':'event','history':[{'kind':'granted','items':[{'actions':['a.b'],"
         "'resources':['svc:x']}]}]}",
         "malformed /history/0: member missing; agent"},
        {"nor of any kind",
         "{'question':'event','history':[{'items':[{'actions':['a.b'],'resources':['svc:x']}]}]}",
         "malformed /history/0: member missing; kind"},
    };
    (void)state;
    HOLD(rows);
}

static void test_stops(void **state)
{
#define STOP(text) GRANT(",'stops':[" text "]")
#define NO_TARGET  "not the target of a stop"
    static const struct question_row rows[] = {
        {"all", STOP("'all'"), "'stopped'"},
        {"an object", STOP("{'target':'agent:a'}"), "'stopped'"},
        {"more members", STOP("{'target':'agent:a','x':1}"), "malformed /stops/0: not a stop"},
        {"no target", STOP("{}"), "malformed /stops/0: not a stop"},
        {"a number", STOP("1"), "malformed /stops/0: not a text"},
        {"a target that is a number", STOP("{'target':1}"),
         "malformed /stops/0/target: not a text"},
        {"nothing", STOP("''"), NO_TARGET},
        {"no kind", STOP("'person:a'"), NO_TARGET},
        {"no name", STOP("'agent'"), NO_TARGET},
        {"all of something", STOP("'all:a'"), NO_TARGET},
        {"team", STOP("'team:payments'"), "'stopped'"},
        {"owner", STOP("'owner:dana'"), "'stopped'"},
        {"policy", STOP("'policy:pa'"), "'stopped'"},
        {"resource", STOP("'resource:svc:staging/**'"), "'stopped'"},
        {"another resource", STOP("'resource:db:**'"), "'allow'"},
        {"no resource", STOP("'resource:?'"), NO_TARGET},
        {"another agent", STOP("'agent:b','agent:c'"), "'allow'"},
    };
    (void)state;
    HOLD(rows);
}

/* Names in bits of a question that no part asks for. */
static void test_parts(void **state)
{
    ARENA_AUTO arena;
    (void)state;
    arena_init(&arena, NULL, 0, 0);
    const char *got = question_ask(&chain.lab, &arena, "{'agent':'a','stops':[]}",
                                   AMBIT_PART_GIVEN | AMBIT_PART_ASKED, AMBIT_FOR_OWNER);
    assert_non_null(strstr(got, "malformed /stops: unknown member"));
    got = question_ask(&chain.lab, &arena, "{'agent':'a'}", AMBIT_PART_ASKED, AMBIT_FOR_OWNER);
    assert_non_null(strstr(got, "malformed : member missing; agent"));
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
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_parts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
