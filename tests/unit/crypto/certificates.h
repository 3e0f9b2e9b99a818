/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, made as they are asked for: a P-256 key each, signed by another of them
 * or by itself. */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ambit/base.h"

#define CERT_NOW_MS INT64_C(1790000000000)

struct cert {
    X509 *x;
    EVP_PKEY *key;
    uint8_t der[4096];
    size_t len;
};
struct cert_plan {
    const char *cn, *unit; /* of the subject; NULL: none */
    const char *san;       /* "DNS:a,URI:spiffe://x/y"; NULL: none */
    const char *constraints, *usage,
        *purposes;        /* as OpenSSL's configuration has them; NULL: none */
    int64_t from_s, to_s; /* around CERT_NOW_MS; 0, 0: a day before, a day after */
    bool is_twice;        /* the SAN stands twice */
};

static inline void cert_add(struct cert *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    if (!value)
        return;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert->x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    AMBIT_ASSERT(extension && X509_add_ext(cert->x, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static inline void cert_name(X509_NAME *name, const char *type, const char *value)
{
    if (value)
        AMBIT_ASSERT(X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
                                                (const unsigned char *)value, -1, -1, 0) == 1);
}

/* `issuer` NULL: self-signed. */
static inline void cert_make(struct cert *cert, const struct cert *issuer, struct cert_plan plan)
{
    static long serial = 1;
    cert->x = X509_new();
    cert->key = EVP_EC_gen("P-256");
    AMBIT_ASSERT(cert->x && cert->key);
    X509_set_version(cert->x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert->x), serial++);
    bool has_dates = plan.from_s || plan.to_s;
    time_t now = CERT_NOW_MS / 1000;
    ASN1_TIME_set(X509_getm_notBefore(cert->x), now + (has_dates ? plan.from_s : -86400));
    ASN1_TIME_set(X509_getm_notAfter(cert->x), now + (has_dates ? plan.to_s : 86400));
    X509_NAME *name = X509_get_subject_name(cert->x);
    cert_name(name, "C", plan.cn ? "DE" : NULL);
    cert_name(name, "O", plan.cn ? "Example, Inc." : NULL);
    cert_name(name, "OU", plan.unit);
    cert_name(name, "CN", plan.cn);
    X509 *by = issuer ? issuer->x : cert->x;
    X509_set_issuer_name(cert->x, X509_get_subject_name(by));
    X509_set_pubkey(cert->x, cert->key);
    cert_add(cert, by, NID_subject_key_identifier, "hash");
    cert_add(cert, by, NID_authority_key_identifier, "keyid:always");
    cert_add(cert, by, NID_basic_constraints, plan.constraints);
    cert_add(cert, by, NID_key_usage, plan.usage);
    cert_add(cert, by, NID_ext_key_usage, plan.purposes);
    cert_add(cert, by, NID_subject_alt_name, plan.san);
    if (plan.is_twice)
        cert_add(cert, by, NID_subject_alt_name, plan.san);
    AMBIT_ASSERT(X509_sign(cert->x, issuer ? issuer->key : cert->key, EVP_sha256()) > 0);
    uint8_t *at = cert->der;
    int len = i2d_X509(cert->x, NULL);
    AMBIT_ASSERT(len > 0 && (size_t)len < sizeof cert->der);
    cert->len = (size_t)i2d_X509(cert->x, &at);
}

static inline void cert_ca(struct cert *cert, const struct cert *issuer, const char *cn)
{
    cert_make(cert, issuer,
              (struct cert_plan){.cn = cn,
                                 .constraints = "critical,CA:TRUE",
                                 .usage = "critical,keyCertSign,cRLSign"});
}

static inline struct ambit_str cert_str(const struct cert *cert)
{
    return (struct ambit_str){.p = (const char *)cert->der, .len = cert->len};
}

static inline void cert_done(struct cert *cert)
{
    X509_free(cert->x);
    EVP_PKEY_free(cert->key);
    *cert = (struct cert){0};
}
