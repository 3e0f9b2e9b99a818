/* SPDX-License-Identifier: Apache-2.0 */
/* JWK text of keys, inside crypto/: the thumbprint of RFC 7638. */
#pragma once

#include "ambit/base.h"

struct crypto_key;

AMBIT_CHECKED enum ambit_err jwk_thumbprint(const struct crypto_key *key, struct ambit_digest *ret);
