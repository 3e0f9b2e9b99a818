/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: offboarding a person stops all that is theirs in one act (policy-language.md, "No owner, no
 * authority"): their agents, the agents they back up, and they themselves; and that holds until a
 * document says it too. */
#include "stage.h"

#include "stage_documents.h"

static const struct ask worker = {"worker", "a.free", "svc:free/**"};
static const struct ask porter = {"porter", "p.do", "svc:p/**"};

static void test_all_that_is_theirs(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer hers = stage_grant(&stage, "worker", "a.free", "svc:free/**");
    struct answer his = stage_grant(&stage, "porter", "p.do", "svc:p/**");
    struct stopped left = stage_offboard(&stage, "lee", "dana");
    assert_int_equal(left.err, AMBIT_OK);
    assert_false(stage_is_active(&stage, &hers));
    assert_true(stage_is_active(&stage, &his));
    assert_int_equal(stage_ask(&stage, &worker).reason, AMBIT_REASON_STOPPED);
    assert_int_equal(stage_ask(&stage, &porter).reason, AMBIT_REASON_ALLOWED);
    assert_true(broker_person_left(stage.broker, AMBIT_STR("dana")));
    assert_false(broker_person_left(stage.broker, AMBIT_STR("sam")));
    /* A command of theirs that was on its way is not carried out. */
    assert_true(stage_stop(&stage, "dana", "agent:worker").way_in_lost);
    /* With the stop cleared they are gone all the same. */
    assert_int_equal(stage_clear(&stage, "lee", left.stop), CLEAR_NEEDS_TWO);
    assert_int_equal(stage_clear(&stage, "kim", left.stop), CLEAR_FINE);
    struct answer refused = stage_ask(&stage, &worker);
    assert_int_equal(refused.reason, AMBIT_REASON_OWNER_REQUIRED);
    stage_reopen(&stage);
    assert_true(broker_person_left(stage.broker, AMBIT_STR("dana")));
    assert_int_equal(stage_ask(&stage, &worker).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(stage_count_events(&stage, "person.offboarded", "owner:dana"), 1);
    assert_true(stage_explain_all(&stage) >= 6);
    stage_verify(&stage);
}

/* A backup who left refuses new grants; what was given goes on. */
static void test_backup(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer given = stage_grant(&stage, "porter", "p.do", "svc:p/**");
    assert_int_equal(stage_offboard(&stage, "ann", "sam").err, AMBIT_OK);
    assert_int_equal(stage_ask(&stage, &porter).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(stage_do(&stage, &given, "p.do", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

/* Reloads do not bring them back, until a set has said that they left. */
static void test_until_a_document_says_so(void **state)
{
    static const char active[] =
        "{'person':'kim','name':'Kim X','email':'kim@example.gov','team':'operations',"
        "'active':true,'roles':['oncall']}";
    static const char inactive[] =
        "{'person':'kim','name':'Kim X','email':'kim@example.gov','team':'operations',"
        "'active':false,'roles':['oncall']}";
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    assert_int_equal(stage_offboard(&stage, "lee", "kim").err, AMBIT_OK);
    stage_document(&stage, "people/kim.json", active);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_true(broker_person_left(stage.broker, AMBIT_STR("kim")));
    stage_document(&stage, "people/kim.json", inactive);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_false(broker_person_left(stage.broker, AMBIT_STR("kim")));
    assert_int_equal(stage_count_events(&stage, "documents.superseded", "person:kim"), 1);
    stage_verify(&stage);
}

/* What an offboarded person confirmed counts no more. */
static void test_confirmations(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    stage_close(&stage);
    stage.is_enforcing = true;
    stage_open(&stage);
    stage_document(&stage, "agents/porter.json", NULL);
    assert_int_equal(stage_confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter", true), CONFIRM_FINE);
    assert_int_equal(stage_confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter", true), CONFIRM_FINE);
    assert_int_equal(stage_offboard(&stage, "lee", "oli").err, AMBIT_OK);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_all_that_is_theirs),
    cmocka_unit_test(test_backup),
    cmocka_unit_test(test_until_a_document_says_so),
    cmocka_unit_test(test_confirmations),
};
UNIT_MAIN(tests)
