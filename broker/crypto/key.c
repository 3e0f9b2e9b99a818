/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a key, what kinds there are, and its parts as bytes. JWK: jwk_read.c, jwk_write.c;
 * PEM: pem.c; signatures: sign.c. */
#include "crypto/key.h"

#include <openssl/core_names.h>

#include "base/encode.h"
#include "base/secret.h"
#include "crypto/inside.h"
#include "crypto/jwk.h"

static const char *const alg_texts[] = {
#define X(name, text) [CRYPTO_##name] = text,
    CRYPTO_ALG_LIST(X)
#undef X
};

const char *crypto_alg_text(enum crypto_alg alg)
{
    AMBIT_ASSERT((size_t)alg < AMBIT_LEN(alg_texts));
    return alg_texts[alg];
}

enum ambit_err crypto_alg_parse(struct ambit_str text, enum crypto_alg *ret)
{
    for (size_t i = 0; i < AMBIT_LEN(alg_texts); i++) {
        if (ambit_str_is(text, alg_texts[i])) {
            *ret = (enum crypto_alg)i;
            return AMBIT_OK;
        }
    }
    return AMBIT_ERR_UNSUPPORTED;
}

static enum key_kind kind_for(enum crypto_alg alg)
{
    switch (alg) {
    case CRYPTO_ES256:
        return KEY_EC;
    case CRYPTO_EDDSA:
    case CRYPTO_ED25519:
        return KEY_OKP;
    case CRYPTO_RS256:
    case CRYPTO_PS256:
        return KEY_RSA;
    }
    return KEY_RSA;
}

bool crypto_key_fits(const struct crypto_key *key, enum crypto_alg alg)
{
    return key->kind == kind_for(alg);
}

enum crypto_alg crypto_key_alg(const struct crypto_key *key)
{
    switch (key->kind) {
    case KEY_EC:
        return CRYPTO_ES256;
    case KEY_OKP:
        return CRYPTO_EDDSA;
    case KEY_RSA:
        return CRYPTO_RS256;
    }
    return CRYPTO_RS256;
}

bool crypto_key_is_private(const struct crypto_key *key)
{
    return key->is_private;
}

struct ambit_digest crypto_key_thumbprint(const struct crypto_key *key)
{
    return key->thumbprint;
}

void crypto_key_kid(const struct crypto_key *key, char dst[CRYPTO_KID_LEN])
{
    base64url_encode(key->thumbprint.b, sizeof key->thumbprint.b, dst);
}

/* ---- parts ---- */

/* Where a member of the JWK stands in OpenSSL's key, and its fixed size (0: as many as needed). */
static const struct part {
    enum key_kind kind;
    const char *name, *param;
    size_t size;
} parts[] = {
    {KEY_EC, "x", OSSL_PKEY_PARAM_EC_PUB_X, P256_BYTES},
    {KEY_EC, "y", OSSL_PKEY_PARAM_EC_PUB_Y, P256_BYTES},
    {KEY_EC, "d", OSSL_PKEY_PARAM_PRIV_KEY, P256_BYTES},
    {KEY_RSA, "n", OSSL_PKEY_PARAM_RSA_N, 0},
    {KEY_RSA, "e", OSSL_PKEY_PARAM_RSA_E, 0},
    {KEY_RSA, "d", OSSL_PKEY_PARAM_RSA_D, 0},
    {KEY_RSA, "p", OSSL_PKEY_PARAM_RSA_FACTOR1, 0},
    {KEY_RSA, "q", OSSL_PKEY_PARAM_RSA_FACTOR2, 0},
    {KEY_RSA, "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, 0},
    {KEY_RSA, "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, 0},
    {KEY_RSA, "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0},
};

static enum ambit_err okp_part(const struct crypto_key *key, const char *name, uint8_t *dst,
                               size_t *ret_len)
{
    int done = -1;

    *ret_len = KEY_PART_MAX;
    if (streq(name, "x"))
        done = EVP_PKEY_get_raw_public_key(key->pkey, dst, ret_len);
    else if (streq(name, "d"))
        done = EVP_PKEY_get_raw_private_key(key->pkey, dst, ret_len);
    if (done < 0)
        return AMBIT_ERR_NOT_FOUND;
    return done == 1 ? AMBIT_OK : AMBIT_ERR_CRYPTO;
}

enum ambit_err key_part(const struct crypto_key *key, const char *name, uint8_t dst[KEY_PART_MAX],
                        size_t *ret_len)
{
    const struct part *part = NULL;
    BN_AUTO *number = NULL;

    if (key->kind == KEY_OKP)
        return okp_part(key, name, dst, ret_len);
    for (size_t i = 0; i < AMBIT_LEN(parts); i++) {
        if (parts[i].kind == key->kind && streq(parts[i].name, name))
            part = &parts[i];
    }
    if (!part)
        return AMBIT_ERR_NOT_FOUND;
    if (EVP_PKEY_get_bn_param(key->pkey, part->param, &number) != 1)
        return AMBIT_ERR_CRYPTO;
    size_t size = part->size ? part->size : (size_t)BN_num_bytes(number);
    if (size > KEY_PART_MAX)
        return AMBIT_ERR_UNSUPPORTED;
    if (BN_bn2binpad(number, dst, (int)size) != (int)size)
        return AMBIT_ERR_CRYPTO;
    *ret_len = size;
    return AMBIT_OK;
}

/* ---- what is accepted ---- */

static enum ambit_err accept_ec(EVP_PKEY *pkey)
{
    char group[32] = {0};
    size_t len = 0;
    int is_explicit = 0;

    /* Parameters written out instead of named could be those of another curve. */
    if (EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &is_explicit) == 1 &&
        is_explicit)
        return AMBIT_ERR_UNSUPPORTED;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) != 1 ||
        !streq(group, "prime256v1"))
        return AMBIT_ERR_UNSUPPORTED;
    PKEY_CTX_AUTO *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (!ctx)
        return AMBIT_ERR_NO_MEMORY;
    /* On the curve and not at infinity: all there is to know where the cofactor is 1. */
    return EVP_PKEY_public_check_quick(ctx) == 1 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static enum ambit_err accept_rsa(const struct crypto_key *key)
{
    uint8_t n[KEY_PART_MAX] = {0}, e[KEY_PART_MAX] = {0};
    size_t n_len = 0, e_len = 0;

    enum ambit_err err = key_part(key, "n", n, &n_len);
    if (err != AMBIT_OK)
        return err;
    err = key_part(key, "e", e, &e_len);
    if (err != AMBIT_OK)
        return err;
    return rsa_is_acceptable(n, n_len, e, e_len) ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static enum ambit_err accept(struct crypto_key *key)
{
    if (EVP_PKEY_is_a(key->pkey, "EC") == 1) {
        key->kind = KEY_EC;
        return accept_ec(key->pkey);
    }
    if (EVP_PKEY_is_a(key->pkey, "ED25519") == 1) {
        key->kind = KEY_OKP;
        return AMBIT_OK;
    }
    if (EVP_PKEY_is_a(key->pkey, "RSA") == 1) {
        key->kind = KEY_RSA;
        return accept_rsa(key);
    }
    return AMBIT_ERR_UNSUPPORTED;
}

/* Halves that do not belong together make signatures that nobody can verify; better to find out
 * when the key is read. */
static enum ambit_err prove(const struct crypto_key *key)
{
    uint8_t signature[CRYPTO_SIGNATURE_MAX] = {0};
    struct ambit_str message = AMBIT_STR("ambit: do the halves of this key belong together?");
    size_t len = 0;

    enum ambit_err err = crypto_sign(key, crypto_key_alg(key), message, signature, &len);
    if (err != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str signed_by = {.p = (const char *)signature, .len = len};
    err = crypto_verify(key, crypto_key_alg(key), message, signed_by);
    return err == AMBIT_OK ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

enum ambit_err key_take(EVP_PKEY *pkey, bool is_private, struct crypto_key **ret)
{
    CRYPTO_KEY_AUTO *key = calloc(1, sizeof *key);

    if (!key) {
        EVP_PKEY_free(pkey);
        return AMBIT_ERR_NO_MEMORY;
    }
    atomic_init(&key->holders, 1);
    key->pkey = pkey;
    key->is_private = is_private;
    int failed = pthread_mutex_init(&key->lock, NULL);
    AMBIT_ASSERT(!failed); /* of the default kind it takes nothing that could be missing */
    enum ambit_err err = accept(key);
    if (err == AMBIT_OK)
        err = jwk_thumbprint(key, &key->thumbprint);
    if (err == AMBIT_OK && is_private)
        err = prove(key);
    if (err != AMBIT_OK)
        return err;
    *ret = TAKE(key);
    return AMBIT_OK;
}

/* ---- as bytes ---- */

enum ambit_err crypto_key_from_ed25519(const uint8_t bytes[CRYPTO_ED25519_BYTES],
                                       struct crypto_key **ret)
{
    CRYPTO_SCOPE;
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, bytes, CRYPTO_ED25519_BYTES);
    return pkey ? key_take(pkey, false, ret) : AMBIT_ERR_MALFORMED;
}

enum ambit_err crypto_key_put_ed25519(const struct crypto_key *key,
                                      uint8_t dst[CRYPTO_ED25519_BYTES])
{
    CRYPTO_SCOPE;
    size_t len = CRYPTO_ED25519_BYTES;
    if (key->kind != KEY_OKP)
        return AMBIT_ERR_UNSUPPORTED;
    return EVP_PKEY_get_raw_public_key(key->pkey, dst, &len) == 1 && len == CRYPTO_ED25519_BYTES
               ? AMBIT_OK
               : AMBIT_ERR_CRYPTO;
}

/* ---- life ---- */

enum ambit_err crypto_key_new(enum crypto_alg alg, struct crypto_key **ret)
{
    CRYPTO_SCOPE;
    EVP_PKEY *pkey = NULL;

    switch (kind_for(alg)) {
    case KEY_EC:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    case KEY_OKP:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case KEY_RSA:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)CRYPTO_RSA_BITS_MIN);
        break;
    }
    return pkey ? key_take(pkey, true, ret) : AMBIT_ERR_CRYPTO;
}

struct crypto_key *crypto_key_hold(struct crypto_key *key)
{
    atomic_fetch_add_explicit(&key->holders, 1, memory_order_relaxed);
    return key;
}

void crypto_key_free(struct crypto_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->holders, 1, memory_order_acq_rel) != 1)
        return;
    key_contexts_free(key);
    EVP_PKEY_free(key->pkey); /* clears private numbers */
    pthread_mutex_destroy(&key->lock);
    free(key);
}

void crypto_key_freep(struct crypto_key **key)
{
    crypto_key_free(*key);
    *key = NULL;
}
