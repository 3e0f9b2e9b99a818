/* SPDX-License-Identifier: Apache-2.0 */
/* The context of an action: from the JSON object to the engine's flat members, in one place, so
 * that what was decided and what is explained later are the same. */
#pragma once

#include "ambit/policy.h"

struct arena;
struct json_value;

/* `object` NULL: no members. TOO_LARGE past AMBIT_CONTEXT_MAX. Texts are borrowed from the
 * value. */
AMBIT_CHECKED enum ambit_err context_members(const struct json_value *object, struct arena *arena,
                                             const struct ambit_context_member **ret,
                                             size_t *ret_n);
