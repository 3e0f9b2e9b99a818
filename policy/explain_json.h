/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations as JSON, the shapes CHECK and REMEDY of interfaces.md, each written in one place. */
#pragma once

#include "ambit/policy.h"

struct json_out;

/* "pass", "fail", "not_reached" */
const char *explain_outcome_text(enum ambit_outcome_of_check outcome);
/* The member `checks`. */
void explain_write_checks(struct json_out *out, const struct ambit_explanation *explanation);
/* The member of that name: `remedy`, `ambit_remedy`. */
void explain_write_remedy(struct json_out *out, const char *key, const struct ambit_remedy *remedy);
