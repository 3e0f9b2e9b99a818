/* SPDX-License-Identifier: Apache-2.0 */
/* The version of a document is the SHA-256 of its canonical form (RFC 8785); the version of a set
 * is a digest over the versions of its documents (ambit/document.h, struct ambit_documents). */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"

struct json_value;

/* RFC 8785 bytes of a value, in `arena`. MALFORMED when it has a number that is no integer or a
 * member twice (its reader complains of that). */
AMBIT_CHECKED enum ambit_err canonical_of(struct arena *arena, const struct json_value *value,
                                          struct ambit_str *ret);
