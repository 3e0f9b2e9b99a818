/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer may be, by Accept, Accept-Encoding and Prefer (RFC 9110 sections 12.5.1, 12.5.3;
 * RFC 7240): lists of names with weights, of which only zero counts: it refuses. Pure. */
#pragma once

#include "ambit/base.h"

/* An absent header takes everything. `type` in lower case: "application/statuslist+jwt". */
bool accept_takes(struct ambit_str header, const char *type);
/* The type itself, not a range that has it. */
bool accept_names(struct ambit_str header, const char *type);
/* An absent header takes nothing but the plain form. */
bool accept_takes_coding(struct ambit_str header, const char *coding);
