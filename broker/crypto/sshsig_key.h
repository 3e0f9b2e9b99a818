/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic behind sshsig.h: a key blob, a signature blob, and the bytes that were signed. No
 * other room includes it. */
#pragma once

#include "ambit/base.h"

/* Cuts the next length-framed string off `bytes` (RFC 4251 section 5). */
bool sshsig_take(struct ambit_str *bytes, struct ambit_str *ret);

/* OK, REFUSED (not the key's), MALFORMED (either blob), UNSUPPORTED (kind of key or algorithm),
 * NO_MEMORY, CRYPTO. */
AMBIT_CHECKED enum ambit_err sshsig_key_verify(struct ambit_str key, struct ambit_str signature,
                                               struct ambit_str message);
