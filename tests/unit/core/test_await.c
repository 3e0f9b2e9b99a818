/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: CIB-7, CIB-8, CIB-9, CIB-10, DTR-4, DTR-5: what a client comes back for is found by its
 * handle, once, by itself; asking too often costs it time; and people are asked in between. */
#include "stage.h"

#include "crypto/digest.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60000 };

static const char policy[] =
    "{'policy':'gated','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov'],"
    "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
    "'allow':[{'id':'one','actions':['g.one'],'resources':['svc:g/**'],'ttl':{'max':'1h'},"
    "'approval':{'at':'grant','roles':['oncall'],'timeout':'15m'}},"
    "{'id':'free','actions':['g.free'],'resources':['svc:g/**'],'ttl':{'max':'1h'},"
    "'limits':[{'grants':1,'within':'1h'}]}],"
    "'hard_stops':[{'id':'quiet','on':'denied','actions':['never.used'],'count':9,'within':'1m',"
    "'then':'suspend_agent'}]}";
static const char agent[] = "{'agent':'runner','description':'d','owner':'dana','backup':'sam',"
                            "'authenticate':[{'method':'client_secret_basic','sha256':"
                            "'00000000000000000000000000000000000000000000000000000000000000aa',"
                            "'expires':'2027-01-31T00:00:00Z'}],'policies':['gated']}";

static void stage_up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/gated.json", policy);
    stage_document(stage, "agents/runner.json", agent);
    stage_open(stage);
}

struct outcome {
    struct grant_await await;
    enum ambit_verdict verdict;
    enum ambit_reason reason;
    struct ambit_id approval, grant;
    int64_t life_s;
};

static void wake(void *ctx)
{
    assert_int_equal(sem_post((sem_t *)ctx), 0);
}

static struct ambit_digest handle_of(const char *text)
{
    struct ambit_digest digest = {{0}};
    crypto_sha256(text, strlen(text), &digest);
    return digest;
}

static struct outcome send(struct stage *stage, const char *who, const char *action,
                           const struct grant_await *await)
{
    struct outcome outcome = {.verdict = AMBIT_DENY};
    struct caller caller = stage_caller(CALLER_AGENT, who);
    struct documents_ref *ref = broker_documents_acquire(stage->broker);
    struct ambit_item item = {.action = ambit_str_of(action), .resource = AMBIT_STR("svc:g/x")};
    struct grant_command *command = calloc(1, sizeof *command);
    sem_t done;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    assert_non_null(command);
    assert_int_equal(sem_init(&done, 0, 0), 0);
    command_init(&command->base, stage->broker, &caller, ref);
    command->base.done = wake;
    command->base.done_ctx = &done;
    command->arena = &arena;
    command->await = *await;
    command->question =
        (struct ambit_grant_question){.agent = caller.name, .items = &item, .n_items = 1};
    grant_command_init(command);
    assert_int_equal(grant_submit(command), AMBIT_OK);
    while (sem_wait(&done) != 0)
        continue;
    assert_int_equal(command->base.err, AMBIT_OK);
    outcome.await = command->await;
    outcome.verdict = command->decided.verdict;
    outcome.reason = command->decided.reason;
    outcome.approval = command->approval;
    outcome.grant = command->grant;
    outcome.life_s = (command->await.expires_ms - command->base.now_ms) / 1000;
    command_release(&command->base);
    broker_documents_release(ref);
    assert_int_equal(sem_destroy(&done), 0);
    free(command);
    return outcome;
}

static struct outcome put(struct stage *stage, const char *action, const char *handle)
{
    struct outcome outcome =
        send(stage, "runner", action,
             &(struct grant_await){
                 .step = AWAIT_PUT, .handle = handle_of(handle), .hint = AMBIT_STR("oncall")});
    assert_true(outcome.await.is_waiting);
    return outcome;
}

static struct outcome poll(struct stage *stage, const char *who, const char *handle)
{
    return send(stage, who, "never.looked.at",
                &(struct grant_await){.step = AWAIT_POLLS, .handle = handle_of(handle)});
}

static enum await_found found(struct stage *stage, const char *handle)
{
    return poll(stage, "runner", handle).await.found;
}

static void test_too_often(void **state)
{
    static const struct {
        int wait_s;
        enum await_found found;
    } rows[] = {
        {0, AWAIT_PENDING},  {5, AWAIT_PENDING},  {3, AWAIT_SLOW}, /* ten from here */
        {8, AWAIT_SLOW},                                           /* fifteen */
        {15, AWAIT_PENDING}, {15, AWAIT_PENDING}, {5, AWAIT_SLOW},
    };
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct outcome first = put(&stage, "g.one", "a");
    assert_int_equal(first.life_s, 960);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        stage_pass(rows[i].wait_s * SECOND_MS);
        if (found(&stage, "a") != rows[i].found)
            fail_msg("CIB-8: poll %zu", i);
    }
    stage_reopen(&stage); /* forgotten, and begun anew */
    assert_int_equal(found(&stage, "a"), AWAIT_PENDING);
    assert_int_equal(found(&stage, "a"), AWAIT_SLOW);
    stage_verify(&stage);
}

static void test_once_and_by_itself(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct outcome asked = put(&stage, "g.one", "a");
    assert_int_equal(found(&stage, "b"), AWAIT_UNKNOWN);
    assert_int_equal(poll(&stage, "worker", "a").await.found, AWAIT_UNKNOWN);
    assert_int_equal(stage_approve(&stage, "lee", asked.approval, true), APPROVE_FINE);
    stage_reopen(&stage);
    struct outcome given = poll(&stage, "runner", "a");
    assert_int_equal(given.await.found, AWAIT_FINE);
    assert_int_equal(given.verdict, AMBIT_ALLOW);
    assert_int_equal(stage_count_events(&stage, "grant.revoked", NULL), 0);
    assert_int_equal(found(&stage, "a"), AWAIT_USED); /* CIB-9: and what it gave is revoked */
    assert_int_equal(stage_count_events(&stage, "grant.revoked", NULL), 1);
    assert_int_equal(found(&stage, "a"), AWAIT_USED);
    assert_int_equal(stage_count_events(&stage, "grant.revoked", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "approval.used", NULL), 1);
    assert_true(stage_explain_all(&stage) >= 2);
    stage_verify(&stage);
}

/* CIB-10: judged when it is fetched; a refusal ends it. */
static void test_judged_again(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    struct outcome first = put(&stage, "g.free", "a"), second = put(&stage, "g.free", "b");
    assert_true(ambit_id_is_none(first.approval) && ambit_id_is_none(second.approval));
    assert_int_equal(first.life_s, AWAIT_LIFE_S);
    assert_int_equal(stage_count_events(&stage, "grant.issued", NULL), 0);
    assert_int_equal(poll(&stage, "runner", "a").verdict, AMBIT_ALLOW);
    struct outcome refused = poll(&stage, "runner", "b"); /* the limit is one an hour */
    assert_int_equal(refused.await.found, AWAIT_FINE);
    assert_int_equal(refused.reason, AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(61 * MINUTE_MS);
    assert_int_equal(found(&stage, "b"), AWAIT_USED);
    stage_verify(&stage);
}

static void test_ends(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    (void)put(&stage, "g.free", "late");
    (void)put(&stage, "g.one", "unanswered");
    stage_pass(10 * MINUTE_MS);
    assert_int_equal(found(&stage, "late"), AWAIT_EXPIRED);
    assert_int_equal(found(&stage, "unanswered"), AWAIT_PENDING);
    stage_pass(5 * MINUTE_MS);
    assert_int_equal(found(&stage, "unanswered"), AWAIT_EXPIRED); /* nobody answered in time */
    stage_pass(2 * MINUTE_MS);
    assert_int_equal(found(&stage, "unanswered"), AWAIT_EXPIRED);
    assert_int_equal(stage_count_events(&stage, "approval.lapsed", NULL), 1);
    stage_verify(&stage);
}

/* A hint that is nobody's asks nobody. */
static void test_hints(void **state)
{
    static const struct {
        const char *hint;
        bool is_somebody;
    } rows[] = {{"oncall", true}, {"lee", true}, {"dana", false}, {"auditor", false}, {"x", false}};
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct outcome outcome = send(&stage, "runner", "g.one",
                                      &(struct grant_await){.step = AWAIT_PUT,
                                                            .handle = handle_of(rows[i].hint),
                                                            .hint = ambit_str_of(rows[i].hint)});
        if (outcome.await.is_waiting != rows[i].is_somebody ||
            outcome.await.is_unknown_user == rows[i].is_somebody)
            fail_msg("CIB-2: %s", rows[i].hint);
    }
    assert_int_equal(stage_count_events(&stage, "approval.asked", NULL), 1);
    assert_int_equal(stage_count_events(&stage, "approval.awaited", NULL), 2);
    stage_verify(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_often),    cmocka_unit_test(test_once_and_by_itself),
        cmocka_unit_test(test_judged_again), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_hints),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
