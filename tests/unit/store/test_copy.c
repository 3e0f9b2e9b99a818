/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a copy is the store of one moment while it is written, holds nothing that was deleted, ends
 * when it is told to; readers are seen, and those of a killed process are cleared. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct copying {
    struct store *store; /* written between two pieces; NULL: not */
    uint64_t bytes, at_most;
};

static enum ambit_err take(void *ctx, const void *bytes, size_t len)
{
    struct copying *copying = ctx;
    (void)bytes;
    if (copying->store && copying->bytes == 0) {
        put_one(copying->store, "during", "x");
        put_one(copying->store, "kept", "other");
    }
    copying->bytes += len;
    return copying->at_most && copying->bytes > copying->at_most ? AMBIT_ERR_STOPPING : AMBIT_OK;
}

static enum ambit_err copy_to(struct fixture *fixture, const char *name, struct copying *copying,
                              char path[FOLDER_PATH_MAX])
{
    char file[FOLDER_PATH_MAX];
    bool is_held = true;
    folder_join(path, fixture->folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
    folder_join(file, path, "data.mdb");
    int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct store_copy copy = {.fd = fd, .take = take, .ctx = copying};
    enum ambit_err err = store_copy(fixture->store, &copy, &is_held);
    assert_int_equal(lseek(fd, 0, SEEK_END) == (off_t)copying->bytes, err == AMBIT_OK);
    assert_false(is_held);
    assert_int_equal(close(fd), 0);
    return err;
}

static bool holds(const char *folder, const char *needle)
{
    char file[FOLDER_PATH_MAX];
    folder_join(file, folder, "data.mdb");
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    off_t len = lseek(fd, 0, SEEK_END);
    char *all = malloc((size_t)len);
    assert_non_null(all);
    assert_int_equal(pread(fd, all, (size_t)len, 0), len);
    bool is_in = memmem(all, (size_t)len, needle, strlen(needle)) != NULL;
    free(all);
    assert_int_equal(close(fd), 0);
    return is_in;
}

static void test_moment(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    char path[FOLDER_PATH_MAX];
    put_one(fixture->store, "kept", "one");
    put_one(fixture->store, "gone", "a-secret-that-was-erased");
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_delete(txn, STORE_GRANTS, key_of("gone")), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    struct copying copying = {.store = fixture->store};
    assert_int_equal(copy_to(fixture, "copy", &copying, path), AMBIT_OK);
    assert_false(holds(path, "a-secret"));
    struct store *copy = NULL;
    struct store_options options = {.folder = path, .read_only = true};
    assert_int_equal(store_open(&options, &copy), AMBIT_OK); /* walks every page */
    expect_one(copy, "gone", NULL);
    store_close(copy);
    options = (struct store_options){.folder = path}; /* and it goes on */
    assert_int_equal(store_open(&options, &copy), AMBIT_OK);
    put_one(copy, "after", "y");
    expect_one(copy, "after", "y");
    store_close(copy);
    folder_remove(path);
}

static void test_ended(void **state)
{
    struct fixture *fixture = *state;
    char path[FOLDER_PATH_MAX];
    for (int i = 0; i < 200; i++) {
        char key[16];
        assert_true(snprintf(key, sizeof key, "%d", i) > 0);
        put_one(fixture->store, key, "a row");
    }
    struct copying copying = {.at_most = 1};
    assert_int_equal(copy_to(fixture, "ended", &copying, path), AMBIT_ERR_STOPPING);
    put_one(fixture->store, "after", "y");
    folder_remove(path);
}

static void test_readers(void **state)
{
    struct fixture *fixture = *state;
    struct store_readers readers;
    struct store_txn *txn = NULL;
    put_one(fixture->store, "a", "1");
    assert_int_equal(store_readers(fixture->store, true, &readers), AMBIT_OK);
    assert_int_equal(readers.lag, 0);
    assert_int_equal(store_read_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_readers(fixture->store, false, &readers), AMBIT_OK);
    assert_int_equal(readers.n, 1);
    assert_int_equal(readers.pid, getpid());
    store_read_end(txn);
    assert_int_equal(store_readers(fixture->store, false, &readers), AMBIT_OK);
    assert_int_equal(readers.n, 0);
}

/* Another process reads and is killed. */
static void test_dead(void **state)
{
    struct fixture *fixture = *state;
    struct store_readers readers;
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        struct store_txn *txn = NULL;
        struct store_options options = {.folder = fixture->path, .read_only = true};
        bool is_fine = store_open(&options, &store) == AMBIT_OK && store_is_live(store) &&
                       store_read_begin(store, &txn) == AMBIT_OK;
        byte = is_fine;
        if (write(ready[1], &byte, 1) == 1)
            (void)pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    put_one(fixture->store, "b", "1");
    put_one(fixture->store, "b", "2");
    assert_int_equal(store_readers(fixture->store, true, &readers), AMBIT_OK);
    assert_int_equal(readers.lag, 2);
    assert_int_equal(readers.pid, child);
    assert_int_equal(kill(child, SIGSTOP), 0); /* alive: nobody may take its moment away */
    assert_int_equal(store_readers(fixture->store, true, &readers), AMBIT_OK);
    assert_int_equal(readers.dead, 0);
    assert_int_equal(readers.lag, 2);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    put_one(fixture->store, "b", "3");
    assert_int_equal(store_readers(fixture->store, false, &readers), AMBIT_OK);
    assert_int_equal(readers.n, 1); /* until somebody looks for the dead, and it is told */
    assert_int_equal(readers.lag, 3);
    assert_int_equal(readers.pid, child);
    assert_int_equal(store_readers(fixture->store, true, &readers), AMBIT_OK);
    assert_int_equal(readers.dead, 1);
    assert_int_equal(readers.n, 0);
    assert_int_equal(readers.lag, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_moment, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_ended, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_readers, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_dead, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
