/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: budgets give burst and rate to each caller by itself; what is above is counted, told once a
 * minute; refusals are folded after ten; sources that prove nothing are totalled, the busiest kept.
 */
#include "support/unit.h"

#include "core/budget.h"
#include "core/fold.h"

static const struct ambit_limits_config limits = {.agent_per_s = 10,
                                                  .agent_burst = 5,
                                                  .service_per_s = 1000,
                                                  .service_burst = 1000,
                                                  .person_per_s = 1,
                                                  .person_burst = 1};

static struct caller agent(const char *name)
{
    return (struct caller){.kind = CALLER_AGENT, .name = ambit_str_of(name)};
}

static unsigned take_many(struct budgets *budgets, const char *name, int64_t now_ms, unsigned n)
{
    unsigned taken = 0;
    uint32_t wait = 0;
    struct caller caller = agent(name);
    for (unsigned i = 0; i < n; i++)
        taken += budgets_take(budgets, &caller, now_ms, &wait) == AMBIT_OK;
    return taken;
}

static void burst_then_rate(void **state)
{
    (void)state;
    struct budgets *budgets = NULL;
    struct budget_limited limited;
    assert_int_equal(budgets_new(&limits, &budgets), AMBIT_OK);
    assert_int_equal(take_many(budgets, "a", 1000, 20), 5);
    assert_int_equal(take_many(budgets, "b", 1000, 3), 3); /* another's budget is its own */
    assert_int_equal(take_many(budgets, "a", 1100, 20), 1);
    assert_int_equal(take_many(budgets, "a", 900, 20),
                     0); /* a clock that goes back gives nothing */
    assert_int_equal(take_many(budgets, "a", 61000, 20), 5);
    assert_true(budgets_due(budgets, 61000));
    assert_true(budgets_next_limited(budgets, 121000, &limited));
    assert_int_equal(limited.count, 15 + 19 + 20 + 15);
    assert_int_equal(limited.name[0], 'a');
    assert_false(budgets_next_limited(budgets, 121000, &limited));
    assert_false(budgets_due(budgets, 121000));
    budgets_free(budgets);
}

/* Of a batch all or none; more than a full budget is owed afterwards. */
static void many_at_once(void **state)
{
    (void)state;
    struct budgets *budgets = NULL;
    struct caller a = agent("a");
    uint32_t wait = 0;
    assert_int_equal(budgets_new(&limits, &budgets), AMBIT_OK);
    assert_int_equal(budgets_take_many(budgets, &a, 3, 1000, &wait), AMBIT_OK);
    assert_int_equal(budgets_take_many(budgets, &a, 3, 1000, &wait), AMBIT_ERR_BUSY);
    assert_int_equal(budgets_take_many(budgets, &a, 2, 1000, &wait), AMBIT_OK);
    assert_int_equal(budgets_take_many(budgets, &a, 25, 2000, &wait), AMBIT_OK); /* owes 20 */
    assert_int_equal(take_many(budgets, "a", 3900, 20), 0);
    assert_int_equal(take_many(budgets, "a", 4100, 20), 1);
    budgets_free(budgets);
}

static void many_names_keep_their_own(void **state)
{
    (void)state;
    struct budgets *budgets = NULL;
    char name[16];
    assert_int_equal(budgets_new(&limits, &budgets), AMBIT_OK);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 20000; i++) {
            (void)snprintf(name, sizeof name, "n%u", i);
            if (take_many(budgets, name, 1000, round == 0 ? 3 : 4) != (round == 0 ? 3u : 2u))
                fail_msg("%s in round %u", name, round);
        }
    budgets_free(budgets);
}

static void refusals_fold_after_ten(void **state)
{
    (void)state;
    struct fold *fold = calloc(1, sizeof *fold);
    unsigned folded = 0;
    assert_non_null(fold);
    for (unsigned i = 0; i < 50; i++)
        folded += fold_refusal(fold, AMBIT_STR("bot"), AMBIT_REASON_STOPPED, 5000);
    assert_int_equal(folded, 40);
    assert_false(fold_refusal(fold, AMBIT_STR("bot"), AMBIT_REASON_INACTIVE,
                              5000)); /* each reason by itself */
    assert_false(fold_refusal(fold, AMBIT_STR("bot"), AMBIT_REASON_FORBIDDEN, 5000));
    assert_null(fold_due(fold, 59999));
    struct fold_slot *slot = fold_due(fold, 60000);
    assert_non_null(slot);
    assert_int_equal(slot->folded, 40);
    fold_free(fold, slot);
    assert_null(fold_due(fold, 60000));
    assert_false(
        fold_refusal(fold, AMBIT_STR("bot"), AMBIT_REASON_STOPPED, 60000)); /* a new minute */
    free(fold);
}

static void the_busiest_sources_are_named(void **state)
{
    (void)state;
    struct unproved *unproved = NULL;
    struct unproved_totals totals;
    char text[16];
    assert_int_equal(unproved_new(&unproved), AMBIT_OK);
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof text, "10.0.%u.%u", i / 250, i % 250);
        unproved_count(unproved, ambit_str_of(text), 1000);
        unproved_count(unproved, AMBIT_STR("192.0.2.1"), 1000);
    }
    assert_false(unproved_take(unproved, 2000, &totals)); /* the minute is not over */
    assert_true(unproved_take(unproved, 61000, &totals));
    assert_int_equal(totals.count, 600);
    assert_memory_equal(totals.sources[0].text, "192.0.2.1", 9);
    assert_true(totals.sources[0].count >= 300);
    assert_false(unproved_take(unproved, 121000, &totals));
    unproved_free(unproved);
}

/* A batch that is taken back has told nothing: all of it is told by the next. */
static void told_again_when_taken_back(void **state)
{
    (void)state;
    struct budgets *budgets = NULL;
    struct unproved *unproved = NULL;
    struct budget_limited limited;
    struct unproved_totals totals;
    char name[16];
    unsigned told = 0;
    assert_int_equal(budgets_new(&limits, &budgets), AMBIT_OK);
    assert_int_equal(unproved_new(&unproved), AMBIT_OK);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(take_many(budgets, name, 1000, 7), 5);
    }
    while (budgets_next_limited(budgets, 61000, &limited))
        told++;
    assert_int_equal(told, BUDGETS_TOLD); /* of one batch */
    budgets_restore(budgets);
    for (unsigned batch = 0, all = 0; batch < 2; batch++, budgets_keep(budgets)) {
        assert_true(budgets_due(budgets, 61000));
        while (budgets_next_limited(budgets, 61000, &limited)) {
            assert_int_equal(limited.count, 2);
            all++;
        }
        assert_int_equal(all, batch == 0 ? BUDGETS_TOLD : 100);
    }
    assert_false(budgets_next_limited(budgets, 61000, &limited));

    unproved_count(unproved, AMBIT_STR("192.0.2.1"), 1000);
    assert_true(unproved_take(unproved, 61000, &totals));
    unproved_count(unproved, AMBIT_STR("192.0.2.1"), 61000);
    unproved_restore(unproved);
    assert_true(unproved_take(unproved, 61000, &totals));
    assert_int_equal(totals.count, 2);
    assert_int_equal(totals.sources[0].count, 2);
    unproved_keep(unproved);
    unproved_restore(unproved);
    assert_false(unproved_take(unproved, 121000, &totals));
    unproved_free(unproved);
    budgets_free(budgets);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(told_again_when_taken_back),
    cmocka_unit_test(burst_then_rate),
    cmocka_unit_test(many_at_once),
    cmocka_unit_test(many_names_keep_their_own),
    cmocka_unit_test(refusals_fold_after_ten),
    cmocka_unit_test(the_busiest_sources_are_named),
};
UNIT_MAIN(tests)
