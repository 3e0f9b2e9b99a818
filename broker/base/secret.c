/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are wiped when freed. */
#include "base/secret.h"

enum ambit_err secret_new(const void *bytes, size_t len, struct secret *ret)
{
    uint8_t *p = malloc(len ? len : 1);

    if (!p)
        return AMBIT_ERR_NO_MEMORY;
    if (len)
        memcpy(p, bytes, len);
    *ret = (struct secret){.p = p, .len = len};
    return AMBIT_OK;
}

void secret_done(struct secret *secret)
{
    if (!secret || !secret->p)
        return;
    secret_wipe(secret->p, secret->len);
    free(secret->p);
    *secret = (struct secret){0};
}

void secret_wipe(void *p, size_t len)
{
    if (p && len)
        explicit_bzero(p, len);
}
