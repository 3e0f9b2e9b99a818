/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what lies beside the events is not believed for its own word: a checkpoint that is gone, a
 * row of a document that says that personal text was erased from it. */
#include "stage.h"

#include <unistd.h>

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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_checkpoint_that_is_gone),
    cmocka_unit_test(test_a_document_that_says_it_was_erased),
};
UNIT_MAIN(tests)
