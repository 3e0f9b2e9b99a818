/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what lies beside the events is not believed for its own word: a checkpoint that is gone, a
 * row of a document that says that personal text was erased from it; nor what an event says of the
 * history and of the grant it read. */
#include "stage.h"

#include <unistd.h>

#include "base/encode.h"
#include "core/document_row.h"
#include "core/verify.h"
#include "store/store.h"

static const char no_checkpoint[] =
    "the record says that its log was begun, and no checkpoint is there";

static bool is_told(struct stage *stage, const char *what)
{
    bool told = false;
    struct verify_report report;
    stage_close(stage);
    assert_int_equal(verify_store(stage->folder, stage->folder, &report), AMBIT_OK);
    for (size_t i = 0; i < report.n; i++)
        told = told || streq(report.problems[i].what, what);
    verify_done(&report);
    return told;
}

static void await_checkpoint(const char *path)
{
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++)
        assert_int_equal(usleep(10 * 1000), 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void test_a_checkpoint_that_is_gone(void **state)
{
    char path[FOLDER_PATH_MAX];
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    folder_join(path, stage.folder, "log/checkpoint");
    stage_open(&stage);
    await_checkpoint(path);
    stage_close(&stage);
    assert_int_equal(unlink(path), 0);
    assert_false(is_told(&stage, no_checkpoint)); /* it may have been killed before */

    STAGE_AUTO other;
    stage_make(&other);
    folder_join(path, other.folder, "log/checkpoint");
    stage_open(&other);
    await_checkpoint(path);
    stage_live_on(&other, 120 * 1000);
    (void)stage_grant(&other, "worker", "a.free", "svc:free/0");
    assert_false(is_told(&other, no_checkpoint));
    assert_int_equal(unlink(path), 0);
    assert_true(is_told(&other, no_checkpoint));
}

/* The first document of this kind stands there as erased, with this in place of its bytes. */
static void swap(struct stage *stage, int kind, const char *bytes)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    char path[FOLDER_PATH_MAX];
    uint8_t digest[32] = {0};
    struct ambit_str key, value;
    struct document_row row = {.kind = -1};
    enum store_seek seek = STORE_FIRST;
    BUF_AUTO changed;
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    buf_init(&changed, 0);
    stage_close(stage);
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    assert_int_equal(store_cursor_open(txn, STORE_DOCUMENTS, &cursor), AMBIT_OK);
    while (row.kind != kind) {
        assert_int_equal(store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value),
                         AMBIT_OK);
        assert_int_equal(document_row_read(value, &row), AMBIT_OK);
        seek = STORE_NEXT;
    }
    assert_int_equal(key.len, sizeof digest);
    memcpy(digest, key.p, sizeof digest);
    row.is_erased = true;
    row.bytes = bytes != NULL ? ambit_str_of(bytes) : row.bytes;
    document_row_put(&changed, &row);
    store_cursor_close(cursor);
    assert_int_equal(store_put(txn, STORE_DOCUMENTS, (struct store_key){digest, sizeof digest},
                               changed.p, changed.len),
                     AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    store_close(store);
}

static void test_a_document_that_says_it_was_erased(void **state)
{
    static const struct {
        const char *name, *bytes, *what;
        int kind;
    } rows[] = {
        {"a policy", "{\"policy\":\"counting\"}", "the document's row cannot be read",
         AMBIT_KIND_POLICY},
        {"an agent", NULL, "the document's row cannot be read", AMBIT_KIND_AGENT},
        {"a person whose name is there", NULL,
         "the row says that personal text was erased, and name and e-mail are there",
         AMBIT_KIND_PERSON},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        STAGE_AUTO stage;
        stage_make(&stage);
        stage_open(&stage);
        swap(&stage, rows[i].kind, rows[i].bytes);
        ROW_CHECK(rows[i].name, is_told(&stage, rows[i].what));
    }
}

/* The bytes of the event, with `from` as `to`, of the same length. */
static void change_event(struct stage *stage, uint64_t seq, const char *from, const char *to)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    char path[FOLDER_PATH_MAX];
    uint8_t row[8192], key[8];
    size_t len = 0;
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    put_be64(key, seq);
    stage_close(stage);
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    const struct store_key at = {key, sizeof key};
    assert_int_equal(store_get(txn, STORE_EVENTS, at, row, sizeof row, &len), AMBIT_OK);
    uint8_t *found = memmem(row, len, from, strlen(from));
    assert_non_null(found);
    memcpy(found, to, strlen(to));
    assert_int_equal(store_put(txn, STORE_EVENTS, at, row, len), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    store_close(store);
}

static void test_a_figure_that_never_was(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer token = stage_grant(&stage, "worker", "a.few", "svc:few/0");
    (void)stage_do(&stage, &token, "a.few", "svc:few/0");
    struct answer last = stage_do(&stage, &token, "a.few", "svc:few/0");
    assert_int_equal(last.verdict, AMBIT_ALLOW);
    change_event(&stage, last.seq, "\"figures\":[1", "\"figures\":[0");
    assert_true(is_told(&stage, "holds a figure of history that the events before it do not give"));
}

static void test_a_grant_that_was_over(void **state)
{
    static const char alive[] = "says that its grant was alive, which an event before it ended";
    char before[64], after[64];
    bool is_foreign = false;
    (void)state;
    STAGE_AUTO stage;
    stage_make(&stage);
    stage_open(&stage);
    struct answer ended = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    struct answer token = stage_grant(&stage, "worker", "a.free", "svc:free/0");
    assert_int_equal(stage_revoke(&stage, "worker", &ended, &is_foreign), AMBIT_OK);
    struct answer done = stage_do(&stage, &token, "a.free", "svc:free/0");
    assert_int_equal(done.verdict, AMBIT_ALLOW);
    assert_false(is_told(&stage, alive));
    change_event(&stage, done.seq, stage_target("", token.grant, before) + 1,
                 stage_target("", ended.grant, after) + 1);
    assert_true(is_told(&stage, alive));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_checkpoint_that_is_gone),
    cmocka_unit_test(test_a_document_that_says_it_was_erased),
    cmocka_unit_test(test_a_figure_that_never_was),
    cmocka_unit_test(test_a_grant_that_was_over),
};
UNIT_MAIN(tests)
