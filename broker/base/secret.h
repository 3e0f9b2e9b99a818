/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that must not be seen: wiped when freed, with no way to print them. Compare through
 * crypto/. */
#pragma once

#include "ambit/base.h"

struct secret {
    uint8_t *p; /* owned */
    size_t len;
};
AMBIT_CHECKED enum ambit_err secret_new(const void *bytes, size_t len, struct secret *ret);
void secret_done(struct secret *secret);
void secret_wipe(void *p, size_t len); /* not optimised away */
#define SECRET_AUTO AMBIT_CLEANUP(secret_done) struct secret
