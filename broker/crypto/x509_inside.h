/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about certificates share; within crypto/ only. */
#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/inside.h"
#include "crypto/x509.h"

struct x509_leaf {
    X509 *certificate;
    GENERAL_NAMES *names; /* subjectAltName; NULL: none */
    struct ambit_digest thumbprint;
};

static inline void x509_freep(X509 **p)
{
    X509_free(*p);
}
#define X509_AUTO AMBIT_CLEANUP(x509_freep) X509

/* One whole certificate of at most X509_BYTES_MAX whose extensions parse. */
AMBIT_CHECKED enum ambit_err x509_read_whole(struct ambit_str der, X509 **ret);
