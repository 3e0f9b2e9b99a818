/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 with a context per thread. */
#include "crypto/digest.h"

#include <pthread.h>

#include <openssl/evp.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key; /* set once, below */
static EVP_MD *sha256;            /* set once, below */

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    AMBIT_ASSERT(sha256 && pthread_key_create(&context_key, context_free) == 0);
}

static EVP_MD_CTX *context_of_thread(void)
{
    (void)pthread_once(&once, fetch);
    EVP_MD_CTX *context = pthread_getspecific(context_key);
    if (!context) {
        context = EVP_MD_CTX_new();
        AMBIT_ASSERT(context && pthread_setspecific(context_key, context) == 0);
    }
    return context;
}

void crypto_sha256(const void *p, size_t len, struct ambit_digest *ret)
{
    EVP_MD_CTX *context = context_of_thread();
    unsigned size = 0;
    bool is_done = EVP_DigestInit_ex2(context, sha256, NULL) == 1 &&
                   EVP_DigestUpdate(context, p, len) == 1 &&
                   EVP_DigestFinal_ex(context, ret->b, &size) == 1;
    AMBIT_ASSERT(is_done && size == sizeof ret->b);
}
