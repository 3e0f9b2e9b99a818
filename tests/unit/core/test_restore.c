/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: wherever a restore is cut short, no stop that waits in a journal is lost, and no folder is
 * there by half. */
#include "support/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "core/restore_place.h"

enum { SECTOR = 512, JOURNAL_BYTES = 1 << 20 };
static char folder[] = "/tmp/ambit-unit-XXXXXX";
static int root = -1, state = -1, backup = -1;

static int set_up(void **unused)
{
    (void)unused;
    return mkdtemp(folder) && dir_open(AT_FDCWD, folder, &root) == AMBIT_OK ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    fd_closep(&root);
    return rmdir(folder);
}

static int begin(void **unused)
{
    (void)unused;
    bool is_fine = dir_make(root, "state", 0700) == AMBIT_OK &&
                   dir_make(root, "backup", 0700) == AMBIT_OK &&
                   dir_open(root, "state", &state) == AMBIT_OK &&
                   dir_open(root, "backup", &backup) == AMBIT_OK;
    return is_fine ? 0 : -1;
}

static int end(void **unused)
{
    (void)unused;
    fd_closep(&state);
    fd_closep(&backup);
    return dir_remove(root, "state") == AMBIT_OK && dir_remove(root, "backup") == AMBIT_OK ? 0 : -1;
}

/* A store of one journal: each letter is a sector, 'z' one of zeroes; NULL: no journal. */
static void make_store(int at, const char *name, const char *sectors)
{
    FD_AUTO fd = -1;
    BUF_AUTO bytes;
    buf_init(&bytes, 0);
    assert_int_equal(dir_make(at, name, 0700), AMBIT_OK);
    assert_int_equal(dir_open(at, name, &fd), AMBIT_OK);
    for (const char *p = sectors; p && *p; p++)
        for (int i = 0; i < SECTOR; i++)
            buf_put_char(&bytes, *p == 'z' || i > 300 ? '\0' : *p);
    if (sectors)
        assert_int_equal(file_write(fd, "stops.journal", buf_str(&bytes), 0600), AMBIT_OK);
}

/* The journal of a store, the same way, without the zeroes at its end. */
static const char *journal_of(const char *path)
{
    static char text[16];
    BUF_AUTO bytes;
    size_t n = 0, last = 0;
    buf_init(&bytes, 0);
    assert_int_equal(file_read(state, path, JOURNAL_BYTES, &bytes), AMBIT_OK);
    assert_int_equal(bytes.len, JOURNAL_BYTES);
    for (; n < sizeof text - 1; n++) {
        char c = bytes.p[n * SECTOR];
        text[n] = c ? c : 'z';
        last = c ? n + 1 : last;
    }
    text[last] = '\0';
    return text;
}

static void test_journals(void **unused)
{
    static const struct {
        const char *name, *old, *backup, *want;
        bool has;
    } rows[] = {
        {"none at all", NULL, NULL, "", false},
        {"both empty", "zz", "zzz", "", false},
        {"of the replaced store", "ab", NULL, "ab", true},
        {"of the backup", NULL, "ab", "ab", false},
        {"of the backup, over an empty one", "zzzz", "ab", "ab", false},
        {"an empty one of the backup", "ab", "zzzz", "ab", true},
        {"of both", "ab", "cz", "abc", true},
        {"the same in both", "abz", "ab", "ab", true},
        {"more in the replaced store", "abc", "ab", "abc", true},
        {"more in the backup", "ab", "abcz", "abc", true},
        {"a torn one in the midst", "azb", "c", "azbc", true},
    };
    (void)unused;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        FD_AUTO fresh = -1;
        bool has = !rows[i].has;
        make_store(state, "store", rows[i].old);
        make_store(backup, "store", rows[i].backup);
        make_store(state, "fresh", NULL);
        ROW_CHECK(rows[i].name, dir_open(state, "fresh", &fresh) == AMBIT_OK);
        ROW_CHECK(rows[i].name, restore_put_journal(backup, state, fresh, &has) == AMBIT_OK);
        ROW_CHECK(rows[i].name, has == rows[i].has);
        assert_string_equal(journal_of("fresh/stops.journal"), rows[i].want);
        ROW_CHECK(rows[i].name, dir_remove(state, "store") == AMBIT_OK);
        ROW_CHECK(rows[i].name, dir_remove(state, "fresh") == AMBIT_OK);
        ROW_CHECK(rows[i].name, dir_remove(backup, "store") == AMBIT_OK);
    }
}

/* What a restore that was cut short left is removed, unless its stops are nowhere else. */
static void test_clear(void **unused)
{
    static const struct {
        const char *name, *store, *fresh, *backup;
        bool has_store;
        enum ambit_err want;
    } rows[] = {
        {"nothing in it", NULL, NULL, NULL, false, AMBIT_OK},
        {"an empty journal", NULL, "zz", NULL, false, AMBIT_OK},
        {"stops, and no store", NULL, "a", NULL, false, AMBIT_ERR_REFUSED},
        {"stops that the backup has", NULL, "a", "ab", false, AMBIT_OK},
        {"other stops than the backup's", NULL, "ab", "a", false, AMBIT_ERR_REFUSED},
        {"a copy beside the store", "a", "a", NULL, true, AMBIT_OK},
    };
    (void)unused;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        if (rows[i].has_store)
            make_store(state, "store", rows[i].store);
        make_store(state, "fresh", rows[i].fresh);
        make_store(backup, "store", rows[i].backup);
        ROW_CHECK(rows[i].name, restore_clear(backup, state, "fresh") == rows[i].want);
        ROW_CHECK(rows[i].name, restore_is_there(state, "fresh") == (rows[i].want != AMBIT_OK));
        ROW_CHECK(rows[i].name, dir_remove(state, "store") == AMBIT_OK);
        ROW_CHECK(rows[i].name, dir_remove(state, "fresh") == AMBIT_OK);
        ROW_CHECK(rows[i].name, dir_remove(backup, "store") == AMBIT_OK);
    }
    assert_int_equal(restore_clear(backup, state, "fresh"), AMBIT_OK); /* nothing is there */
}

static void test_swap(void **unused)
{
    bool is_aside = true;
    (void)unused;
    make_store(state, "fresh", "a");
    assert_int_equal(restore_swap(state, "fresh", "aside", &is_aside), AMBIT_OK);
    assert_false(is_aside);
    assert_true(restore_is_there(state, "store/stops.journal"));
    make_store(state, "fresh", NULL);
    assert_int_equal(restore_swap(state, "fresh", "aside", &is_aside), AMBIT_OK);
    assert_true(is_aside);
    assert_true(restore_is_there(state, "aside/stops.journal"));
    assert_true(restore_is_there(state, "store"));
    assert_false(restore_is_there(state, "store/stops.journal"));
    assert_false(restore_is_there(state, "fresh"));
    make_store(state, "fresh", NULL); /* a name that is taken: nothing is written over */
    assert_int_equal(restore_swap(state, "fresh", "aside", &is_aside), AMBIT_ERR_EXISTS);
    assert_true(restore_is_there(state, "aside/stops.journal"));
    assert_int_equal(file_exchange(state, "store", "nothing"), AMBIT_ERR_NOT_FOUND);
    assert_true(restore_is_there(state, "store"));
}

static void test_add_folder(void **unused)
{
    (void)unused;
    assert_int_equal(restore_add_folder(backup, state, "keys"), AMBIT_OK);
    assert_false(restore_is_there(state, "keys"));
    assert_int_equal(symlinkat("loop", state, "loop"), 0); /* nobody can tell what is below it */
    assert_true(restore_is_there(state, "loop/store"));
    assert_int_equal(unlinkat(state, "loop", 0), 0);
    make_store(backup, "keys", "ab");
    make_store(state, "keys.restoring", NULL); /* of one that was cut short */
    assert_int_equal(restore_add_folder(backup, state, "keys"), AMBIT_OK);
    assert_true(restore_is_there(state, "keys/stops.journal"));
    assert_false(restore_is_there(state, "keys.restoring"));
    assert_int_equal(dir_remove(state, "keys"), AMBIT_OK);
    make_store(state, "keys", NULL); /* one that is there stays */
    assert_int_equal(restore_add_folder(backup, state, "keys"), AMBIT_OK);
    assert_false(restore_is_there(state, "keys/stops.journal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_journals, begin, end),
        cmocka_unit_test_setup_teardown(test_clear, begin, end),
        cmocka_unit_test_setup_teardown(test_swap, begin, end),
        cmocka_unit_test_setup_teardown(test_add_folder, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
