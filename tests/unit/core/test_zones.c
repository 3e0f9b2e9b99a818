/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the set in force carries the clocks of its windows with it: the same after a restart, with
 * the machine's zone data changed or gone; other rules are taken up as another set; a set stored
 * before that is still taken up. */
#include "stage.h"

#include "base/encode.h"
#include "config/folder.h"
#include "config/zones.h"
#include "core/internal.h"
#include "core/set_row.h"
#include "crypto/digest.h"
#include "support/tzif.h"

/* What the machine has, in place of config/zones.c (linked with --wrap). */
static struct ambit_str machine;
enum ambit_err __wrap_zones_find(void *ctx, struct ambit_str name, struct ambit_str *ret);
enum ambit_err __wrap_zones_find(void *ctx, struct ambit_str name, struct ambit_str *ret)
{
    (void)ctx;
    (void)name;
    *ret = machine;
    return machine.p ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

/* 10:00 to 12:00 in Berlin; the stage begins at 11:00 there, 10:00 in UTC. */
#define PORTS(to)                                                                                  \
    "{'policy':'ports','description':'d','owner':'oli','tier':'low',"                              \
    "'audiences':['https://api.example.gov'],'review':{'authored_by':'oli','accepted_by':'oli'},"  \
    "'allow':[{'id':'p','actions':['p.**'],'resources':['svc:p/**'],'ttl':{'max':'4h'},"           \
    "'when':{'hours':[{'from':'10:30','to':'" to "','zone':'Europe/Berlin'}]}}],"                  \
    "'hard_stops':[{'id':'probing','on':'denied','count':100,'within':'1m','then':'suspend_agent'" \
    "}]}"
static const struct ask ask_port = {"porter", "p.do", "svc:p/x"};
enum { HOUR_MS = 3600000 };

static void test_kept_with_the_set(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    machine = AMBIT_STR(TZIF_BERLIN);
    stage_make(&stage);
    stage_document(&stage, "policies/ports.json", PORTS("12:00"));
    stage_open(&stage);
    struct answer first = stage_ask(&stage, &ask_port);
    assert_int_equal(first.reason, AMBIT_REASON_ALLOWED);
    assert_int_equal(first.expires_ms, STAGE_START_MS + HOUR_MS);
    assert_int_equal(
        stage_count_events(&stage, "documents.activated", "\"zones\":{\"Europe/Berlin\":\"sha256:"),
        1);

    /* Gone: the folder is refused, what is in force judges as before. */
    machine = (struct ambit_str){0};
    stage_reopen(&stage);
    assert_int_equal(stage_count_events(&stage, "documents.rejected", NULL), 1);
    assert_int_equal(stage_ask(&stage, &ask_port).expires_ms, STAGE_START_MS + HOUR_MS);

    /* Other rules, the same documents: another set. 10:00 in UTC is too early. */
    machine = AMBIT_STR(TZIF_UTC);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_count_events(&stage, "documents.activated", NULL), 2);
    assert_int_equal(stage_ask(&stage, &ask_port).reason, AMBIT_REASON_OUTSIDE_HOURS);
    assert_int_equal(stage_do(&stage, &first, "p.do", "svc:p/x").reason,
                     AMBIT_REASON_OUTSIDE_HOURS);
    assert_int_equal(stage_reload(&stage), AMBIT_OK);
    assert_int_equal(stage_count_events(&stage, "documents.activated", NULL), 2);
    machine = (struct ambit_str){0};
    assert_true(stage_explain_all(&stage) > 0); /* each by the rules that it was judged by */
    stage_verify(&stage);
}

/* A grant ends with the window, whatever was asked; behind it nothing is given or allowed. */
static void test_the_window_ends(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    machine = AMBIT_STR(TZIF_BERLIN);
    stage_make(&stage);
    stage_document(&stage, "policies/ports.json", PORTS("11:30"));
    stage_open(&stage);
    struct answer token = stage_ask(&stage, &ask_port);
    assert_int_equal(token.expires_ms, STAGE_START_MS + HOUR_MS / 2);
    assert_true(stage_is_active(&stage, &token));
    stage_pass(HOUR_MS / 2 - 1);
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason, AMBIT_REASON_ALLOWED);
    stage_pass(1);
    assert_int_equal(stage_do(&stage, &token, "p.do", "svc:p/x").reason, AMBIT_REASON_INACTIVE);
    assert_int_equal(stage_ask(&stage, &ask_port).reason, AMBIT_REASON_OUTSIDE_HOURS);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* ---- a set stored before zones were kept ---- */

static struct ambit_documents *read_folder(struct stage *stage)
{
    struct ambit_problems problems = {0};
    struct ambit_documents *documents = NULL;
    assert_int_equal(folder_load(stage->documents, STAGE_START_MS, &problems, &documents),
                     AMBIT_OK);
    ambit_problems_done(&problems);
    return documents;
}

static struct documents_ref *store_and_load(struct stage *stage, struct ambit_documents *documents)
{
    struct store_txn *txn = NULL;
    struct documents_ref *ref = NULL;
    AMBIT_CLEANUP(ambit_freep) char *path = NULL;
    assert_true(asprintf(&path, "%s/apart", stage->folder) > 0);
    struct store_options options = {.folder = path,
                                    .create = true,
                                    .map_bytes = 16 << 20,
                                    .grow_bytes = 1 << 20,
                                    .reserve_bytes = 1 << 20};
    struct store *store = NULL;
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    assert_int_equal(documents_store(txn, documents), AMBIT_OK);
    assert_int_equal(documents_load(txn, &documents->digest, &ref), AMBIT_OK);
    store_write_abort(txn);
    store_close(store);
    assert_true(ambit_digest_eq(ref->documents->digest, documents->digest));
    return ref;
}

static void test_stored_without(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct ambit_read_env env = {.sha256 = crypto_sha256};
    machine = AMBIT_STR(TZIF_BERLIN);
    stage_make(&stage);
    stage_document(&stage, "policies/ports.json", PORTS("12:00"));
    struct ambit_documents *documents = read_folder(&stage);
    assert_int_equal(documents->n_zones, 1);
    assert_int_equal(ambit_documents_digest(documents, false, &env, &documents->digest), AMBIT_OK);
    documents->n_zones = 0; /* as it was stored then */

    struct documents_ref *ref = store_and_load(&stage, documents);
    assert_int_equal(ref->documents->n_zones, 1); /* the machine's */
    broker_documents_release(ref);
    machine = (struct ambit_str){0};
    ref = store_and_load(&stage, documents);
    assert_int_equal(ref->documents->n_zones, 0); /* its windows never open */
    broker_documents_release(ref);
    ambit_documents_free(documents);
}

/* ---- the row ---- */

static void test_rows(void **state)
{
    static const struct {
        const char *name;
        size_t documents, zeros, zone_bytes;
        enum ambit_err want;
    } rows[] = {
        {"nothing", 0, 0, 0, AMBIT_OK},
        {"documents alone", 3, 0, 0, AMBIT_OK},
        {"documents and a zone", 3, 1, 34, AMBIT_OK},
        {"a zone and two more", 0, 1, 3 * 34, AMBIT_OK},
        {"cut", 2, 0, 31, AMBIT_ERR_DAMAGED},
        {"no zones behind the zeros", 2, 1, 0, AMBIT_ERR_DAMAGED},
        {"a zone cut", 2, 1, 33, AMBIT_ERR_DAMAGED},
        {"a second zone cut", 2, 1, 34 + 20, AMBIT_ERR_DAMAGED},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        char bytes[512] = {0};
        size_t at = rows[i].documents * 32, len = at + 32 * rows[i].zeros + rows[i].zone_bytes;
        struct set_row row;
        struct ambit_digest digest;
        struct ambit_str name;
        size_t n = 0;
        memset(bytes, 'd', at);
        memset(bytes + at + 32 * rows[i].zeros, 1, rows[i].zone_bytes); /* names of one byte */
        ROW_CHECK(rows[i].name, set_row_read((struct ambit_str){bytes, len}, &row) == rows[i].want);
        if (rows[i].want)
            continue;
        ROW_CHECK(rows[i].name, row.n == rows[i].documents);
        for (; set_row_zone(&row, &digest, &name); n++)
            ROW_CHECK(rows[i].name, name.len == 1);
        ROW_CHECK(rows[i].name, n == rows[i].zone_bytes / 34);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_kept_with_the_set),
    cmocka_unit_test(test_the_window_ends),
    cmocka_unit_test(test_stored_without),
    cmocka_unit_test(test_rows),
};
UNIT_MAIN(tests)
