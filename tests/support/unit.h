/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test needs of cmocka: TAP output, one group a program, and a check that names the
 * row of the table that failed. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ambit/base.h"

#define ROW_CHECK(name, claim)                                         \
    do {                                                               \
        if (!(claim))                                                  \
            fail_msg("row \"%s\": does not hold: %s", (name), #claim); \
    } while (0)

#define UNIT_MAIN(tests)                                    \
    int main(void)                                          \
    {                                                       \
        cmocka_set_message_output(CM_OUTPUT_TAP);           \
        return cmocka_run_group_tests((tests), NULL, NULL); \
    }
