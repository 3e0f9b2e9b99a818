/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: what a service repeats under a key is found for two minutes (AZN-20), by nobody else, for
 * no other body; a batch that is taken back leaves nothing, and no service's keys push out
 * another's.
 */
#include "support/unit.h"

#include "core/repeat.h"

static struct repeat asked(unsigned key, uint8_t body)
{
    struct repeat repeat = {.is_asked = true, .body = {{body}}};
    repeat.key.b[0] = (uint8_t)key;
    repeat.key.b[31] = (uint8_t)(key >> 8);
    return repeat;
}

static void add(struct repeats *repeats, const char *service, unsigned key, uint64_t seq)
{
    struct repeat repeat = asked(key, 1);
    struct repeat_found what = {.seq = seq, .time_ms = 1000};
    repeats_add(repeats, ambit_str_of(service), &repeat, &what);
}

static struct repeat_found find(const struct repeats *repeats, const char *service,
                                const struct repeat *repeat, int64_t now_ms)
{
    return repeats_find(repeats, ambit_str_of(service), repeat, now_ms);
}

static void found_for_a_while(void **state)
{
    (void)state;
    struct repeats *repeats = NULL;
    assert_int_equal(repeats_new(&repeats), AMBIT_OK);
    add(repeats, "a", 1, 7);
    struct repeat same = asked(1, 1), other = asked(1, 2), none = {.is_asked = false};
    assert_true(find(repeats, "a", &same, 1000).is_found);
    assert_int_equal(find(repeats, "a", &same, 1000 + REPEAT_WINDOW_MS - 1).seq, 7);
    assert_false(find(repeats, "a", &same, 1000 + REPEAT_WINDOW_MS).is_found);
    assert_true(find(repeats, "a", &other, 1000).is_other);
    assert_false(find(repeats, "b", &same, 1000).is_found);
    assert_false(find(repeats, "a", &none, 1000).is_found);
    add(repeats, "a", 1, 9); /* decided anew: the newest stands */
    assert_int_equal(find(repeats, "a", &same, 1000).seq, 9);
    repeats_free(repeats);
}

static void taken_back(void **state)
{
    (void)state;
    struct repeats *repeats = NULL;
    assert_int_equal(repeats_new(&repeats), AMBIT_OK);
    add(repeats, "a", 1, 7);
    repeats_keep(repeats);
    add(repeats, "a", 2, 8);
    add(repeats, "b", 1, 9);
    repeats_restore(repeats);
    struct repeat one = asked(1, 1), two = asked(2, 1);
    assert_true(find(repeats, "a", &one, 1000).is_found);
    assert_false(find(repeats, "a", &two, 1000).is_found);
    assert_false(find(repeats, "b", &one, 1000).is_found);
    repeats_free(repeats);
}

static void each_its_own(void **state)
{
    (void)state;
    struct repeats *repeats = NULL;
    assert_int_equal(repeats_new(&repeats), AMBIT_OK);
    add(repeats, "b", 1, 1);
    for (unsigned i = 0; i < 3 * REPEATS_EACH; i++)
        add(repeats, "a", i, i);
    repeats_keep(repeats);
    struct repeat old = asked(1, 1), late = asked(3 * REPEATS_EACH - 1, 1);
    assert_true(find(repeats, "b", &old, 1000).is_found);
    assert_false(find(repeats, "a", &old, 1000).is_found);
    assert_int_equal(find(repeats, "a", &late, 1000).seq, 3 * REPEATS_EACH - 1);
    repeats_free(repeats);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_for_a_while),
        cmocka_unit_test(taken_back),
        cmocka_unit_test(each_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
