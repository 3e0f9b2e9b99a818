/* SPDX-License-Identifier: Apache-2.0 */
/* Whichever allocation fails, what is wrong with a set and how areas compare is told whole, or the
 * answer is "out of memory". */
#include "warnings.h"

#include "ambit/pattern.h"
#include "support/shortage.h"

/* A rule of every kind of trouble: never rules, order, stops, limits, an agent without a policy. */
static void put_troubles(struct set *set)
{
    start(set);
    BUF_AUTO rules = {0};
    buf_put_text(&rules,
                 RULE("first", ",\"bind\":[\"dpop\"],\"limits\":[{\"count\":10,\"within\":\"1h\"},{"
                               "\"count\":10,\"within\":\"10m\"}]"));
    for (int i = 0; i < 150; i++)
        buf_printf(&rules,
                   ",\n{\"id\":\"r%d\",\"actions\":[\"a.%d\",\"b\"],\"resources\":[\"svc:**/%d\"],"
                   "\"ttl\":{\"max\":\"1m\"},\"when\":{\"after\":[{\"actions\":[\"none\"],"
                   "\"within\":\"1h\"}]}}",
                   i, i, i);
    buf_put_char(&rules, '\0');
    assert_int_equal(buf_check(&rules), AMBIT_OK);
    put_policy(set, "p",
               &(struct policy_text){
                   .allow = rules.p,
                   .never = "{\"id\":\"n\",\"actions\":[\"a.**\"],\"resources\":[\"svc:**\"]},"
                            "{\"id\":\"m\",\"actions\":[\"b\"],\"resources\":[\"svc:**/1\"]}",
                   .stops = STOP("\"on\":\"allowed\",\"actions\":[\"c\"]")});
    put_agent(set, "bot", "\"p\"", ",\"delegates_to\":[\"idle\"]");
    put_agent(set, "idle", "", NULL);
}

static void warnings(void **state)
{
    (void)state;
    struct set set;
    bool has_failed = false;
    struct ambit_problems all = {0};
    struct ambit_documents *documents = NULL;
    struct ambit_policy_set *compiled = NULL;
    put_troubles(&set);
    assert_int_equal(ambit_documents_read(set.files, set.n, &set_env, &all, &documents), AMBIT_OK);
    assert_int_equal(ambit_policy_compile(documents, &compiled), AMBIT_OK);
    const struct ambit_check check = {
        .set = compiled, .files = set.files, .n_files = set.n, .now_ms = set_env.now_ms};
    assert_int_equal(ambit_policy_warn(&check, &all), AMBIT_OK);
    assert_true(all.n > 150);
    FAILING_START();
    do {
        struct ambit_problems problems = {0};
        failing_arm();
        enum ambit_err err = ambit_policy_warn(&check, &problems);
        has_failed = failing_disarm();
        /* Sorting the list may do without its memory; nothing else may. */
        assert_true(err == AMBIT_OK ? problems.n == all.n
                                    : has_failed && err == AMBIT_ERR_NO_MEMORY);
        ambit_problems_done(&problems);
    } while (has_failed);
    assert_true(failing.n_ways > 10);
    ambit_problems_done(&all);
    ambit_policy_set_free(compiled);
    set_done(&set);
}

static void areas(void **state)
{
    (void)state;
    bool has_failed = false;
    static const struct ambit_str actions[] = {{"a.**", 4}, {"**.b", 4}},
                                  resources[] = {{"svc:**/x*/**", 12},
                                                 {"db:*", 4},
                                                 {"svc:${agent}/q", 14}},
                                  elsewhere[] = {{"svc:**/xa", 9}, {"svc:**/*a*/*b*/**", 17}};
    const struct ambit_area a = {.actions = {actions, 2}, .resources = {resources, 3}},
                            b = {.actions = {actions, 1}, .resources = {elsewhere, 2}},
                            everything = {.actions = {actions, 1}};
    const struct ambit_area_list left_list = {.v = &a, .n = 1}, right_list = {.v = &b, .n = 1};
    const struct ambit_area_terms terms = {0};
    struct ambit_area_answer answer;
    struct ambit_area_difference difference;
    FAILING_START();
    do {
        failing_arm();
        enum ambit_err err = ambit_area_differ(&terms, &left_list, &right_list, &difference);
        if (!err)
            err = ambit_area_excess(&terms, &everything, &b, 1, &answer);
        has_failed = failing_disarm();
        assert_int_equal(err, has_failed ? AMBIT_ERR_NO_MEMORY : AMBIT_OK);
    } while (has_failed);
    assert_true(failing.n_ways > 10);
    assert_true(difference.left.is_found && difference.right.is_found && answer.is_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(warnings), cmocka_unit_test(areas)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
