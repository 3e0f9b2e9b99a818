/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: an arena hands out zeroed, aligned, separate memory, and says why it stopped. */
#include "support/unit.h"

#include "base/arena.h"

static void test_first_block(void **state)
{
    char block[257];
    ARENA_AUTO arena = {0};

    (void)state;
    memset(block, 0xff, sizeof block);
    arena_init(&arena, block + 1, sizeof block - 1, 0);
    char *p = arena_alloc(&arena, 100);
    assert_true(p >= block && p + 100 <= block + sizeof block);
    assert_int_equal((uintptr_t)p % 16, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_null(arena.blocks);
    char *q = arena_alloc(&arena, 5000);
    assert_non_null(q);
    assert_non_null(arena.blocks);
    memset(q, 1, 5000);
    assert_int_equal(p[99], 0);
}

static void test_many(void **state)
{
    ARENA_AUTO arena = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    for (size_t i = 0; i < 3000; i++) {
        uint8_t *p = arena_alloc(&arena, i % 97);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xee, i % 97);
    }
}

static void test_bounds(void **state)
{
    ARENA_AUTO arena = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 64);
    assert_non_null(arena_alloc(&arena, 64));
    assert_null(arena_alloc(&arena, 1));
    assert_int_equal(arena_err(&arena), AMBIT_ERR_TOO_LARGE);
    ARENA_AUTO other = {0};
    arena_init(&other, NULL, 0, 0);
    assert_null(arena_alloc(&other, SIZE_MAX));
    assert_null(arena_array(&other, SIZE_MAX / 2, 3));
    assert_int_equal(arena_err(&other), AMBIT_ERR_NO_MEMORY);
    assert_null(arena_copy(&other, (struct ambit_str){.p = "", .len = SIZE_MAX}).p);
}

static void test_copy(void **state)
{
    ARENA_AUTO arena = {0};

    (void)state;
    arena_init(&arena, NULL, 0, 0);
    struct ambit_str s = arena_copy(&arena, AMBIT_STR("abc"));
    assert_string_equal(s.p, "abc");
    s = arena_copy(&arena, (struct ambit_str){0});
    assert_non_null(s.p);
    assert_int_equal(s.len, 0);
    assert_int_equal(s.p[0], 0);
    arena_done(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_first_block),
    cmocka_unit_test(test_many),
    cmocka_unit_test(test_bounds),
    cmocka_unit_test(test_copy),
};
UNIT_MAIN(tests)
