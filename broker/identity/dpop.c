/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a proof of possession: a run of refusals. */
#include "identity/dpop.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"
#include "crypto/jws.h"
#include "identity/htu.h"

enum { NONCE_BYTES = 256, HASH_TEXT_LEN = 43 };

struct claims {
    struct ambit_str jti, htm, htu, nonce, ath;
    int64_t iat_ms;
};

static enum ambit_err refuse(struct dpop_proof *ret, enum dpop_refusal refusal, const char *what)
{
    ret->refusal = refusal;
    ret->what = what;
    return AMBIT_OK;
}

static enum ambit_err invalid(struct dpop_proof *ret, const char *what)
{
    return refuse(ret, DPOP_INVALID_PROOF, what);
}

/* ---- the key that it brings ------------------------------------------------------------------ */

/* JWS-6: what the key says of its own use must agree. */
static bool is_for_signatures(const struct json_value *jwk, const struct jws *jws)
{
    const struct json_value *alg = json_get(jwk, "alg"), *use = json_get(jwk, "use");
    enum crypto_alg named = CRYPTO_ES256;
    if (use && !(use->kind == JSON_STRING && ambit_str_is(use->text, "sig")))
        return false;
    if (!alg)
        return true;
    if (alg->kind != JSON_STRING || crypto_alg_parse(alg->text, &named) != AMBIT_OK)
        return false;
    bool is_edwards = named == CRYPTO_EDDSA || named == CRYPTO_ED25519;
    return named == jws->alg ||
           (is_edwards && (jws->alg == CRYPTO_EDDSA || jws->alg == CRYPTO_ED25519));
}

/* Steps 2 and 3. REFUSED, MALFORMED, UNSUPPORTED: the proof's fault. */
static enum ambit_err verify(const struct jws *jws, struct ambit_digest *ret_key)
{
    CRYPTO_KEY_AUTO *key = NULL;
    const struct json_value *jwk = json_get(jws->header, "jwk");
    if (!jwk || !is_for_signatures(jwk, jws))
        return AMBIT_ERR_REFUSED;
    enum ambit_err err = crypto_key_from_known_jwk(jwk, &key);
    if (err)
        return err;
    err = jws_verify(key, CRYPTO_ALGS_ALL, jws);
    if (!err)
        *ret_key = crypto_key_thumbprint(key);
    return err;
}

static bool is_proofs_fault(enum ambit_err err)
{
    return err == AMBIT_ERR_REFUSED || err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_UNSUPPORTED ||
           err == AMBIT_ERR_TOO_LARGE;
}

/* ---- what it says ---------------------------------------------------------------------------- */

/* A text, or absent; false for any other kind. */
static bool read_text(const struct json_value *payload, const char *name, struct ambit_str *ret)
{
    const struct json_value *value = json_get(payload, name);
    if (value && value->kind != JSON_STRING)
        return false;
    *ret = value ? value->text : (struct ambit_str){0};
    return true;
}

/* NumericDate (JWS-10). */
static bool read_time(const struct json_value *payload, const char *name, int64_t *ret_ms)
{
    const struct json_value *value = json_get(payload, name);
    double seconds = -1;
    if (value && value->kind == JSON_INTEGER)
        seconds = (double)value->integer;
    else if (value && value->kind == JSON_DECIMAL)
        seconds = value->decimal;
    if (!(seconds > 0 && seconds <= 9007199254740.0)) /* milliseconds stay below 2^53 */
        return false;
    *ret_ms = (int64_t)(seconds * 1000);
    return true;
}

static enum ambit_err read_claims(const struct jws *jws, struct arena *arena, struct claims *ret)
{
    const struct json_value *payload = NULL;
    struct json_problem problem = {0};
    enum ambit_err err = json_read(jws->payload, (struct json_limits){.allow_decimals = true},
                                   arena, &payload, &problem);
    if (err)
        return err;
    bool is_fine = payload->kind == JSON_OBJECT && read_text(payload, "jti", &ret->jti) &&
                   read_text(payload, "htm", &ret->htm) && read_text(payload, "htu", &ret->htu) &&
                   read_text(payload, "nonce", &ret->nonce) &&
                   read_text(payload, "ath", &ret->ath) && read_time(payload, "iat", &ret->iat_ms);
    bool is_whole = is_fine && ret->jti.len >= 1 && ret->jti.len <= AMBIT_JTI_BYTES && ret->htm.p &&
                    ret->htu.p && ret->nonce.len <= NONCE_BYTES;
    return is_whole ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

static bool names_token(struct ambit_str ath, struct ambit_str token)
{
    struct ambit_digest digest;
    char text[HASH_TEXT_LEN];
    crypto_sha256(token.p, token.len, &digest);
    base64url_encode(digest.b, sizeof digest.b, text);
    return crypto_equal_str(ath, (struct ambit_str){.p = text, .len = sizeof text});
}

/* One `jti` of one key for one address, each behind its length. */
static struct ambit_digest once_of(const struct ambit_digest *key, struct ambit_str htu,
                                   struct ambit_str jti)
{
    uint8_t htu_len[4], jti_len[4];
    put_be32(htu_len, (uint32_t)htu.len);
    put_be32(jti_len, (uint32_t)jti.len);
    const struct ambit_str parts[] = {
        {.p = "ambit dpop proof v1", .len = sizeof "ambit dpop proof v1"}, /* with its NUL */
        {.p = (const char *)key->b, .len = sizeof key->b},
        {.p = (const char *)htu_len, .len = sizeof htu_len},
        htu,
        {.p = (const char *)jti_len, .len = sizeof jti_len},
        jti,
    };
    struct ambit_digest digest;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return digest;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Steps 5 to 8, and 10. */
static enum ambit_err judge(const struct dpop_question *question, const struct claims *claims,
                            struct arena *arena, struct dpop_proof *ret)
{
    struct ambit_str uri = {0};
    if (!ambit_str_eq(claims->htm, question->method))
        return invalid(ret, "the DPoP proof is for another method");
    enum ambit_err err = htu_normalise(question->uri, arena, &uri);
    if (err == AMBIT_OK)
        err = htu_normalise(claims->htu, arena, &ret->htu);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err || !ambit_str_eq(uri, ret->htu))
        return invalid(ret, "the DPoP proof is for another address");
    if (question->nonces && !dpop_nonce_is_good(question->nonces, question->place, claims->nonce,
                                                question->now_ms, &ret->nonce_is_old))
        return refuse(ret, DPOP_USE_NONCE, "a nonce of this server is needed in the DPoP proof");
    if (claims->iat_ms > question->now_ms + DPOP_PROOF_AHEAD_S * 1000 ||
        claims->iat_ms < question->now_ms - DPOP_PROOF_BACK_S * 1000)
        return invalid(ret, "the DPoP proof was not made just now");
    if (question->token.p && !names_token(claims->ath, question->token))
        return invalid(ret, "the DPoP proof is for another token");
    ret->once = once_of(&ret->key, ret->htu, claims->jti);
    ret->once_until_ms = claims->iat_ms + DPOP_PROOF_BACK_S * 1000 + 1;
    ret->refusal = DPOP_FINE;
    return AMBIT_OK;
}

enum ambit_err dpop_check(const struct dpop_question *question, struct arena *arena,
                          struct dpop_proof *ret)
{
    struct jws jws = {0};
    struct claims claims = {.iat_ms = 0};
    *ret = (struct dpop_proof){.refusal = DPOP_INVALID_PROOF};
    enum ambit_err err = jws_parse(question->proof, arena, &jws);
    if (is_proofs_fault(err))
        return invalid(ret, "the DPoP header is no signed proof");
    if (err)
        return err;
    if (!jws_is_typ(&jws, "dpop+jwt"))
        return invalid(ret, "the DPoP proof is not of the type dpop+jwt");
    err = verify(&jws, &ret->key);
    if (is_proofs_fault(err))
        return invalid(ret, "the DPoP proof is not signed by the public key in it");
    if (err)
        return err;
    err = read_claims(&jws, arena, &claims);
    if (is_proofs_fault(err))
        return invalid(ret, "the DPoP proof has no jti, htm, htu and iat as they must be");
    return err ? err : judge(question, &claims, arena, ret);
}
