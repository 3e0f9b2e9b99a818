/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a client assertion: a run of refusals. */
#include "identity/assertion.h"

#include "base/encode.h"
#include "base/json_read.h"
#include "crypto/digest.h"

struct claims {
    struct ambit_str subject, jti;
    const struct json_value *aud;
    int64_t exp_ms, nbf_ms, iat_ms; /* 0: absent */
};

/* ---- reading ---- */

/* NumericDate (JWS-10): an integer or decimal, not negative, at most 2^53. */
static bool read_time(const struct json_value *payload, const char *name, int64_t *ret_ms)
{
    const struct json_value *value = json_get(payload, name);
    if (!value)
        return true;
    double seconds = -1;
    if (value->kind == JSON_INTEGER)
        seconds = (double)value->integer;
    else if (value->kind == JSON_DECIMAL)
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
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_REFUSED;

    ret->subject = json_get_str(payload, "sub");
    ret->jti = json_get_str(payload, "jti");
    ret->aud = json_get(payload, "aud");
    bool is_fine =
        ret->subject.p && ambit_str_eq(ret->subject, json_get_str(payload, "iss")) && /* CLI-6 */
        read_time(payload, "exp", &ret->exp_ms) && read_time(payload, "nbf", &ret->nbf_ms) &&
        read_time(payload, "iat", &ret->iat_ms);
    return is_fine ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* ---- judging ---- */

/* CLI-9: an access token or proof of ours never authenticates a client. */
static bool is_typ_fine(const struct jws *jws)
{
    return !jws->typ.p || jws_is_typ(jws, "jwt") || jws_is_typ(jws, "client-authentication+jwt");
}

/* CLI-7: the issuer identifier, as a string or as the one member of an array. */
static bool is_audience_fine(const struct json_value *aud, struct ambit_str issuer)
{
    if (aud && aud->kind == JSON_ARRAY && aud->count == 1)
        aud = aud->first;
    return aud && aud->kind == JSON_STRING && ambit_str_eq(aud->text, issuer);
}

/* CLI-6, CLI-10: in the future by our clock, without leeway: a life of minutes has room enough. */
static bool are_times_fine(const struct claims *claims, int64_t now_ms)
{
    const int64_t leeway_ms = AMBIT_LEEWAY_S * 1000, life_ms = AMBIT_ASSERTION_LIFE_S * 1000;
    if (claims->exp_ms <= now_ms || claims->exp_ms - now_ms > life_ms)
        return false;
    if (claims->nbf_ms > now_ms + leeway_ms)
        return false;
    return claims->iat_ms == 0 ||
           (claims->iat_ms <= now_ms + leeway_ms && now_ms - claims->iat_ms <= life_ms + leeway_ms);
}

static bool has_method(const struct credentials *credentials)
{
    for (size_t i = 0; i < credentials->n; i++)
        if (credentials->v[i].method == AMBIT_METHOD_PRIVATE_KEY_JWT)
            return true;
    return false;
}

/* The one key that the header fits, of all the client's sets (CLI-12). */
static const struct crypto_key *select_key(const struct identity_keys *keys, struct ambit_str name,
                                           const struct jws *jws)
{
    const struct crypto_key *found = NULL;
    for (const struct client_keys *entry = keys_find(keys, name); entry;
         entry = keys_next(keys, entry)) {
        const struct crypto_key *key = NULL;
        if (jwk_set_select(entry->set, jws, &key) != AMBIT_OK)
            continue;
        if (found)
            return NULL;
        found = key;
    }
    return found;
}

/* CLI-11: over tag, client and jti, each behind its length. */
static struct ambit_digest once_of(struct ambit_str client, struct ambit_str jti)
{
    uint8_t client_len[4], jti_len[4];
    put_be32(client_len, (uint32_t)client.len);
    put_be32(jti_len, (uint32_t)jti.len);
    const struct ambit_str parts[] = {
        {.p = "ambit client assertion v1",
         .len = sizeof "ambit client assertion v1"}, /* with its NUL */
        {.p = (const char *)client_len, .len = sizeof client_len},
        client,
        {.p = (const char *)jti_len, .len = sizeof jti_len},
        jti,
    };
    struct ambit_digest digest;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return digest;
}

enum ambit_err assertion_check(const struct assertion_question *question, struct arena *arena,
                               struct caller *ret)
{
    struct jws jws = {0};
    enum ambit_err err = jws_parse(question->assertion, arena, &jws);
    if (err)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_REFUSED;
    struct claims claims = {0};
    err = read_claims(&jws, arena, &claims); /* read to learn whose keys to take; believed below */
    if (err)
        return err;

    struct credentials credentials = credentials_of_client(question->documents, claims.subject);
    const struct crypto_key *key =
        has_method(&credentials) ? select_key(question->keys, claims.subject, &jws) : NULL;
    err = jws_verify(key ? key : question->keys->decoy, CRYPTO_ALGS_ALL, &jws);
    if (!key)
        return AMBIT_ERR_REFUSED;
    if (err)
        return err;

    if (!is_typ_fine(&jws) || !is_audience_fine(claims.aud, question->issuer) ||
        !are_times_fine(&claims, question->now_ms))
        return AMBIT_ERR_REFUSED;
    if (!claims.jti.p || claims.jti.len == 0 || claims.jti.len > AMBIT_JTI_BYTES)
        return AMBIT_ERR_REFUSED;
    if (question->client_id.p && !ambit_str_eq(question->client_id, claims.subject))
        return AMBIT_ERR_REFUSED;

    *ret = (struct caller){
        .kind = credentials.kind,
        .name = credentials.name,
        .method = AMBIT_METHOD_PRIVATE_KEY_JWT,
        .credential = crypto_key_thumbprint(key),
        .has_once = true,
        .once = once_of(claims.subject, claims.jti),
        .once_until_ms = claims.exp_ms,
    };
    return AMBIT_OK;
}
