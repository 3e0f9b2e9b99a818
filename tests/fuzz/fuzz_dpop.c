/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of possession: what passes says what the rules ask of it, for this method and address,
 * just now, and is signed by the key it is taken for; of any bytes as the header, and of any bytes
 * as the claims of a well signed one. Any bytes as an address have one normal form or none, and any
 * bytes as a nonce are none of ours. */
#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "crypto/jws.h"
#include "fuzz.h"
#include "identity/dpop.h"
#include "identity/htu.h"

#define URI "https://ambit.example.gov/token"
static const int64_t now_ms = 1790000000000;

static void check_fine(struct ambit_str proof, const struct dpop_proof *got, struct arena *arena)
{
    struct jws jws = {0};
    const struct json_value *claims = NULL;
    struct ambit_str htu = {0};
    CRYPTO_KEY_AUTO *key = NULL;
    FUZZ_CHECK(jws_parse(proof, arena, &jws) == AMBIT_OK && jws_is_typ(&jws, "dpop+jwt"));
    FUZZ_CHECK(crypto_key_from_jwk(json_get(jws.header, "jwk"), &key) == AMBIT_OK);
    FUZZ_CHECK(!crypto_key_is_private(key));
    FUZZ_CHECK(jws_verify(key, CRYPTO_ALGS_ALL, &jws) == AMBIT_OK);
    FUZZ_CHECK(ambit_digest_eq(got->key, crypto_key_thumbprint(key)));
    FUZZ_CHECK(json_read(jws.payload, (struct json_limits){.allow_decimals = true}, arena, &claims,
                         NULL) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_is(json_get_str(claims, "htm"), "POST"));
    FUZZ_CHECK(htu_normalise(json_get_str(claims, "htu"), arena, &htu) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_is(htu, URI) && ambit_str_eq(htu, got->htu));
    size_t jti_len = json_get_str(claims, "jti").len;
    FUZZ_CHECK(jti_len >= 1 && jti_len <= AMBIT_JTI_BYTES && json_get(claims, "iat"));
    FUZZ_CHECK(got->once_until_ms > now_ms);
    FUZZ_CHECK(got->once_until_ms <= now_ms + (DPOP_PROOF_BACK_S + DPOP_PROOF_AHEAD_S) * 1000 + 1);
}

static void check_proof(struct ambit_str proof, struct arena *arena)
{
    static const struct dpop_nonces nonces = {.key = {1}};
    struct dpop_question question = {
        .proof = proof, .method = AMBIT_STR("POST"), .uri = AMBIT_STR(URI), .now_ms = now_ms};
    struct dpop_proof got = {.refusal = DPOP_INVALID_TOKEN};
    FUZZ_CHECK(dpop_check(&question, arena, &got) == AMBIT_OK);
    FUZZ_CHECK(got.refusal == DPOP_FINE || (got.refusal == DPOP_INVALID_PROOF && got.what));
    if (got.refusal == DPOP_FINE)
        check_fine(proof, &got, arena);

    /* Nobody knows a nonce, and nobody the digest of this token. */
    question.nonces = &nonces;
    FUZZ_CHECK(dpop_check(&question, arena, &got) == AMBIT_OK && got.refusal != DPOP_FINE);
    question.nonces = NULL;
    question.token = AMBIT_STR("a token that is in no corpus");
    FUZZ_CHECK(dpop_check(&question, arena, &got) == AMBIT_OK && got.refusal != DPOP_FINE);
}

static void check_address(struct ambit_str bytes, struct arena *arena)
{
    struct ambit_str once = {0}, twice = {0};
    if (htu_normalise(bytes, arena, &once) != AMBIT_OK)
        return;
    FUZZ_CHECK(htu_normalise(once, arena, &twice) == AMBIT_OK && ambit_str_eq(once, twice));
    struct ambit_str origin = htu_origin(once);
    FUZZ_CHECK(origin.len > sizeof "http://" - 1 && origin.len < once.len);
    FUZZ_CHECK(once.p[origin.len] == '/' && !memchr(once.p, '?', once.len) &&
               !memchr(once.p, '#', once.len) && !memchr(once.p, '@', origin.len));
}

/* The header of a proof by this key, as it is signed. */
static void put_header(const struct crypto_key *key, struct buf *out)
{
    BUF_AUTO text, jwk;
    struct json_out json;
    buf_init(&text, 0);
    buf_init(&jwk, 0);
    json_out_init(&json, &jwk, false);
    crypto_key_put_jwk(key, CRYPTO_ES256, &json);
    buf_put_text(&text, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":");
    buf_put_str(&text, buf_str(&jwk));
    buf_put_char(&text, '}');
    buf_put_base64url(out, (const uint8_t *)text.p, text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto_key *key;
    uint8_t signature[CRYPTO_SIGNATURE_MAX];
    size_t len = 0;
    if (!key)
        FUZZ_CHECK(crypto_key_new(CRYPTO_ES256, &key) == AMBIT_OK);
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str bytes = {.p = size ? (const char *)data : "", .len = size};
    check_proof(bytes, &arena);
    check_address(bytes, &arena);

    BUF_AUTO proof;
    buf_init(&proof, 0);
    put_header(key, &proof);
    buf_put_char(&proof, '.');
    buf_put_base64url(&proof, data, size);
    FUZZ_CHECK(crypto_sign(key, CRYPTO_ES256, buf_str(&proof), signature, &len) == AMBIT_OK);
    buf_put_char(&proof, '.');
    buf_put_base64url(&proof, signature, len);
    if (proof.len <= AMBIT_JWS_BYTES)
        check_proof(buf_str(&proof), &arena);
    return 0;
}
