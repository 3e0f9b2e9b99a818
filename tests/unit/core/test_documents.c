/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a set of documents is taken up whole or not at all, the stored one is what is in force, and
 * a caller whose way in has gone is told so and given nothing. */
#include "stage.h"

static const struct ask ask_free = {"worker", "a.free", "svc:free/x"};

#define TIGHT_PORTS                                                                                \
    "{'policy':'ports','description':'tighter','owner':'oli','tier':'low',"                        \
    "'audiences':['https://api.example.gov'],'review':{'authored_by':'oli','accepted_by':'oli'},"  \
    "'allow':[{'id':'p','actions':['p.read'],'resources':['svc:p/**'],'ttl':{'max':'1h'}}],"       \
    "'hard_stops':[{'id':'probing','on':'denied','count':100,'within':'1m','then':'suspend_agent'" \
    "}]}"

static void test_whole_or_not_at_all(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "porter", "p.**", "svc:p/**");
    stage_document(&stage, "policies/ports.json", TIGHT_PORTS);
    stage_document(&stage, "policies/broken.json", "{'policy':'broken'}");
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_count_events(&stage, "documents.rejected", NULL), 1);
    stage_reopen(&stage); /* the folder is a proposal at start too */
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_count_events(&stage, "documents.rejected", NULL), 2);

    stage_document(&stage, "policies/broken.json", NULL);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason,
                     AMBIT_REASON_POLICY_CHANGED);
    assert_int_equal(stage_do(&stage, &token, "p.read", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_reload(&stage), AMBIT_OK); /* unchanged: no event */
    assert_int_equal(stage_count_events(&stage, "documents.activated", NULL), 2);
    assert_true(stage_explain_all(&stage) > 0); /* of both sets */
    stage_verify(&stage);
}

static void is_done(void *sem)
{
    assert_int_equal(sem_post(sem), 0);
}

/* A command waits while its caller's credential leaves the set. */
static void test_way_in_lost(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct held_ask before;
    stage_make(&stage);
    stage_open(&stage);
    struct held_stop stop;
    stage_document(&stage, "agents/worker.json",
                   "{'agent':'worker','description':'d','owner':'dana','backup':'sam','"
                   "authenticate':[{'method':"
                   "'client_secret_basic','sha256':'"
                   "00000000000000000000000000000000000000000000000000000000000000bb',"
                   "'expires':'2027-01-31T00:00:00Z'}],'policies':['counting','watched']}");
    struct documents_ref *old = broker_documents_acquire(stage.broker);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    /* As a command authenticated under the old set whose turn comes now. */
    struct caller caller = stage_caller(CALLER_AGENT, "worker");
    struct grant_command command = {.question = {.agent = AMBIT_STR("worker")}};
    ARENA_AUTO arena = {0};
    static const struct ambit_item item = {.action = AMBIT_STR("a.free"),
                                           .resource = AMBIT_STR("svc:free/x")};
    command_init(&command.base, stage.broker, &caller, old);
    command.arena = &arena;
    command.question.items = &item;
    command.question.n_items = 1;
    grant_command_init(&command);
    sem_t done;
    assert_int_equal(sem_init(&done, 0, 0), 0);
    command.base.done = is_done;
    command.base.done_ctx = &done;
    assert_int_equal(grant_submit(&command), AMBIT_OK);
    assert_int_equal(sem_wait(&done), 0);
    assert_int_equal(command.base.err, AMBIT_OK);
    assert_true(command.base.way_in_lost);
    command_release(&command.base);
    broker_documents_release(old);
    assert_int_equal(sem_destroy(&done), 0);
    assert_int_equal(stage_count_events(&stage, "grant.issued", NULL), 0);

    /* Others, whose way in stands, are not harmed. */
    struct ask helper = {"helper", "a.free", "svc:free/x"};
    stage_submit(&stage, &helper, &before);
    assert_int_equal(stage_await(&before).reason, AMBIT_REASON_ALLOWED);
    stage_submit_stop(&stage, "lee", "agent:helper", &stop);
    assert_int_equal(stage_await_stop(&stop).err, AMBIT_OK);
    stage_verify(&stage);
}

/* An owner who is not active: nothing new, and what was given does nothing. */
static void test_no_owner_no_authority(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "porter", "p.**", "svc:p/**");
    stage_document(&stage, "people/oli.json",
                   "{'person':'oli','name':'oli "
                   "X','email':'oli@example.gov','team':'operations','active':false,"
                   "'roles':['owner','oncall']}");
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    struct ask ask = {"porter", "p.do", "svc:p/x"};
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason, AMBIT_REASON_INACTIVE);
    assert_false(stage_is_active(&stage, &token));
    assert_int_equal(stage_ask(&stage, &ask_free).reason, AMBIT_REASON_ALLOWED);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_whole_or_not_at_all),
    cmocka_unit_test(test_way_in_lost),
    cmocka_unit_test(test_no_owner_no_authority),
};
UNIT_MAIN(tests)
