/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a source may hold as many connections as its limit says, and gives its place back. */
#include "support/unit.h"

#include "http/source.h"

static struct source_key key_of(uint8_t last)
{
    struct addr addr = {.family = 4, .b = {192, 0, 2, last}};
    return source_of(&addr, false, 0);
}

static void test_limit(void **state)
{
    struct source_table *table = NULL;
    (void)state;
    assert_int_equal(source_table_new(10, 3, &table), AMBIT_OK);
    for (int i = 0; i < 3; i++)
        assert_true(source_enter(table, key_of(1)));
    assert_false(source_enter(table, key_of(1)));
    assert_true(source_enter(table, key_of(2)));
    source_leave(table, key_of(1));
    assert_true(source_enter(table, key_of(1)));
    assert_false(source_enter(table, key_of(1)));
    source_table_free(table);
    source_table_free(NULL);
}

/* Every node in use, freed and used again, in another order. */
static void test_reuse(void **state)
{
    struct source_table *table = NULL;
    (void)state;
    assert_int_equal(source_table_new(64, 1, &table), AMBIT_OK);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++)
            assert_true(source_enter(table, key_of((uint8_t)(i + round * 64))));
        assert_false(source_enter(table, key_of(250)));
        for (int i = 63; i >= 0; i--)
            source_leave(table, key_of((uint8_t)((i * 5 % 64) + round * 64)));
    }
    source_table_free(table);
}

static void test_keys(void **state)
{
    struct addr a = {.family = 6, .b = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 1}}, b = a, c = a;
    (void)state;
    b.b[15] = 7; /* the same /64 */
    c.b[7] = 2;
    struct source_key ka = source_of(&a, false, 0), kb = source_of(&b, false, 0),
                      kc = source_of(&c, false, 0);
    struct source_key u1 = source_of(&a, true, 1000), u2 = source_of(&a, true, 1001);
    assert_memory_equal(&ka, &kb, sizeof ka);
    assert_memory_not_equal(&ka, &kc, sizeof ka);
    assert_memory_not_equal(&u1, &u2, sizeof u1);
    assert_memory_not_equal(&ka, &u1, sizeof ka);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit), cmocka_unit_test(test_reuse),
                                       cmocka_unit_test(test_keys)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
