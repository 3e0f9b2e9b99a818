/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: where a rule asks, people are asked once about exactly that and nothing is given before
 * enough of the right ones said yes; a yes is used as often as it says, until it lapses or a
 * cut-off voids it; a no holds for its time; people are not flooded; a restart forgets none of it.
 */
#include "stage.h"

#include "core/approval.h"

#define MINUTE_MS 60000
#define RULE(id, approval)                                                                 \
    "{'id':'" id "','actions':['g." id "'],'resources':['svc:g/**'],'ttl':{'max':'24h'},'" \
    "approval':{" approval "}}"
static const char policy[] =
    "{'policy':'gated','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov'],"
    "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
    "'allow':[" /* clang-format off */
    RULE("one", "'at':'grant','roles':['oncall'],'timeout':'15m'") ","
    RULE("two", "'at':'grant','roles':['oncall'],'count':2,'timeout':'15m'") ","
    RULE("many", "'at':'grant','roles':['oncall'],'timeout':'15m','envelope':{'uses':2,'for':'30m'}") ","
    RULE("act", "'at':'action','roles':['approver'],'timeout':'2m'") "],"
    "'hard_stops':[{'id':'quiet','on':'denied','actions':['never.used'],'count':9,'within':'1m','"
    "then':'suspend_agent'}]}";
/* clang-format on */
static const char agent[] = "{'agent':'runner','description':'d','owner':'dana','backup':'sam',"
                            "'authenticate':[{'method':'client_secret_basic','sha256':"
                            "'00000000000000000000000000000000000000000000000000000000000000aa',"
                            "'expires':'2027-01-31T00:00:00Z'}],'policies':['gated']}";

/* What delegates to the runner, and asks nobody. */
static const char open_policy[] =
    "{'policy':'open','description':'d','owner':'dana','tier':'low',"
    "'audiences':['https://api.example.gov'],"
    "'review':{'authored_by':'dana','accepted_by':'dana'},"
    "'allow':[{'id':'all','actions':['g.**'],'resources':['svc:g/**'],'ttl':{'max':'1h'},"
    "'delegation':{'depth':1}}],'hard_stops':[{'id':'quiet','on':'denied',"
    "'actions':['never.used'],'count':9,'within':'1m','then':'suspend_agent'}]}";
static const char chief[] = "{'agent':'chief','description':'d','owner':'dana','backup':'sam',"
                            "'authenticate':[{'method':'client_secret_basic','sha256':"
                            "'00000000000000000000000000000000000000000000000000000000000000aa',"
                            "'expires':'2027-01-31T00:00:00Z'}],'policies':['open'],"
                            "'delegates_to':['runner']}";

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/gated.json", policy);
    stage_document(stage, "agents/runner.json", agent);
    stage_open(stage);
}

static struct answer ask(struct stage *stage, const char *action, const char *purpose,
                         struct ambit_id approval)
{
    return stage_ask(stage, &(struct ask){.agent = "runner",
                                          .action = action,
                                          .resource = "svc:g/**",
                                          .purpose = purpose,
                                          .approval = approval});
}

static const struct ambit_id none = {{0}};

/* Refused for want of a yes, and what people have to answer now. */
static struct ambit_id asked(struct stage *stage, const char *action, const char *purpose)
{
    struct answer answer = ask(stage, action, purpose, none);
    assert_int_equal(answer.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_false(ambit_id_is_none(answer.approval));
    return answer.approval;
}

static void is_given(struct stage *stage, const char *action, struct ambit_id approval)
{
    struct answer answer = ask(stage, action, NULL, approval);
    assert_int_equal(answer.reason, AMBIT_REASON_ALLOWED);
    assert_true(ambit_id_is_none(answer.approval));
}

static void test_single_use(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.one", NULL);
    assert_true(ambit_id_eq(asked(&stage, "g.one", NULL), id)); /* joined */
    stage_reopen(&stage);
    assert_true(ambit_id_eq(asked(&stage, "g.one", NULL), id));
    struct ambit_id other = asked(&stage, "g.one", "INC-7");
    assert_false(ambit_id_eq(other, id));

    assert_int_equal(
        stage_approve(&stage, "kim", stage_last_id(&stage, "approval.asked", "id"), true),
        APPROVE_UNKNOWN);
    assert_int_equal(stage_approve(&stage, "dana", id, true), APPROVE_NOT_PERMITTED);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_FINE);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_OVER);
    assert_int_equal(stage_approve(&stage, "lee", id, false), APPROVE_OVER);
    stage_reopen(&stage);
    /* For what was shown alone, also when it is named. */
    struct answer answer = ask(&stage, "g.one", "INC-7", id);
    assert_int_equal(answer.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(ambit_id_eq(answer.approval, other));
    is_given(&stage, "g.one", id);
    /* Used up. */
    assert_false(ambit_id_eq(asked(&stage, "g.one", NULL), id));
    assert_int_equal(stage_count_events(&stage, "approval.asked", NULL), 3);
    assert_int_equal(stage_count_events(&stage, "approval.given", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "approval.used", NULL), 1);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* As many different people as the rule says. */
static void test_count(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.two", NULL);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_FINE);
    assert_true(ambit_id_eq(asked(&stage, "g.two", NULL), id));
    stage_reopen(&stage);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_TWICE);
    assert_int_equal(stage_approve(&stage, "lee", id, true), APPROVE_FINE);
    is_given(&stage, "g.two", none);
    /* One no is enough, after a yes too. */
    id = asked(&stage, "g.two", NULL);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_FINE);
    assert_int_equal(stage_approve(&stage, "lee", id, false), APPROVE_FINE);
    assert_int_equal(stage_approve(&stage, "oli", id, true), APPROVE_OVER);
    assert_int_equal(ask(&stage, "g.two", NULL, none).reason, AMBIT_REASON_APPROVAL_REJECTED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* A yes of who was offboarded before there were enough is none. */
static void test_count_offboarded(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.two", NULL);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_FINE);
    assert_int_equal(stage_offboard(&stage, "lee", "kim").err, AMBIT_OK);
    assert_int_equal(stage_approve(&stage, "lee", id, true), APPROVE_FINE);
    assert_true(ambit_id_eq(asked(&stage, "g.two", NULL), id));
    assert_int_equal(stage_approve(&stage, "oli", id, true), APPROVE_FINE);
    is_given(&stage, "g.two", none);
    stage_verify(&stage);
}

/* At tiers high and critical one of them is neither owner nor backup of the agent. */
static void test_other_than_owner(void **state)
{
    static const struct {
        const char *person;
        enum ambit_tier tier;
        bool want;
    } rows[] = {
        {"dana", AMBIT_TIER_MEDIUM, true}, {"dana", AMBIT_TIER_HIGH, false},
        {"sam", AMBIT_TIER_HIGH, false},   {"dana", AMBIT_TIER_CRITICAL, false},
        {"kim", AMBIT_TIER_HIGH, true},    {"kim", AMBIT_TIER_CRITICAL, true},
    };
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct documents_ref *ref = broker_documents_acquire(stage.broker);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct approval_answer yes = {.person = ambit_str_of(rows[i].person), .is_given = true};
        struct approval_row row = {.answers = &yes, .n_answers = 1};
        struct approval_ask rule = {.agent = AMBIT_STR("runner"), .tier = rows[i].tier, .count = 1};
        ROW_CHECK(rows[i].person, approval_suffices(&rule, &row, ref->documents) == rows[i].want);
    }
    broker_documents_release(ref);
}

/* A no holds for as long as people had to answer. */
static void test_refused(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.one", NULL);
    assert_int_equal(stage_approve(&stage, "kim", id, false), APPROVE_FINE);
    stage_reopen(&stage);
    stage_live_on(&stage, 15 * MINUTE_MS - 10000);
    struct answer answer = ask(&stage, "g.one", NULL, id);
    assert_int_equal(answer.reason, AMBIT_REASON_APPROVAL_REJECTED);
    assert_true(ambit_id_is_none(answer.approval));
    stage_live_on(&stage, 10000);
    assert_false(ambit_id_eq(asked(&stage, "g.one", NULL), id));
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* Nobody answers; or the yes is not used in time. */
static void test_lapse(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.one", NULL);
    stage_live_on(&stage, 15 * MINUTE_MS);
    struct ambit_id second = asked(&stage, "g.one", NULL);
    assert_false(ambit_id_eq(second, id));
    assert_int_equal(stage_count_events(&stage, "approval.lapsed", NULL), 1);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_OVER);
    assert_int_equal(stage_approve(&stage, "kim", second, true), APPROVE_FINE);
    stage_reopen(&stage);
    stage_live_on(&stage, 15 * MINUTE_MS);
    assert_false(ambit_id_eq(asked(&stage, "g.one", NULL), second));
    assert_int_equal(stage_count_events(&stage, "approval.lapsed", NULL), 1);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* Less than was shown passes inside an envelope, as often and as long as it says; never more. */
static void test_envelope(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.many", NULL);
    assert_int_equal(stage_approve(&stage, "oli", id, true), APPROVE_FINE);
    struct ask narrow = {
        .agent = "runner", .action = "g.many", .resource = "svc:g/x", .approval = id};
    struct ask wide = narrow;
    wide.resource = "svc:**";
    assert_int_not_equal(stage_ask(&stage, &wide).reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_ask(&stage, &narrow).reason, AMBIT_REASON_ALLOWED);
    stage_reopen(&stage);
    /* Not named: another question. */
    struct ask unnamed = narrow;
    unnamed.approval = none;
    assert_int_equal(stage_ask(&stage, &unnamed).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    is_given(&stage, "g.many", id);
    struct answer third = stage_ask(&stage, &narrow);
    assert_int_equal(third.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(stage_count_events(&stage, "approval.used", NULL), 2);

    id = asked(&stage, "g.many", "INC-9");
    assert_int_equal(stage_approve(&stage, "oli", id, true), APPROVE_FINE);
    stage_live_on(&stage, 30 * MINUTE_MS);
    assert_int_equal(ask(&stage, "g.many", "INC-9", id).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* Another key, or another grant to come from, is not less than was shown. */
static void test_envelope_holder(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_document(&stage, "policies/gated.json", policy);
    stage_document(&stage, "agents/runner.json", agent);
    stage_document(&stage, "policies/open.json", open_policy);
    stage_document(&stage, "agents/chief.json", chief);
    stage_open(&stage);
    struct ask narrow = {.agent = "runner", .action = "g.many", .resource = "svc:g/x", .key = 1};
    struct ask shown = narrow;
    shown.resource = "svc:g/**";
    narrow.approval = stage_ask(&stage, &shown).approval;
    assert_int_equal(stage_approve(&stage, "oli", narrow.approval, true), APPROVE_FINE);
    struct ask other = narrow;
    other.key = 2;
    assert_int_equal(stage_ask(&stage, &other).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(stage_ask(&stage, &narrow).reason, AMBIT_REASON_ALLOWED);

    struct answer first = stage_grant(&stage, "chief", "g.many", "svc:g/**");
    struct answer second = stage_grant(&stage, "chief", "g.many", "svc:g/**");
    shown = (struct ask){
        .agent = "runner", .action = "g.many", .resource = "svc:g/**", .parent = &first};
    narrow = shown;
    narrow.resource = "svc:g/x";
    narrow.approval = stage_ask(&stage, &shown).approval;
    assert_int_equal(stage_approve(&stage, "oli", narrow.approval, true), APPROVE_FINE);
    other = narrow;
    other.parent = &second;
    assert_int_equal(stage_ask(&stage, &other).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    other.parent = NULL;
    assert_int_equal(stage_ask(&stage, &other).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(stage_ask(&stage, &narrow).reason, AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

/* A stop that covers the agent voids what was given before it, cleared or not. */
static void test_void(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id id = asked(&stage, "g.one", NULL);
    assert_int_equal(stage_approve(&stage, "kim", id, true), APPROVE_FINE);
    struct stopped stopped = stage_stop(&stage, "kim", "agent:runner");
    assert_int_equal(stopped.err, AMBIT_OK);
    assert_int_equal(ask(&stage, "g.one", NULL, id).reason, AMBIT_REASON_STOPPED);
    stage_reopen(&stage);
    assert_int_equal(stage_clear(&stage, "lee", stopped.stop), CLEAR_FINE);
    assert_int_equal(ask(&stage, "g.one", NULL, id).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(stage_count_events(&stage, "approval.used", NULL), 0);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* Three at once and ten an hour, of one agent; what is over they are not asked. */
static void test_flood(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct ambit_id ids[3];
    static const char *const purposes[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    for (size_t i = 0; i < 3; i++)
        ids[i] = asked(&stage, "g.one", purposes[i]);
    struct answer fourth = ask(&stage, "g.one", purposes[3], none);
    assert_int_equal(fourth.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(ambit_id_is_none(fourth.approval));
    stage_reopen(&stage);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(stage_approve(&stage, "kim", ids[i], false), APPROVE_FINE);
    for (size_t i = 3; i < 10; i++)
        assert_int_equal(stage_approve(&stage, "kim", asked(&stage, "g.one", purposes[i]), false),
                         APPROVE_FINE);
    stage_reopen(&stage);
    assert_true(ambit_id_is_none(ask(&stage, "g.one", purposes[10], none).approval));
    assert_int_equal(stage_count_events(&stage, "approval.asked", NULL), 10);
    stage_live_on(&stage, 60 * MINUTE_MS);
    (void)asked(&stage, "g.one", purposes[10]);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* At each action: the same action with another reason or context is another question. */
static void test_action(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct answer token = stage_grant(&stage, "runner", "g.act", "svc:g/**");
    struct answer refused = stage_do(&stage, &token, "g.act", "svc:g/x");
    assert_int_equal(refused.reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_false(ambit_id_is_none(refused.approval));
    assert_int_equal(stage_approve(&stage, "kim", refused.approval, true), APPROVE_NOT_PERMITTED);
    assert_int_equal(stage_approve(&stage, "ann", refused.approval, true), APPROVE_FINE);
    stage_reopen(&stage);
    struct act other = {.action = "g.act", .resource = "svc:g/x", .context = "{'amount':7}"};
    assert_int_equal(stage_act(&stage, &token, &other).reason, AMBIT_REASON_APPROVAL_REQUIRED);
    assert_int_equal(stage_do(&stage, &token, "g.act", "svc:g/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_do(&stage, &token, "g.act", "svc:g/x").reason,
                     AMBIT_REASON_APPROVAL_REQUIRED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_use),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lapse),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_void),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_action),
        cmocka_unit_test(test_envelope_holder),
        cmocka_unit_test(test_count_offboarded),
        cmocka_unit_test(test_other_than_owner),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
