/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS: what parses is exactly the text that its parts encode to, and is signed by no key of
 * ours; whatever bytes we sign parse and verify as the same. */
#include "base/json_read.h"
#include "crypto/jws.h"
#include "fuzz.h"

static struct jws_signer *signer_of_process(void)
{
    static struct jws_signer *signer;
    if (!signer) {
        CRYPTO_KEY_AUTO *key = NULL;
        FUZZ_CHECK(!crypto_key_new(CRYPTO_ES256, &key));
        FUZZ_CHECK(!jws_signer_new(key, CRYPTO_ES256, &signer));
        struct jws_signer *wrong = NULL;
        FUZZ_CHECK(jws_signer_new(key, CRYPTO_RS256, &wrong) == AMBIT_ERR_REFUSED);
        jws_signer_free(NULL);
    }
    return signer;
}

static void check_parsed(const struct jws *jws, struct ambit_str text)
{
    BUF_AUTO printed = {.p = NULL};
    const char *dot = memchr(text.p, '.', text.len);
    FUZZ_CHECK(dot != NULL);
    buf_put(&printed, text.p, (size_t)(dot - text.p) + 1);
    buf_put_base64url(&printed, (const uint8_t *)jws->payload.p, jws->payload.len);
    FUZZ_CHECK(ambit_str_eq(jws->signing_input, buf_str(&printed)));
    buf_put_char(&printed, '.');
    buf_put_base64url(&printed, (const uint8_t *)jws->signature.p, jws->signature.len);
    FUZZ_CHECK(ambit_str_eq(text, buf_str(&printed)));

    FUZZ_CHECK(jws->header->kind == JSON_OBJECT && !json_get(jws->header, "crit"));
    FUZZ_CHECK(ambit_str_is(json_get_str(jws->header, "alg"), crypto_alg_text(jws->alg)));
    for (size_t i = 0; i < jws->typ.len; i++)
        FUZZ_CHECK(jws->typ.p[i] < 'A' || jws->typ.p[i] > 'Z');
    const struct crypto_key *key = jws_signer_key(signer_of_process());
    FUZZ_CHECK(jws_verify(key, CRYPTO_ALGS_ALL, jws) == AMBIT_ERR_REFUSED);
    FUZZ_CHECK(jws_verify(key, 0, jws) == AMBIT_ERR_REFUSED);
}

static void check_signed(struct ambit_str payload)
{
    const struct jws_signer *signer = signer_of_process();
    BUF_AUTO text = {.p = NULL};
    ARENA_AUTO arena = {.p = NULL};
    struct jws jws = {.kid = {NULL, 0}};
    arena_init(&arena, NULL, 0, 1024 * 1024);
    FUZZ_CHECK(!jws_sign(signer, "at+jwt", payload, &text));
    enum ambit_err err = jws_parse(buf_str(&text), &arena, &jws);
    FUZZ_CHECK(err == (text.len > AMBIT_JWS_BYTES ? AMBIT_ERR_TOO_LARGE : AMBIT_OK));
    if (!err) {
        FUZZ_CHECK(ambit_str_eq(jws.payload, payload) && jws_is_typ(&jws, "at+jwt"));
        FUZZ_CHECK(
            !jws_verify(jws_signer_key(signer), CRYPTO_ALG_BIT(jws_signer_alg(signer)), &jws));
    }

    char memory[64];
    struct buf small = {.p = NULL};
    buf_init_fixed(&small, memory, sizeof memory);
    FUZZ_CHECK(jws_sign(signer, "at+jwt", payload, &small) == AMBIT_ERR_TOO_LARGE);
    FUZZ_CHECK(small.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    ARENA_AUTO arena = {.p = NULL};
    struct jws jws = {.kid = {NULL, 0}};
    arena_init(&arena, NULL, 0, 1024 * 1024);
    if (!jws_parse(text, &arena, &jws))
        check_parsed(&jws, text);
    check_signed(text);
    return 0;
}
