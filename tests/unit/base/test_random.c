/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: random bytes differ between calls, threads and forks; ids sort by time; clocks run; secrets
 * are wiped. */
#include "support/unit.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"
#include "base/secret.h"

static void test_bytes_differ(void **state)
{
    enum { N = 1000 };
    static uint8_t drawn[N][16];
    uint8_t large[5000] = {0};
    size_t zeros = 0;

    (void)state;
    for (size_t i = 0; i < N; i++)
        random_bytes(drawn[i], sizeof drawn[i]);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = i + 1; j < N; j++)
            assert_memory_not_equal(drawn[i], drawn[j], sizeof drawn[i]);
    }
    random_bytes(large, sizeof large);
    for (size_t i = 0; i < sizeof large; i++)
        zeros += large[i] == 0;
    assert_true(zeros < 100);
    random_bytes(NULL, 0);
}

static void *draw_in_thread(void *arg)
{
    random_bytes(arg, 16);
    return NULL;
}

static void test_threads_differ(void **state)
{
    uint8_t mine[16] = {0}, theirs[16] = {0};
    pthread_t thread = {0};

    (void)state;
    random_bytes(mine, sizeof mine);
    assert_int_equal(pthread_create(&thread, NULL, draw_in_thread, theirs), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_memory_not_equal(mine, theirs, 16);
}

/* A child must not use the bytes that its parent will use. */
static void test_forks_differ(void **state)
{
    uint8_t mine[16] = {0}, theirs[16] = {0};
    int pipe_fds[2] = {-1, -1};

    (void)state;
    random_bytes(mine, sizeof mine);
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        random_bytes(theirs, sizeof theirs);
        _exit(write(pipe_fds[1], theirs, sizeof theirs) == sizeof theirs ? 0 : 1);
    }
    random_bytes(mine, sizeof mine);
    assert_int_equal(read(pipe_fds[0], theirs, sizeof theirs), sizeof theirs);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_memory_not_equal(mine, theirs, 16);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void test_ids(void **state)
{
    (void)state;
    struct ambit_id a = random_id(1795168800123), b = random_id(1795168800124);
    assert_true(get_be64(a.b) >> 16 == 1795168800123);
    assert_true(get_be64(b.b) >> 16 == 1795168800124);
    assert_true(memcmp(a.b, b.b, 16) < 0);
    assert_int_equal((get_be64(b.b) & 0xffff) - (get_be64(a.b) & 0xffff), 1);
    assert_memory_not_equal(a.b + 8, b.b + 8, 8);
}

static void test_clocks(void **state)
{
    (void)state;
    assert_true(clock_wall_ms() > 1700000000000);
    int64_t boot = clock_boot_ms(), mono = clock_mono_us();
    assert_true(boot > 0 && mono > 0);
    assert_true(clock_boot_ms() >= boot && clock_mono_us() >= mono);
}

/* The kernel's word goes over what was handed in. */
static void test_boot_id(void **state)
{
    static const char given[] = "0123456789abcdef0123456789abcdef";
    (void)state;
    struct ambit_id said = clock_boot_id(NULL), also = clock_boot_id(given);
    assert_true(ambit_id_eq(said, clock_boot_id("no id")));
    assert_true(ambit_id_is_none(said) ? also.b[0] == 1 && also.b[15] == 0xef
                                       : ambit_id_eq(said, also));
}

static void test_secrets(void **state)
{
    SECRET_AUTO secret = {0};
    uint8_t local[4] = {1, 2, 3, 4};

    (void)state;
    assert_int_equal(secret_new("abc", 3, &secret), AMBIT_OK);
    assert_memory_equal(secret.p, "abc", 3);
    secret_done(&secret);
    assert_null(secret.p);
    secret_done(&secret);
    assert_int_equal(secret_new(NULL, 0, &secret), AMBIT_OK);
    secret_wipe(local, sizeof local);
    assert_memory_equal(local, "\0\0\0\0", 4);
    secret_wipe(NULL, 5);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_bytes_differ), cmocka_unit_test(test_threads_differ),
    cmocka_unit_test(test_forks_differ), cmocka_unit_test(test_ids),
    cmocka_unit_test(test_clocks),       cmocka_unit_test(test_boot_id),
    cmocka_unit_test(test_secrets),
};
UNIT_MAIN(tests)
