/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256. The algorithm is fetched once per process and a context kept per thread: the implicit
 * fetch of OpenSSL 3.0 costs more than hashing a kilobyte. */
#pragma once

#include "ambit/base.h"

/* Never fails: a process whose library cannot hash aborts. */
void crypto_sha256(const void *p, size_t len, struct ambit_digest *ret);
