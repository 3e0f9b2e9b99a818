/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an erasure takes what it says and nothing else, in as many events as it needs; verification
 * names what is missing without one, and what is still there in spite of one. */
#include "stage.h"

#include "base/encode.h"
#include "core/document_row.h"
#include "core/verify.h"
#include "ledger/erasure.h"

struct erased {
    enum ambit_err err;
    enum erase_refusal refusal;
    struct erase_count count;
    bool is_recorded;
};

static struct erased erase(struct stage *stage, const char *target, unsigned members)
{
    struct caller caller = stage_caller(CALLER_PERSON, "lee");
    struct documents_ref *ref = broker_documents_acquire(stage->broker);
    struct erase_command command = {.members = members, .reason = AMBIT_STR("asked for, DPO-1")};
    command_init(&command.base, stage->broker, &caller, ref);
    assert_int_equal(erase_target_parse(ambit_str_of(target), &command), AMBIT_OK);
    enum ambit_err err = erase_call(&command);
    command_release(&command.base);
    broker_documents_release(ref);
    return (struct erased){.err = err,
                           .refusal = command.refusal,
                           .count = command.count,
                           .is_recorded = !ambit_id_is_none(command.erasure)};
}

static void raise_stops(struct stage *stage, const char *person, int n)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(stage_stop(stage, person, "resource:zz:**").err, AMBIT_OK);
}

static void take_kim_out(struct stage *stage)
{
    stage_document(stage, "people/kim.json", NULL);
    assert_int_equal(stage_reload(stage), AMBIT_OK);
}

static void test_targets(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    raise_stops(&stage, "kim", 2);
    raise_stops(&stage, "lee", 1);
    static const struct {
        const char *target;
        unsigned members;
        enum erase_refusal want;
    } rows[] = {
        {"person:nobody", 0, ERASE_UNKNOWN},
        {"agent:nobody", 0, ERASE_UNKNOWN},
        {"event:99999", 0, ERASE_UNKNOWN},
        {"grant:AAAAAAAAAAAAAAAAAAAAAA", 0, ERASE_UNKNOWN},
        {"decision:AAAAAAAAAAAAAAAAAAAAAA", 0, ERASE_UNKNOWN},
        {"person:kim", EVENT_ERASED_PURPOSE, ERASE_NO_MEMBER},
        {"agent:worker", ERASURE_NAME, ERASE_NO_MEMBER},
        {"person:kim", 0, ERASE_IN_FORCE},
        {"person:kim", ERASURE_NAME, ERASE_IN_FORCE},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct erased erased = erase(&stage, rows[i].target, rows[i].members);
        ROW_CHECK(rows[i].target, erased.err == AMBIT_OK && erased.refusal == rows[i].want);
        ROW_CHECK(rows[i].target, !erased.is_recorded);
    }
    struct erased erased = erase(&stage, "person:kim", EVENT_ERASED_WORDS);
    assert_true(erased.refusal == ERASE_FINE && erased.is_recorded);
    assert_int_equal(erased.count.words, 4); /* each stop has its incident */
    assert_int_equal(erased.count.events, 1);
    erased = erase(&stage, "person:kim", EVENT_ERASED_WORDS);
    assert_true(erased.refusal == ERASE_FINE && !erased.is_recorded);
    take_kim_out(&stage);
    erased = erase(&stage, "person:kim", 0);
    assert_int_equal(erased.count.documents, 1);
    assert_int_equal(stage_count_events(&stage, "personal.erased", "\"target\":\"person:kim\""), 2);
    stage_verify(&stage);
}

/* More than an event holds; and one that the disk ended: what is left goes the second time. */
static void test_large(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    raise_stops(&stage, "kim", 250);
    struct erased erased = erase(&stage, "person:kim", EVENT_ERASED_WORDS);
    assert_int_equal(erased.count.words, 500);
    assert_int_equal(erased.count.events, 2);
    assert_int_equal(stage_count_events(&stage, "personal.erased", "\"cause\":"), 1);
    assert_false(erase(&stage, "person:kim", EVENT_ERASED_WORDS).is_recorded);
    stage_reopen(&stage);
    raise_stops(&stage, "kim", 3);
    stage_commits(STAGE_COMMIT_FAILS);
    assert_int_not_equal(erase(&stage, "person:kim", EVENT_ERASED_WORDS).err, AMBIT_OK);
    stage_commits(STAGE_COMMITS);
    stage_reopen(&stage);
    assert_int_equal(erase(&stage, "person:kim", EVENT_ERASED_WORDS).count.words, 6);
    stage_verify(&stage);
}

/* What decisions are made with stays until they are not any more. */
static void test_in_use(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    static const struct ask asks = {
        .agent = "worker", .action = "a.free", .resource = "svc:free/**", .purpose = "to mend"};
    assert_int_equal(stage_ask(&stage, &asks).reason, AMBIT_REASON_ALLOWED);
    struct erased erased = erase(&stage, "agent:worker", 0);
    assert_true(erased.count.in_use == 1 && erased.count.openings == 0 && !erased.is_recorded);
    stage_live_on(&stage, 3600 * 1000);
    erased = erase(&stage, "agent:worker", 0);
    assert_true(erased.count.in_use == 0 && erased.count.purposes == 1 && erased.is_recorded);
    assert_true(stage_explain_all(&stage) > 0);
    stage_verify(&stage);
}

/* ---- damage -------------------------------------------------------------------------------- */

struct row {
    uint8_t key[32];
    size_t key_len, len;
    uint8_t value[8192];
};

static struct store *store_of(struct stage *stage, struct store_txn **ret_txn)
{
    char path[FOLDER_PATH_MAX];
    struct store *store = NULL;
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(store_write_begin(store, ret_txn), AMBIT_OK);
    return store;
}

static void row_put(struct stage *stage, enum store_table table, const struct row *row)
{
    struct store_txn *txn = NULL;
    struct store *store = store_of(stage, &txn);
    const struct store_key key = {row->key, row->key_len};
    assert_int_equal(row->len > 0 ? store_put(txn, table, key, row->value, row->len)
                                  : store_delete(txn, table, key),
                     AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    store_close(store);
}

/* The opening of the last event that has one, or the document of kim. */
static void row_find(struct stage *stage, enum store_table table, struct row *ret)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str key, value;
    struct store_txn *txn = NULL;
    struct document_row document;
    struct store *store = store_of(stage, &txn);
    enum store_seek seek = STORE_LAST;
    assert_int_equal(store_cursor_open(txn, table, &cursor), AMBIT_OK);
    for (;; seek = STORE_PREVIOUS) {
        assert_int_equal(store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value),
                         AMBIT_OK);
        if (table == STORE_OPENINGS)
            break;
        assert_int_equal(document_row_read(value, &document), AMBIT_OK);
        if (document.kind == AMBIT_KIND_PERSON && ambit_str_is(document.name, "kim"))
            break;
    }
    *ret = (struct row){.key_len = key.len, .len = value.len};
    assert_true(key.len <= sizeof ret->key && value.len <= sizeof ret->value);
    memcpy(ret->key, key.p, key.len);
    memcpy(ret->value, value.p, value.len);
    store_cursor_close(TAKE(cursor));
    store_write_abort(txn);
    store_close(store);
}

/* Closed; one problem, of this table and with these words in it; NULL: none. */
static void check(struct stage *stage, const char *name, const char *table, const char *words)
{
    struct verify_report report;
    assert_int_equal(verify_store(stage->folder, stage->folder, &report), AMBIT_OK);
    bool is_named = false;
    for (size_t i = 0; words && i < report.n; i++)
        is_named = is_named || (streq(report.problems[i].table, table) &&
                                strstr(report.problems[i].what, words) != NULL);
    if (words ? !is_named : report.n_problems != 0)
        fail_msg("%s: %d problems; %s", name, (int)report.n_problems,
                 report.n > 0 ? report.problems[0].what : "none");
    verify_done(&report);
}

static void test_openings(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct row before, none;
    stage_make(&stage);
    stage_open(&stage);
    raise_stops(&stage, "kim", 1);
    stage_close(&stage);
    row_find(&stage, STORE_OPENINGS, &before);
    none = before;
    none.len = 0;
    check(&stage, "as it is", "openings", NULL);
    row_put(&stage, STORE_OPENINGS, &none);
    check(&stage, "taken away", "openings", "no erasure took away");
    row_put(&stage, STORE_OPENINGS, &before);
    stage_open(&stage);
    assert_int_equal(erase(&stage, "person:kim", EVENT_ERASED_WORDS).count.words, 2);
    stage_close(&stage);
    check(&stage, "erased", "openings", NULL);
    row_put(&stage, STORE_OPENINGS, &before);
    check(&stage, "put back", "openings", "still there");
}

static void test_documents(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct row before, after, other;
    stage_make(&stage);
    stage_open(&stage);
    take_kim_out(&stage);
    stage_close(&stage);
    row_find(&stage, STORE_DOCUMENTS, &before);
    stage_open(&stage);
    assert_int_equal(erase(&stage, "person:kim", 0).count.documents, 1);
    stage_close(&stage);
    row_find(&stage, STORE_DOCUMENTS, &after);
    check(&stage, "erased", "documents", NULL);
    assert_null(memmem(after.value, after.len, "kim@example.gov", 15));
    assert_non_null(memmem(after.value, after.len, "erased@erased.invalid", 21));
    row_put(&stage, STORE_DOCUMENTS, &before);
    check(&stage, "put back", "documents", "still there");
    other = after;
    other.value[0] = before.value[0]; /* without its mark */
    row_put(&stage, STORE_DOCUMENTS, &other);
    check(&stage, "unmarked", "documents", "do not have this digest");
    other = after;
    uint8_t *team = memmem(other.value, other.len, "operations", 10);
    assert_non_null(team);
    *team = 'O';
    row_put(&stage, STORE_DOCUMENTS, &other);
    check(&stage, "something else in it", "documents", "do not have this digest");
    other = before;
    other.value[0] = after.value[0]; /* marked, and as it was */
    row_put(&stage, STORE_DOCUMENTS, &other);
    check(&stage, "marked alone", "documents", "");
    row_put(&stage, STORE_DOCUMENTS, &after);
    check(&stage, "as the event says", "documents", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),   cmocka_unit_test(test_large),
        cmocka_unit_test(test_in_use),    cmocka_unit_test(test_openings),
        cmocka_unit_test(test_documents),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
