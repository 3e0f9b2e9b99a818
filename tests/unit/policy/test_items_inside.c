/* SPDX-License-Identifier: Apache-2.0 */
/* Is what is asked for a part of what was shown (policy-language.md, "Approval")? Every item inside
 * one that was shown, action and resource of the same one. */
#include "support/unit.h"

#include "ambit/policy.h"

#define ITEM(a, r)                                                        \
    {                                                                     \
        .action = {(a), sizeof(a) - 1}, .resource = {(r), sizeof(r) - 1}, \
    }

static const struct ambit_item shown[] = {
    ITEM("service.*", "svc:staging/**"),
    ITEM("db.read", "db:orders"),
    ITEM("?", "svc:odd"), /* no pattern contains nothing */
    ITEM("odd.do", "?"),
};

static void test_rows(void **state)
{
    static const struct {
        const char *name;
        struct ambit_item asked[2];
        size_t n_shown, n_asked;
        bool want;
    } rows[] = {
        {"the same", {ITEM("service.*", "svc:staging/**")}, 4, 1, true},
        {"a name", {ITEM("service.read", "svc:staging/x")}, 4, 1, true},
        {"two", {ITEM("service.read", "svc:staging/x"), ITEM("db.read", "db:orders")}, 4, 2, true},
        {"the second outside",
         {ITEM("service.read", "svc:staging/x"), ITEM("db.write", "db:orders")},
         4,
         2,
         false},
        {"action of one, resource of another", {ITEM("db.read", "svc:staging/x")}, 4, 1, false},
        {"wider resource", {ITEM("service.read", "svc:**")}, 4, 1, false},
        {"wider action", {ITEM("**", "svc:staging/x")}, 4, 1, false},
        {"shown without patterns", {ITEM("odd.do", "svc:odd")}, 4, 1, false},
        {"no pattern of an action", {ITEM("?", "svc:staging/x")}, 4, 1, false},
        {"no pattern of a resource", {ITEM("service.read", "?")}, 4, 1, false},
        {"an action alone", {{.action = {"service.read", 12}}}, 4, 1, false},
        {"nothing shown", {ITEM("service.read", "svc:staging/x")}, 0, 1, false},
        {"nothing asked", {ITEM("", "")}, 4, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++) {
        bool got = !rows[i].want;
        assert_int_equal(
            ambit_items_inside(shown, rows[i].n_shown, rows[i].asked, rows[i].n_asked, &got),
            AMBIT_OK);
        if (got != rows[i].want)
            print_error("%s\n", rows[i].name);
        assert_int_equal(got, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
