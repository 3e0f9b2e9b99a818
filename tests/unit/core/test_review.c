/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: under review "enforce" nothing comes in force that is not confirmed, what was confirmed
 * once does not bring an old version back, and an unattested agent is given nothing; under "record"
 * all of that is only recorded. Signatures: tests/wire/d_review.py. */
#include "stage.h"

#include "core/verify.h"
#include "stage_documents.h"
#include "store/store.h"

#define SECRET                                                            \
    "'authenticate':[{'method':'client_secret_basic','sha256':"           \
    "'00000000000000000000000000000000000000000000000000000000000000aa'," \
    "'expires':'2027-01-31T00:00:00Z'}]"
#define PORTER(words)                                                                  \
    "{'agent':'porter','description':'" words "','owner':'oli','backup':'sam'," SECRET \
    ",'policies':['ports']}"
#define EXTRA(words, replaces)                                                         \
    "{'policy':'extra','description':'" words "','owner':'dana','tier':'medium',"      \
    "'audiences':['https://api.example.gov'],'review':{'authored_by':'sam',"           \
    "'accepted_by':'sam','reviewed_by':['lee','kim']" replaces "},'allow':[{'id':'x'," \
    "'actions':['x.do'],'resources':['svc:x/**'],'ttl':{'max':'5m'}}],'hard_stops':["  \
    "{'id':'s','on':'denied','count':3,'within':'1m','then':'suspend_agent'}]}"

/* In force as it is under "record", and from here on enforced. */
static void begin(struct stage *stage)
{
    stage_make(stage);
    stage_open(stage);
    stage_close(stage);
    stage->is_enforcing = true;
    stage_open(stage);
}

static enum confirm_refusal confirm(struct stage *stage, const char *person, enum ambit_kind kind,
                                    const char *name)
{
    return stage_confirm(stage, person, kind, name, false);
}

static void test_policy(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    begin(&stage);
    stage_document(&stage, "policies/extra.json", EXTRA("first", ""));
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    /* sam accepted it, lee or kim reviewed it, dana's service it reaches. */
    assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    assert_int_equal(confirm(&stage, "kim", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    stage_reopen(&stage); /* the folder is a proposal at start as at reload */
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(confirm(&stage, "dana", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    /* It counts for this version alone. */
    stage_document(&stage, "policies/extra.json", EXTRA("changed", ""));
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    stage_document(&stage, "policies/extra.json", EXTRA("first", ""));
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    /* A later version names what it replaces. */
    stage_document(&stage, "policies/extra.json", EXTRA("second", ""));
    assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    assert_int_equal(confirm(&stage, "kim", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    assert_int_equal(confirm(&stage, "dana", AMBIT_KIND_POLICY, "extra"), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(stage_count_events(&stage, "documents.activated", "\"missing\""), 1);
    assert_int_equal(stage_count_events(&stage, "documents.activated", "\"review\":\"enforce\""),
                     1);
    stage_verify(&stage);
}

static void test_an_old_version_does_not_come_back(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    begin(&stage);
    static const char *const versions[] = {PORTER("one"), PORTER("two")};
    for (size_t i = 0; i < AMBIT_LEN(versions); i++) {
        stage_document(&stage, "agents/porter.json", versions[i]);
        assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
        assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
        assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
        assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
        assert_int_equal(stage_reload(&stage), AMBIT_OK);
    }
    stage_document(&stage, "agents/porter.json", versions[0]);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_count_events(&stage, "documents.superseded", "sha256:"), 2);
    stage_verify(&stage);
}

static void test_removal(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    begin(&stage);
    stage_document(&stage, "agents/porter.json", NULL);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(stage_confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter", true), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(stage_confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter", true), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter", true),
                     CONFIRM_UNKNOWN);
    /* Back again: what was said of its removal says nothing of it. */
    stage_document(&stage, "agents/porter.json", PORTER("d"));
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED);
    assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    stage_document(&stage, "agents/porter.json", NULL);
    assert_int_equal(stage_reload(&stage), AMBIT_ERR_MALFORMED); /* and its removal is said anew */
    stage_verify(&stage);
}

/* Without signatures nobody can confirm the first set: it is refused, and nothing is left. */
static void test_first_set(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    BUF_AUTO text = {0};
    stage_make(&stage);
    stage.is_enforcing = true;
    assert_int_equal(stage_try_open(&stage, &text), AMBIT_ERR_MALFORMED);
    stage.is_enforcing = false;
    stage_open(&stage);
    stage_verify(&stage);
}

enum { DAY_MS = 86400 * 1000 };

static struct answer ask(struct stage *stage)
{
    static const struct ask porter = {"porter", "p.do", "svc:p/**"};
    return stage_ask(stage, &porter);
}

/* The owner's confirmation attests the agent for a time; what was given before goes on. */
static void test_attestation(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(stage_count_events(&stage, "grant.issued", "\"unattested\":true"), 1);
    stage_close(&stage);
    stage.is_enforcing = true;
    stage.attestation_s = 10 * 86400;
    stage_open(&stage);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(stage_count_events(&stage, "grant.refused", "\"attested_until\":\"never\""),
                     1);
    assert_int_equal(confirm(&stage, "sam", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_OWNER_REQUIRED); /* the backup's is not it */
    assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    struct answer given = ask(&stage);
    assert_int_equal(given.reason, AMBIT_REASON_ALLOWED);
    stage_pass((int64_t)10 * DAY_MS - 1000);
    given = ask(&stage);
    assert_int_equal(given.reason, AMBIT_REASON_ALLOWED);
    stage_pass(1000);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(stage_do(&stage, &given, "p.do", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    assert_true(stage_is_active(&stage, &given));
    stage_reopen(&stage);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_OWNER_REQUIRED);
    assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(ask(&stage).reason, AMBIT_REASON_ALLOWED);
    assert_true(stage_explain_all(&stage) >= 8);
    stage_verify(&stage);
}

/* A row that no event gives, and one that says more than its event, are found offline. */
static void test_verified(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    assert_int_equal(confirm(&stage, "oli", AMBIT_KIND_AGENT, "porter"), CONFIRM_FINE);
    assert_int_equal(stage_offboard(&stage, "lee", "kim").err, AMBIT_OK);
    stage_verify(&stage);

    static const enum store_table tables[] = {STORE_CONFIRMATIONS, STORE_OFFBOARDED};
    char folder[FOLDER_PATH_MAX];
    folder_join(folder, stage.folder, "store");
    for (size_t i = 0; i < AMBIT_LEN(tables); i++) {
        const struct store_options options = {.folder = folder};
        struct store *store = NULL;
        struct store_txn *txn = NULL;
        struct store_cursor *cursor = NULL;
        struct ambit_str key, value;
        struct verify_report report;
        assert_int_equal(store_open(&options, &store), AMBIT_OK);
        assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
        assert_int_equal(store_cursor_open(txn, tables[i], &cursor), AMBIT_OK);
        assert_int_equal(
            store_cursor_move(cursor, STORE_FIRST, (struct store_key){0}, &key, &value), AMBIT_OK);
        ((char *)(uintptr_t)value.p)[4] ^= 1; /* a time */
        assert_int_equal(
            store_put(txn, tables[i], (struct store_key){key.p, key.len}, value.p, value.len),
            AMBIT_OK);
        store_cursor_close(cursor);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
        store_close(store);
        assert_int_equal(verify_store(stage.folder, stage.folder, &report), AMBIT_OK);
        assert_int_equal(report.n_problems, i + 1);
        assert_string_equal(report.problems[0].table, store_table_name(tables[0]));
        verify_done(&report);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_policy),      cmocka_unit_test(test_an_old_version_does_not_come_back),
    cmocka_unit_test(test_removal),     cmocka_unit_test(test_first_set),
    cmocka_unit_test(test_attestation), cmocka_unit_test(test_verified),
};
UNIT_MAIN(tests)
