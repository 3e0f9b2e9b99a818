/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what was appended to the journal of stops is there after reopening, once, in order; a torn
 * record is skipped; it is emptied only when every record was taken. */
#include "fixture.h"

#include <fcntl.h>

struct taken {
    int n;
    int fail_at; /* the record that cannot be taken; -1 none */
    char text[2048];
};

static enum ambit_err take(void *ctx, struct ambit_str record)
{
    struct taken *taken = ctx;
    if (taken->n == taken->fail_at)
        return AMBIT_ERR_IO;
    taken->n++;
    assert_true(strlen(taken->text) + record.len + 2 < sizeof taken->text);
    memcpy(taken->text + strlen(taken->text), record.p, record.len);
    taken->text[strlen(taken->text)] = ';';
    return AMBIT_OK;
}

static void reopen(struct fixture *fixture)
{
    struct store_options options = small_options(fixture);
    store_close(fixture->store);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
}

static void test_append_and_take(void **state)
{
    struct fixture *fixture = *state;
    struct taken none = {.fail_at = -1}, fails = {.fail_at = 1}, all = {.fail_at = -1},
                 again = {.fail_at = -1};
    assert_int_equal(store_journal_take(fixture->store, take, &none), AMBIT_OK);
    assert_int_equal(none.n, 0);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("one")), AMBIT_OK);
    reopen(fixture);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("")), AMBIT_OK);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("three")), AMBIT_OK);
    assert_int_equal(store_journal_take(fixture->store, take, &fails), AMBIT_ERR_IO);
    assert_string_equal(fails.text, "one;");
    reopen(fixture);
    assert_int_equal(store_journal_take(fixture->store, take, &all), AMBIT_OK);
    assert_string_equal(all.text, "one;;three;");
    reopen(fixture);
    assert_int_equal(store_journal_take(fixture->store, take, &again), AMBIT_OK);
    assert_int_equal(again.n, 0);
}

static void test_torn_record(void **state)
{
    struct fixture *fixture = *state;
    struct taken taken = {.fail_at = -1};
    char path[FOLDER_PATH_MAX];
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("first")), AMBIT_OK);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("second")), AMBIT_OK);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("third")), AMBIT_OK);
    int fd = open(folder_join(path, fixture->path, "stops.journal"), O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, 512 + 13), 1);
    assert_int_equal(close(fd), 0);
    reopen(fixture);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("fourth")), AMBIT_OK);
    assert_int_equal(store_journal_take(fixture->store, take, &taken), AMBIT_OK);
    assert_string_equal(taken.text, "first;third;fourth;");
}

static void test_bounds(void **state)
{
    struct fixture *fixture = *state;
    static char large[64 * 1024 + 1];
    struct ambit_str text = {.p = large, .len = sizeof large};
    int n = 0;
    memset(large, 'a', sizeof large);
    assert_int_equal(store_journal_append(fixture->store, text), AMBIT_ERR_TOO_LARGE);
    text.len--;
    while (n < 100 && store_journal_append(fixture->store, text) == AMBIT_OK)
        n++;
    assert_int_equal(n, 15); /* of 64 KiB and a sector in 1 MiB */
    assert_int_equal(store_journal_append(fixture->store, text), AMBIT_ERR_NO_SPACE);
    assert_int_equal(store_journal_append(fixture->store, AMBIT_STR("small")), AMBIT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_take, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_torn_record, fixture_up, fixture_down),
        cmocka_unit_test_setup_teardown(test_bounds, fixture_up, fixture_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
