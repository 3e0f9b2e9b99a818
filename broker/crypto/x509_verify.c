/* SPDX-License-Identifier: Apache-2.0 */
/* Anchors, and paths to them. A store per set of anchors is built once; OpenSSL locks it inside, so
 * that any number of threads may verify with it. Nothing of the machine's own trust store is ever
 * loaded, and time is what the caller says. */
#include <openssl/pem.h>

#include "crypto/x509_inside.h"

enum { ANCHORS_MAX = 256, PEM_BYTES_MAX = 1 << 20, AUTH_LEVEL = 2 /* 112 bits */ };

struct x509_anchors {
    X509_STORE *store;
};

static void anchors_freep(struct x509_anchors **anchors)
{
    x509_anchors_free(*anchors);
}

static enum ambit_err anchors_new(struct x509_anchors **ret)
{
    struct x509_anchors *anchors = calloc(1, sizeof *anchors);
    if (!anchors)
        return AMBIT_ERR_NO_MEMORY;
    anchors->store = X509_STORE_new();
    if (!anchors->store) {
        free(anchors);
        return AMBIT_ERR_NO_MEMORY;
    }
    *ret = anchors;
    return AMBIT_OK;
}

void x509_anchors_free(struct x509_anchors *anchors)
{
    if (!anchors)
        return;
    X509_STORE_free(anchors->store);
    free(anchors);
}

/* An anchor is trusted as such, self-signed or not; so it must be able to issue. */
static enum ambit_err add_anchor(struct x509_anchors *anchors, X509 *certificate)
{
    if (!(X509_get_extension_flags(certificate) & EXFLAG_CA))
        return AMBIT_ERR_REFUSED;
    return X509_STORE_add_cert(anchors->store, certificate) == 1 ? AMBIT_OK : AMBIT_ERR_CRYPTO;
}

static bool is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

enum ambit_err x509_anchors_from_pem(struct ambit_str pem, struct x509_anchors **ret)
{
    CRYPTO_SCOPE;
    if (pem.len > PEM_BYTES_MAX)
        return AMBIT_ERR_TOO_LARGE;
    AMBIT_CLEANUP(anchors_freep) struct x509_anchors *anchors = NULL;
    enum ambit_err err = anchors_new(&anchors);
    if (err)
        return err;
    BIO_AUTO *in = BIO_new_mem_buf(pem.p, (int)pem.len);
    if (!in)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t n = 0;; n++) {
        X509_AUTO *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!certificate) {
            if (!is_at_end())
                return AMBIT_ERR_MALFORMED;
            if (n == 0)
                return AMBIT_ERR_NOT_FOUND;
            *ret = TAKE(anchors);
            return AMBIT_OK;
        }
        if (n == ANCHORS_MAX)
            return AMBIT_ERR_TOO_LARGE;
        if (X509_check_purpose(certificate, -1, 0) != 1)
            return AMBIT_ERR_MALFORMED;
        err = add_anchor(anchors, certificate);
        if (err)
            return err;
    }
}

enum ambit_err x509_anchors_from_der(const struct ambit_str *certificates, size_t n,
                                     struct x509_anchors **ret)
{
    CRYPTO_SCOPE;
    AMBIT_CLEANUP(anchors_freep) struct x509_anchors *anchors = NULL;
    enum ambit_err err = n == 0 ? AMBIT_ERR_NOT_FOUND : anchors_new(&anchors);
    for (size_t i = 0; !err && i < n; i++) {
        X509_AUTO *certificate = NULL;
        err = x509_read_whole(certificates[i], &certificate);
        if (!err)
            err = add_anchor(anchors, certificate);
    }
    if (!err)
        *ret = TAKE(anchors);
    return err;
}

/* ---- paths ---- */

static void stack_freep(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
}

static void store_ctx_freep(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

/* What else the client sent; a chain that cannot be read whole is no chain. */
static enum ambit_err read_others(const struct ambit_str *chain, size_t n, STACK_OF(X509) * others)
{
    for (size_t i = 1; i < n; i++) {
        X509_AUTO *certificate = NULL;
        enum ambit_err err = x509_read_whole(chain[i], &certificate);
        if (err)
            return AMBIT_ERR_REFUSED;
        if (!sk_X509_push(others, certificate))
            return AMBIT_ERR_NO_MEMORY;
        TAKE(certificate);
    }
    return AMBIT_OK;
}

static bool set_rules(X509_STORE_CTX *ctx, int64_t now_ms)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(rules, (time_t)(now_ms / 1000));
    X509_VERIFY_PARAM_set_depth(rules, X509_CHAIN_MAX);
    X509_VERIFY_PARAM_set_auth_level(rules, AUTH_LEVEL);
    return X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT) == 1 &&
           X509_VERIFY_PARAM_set_flags(rules,
                                       X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

enum ambit_err x509_verify(const struct x509_anchors *anchors, const struct x509_leaf *leaf,
                           const struct ambit_str *chain, size_t n, int64_t now_ms)
{
    CRYPTO_SCOPE;
    if (n == 0 || n > X509_CHAIN_MAX || (X509_get_extension_flags(leaf->certificate) & EXFLAG_CA))
        return AMBIT_ERR_REFUSED;
    AMBIT_CLEANUP(stack_freep) STACK_OF(X509) *others = sk_X509_new_null();
    AMBIT_CLEANUP(store_ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!others || !ctx)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = read_others(chain, n, others);
    if (err)
        return err;
    if (X509_STORE_CTX_init(ctx, anchors->store, leaf->certificate, others) != 1)
        return AMBIT_ERR_CRYPTO;
    if (!set_rules(ctx, now_ms))
        return AMBIT_ERR_CRYPTO;
    int verdict = X509_verify_cert(ctx);
    if (verdict == 1)
        return AMBIT_OK;
    return X509_STORE_CTX_get_error(ctx) == X509_V_ERR_OUT_OF_MEM ? AMBIT_ERR_NO_MEMORY
                                                                  : AMBIT_ERR_REFUSED;
}
