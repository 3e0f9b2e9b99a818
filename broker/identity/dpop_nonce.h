/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that tell how old a proof of possession can be (RFC 9449 section 8, DPOP-4, D-8): the
 * second it was given, and a MAC over that and the place it was given for; nothing is kept. The key
 * is drawn when the broker starts, so that a restart costs every client one more round. A nonce is
 * good for DPOP_NONCE_LIFE_S; past half of that a fresh one is handed out with the answer, and
 * until its end the old one is taken too. Pure. */
#pragma once

#include "ambit/base.h"

enum { DPOP_NONCE_LEN = 32, DPOP_NONCE_LIFE_S = 240 };

/* The nonces of the token side and of the resource side are not the same (DPOP-8). */
enum dpop_place { DPOP_AT_TOKEN, DPOP_AT_RESOURCE };

struct dpop_nonces {
    uint8_t key[32];
};

struct dpop_nonce {
    char text[DPOP_NONCE_LEN + 1]; /* NUL-terminated: the value of the header DPoP-Nonce */
};
struct dpop_nonce dpop_nonce_at(const struct dpop_nonces *nonces, enum dpop_place place,
                                int64_t now_ms);
/* Was it given here, for this place, and is it still good? *ret_is_old: another should follow. */
bool dpop_nonce_is_good(const struct dpop_nonces *nonces, enum dpop_place place,
                        struct ambit_str text, int64_t now_ms, bool *ret_is_old);
