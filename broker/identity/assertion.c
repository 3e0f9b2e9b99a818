/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a client assertion: a run of refusals. */
#include "identity/assertion.h"

#include "identity/claims.h"
#include "identity/trust.h"

struct claims {
    struct ambit_str subject, jti;
    const struct json_value *aud;
    struct assertion_times times;
};

/* ---- reading ---- */

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
    bool is_fine = ret->subject.p &&
                   ambit_str_eq(ret->subject, json_get_str(payload, "iss")) && /* CLI-6 */
                   assertion_times_read(payload, &ret->times);
    return is_fine ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* ---- judging ---- */

/* CLI-9: an access token or proof of ours never authenticates a client. */
static bool is_typ_fine(const struct jws *jws)
{
    return !jws->typ.p || jws_is_typ(jws, "jwt") || jws_is_typ(jws, "client-authentication+jwt");
}

/* CLI-7, and the one other spelling that may be configured (CLI-8). */
static bool is_audience_fine(const struct json_value *aud,
                             const struct assertion_question *question)
{
    const struct identity_trust *trust = question->keys->trust;
    return audience_is(aud, question->issuer) || (trust && audience_is(aud, trust->alias));
}

/* CLI-6, CLI-10: in the future by our clock, without leeway: a life of minutes has room enough. */
static bool are_times_fine(const struct assertion_times *claims, int64_t now_ms)
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

/* Adds what the header fits of one set; two that fit are none. */
static void offer(const struct jwk_set *set, const struct jws *jws, struct crypto_key **found,
                  size_t *n)
{
    const struct crypto_key *key = NULL;
    if (jwk_set_select(set, jws, &key) != AMBIT_OK)
        return;
    if ((*n)++ == 0)
        *found = crypto_key_hold((struct crypto_key *)(uintptr_t)key);
}

/* The one key that the header fits, of all the client's sets (CLI-12), held. NOT_FOUND; BUSY while
 * it may be among keys that are on their way. */
static enum ambit_err select_key(const struct identity_keys *keys, struct ambit_str name,
                                 const struct jws *jws, struct crypto_key **ret)
{
    CRYPTO_KEY_AUTO *found = NULL;
    bool is_on_its_way = false;
    size_t n = 0;
    for (const struct client_keys *entry = keys_find(keys, name); entry;
         entry = keys_next(keys, entry)) {
        size_t before = n;
        if (entry->set)
            offer(entry->set, jws, &found, &n);
        if (!entry->source)
            continue;
        KEY_SNAPSHOT_AUTO *snapshot = key_source_keys(keys->trust->sources, entry->source);
        if (snapshot)
            offer(snapshot->set, jws, &found, &n);
        if (n == before)
            is_on_its_way |= key_source_news(keys->trust->sources, entry->source);
    }
    if (n != 1)
        return n == 0 && is_on_its_way ? AMBIT_ERR_BUSY : AMBIT_ERR_NOT_FOUND;
    *ret = TAKE(found);
    return AMBIT_OK;
}

static struct ambit_digest once_of(struct ambit_str client, struct ambit_str jti)
{
    static const char tag[] = "ambit client assertion v1"; /* with its NUL */
    return assertion_once(tag, sizeof tag, client, jti);
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
    CRYPTO_KEY_AUTO *key = NULL;
    if (has_method(&credentials)) {
        err = select_key(question->keys, claims.subject, &jws, &key);
        if (err && err != AMBIT_ERR_NOT_FOUND)
            return err;
    }
    err = jws_verify(key ? key : question->keys->decoy, CRYPTO_ALGS_ALL, &jws);
    if (!key)
        return AMBIT_ERR_REFUSED;
    if (err)
        return err;

    if (!is_typ_fine(&jws) || !is_audience_fine(claims.aud, question) ||
        !are_times_fine(&claims.times, question->now_ms))
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
        .once_until_ms = claims.times.exp_ms,
    };
    return AMBIT_OK;
}
