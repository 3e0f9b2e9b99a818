/* SPDX-License-Identifier: Apache-2.0 */
/* JWK to key (RFC 7517, 7518 section 6, 8037). Sizes are checked on the text's own bytes, before
 * OpenSSL sees them (JWS-7, JWS-8). */
#include <openssl/core_names.h>

#include "ambit/limits.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/secret.h"
#include "crypto/inside.h"
#include "crypto/jwk.h"
#include "crypto/key.h"

enum { JWK_MEMORY_MAX = 256 * 1024, RSA_PARTS = 8, ED25519_BYTES = 32 };

/* One decoded member. */
struct bytes {
    uint8_t b[KEY_PART_MAX];
    size_t len;
};

static void wipe_bytes(struct bytes *bytes)
{
    secret_wipe(bytes, sizeof *bytes);
}
#define BYTES_AUTO AMBIT_CLEANUP(wipe_bytes) struct bytes

bool jwk_has_private_member(const struct json_value *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

    for (size_t i = 0; i < AMBIT_LEN(names); i++) {
        if (json_get(jwk, names[i]))
            return true;
    }
    return false;
}

/* The member's bytes; exactly `size` of them unless that is 0. */
static enum ambit_err take_bytes(const struct json_value *jwk, const char *name, size_t size,
                                 struct bytes *ret)
{
    struct ambit_str text = json_get_str(jwk, name);

    if (!text.p)
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = base64url_decode(text, ret->b, sizeof ret->b, &ret->len);
    if (err != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    return ret->len > 0 && (size == 0 || ret->len == size) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* OpenSSL takes numbers in the order of the machine. */
static OSSL_PARAM number_param(const char *name, struct bytes *number)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0, j = number->len - 1; i < j; i++, j--) {
        uint8_t b = number->b[i];
        number->b[i] = number->b[j];
        number->b[j] = b;
    }
#endif
    return OSSL_PARAM_construct_BN(name, number->b, number->len);
}

static enum ambit_err make_key(const char *type, OSSL_PARAM *params, bool is_private,
                               struct crypto_key **ret)
{
    PKEY_CTX_AUTO *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1)
        return AMBIT_ERR_NO_MEMORY;
    if (EVP_PKEY_fromdata(ctx, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) != 1)
        return AMBIT_ERR_MALFORMED;
    return key_take(pkey, is_private, ret);
}

static enum ambit_err read_ec(const struct json_value *jwk, bool is_private,
                              struct crypto_key **ret)
{
    struct bytes x = {.len = 0}, y = {.len = 0};
    BYTES_AUTO d = {.len = 0};
    uint8_t point[1 + 2 * P256_BYTES] = {0x04}; /* uncompressed */
    char group[] = "prime256v1";

    if (!ambit_str_is(json_get_str(jwk, "crv"), "P-256"))
        return AMBIT_ERR_UNSUPPORTED;
    if (take_bytes(jwk, "x", P256_BYTES, &x) != AMBIT_OK ||
        take_bytes(jwk, "y", P256_BYTES, &y) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    if (is_private && take_bytes(jwk, "d", P256_BYTES, &d) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    if (is_private && memcmp(d.b, p256_order, P256_BYTES) >= 0)
        return AMBIT_ERR_MALFORMED;
    memcpy(point + 1, x.b, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.b, P256_BYTES);

    OSSL_PARAM params[4] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    if (is_private)
        params[2] = number_param(OSSL_PKEY_PARAM_PRIV_KEY, &d);
    return make_key("EC", params, is_private, ret);
}

static enum ambit_err read_okp(const struct json_value *jwk, bool is_private,
                               struct crypto_key **ret)
{
    struct bytes x = {.len = 0};
    BYTES_AUTO d = {.len = 0};
    uint8_t derived[ED25519_BYTES] = {0};
    size_t len = sizeof derived;

    if (!ambit_str_is(json_get_str(jwk, "crv"), "Ed25519"))
        return AMBIT_ERR_UNSUPPORTED;
    if (take_bytes(jwk, "x", ED25519_BYTES, &x) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    if (is_private && take_bytes(jwk, "d", ED25519_BYTES, &d) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    EVP_PKEY *pkey = is_private ? EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, d.b, d.len)
                                : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.b, x.len);
    if (!pkey)
        return AMBIT_ERR_CRYPTO;
    /* The public half is computed from the private one: what the text says must be the same. */
    if (EVP_PKEY_get_raw_public_key(pkey, derived, &len) != 1 || len != sizeof derived ||
        memcmp(derived, x.b, sizeof derived) != 0) {
        EVP_PKEY_free(pkey);
        return AMBIT_ERR_MALFORMED;
    }
    return key_take(pkey, is_private, ret);
}

/* The eight members of an RSA key, the public two first. */
struct rsa_parts {
    struct bytes part[RSA_PARTS];
};

static void wipe_rsa(struct rsa_parts *parts)
{
    secret_wipe(parts, sizeof *parts);
}

static enum ambit_err read_rsa(const struct json_value *jwk, bool is_private,
                               struct crypto_key **ret)
{
    static const char *const names[RSA_PARTS] = {"n", "e", "d", "p", "q", "dp", "dq", "qi"};
    static const char *const param_names[RSA_PARTS] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    AMBIT_CLEANUP(wipe_rsa) struct rsa_parts parts = {0};
    OSSL_PARAM params[RSA_PARTS + 1];
    size_t n_parts = is_private ? RSA_PARTS : 2;

    if (json_get(jwk, "oth"))
        return AMBIT_ERR_UNSUPPORTED; /* more than two primes */
    for (size_t i = 0; i < n_parts; i++) {
        if (take_bytes(jwk, names[i], 0, &parts.part[i]) != AMBIT_OK)
            return AMBIT_ERR_MALFORMED;
    }
    if (!rsa_is_acceptable(parts.part[0].b, parts.part[0].len, parts.part[1].b, parts.part[1].len))
        return AMBIT_ERR_MALFORMED;
    for (size_t i = 0; i < n_parts; i++)
        params[i] = number_param(param_names[i], &parts.part[i]);
    params[n_parts] = OSSL_PARAM_construct_end();
    return make_key("RSA", params, is_private, ret);
}

static enum ambit_err read_jwk(const struct json_value *jwk, bool is_private,
                               struct crypto_key **ret)
{
    struct ambit_str kty = json_get_str(jwk, "kty");

    if (!jwk || jwk->kind != JSON_OBJECT || !kty.p)
        return AMBIT_ERR_MALFORMED;
    if (!is_private && jwk_has_private_member(jwk))
        return AMBIT_ERR_REFUSED;
    if (ambit_str_is(kty, "EC"))
        return read_ec(jwk, is_private, ret);
    if (ambit_str_is(kty, "OKP"))
        return read_okp(jwk, is_private, ret);
    if (ambit_str_is(kty, "RSA"))
        return read_rsa(jwk, is_private, ret);
    return AMBIT_ERR_UNSUPPORTED;
}

enum ambit_err crypto_key_from_jwk(const struct json_value *jwk, struct crypto_key **ret)
{
    CRYPTO_SCOPE;

    return read_jwk(jwk, false, ret);
}

static enum ambit_err read_text(struct ambit_str text, bool is_private, struct crypto_key **ret)
{
    CRYPTO_SCOPE;
    ARENA_AUTO arena = {0};
    const struct json_value *jwk = NULL;
    struct json_limits limits = {.allow_decimals = true};

    if (text.len > AMBIT_JWS_BYTES)
        return AMBIT_ERR_TOO_LARGE;
    /* Strings without escapes are borrowed from the text, so the arena holds no private bytes. */
    arena_init(&arena, NULL, 0, JWK_MEMORY_MAX);
    enum ambit_err err = json_read(text, limits, &arena, &jwk, NULL);
    if (err != AMBIT_OK)
        return err;
    return read_jwk(jwk, is_private, ret);
}

enum ambit_err crypto_key_from_jwk_text(struct ambit_str text, struct crypto_key **ret)
{
    return read_text(text, false, ret);
}

enum ambit_err crypto_key_from_private_jwk_text(struct ambit_str text, struct crypto_key **ret)
{
    return read_text(text, true, ret);
}
