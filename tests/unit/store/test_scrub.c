/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what a store is told to scrub is nowhere in its file any more, whatever pages it stood in;
 * what was not deleted stays as it was; a reader keeps what it reads; cut short it goes on, and
 * what could not be written is written again. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/encode.h"
#include "store/scrub.h"

enum { ROWS = 600, STEPS_MAX = 5000 };

/* The disk: so many more writes of the scrub are let through, those after them fail. -1: all. */
static int writes_left = -1;
static off_t refused_at; /* or what is written over this place; 0: none */
static unsigned writes_failed;
ssize_t __real_pwrite64(int fd, const void *p, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *p, size_t len, off_t at)
{
    if (writes_left == 0 || (refused_at > 0 && at <= refused_at && refused_at < at + (off_t)len)) {
        writes_failed++;
        errno = EIO;
        return -1;
    }
    writes_left -= writes_left > 0;
    return __real_pwrite64(fd, p, len, at);
}

/* The clock: pauses are not slept through, it is put forward. */
static int64_t ahead_us;
int64_t __real_clock_mono_us(void);
int64_t __wrap_clock_mono_us(void);
int64_t __wrap_clock_mono_us(void)
{
    return __real_clock_mono_us() + ahead_us;
}

static void pause_2_ms(void)
{
    ahead_us += 2000;
}

static struct store_key key_at(uint32_t i, uint8_t key[8])
{
    put_be64(key, i);
    return (struct store_key){.p = key, .len = 8};
}

/* "GONE 000017 xxx…" or "KEPT …": of all lengths up to several pages, odd ones too. */
static size_t value_at(uint32_t i, char value[16384])
{
    static const size_t lens[] = {40, 120, 700, 1999, 2100, 3000, 4079, 4081, 9001};
    size_t len = lens[i % AMBIT_LEN(lens)];
    memset(value, 'x', len);
    int n = snprintf(value, 32, "%s %06u", i % 2 ? "GONE" : "KEPT", (unsigned)i);
    value[n] = ' ';
    memcpy(value + len - 5, i % 2 ? "GONE!" : "KEPT!", 5);
    return len;
}

/* How often the file holds this. */
static size_t count_in_file(const struct fixture *fixture, const char *text)
{
    char path[FOLDER_PATH_MAX];
    struct stat st;
    int fd = open(folder_join(path, fixture->path, "data.mdb"), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    char *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    size_t n = 0, left = (size_t)st.st_size;
    for (const char *at = p; (at = memmem(at, left, text, strlen(text))); n++) {
        at++;
        left = (size_t)(p + st.st_size - at);
    }
    (void)munmap(p, (size_t)st.st_size);
    (void)close(fd);
    return n;
}

static void fill(struct store *store)
{
    static char value[16384];
    for (uint32_t i = 0; i < ROWS;) {
        struct store_txn *txn = NULL;
        uint8_t key[8];
        assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
        for (uint32_t n = 0; n < 30 && i < ROWS; n++, i++)
            assert_int_equal(store_put(txn, i % 3 ? STORE_OPENINGS : STORE_STOPS, key_at(i, key),
                                       value, value_at(i, value)),
                             AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
}

static void delete_odd(struct store *store, uint64_t mark)
{
    struct store_txn *txn = NULL;
    uint8_t key[8];
    assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
    for (uint32_t i = 1; i < ROWS; i += 2)
        assert_int_equal(store_delete(txn, i % 3 ? STORE_OPENINGS : STORE_STOPS, key_at(i, key)),
                         AMBIT_OK);
    assert_int_equal(store_scrub_want(txn, mark), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static struct store_scrub scrub_of(struct store *store)
{
    struct store_txn *txn = NULL;
    struct store_scrub scrub;
    assert_int_equal(store_read_begin(store, &txn), AMBIT_OK);
    assert_int_equal(store_scrub_load(txn, &scrub), AMBIT_OK);
    store_read_end(txn);
    return scrub;
}

/* As the writer does, `steps` times at most; true: it is over. */
static bool steps(struct store *store, int at_most)
{
    for (int i = 0; i < at_most; i++) {
        struct store_txn *txn = NULL;
        if (store_scrub_next_us(store) == INT64_MAX)
            return true;
        if (!store_scrub_step(store)) {
            pause_2_ms();
            continue;
        }
        assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
        assert_int_equal(store_scrub_turn(txn, 1000), AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
    return store_scrub_next_us(store) == INT64_MAX;
}

static void check_kept(struct store *store)
{
    static char value[16384], found[16384];
    struct store_txn *txn = NULL;
    size_t len = 0;
    uint8_t key[8];
    assert_int_equal(store_read_begin(store, &txn), AMBIT_OK);
    for (uint32_t i = 0; i < ROWS; i++) {
        enum ambit_err err = store_get(txn, i % 3 ? STORE_OPENINGS : STORE_STOPS, key_at(i, key),
                                       found, sizeof found, &len);
        assert_int_equal(err, i % 2 ? AMBIT_ERR_NOT_FOUND : AMBIT_OK);
        if (!err)
            assert_true(len == value_at(i, value) && memcmp(value, found, len) == 0);
    }
    store_read_end(txn);
}

/* The walk over all pages finds nothing wrong. */
static void check_file(struct fixture *fixture)
{
    struct store_options options = {.folder = fixture->path, .read_only = true};
    store_close(fixture->store);
    fixture->store = NULL;
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
    check_kept(fixture->store);
}

static void test_gone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(store_scrub_next_us(fixture->store), INT64_MAX);
    assert_int_equal(scrub_of(fixture->store).wanted, 0);
    fill(fixture->store);
    delete_odd(fixture->store, 7);
    assert_true(count_in_file(fixture, "GONE") > ROWS / 2); /* deleting is not enough */
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    assert_true(count_in_file(fixture, "KEPT 000") >= ROWS / 2);
    struct store_scrub scrub = scrub_of(fixture->store);
    assert_true(scrub.wanted == 7 && scrub.done == 7 && scrub.done_ms == 1000);
    check_kept(fixture->store);
    check_file(fixture);
}

/* Pages that are made afterwards bring nothing of it back. */
static void test_stays_gone(void **state)
{
    struct fixture *fixture = *state;
    static char value[16384];
    uint8_t key[8];
    fill(fixture->store);
    delete_odd(fixture->store, 1);
    assert_true(steps(fixture->store, STEPS_MAX));
    for (uint32_t i = ROWS; i < 2 * ROWS;) {
        struct store_txn *txn = NULL;
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        for (uint32_t end = i + 5; i < end; i++)
            assert_int_equal(store_put(txn, STORE_GRANTS, key_at(i, key), value, 20 + i % 300),
                             AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    check_kept(fixture->store);
}

static void test_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct store_options options = small_options(fixture);
    fill(fixture->store);
    delete_odd(fixture->store, 3);
    for (int i = 0; i < 6; i++) { /* cut short after one step more each time */
        (void)steps(fixture->store, 60 + i);
        store_close(fixture->store);
        assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
    }
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    assert_int_equal(scrub_of(fixture->store).done, 3);
    check_file(fixture);
}

/* A second one while the first goes on: both are done when it says so. */
static void test_again(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    uint8_t key[8];
    fill(fixture->store);
    delete_odd(fixture->store, 3);
    (void)steps(fixture->store, 60);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_delete(txn, STORE_OPENINGS, key_at(2, key)), AMBIT_OK);
    assert_int_equal(store_scrub_want(txn, 9), AMBIT_OK);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    assert_int_equal(count_in_file(fixture, "KEPT 000002"), 0);
    assert_int_equal(scrub_of(fixture->store).done, 9);
}

/* A large file is gone through a few pages at a time, every one of them. */
static void test_in_steps(void **state)
{
    struct fixture *fixture = *state;
    struct scrub_place place = {.table = 0};
    char path[FOLDER_PATH_MAX];
    uint64_t txn = 0;
    int n = 0;
    fill(fixture->store);
    delete_odd(fixture->store, 3);
    struct scrub_file file = {
        .fd = open(folder_join(path, fixture->path, "data.mdb"), O_RDWR | O_CLOEXEC)};
    assert_true(file.fd >= 0);
    for (bool is_over = false; !is_over; n++) {
        assert_true(n < STEPS_MAX);
        assert_int_equal(scrub_pages(&file, &place, 1, &is_over, &txn), AMBIT_OK);
    }
    (void)close(file.fd);
    assert_true(n > 3 && txn > 0 && file.dirtied > 0);
    check_file(fixture);
}

/* More pages than are gone through at once: two passes in steps, with commits between them. */
static void test_large(void **state)
{
    static char value[3000];
    struct fixture *fixture = *state;
    struct store_txn *txn = NULL;
    uint8_t key[8];
    memset(value, 'y', sizeof value);
    for (uint32_t i = 0; i < 1500; i++) {
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        for (uint32_t n = 0; n < 50 && i < 1500; n++, i++)
            assert_int_equal(store_put(txn, STORE_GRANTS, key_at(i, key), value, sizeof value),
                             AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
    fill(fixture->store);
    struct store_space space;
    store_space(fixture->store, &space);
    assert_true(space.used_bytes / 4096 > SCRUB_AT_ONCE_PAGES);
    delete_odd(fixture->store, 7);
    for (uint32_t i = 0; !steps(fixture->store, 20); i++) {
        assert_true(i < STEPS_MAX / 20);
        put_one(fixture->store, "a row that changes", i % 2 ? "odd" : "even");
    }
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    assert_int_equal(scrub_of(fixture->store).done, 7);
    check_file(fixture);
}

/* Nothing is taken for written that was not: the write that failed comes again, whichever it is. */
static void test_retry(void **state)
{
    struct fixture *fixture = *state;
    static const int let_through[] = {0, 150, 300};
    for (size_t i = 0; i < AMBIT_LEN(let_through); i++) {
        fill(fixture->store);
        delete_odd(fixture->store, i + 1);
        writes_left = let_through[i];
        writes_failed = 0;
        for (int n = 0; n < 500 && writes_failed == 0; n++)
            (void)steps(fixture->store, 1);
        assert_true(writes_failed > 0);
        assert_int_equal(scrub_of(fixture->store).done, i);
        assert_int_equal(store_scrub_problem(fixture->store), AMBIT_ERR_IO);
        assert_false(store_scrub_step(fixture->store)); /* not at once */
        writes_left = -1;
        assert_true(steps(fixture->store, STEPS_MAX));
        ROW_CHECK("nothing is left", count_in_file(fixture, "GONE") == 0);
        assert_int_equal(scrub_of(fixture->store).done, i + 1);
        assert_int_equal(store_scrub_problem(fixture->store), AMBIT_OK);
    }
    check_file(fixture);
}

/* So behind the last page, where a commit was cut short. */
static void test_retry_tail(void **state)
{
    struct fixture *fixture = *state;
    char path[FOLDER_PATH_MAX];
    struct stat st;
    fill(fixture->store);
    int fd = open(folder_join(path, fixture->path, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    assert_int_equal(pwrite(fd, "GONE", 4, st.st_size - 5000), 4);
    (void)close(fd);
    delete_odd(fixture->store, 1);
    refused_at = st.st_size - 5000;
    writes_failed = 0;
    for (int n = 0; n < STEPS_MAX && writes_failed == 0; n++)
        (void)steps(fixture->store, 1);
    assert_true(writes_failed > 0 && count_in_file(fixture, "GONE") == 1);
    refused_at = 0;
    assert_int_equal(scrub_of(fixture->store).done, 0);
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
}

/* A map with less room than there is memory of pages: the scrub comes to its end all the same. */
static void test_map_full(void **state)
{
    static char value[1900];
    struct fixture *fixture = *state;
    uint32_t i = 0;
    uint8_t key[8];
    fill(fixture->store);
    delete_odd(fixture->store, 7);
    memset(value, 'y', sizeof value);
    for (uint32_t most = 1024; most > 0;) { /* as many pages in a transaction as it can have */
        struct store_txn *txn = NULL;
        enum ambit_err err = AMBIT_OK;
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        for (uint32_t n = 0; n < most && err == AMBIT_OK; n++, i += err == AMBIT_OK)
            err = store_append(txn, STORE_GRANTS, key_at(i, key), value, sizeof value);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
        most = err == AMBIT_OK ? most : most / 2;
    }
    for (uint32_t n = 0; n < 4; n++) { /* room for the turn, no more */
        struct store_txn *txn = NULL;
        assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        for (uint32_t at = n * 20; at < n * 20 + 20; at++)
            assert_int_equal(store_delete(txn, STORE_GRANTS, key_at(at, key)), AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(store_scrub_problem(fixture->store), AMBIT_OK);
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    assert_int_equal(scrub_of(fixture->store).done, 7);
    check_file(fixture);
}

/* A turn that the store has no room for is not tried again at once. */
static void test_turn_fails(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture->store);
    delete_odd(fixture->store, 3);
    for (int i = 0; i < STEPS_MAX && !store_scrub_step(fixture->store); i++)
        pause_2_ms();
    int64_t next_us = store_scrub_next_us(fixture->store); /* the turn is not taken */
    assert_true(next_us > clock_mono_us() + SCRUB_RETRY_US / 2 && next_us != INT64_MAX);
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
}

/* ---- a reader ------------------------------------------------------------------------------ */

struct reading {
    struct store *store;
    pthread_barrier_t begun, over;
    bool is_whole;
};

static void *read_main(void *ctx)
{
    struct reading *reading = ctx;
    static char value[16384], found[16384];
    struct store_txn *txn = NULL;
    uint8_t key[8];
    size_t len = 0;
    bool is_whole = store_read_begin(reading->store, &txn) == AMBIT_OK;
    (void)pthread_barrier_wait(&reading->begun);
    (void)pthread_barrier_wait(&reading->over);
    for (uint32_t i = 0; is_whole && i < ROWS; i++)
        is_whole = store_get(txn, i % 3 ? STORE_OPENINGS : STORE_STOPS, key_at(i, key), found,
                             sizeof found, &len) == AMBIT_OK &&
                   len == value_at(i, value) && memcmp(value, found, len) == 0;
    store_read_end(txn);
    reading->is_whole = is_whole;
    return NULL;
}

static void test_reader(void **state)
{
    struct fixture *fixture = *state;
    struct reading reading = {.store = fixture->store};
    pthread_t thread;
    fill(fixture->store);
    assert_int_equal(pthread_barrier_init(&reading.begun, NULL, 2), 0);
    assert_int_equal(pthread_barrier_init(&reading.over, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_main, &reading), 0);
    (void)pthread_barrier_wait(&reading.begun);
    delete_odd(fixture->store, 5);
    assert_false(steps(fixture->store, 150)); /* it waits for who reads it */
    assert_true(count_in_file(fixture, "GONE") > 0);
    assert_int_equal(scrub_of(fixture->store).done, 0);
    (void)pthread_barrier_wait(&reading.over);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(reading.is_whole);
    assert_true(steps(fixture->store, STEPS_MAX));
    assert_int_equal(count_in_file(fixture, "GONE"), 0);
    (void)pthread_barrier_destroy(&reading.begun);
    (void)pthread_barrier_destroy(&reading.over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gone, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_stays_gone, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_goes_on, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_again, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_in_steps, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_large, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_retry, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_retry_tail, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_map_full, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_turn_fails, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_reader, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
