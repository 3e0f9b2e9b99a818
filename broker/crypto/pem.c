/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as files hold them: PEM (PKCS#8, SPKI) or JWK. */
#include <openssl/pem.h>

#include "base/buf.h"
#include "crypto/inside.h"
#include "crypto/key.h"

enum { PEM_MAX = 64 * 1024 };

/* Without this OpenSSL would ask on the terminal for the pass phrase of an encrypted key. */
static int no_pass_phrase(char *dst, int size, int is_writing, void *ctx)
{
    (void)dst;
    (void)size;
    (void)is_writing;
    (void)ctx;
    return -1;
}

enum ambit_err crypto_key_put_pem(const struct crypto_key *key, struct buf *out)
{
    CRYPTO_SCOPE;
    BIO_AUTO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;

    if (!bio)
        return AMBIT_ERR_NO_MEMORY;
    int done = key->is_private ? PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0,
                                                               no_pass_phrase, NULL)
                               : PEM_write_bio_PUBKEY(bio, key->pkey);
    long len = done == 1 ? BIO_get_mem_data(bio, &text) : 0;
    if (len <= 0)
        return AMBIT_ERR_CRYPTO;
    buf_put(out, text, (size_t)len);
    return buf_check(out);
}

static enum ambit_err from_pem(struct ambit_str text, bool is_private, struct crypto_key **ret)
{
    CRYPTO_SCOPE;

    if (text.len > PEM_MAX)
        return AMBIT_ERR_TOO_LARGE;
    BIO_AUTO *bio = BIO_new_mem_buf(text.p, (int)text.len);
    if (!bio)
        return AMBIT_ERR_NO_MEMORY;
    EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL)
                                : PEM_read_bio_PUBKEY(bio, NULL, no_pass_phrase, NULL);
    return pkey ? key_take(pkey, is_private, ret) : AMBIT_ERR_MALFORMED;
}

static bool is_jwk(struct ambit_str text)
{
    return text.len && (text.p[0] == '{' || text.p[0] == ' ' || text.p[0] == '\n');
}

enum ambit_err crypto_key_from_private_text(struct ambit_str text, struct crypto_key **ret)
{
    return is_jwk(text) ? crypto_key_from_private_jwk_text(text, ret) : from_pem(text, true, ret);
}

enum ambit_err crypto_key_from_public_text(struct ambit_str text, struct crypto_key **ret)
{
    return is_jwk(text) ? crypto_key_from_jwk_text(text, ret) : from_pem(text, false, ret);
}
