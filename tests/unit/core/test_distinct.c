/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the number of different values of a window is exact to the millisecond against a
 * brute-force twin that keeps every addition: several windows on one history, values that come
 * again, equal times, pruning, resets, restarts; and what is kept is bounded and taken away. */
#include "../store/fixture.h"

#include "core/distinct.h"

enum { VALUES = 400, ROUNDS = 6000, KEEP = 60000, NAME = 16 };

struct twin {
    int64_t last_ms[VALUES]; /* -1: never */
};

static uint32_t random_state = 7;
static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static struct state_key key_named(const char *name)
{
    struct ambit_figure_query query = {.policy = AMBIT_STR("p"),
                                       .id = ambit_str_of(name),
                                       .kind = AMBIT_LIMIT_DISTINCT,
                                       .key = AMBIT_STR("agent")};
    return state_key_counter(&query);
}

struct drawn {
    char text[4][NAME];
    struct ambit_str v[4];
    size_t number[4], n;
};

static void draw_values(struct drawn *ret)
{
    ret->n = 1 + draw(4);
    for (size_t i = 0; i < ret->n; i++) {
        ret->number[i] = draw(draw(3) == 0 ? VALUES : 20);
        for (size_t k = 0; k < i; k++)
            if (ret->number[k] == ret->number[i]) { /* no two are equal */
                ret->n = i;
                return;
            }
        int len = snprintf(ret->text[i], NAME, "svc:x/%zu", ret->number[i]);
        ret->v[i] = (struct ambit_str){.p = ret->text[i], .len = (size_t)len};
    }
}

static int64_t twin_figure(const struct twin *twin, const struct drawn *asked, int64_t within_ms,
                           int64_t now_ms)
{
    int64_t n = 0;
    for (size_t i = 0; i < VALUES; i++) {
        bool counts = twin->last_ms[i] >= 0 && now_ms - twin->last_ms[i] < within_ms;
        for (size_t k = 0; k < asked->n; k++)
            counts = counts || asked->number[k] == i;
        n += counts;
    }
    return n;
}

static void check_windows(struct store_txn *txn, const struct state_key *key,
                          const struct twin *twin, int64_t now_ms)
{
    static const int64_t windows[] = {1, 50, 1000, 7000, 20000, KEEP};
    for (size_t i = 0; i < AMBIT_LEN(windows); i++) {
        struct drawn asked;
        int64_t got = 0;
        draw_values(&asked);
        if (draw(4) == 0)
            asked.n = 0;
        struct window_span span = {
            .within_ms = windows[i], .now_ms = now_ms, .may_keep = draw(2) == 0};
        assert_int_equal(distinct_read(txn, key, span,
                                       (struct distinct_values){.v = asked.v, .n = asked.n}, &got),
                         AMBIT_OK);
        assert_int_equal(got, twin_figure(twin, &asked, windows[i], now_ms));
    }
}

static void check_cursors(struct store_txn *txn, const struct state_key *key, int64_t now_ms)
{
    char row[4096];
    size_t len = 0;
    bool holds = false;
    enum ambit_err err =
        store_get(txn, STORE_COUNTERS, state_key_store(key), row, sizeof row, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return;
    struct ambit_str text = {.p = row, .len = len};
    assert_int_equal(window_cursors_hold(txn, key, text, now_ms, &holds), AMBIT_OK);
    assert_true(holds);
    assert_true(window_rows_agree(text, text));
}

static void reopen(struct fixture *fixture)
{
    struct store_options options = small_options(fixture);
    store_close(fixture->store);
    assert_int_equal(store_open(&options, &fixture->store), AMBIT_OK);
}

static void agrees_with_brute_force(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("rule"), other = key_named("other");
    struct twin twin;
    struct store_txn *txn = NULL;
    int64_t now_ms = 1000000;
    memset(&twin, 0xff, sizeof twin);
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct drawn drawn;
        now_ms += draw(3) == 0 ? 0 : draw(25) == 0 ? (int64_t)draw(30000) : (int64_t)draw(60);
        draw_values(&drawn);
        struct distinct_values values = {.v = drawn.v, .n = drawn.n};
        assert_int_equal(distinct_add(txn, &key, values, now_ms, KEEP), AMBIT_OK);
        assert_int_equal(distinct_add(txn, &other, values, now_ms, 500), AMBIT_OK);
        for (size_t i = 0; i < drawn.n; i++)
            twin.last_ms[drawn.number[i]] = now_ms;
        if (draw(900) == 0) {
            assert_int_equal(distinct_reset(txn, &key), AMBIT_OK);
            memset(&twin, 0xff, sizeof twin);
        }
        if (round % 7 == 0)
            check_windows(txn, &key, &twin, now_ms + (int64_t)draw(100));
        if (round % 50 == 0) {
            check_cursors(txn, &key, now_ms + 100);
            check_cursors(txn, &other, now_ms + 100);
            assert_int_equal(store_write_commit(txn), AMBIT_OK);
            if (round % 1000 == 0)
                reopen(fixture);
            assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
        }
        now_ms += 100 * (round % 7 == 0); /* a read remembers up to where it looked */
    }
    check_windows(txn, &key, &twin, now_ms + KEEP - 1);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static size_t rows_of(struct store_txn *txn, const struct state_key *key)
{
    STORE_CURSOR_AUTO cursor = NULL;
    struct ambit_str row_key, value;
    size_t rows = 0;
    enum store_seek seek = STORE_AT_OR_AFTER;
    assert_int_equal(store_cursor_open(txn, STORE_VALUES, &cursor), AMBIT_OK);
    while (store_cursor_move(cursor, seek, state_key_store(key), &row_key, &value) == AMBIT_OK &&
           memcmp(row_key.p, key->b, 16) == 0) {
        seek = STORE_NEXT;
        rows++;
    }
    return rows;
}

static void add_one(struct store_txn *txn, const struct state_key *key, size_t number,
                    int64_t now_ms, int64_t keep_ms)
{
    char text[NAME];
    int len = snprintf(text, sizeof text, "r:%zu", number);
    struct ambit_str value = {.p = text, .len = (size_t)len};
    assert_int_equal(
        distinct_add(txn, key, (struct distinct_values){.v = &value, .n = 1}, now_ms, keep_ms),
        AMBIT_OK);
}

static struct store_txn *go_on(struct fixture *fixture, struct store_txn *txn, size_t i)
{
    if (i % 50 != 49)
        return txn;
    struct store_txn *next = NULL;
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
    assert_int_equal(store_write_begin(fixture->store, &next), AMBIT_OK);
    return next;
}

/* A window of 1 s with a new value each ms holds 1,000; a value that comes again is one entry. */
static void space_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("bounded"), same = key_named("same");
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < 10000; i++) {
        add_one(txn, &key, i, (int64_t)i, 1000);
        add_one(txn, &same, i % 3, (int64_t)i, 30000);
        txn = go_on(fixture, txn, i);
    }
    assert_in_range(rows_of(txn, &key), 2000, 2010);
    assert_int_equal(rows_of(txn, &same), 6);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* A reset costs one row; what it left goes with the next additions. */
static void reset_leaves_nothing_for_long(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("reset");
    struct store_txn *txn = NULL;
    int64_t figure = 0;
    struct window_span span = {.within_ms = 60000, .now_ms = 2000};
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < 1000; i++) {
        add_one(txn, &key, i, (int64_t)i, 60000);
        txn = go_on(fixture, txn, i);
    }
    assert_int_equal(distinct_reset(txn, &key), AMBIT_OK);
    assert_int_equal(distinct_read(txn, &key, span, (struct distinct_values){0}, &figure),
                     AMBIT_OK);
    assert_int_equal(figure, 0);
    for (size_t i = 0; i < 300; i++)
        add_one(txn, &key, i, 2000, 60000);
    assert_int_equal(rows_of(txn, &key), 600);
    assert_int_equal(distinct_read(txn, &key, span, (struct distinct_values){0}, &figure),
                     AMBIT_OK);
    assert_int_equal(figure, 300);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* Taken away in steps, and whole at every step. */
static void what_is_over_goes(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("over");
    struct store_txn *txn = NULL;
    char row[4096];
    size_t len = 0, steps = 0;
    bool is_over = true, is_done = false;
    int64_t figure = 0;
    struct window_span span = {.within_ms = 1000, .now_ms = 5000};
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    for (size_t i = 0; i < 100; i++)
        add_one(txn, &key, i, 4000, 1000);
    assert_int_equal(store_get(txn, STORE_COUNTERS, state_key_store(&key), row, sizeof row, &len),
                     AMBIT_OK);
    assert_int_equal(distinct_is_over((struct ambit_str){row, len}, 4999, &is_over), AMBIT_OK);
    assert_false(is_over);
    assert_int_equal(distinct_is_over((struct ambit_str){row, len}, 5000, &is_over), AMBIT_OK);
    assert_true(is_over);
    for (; !is_done; steps++) {
        assert_int_equal(distinct_remove(txn, &key, 50, &is_done), AMBIT_OK);
        assert_int_equal(distinct_read(txn, &key, span, (struct distinct_values){0}, &figure),
                         AMBIT_OK);
        assert_int_equal(figure, 0);
        if (steps == 1)
            add_one(txn, &key, 3, 5000, 1000);
    }
    assert_in_range(steps, 4, 6);
    assert_int_equal(rows_of(txn, &key), 0);
    assert_int_equal(store_get(txn, STORE_COUNTERS, state_key_store(&key), row, sizeof row, &len),
                     AMBIT_ERR_NOT_FOUND);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

/* The latest time stands, whatever comes behind it. */
static void latest_is_never_lowered(void **state)
{
    struct fixture *fixture = *state;
    struct state_key key = key_named("after");
    struct store_txn *txn = NULL;
    int64_t time_ms = 0;
    assert_int_equal(store_write_begin(fixture->store, &txn), AMBIT_OK);
    assert_int_equal(window_latest_read(txn, &key, &time_ms), AMBIT_OK);
    assert_int_equal(time_ms, -1);
    static const int64_t added[] = {500, 300, 700, 699}, want[] = {500, 500, 700, 700};
    for (size_t i = 0; i < AMBIT_LEN(added); i++) {
        assert_int_equal(window_latest_add(txn, &key, added[i], 60000), AMBIT_OK);
        assert_int_equal(window_latest_read(txn, &key, &time_ms), AMBIT_OK);
        assert_int_equal(time_ms, want[i]);
    }
    assert_int_equal(window_reset(txn, &key), AMBIT_OK);
    assert_int_equal(window_latest_read(txn, &key, &time_ms), AMBIT_OK);
    assert_int_equal(time_ms, -1);
    assert_int_equal(store_write_commit(txn), AMBIT_OK);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(latest_is_never_lowered, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(agrees_with_brute_force, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(space_is_bounded, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(reset_leaves_nothing_for_long, fixture_up, fixture_down),
    cmocka_unit_test_setup_teardown(what_is_over_goes, fixture_up, fixture_down),
};
UNIT_MAIN(tests)
