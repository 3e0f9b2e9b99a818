/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of crypto/ share. No other room includes it. Every public function that can leave
 * something in OpenSSL's error queue opens a CRYPTO_SCOPE: the queue is empty at entry and at exit,
 * so that no error of ours is ever taken for somebody else's. */
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "crypto/key.h"

static inline bool crypto_scope_begin(void)
{
    ERR_clear_error();
    return true;
}
static inline void crypto_scope_end(const bool *scope)
{
    (void)scope;
    ERR_clear_error();
}
#define CRYPTO_SCOPE                                                          \
    AMBIT_CLEANUP(crypto_scope_end) const bool scope_ = crypto_scope_begin(); \
    (void)scope_

static inline void crypto_pkeyp(EVP_PKEY **p)
{
    EVP_PKEY_free(*p);
}
static inline void crypto_pkey_ctxp(EVP_PKEY_CTX **p)
{
    EVP_PKEY_CTX_free(*p);
}
static inline void crypto_bnp(BIGNUM **p)
{
    BN_clear_free(*p);
}
static inline void crypto_biop(BIO **p)
{
    BIO_free(*p);
}
#define PKEY_AUTO     AMBIT_CLEANUP(crypto_pkeyp) EVP_PKEY
#define PKEY_CTX_AUTO AMBIT_CLEANUP(crypto_pkey_ctxp) EVP_PKEY_CTX
#define BN_AUTO       AMBIT_CLEANUP(crypto_bnp) BIGNUM
#define BIO_AUTO      AMBIT_CLEANUP(crypto_biop) BIO

/* SHA-256, fetched once a process: an implicit fetch costs more than hashing a kilobyte. */
const EVP_MD *crypto_md(void);

enum key_kind { KEY_EC, KEY_OKP, KEY_RSA };
enum key_use { KEY_SIGNS, KEY_VERIFIES };

/* A prepared operation. Preparing one costs a fetch and several allocations, so the key keeps those
 * that are not at work; a thread has one to itself while it works. */
struct key_context {
    struct key_context *next;
    EVP_PKEY_CTX *pkey; /* EC, RSA: over a digest */
    EVP_MD_CTX *md;     /* OKP: over the message; owns `pkey` then */
};

struct crypto_key {
    atomic_uint holders;
    enum key_kind kind;
    bool is_private;
    EVP_PKEY *pkey; /* never changed: OpenSSL allows concurrent use of such a key */
    struct ambit_digest thumbprint;
    pthread_mutex_t lock; /* guards `idle` and `n_idle` alone, held for a few instructions */
    struct key_context *idle[2][2]; /* by key_use and whether PS256 */
    unsigned n_idle[2][2];
};

enum { KEY_PART_MAX = CRYPTO_RSA_BITS_MAX / 8, P256_BYTES = 32 };

/* Takes over `pkey`, also on failure; refuses kinds, curves and sizes that ambit does not use. A
 * private key must prove itself: sign something that its public half verifies. */
AMBIT_CHECKED enum ambit_err key_take(EVP_PKEY *pkey, bool is_private, struct crypto_key **ret);
/* One member of the JWK as bytes: x y n e, and of private keys d p q dp dq qi. NOT_FOUND when keys
 * of this kind have none of that name. */
AMBIT_CHECKED enum ambit_err key_part(const struct crypto_key *key, const char *name,
                                      uint8_t dst[KEY_PART_MAX], size_t *ret_len);
/* The sizes and shapes that an RSA modulus and exponent must have (JWS-7, JWS-8). */
bool rsa_is_acceptable(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len);
void key_contexts_free(struct crypto_key *key);

/* The order of P-256, big-endian (SP 800-186). */
extern const uint8_t p256_order[P256_BYTES];
