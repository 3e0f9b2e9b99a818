/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: whatever row of whatever table is changed, taken away or added, verification names the
 * table and the key, and the event where there is one. */
#include "golden_copy.h"

#include "base/encode.h"
#include "core/verify.h"

enum { CHANGE, TAKE_AWAY, ADD };
static const char *const deeds[] = {"changed", "taken away", "added"};

/* A copy of the store, open for writing. */
struct open_copy {
    struct store *store;
    struct store_txn *txn;
};

static struct open_copy copy_open(struct stage *stage)
{
    struct open_copy copy = {.store = NULL};
    char path[FOLDER_PATH_MAX];
    struct store_options options = {.folder = folder_join(path, stage->folder, "store")};
    golden_again(stage);
    assert_int_equal(store_open(&options, &copy.store), AMBIT_OK);
    assert_int_equal(store_write_begin(copy.store, &copy.txn), AMBIT_OK);
    return copy;
}

static void copy_close(struct open_copy *copy)
{
    assert_int_equal(store_write_commit(copy->txn), AMBIT_OK);
    store_close(copy->store);
}

struct row {
    uint8_t key[64];
    size_t key_len;
    uint8_t value[64 * 1024];
    size_t len;
};

/* The `nth` row of a table from its end, or the only one. */
static void find_row(struct store_txn *txn, enum store_table table, size_t nth, struct row *ret)
{
    struct store_cursor *cursor = NULL;
    struct ambit_str key = {0}, value = {0}, last_key, last_value;
    assert_int_equal(store_cursor_open(txn, table, &cursor), AMBIT_OK);
    if (store_cursor_move(cursor, STORE_LAST, (struct store_key){0}, &key, &value))
        fail_msg("table %s is empty", store_table_name(table));
    for (size_t i = 0; i < nth; i++) {
        if (store_cursor_move(cursor, STORE_PREVIOUS, (struct store_key){0}, &last_key,
                              &last_value))
            assert_int_equal(store_cursor_move(cursor, STORE_LAST, (struct store_key){0}, &last_key,
                                               &last_value),
                             AMBIT_OK);
        key = last_key;
        value = last_value;
    }
    assert_true(key.len <= sizeof ret->key && value.len <= sizeof ret->value);
    memcpy(ret->key, key.p, key.len);
    memcpy(ret->value, value.p, value.len);
    ret->key_len = key.len;
    ret->len = value.len;
    store_cursor_close(cursor);
}

static void put_row(struct store_txn *txn, enum store_table table, const struct row *row)
{
    assert_int_equal(
        store_put(txn, table, (struct store_key){row->key, row->key_len}, row->value, row->len),
        AMBIT_OK);
}

/* Does the deed; *ret is the row that must be named. */
static void do_deed(struct store_txn *txn, enum store_table table, int deed, size_t nth,
                    struct row *ret)
{
    find_row(txn, table, nth, ret);
    if (deed == TAKE_AWAY)
        assert_int_equal(store_delete(txn, table, (struct store_key){ret->key, ret->key_len}),
                         AMBIT_OK);
    if (deed == ADD)
        ret->key[ret->key_len - 1] ^= 0x55;
    if (deed == CHANGE && ret->len == 0)
        ret->value[ret->len++] = 1;
    else if (deed == CHANGE)
        ret->value[ret->len * 2 / 3] ^= 1;
    if (deed != TAKE_AWAY)
        put_row(txn, table, ret);
}

static bool is_seq_table(enum store_table table)
{
    return table == STORE_EVENTS || table == STORE_OPENINGS;
}

/* Among the problems one of this table, with the key as text, and the sequence where it is one. */
static bool names(const struct verify_report *report, enum store_table table, const struct row *row)
{
    char key[128] = "";
    uint64_t seq = row->key_len == 8 ? get_be64(row->key) : 0;
    if (is_seq_table(table))
        (void)snprintf(key, sizeof key, "%llu", (unsigned long long)seq);
    else
        hex_encode(row->key, row->key_len, key);
    for (size_t i = 0; i < report->n; i++) {
        const struct verify_problem *problem = &report->problems[i];
        if (streq(problem->table, store_table_name(table)) && ambit_str_is(problem->key, key) &&
            (!is_seq_table(table) || (problem->has_seq && problem->seq == seq)))
            return true;
    }
    return false;
}

static void put_problems(const struct verify_report *report)
{
    for (size_t i = 0; i < report->n; i++)
        print_message("# %s %.*s: %s\n", report->problems[i].table,
                      AMBIT_STR_ARG(report->problems[i].key), report->problems[i].what);
}

static void check_deed(struct stage *stage, enum store_table table, int deed, size_t nth)
{
    static struct row row;
    struct verify_report report;
    struct open_copy copy = copy_open(stage);
    do_deed(copy.txn, table, deed, nth, &row);
    copy_close(&copy);
    assert_int_equal(verify_store(stage->folder, stage->folder, &report), AMBIT_OK);
    if (!names(&report, table, &row)) {
        put_problems(&report);
        fail_msg("%s: row %d %s: %d problems, none names it", store_table_name(table), (int)nth,
                 deeds[deed], (int)report.n_problems);
    }
    verify_done(&report);
}

static void test_every_table(void **state)
{
    static const enum store_table tables[] = {
        STORE_EVENTS,    STORE_OPENINGS,  STORE_TILES,   STORE_GRANTS, STORE_AGENT_GRANTS,
        STORE_COUNTERS,  STORE_WINDOWS,   STORE_CUTOFFS, STORE_STOPS,  STORE_HOLDS,
        STORE_INCIDENTS, STORE_DOCUMENTS, STORE_SETS,
    };
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    for (size_t i = 0; i < AMBIT_LEN(tables); i++)
        for (int deed = CHANGE; deed <= ADD; deed++)
            for (size_t nth = 0; nth < 2; nth++)
                check_deed(&stage, tables[i], deed, nth);
}

/* The first event, one in the first tile, and the last of it. */
static void test_events_anywhere(void **state)
{
    static const size_t from_end[] = {360, 359, 300, 106, 105, 104, 1};
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    for (size_t i = 0; i < AMBIT_LEN(from_end); i++) {
        assert_true(from_end[i] <= golden.events);
        check_deed(&stage, STORE_EVENTS, CHANGE, from_end[i]);
        check_deed(&stage, STORE_EVENTS, TAKE_AWAY, from_end[i]);
    }
}

/* ---- the head and the format ---- */

static void check_head(struct stage *stage, size_t at, bool is_taken)
{
    static struct row row;
    struct verify_report report;
    struct open_copy copy = copy_open(stage);
    struct store_key key = {"head", 4};
    assert_int_equal(store_get(copy.txn, STORE_META, key, row.value, sizeof row.value, &row.len),
                     AMBIT_OK);
    row.value[at] ^= 1;
    if (is_taken)
        assert_int_equal(store_delete(copy.txn, STORE_META, key), AMBIT_OK);
    else
        assert_int_equal(store_put(copy.txn, STORE_META, key, row.value, row.len), AMBIT_OK);
    copy_close(&copy);
    enum ambit_err err = verify_store(stage->folder, stage->folder, &report);
    bool is_named = false;
    for (size_t i = 0; i < report.n; i++)
        is_named = is_named ||
                   (streq(report.problems[i].table, "meta") &&
                    ambit_str_is(report.problems[i].key, "head")) ||
                   streq(report.problems[i].table, "tree") ||
                   streq(report.problems[i].table, "events");
    if ((err && err != AMBIT_ERR_NEWER) || (!err && !is_named)) {
        put_problems(&report);
        fail_msg("byte %d of the head: %s", (int)at, ambit_err_text(err));
    }
    verify_done(&report);
}

static void test_head(void **state)
{
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    check_head(&stage, 0, true);
    for (size_t at = 0; at < 73 + 32; at += at < 40 ? 1 : 13) {
        bool is_time = at >= 9 && at < 17; /* of the last batch: no event says it */
        if (!is_time)
            check_head(&stage, at, false);
    }
    check_head(&stage, 15, false); /* ... but it is not behind them: 65 s less */
}

static void test_meta(void **state)
{
    static const struct {
        const char *name, *key, *value;
        enum ambit_err want;
    } rows[] = {
        {"a row of no meaning", "other", "thirteen here", AMBIT_OK},
        {"another format", "format", "\0\0\0\2............", AMBIT_ERR_NEWER},
        {"no format", "format", "\0\0\0\1.........", AMBIT_ERR_DAMAGED},
    };
    (void)state;
    STAGE_AUTO stage;
    struct golden_store golden;
    golden_make(&stage, &golden);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        struct verify_report report;
        struct open_copy copy = copy_open(&stage);
        assert_int_equal(store_put(copy.txn, STORE_META,
                                   (struct store_key){rows[i].key, strlen(rows[i].key)},
                                   rows[i].value, 13),
                         AMBIT_OK);
        copy_close(&copy);
        ROW_CHECK(rows[i].name, verify_store(stage.folder, stage.folder, &report) == rows[i].want);
        if (rows[i].want != AMBIT_ERR_NEWER) {
            ROW_CHECK(rows[i].name, report.n_problems == 1);
            assert_string_equal(report.problems[0].table, "meta");
        }
        verify_done(&report);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_every_table),
    cmocka_unit_test(test_events_anywhere),
    cmocka_unit_test(test_head),
    cmocka_unit_test(test_meta),
};
UNIT_MAIN(tests)
