/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: history outlives edits and restarts and is taken away when nobody can read it any more: a
 * limit on live grants that is new sees what its rule gave before; a window that is longer reads
 * what was kept; counters that are over go in the course of ticks, and the record verifies. */
#include "stage.h"

#include <unistd.h>

#include "core/verify.h"
#include "store/store.h"

#define HEAD                                                                      \
    "{'policy':'kept','description':'d','owner':'dana','tier':'medium',"          \
    "'audiences':['https://api.example.gov'],"                                    \
    "'review':{'authored_by':'dana','accepted_by':'dana','reviewed_by':['lee']}," \
    "'allow':[{'id':'k','actions':['k.do'],'resources':['svc:k/**'],'ttl':{'max':'1h'}"
#define TAIL                                                                                       \
    "}],'hard_stops':[{'id':'far','on':'denied','count':9000,'within':'1h','then':'suspend_agent'" \
    "}]}"
#define AGENT(name)                                                                 \
    "{'agent':'" name "','description':'d','owner':'dana','backup':'sam',"          \
    "'authenticate':[{'method':'client_secret_basic','sha256':"                     \
    "'00000000000000000000000000000000000000000000000000000000000000aa','expires':" \
    "'2027-01-31T00:00:00Z'}],'policies':['kept']}"

static void stage_up(struct stage *stage, const char *policy)
{
    stage_make(stage);
    stage_document(stage, "policies/kept.json", policy);
    stage_document(stage, "agents/runner.json", AGENT("runner"));
    stage_document(stage, "agents/second.json", AGENT("second"));
    stage_open(stage);
}

static void edit(struct stage *stage, const char *policy)
{
    stage_document(stage, "policies/kept.json", policy);
    assert_int_equal(stage_reload(stage), AMBIT_OK);
}

static enum ambit_reason asked(struct stage *stage, const char *agent, const char *resource)
{
    struct ask ask = {.agent = agent, .action = "k.do", .resource = resource};
    struct answer answer = stage_ask(stage, &ask);
    assert_int_equal(answer.err, AMBIT_OK);
    return answer.reason;
}

/* Three alive and one dead when the limit is new: by agent, and by policy over two agents. */
static void test_live_grants_before(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        enum ambit_reason runner, second;
    } rows[] = {
        {HEAD ",'limits':[{'live_grants':3}]" TAIL, AMBIT_REASON_LIMIT_EXCEEDED,
         AMBIT_REASON_ALLOWED},
        {HEAD ",'limits':[{'live_grants':4}]" TAIL, AMBIT_REASON_ALLOWED, AMBIT_REASON_ALLOWED},
        {HEAD ",'limits':[{'live_grants':4,'by':'policy'}]" TAIL, AMBIT_REASON_LIMIT_EXCEEDED,
         AMBIT_REASON_LIMIT_EXCEEDED},
        {HEAD ",'limits':[{'live_grants':5,'by':'team'}]" TAIL, AMBIT_REASON_ALLOWED,
         AMBIT_REASON_LIMIT_EXCEEDED},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        STAGE_AUTO stage;
        bool foreign = false;
        stage_up(&stage, HEAD TAIL);
        for (int k = 0; k < 3; k++)
            (void)stage_grant(&stage, "runner", "k.do", "svc:k/**");
        struct answer dead = stage_grant(&stage, "runner", "k.do", "svc:k/**");
        (void)stage_grant(&stage, "second", "k.do", "svc:k/**");
        assert_int_equal(stage_revoke(&stage, "runner", &dead, &foreign), AMBIT_OK);
        edit(&stage, rows[i].policy);
        assert_int_equal(asked(&stage, "runner", "svc:k/a"), rows[i].runner);
        assert_int_equal(asked(&stage, "second", "svc:k/b"), rows[i].second);
        stage_reopen(&stage); /* what memory had is found again */
        if (rows[i].runner == AMBIT_REASON_ALLOWED && i == 1)
            assert_int_equal(asked(&stage, "runner", "svc:k/c"), AMBIT_REASON_LIMIT_EXCEEDED);
        stage_pass(3600000); /* they end, and leave their places */
        assert_int_equal(asked(&stage, "runner", "svc:k/d"), AMBIT_REASON_ALLOWED);
        stage_verify(&stage);
    }
}

/* A longer window reads what was kept; a renamed rule starts from nothing. */
static void test_edits(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage, HEAD ",'limits':[{'count':2,'within':'1m'},{'count':9,'within':'1h'}]" TAIL);
    struct answer token = stage_grant(&stage, "runner", "k.do", "svc:k/**");
    for (int i = 0; i < 4; i++) {
        stage_pass(40000);
        assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason, AMBIT_REASON_ALLOWED);
    }
    edit(&stage, HEAD ",'limits':[{'count':4,'within':'10m'}]" TAIL);
    assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason,
                     AMBIT_REASON_LIMIT_EXCEEDED);
    stage_reopen(&stage);
    stage_pass(480000 - 1); /* the first was ten minutes ago but for a millisecond */
    assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason,
                     AMBIT_REASON_LIMIT_EXCEEDED);
    stage_pass(1);
    assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason, AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

static size_t rows(struct stage *stage, enum store_table table)
{
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct ambit_str key, value;
    size_t n = 0;
    assert_int_equal(store_read_begin(broker_store(stage->broker), &txn), AMBIT_OK);
    assert_int_equal(store_cursor_open(txn, table, &cursor), AMBIT_OK);
    enum store_seek seek = STORE_FIRST;
    while (store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value) == AMBIT_OK) {
        seek = STORE_NEXT;
        n++;
    }
    store_cursor_close(cursor);
    store_read_end(txn);
    return n;
}

/* Days go by, with the broker there, then seconds until nothing is left in the table, or none goes.
 */
static void wait_days(struct stage *stage, int days)
{
    for (int day = 0; day < days; day++) {
        stage_pass(86400000LL);
        (void)stage_note_read(stage, "ann", "look");
    }
}

static size_t wait_empty(struct stage *stage, enum store_table table)
{
    for (int i = 0; i < 100 && rows(stage, table) > 0; i++) {
        stage_pass(10000);
        assert_int_equal(usleep(100000), 0);
    }
    return rows(stage, table);
}

/* The uses of a grant are counted without a window, and go like the rest once it is long dead. */
static void test_uses_expire(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage, HEAD ",'limits':[{'uses':3},{'count':9000,'within':'1h'}]" TAIL);
    struct answer token = stage_grant(&stage, "runner", "k.do", "svc:k/**");
    for (int i = 0; i < 3; i++)
        assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason, AMBIT_REASON_ALLOWED);
    stage_pass(3599000 - 1000); /* as long as the grant lives they stand */
    assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/x").reason,
                     AMBIT_REASON_LIMIT_EXCEEDED);
    assert_int_equal(rows(&stage, STORE_COUNTERS), 2);
    stage_reopen(&stage);
    wait_days(&stage, 31);
    assert_int_equal(wait_empty(&stage, STORE_COUNTERS), 0);
    assert_true(stage_count_events(&stage, "history.expired", NULL) >= 1);
    stage_verify(&stage);
}

/* The row of an outcome goes when it was reported, or fell due, so long ago that no window looks
 * back; while it is owed it stays. A report that comes later finds nothing to be of. */
static void test_outcomes_expire(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage, HEAD ",'outcome':{'within':'2m'}},{'id':'free','actions':['k.free'],"
                          "'resources':['svc:k/**'],'ttl':{'max':'1h'}" TAIL);
    struct answer token = stage_grant(&stage, "runner", "k.do", "svc:k/**");
    struct answer free_token = stage_grant(&stage, "runner", "k.free", "svc:k/**");
    struct answer told = stage_do(&stage, &token, "k.do", "svc:k/1");
    struct answer silent = stage_do(&stage, &token, "k.do", "svc:k/2");
    struct answer owes_none = stage_do(&stage, &free_token, "k.free", "svc:k/3");
    assert_int_equal(stage_report(&stage, "service:api", told.id, "succeeded", NULL).refusal,
                     OUTCOME_FINE);
    assert_int_equal(stage_report(&stage, "service:api", owes_none.id, "failed", NULL).refusal,
                     OUTCOME_FINE);
    assert_int_equal(rows(&stage, STORE_OUTCOMES), 3);
    stage_live_on(&stage, 130000);
    wait_days(&stage, 29);
    struct reported late = stage_report(&stage, "service:api", silent.id, "failed", NULL);
    assert_true(late.refusal == OUTCOME_FINE && late.is_late);
    assert_int_equal(rows(&stage, STORE_OUTCOMES), 3);
    wait_days(&stage, 3);
    assert_int_equal(wait_empty(&stage, STORE_OUTCOMES), 0);
    const struct answer *gone[] = {&told, &silent, &owes_none};
    for (size_t i = 0; i < AMBIT_LEN(gone); i++)
        assert_int_equal(stage_report(&stage, "agent:runner", gone[i]->id, "failed", NULL).refusal,
                         OUTCOME_UNKNOWN);
    assert_int_equal(rows(&stage, STORE_OUTCOMES), 0);
    stage_verify(&stage);
}

/* One counter a resource: after a month nobody reads them. */
static void test_expires(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_up(&stage, HEAD
             ",'limits':[{'count':2,'within':'1m','by':'resource'},"
             "{'count':900,'within':'1h'},{'distinct':'resource','max':500,'within':'1h'}]" TAIL);
    struct answer token = stage_grant(&stage, "runner", "k.do", "svc:k/**");
    for (int i = 0; i < 150; i++) {
        char resource[32];
        assert_true(snprintf(resource, sizeof resource, "svc:k/r%d", i) < (int)sizeof resource);
        assert_int_equal(stage_do(&stage, &token, "k.do", resource).reason, AMBIT_REASON_ALLOWED);
    }
    assert_true(rows(&stage, STORE_COUNTERS) >= 152);
    wait_days(&stage, 31);
    assert_int_equal(wait_empty(&stage, STORE_COUNTERS), 0);
    assert_true(stage_count_events(&stage, "history.expired", NULL) >= 3);
    token = stage_grant(&stage, "runner", "k.do", "svc:k/**");
    assert_int_equal(stage_do(&stage, &token, "k.do", "svc:k/r1").reason, AMBIT_REASON_ALLOWED);
    stage_verify(&stage);
}

/* ---- damage ---- */

enum deed { TAKE_AWAY, ADD, CHANGE, DEEDS };

/* The first row of the table, another beside it, or a bit of its key: taken back by the same call
 * with the deed that undoes it. */
static void do_deed(struct store_txn *txn, enum store_table table, enum deed deed)
{
    struct store_cursor *cursor = NULL;
    struct ambit_str key, value;
    static uint8_t row_key[128], row[8192];
    assert_int_equal(store_cursor_open(txn, table, &cursor), AMBIT_OK);
    if (store_cursor_move(cursor, STORE_FIRST, (struct store_key){0}, &key, &value) != AMBIT_OK)
        fail_msg("%s has no row", store_table_name(table));
    size_t key_len = key.len, len = value.len;
    memcpy(row_key, key.p, key.len);
    memcpy(row, value.p, value.len);
    store_cursor_close(cursor);
    if (deed == TAKE_AWAY)
        assert_int_equal(store_delete(txn, table, (struct store_key){row_key, key_len}), AMBIT_OK);
    if (deed == ADD)
        row_key[key_len - 1] ^= 0x55;
    if (deed == CHANGE && len == 0)
        row[len++] = 1;
    else if (deed == CHANGE)
        row[len / 2] ^= 1;
    if (deed != TAKE_AWAY)
        assert_int_equal(store_put(txn, table, (struct store_key){row_key, key_len}, row, len),
                         AMBIT_OK);
}

/* Everything that the tables of history can hold, once; the broker is closed. */
static void fill_tables(struct stage *stage)
{
    stage_up(stage, HEAD ",'outcome':{'within':'1h'},'limits':[{'distinct':'resource','max':9,"
                         "'within':'1h'}]}],'hard_stops':[{'id':'wire','on':'attempted',"
                         "'actions':['k.trip'],'then':'revoke_grant'}]}");
    struct answer token = stage_grant(stage, "runner", "k.do", "svc:k/**");
    for (int i = 0; i < 3; i++)
        assert_int_equal(stage_do(stage, &token, "k.do", "svc:k/x").reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_do(stage, &token, "k.trip", "svc:k/x").n_trips, 1);
    stage_close(stage);
}

/* What no event says, or what one says and is not there, is found and named by its table. */
static void test_damage_is_found(void **state)
{
    (void)state;
    static const enum store_table tables[] = {STORE_VALUES,    STORE_OUTCOMES,
                                              STORE_DUE,       STORE_OPEN_INCIDENTS,
                                              STORE_INCIDENTS, STORE_COUNTERS};
    for (size_t i = 0; i < AMBIT_LEN(tables); i++)
        for (int deed = TAKE_AWAY; deed < DEEDS; deed++) {
            STAGE_AUTO stage;
            struct store *store = NULL;
            struct store_txn *txn = NULL;
            struct verify_report report;
            char folder[FOLDER_PATH_MAX];
            bool is_named = false;
            fill_tables(&stage);
            folder_join(folder, stage.folder, "store");
            struct store_options options = {.folder = folder};
            assert_int_equal(store_open(&options, &store), AMBIT_OK);
            assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
            do_deed(txn, tables[i], (enum deed)deed);
            assert_int_equal(store_write_commit(txn), AMBIT_OK);
            store_close(store);
            assert_int_equal(verify_store(stage.folder, stage.folder, &report), AMBIT_OK);
            for (size_t k = 0; k < report.n; k++)
                is_named = is_named || streq(report.problems[k].table, store_table_name(tables[i]));
            if (!is_named)
                fail_msg("%s, deed %d: not found", store_table_name(tables[i]), deed);
            verify_done(&report);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_damage_is_found), cmocka_unit_test(test_live_grants_before),
    cmocka_unit_test(test_edits),           cmocka_unit_test(test_expires),
    cmocka_unit_test(test_uses_expire),     cmocka_unit_test(test_outcomes_expire),
};
UNIT_MAIN(tests)
