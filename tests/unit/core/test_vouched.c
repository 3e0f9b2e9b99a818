/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the row of a grant that is not what its event gives is not believed by a broker that did
 * not write it: nobody is told that the token is active, and no action is allowed with it. */
#include "stage.h"

#include "base/encode.h"
#include "store/store.h"

enum { ROW_MAX_BYTES = 4096 };

/* One byte of the grant's row, or of its event, other; the broker closed. */
static void change(struct stage *stage, const struct answer *token, size_t at, bool of_event)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    char path[FOLDER_PATH_MAX];
    uint8_t row[ROW_MAX_BYTES], seq[8];
    size_t len = 0;
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    enum store_table table = of_event ? STORE_EVENTS : STORE_GRANTS;
    put_be64(seq, token->seq);
    struct store_key key = {of_event ? seq : token->grant.b, of_event ? 8 : 16};
    stage_close(stage);
    assert_int_equal(store_open(&options, &store), AMBIT_OK);
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    assert_int_equal(store_get(txn, table, key, row, sizeof row, &len), AMBIT_OK);
    row[at % len] ^= 1;
    assert_int_equal(store_put(txn, table, key, row, len), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    store_close(store);
    stage_open(stage);
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

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_a_row_that_was_changed),
    cmocka_unit_test(test_an_event_that_was_changed),
};
UNIT_MAIN(tests)
