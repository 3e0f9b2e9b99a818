/* SPDX-License-Identifier: Apache-2.0 */
/* Sets whose policies, agents or files are fewer, more or other than usual; what two agents may not
 * share; and that wherever the work of warning ends, what is said is a part of what would be. */
#include "corners.h"

static const struct corner plain = {.allow = R("r", "")},
                           asking = {.allow = R("q", ",'when':{'reason':true}")},
                           forbidding = {.allow = RULE_ON("z", "b", "db:z", ""),
                                         .never = "{'id':'n','actions':['a.**'],'resources':['svc:"
                                                  "**']}"};

/* A policy for an audience of its own, which forbids nothing. */
static void put_bare(struct set *set, const char *name, const char *audience, const char *allow)
{
    char text[2048];
    int n = snprintf(text, sizeof text,
                     "{'policy':'%s','description':'d','owner':'dana','tier':'low','audiences':['"
                     "https://%s.example.gov'],'review':{'authored_by':'dana','accepted_by':'dana'}"
                     ",'allow':[%s],'hard_stops':[{'id':'s','on':'attempted','then':'suspend_agent'"
                     "}]}",
                     name, audience, allow);
    assert_true(n > 0 && (size_t)n < sizeof text);
    set_put(set, AMBIT_KIND_POLICY, name, ambit_str_of(quoted(set, text)));
}

static void put_service(struct set *set, const char *name, const char *tier, const char *audiences,
                        const char *resources)
{
    char text[2048];
    int n = snprintf(text, sizeof text,
                     "{'service':'%s','owner':'dana','tier':'%s','audiences':[%s],'resources':[%s]"
                     ",'authenticate':[{'method':'self_signed_tls_client_auth','x5t#S256':'A4DtL2Jm"
                     "UMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'}]}",
                     name, tier, audiences, resources);
    assert_true(n > 0 && (size_t)n < sizeof text);
    set_put(set, AMBIT_KIND_SERVICE, name, ambit_str_of(quoted(set, text)));
}

static void assert_warns(struct set *set, const char *want)
{
    struct ambit_problems problems = {0};
    struct ambit_check check = {0};
    char got[2048];
    warn(set, &check, &problems);
    list(&problems, got, sizeof got);
    assert_string_equal(got, want);
    ambit_problems_done(&problems);
    set_done(set);
}

/* Policies that meet in several agents are said once; what has no common audience never meets. */
static void several_agents(void **state)
{
    struct set set;
    (void)state;
    begin(&set);
    put_corner(&set, "p", &plain);
    put_corner(&set, "q", &asking);
    put_corner(&set, "z", &forbidding);
    put_agent(&set, "bot", "\"p\",\"q\"", NULL);
    put_agent(&set, "bot2", "\"p\",\"q\",\"z\"", NULL);
    put_agent(&set, "bot3", "\"z\",\"p\",\"q\"", NULL);
    put_agent(&set, "bot4", "\"p\",\"q\"", NULL);
    assert_warns(&set, "order-matters /allow/0; never-swallows-rule /never/0; "
                       "never-swallows-rule /never/0");
    begin(&set);
    put_corner(&set, "p", &plain);
    put_corner(&set, "z", &forbidding);
    put_agent(&set, "bot", "\"z\",\"p\"", NULL);
    assert_warns(&set, "never-swallows-rule /never/0");
    begin(&set); /* as many policies, the first the same: still not one group */
    put_corner(&set, "p", &plain);
    put_corner(&set, "q", &asking);
    put_corner(&set, "z", &forbidding);
    put_agent(&set, "bot", "\"p\",\"q\"", NULL);
    put_agent(&set, "bot2", "\"p\",\"z\"", NULL);
    assert_warns(&set, "order-matters /allow/0; never-swallows-rule /never/0");
    begin(&set);
    put_service(&set, "api2", "low", "'https://b.example.gov','https://c.example.gov'", "'svc:**'");
    put_corner(&set, "p", &plain);
    put_bare(&set, "q", "b", R("q", ",'when':{'reason':true}"));
    put_bare(&set, "t", "c", R("t", ",'bind':['dpop']"));
    put_agent(&set, "bot", "\"p\",\"q\",\"t\"", NULL);
    put_agent(&set, "bare", "\"q\",\"t\"", NULL);
    assert_warns(&set, "");
}

/* Agents that delegate to each other are looked at once each; some list nothing. */
static void in_a_circle(void **state)
{
    struct set set;
    (void)state;
    begin(&set);
    put_corner(&set, "p",
               &(struct corner){.allow = R("r", ",'when':{'after':[{'actions':['b'],'within':'1h'}]"
                                                "}")});
    put_corner(&set, "q", &(struct corner){.allow = RULE_ON("o", "b", "svc:x/**", "")});
    put_agent(&set, "bot", "\"p\"", ",\"delegates_to\":[\"bot_2\",\"idle_\"]");
    put_agent(&set, "bot_2", "\"q\"", ",\"delegates_to\":[\"bot\",\"bot_2\"]");
    put_agent(&set, "idle_", "", NULL);
    put_agent(&set, "idle_2", "", NULL);
    put_agent(&set, "idle__3", "", NULL);
    assert_warns(&set, "agent-without-policy /policies; agent-without-policy /policies; agent-"
                       "without-policy ");
}

/* More on one refused event than it can record; names too long for it. */
static void too_many_stops(void **state)
{
    struct set set;
    char text[60000];
    (void)state;
    for (int by_names = 0; by_names < 2; by_names++) {
        int len = 0, n = by_names ? 30 : 33;
        for (int i = 0; i < n; i++)
            len += snprintf(text + len, sizeof text - (size_t)len,
                            "%s{'id':'s%d','on':'denied',%s%.*s%s'then':'suspend_agent'}",
                            i ? "," : "", i,
                            by_names ? "'actions':['b'],'distinct':'action','max':3,'within':'1h',"
                                     : "'actions':['b'],",
                            0, "", "");
        assert_true(len > 0 && (size_t)len < sizeof text);
        begin(&set);
        put_corner(&set, "p", &(struct corner){.allow = R("r", ""), .stops = text});
        put_corner(&set, "q", &(struct corner){.allow = R("q", ""), .stops = text});
        put_agent(&set, "bot", "\"p\",\"q\"", NULL);
        assert_warns(&set, by_names ? "" : "stops-too-many /policies");
    }
    int len = 0;
    for (int i = 0; i < 40; i++) {
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "%s{'id':'s%d','on':'allowed','sum':'", i ? "," : "", i);
        memset(text + len, 'm', 600);
        len += 600;
        len += snprintf(text + len, sizeof text - (size_t)len,
                        "','max':9,'within':'1h','then':'suspend_agent'}");
    }
    assert_true(len > 0 && (size_t)len < sizeof text);
    begin(&set);
    put_corner(&set, "p", &(struct corner){.allow = R("r", ""), .stops = text});
    put_agent(&set, "bot", "\"p\"", NULL);
    assert_warns(&set, "stops-too-many /policies");
}

/* What is wrong in one file does not hide, or cause, what is wrong with others. */
static void broken_together(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    char got[4096];
    (void)state;
    begin(&set);
    put_service(&set, "api2", "high", "'https://b.example.gov','b'", "'nothing','svc:**'");
    put_service(&set, "api3", "low", "'https://c.example.gov','https://c.example.gov'", "'svc:**'");
    put_service(&set, "api4", "low", "'https://b.example.gov'", "'svc:**'");
    put_bare(&set, "p", "b",
             "{'id':'r','actions':['a'],'resources':['x y','svc:a$b/${agent}/c$'],'ttl':{"
             "'max':'1m'}}");
    put_bare(&set, "q", "zzz", R("q", ""));
    put_agent(&set, "bot", "\"p\"", ",\"delegates_to\":[\"b t\"]");
    for (int i = 0; i < 2; i++)
        set_put(&set, AMBIT_KIND_PERSON, i ? "kim" : "lee",
                ambit_str_of(quoted(
                    &set, i ? "{'person':'kim','name':'K','email':'k@example.gov','team':'t','acti"
                              "ve':true,'roles':['oncall'],'authenticate':[{'method':'oidc','issue"
                              "r':'https://i.example.gov'},{'method':'oidc','subject':'k'}]}"
                            : "{'person':'lee','name':'L','email':'l@example.gov','team':'t','acti"
                              "ve':true,'roles':['oncall'],'authenticate':[{'method':'token','sha2"
                              "56':'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a"
                              "08','expires':'2027-01-01T00:00:00Z'},{'method':'token','sha256':'9"
                              "f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08','e"
                              "xpires':'2027-01-02T00:00:00Z'}]}")));
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_ERR_MALFORMED);
    size_t at = 0;
    for (size_t i = 0; i < problems.n; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%.*s %.*s\n",
                               AMBIT_STR_ARG(problems.v[i].file),
                               AMBIT_STR_ARG(problems.v[i].pointer));
    assert_string_equal(got, "agents/bot.json /delegates_to/0\n"
                             "people/kim.json /authenticate/0/subject\n"
                             "people/kim.json /authenticate/1/issuer\n"
                             "people/lee.json /authenticate/1\n"
                             "policies/p.json /tier\n"
                             "policies/p.json /allow/0/resources/0\n"
                             "policies/q.json /audiences/0\n"
                             "services/api2.json /audiences/1\n"
                             "services/api2.json /resources/0\n"
                             "services/api3.json /audiences/1\n"
                             "services/api4.json /audiences/0\n");
    ambit_problems_done(&problems);
    set_done(&set);
}

/* An agent with ways in by what another issuer signs, or by a certificate. */
static void put_ways(struct set *set, const char *name, const char *ways)
{
    static char text[40000];
    int n =
        snprintf(text, sizeof text,
                 "{'agent':'%s','description':'d','owner':'dana','backup':'sam','authenticate':["
                 "%s],'policies':[]}",
                 name, ways);
    assert_true(n > 0 && (size_t)n < sizeof text);
    set_put(set, AMBIT_KIND_AGENT, name, ambit_str_of(quoted(set, text)));
}

#define TOKEN_OF(issuer, subject, claims) \
    "{'method':'federated_jwt','issuer':'https://" issuer "','subject':'" subject "'" claims "}"
#define TOKEN(claims) TOKEN_OF("i", "s", ",'claims':{" claims "}")
#define DN(name)      "{'method':'tls_client_auth','subject_dn':'" name "'}"

/* Two agents that one token could be meant for are told apart by a claim, or refused (ASG-5). */
static void ways_in(void **state)
{
    static const struct {
        const char *name, *a, *b, *want; /* the pointer of what is wrong; NULL: nothing is */
    } rows[] = {
        {"nothing to tell them apart", TOKEN_OF("i", "s", ""), TOKEN_OF("i", "s", ""),
         "/authenticate/0/subject"},
        {"another issuer", TOKEN_OF("i", "s", ""), TOKEN_OF("j", "s", ""), NULL},
        {"another subject", TOKEN_OF("i", "s", ""), TOKEN_OF("i", "t", ""), NULL},
        {"another text", TOKEN("'c':'x'"), TOKEN("'c':'y'"), NULL},
        {"the same text", TOKEN("'c':'x'"), TOKEN("'c':'x'"), "/authenticate/0/subject"},
        {"another number", TOKEN("'c':1"), TOKEN("'c':2"), NULL},
        {"the same number", TOKEN("'c':1"), TOKEN("'c':1"), "/authenticate/0/subject"},
        {"another truth", TOKEN("'c':true"), TOKEN("'c':false"), NULL},
        {"the same truth", TOKEN("'c':true"), TOKEN("'c':true"), "/authenticate/0/subject"},
        {"another kind", TOKEN("'c':1"), TOKEN("'c':'1'"), NULL},
        {"another claim", TOKEN("'c':1"), TOKEN("'d':2"), "/authenticate/0/subject"},
        {"the second of two", TOKEN("'b':1,'c':1"), TOKEN("'a':1,'c':2"), NULL},
        {"twice of one agent", TOKEN("'c':1"), TOKEN("'c':2") "," TOKEN("'c':2,'d':1"), NULL},
        {"a name", DN("CN=bot,O=Example,C=DE"), DN("CN=bot2"), NULL},
        {"no name", DN("CN=bot"), DN("bot"), "/authenticate/0/subject_dn"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct set set;
        struct ambit_problems problems = {0};
        struct ambit_documents *documents = NULL;
        begin(&set);
        put_ways(&set, "a", rows[i].a);
        put_ways(&set, "b", rows[i].b);
        enum ambit_err err =
            ambit_documents_read(set.files, set.n, &set_env, &problems, &documents);
        ROW_CHECK(rows[i].name, err == (rows[i].want ? AMBIT_ERR_MALFORMED : AMBIT_OK));
        ROW_CHECK(rows[i].name, problems.n == (rows[i].want != NULL));
        if (rows[i].want) {
            ROW_CHECK(rows[i].name, ambit_str_is(problems.v[0].pointer, rows[i].want));
            ROW_CHECK(rows[i].name, ambit_str_is(problems.v[0].file, "agents/b.json"));
        }
        ambit_documents_free(documents);
        ambit_problems_done(&problems);
        set_done(&set);
    }
}

/* More than can be held against each other are refused. */
static void many_ways_in(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    char text[32000];
    (void)state;
    begin(&set);
    for (int a = 0; a < 5; a++) {
        char name[3] = {'a', (char)('0' + a), '\0'};
        int len = 0;
        for (int i = 0; i < 60; i++)
            len += snprintf(text + len, sizeof text - (size_t)len, "%s" TOKEN("'c':%d"),
                            i ? "," : "", 60 * a + i);
        assert_true(len > 0 && (size_t)len < sizeof text);
        put_ways(&set, name, text);
    }
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_ERR_MALFORMED);
    assert_int_equal(problems.n, 300 - 256);
    for (size_t i = 0; i < problems.n; i++)
        assert_true(
            ambit_str_is(problems.v[i].what, "too many agents share this issuer and subject"));
    ambit_problems_done(&problems);
    set_done(&set);
}

/* Files that say something else by now than the set that was compiled of them. */
static void other_files(void **state)
{
    static const char *const texts[] = {
        "{",
        "{'policy':'gone','allow':1}",
        "{'policy':'p','allow':{}}",
        "{'policy':'p','allow':[]}",
        "{'policy':'p','allow':[{},{}]}",
        "{'policy':'p','allow':[{'limits':1},{'limits':[]}]}",
        "{'policy':'p'}",
    };
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *compiled = NULL;
    (void)state;
    begin(&set);
    put_corner(&set, "p",
               &(struct corner){.allow = LIMITED("{'count':9,'within':'1h'},{'count':5,'"
                                                 "within':'1h'}") "," FEWER});
    put_agent(&set, "bot", "", NULL);
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    assert_int_equal(ambit_policy_compile(documents, &compiled), AMBIT_OK);
    struct ambit_check check = {.set = compiled, .files = set.files, .has_tests = are_there};
    for (size_t i = 0; i < AMBIT_LEN(texts); i++) {
        struct ambit_problems some = {0};
        set_put(&set, AMBIT_KIND_POLICY, "p", ambit_str_of(quoted(&set, texts[i])));
        set_put(&set, AMBIT_KIND_AGENT, "bot", AMBIT_STR("{"));
        check.n_files = set.n;
        assert_int_equal(ambit_policy_warn(&check, &some), AMBIT_OK);
        assert_true(some.n >= 2);
        ambit_problems_done(&some);
    }
    ambit_problems_done(&problems);
    ambit_policy_set_free(compiled);
    set_done(&set);
}

/* A policy that no agent lists is looked at all the same, alone. */
static void no_agent(void **state)
{
    static const struct corner lonely = {
        .allow = R("r", ",'when':{'composition':true,'after':[{'actions':['b'],'within':'1h'}]}"),
        .never = "{'id':'n','actions':['a','a.*'],'resources':['svc:**']},{'id':'m','actions':['a.*"
                 ".**'],'resources':['svc:**']}"};
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_check check = {0};
    char got[2048];
    (void)state;
    begin(&set);
    put_corner(&set, "p", &lonely);
    warn(&set, &check, &problems);
    list(&problems, got, sizeof got);
    assert_string_equal(got, "policy-without-agent /policy; rule-never-applies /allow/0");
    ambit_problems_done(&problems);
    set_done(&set);
    static const struct corner half = {
        .allow = R("r", ""), .never = "{'id':'n','actions':['a.*'],'resources':['svc:**']}"};
    begin(&set);
    put_corner(&set, "p", &half);
    assert_warns(&set, "policy-without-agent /policy");
    begin(&set);
    put_corner(&set, "p", &plain);
    assert_warns(&set, "policy-without-agent /policy");
}

/* Without their files the same is warned of, of documents by name. */
static void no_files(void **state)
{
    struct set set;
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *compiled = NULL;
    (void)state;
    begin(&set);
    put_corner(&set, "p",
               &(struct corner){.allow = LIMITED("{'count':9,'within':'1h'},{'count':5,'"
                                                 "within':'1h'}") "," FEWER});
    put_agent(&set, "bot", "", NULL);
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &problems, &documents),
                     AMBIT_OK);
    assert_int_equal(ambit_policy_compile(documents, &compiled), AMBIT_OK);
    const struct ambit_check check = {.set = compiled};
    assert_int_equal(ambit_policy_warn(&check, &problems), AMBIT_OK);
    assert_true(problems.n >= 2);
    for (size_t i = 0; i < problems.n; i++)
        assert_true(problems.v[i].line == 0 && problems.v[i].pointer.len == 0);
    ambit_problems_done(&problems);
    ambit_policy_set_free(compiled);
    set_done(&set);
}

/* Wherever the work ends, what is said would be said with more, and that it ended is said too. */
static void any_end(void **state)
{
    static const struct corner first = {
        .allow =
            R("r", ",'when':{'hours':[{'from':'08:00','to':'18:00','zone':'UTC'}]},'approval':"
                   "{'at':'grant','roles':['approver'],'timeout':'5m'}") "," R("t", "") "," FEWER,
        .never = "{'id':'n','actions':['a','a.*'],'resources':['svc:**']},{'id':'m','actions':['a.*"
                 ".**'],'resources':['svc:**']}",
        .stops = FIRE("'on':'allowed','count':9,'within':'1h','after':{'actions':['b'],'within':'1h"
                      "'}")};
    struct set set;
    struct ambit_problems all = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *compiled = NULL;
    bool is_cut_off = true;
    (void)state;
    begin(&set);
    put_corner(&set, "p", &first);
    put_corner(&set, "q", &asking);
    put_agent(&set, "bot", "\"p\",\"q\"", NULL);
    put_agent(&set, "bot2", "\"q\"", NULL);
    put_bare(&set, "bare", "a", RULE_ON("e", "e", "svc:e", ""));
    put_agent(&set, "bot3", "\"bare\"", NULL);
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &all, &documents), AMBIT_OK);
    assert_int_equal(ambit_policy_compile(documents, &compiled), AMBIT_OK);
    struct ambit_check check = {.set = compiled,
                                .files = set.files,
                                .n_files = set.n,
                                .now_ms = set_env.now_ms,
                                .work = UINT64_MAX};
    assert_int_equal(ambit_policy_warn(&check, &all), AMBIT_OK);
    assert_true(all.n > 3);
    for (check.work = 1; is_cut_off; check.work += check.work / 64 + 10) {
        struct ambit_problems some = {0};
        assert_int_equal(ambit_policy_warn(&check, &some), AMBIT_OK);
        is_cut_off = false;
        for (size_t i = 0; i < some.n; i++)
            is_cut_off |= ambit_str_is(some.v[i].id, "analysis-cut-off");
        assert_true(some.n <= all.n + is_cut_off && (is_cut_off || some.n == all.n));
        ambit_problems_done(&some);
    }
    ambit_problems_done(&all);
    ambit_policy_set_free(compiled);
    set_done(&set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(several_agents),  cmocka_unit_test(no_agent),
    cmocka_unit_test(no_files),        cmocka_unit_test(any_end),
    cmocka_unit_test(in_a_circle),     cmocka_unit_test(too_many_stops),
    cmocka_unit_test(broken_together), cmocka_unit_test(other_files),
    cmocka_unit_test(ways_in),         cmocka_unit_test(many_ways_in),
};

UNIT_MAIN(tests)
