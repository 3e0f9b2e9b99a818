/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as DPoP compares them (RFC 9449 section 4.3, RFC 3986 section 6.2): http and https,
 * without query and fragment, scheme and host in lower case, no default port, escapes in one form,
 * no dot segments, "/" for no path. Two texts name the same address exactly when these are equal.
 * Pure. */
#pragma once

#include "ambit/base.h"

struct arena;

enum { HTU_BYTES = 2048 };

/* Into the arena. MALFORMED for anything else: no such scheme, user information, no host, a port
 * that is none, a character that stands in no address, more than HTU_BYTES. */
AMBIT_CHECKED enum ambit_err htu_normalise(struct ambit_str uri, struct arena *arena,
                                           struct ambit_str *ret);
/* The part before the path of what htu_normalise() gave. */
struct ambit_str htu_origin(struct ambit_str normal);
