/* SPDX-License-Identifier: Apache-2.0 */
/* JWK text of keys, inside crypto/: the thumbprint of RFC 7638, and what no public key may say. */
#pragma once

#include "ambit/base.h"

struct crypto_key;
struct json_value;

AMBIT_CHECKED enum ambit_err jwk_thumbprint(const struct crypto_key *key, struct ambit_digest *ret);
/* Private halves and symmetric keys, which have no business in a public key (JWS-8). */
bool jwk_has_private_member(const struct json_value *jwk);
