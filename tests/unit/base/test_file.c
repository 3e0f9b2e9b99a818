/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: files are read within bounds and written whole, with the mode asked for. */
#include "support/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"

static int folder = -1;
static char folder_path[] = "/tmp/ambit-unit-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder_path))
        return -1;
    return dir_open(AT_FDCWD, folder_path, &folder) == AMBIT_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a", "b", "kept", "sub/x", "fifo"};

    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(names); i++)
        unlinkat(folder, names[i], 0);
    unlinkat(folder, "sub", AT_REMOVEDIR);
    fd_closep(&folder);
    return rmdir(folder_path);
}

static void test_write_and_read(void **state)
{
    BUF_AUTO buf = {0};
    struct stat st = {0};

    (void)state;
    assert_int_equal(file_write(folder, "a", AMBIT_STR("hello"), 0640), AMBIT_OK);
    assert_int_equal(fstatat(folder, "a", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(file_read(folder, "a", 5, &buf), AMBIT_OK);
    assert_true(ambit_str_is(buf_str(&buf), "hello"));
    assert_int_equal(file_write(folder, "a", AMBIT_STR(""), 0600), AMBIT_OK);
    buf_reset(&buf);
    assert_int_equal(file_read(folder, "a", 0, &buf), AMBIT_OK);
    assert_int_equal(buf.len, 0);
    assert_int_equal(file_write(folder, "a", AMBIT_STR("hello"), 0600), AMBIT_OK);
    assert_int_equal(file_read(folder, "a", 4, &buf), AMBIT_ERR_TOO_LARGE);
}

static void test_large(void **state)
{
    BUF_AUTO want = {0};
    BUF_AUTO got = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_put_i64(&want, i);
    assert_int_equal(file_write(folder, "b", buf_str(&want), 0600), AMBIT_OK);
    assert_int_equal(file_read(folder, "b", 1 << 20, &got), AMBIT_OK);
    assert_true(ambit_str_eq(buf_str(&want), buf_str(&got)));
}

static void test_create(void **state)
{
    BUF_AUTO buf = {0};

    (void)state;
    assert_int_equal(file_create(folder, "kept", AMBIT_STR("first"), 0600), AMBIT_OK);
    assert_int_equal(file_create(folder, "kept", AMBIT_STR("second"), 0600), AMBIT_ERR_EXISTS);
    assert_int_equal(file_read(folder, "kept", 100, &buf), AMBIT_OK);
    assert_true(ambit_str_is(buf_str(&buf), "first"));
}

static void test_refusals(void **state)
{
    BUF_AUTO buf = {0};
    int fd = -1;

    (void)state;
    assert_int_equal(file_read(folder, "none", 10, &buf), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(file_read(folder, ".", 10, &buf), AMBIT_ERR_MALFORMED);
    assert_int_equal(mkfifoat(folder, "fifo", 0600), 0);
    assert_int_equal(file_read(folder, "fifo", 10, &buf), AMBIT_ERR_MALFORMED);
    assert_int_equal(file_write(folder, "no/such/folder", AMBIT_STR("x"), 0600),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(dir_open(folder, "none", &fd), AMBIT_ERR_NOT_FOUND);
    assert_int_equal(dir_make(folder, "a", 0700), AMBIT_ERR_EXISTS);
    assert_int_equal(dir_make(folder, "none/none", 0700), AMBIT_ERR_NOT_FOUND);
}

static void test_folders(void **state)
{
    ARENA_AUTO arena = {0};
    ARENA_AUTO tiny = {0};
    struct ambit_str *names = NULL;
    size_t n = 0;

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    arena_init(&tiny, NULL, 0, 64);
    assert_int_equal(dir_make(folder, "sub", 0750), AMBIT_OK);
    assert_int_equal(dir_make(folder, "sub", 0750), AMBIT_OK);
    assert_int_equal(dir_list(folder, "sub", &arena, &names, &n), AMBIT_OK);
    assert_int_equal(n, 0);
    assert_int_equal(file_write(folder, "sub/x", AMBIT_STR("x"), 0600), AMBIT_OK);
    assert_int_equal(dir_list(folder, ".", &arena, &names, &n), AMBIT_OK);
    assert_int_equal(n, 5); /* nothing temporary is left */
    assert_string_equal(names[0].p, "a");
    assert_string_equal(names[1].p, "b");
    assert_string_equal(names[4].p, "sub");
    assert_int_equal(dir_list(folder, ".", &tiny, &names, &n), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(dir_list(folder, "none", &arena, &names, &n), AMBIT_ERR_NOT_FOUND);
}

/* A folder that may not be there yet. */
static void test_list_of_none(void **state)
{
    (void)state;
    ARENA_AUTO arena;
    FD_AUTO none = -1, some = -1;
    struct ambit_str *names = NULL;
    size_t n = 9;
    arena_init(&arena, NULL, 0, 0);
    assert_int_equal(dir_open_list("/nowhere/at/all", &arena, &none, &names, &n), AMBIT_OK);
    assert_true(none == -1 && n == 0 && names == NULL);
    assert_int_equal(dir_open_list("/proc/self/fd", &arena, &some, &names, &n), AMBIT_OK);
    assert_true(some >= 0 && n >= 3 && names != NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_large),
        cmocka_unit_test(test_create),         cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_folders),        cmocka_unit_test(test_list_of_none),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
