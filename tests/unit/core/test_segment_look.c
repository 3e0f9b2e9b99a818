/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a look into the folder of segments holds up nobody, however long the folder takes; what it
 * saw is told when it is there, and one that is left ends for itself. */
#include "support/unit.h"

#include <pthread.h>
#include <time.h>

#include "core/segment.h"
#include "core/segment_look.h"

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    bool hangs;
    int begun, ended;
    enum ambit_err err;
    size_t n;
} folder = {.mutex = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

enum ambit_err __wrap_segments_list(const char *path, struct arena *arena,
                                    struct segment_listed **ret, size_t *ret_n);
enum ambit_err __wrap_segments_list(const char *path, struct arena *arena,
                                    struct segment_listed **ret, size_t *ret_n)
{
    static struct segment_listed listed[] = {{.first = 256, .next = 512}, {.first = 512}};
    (void)arena;
    (void)pthread_mutex_lock(&folder.mutex);
    folder.begun++;
    (void)pthread_cond_broadcast(&folder.moved);
    while (folder.hangs)
        (void)pthread_cond_wait(&folder.moved, &folder.mutex);
    bool is_known = streq(path, "here/segments");
    enum ambit_err err = is_known ? folder.err : AMBIT_ERR_INTERNAL;
    *ret = listed;
    *ret_n = folder.n;
    folder.ended++;
    (void)pthread_cond_broadcast(&folder.moved);
    (void)pthread_mutex_unlock(&folder.mutex);
    return err;
}

static void hang(bool hangs)
{
    (void)pthread_mutex_lock(&folder.mutex);
    folder.hangs = hangs;
    (void)pthread_cond_broadcast(&folder.moved);
    (void)pthread_mutex_unlock(&folder.mutex);
}

static void await(const int *count, int wanted)
{
    (void)pthread_mutex_lock(&folder.mutex);
    while (*count < wanted)
        (void)pthread_cond_wait(&folder.moved, &folder.mutex);
    (void)pthread_mutex_unlock(&folder.mutex);
}

static enum ambit_err end_of(struct segment_look **look, uint64_t *ret_first)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    enum ambit_err err = AMBIT_ERR_BUSY;
    for (int i = 0; i < 10000 && err == AMBIT_ERR_BUSY; i++) {
        err = segment_look_end(look, ret_first);
        (void)nanosleep(&moment, NULL);
    }
    return err;
}

static void test_says_what_is_there(void **state)
{
    static const struct {
        const char *name;
        size_t n;
        enum ambit_err err;
        uint64_t want;
    } rows[] = {
        {"two", 2, AMBIT_OK, 256},
        {"none", 0, AMBIT_OK, UINT64_MAX},
        {"cannot be read", 0, AMBIT_ERR_IO, UINT64_MAX},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        uint64_t first = 0;
        folder.n = rows[i].n;
        folder.err = rows[i].err;
        struct segment_look *look = segment_look_begin("here/segments");
        assert_non_null(look);
        enum ambit_err err = end_of(&look, &first);
        ROW_CHECK(rows[i].name, err == rows[i].err && first == rows[i].want && look == NULL);
    }
}

static void test_a_folder_that_hangs(void **state)
{
    uint64_t first = 0;
    int begun = folder.begun;
    (void)state;
    folder.n = 1;
    folder.err = AMBIT_OK;
    hang(true);
    struct segment_look *look = segment_look_begin("here/segments");
    assert_non_null(look);
    await(&folder.begun, begun + 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(segment_look_end(&look, &first), AMBIT_ERR_BUSY);
    assert_non_null(look);
    hang(false);
    assert_int_equal(end_of(&look, &first), AMBIT_OK);
    assert_int_equal(first, 256);
    segment_look_leave(look);
}

static void test_left_while_it_hangs(void **state)
{
    int begun = folder.begun, ended = folder.ended;
    (void)state;
    hang(true);
    struct segment_look *look = segment_look_begin("here/segments");
    assert_non_null(look);
    await(&folder.begun, begun + 1);
    segment_look_leave(look);
    hang(false);
    await(&folder.ended, ended + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_says_what_is_there),
                                       cmocka_unit_test(test_a_folder_that_hangs),
                                       cmocka_unit_test(test_left_while_it_hangs)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
