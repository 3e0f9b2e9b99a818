/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a store opens when it is whole and ours, and otherwise says why it does not: absent, held
 * by another, damaged, newer. Never a crash. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/encode.h"
#include "base/file.h"
#include "store/lock.h"

static enum ambit_err try_open(const struct store_options *options)
{
    struct store *store = NULL;
    enum ambit_err err = store_open(options, &store);
    store_close(store);
    return err;
}

static void reopen(struct fixture *fixture)
{
    struct store_options options = small_options(fixture);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
}

static void shut(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

static void test_keeps(void **state)
{
    struct fixture *fixture = *state;
    put_one(fixture->store, "k", "v");
    shut(fixture);
    struct store_options options = small_options(fixture);
    options.map_bytes = SMALL_MAP * 2; /* not looked at: the map was set at creation */
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
    expect_one(fixture->store, "k", "v");
    struct store_space space;
    store_space(fixture->store, &space);
    assert_int_equal(space.map_bytes, SMALL_MAP);
}

static void test_refusals(void **state)
{
    struct fixture *fixture = *state;
    char absent[FOLDER_PATH_MAX];
    struct store_options options = small_options(fixture);
    assert_int_equal(try_open(&options), AMBIT_ERR_BUSY);
    folder_join(absent, fixture->folder, "absent");
    options.folder = absent;
    options.create = false;
    assert_int_equal(try_open(&options), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(mkdir(absent, 0700), 0);
    assert_int_equal(try_open(&options), AMBIT_ERR_NOT_FOUND);
    options.create = true;
    options.read_only = true;
    assert_int_equal(try_open(&options), AMBIT_ERR_NOT_FOUND);
    options.read_only = false;
    assert_int_equal(try_open(&options), AMBIT_OK);
    options.is_search = true;
    assert_int_equal(try_open(&options), AMBIT_ERR_DAMAGED); /* a store is no search index */
}

static void test_newer_and_strange_formats(void **state)
{
    static const struct {
        const char *name;
        uint32_t version;
        uint64_t map_bytes;
        size_t len;
        enum ambit_err want;
    } rows[] = {
        {"newer", 2, SMALL_MAP, 13, AMBIT_ERR_NEWER},
        {"newer and longer", 7, SMALL_MAP, 20, AMBIT_ERR_NEWER},
        {"version none", 0, SMALL_MAP, 13, AMBIT_ERR_DAMAGED},
        {"another map", 1, SMALL_MAP * 2, 13, AMBIT_ERR_DAMAGED},
        {"cut", 1, SMALL_MAP, 3, AMBIT_ERR_DAMAGED},
        {"ours", 1, SMALL_MAP, 13, AMBIT_OK},
    };
    struct fixture *fixture = *state;
    struct store_options options = small_options(fixture);
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        uint8_t format[20] = {0};
        struct store_txn *txn = NULL;
        put_be32(format, rows[i].version);
        put_be64(format + 4, rows[i].map_bytes);
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        assert_int_equal(store_put(txn, STORE_META, key_of("format"), format, rows[i].len),
                         AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
        shut(fixture);
        ROW_CHECK(rows[i].name, try_open(&options) == rows[i].want);
        folder_remove(fixture->path);
        reopen(fixture);
    }
}

static void test_read_only_copy(void **state)
{
    struct fixture *fixture = *state;
    char copy[FOLDER_PATH_MAX], from[FOLDER_PATH_MAX];
    BUF_AUTO bytes = {0};
    put_one(fixture->store, "k", "v");
    shut(fixture);
    folder_join(copy, fixture->folder, "copy");
    folder_join(from, fixture->path, "data.mdb");
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_int_equal(file_read(AT_FDCWD, from, (size_t)64 << 20, &bytes), AMBIT_OK);
    folder_join(from, copy, "data.mdb");
    assert_int_equal(file_write(AT_FDCWD, from, buf_str(&bytes), 0400), AMBIT_OK);
    assert_int_equal(chmod(copy, 0500), 0);

    struct store_options options = {.folder = copy, .read_only = true};
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
    expect_one(fixture->store, "k", "v");
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_ERR_REFUSED);
    assert_int_equal(access(folder_join(from, copy, "lock.mdb"), F_OK), -1);
    assert_int_equal(chmod(copy, 0700), 0);
}

/* Another process reads the store that this one has open for writing. */
static void test_read_only_live(void **state)
{
    struct fixture *fixture = *state;
    int ready[2] = {-1, -1}, go[2] = {-1, -1}, status = -1;
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    shut(fixture); /* no LMDB environment is open across the fork */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store_options options = {.folder = fixture->path, .read_only = true};
        struct store *store = NULL;
        struct store_txn *txn = NULL;
        char got[8];
        bool is_ok = read(go[0], &byte, 1) == 1 && store_open(&options, &store) == AMBIT_OK;
        is_ok = is_ok && store_read_begin(store, &txn) == AMBIT_OK;
        is_ok = is_ok && write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) == 1;
        /* The writer has gone on; this snapshot is whole because the writer knows of it. */
        is_ok = is_ok &&
                store_get(txn, STORE_GRANTS, key_of("k"), got, sizeof got, NULL) == AMBIT_OK &&
                got[0] == 'v';
        _exit(is_ok ? 0 : 1);
    }
    reopen(fixture);
    put_one(fixture->store, "k", "v");
    assert_int_equal(write(go[1], "1", 1), 1);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    for (int i = 0; i < 20; i++)
        put_one(fixture->store, "k", "other");
    assert_int_equal(write(go[1], "2", 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t len)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    assert_int_equal(close(fd), 0);
}

static void test_damaged_file(void **state)
{
    static const struct {
        const char *name;
        off_t at;
        uint8_t bytes[8];
        size_t len;
        enum ambit_err want;
    } rows[] = {
        {"first magic", 16, {1, 2, 3, 4}, 4, AMBIT_ERR_DAMAGED},
        {"second magic", 4096 + 16, {1, 2, 3, 4}, 4, AMBIT_ERR_DAMAGED},
        {"version", 20, {9, 0, 0, 0}, 4, AMBIT_ERR_NEWER},
        {"page size", 16 + 24, {1, 0, 0, 0}, 4, AMBIT_ERR_DAMAGED},
        {"no meta page", 10, {0, 0}, 2, AMBIT_ERR_DAMAGED},
        {"map beyond sense", 32, {255, 255, 255, 255, 255, 255, 255, 255}, 8, AMBIT_ERR_DAMAGED},
        {"last page beyond the file", 16 + 120, {255, 255, 255, 0}, 4, AMBIT_ERR_DAMAGED},
        {"root beyond the last page", 4096 + 16 + 72 + 40, {255, 0}, 8, AMBIT_ERR_DAMAGED},
        {"root in the meta pages", 4096 + 16 + 72 + 40, {1, 0}, 8, AMBIT_ERR_DAMAGED},
        /* As LMDB leaves the meta page that it could not write: nobody reads its roots. */
        {"root beyond the last page of before", 16 + 72 + 40, {255, 0}, 8, AMBIT_OK},
    };
    struct fixture *fixture = *state;
    struct store_options options = small_options(fixture);
    char path[FOLDER_PATH_MAX];
    folder_join(path, fixture->path, "data.mdb");
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        shut(fixture);
        overwrite(path, rows[i].at, rows[i].bytes, rows[i].len);
        ROW_CHECK(rows[i].name, try_open(&options) == rows[i].want);
        options.read_only = true;
        ROW_CHECK(rows[i].name, try_open(&options) == rows[i].want);
        options.read_only = false;
        folder_remove(fixture->path);
        reopen(fixture);
    }
    for (off_t size = 1; size < 3 * 4096; size += 500) {
        shut(fixture);
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(try_open(&options), AMBIT_ERR_DAMAGED);
        folder_remove(fixture->path);
        reopen(fixture);
    }
}

static void test_creation_cut_short(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = small_options(fixture);
    char path[FOLDER_PATH_MAX];
    shut(fixture);
    folder_remove(fixture->path);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_int_equal(
        file_write(AT_FDCWD, folder_join(path, fixture->path, "data.mdb"), AMBIT_STR(""), 0600),
        AMBIT_OK);
    assert_int_equal(try_open(&options), AMBIT_OK);
}

static void test_lock(void **state)
{
    struct fixture *fixture = *state;
    int fd = -1, second = -1;
    assert_int_equal(store_lock(fixture->folder, &fd), AMBIT_OK);
    assert_int_equal(store_lock(fixture->folder, &second), AMBIT_ERR_BUSY);
    store_unlock(fd);
    assert_int_equal(store_lock(fixture->folder, &second), AMBIT_OK);
    store_unlock(second);
    assert_int_equal(store_lock("/nonexistent-folder", &fd), AMBIT_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keeps, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_refusals, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_newer_and_strange_formats, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_read_only_copy, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_read_only_live, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_damaged_file, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_creation_cut_short, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_lock, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
