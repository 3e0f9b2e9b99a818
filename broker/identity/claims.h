/* SPDX-License-Identifier: Apache-2.0 */
/* What assertions of every kind have in common: their times, and the digest of their one-time
 * value. Within the room only. */
#pragma once

#include "base/json_read.h"

struct assertion_times {
    int64_t exp_ms, nbf_ms, iat_ms; /* 0: absent */
};
/* False: one of them is no NumericDate (JWS-10). */
bool assertion_times_read(const struct json_value *payload, struct assertion_times *ret);

/* A string, or an array with that one member, equal to the text (CLI-7). */
bool audience_is(const struct json_value *aud, struct ambit_str text);

/* Over tag, who said it, and jti, each behind its length (CLI-11, ASG-4). */
struct ambit_digest assertion_once(const char *tag, size_t tag_len, struct ambit_str who,
                                   struct ambit_str jti);
