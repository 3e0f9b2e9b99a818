/* SPDX-License-Identifier: Apache-2.0 */
/* What is warned of at the edges of each question: one table of rules, limits, stops and orders,
 * each with every warning that it gives. */
#include "corners.h"

static const struct corner contexts[] = {
    {"equal numbers", CONTEXT_OF("'in':[1,2],'equals':2"), NULL, NULL, NULL, ""},
    {"other numbers", CONTEXT_OF("'in':[1,2],'equals':3"), NULL, NULL, NULL, NEVER_APPLIES},
    {"equal truths", CONTEXT_OF("'in':[true,'a'],'equals':true"), NULL, NULL, NULL, ""},
    {"other truths", CONTEXT_OF("'in':[true,'a'],'equals':false"), NULL, NULL, NULL, NEVER_APPLIES},
    {"a number that is text", CONTEXT_OF("'in':['1'],'equals':1"), NULL, NULL, NULL, NEVER_APPLIES},
    {"equal texts", CONTEXT_OF("'in':['a','b'],'equals':'b'"), NULL, NULL, NULL, ""},
    {"an amount", SUMMED("'equals':3"), NULL, NULL, NULL, ""},
    {"an amount below nothing", SUMMED("'equals':-3"), NULL, NULL, NULL, NEVER_APPLIES},
    {"no amount among them", SUMMED("'in':['a',-1]"), NULL, NULL, NULL, NEVER_APPLIES},
    {"one among them", SUMMED("'in':['a',1]"), NULL, NULL, NULL, ""},
    {"an amount that matches", SUMMED("'matches':'1*'"), NULL, NULL, NULL, NEVER_APPLIES},
    {"a number that matches, at least", CONTEXT_OF("'matches':'1*','min':1"), NULL, NULL, NULL,
     NEVER_APPLIES},
    {"a text that matches", CONTEXT_OF("'matches':'1*'"), NULL, NULL, NULL, ""},
    {"an amount of at least", SUMMED("'min':1"), NULL, NULL, NULL, ""},
    {"an amount of at most", SUMMED("'max':1"), NULL, NULL, NULL, ""},
    {"a number of at most below nothing", CONTEXT_OF("'max':-1"), NULL, NULL, NULL, ""},
};

static const struct corner rules[] = {
    {"hours of a policy that is over",
     R("r", ",'when':{'hours':[{'from':'08:00','to':'18:00','zone"
            "':'UTC'}]}"),
     NULL, NULL, "'not_after':'2026-01-01T00:00:00Z',", "policy-expired /not_after"},
    {"hours that open after it",
     R("r", ",'when':{'hours':[{'days':['Mon'],'from':'08:00','to':'18:00','zone':'UTC'}]}"), NULL,
     NULL, "'not_after':'2026-11-21T00:00:00Z',", NEVER_APPLIES},
    {"hours that open before it is over",
     R("r", ",'when':{'hours':[{'from':'08:00','to':'18:00','zone':'UTC'}]}"), NULL, NULL,
     "'not_after':'2026-11-22T00:00:00Z',", ""},
    {"hours from when it begins",
     R("r", ",'when':{'hours':[{'days':['Sat'],'from':'08:00','to':'18:00','zone':'UTC'}]}"), NULL,
     NULL, "'not_before':'2026-11-22T00:00:00Z','not_after':'2026-11-24T00:00:00Z',",
     NEVER_APPLIES},
    {"one who may approve, of two",
     R("r", ",'approval':{'at':'grant','roles':['oncall'],'count':2,'timeout':'5m'}"), NULL, NULL,
     NULL, "rule-never-applies /allow/0/approval"},
    {"nobody with that role",
     R("r", ",'approval':{'at':'grant','roles':['approver'],'timeout':'5m'}"), NULL, NULL, NULL,
     "rule-never-applies /allow/0/approval"},
    {"another who is not active",
     R("r", ",'approval':{'at':'grant','roles':['oncall'],'count':2,'timeout':'5m'}"), NULL, NULL,
     NULL, "rule-never-applies /allow/0/approval"},
    {"the others of the roles",
     R("r",
       ",'approval':{'at':'grant','roles':['owner','approver'],'teams':['pay'],'timeout':'5m'}"),
     NULL, NULL, NULL, ""},
    {"another team",
     R("r", ",'approval':{'at':'grant','roles':['owner'],'teams':['ops'],'timeout':'5m'}"), NULL,
     NULL, NULL, "rule-never-applies /allow/0/approval"},
    {"a composition nobody shows", R("r", ",'when':{'composition':true}"), NULL, NULL, NULL,
     NEVER_APPLIES},
    {"what a variable stands for", RULE_ON("r", "a.**", "svc:${agent}/x", ""), NULL, NULL, NULL,
     ""},
    {"never, elsewhere", RULE_ON("r", "a.b", "svc:x/y*", ""),
     "{'id':'n','actions':['a.b'],'resources':['svc:x/z*']}", NULL, NULL, ""},
    {"never, nearly", RULE_ON("r", "a.b*", "svc:x/y", ""),
     "{'id':'n','actions':['a.c*'],'resources':['svc:**']},{'id':'m','actions':['a.*d'],'resource"
     "s':['svc:**']}",
     NULL, NULL, ""},
};

static const struct corner limits[] = {
    {"of one grant no more than its uses",
     LIMITED(BOUND "{'uses':3},{'count':5,'within':'1h','by':'grant'}"), NULL, NULL, NULL,
     UNREACHABLE("2")},
    {"of one grant no more than of its lineage",
     LIMITED(BOUND "{'count':5,'within':'1h','by':'lineage'},{'count':9,'within':'1h','by':'grant'"
                   "}"),
     NULL, NULL, NULL, UNREACHABLE("2")},
    {"of one grant no more than of its agent",
     LIMITED("{'count':5,'within':'1h'},{'count':9,'within':'1h','by':'grant'}"), NULL, NULL, NULL,
     UNREACHABLE("1")},
    {"of one lineage more than of an agent",
     LIMITED("{'count':5,'within':'1h'},{'count':9,'within':'1h','by':'lineage'}"), NULL, NULL,
     NULL, ""},
    {"of a resource more than of an agent",
     LIMITED("{'count':5,'within':'1h'},{'count':9,'within':'1h','by':'resource'}"), NULL, NULL,
     NULL, ""},
    {"of all no more than of the policy",
     LIMITED("{'count':5,'within':'1h','by':'policy'},{'count':9,'within':'1h','by':'resource'}"),
     NULL, NULL, NULL, UNREACHABLE("1")},
    {"too much for any number",
     LIMITED("{'sum':'m','max':9007199254740991,'within':'1s'},{'sum':'m','max':9007199254740991,'w"
             "ithin':'30d'}"),
     NULL, NULL, NULL, UNREACHABLE("0")},
    {"sums of one field",
     LIMITED("{'sum':'m','max':5,'within':'1h'},{'sum':'m','max':9,'within':'1"
             "h'}"),
     NULL, NULL, NULL, UNREACHABLE("1")},
    {"sums of two", LIMITED("{'sum':'m','max':5,'within':'1h'},{'sum':'n','max':9,'within':'1h'}"),
     NULL, NULL, NULL, ""},
    {"different names of one kind",
     LIMITED("{'distinct':'action','max':5,'within':'1h'},{'distinct':'action','max':9,'within':'1"
             "h'}"),
     NULL, NULL, NULL, UNREACHABLE("1")},
    {"of two",
     LIMITED("{'distinct':'action','max':5,'within':'1h'},{'distinct':'resource','max':9,"
             "'within':'1h'}"),
     NULL, NULL, NULL, ""},
    {"no more names than actions",
     LIMITED("{'count':5,'within':'1h'},{'distinct':'resource','max':9,'within':'1h'}"), NULL, NULL,
     NULL, UNREACHABLE("1")},
    {"grants and actions", LIMITED("{'grants':5,'within':'1h'},{'count':9,'within':'1h'}"), NULL,
     NULL, NULL, ""},
    {"alive no more than given", LIMITED("{'grants':5,'within':'1h'},{'live_grants':9}"), NULL,
     NULL, NULL, UNREACHABLE("1")},
    {"actions of at most so much",
     R("r", ",'when':{'context':{'n':{'max':1},'m':{'min':0},'m2':{'max':2}}},'limits':[{'count':5,"
            "'within':'1h'},{'sum':'m2','max':11,'within':'1h'}]"),
     NULL, NULL, NULL, UNREACHABLE("1")},
    {"actions of any size",
     R("r", ",'when':{'context':{'n':{'max':1},'m':{'min':0}}},'limits':[{'count':5,'within':'1h'},"
            "{'sum':'m','max':11,'within':'1h'}]"),
     NULL, NULL, NULL, ""},
    {"actions of less than nothing",
     R("r", ",'when':{'context':{'m':{'max':-1}}},'limits':[{'count':5,'within':'1h'},{'sum':'m','m"
            "ax':11,'within':'1h'}]"),
     NULL, NULL, NULL, NEVER_APPLIES},
    {"actions of more than any number",
     R("r",
       ",'when':{'context':{'m':{'max':9007199254740991}}},'limits':[{'count':90000,'within':'1"
       "s'},{'sum':'m','max':11,'within':'30d'}]"),
     NULL, NULL, NULL, ""},
    {"two that bound each other", LIMITED("{'count':5,'within':'60m'},{'count':5,'within':'1h'}"),
     NULL, NULL, NULL, UNREACHABLE("1")},
    {"the first by the second", LIMITED("{'count':9,'within':'1h'},{'count':5,'within':'1h'}"),
     NULL, NULL, NULL, UNREACHABLE("0")},
};

static const struct corner stops[] = {
    {"live ones bound nothing", LIMITED("{'live_grants':3}"), NULL,
     FIRE("'on':'granted','count':9,'within':'1h'"), NULL, ""},
    {"by another key", LIMITED("{'count':3,'within':'1h','by':'team'}"), NULL,
     FIRE("'on':'allowed','count':9,'within':'1h'"), NULL, ""},
    {"by the policy", LIMITED("{'count':3,'within':'1h','by':'policy'}"), NULL,
     FIRE("'on':'allowed','count':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"the same names", LIMITED("{'distinct':'action','max':3,'within':'1h'}"), NULL,
     FIRE("'on':'allowed','distinct':'action','max':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"other names", LIMITED("{'distinct':'resource','max':3,'within':'1h'}"), NULL,
     FIRE("'on':'allowed','distinct':'action','max':9,'within':'1h'"), NULL, ""},
    {"the same sum", LIMITED("{'sum':'m','max':3,'within':'1h'}"), NULL,
     FIRE("'on':'allowed','sum':'m','max':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"another sum", LIMITED("{'sum':'m','max':3,'within':'1h'}"), NULL,
     FIRE("'on':'allowed','sum':'n','max':9,'within':'1h'"), NULL, ""},
    {"so many of so much",
     R("r", ",'when':{'context':{'m':{'max':2}}},'limits':[{'count':3,'within':'1h'}]"), NULL,
     FIRE("'on':'allowed','sum':'m','max':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"so many of any size", LIMITED("{'count':3,'within':'1h'}"), NULL,
     FIRE("'on':'allowed','sum':'m','max':9,'within':'1h'"), NULL, ""},
    {"of less than nothing",
     R("r", ",'when':{'context':{'m':{'max':-2}}},'limits':[{'count':3,'within':'1h'}]"), NULL,
     FIRE("'on':'allowed','sum':'m','max':9,'within':'1h'"), NULL, ""},
    {"of more than any number",
     R("r",
       ",'when':{'context':{'m':{'max':9007199254740991}}},'limits':[{'count':90000,'within':'1"
       "s'}]"),
     NULL, FIRE("'on':'allowed','sum':'m','max':9,'within':'30d'"), NULL, ""},
    {"given no more", LIMITED("{'grants':3,'within':'1h'}"), NULL,
     FIRE("'on':'granted','count':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"different ones given", LIMITED("{'grants':3,'within':'1h'}"), NULL,
     FIRE("'on':'granted','distinct':'resource','max':9,'within':'1h'"), NULL, ""},
    {"what one rule of two bounds",
     LIMITED("{'count':3,'within':'1h'}") "," RULE_ON("o", "b", "svc:x/**", ""), NULL,
     FIRE("'on':'allowed','actions':['a.**'],'count':9,'within':'1h'"), NULL, NEVER_FIRES},
    {"what the other does not",
     LIMITED("{'count':3,'within':'1h'}") "," RULE_ON("o", "b", "svc:x/**", ""), NULL,
     FIRE("'on':'allowed','count':9,'within':'1h'"), NULL, ""},
    {"of one grant", NULL, NULL, FIRE("'on':'attempted','by':'grant','count':3,'within':'1h'"),
     NULL, ""},
    {"of one lineage", NULL, NULL, FIRE("'on':'attempted','by':'lineage','count':3,'within':'1h'"),
     NULL, ""},
    {"after what is allowed", NULL, NULL,
     FIRE("'on':'attempted','after':{'actions':['a.b'],'within':'1h'}"), NULL, ""},
};

#define SAME_CONTEXT(first, second) \
    TWO(",'when':{'context':{" first "}}", ",'when':{'context':{" second "}}")
#define TEN(x) x x x x x x x x x x
#define LONG   TEN(TEN("abc"))
static const struct corner orders[] = {
    {"nothing asked first", R("r", "") "," FEWER, NULL, NULL, NULL, REACHED},
    {"nothing asked, of a part", RULE_ON("r", "a.b", "svc:x/**", "") "," R("s", ",'bind':['dpop']"),
     NULL, NULL, NULL, ORDER},
    {"what only too long a name would show",
     RULE_ON("r", "a", "svc:x/" LONG "*", ",'bind':['dpop']") "," RULE_ON("s", "a", "svc:x/*z" LONG,
                                                                          ""),
     NULL, NULL, NULL, ""},
    {"limits", R("r", ",'limits':[{'count':5,'within':'1h'}]") "," FEWER, NULL, NULL, NULL, ORDER},
    {"approval", R("r", ",'approval':{'at':'grant','roles':['oncall'],'timeout':'5m'}") "," FEWER,
     NULL, NULL, NULL, ORDER},
    {"dpop", R("r", ",'bind':['dpop']") "," FEWER, NULL, NULL, NULL, ORDER},
    {"mtls", R("r", ",'bind':['mtls']") "," FEWER, NULL, NULL, NULL, ORDER},
    {"hours", R("r", ",'when':{'hours':[{'from':'08:00','to':'18:00','zone':'UTC'}]}") "," FEWER,
     NULL, NULL, NULL, ORDER},
    {"source", R("r", ",'when':{'source':['10.0.0.0/8']}") "," FEWER, NULL, NULL, NULL, ORDER},
    {"purpose", R("r", ",'when':{'purpose':'*'}") "," FEWER, NULL, NULL, NULL, ORDER},
    {"reason", R("r", ",'when':{'reason':true}") "," FEWER, NULL, NULL, NULL, ORDER},
    {"composition", R("r", ",'when':{'composition':true}") "," FEWER, NULL, NULL, NULL,
     NEVER_APPLIES "; " ORDER},
    {"context", R("r", ",'when':{'context':{'m':{'max':3}}}") "," FEWER, NULL, NULL, NULL, ORDER},
    {"after", R("r", ",'when':{'after':[{'actions':['a.b'],'within':'1h'}]}") "," FEWER, NULL, NULL,
     NULL, ORDER},
    {"a variable", RULE_ON("r", "a.**", "svc:${agent}/**", "") "," FEWER, NULL, NULL, NULL, ""},
    {"the same, otherwise written",
     SAME_CONTEXT("'a':{'max':1},'b':{'in':[1,2]}", "'b':{'in':[1,2]},'a':{'max':1}"), NULL, NULL,
     NULL, ""},
    {"another order of a list", SAME_CONTEXT("'b':{'in':[1,2]}", "'b':{'in':[2,1]}"), NULL, NULL,
     NULL, ORDER},
    {"a longer list", SAME_CONTEXT("'b':{'in':[1,2]}", "'b':{'in':[1,2,3]}"), NULL, NULL, NULL,
     ORDER},
    {"another name", SAME_CONTEXT("'a':{'max':1}", "'b':{'max':1}"), NULL, NULL, NULL, ORDER},
    {"another kind of value", SAME_CONTEXT("'a':{'equals':1}", "'a':{'equals':'1'}"), NULL, NULL,
     NULL, ORDER},
};

static void hold(const struct corner *corners, size_t n)
{
    size_t n_wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct set set;
        struct ambit_problems problems = {0};
        struct ambit_check check = {0};
        char got[2048];
        begin(&set);
        put_corner(&set, "p", &corners[i]);
        put_agent(&set, "bot", "\"p\"",
                  ",\"provenance\":{\"composition\":\"sha256:9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9"
                  "f9f9f9f9f9f9f9f9f9f9f9f9f9f\"}");
        warn(&set, &check, &problems);
        list(&problems, got, sizeof got);
        if (strcmp(got, corners[i].want) != 0) {
            print_error("%s: want %s, got %s\n", corners[i].name, corners[i].want, got);
            n_wrong++;
        }
        ambit_problems_done(&problems);
        set_done(&set);
    }
    assert_int_equal(n_wrong, 0);
}
#define HOLD(name)                        \
    static void name##_hold(void **state) \
    {                                     \
        (void)state;                      \
        hold(name, AMBIT_LEN(name));      \
    }
HOLD(contexts)
HOLD(rules)
HOLD(limits)
HOLD(stops)
HOLD(orders)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(contexts_hold), cmocka_unit_test(rules_hold),  cmocka_unit_test(limits_hold),
    cmocka_unit_test(stops_hold),    cmocka_unit_test(orders_hold),
};

UNIT_MAIN(tests)
