/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: sliding windows are exact to the millisecond against a brute-force twin that keeps every
 * entry, for windows of several lengths on one history, over chunks, pruning, resets and reopening.
 */
#include "../store/fixture.h"

#include "core/window.h"

enum { TWIN_MAX = 20000, ROUNDS = 12000 };

struct twin {
    struct window_entry entries[TWIN_MAX];
    size_t n;
};

static struct window_figure twin_read(const struct twin *twin, int64_t within_ms, int64_t now_ms)
{
    struct window_figure figure = {0};
    for (size_t i = 0; i < twin->n; i++)
        if (within_ms == 0 || now_ms - twin->entries[i].time_ms < within_ms) {
            figure.count++;
            figure.sum += twin->entries[i].amount;
        }
    return figure;
}

static uint32_t random_state = 1;
static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static struct state_key key_named(const char *name)
{
    struct ambit_figure_query query = {
        .policy = AMBIT_STR("p"), .id = ambit_str_of(name), .key = AMBIT_STR("agent")};
    return state_key_counter(&query);
}

static void check_windows(struct fixture *fixture, const struct state_key *key,
                          const struct twin *twin, int64_t now_ms)
{
    static const int64_t windows[] = {0, 1, 50, 1000, 7000, 60000};
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < AMBIT_LEN(windows); i++) {
        struct window_figure want = twin_read(twin, windows[i], now_ms), got;
        assert_int_equal(window_read(txn, key, windows[i], now_ms, draw(2) == 0, &got), AMBIT_OK);
        if (got.count != want.count || got.sum != want.sum)
            fail_msg("window %lld at %lld: got %lld/%lld, want %lld/%lld", (long long)windows[i],
                     (long long)now_ms, (long long)got.count, (long long)got.sum,
                     (long long)want.count, (long long)want.sum);
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void window_agrees_with_brute_force(void **state)
{
    struct fixture *fixture = *state;
    struct twin *twin = calloc(1, sizeof *twin);
    struct state_key key = key_named("rule");
    struct store_txn *txn = NULL;
    int64_t now_ms = 1000000;
    assert_non_null(twin);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        now_ms += draw(20) == 0 ? (int64_t)draw(9000) : (int64_t)draw(30);
        struct window_entry entry = {.time_ms = now_ms, .seq = i, .amount = (int64_t)draw(5)};
        assert_int_equal(window_add(txn, &key, &entry, 60000), AMBIT_OK);
        twin->entries[twin->n++] = entry;
        if (i % 97 == 0 || i < 300) {
            assert_int_equal(store_write_commit(txn), AMBIT_OK);
            check_windows(fixture, &key, twin, now_ms + (int64_t)draw(100));
            assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        }
    }
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    check_windows(fixture, &key, twin, now_ms);
    check_windows(fixture, &key, twin, now_ms + 59999);
    free(twin);
}

static void window_is_half_open(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("edge");
    struct window_entry entry = {.time_ms = 5000, .seq = 1, .amount = 3};
    struct window_figure figure;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(window_add(txn, &key, &entry, 1000), AMBIT_OK);
    assert_int_equal(window_read(txn, &key, 1000, 5999, false, &figure), AMBIT_OK);
    assert_int_equal(figure.count, 1);
    assert_int_equal(window_read(txn, &key, 1000, 6000, false, &figure), AMBIT_OK);
    assert_int_equal(figure.count, 0);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* A transaction may dirty so much and no more: what is long goes in several. */
static struct store_txn *go_on(struct fixture *fixture, struct store_txn *txn, uint64_t i)
{
    if (i % 200 != 199)
        return txn;
    struct store_txn *next = NULL;
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    assert_int_equal(store_write_begin(fixture->store, &next), AMBIT_OK);
    return next;
}

static void reset_begins_again(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("reset"), other = key_named("other");
    struct window_figure figure;
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint64_t i = 0; i < 500; i++) {
        struct window_entry entry = {.time_ms = (int64_t)i, .seq = i, .amount = 1};
        assert_int_equal(window_add(txn, &key, &entry, 60000), AMBIT_OK);
        assert_int_equal(window_add(txn, &other, &entry, 60000), AMBIT_OK);
        txn = go_on(fixture, txn, i);
    }
    assert_int_equal(window_reset(txn, &key), AMBIT_OK);
    assert_int_equal(window_read(txn, &key, 60000, 500, false, &figure), AMBIT_OK);
    assert_int_equal(figure.count, 0);
    assert_int_equal(window_read(txn, &other, 60000, 500, false, &figure), AMBIT_OK);
    assert_int_equal(figure.count, 500);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void space_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("bounded");
    struct store_txn *txn = NULL;
    struct store_cursor *cursor = NULL;
    struct ambit_str row_key, value;
    size_t rows = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint64_t i = 0; i < 20000;
         i++) { /* a window of 1 s, an entry each ms: 1,000 stand in it */
        struct window_entry entry = {.time_ms = (int64_t)i, .seq = i, .amount = 1};
        assert_int_equal(window_add(txn, &key, &entry, 1000), AMBIT_OK);
        txn = go_on(fixture, txn, i);
    }
    assert_int_equal(store_cursor_open(txn, STORE_WINDOWS, &cursor), AMBIT_OK);
    enum store_seek seek = STORE_AT_OR_AFTER;
    while (store_cursor_move(cursor, seek, state_key_store(&key), &row_key, &value) == AMBIT_OK &&
           memcmp(row_key.p, key.b, 16) == 0) {
        seek = STORE_NEXT;
        rows++;
    }
    store_cursor_close(cursor);
    assert_true(rows >= 1000 / WINDOW_CHUNK - 1 && rows <= 1000 / WINDOW_CHUNK + 3);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static void live_grants_forget_the_ended(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("live");
    struct window_live list[8];
    struct store_txn *txn = NULL;
    size_t n = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (uint8_t i = 1; i <= 5; i++) {
        struct window_live entry = {.grant = {{i}}, .expires_ms = 100 * i};
        assert_int_equal(window_live_add(txn, &key, entry, 0, 0), AMBIT_OK);
    }
    struct window_live last = {.grant = {{9}}, .expires_ms = 900};
    assert_int_equal(window_live_add(txn, &key, last, 300, 0),
                     AMBIT_OK); /* 100, 200, 300 have ended */
    assert_int_equal(window_live_read(txn, &key, list, AMBIT_LEN(list), &n), AMBIT_OK);
    assert_int_equal(n, 3);
    assert_int_equal(list[0].grant.b[0], 4);
    assert_int_equal(list[2].grant.b[0], 9);
    assert_int_equal(window_live_read(txn, &key, list, 2, &n), AMBIT_ERR_TOO_LARGE);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(window_is_half_open, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(window_agrees_with_brute_force, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(reset_begins_again, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(space_is_bounded, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(live_grants_forget_the_ended, fixture_up, fixture_down),
};
UNIT_MAIN(tests)
