/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP Basic as OAuth clients send it (CLI-4): base64, split at the first ':', both halves
 * form-decoded. Schemes are case-insensitive. Pure. */
#pragma once

#include "ambit/base.h"

struct arena;

struct basic {
    struct ambit_str id, secret; /* in the arena */
};
/* MALFORMED when it is not well-formed Basic; NOT_FOUND when it is of another scheme. */
AMBIT_CHECKED enum ambit_err basic_read(struct ambit_str authorization, struct arena *arena,
                                        struct basic *ret);

/* What follows "SCHEME " when that is the scheme; {NULL,0} otherwise. */
struct ambit_str scheme_rest(struct ambit_str authorization, const char *scheme);

/* BRR-1: A-Za-z0-9-._~+/ and '=' at the end; not empty. */
bool is_token68(struct ambit_str text);
