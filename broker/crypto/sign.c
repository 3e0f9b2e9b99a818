/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures in the forms of JOSE. EC and RSA sign a digest made with the thread's own context; a
 * prepared operation is borrowed from the key, so that nothing is fetched or set up per call. */
#include <openssl/rsa.h>

#include "crypto/digest.h"
#include "crypto/inside.h"
#include "crypto/key.h"

enum { IDLE_MAX = 16, RAW_BYTES = 2 * P256_BYTES, DER_MAX = 80 };

const uint8_t p256_order[P256_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};

/* ---- prepared operations ---- */

static void context_free(struct key_context *context)
{
    if (!context)
        return;
    if (context->md)
        EVP_MD_CTX_free(context->md);
    else
        EVP_PKEY_CTX_free(context->pkey);
    free(context);
}

void key_contexts_free(struct crypto_key *key)
{
    for (int use = 0; use < 2; use++) {
        for (int is_pss = 0; is_pss < 2; is_pss++) {
            for (struct key_context *c = key->idle[use][is_pss]; c;) {
                struct key_context *next = c->next;
                context_free(c);
                c = next;
            }
        }
    }
}

static bool prepare_rsa(EVP_PKEY_CTX *ctx, bool is_pss)
{
    if (EVP_PKEY_CTX_set_signature_md(ctx, crypto_md()) != 1)
        return false;
    if (!is_pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    /* JWS-7: salt of exactly 32 octets, MGF1 with SHA-256. */
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, crypto_md()) == 1;
}

static bool prepare(const struct crypto_key *key, enum key_use use, bool is_pss,
                    struct key_context *context)
{
    if (key->kind == KEY_OKP) {
        context->md = EVP_MD_CTX_new();
        return context->md != NULL;
    }
    context->pkey = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!context->pkey)
        return false;
    int begun =
        use == KEY_SIGNS ? EVP_PKEY_sign_init(context->pkey) : EVP_PKEY_verify_init(context->pkey);
    return begun == 1 && (key->kind == KEY_EC || prepare_rsa(context->pkey, is_pss));
}

/* An idle one, or a new one. The lock and the idle lists are no part of what a key is, hence the
 * cast away of const. */
static struct key_context *borrow(const struct crypto_key *const_key, enum key_use use, bool is_pss)
{
    struct crypto_key *key = (struct crypto_key *)(uintptr_t)const_key;

    pthread_mutex_lock(&key->lock);
    struct key_context *context = key->idle[use][is_pss];
    if (context) {
        key->idle[use][is_pss] = context->next;
        key->n_idle[use][is_pss]--;
    }
    pthread_mutex_unlock(&key->lock);
    if (context)
        return context;
    context = calloc(1, sizeof *context);
    if (context && !prepare(key, use, is_pss, context)) {
        context_free(context);
        context = NULL;
    }
    return context;
}

static void give_back(const struct crypto_key *const_key, enum key_use use, bool is_pss,
                      struct key_context *context)
{
    struct crypto_key *key = (struct crypto_key *)(uintptr_t)const_key;

    pthread_mutex_lock(&key->lock);
    bool is_kept = key->n_idle[use][is_pss] < IDLE_MAX;
    if (is_kept) {
        context->next = key->idle[use][is_pss];
        key->idle[use][is_pss] = context;
        key->n_idle[use][is_pss]++;
    }
    pthread_mutex_unlock(&key->lock);
    if (!is_kept)
        context_free(context);
}

/* ---- ECDSA: R then S on the wire, DER in OpenSSL (JWS-5) ---- */

/* One INTEGER at *p as 32 bytes; false when it has not that form. */
static bool take_integer(const uint8_t **p, const uint8_t *end, uint8_t dst[P256_BYTES])
{
    if (end - *p < 2 || (*p)[0] != 0x02)
        return false;
    size_t len = (*p)[1];
    const uint8_t *from = *p + 2;
    if (len == 0 || len > P256_BYTES + 1 || (size_t)(end - from) < len)
        return false;
    *p = from + len;
    if (len == P256_BYTES + 1) {
        if (*from != 0)
            return false;
        from++;
        len--;
    }
    memset(dst, 0, P256_BYTES - len);
    memcpy(dst + P256_BYTES - len, from, len);
    return true;
}

static bool der_to_raw(const uint8_t *der, size_t len, uint8_t raw[RAW_BYTES])
{
    const uint8_t *p = der + 2, *end = der + len;

    if (len < 2 || der[0] != 0x30 || der[1] >= 0x80 || der[1] != len - 2)
        return false;
    return take_integer(&p, end, raw) && take_integer(&p, end, raw + P256_BYTES) && p == end;
}

/* Appends the shortest INTEGER; bytes written. */
static size_t put_integer(const uint8_t number[P256_BYTES], uint8_t *dst)
{
    size_t skip = 0;

    while (skip < P256_BYTES - 1 && number[skip] == 0)
        skip++;
    size_t pad = number[skip] & 0x80 ? 1 : 0, len = P256_BYTES - skip;
    dst[0] = 0x02;
    dst[1] = (uint8_t)(len + pad);
    dst[2] = 0;
    memcpy(dst + 2 + pad, number + skip, len);
    return 2 + pad + len;
}

/* Neither zero nor the order or more. */
static bool is_scalar(const uint8_t number[P256_BYTES])
{
    static const uint8_t zero[P256_BYTES];

    return memcmp(number, zero, P256_BYTES) != 0 && memcmp(number, p256_order, P256_BYTES) < 0;
}

static bool raw_to_der(struct ambit_str raw, uint8_t der[DER_MAX], size_t *ret_len)
{
    const uint8_t *r = (const uint8_t *)raw.p, *s = r + P256_BYTES;

    if (raw.len != RAW_BYTES || !is_scalar(r) || !is_scalar(s))
        return false;
    size_t len = put_integer(r, der + 2);
    len += put_integer(s, der + 2 + len);
    der[0] = 0x30;
    der[1] = (uint8_t)len;
    *ret_len = len + 2;
    return true;
}

/* ---- sign ---- */

static bool sign_digest(const struct crypto_key *key, EVP_PKEY_CTX *ctx, struct ambit_str message,
                        uint8_t *dst, size_t *ret_len)
{
    struct ambit_digest digest = {{0}};
    uint8_t der[DER_MAX] = {0};
    size_t len = key->kind == KEY_EC ? sizeof der : CRYPTO_SIGNATURE_MAX;

    crypto_sha256(message.p, message.len, &digest);
    uint8_t *to = key->kind == KEY_EC ? der : dst;
    if (EVP_PKEY_sign(ctx, to, &len, digest.b, sizeof digest.b) != 1)
        return false;
    *ret_len = key->kind == KEY_EC ? RAW_BYTES : len;
    return key->kind != KEY_EC || der_to_raw(der, len, dst);
}

/* A context that has signed under this key before begins again without being set up anew. */
static bool sign_message(const struct crypto_key *key, EVP_MD_CTX *md, struct ambit_str message,
                         uint8_t *dst, size_t *ret_len)
{
    EVP_PKEY *first = EVP_MD_CTX_get_pkey_ctx(md) ? NULL : key->pkey;
    size_t len = CRYPTO_SIGNATURE_MAX;

    if (EVP_DigestSignInit_ex(md, NULL, NULL, NULL, NULL, first, NULL) != 1 ||
        EVP_DigestSign(md, dst, &len, (const uint8_t *)message.p, message.len) != 1)
        return false;
    *ret_len = len;
    return true;
}

enum ambit_err crypto_sign(const struct crypto_key *key, enum crypto_alg alg,
                           struct ambit_str message, uint8_t dst[CRYPTO_SIGNATURE_MAX],
                           size_t *ret_len)
{
    CRYPTO_SCOPE;

    if (!key->is_private || !crypto_key_fits(key, alg))
        return AMBIT_ERR_REFUSED;
    struct key_context *context = borrow(key, KEY_SIGNS, alg == CRYPTO_PS256);
    if (!context)
        return AMBIT_ERR_NO_MEMORY;
    bool is_signed = context->md ? sign_message(key, context->md, message, dst, ret_len)
                                 : sign_digest(key, context->pkey, message, dst, ret_len);
    if (!is_signed) {
        context_free(context); /* in an unknown state */
        return AMBIT_ERR_CRYPTO;
    }
    give_back(key, KEY_SIGNS, alg == CRYPTO_PS256, context);
    return AMBIT_OK;
}

/* ---- verify ---- */

static bool verify_digest(const struct crypto_key *key, EVP_PKEY_CTX *ctx, struct ambit_str message,
                          struct ambit_str signature)
{
    struct ambit_digest digest = {{0}};
    uint8_t der[DER_MAX] = {0};
    const uint8_t *from = (const uint8_t *)signature.p;
    size_t len = signature.len;

    if (key->kind == KEY_EC) {
        if (!raw_to_der(signature, der, &len))
            return false;
        from = der;
    }
    crypto_sha256(message.p, message.len, &digest);
    return EVP_PKEY_verify(ctx, from, len, digest.b, sizeof digest.b) == 1;
}

static enum ambit_err verify_message(const struct crypto_key *key, EVP_MD_CTX *md,
                                     struct ambit_str message, struct ambit_str signature)
{
    EVP_PKEY *first = EVP_MD_CTX_get_pkey_ctx(md) ? NULL : key->pkey;

    if (EVP_DigestVerifyInit_ex(md, NULL, NULL, NULL, NULL, first, NULL) != 1)
        return AMBIT_ERR_CRYPTO;
    return EVP_DigestVerify(md, (const uint8_t *)signature.p, signature.len,
                            (const uint8_t *)message.p, message.len) == 1
               ? AMBIT_OK
               : AMBIT_ERR_REFUSED;
}

enum ambit_err crypto_verify(const struct crypto_key *key, enum crypto_alg alg,
                             struct ambit_str message, struct ambit_str signature)
{
    CRYPTO_SCOPE;
    bool is_pss = alg == CRYPTO_PS256;
    enum ambit_err err = AMBIT_ERR_REFUSED;

    if (!crypto_key_fits(key, alg))
        return AMBIT_ERR_REFUSED;
    struct key_context *context = borrow(key, KEY_VERIFIES, is_pss);
    if (!context)
        return AMBIT_ERR_NO_MEMORY;
    if (context->md)
        err = verify_message(key, context->md, message, signature);
    else if (verify_digest(key, context->pkey, message, signature))
        err = AMBIT_OK;
    if (err == AMBIT_ERR_CRYPTO)
        context_free(context);
    else
        give_back(key, KEY_VERIFIES, is_pss, context);
    return err;
}
