/* SPDX-License-Identifier: Apache-2.0 */
/* JWK: what is accepted is written again as a key with the same thumbprint, of an accepted size;
 * a text that gives a public key gives no private one, and the other way round. */
#include "base/buf.h"
#include "base/json_write.h"
#include "crypto/key.h"
#include "fuzz.h"

static void check_public(const struct crypto_key *key)
{
    BUF_AUTO text = {.p = NULL};
    CRYPTO_KEY_AUTO *again = NULL;
    struct json_out out = {.buf = NULL};
    json_out_init(&out, &text, true);
    crypto_key_put_jwk(key, crypto_key_alg(key), &out);
    FUZZ_CHECK(!buf_check(&text));
    FUZZ_CHECK(!crypto_key_from_jwk_text(buf_str(&text), &again));
    FUZZ_CHECK(!crypto_key_is_private(again));
    FUZZ_CHECK(ambit_digest_eq(crypto_key_thumbprint(key), crypto_key_thumbprint(again)));
}

static void check_private(const struct crypto_key *key)
{
    BUF_AUTO text = {.p = NULL};
    CRYPTO_KEY_AUTO *again = NULL;
    CRYPTO_KEY_AUTO *none = NULL;
    struct json_out out = {.buf = NULL};
    FUZZ_CHECK(crypto_key_is_private(key));
    json_out_init(&out, &text, true);
    FUZZ_CHECK(!crypto_key_put_private_jwk(key, crypto_key_alg(key), &out));
    FUZZ_CHECK(!crypto_key_from_private_jwk_text(buf_str(&text), &again));
    FUZZ_CHECK(ambit_digest_eq(crypto_key_thumbprint(key), crypto_key_thumbprint(again)));
    FUZZ_CHECK(crypto_key_from_jwk_text(buf_str(&text), &none) == AMBIT_ERR_REFUSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    CRYPTO_KEY_AUTO *public_key = NULL;
    CRYPTO_KEY_AUTO *private_key = NULL;
    enum ambit_err public_err = crypto_key_from_jwk_text(text, &public_key);
    enum ambit_err private_err = crypto_key_from_private_jwk_text(text, &private_key);
    FUZZ_CHECK(public_err || private_err);
    if (!public_err)
        check_public(public_key);
    if (!private_err) {
        check_private(private_key);
        check_public(private_key);
    }
    return 0;
}
