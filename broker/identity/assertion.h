/* SPDX-License-Identifier: Apache-2.0 */
/* private_key_jwt (RFC 7523, 7523bis; CLI-5 to CLI-12). Form, then key, then signature, and only
 * then the claims are believed; whatever is wrong is REFUSED and looks the same from outside.
 * Within the room only. */
#pragma once

#include "identity/keys.h"

struct assertion_question {
    const struct ambit_documents *documents;
    const struct identity_keys *keys;
    struct ambit_str issuer;    /* ours: the only audience (CLI-7) */
    struct ambit_str client_id; /* of the form; absent {NULL,0} (CLI-3) */
    struct ambit_str assertion;
    int64_t now_ms;
};
/* OK with the caller, its one-time value and until when that must be kept; or REFUSED; BUSY while
 * its keys are being fetched; or could not tell. */
AMBIT_CHECKED enum ambit_err assertion_check(const struct assertion_question *question,
                                             struct arena *arena, struct caller *ret);
