/* SPDX-License-Identifier: Apache-2.0 */
/* A member of an action's context, from JSON: scalars as they are, anything else as what never
 * equals. One reading for the wire, the record and questions in thought. */
#pragma once

#include "ambit/policy.h"

struct json_value;

void context_member_read(const struct json_value *value, struct ambit_context_member *ret);
