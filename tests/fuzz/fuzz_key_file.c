/* SPDX-License-Identifier: Apache-2.0 */
/* Key files, PEM or JWK: what is accepted is written as PEM and read again as the same key. Never
 * asks for a pass phrase. */
#include "base/buf.h"
#include "crypto/key.h"
#include "fuzz.h"

static void check(const struct crypto_key *key, bool is_private)
{
    BUF_AUTO pem = {.p = NULL};
    CRYPTO_KEY_AUTO *again = NULL;
    FUZZ_CHECK(crypto_key_is_private(key) == is_private);
    FUZZ_CHECK(!crypto_key_put_pem(key, &pem));
    FUZZ_CHECK(!(is_private ? crypto_key_from_private_text(buf_str(&pem), &again)
                            : crypto_key_from_public_text(buf_str(&pem), &again)));
    FUZZ_CHECK(ambit_digest_eq(crypto_key_thumbprint(key), crypto_key_thumbprint(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    CRYPTO_KEY_AUTO *public_key = NULL;
    CRYPTO_KEY_AUTO *private_key = NULL;
    if (!crypto_key_from_public_text(text, &public_key))
        check(public_key, false);
    if (!crypto_key_from_private_text(text, &private_key))
        check(private_key, true);
    return 0;
}
