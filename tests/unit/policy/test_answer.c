/* SPDX-License-Identifier: Apache-2.0 */
/* An answer as the agent, the owner and security read it (policy-language.md, "Answers teach, and
 * do not leak"; interfaces, POST /v1/explain), and whatever memory ends: an answer whole, or none.
 */
#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "policy/explain_json.h"
#include "support/shortage.h"

static struct lab lab;

enum { ALL_PARTS = AMBIT_PART_GIVEN | AMBIT_PART_STOPS | AMBIT_PART_QUESTION | AMBIT_PART_ASKED };

#define HELD "'grant_items':[{'actions':['service.*'],'resources':['svc:staging/**']}]"
#define NOW  "'now':'2026-11-20T10:00:00Z'"
#define WANTS(a)                                                                             \
    "{'question':'grant','agent':'remediator'," NOW ",'items':[{'actions':['" a "'],'resour" \
    "ces':['svc:staging/**']}]}"
#define DOES(a)                                                                               \
    "{'question':'action','agent':'remediator'," NOW "," HELD ",'action':'" a "','resource':" \
    "'svc:staging/x'}"
#define SIGNAL \
    "{'question':'event','agent':'remediator','kind':'signal','signal':'edr','from':'other'}"

static void test_disclosure(void **state)
{
    static const struct {
        const char *name, *question;
        enum ambit_disclosure disclosure;
        const char *want, *not_want;
    } rows[] = {
        {"granted, to an owner", WANTS("service.*"), AMBIT_FOR_OWNER,
         "{'decision':'allow','reason':'allowed','policy':'p','digest':'sha256:", "'remedy'"},
        {"until when", WANTS("service.*"), AMBIT_FOR_OWNER,
         "'text':'allow, by p/r, until 2026-11-20T10:15:00.000Z\\n  pass ", "deny"},
        {"except what", WANTS("service.*"), AMBIT_FOR_OWNER,
         "'lifetime_s':900,'except':[{'policy':'p','id':'n','actions':['service.delete'],'"
         "resources':['svc:**']}],'trips':[]",
         NULL},
        {"granted, to the agent", WANTS("service.*"), AMBIT_FOR_AGENT,
         "{'decision':'allow','reason':'allowed','rule':'r','lifetime_s':900,'except':[",
         "'checks'"},
        {"no policy to the agent", WANTS("service.*"), AMBIT_FOR_AGENT, "'text':'Allowed.'}",
         "'digest'"},
        {"an action", DOES("service.read"), AMBIT_FOR_SECURITY, "'decision':'allow'", "lifetime_s"},
        {"an action, as text", DOES("service.read"), AMBIT_FOR_OWNER,
         "'text':'allow, by p/r\\n  pass ", ", until"},
        {"refused, to an owner", DOES("service.delete"), AMBIT_FOR_OWNER,
         "{'decision':'deny','reason':'forbidden','policy':'p','digest':'sha256:", "lifetime_s"},
        {"why", DOES("service.delete"), AMBIT_FOR_OWNER, "'text':'deny, by p/n: forbidden. ", NULL},
        {"what would pass", DOES("service.delete"), AMBIT_FOR_OWNER,
         "\\n  what would pass: ", NULL},
        {"refused, to the agent", DOES("service.delete"), AMBIT_FOR_AGENT,
         "{'decision':'deny','reason':'forbidden','rule':'n','remedy':{'change':'", "'policy'"},
        {"by nothing of a document", DOES("x.y"), AMBIT_FOR_OWNER,
         "{'decision':'deny','reason':'out_of_scope','trips':", "'digest'"},
        {"which stop fires", DOES("service.bulk"), AMBIT_FOR_OWNER, "'trips':['p/bulk'],'checks':[",
         NULL},
        {"which stop, as text", DOES("service.bulk"), AMBIT_FOR_SECURITY,
         "\\n  hard stop p/bulk fires\\n  what would pass: ", NULL},
        {"no stop to the agent", DOES("service.bulk"), AMBIT_FOR_AGENT, "'decision':'deny'",
         "'trips'"},
        {"not reached", DOES("x.y"), AMBIT_FOR_OWNER, "\\n  not_reached ", NULL},
        {"an event", SIGNAL, AMBIT_FOR_AGENT, "{'trips':['p/edr','p/edr-too']}", "text"},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        ARENA_AUTO arena;
        arena_init(&arena, NULL, 0, 0);
        const char *got =
            question_ask(&lab, &arena, rows[i].question, ALL_PARTS, rows[i].disclosure);
        struct ambit_str want = question_quoted(&arena, rows[i].want);
        struct ambit_str not_want =
            question_quoted(&arena, rows[i].not_want ? rows[i].not_want : "\n");
        if (!strstr(got, want.p) || strstr(got, not_want.p))
            print_error("%s: want %s, not %s in %s\n", rows[i].name, want.p, not_want.p, got);
        assert_non_null(strstr(got, want.p));
        assert_null(strstr(got, not_want.p));
    }
}

/* A stop that fires for two keys is named once. */
static void test_trips(void **state)
{
    struct ambit_trip trips[] = {
        {.policy = AMBIT_STR("p"), .id = AMBIT_STR("s")},
        {.policy = AMBIT_STR("p"), .id = AMBIT_STR("s"), .key = AMBIT_STR("other")},
        {.policy = AMBIT_STR("p"), .id = AMBIT_STR("t")},
        {.policy = AMBIT_STR("q"), .id = AMBIT_STR("s")},
    };
    static struct ambit_decision d;
    struct ambit_hypothesis h = {.kind = AMBIT_QUESTION_EVENT};
    BUF_AUTO out = {0};
    (void)state;
    memcpy(d.trips, trips, sizeof trips);
    d.n_trips = AMBIT_LEN(trips);
    ambit_answer_write(&h, &(struct ambit_answer){.decision = &d}, AMBIT_FOR_OWNER, &out);
    lab_assert_text("trips", buf_str(&out), "{\"trips\":[\"p/s\",\"p/t\",\"q/s\"]}");
}

static void test_outcomes(void **state)
{
    (void)state;
    assert_string_equal(explain_outcome_text(AMBIT_CHECK_NOT_REACHED), "not_reached");
    assert_string_equal(explain_outcome_text(AMBIT_CHECK_PASS), "pass");
    assert_string_equal(explain_outcome_text(AMBIT_CHECK_FAIL), "fail");
}

/* Everything a question may tell, so that every list is read. */
#define TOLD                                                                                     \
    ",'history':[{'at':'2026-11-20T09:59:00Z','kind':'granted','grant':'g','items':[{'actions':" \
    "['service.read'],'resources':['svc:staging/x']}],'policy':'p'},{'at':'2026-11-20T09:58:00Z" \
    "','kind':'allowed','action':'service.bulk','resource':'svc:staging/y','context':{'rows':1}" \
    "}],'stops':['grant:h']"
static const char *const told[] = {
    "{'question':'grant','agent':'remediator'," NOW ",'items':[{'actions':['service.*'],'resourc"
    "es':['svc:staging/**']}],'parent':{'agent':'remediator','grant':'h','items':[{'actions':['se"
    "rvice.*'],'resources':['svc:**']}]}" TOLD "}",
    "{'question':'action','agent':'remediator'," NOW "," HELD ",'action':'service.bulk','resource'"
    ":'svc:staging/x','context':{'rows':3},'except':[{'policy':'p','id':'n','actions':['x'],'reso"
    "urces':['svc:y']}]" TOLD "}",
    WANTS("service.*"),
    DOES("service.delete"),
    "{'question':'event','agent':'remediator','kind':'signal','signal':'edr','from':'other'" TOLD
    "}",
    "{'question':'grant','agent':'zed'}",
    "{'question':'grant','agent':1}",
};

static void test_arena_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(told); i++) {
        char whole[32768];
        ARENA_AUTO all;
        arena_init(&all, NULL, 0, 0);
        int len = snprintf(whole, sizeof whole, "%s",
                           question_ask(&lab, &all, told[i], ALL_PARTS, AMBIT_FOR_OWNER));
        assert_true(len > 0 && (size_t)len < sizeof whole);
        for (size_t max = 16; max <= all.used; max += 16) {
            ARENA_AUTO some;
            arena_init(&some, NULL, 0, max);
            const char *got = question_ask(&lab, &some, told[i], ALL_PARTS, AMBIT_FOR_OWNER);
            if (max < all.used)
                assert_true(strcmp(got, whole) == 0 || strcmp(got, "no_memory") == 0 ||
                            strcmp(got, "too_large") == 0);
            if (max > 40960 && max + 4096 < all.used)
                max += 256; /* the decision itself is one piece */
        }
    }
}

static void test_malloc_ends(void **state)
{
    (void)state;
    FAILING_START();
    for (size_t i = 0; i < AMBIT_LEN(told); i++) {
        char whole[32768];
        bool has_failed = false;
        int len = snprintf(whole, sizeof whole, "%s", question_answer(&lab, told[i]));
        assert_true(len > 0 && (size_t)len < sizeof whole);
        do {
            failing_arm();
            const char *got = question_answer(&lab, told[i]);
            has_failed = failing_disarm();
            assert_string_equal(got, has_failed ? "no_memory" : whole);
        } while (has_failed);
    }
    assert_true(failing.n_ways > 20);
}

static int open_all(void **state)
{
    static const struct lab_policy policy = {
        "p", "",
        "'allow':[{'id':'r','actions':['service.*'],'resources':['svc:staging/**'],'ttl':{'max':'1"
        "5m','default':'15m'},'limits':[{'distinct':'resource','max':9,'within':'1h'}]}],'never':[{"
        "'id':'n','actions':['service.delete'],'resources':['svc:**']}],'hard_stops':[{'id':'edr',"
        "'on':'signal','signal':'edr','from':['other'],'then':'suspend_agent'},{'id':'edr-too','on'"
        ":'signal','signal':'edr','from':['other'],'then':'suspend_agent'},{'id':'bulk','on':'allow"
        "ed','actions':['service.bulk'],'then':'suspend_agent'}]"};
    (void)state;
    lab_open(&lab, &policy, 1);
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
        cmocka_unit_test(test_disclosure),  cmocka_unit_test(test_trips),
        cmocka_unit_test(test_outcomes),    cmocka_unit_test(test_arena_ends),
        cmocka_unit_test(test_malloc_ends),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_all, close_all);
}
