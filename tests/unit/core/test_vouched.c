/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the row of a grant that is not what its event gives is not believed by a broker that did
 * not write it: nobody is told that the token is active, nothing is decided with it, and those who
 * ask at the same time are answered from one batch. */
#include "stage.h"

#include "base/encode.h"
#include "core/internal.h"

enum { ROW_MAX_BYTES = 4096 };
#define AGENT(name, more)                                                      \
    "{'agent':'" name "','description':'d','owner':'dana',"                    \
    "'backup':'sam','authenticate':[{'method':'client_secret_basic','sha256':" \
    "'00000000000000000000000000000000000000000000000000000000000000aa',"      \
    "'expires':'2027-01-31T00:00:00Z'}],'policies':['top']" more "}"
#define POLICY                                                                      \
    "{'policy':'top','description':'d','owner':'dana','tier':'low',"                \
    "'audiences':['https://api.example.gov'],"                                      \
    "'review':{'authored_by':'dana','accepted_by':'dana'},"                         \
    "'allow':[{'id':'d','actions':['d.**'],'resources':['svc:d/**'],"               \
    "'ttl':{'default':'30m','max':'1h'},'delegation':{'depth':2}}],"                \
    "'hard_stops':[{'id':'quiet','on':'denied','actions':['never.used'],'count':9," \
    "'within':'1m','then':'suspend_agent'}]}"

/* The store while the broker is closed. */
static struct store_txn *begin(struct stage *stage, struct store **ret)
{
    struct store_txn *txn = NULL;
    char path[FOLDER_PATH_MAX];
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    stage_close(stage);
    assert_int_equal(store_open(&options, ret), AMBIT_OK);
    assert_int_equal(store_write_begin(*ret, &txn), AMBIT_OK);
    return txn;
}

static void end(struct stage *stage, struct store *store, struct store_txn *txn)
{
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    store_close(store);
    stage_open(stage);
}

static void flip(struct store_txn *txn, enum store_table table, struct store_key key, size_t at)
{
    uint8_t row[ROW_MAX_BYTES];
    size_t len = 0;
    assert_int_equal(store_get(txn, table, key, row, sizeof row, &len), AMBIT_OK);
    row[at % len] ^= 1;
    assert_int_equal(store_put(txn, table, key, row, len), AMBIT_OK);
}

/* One byte of the grant's row, or of its event, other. */
static void change(struct stage *stage, const struct answer *token, size_t at, bool of_event)
{
    struct store *store = NULL;
    struct store_txn *txn = begin(stage, &store);
    uint8_t seq[8];
    put_be64(seq, token->seq);
    if (of_event)
        flip(txn, STORE_EVENTS, (struct store_key){seq, sizeof seq}, at);
    else
        flip(txn, STORE_GRANTS, (struct store_key){token->grant.b, 16}, at);
    end(stage, store, txn);
}

/* Bytes of its ids, its times, the digest of its token, its names. */
static void test_a_row_that_was_changed(void **state)
{
    static const size_t at[] = {20, 52, 60, 68, 110, 130, 160};
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    stage_reopen(&stage);
    assert_true(stage_is_active(&stage, &token));
    for (size_t i = 0; i < AMBIT_LEN(at); i++) {
        change(&stage, &token, at[i], false);
        struct seen seen = stage_look(&stage, &token);
        ROW_CHECK("not active", !seen.is_active);
        change(&stage, &token, at[i], false); /* as it was */
        ROW_CHECK("active again", stage_is_active(&stage, &token));
    }
}

static void test_an_event_that_was_changed(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    change(&stage, &token, 200, true);
    assert_int_equal(stage_look(&stage, &token).err, AMBIT_ERR_DAMAGED);
    change(&stage, &token, 200, true);
    assert_true(stage_is_active(&stage, &token));
    stage_verify(&stage);
}

/* ---- beside others ---- */

enum { MANY = 24, BAD = 11 /* of them */ };

/* A byte of a grant's row, while the broker runs and knows it. */
struct changing {
    struct writer_job job;
    struct ambit_id grant;
    size_t at;
    bool takes_event; /* instead, all of it */
    uint64_t seq;
};

static enum ambit_err changing_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    const struct changing *changing = (const struct changing *)(const void *)job;
    uint8_t seq[8];
    (void)now_ms;
    put_be64(seq, changing->seq);
    if (changing->takes_event)
        return store_delete(txn, STORE_EVENTS, (struct store_key){seq, sizeof seq});
    flip(txn, STORE_GRANTS, (struct store_key){changing->grant.b, 16}, changing->at);
    return AMBIT_OK;
}

static void change_under(struct stage *stage, const struct answer *token, size_t at)
{
    struct changing changing = {
        .job = {.class = WRITER_RECORDS, .run = changing_run}, .grant = token->grant, .at = at};
    assert_int_equal(writer_call(stage->broker->writer, &changing.job), AMBIT_OK);
}

/* An act with each of the tokens in one batch, behind a commit that is held. */
static void act_together(struct stage *stage, const struct answer tokens[MANY],
                         struct answer ret[MANY], bool *ret_was_submitted)
{
    struct held_ask first;
    struct held_act held[MANY];
    struct ask ask = {"helper", "a.free", "svc:free/x"};
    struct act act = {"a.free", "svc:free/0"};
    stage_hold_commits();
    stage_submit(stage, &ask, &first);
    stage_await_commit();
    int commits = stage_n_commits;
    for (size_t i = 0; i < MANY; i++)
        stage_submit_act(stage, &tokens[i], &act, &held[i]);
    *ret_was_submitted = held[BAD].submit_err == AMBIT_OK;
    stage_release_commits();
    assert_int_equal(stage_await(&first).err, AMBIT_OK);
    for (size_t i = 0; i < MANY; i++)
        ret[i] = stage_await_act(&held[i]);
    /* The held one, and theirs; one may be the writer's own. */
    assert_true(stage_n_commits - commits <= 3);
}

static void check_answers(const struct answer answers[MANY])
{
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(answers[i].err, i == BAD ? AMBIT_ERR_DAMAGED : AMBIT_OK);
        assert_true(i == BAD || answers[i].reason == AMBIT_REASON_ALLOWED);
    }
}

static void test_one_damaged_among_many(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct answer tokens[MANY], answers[MANY];
    bool was_submitted = true;
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < MANY; i++)
        tokens[i] = stage_grant(&stage, "worker", "a.free", "svc:free/0");

    change(&stage, &tokens[BAD], 60, false); /* before this broker looked */
    act_together(&stage, tokens, answers, &was_submitted);
    check_answers(answers);
    assert_false(was_submitted); /* the writer saw nothing of it */
    assert_int_equal(stage_count_events(&stage, "action.allowed", NULL), MANY - 1);
    assert_int_equal(stage_count_events(&stage, "action.denied", NULL), 0);
    change(&stage, &tokens[BAD], 60, false); /* as it was */

    act_together(&stage, tokens, answers, &was_submitted);
    assert_int_equal(answers[BAD].err, AMBIT_OK);
    change_under(&stage, &tokens[BAD], 0); /* known, and then no row that can be read */
    act_together(&stage, tokens, answers, &was_submitted);
    check_answers(answers);
    assert_true(was_submitted);
    act_together(&stage, tokens, answers, &was_submitted);
    check_answers(answers);
    assert_false(was_submitted);
    change_under(&stage, &tokens[BAD], 0);
    stage_verify(&stage);
}

/* ---- delegation, revocation ---- */

static void test_a_parent_that_was_changed(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    bool is_foreign = false;
    stage_make(&stage);
    stage_document(&stage, "agents/chief.json", AGENT("chief", ",'delegates_to':['hand']"));
    stage_document(&stage, "agents/hand.json", AGENT("hand", ""));
    stage_document(&stage, "policies/top.json", POLICY);
    stage_open(&stage);
    struct answer chief = stage_grant(&stage, "chief", "d.do", "svc:d/**");
    struct ask ask = {.agent = "hand", .action = "d.do", .resource = "svc:d/x", .parent = &chief};
    struct answer hand = stage_ask(&stage, &ask);
    assert_int_equal(hand.reason, AMBIT_REASON_ALLOWED);
    change(&stage, &chief, 60, false);
    assert_int_equal(stage_look(&stage, &hand).err, AMBIT_ERR_DAMAGED);
    assert_int_equal(stage_do(&stage, &hand, "d.do", "svc:d/x").err, AMBIT_ERR_DAMAGED);
    assert_int_equal(stage_ask(&stage, &ask).err, AMBIT_ERR_DAMAGED);
    assert_int_equal(stage_revoke(&stage, "chief", &chief, &is_foreign), AMBIT_ERR_DAMAGED);
    change(&stage, &chief, 60, false);
    assert_int_equal(stage_do(&stage, &hand, "d.do", "svc:d/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_ask(&stage, &ask).reason, AMBIT_REASON_ALLOWED);
    change_under(&stage, &chief, 0); /* known, and then no row that can be read */
    assert_int_equal(stage_ask(&stage, &ask).err, AMBIT_ERR_DAMAGED);
    assert_int_equal(stage_revoke(&stage, "hand", &hand, &is_foreign), AMBIT_ERR_DAMAGED);
    change_under(&stage, &chief, 0);
    assert_int_equal(stage_revoke(&stage, "chief", &chief, &is_foreign), AMBIT_OK);
    assert_false(stage_is_active(&stage, &hand));
    stage_verify(&stage);
}

/* The event of a grant is gone, as pruning takes it: what lives by it is not believed, what is over
 * is as it is. */
static void test_an_event_that_is_gone(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    struct changing changing = {.job = {.class = WRITER_RECORDS, .run = changing_run},
                                .takes_event = true,
                                .seq = token.seq};
    stage_reopen(&stage);
    assert_int_equal(writer_call(stage.broker->writer, &changing.job), AMBIT_OK);
    assert_int_equal(stage_look(&stage, &token).err, AMBIT_ERR_DAMAGED);
    assert_int_equal(stage_do(&stage, &token, "a.free", "svc:free/0").err, AMBIT_ERR_DAMAGED);
    stage_pass(token.expires_ms - token.now_ms);
    assert_false(stage_is_active(&stage, &token));
    struct answer late = stage_do(&stage, &token, "a.free", "svc:free/0");
    assert_int_equal(late.err, AMBIT_OK);
    assert_int_equal(late.verdict, AMBIT_DENY);
}

/* ---- at the same time ---- */

enum { THREADS = 4, TURNS = 40 };
struct looker {
    struct stage *stage;
    const struct answer *tokens;
    size_t n_wrong;
};

static void *look_on(void *ctx)
{
    struct looker *looker = ctx;
    for (size_t i = 0; i < TURNS; i++) {
        const struct answer *token = &looker->tokens[i % MANY];
        struct seen seen = stage_look(looker->stage, token);
        struct answer done = stage_do(looker->stage, token, "a.free", "svc:free/0");
        bool is_bad = i % MANY == BAD;
        looker->n_wrong += seen.is_active == is_bad || (done.err == AMBIT_OK) == is_bad;
    }
    return NULL;
}

static void test_first_looks_at_once(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct answer tokens[MANY];
    struct looker lookers[THREADS];
    pthread_t threads[THREADS];
    stage_make(&stage);
    stage_open(&stage);
    for (size_t i = 0; i < MANY; i++)
        tokens[i] = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    change(&stage, &tokens[BAD], 60, false);
    for (size_t i = 0; i < THREADS; i++) {
        lookers[i] = (struct looker){.stage = &stage, .tokens = tokens};
        assert_int_equal(pthread_create(&threads[i], NULL, look_on, &lookers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(lookers[i].n_wrong, 0);
    }
    change(&stage, &tokens[BAD], 60, false);
    stage_verify(&stage);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_row_that_was_changed), cmocka_unit_test(test_an_event_that_was_changed),
    cmocka_unit_test(test_one_damaged_among_many), cmocka_unit_test(test_a_parent_that_was_changed),
    cmocka_unit_test(test_an_event_that_is_gone),  cmocka_unit_test(test_first_looks_at_once),
};
UNIT_MAIN(tests)
