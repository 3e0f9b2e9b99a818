/* SPDX-License-Identifier: Apache-2.0 */
/* The ideal's cryptography. */
#include "bench/jose.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COORDINATE = 32, POINT = 1 + 2 * COORDINATE, DER_MAX = 80, RANDOM_BLOCK = 4096 };

static EVP_MD *sha256;
static EVP_PKEY *own, *theirs;

static void must(bool claim, const char *what)
{
    if (claim)
        return;
    (void)fprintf(stderr, "%s failed\n", what);
    exit(1);
}

/* ---- base64 ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t jose_encode(const uint8_t *bytes, size_t len, char *dst)
{
    char *to = dst;
    size_t i = 0;
    for (; i + 3 <= len; i += 3) {
        uint32_t v = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *to++ = alphabet[v >> shift & 63];
    }
    if (i < len) {
        uint32_t v = (uint32_t)bytes[i] << 16 | (i + 1 < len ? (uint32_t)bytes[i + 1] << 8 : 0);
        for (size_t k = 0; k <= len - i; k++)
            *to++ = alphabet[v >> (18 - 6 * k) & 63];
    }
    return (size_t)(to - dst);
}

static const uint8_t *values(void)
{
    static _Thread_local uint8_t table[256];
    if (table['B'] == 0) {
        memset(table, 0xff, sizeof table);
        for (uint8_t i = 0; i < 64; i++)
            table[(uint8_t)alphabet[i]] = i;
        table['+'] = 62;
        table['/'] = 63;
    }
    return table;
}

size_t jose_decode(const char *text, size_t len, uint8_t *dst, size_t max)
{
    const uint8_t *table = values();
    uint32_t v = 0;
    int bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < len && n < max; i++) {
        uint8_t digit = table[(uint8_t)text[i]];
        if (digit == 0xff)
            break;
        v = v << 6 | digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            dst[n++] = (uint8_t)(v >> bits);
        }
    }
    return n;
}

/* ---- digest, random ---- */

void jose_sha256(const void *bytes, size_t len, uint8_t digest[JOSE_DIGEST])
{
    static _Thread_local EVP_MD_CTX *context;
    unsigned size = 0;
    if (!context)
        context = EVP_MD_CTX_new();
    must(context && EVP_DigestInit_ex2(context, sha256, NULL) == 1 &&
             EVP_DigestUpdate(context, bytes, len) == 1 &&
             EVP_DigestFinal_ex(context, digest, &size) == 1,
         "SHA-256");
}

bool jose_same(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void jose_random(void *dst, size_t len)
{
    static _Thread_local uint8_t block[RANDOM_BLOCK];
    static _Thread_local size_t left;
    if (left < len) {
        must(RAND_bytes(block, sizeof block) == 1, "RAND_bytes");
        left = sizeof block;
    }
    left -= len;
    memcpy(dst, block + left, len);
}

/* ---- ES256 ---- */

void jose_sign(const void *bytes, size_t len, uint8_t signature[JOSE_SIGNATURE])
{
    static _Thread_local EVP_PKEY_CTX *context;
    uint8_t digest[JOSE_DIGEST], der[DER_MAX];
    size_t der_len = sizeof der;
    if (!context) {
        context = EVP_PKEY_CTX_new(own, NULL);
        must(context && EVP_PKEY_sign_init(context) == 1, "EVP_PKEY_sign_init");
    }
    jose_sha256(bytes, len, digest);
    must(EVP_PKEY_sign(context, der, &der_len, digest, sizeof digest) == 1, "EVP_PKEY_sign");
    const uint8_t *p = der;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &p, (long)der_len);
    must(pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, COORDINATE) == COORDINATE &&
             BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + COORDINATE, COORDINATE) == COORDINATE,
         "signature");
    ECDSA_SIG_free(pair);
}

bool jose_verify(const void *bytes, size_t len, const uint8_t signature[JOSE_SIGNATURE])
{
    static _Thread_local EVP_PKEY_CTX *context;
    uint8_t digest[JOSE_DIGEST], *der = NULL;
    if (!context) {
        context = EVP_PKEY_CTX_new(theirs, NULL);
        must(context && EVP_PKEY_verify_init(context) == 1, "EVP_PKEY_verify_init");
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    must(pair && ECDSA_SIG_set0(pair, BN_bin2bn(signature, COORDINATE, NULL),
                                BN_bin2bn(signature + COORDINATE, COORDINATE, NULL)) == 1,
         "ECDSA_SIG_set0");
    int der_len = i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    must(der_len > 0, "i2d_ECDSA_SIG");
    jose_sha256(bytes, len, digest);
    bool is_right = EVP_PKEY_verify(context, der, (size_t)der_len, digest, sizeof digest) == 1;
    OPENSSL_free(der);
    return is_right;
}

/* ---- keys ---- */

static void coordinate(const char *jwk, const char *name, uint8_t dst[COORDINATE])
{
    const char *at = strstr(jwk, name);
    must(at && jose_decode(at + strlen(name), strlen(at) - strlen(name), dst, COORDINATE) ==
                   COORDINATE,
         "reading the JWK");
}

static EVP_PKEY *public_of(const char *path)
{
    char jwk[4096] = {0}, group[] = "P-256";
    FILE *file = fopen(path, "r");
    must(file && fread(jwk, 1, sizeof jwk - 1, file) > 0, path);
    (void)fclose(file);

    uint8_t point[POINT] = {4};
    coordinate(jwk, "\"x\":\"", point + 1);
    coordinate(jwk, "\"y\":\"", point + 1 + COORDINATE);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    must(context && EVP_PKEY_fromdata_init(context) == 1 &&
             EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
         "EVP_PKEY_fromdata");
    EVP_PKEY_CTX_free(context);
    return key;
}

void jose_open(const char *jwk_path)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    own = EVP_EC_gen("P-256");
    theirs = public_of(jwk_path);
    must(sha256 && own, "setting up");
}
