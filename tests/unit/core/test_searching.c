/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: the index forgets pruned events when their segment has been gone for a day, not before, and
 * not when it is back by then. */
#include "support/unit.h"

#include "core/searching.h"

enum { HOUR = 3600000 };

static void test_a_day(void **state)
{
    static const struct {
        const char *name;
        int64_t hours;
        uint64_t gone, want;
    } rows[] = {
        {"nothing was pruned", 0, 0, 0},
        {"a segment is gone", 1, 512, 0},
        {"for most of a day", 24, 512, 0},
        {"another is", 24, 1024, 0},
        {"the first, for a day", 25, 1024, 512},
        {"the other, not yet", 48, 1024, 0},
        {"the other", 49, 1024, 1024},
        {"as before", 50, 1024, 0},
        {"one that comes back", 60, 768, 0},
        {"counts from then", 83, 1024, 0},
        {"what stayed away", 84, 1024, 768},
        {"all are back", 85, 0, 0},
        {"for good", 200, 0, 0},
        {"gone again", 201, 256, 0},
        {"a clock that went back", 100, 256, 0},
        {"counts anew", 123, 256, 0},
        {"a day later", 124, 256, 256},
    };
    struct searching searching = {.gone_to = 0};
    (void)state;
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        ROW_CHECK(rows[i].name, searching_forgets(&searching, rows[i].gone, rows[i].hours * HOUR) ==
                                    rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_day)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
