/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with a context per thread, HMAC, comparison. */
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "crypto/inside.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key; /* set once, below */
static EVP_MD *sha256;            /* set once, below */
static EVP_MAC *hmac;             /* set once, below */

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    int failed = pthread_key_create(&context_key, context_free);
    AMBIT_ASSERT(sha256 && hmac && !failed);
}

const EVP_MD *crypto_md(void)
{
    int failed = pthread_once(&once, fetch);

    AMBIT_ASSERT(!failed);
    return sha256;
}

static EVP_MD_CTX *context_of_thread(void)
{
    const EVP_MD *md = crypto_md();
    EVP_MD_CTX *context = pthread_getspecific(context_key);

    if (!context) {
        context = EVP_MD_CTX_new();
        AMBIT_ASSERT(context && pthread_setspecific(context_key, context) == 0);
    }
    bool is_begun = EVP_DigestInit_ex2(context, md, NULL) == 1;
    AMBIT_ASSERT(is_begun);
    return context;
}

static void finish(EVP_MD_CTX *context, struct ambit_digest *ret)
{
    unsigned size = 0;
    bool is_done = EVP_DigestFinal_ex(context, ret->b, &size) == 1;

    AMBIT_ASSERT(is_done && size == sizeof ret->b);
}

void crypto_sha256(const void *bytes, size_t len, struct ambit_digest *ret)
{
    struct ambit_str whole = {.p = bytes, .len = len};

    crypto_sha256_parts(&whole, 1, ret);
}

void crypto_sha256_parts(const struct ambit_str *parts, size_t n, struct ambit_digest *ret)
{
    EVP_MD_CTX *context = context_of_thread();

    for (size_t i = 0; i < n; i++) {
        bool is_added = EVP_DigestUpdate(context, parts[i].p, parts[i].len) == 1;
        AMBIT_ASSERT(is_added);
    }
    finish(context, ret);
}

struct crypto_hash {
    EVP_MD_CTX *context;
};

enum ambit_err crypto_hash_begin(struct crypto_hash **ret)
{
    struct crypto_hash *hash = calloc(1, sizeof *hash);

    if (!hash)
        return AMBIT_ERR_NO_MEMORY;
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex2(hash->context, crypto_md(), NULL) != 1) {
        EVP_MD_CTX_free(hash->context);
        free(hash);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = hash;
    return AMBIT_OK;
}

void crypto_hash_add(struct crypto_hash *hash, const void *bytes, size_t len)
{
    bool is_added = EVP_DigestUpdate(hash->context, bytes, len) == 1;

    AMBIT_ASSERT(is_added);
}

void crypto_hash_end(struct crypto_hash *hash, struct ambit_digest *ret)
{
    if (!hash)
        return;
    if (ret)
        finish(hash->context, ret);
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

void crypto_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                        struct ambit_digest *ret)
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t size = 0;

    AMBIT_ASSERT(crypto_md() != NULL); /* fetches hmac too */
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
    /* A key of no bytes is a key: it must not be taken for "no key given". */
    bool is_done = context && EVP_MAC_init(context, key_len ? key : "", key_len, params) == 1 &&
                   EVP_MAC_update(context, bytes, len) == 1 &&
                   EVP_MAC_final(context, ret->b, &size, sizeof ret->b) == 1;
    EVP_MAC_CTX_free(context);
    AMBIT_ASSERT(is_done && size == sizeof ret->b);
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || CRYPTO_memcmp(a, b, len) == 0;
}

bool crypto_equal_str(struct ambit_str a, struct ambit_str b)
{
    return a.len == b.len && crypto_equal(a.p, b.p, a.len);
}
