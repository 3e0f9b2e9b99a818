/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy test's two files share. Private to the policy room. */
#pragma once

#include "ambit/policy_test.h"

/* Does the answer have what `expected` (a member of `expect`) says? Objects are held to the members
 * named alone; lists to every element, `checks` to the checks named. Else *why is one line. */
bool test_expectation_holds(const struct json_value *expected, const struct json_value *answer,
                            struct buf *why);
