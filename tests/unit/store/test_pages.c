/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: whatever bytes of a store's file are changed, opening it to read says DAMAGED, or every row
 * can be read; never a crash. And a store that is well passes, however it came to be. */
#include "fixture.h"

#include <fcntl.h>

enum { ROUNDS = 6000 };

/* The same sequence every time. */
static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

static void put_number(struct store_txn *txn, enum store_table table, uint64_t n, size_t len)
{
    static uint8_t value[20000];
    char key[24];
    memset(value, (int)(n & 0xff), sizeof value);
    int key_len = snprintf(key, sizeof key, "%012llu", (unsigned long long)n);
    assert_int_equal(store_put(txn, table, (struct store_key){key, (size_t)key_len}, value, len),
                     AMBIT_OK);
}

/* Random rows and large ones, deletions and a free list: every kind of page there is. */
static void fill(struct store *store)
{
    uint64_t random = 7;
    for (int round = 0; round < 6; round++) {
        struct store_txn *txn = NULL;
        assert_int_equal(store_write_begin(store, &txn), AMBIT_OK);
        for (int i = 0; i < 150; i++) {
            put_number(txn, STORE_GRANTS, draw(&random) % 4000, 200);
            put_number(txn, STORE_COUNTERS, draw(&random) % 100000, 16);
            put_number(txn, STORE_HOLDS, draw(&random) % 50, 0);
        }
        for (int i = 0; i < 5; i++)
            put_number(txn, STORE_DOCUMENTS, draw(&random) % 20, 3000 + draw(&random) % 15000);
        size_t n = 0;
        assert_int_equal(
            store_delete_range(txn, STORE_GRANTS, key_of(""), key_of("000000000500"), 100, &n),
            AMBIT_OK);
        assert_int_equal(store_write_commit(txn), AMBIT_OK);
    }
}

/* Opens to read and reads every row of every table; how many, or -1 when the file was refused. */
static int read_all(const char *path, struct store_damage *damage)
{
    struct store_options options = {.folder = path, .read_only = true, .reterr_damage = damage};
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    int n = 0;
    enum ambit_err err = store_open(&options, &store);
    if (err != AMBIT_OK) {
        assert_true(err == AMBIT_ERR_DAMAGED || err == AMBIT_ERR_NEWER);
        return -1;
    }
    assert_int_equal(store_read_begin(store, &txn), AMBIT_OK);
    for (int table = 0; table < STORE_TABLES; table++) {
        struct store_cursor *cursor = NULL;
        struct ambit_str key, value;
        assert_int_equal(store_cursor_open(txn, (enum store_table)table, &cursor), AMBIT_OK);
        err = store_cursor_move(cursor, STORE_FIRST, (struct store_key){0}, &key, &value);
        for (; err == AMBIT_OK; n++) {
            static uint8_t got[20000];
            assert_int_equal(store_get(txn, (enum store_table)table,
                                       (struct store_key){key.p, key.len}, got, sizeof got, NULL),
                             AMBIT_OK);
            err = store_cursor_move(cursor, STORE_NEXT, (struct store_key){0}, &key, &value);
        }
        assert_int_equal(err, AMBIT_ERR_NOT_FOUND);
        store_cursor_close(cursor);
    }
    store_read_end(txn);
    store_close(store);
    return n;
}

static void test_well(void **state)
{
    struct fixture *fixture = *state;
    struct store_damage damage = {0};
    fill(fixture->store);
    store_close(fixture->store);
    fixture->store = NULL;
    assert_true(read_all(fixture->path, &damage) > 900);
    assert_null(damage.what);
}

static void test_any_byte(void **state)
{
    struct fixture *fixture = *state;
    struct store_space space;
    char path[FOLDER_PATH_MAX];
    uint64_t random = 11;
    int refused = 0;
    fill(fixture->store);
    store_space(fixture->store, &space);
    store_close(fixture->store);
    fixture->store = NULL;
    int whole = read_all(fixture->path, NULL);
    int fd = open(folder_join(path, fixture->path, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (int i = 0; i < ROUNDS; i++) {
        /* Mostly where pages keep their bounds and offsets. */
        uint64_t page = draw(&random) % (space.used_bytes / 4096 + 20);
        off_t at = (off_t)(page * 4096 + (i % 3 ? draw(&random) % 64 : draw(&random) % 4090));
        size_t len = i % 5 ? 1 : 4;
        uint8_t before[4], after[4];
        struct store_damage damage = {0};
        assert_int_equal(pread(fd, before, len, at), len);
        for (size_t b = 0; b < len; b++)
            after[b] = (uint8_t)(i % 2 ? draw(&random) : before[b] ^ (1U << draw(&random) % 8));
        assert_int_equal(pwrite(fd, after, len, at), len);
        int n = read_all(fixture->path, &damage);
        assert_true(n == -1 || n == whole || page < 2);
        refused += n == -1;
        assert_int_equal(pwrite(fd, before, len, at), len);
    }
    assert_int_equal(read_all(fixture->path, NULL), whole);
    print_message("# refused %d of %d\n", refused, ROUNDS);
    assert_true(refused > ROUNDS / 20);
    assert_int_equal(close(fd), 0);
}

static void test_says_where(void **state)
{
    struct fixture *fixture = *state;
    struct store_damage damage = {0};
    char path[FOLDER_PATH_MAX];
    uint8_t page[4096];
    put_one(fixture->store, "some key", "some value");
    store_close(fixture->store);
    fixture->store = NULL;
    int fd = open(folder_join(path, fixture->path, "data.mdb"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    uint64_t found = 0;
    for (uint64_t n = 2; n < 100 && !found; n++) {
        assert_int_equal(pread(fd, page, sizeof page, (off_t)(n * 4096)), sizeof page);
        if (memmem(page, sizeof page, "some key", 8))
            found = n;
    }
    assert_true(found > 0);
    assert_int_equal(pwrite(fd, "\xff\xff", 2, (off_t)(found * 4096 + 12)), 2);
    assert_int_equal(close(fd), 0);
    assert_int_equal(read_all(fixture->path, &damage), -1);
    assert_string_equal(damage.table, "grants");
    assert_int_equal(damage.page, found);
    assert_string_equal(damage.what, "the bounds of the page");
    /* The broker does not start on it either: this page is the root of its table. */
    struct store_options options = small_options(fixture);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_well, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_any_byte, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_says_where, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
