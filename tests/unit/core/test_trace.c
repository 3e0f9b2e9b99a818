/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a story holds who further was asked to answer when nobody did, says of what was erased that
 * it was, is bounded whatever the history, and reads each event once. */
#include "stage.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/internal.h"
#include "core/trace.h"

#define REVIEW "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']},"
static const char policy[] =
    "{'policy':'alert','description':'d','owner':'dana','tier':'medium',"
    "'audiences':['https://api.example.gov']," REVIEW
    "'allow':[{'id':'free','actions':['i.free'],'resources':['svc:i/**'],'ttl':{'max':'24h'}}],"
    "'hard_stops':[{'id':'noise','on':'denied','count':3,'within':'1m','by':'grant',"
    "'then':'revoke_grant'}]}";
static const char agent[] =
    "{'agent':'runner','description':'d','owner':'dana','backup':'sam',"
    "'authenticate':[{'method':'client_secret_basic','sha256':"
    "'00000000000000000000000000000000000000000000000000000000000000aa','expires':"
    "'2027-01-31T00:00:00Z'}],'policies':['alert']}";

static void up(struct stage *stage)
{
    stage_make(stage);
    stage_document(stage, "policies/alert.json", policy);
    stage_document(stage, "agents/runner.json", agent);
    stage_open(stage);
}

struct told {
    struct arena arena;
    struct buf text;
    const struct json_value *answer; /* NULL: not found */
};

static void told_done(struct told *told)
{
    arena_done(&told->arena);
    buf_done(&told->text);
}
#define TOLD_AUTO AMBIT_CLEANUP(told_done) struct told

static struct told ask(struct stage *stage, const struct trace_question *question)
{
    struct told told = {.answer = NULL};
    struct json_out out;
    struct json_problem problem;
    arena_init(&told.arena, NULL, 0, 0);
    buf_init(&told.text, 0);
    json_out_init(&out, &told.text, false);
    enum ambit_err err = query_trace(stage->broker, question, &out);
    assert_true(err == AMBIT_OK || err == AMBIT_ERR_NOT_FOUND);
    if (err == AMBIT_OK)
        assert_int_equal(json_read(buf_str(&told.text), (struct json_limits){.depth = 24},
                                   &told.arena, &told.answer, &problem),
                         AMBIT_OK);
    return told;
}

static struct told ask_id(struct stage *stage, struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    return ask(stage, &(struct trace_question){.what = {text, sizeof text}, .limit = TRACE_LIMIT});
}

static size_t count(const struct json_value *answer, const char *list)
{
    const struct json_value *value = json_get(answer, list);
    return value ? value->count : 0;
}

static bool says(const struct told *told, const char *words)
{
    return memmem(told->text.p, told->text.len, words, strlen(words)) != NULL;
}

/* Nobody took it up: the story says to whom it went, and when somebody did. */
static void test_nobody_answered(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    up(&stage);
    struct answer token = stage_grant(&stage, "runner", "i.free", "svc:i/**");
    for (int i = 0; i < 3; i++)
        (void)stage_do(&stage, &token, "i.other", "svc:i/x");
    struct ambit_id incident = stage_last_id(&stage, "incident.opened", "incident");
    stage_pass(15 * 60000);
    (void)stage_grant(&stage, "runner", "i.free", "svc:i/**");
    assert_int_equal(stage_acknowledge(&stage, "sam", incident), INCIDENT_FINE);
    TOLD_AUTO told = ask_id(&stage, token.grant);
    const struct json_value *one = json_get(told.answer, "incidents")->first;
    const struct json_value *further = json_get(one, "escalations")->first;
    assert_true(ambit_str_is(json_get_str(further, "to"), "sam"));
    assert_true(ambit_str_is(json_get_str(further, "level"), "backup"));
    assert_int_equal(count(one, "acknowledgements"), 1);
    const struct json_value *stop = json_get(told.answer, "stops")->first;
    assert_int_equal(count(stop, "counted"), 3);
    assert_true(says(&told, "\"hard_stop\":{\"by\":\"grant\",\"count\":3"));
    TOLD_AUTO of_incident = ask_id(&stage, incident);
    assert_int_equal(count(of_incident.answer, "events"), count(told.answer, "events"));
}

static void erase(struct stage *stage, uint64_t seq)
{
    struct store_txn *txn = NULL;
    uint8_t key[8];
    put_be64(key, seq);
    assert_int_equal(store_write_begin(stage->broker->store, &txn), AMBIT_OK);
    assert_int_equal(store_delete(txn, STORE_OPENINGS, (struct store_key){key, sizeof key}),
                     AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* What was said is absent, and said to be erased, at each place where it would stand. */
static void test_erased(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    up(&stage);
    struct answer token = stage_ask(&stage, &(struct ask){.agent = "runner",
                                                          .action = "i.free",
                                                          .resource = "svc:i/**",
                                                          .purpose = "a secret purpose"});
    struct answer act = stage_act(&stage, &token,
                                  &(struct act){.action = "i.free",
                                                .resource = "svc:i/x",
                                                .stated_reason = "a secret reason"});
    struct stopped stopped = stage_stop(&stage, "lee", "agent:runner");
    TOLD_AUTO before = ask_id(&stage, stopped.stop);
    assert_true(says(&before, "a secret purpose") && says(&before, "a secret reason"));
    assert_false(says(&before, "erased"));
    const uint64_t seqs[] = {token.seq, act.seq, stopped.seq};
    for (size_t i = 0; i < AMBIT_LEN(seqs); i++)
        erase(&stage, seqs[i]);
    TOLD_AUTO told = ask_id(&stage, stopped.stop);
    assert_false(says(&told, "a secret"));
    assert_true(says(&told, "\"erased\":[\"purpose\"]"));
    assert_true(says(&told, "\"erased\":[\"stated_reason\"]"));
    assert_true(says(&told, "\"erased\":[\"words\"]"));  /* of the event */
    assert_true(says(&told, "\"erased\":[\"reason\"]")); /* of the stop */
    assert_true(says(&told, "lee stopped agent:runner: (erased)"));
    assert_true(says(&told, "(erased)"));
}

/* Of many events the newest, and the place to go on from; the stop in any case. */
static void test_many(void **state)
{
    enum { MANY = 60, PAGE = 7 };
    (void)state;
    STAGE_AUTO stage;
    up(&stage);
    struct answer token = stage_grant(&stage, "runner", "i.free", "svc:i/**");
    for (int i = 0; i < MANY; i++)
        assert_int_equal(stage_do(&stage, &token, "i.free", "svc:i/x").err, AMBIT_OK);
    (void)stage_stop(&stage, "lee", "agent:runner");
    static const char *const whats[] = {"agent:runner", "owner:dana", "policy:alert"};
    for (size_t k = 0; k < AMBIT_LEN(whats); k++) {
        struct trace_question question = {.what = ambit_str_of(whats[k]), .limit = PAGE};
        size_t pages = 0;
        for (bool more = true; more; pages++) {
            int64_t next = 0;
            TOLD_AUTO told = ask(&stage, &question);
            ROW_CHECK(whats[k], told.answer != NULL && count(told.answer, "events") > 0);
            if (k == 0)
                ROW_CHECK(whats[k], count(told.answer, "stops") == 1);
            more = json_get_i64(told.answer, "next", &next);
            ROW_CHECK(whats[k], !more || next < (int64_t)question.below || question.below == 0);
            question.below = (uint64_t)next;
        }
        ROW_CHECK(whats[k], pages >= MANY / PAGE);
    }
    struct trace_question question = {
        .what = AMBIT_STR("agent:runner"), .limit = TRACE_LIMIT, .only_owner = AMBIT_STR("sam")};
    TOLD_AUTO theirs = ask(&stage, &question);
    assert_null(theirs.answer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_nobody_answered),
    cmocka_unit_test(test_erased),
    cmocka_unit_test(test_many),
};
UNIT_MAIN(tests)
