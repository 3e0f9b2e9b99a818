/* SPDX-License-Identifier: Apache-2.0 */
/* JWK sets: whatever is accepted holds public keys only, and a header chooses at most the one key
 * that fits it. */
#include "crypto/jws.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jwk_set *set = NULL;
    if (jwk_set_new((struct ambit_str){.p = (const char *)data, .len = size}, &set)) {
        FUZZ_CHECK(set == NULL);
        jwk_set_free(NULL);
        return 0;
    }

    static const struct ambit_str kids[] = {{NULL, 0}, {"a", 1}, {"", 0}};
    for (size_t i = 0; i < jwk_set_count(set); i++) {
        const struct crypto_key *key = jwk_set_key(set, i);
        FUZZ_CHECK(!crypto_key_is_private(key));
        for (size_t k = 0; k < AMBIT_LEN(kids); k++) {
            struct jws jws = {.alg = crypto_key_alg(key), .kid = kids[k]};
            const struct crypto_key *chosen = NULL;
            if (!jwk_set_select(set, &jws, &chosen))
                FUZZ_CHECK(crypto_key_fits(chosen, jws.alg));
        }
    }
    jwk_set_free(set);
    return 0;
}
