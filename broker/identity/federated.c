/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a federated token: a run of refusals. */
#include "identity/federated.h"

#include "base/encode.h"
#include "base/spiffe.h"
#include "config/config.h"
#include "identity/claims.h"
#include "identity/credential.h"
#include "identity/trust.h"

struct token {
    struct jws jws;
    const struct json_value *payload;
    struct ambit_str issuer, subject, jti; /* issuer: absent in many SVIDs */
    struct assertion_times times;
};

/* ---- reading ---- */

static enum ambit_err read_token(struct ambit_str text, struct arena *arena, struct token *ret)
{
    struct json_problem problem = {0};
    enum ambit_err err = jws_parse(text, arena, &ret->jws);
    if (!err)
        err = json_read(ret->jws.payload, (struct json_limits){.allow_decimals = true}, arena,
                        &ret->payload, &problem);
    if (err)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_REFUSED;
    ret->issuer = json_get_str(ret->payload, "iss");
    ret->subject = json_get_str(ret->payload, "sub");
    ret->jti = json_get_str(ret->payload, "jti");
    bool is_fine = ret->subject.p && (ret->issuer.p || !json_get(ret->payload, "iss")) &&
                   (ret->jti.p || !json_get(ret->payload, "jti")) &&
                   assertion_times_read(ret->payload, &ret->times);
    return is_fine ? AMBIT_OK : AMBIT_ERR_REFUSED;
}

/* SPF-2: whom a SPIFFE ID belongs to is its trust domain's to say, whatever `iss` says. */
static const struct trusted_issuer *issuer_of(const struct identity_trust *trust,
                                              const struct token *token)
{
    const struct trusted_issuer *issuer = trust_domain(trust, token->subject);
    if (issuer)
        return issuer;
    issuer = trust_issuer(trust, token->issuer);
    return issuer && issuer->config->profile != CONFIG_PROFILE_SPIFFE ? issuer : NULL;
}

bool federated_is_assertion(const struct identity_keys *keys, struct ambit_str token,
                            struct arena *arena)
{
    struct token read = {0};
    if (!identity_trust_has_assertions(keys->trust) || read_token(token, arena, &read) != AMBIT_OK)
        return false;
    const struct trusted_issuer *issuer = issuer_of(keys->trust, &read);
    return issuer && issuer->config->is_assertion;
}

/* ---- judging ---- */

/* SPF-1, ASG-6: a plain JWT; nothing that was made for another purpose. */
static bool is_typ_fine(const struct token *token, enum config_profile profile)
{
    return !token->jws.typ.p || jws_is_typ(&token->jws, "jwt") ||
           (profile == CONFIG_PROFILE_SPIFFE && jws_is_typ(&token->jws, "jose"));
}

/* WIF-2: we, and nobody else. */
static bool is_audience_fine(const struct federated_question *question, const struct token *token)
{
    const struct identity_trust *trust = question->keys->trust;
    const struct json_value *aud = json_get(token->payload, "aud");
    return audience_is(aud, trust->issuer) ||
           (question->is_grant && audience_is(aud, trust->token_endpoint));
}

/* `exp` is required (K8S-2: tokens that never end are none); a token may not be older than its
 * issuer's max_age, and one that does not say how old it is may not live longer than that. */
static bool are_times_fine(const struct assertion_times *times, int64_t max_age_ms, int64_t now_ms)
{
    const int64_t leeway_ms = AMBIT_LEEWAY_S * 1000;
    if (times->exp_ms <= now_ms || times->nbf_ms > now_ms + leeway_ms)
        return false;
    if (times->iat_ms == 0)
        return times->exp_ms - now_ms <= max_age_ms;
    return times->iat_ms <= now_ms + leeway_ms && now_ms - times->iat_ms <= max_age_ms + leeway_ms;
}

/* RFC 6901 over objects alone: an array has no member to be sure of. */
static const struct json_value *pointed(const struct json_value *value, struct ambit_str pointer)
{
    size_t at = 0;
    while (value && at < pointer.len) {
        char name[AMBIT_TEXT_MAX + 1];
        size_t len = 0;
        for (at++; at < pointer.len && pointer.p[at] != '/'; at++) {
            char c = pointer.p[at];
            if (c == '~' && at + 1 < pointer.len)
                c = pointer.p[++at] == '1' ? '/' : '~';
            if (len == AMBIT_TEXT_MAX || c == '\0')
                return NULL;
            name[len++] = c;
        }
        name[len] = '\0';
        value = value->kind == JSON_OBJECT ? json_get(value, name) : NULL;
    }
    return value;
}

static bool is_value(const struct json_value *value, const struct ambit_scalar *wanted)
{
    switch (wanted->kind) {
    case AMBIT_SCALAR_STRING:
        return value->kind == JSON_STRING && ambit_str_eq(value->text, wanted->text);
    case AMBIT_SCALAR_INTEGER:
        return value->kind == JSON_INTEGER && value->integer == wanted->integer;
    case AMBIT_SCALAR_BOOLEAN:
        return value->kind == (wanted->boolean ? JSON_TRUE : JSON_FALSE);
    }
    return false;
}

static const struct json_value *claim_of(const struct json_value *payload, struct ambit_str name)
{
    if (name.len > 0 && name.p[0] == '/')
        return pointed(payload, name);
    for (const struct json_value *one = payload->first; one; one = one->next)
        if (ambit_str_eq(one->key, name))
            return one;
    return NULL;
}

bool federated_claims_fit(const struct ambit_credential *credential,
                          const struct json_value *payload)
{
    for (size_t i = 0; i < credential->n_claims; i++) {
        const struct json_value *value = claim_of(payload, credential->claims[i].name);
        if (!value || !is_value(value, &credential->claims[i].value))
            return false;
    }
    return true;
}

/* GHA-2: anybody may open a pull request; only where a document names it, by the claim or by the
 * subject, does one run as an agent. */
static bool is_named_pull_request(const struct ambit_credential *credential)
{
    static const char end[] = ":pull_request";
    const size_t n = sizeof end - 1;
    struct ambit_str subject = credential->subject;
    if (subject.len > n && memcmp(subject.p + subject.len - n, end, n) == 0)
        return true;
    for (size_t i = 0; i < credential->n_claims; i++)
        if (ambit_str_is(credential->claims[i].name, "event_name"))
            return true; /* it fits, so it is the value */
    return false;
}

static bool is_fit(const struct trusted_issuer *issuer, const struct federated_way *way,
                   const struct token *token)
{
    if (!federated_claims_fit(way->credential, token->payload))
        return false;
    bool is_pull_request = issuer->config->profile == CONFIG_PROFILE_GITHUB &&
                           ambit_str_is(json_get_str(token->payload, "event_name"), "pull_request");
    return !is_pull_request || is_named_pull_request(way->credential);
}

/* ASG-5: the one agent; several are refused at load, and here once more. */
static const struct federated_way *way_of(const struct identity_keys *keys,
                                          const struct trusted_issuer *issuer,
                                          const struct token *token)
{
    const struct federated_way *found = NULL;
    for (const struct federated_way *way = ways_find(keys, issuer->config->issuer, token->subject);
         ways_is_same(keys, way, issuer->config->issuer, token->subject); way++) {
        if (!is_fit(issuer, way, token))
            continue;
        if (found && !ambit_str_eq(found->agent, way->agent))
            return NULL;
        found = way;
    }
    return found;
}

/* ---- the key ---- */

static enum ambit_err verify(const struct identity_keys *keys, const struct trusted_issuer *issuer,
                             const struct token *token)
{
    struct key_sources *sources = keys->trust->sources;
    KEY_SNAPSHOT_AUTO *snapshot = key_source_keys(sources, issuer->source);
    const struct crypto_key *key = NULL;
    if (!snapshot || !snapshot->set)
        return key_source_news(sources, issuer->source) ? AMBIT_ERR_BUSY : AMBIT_ERR_REFUSED;
    if (jwk_set_select(snapshot->set, &token->jws, &key) != AMBIT_OK)
        return key_source_news(sources, issuer->source) ? AMBIT_ERR_BUSY : AMBIT_ERR_REFUSED;
    return jws_verify(key, issuer->config->algorithms, &token->jws);
}

/* ---- the whole ---- */

static bool is_reused(enum config_profile profile) /* by design (ASG-4) */
{
    switch (profile) {
    case CONFIG_PROFILE_OIDC:
    case CONFIG_PROFILE_GITHUB:
        return false;
    case CONFIG_PROFILE_KUBERNETES:
    case CONFIG_PROFILE_SPIFFE:
        return true;
    }
    return false;
}

static void fill_once(const struct trusted_issuer *issuer, const struct token *token,
                      struct caller *caller)
{
    static const char tag[] = "ambit federated assertion v1"; /* with its NUL */
    if (!token->jti.p || is_reused(issuer->config->profile))
        return;
    /* Older than any max_age it is refused whatever its end: the value need not be kept longer. By
     * nothing but the token, so that another max_age does not make it another value. */
    int64_t until_ms = token->times.exp_ms;
    int64_t aged_ms =
        token->times.iat_ms + CONFIG_MAX_AGE_S * INT64_C(1000) + 2 * AMBIT_LEEWAY_S * 1000;
    if (token->times.iat_ms && aged_ms < until_ms)
        until_ms = aged_ms;
    caller->has_once = true;
    caller->once = assertion_once(tag, sizeof tag, issuer->config->issuer, token->jti);
    caller->once_until_ms = until_ms;
}

/* The platform's word of what the agent is made of. */
static struct ambit_str composition_of(const struct token *token)
{
    struct ambit_str text = json_get_str(token->payload, "composition");
    bool is_fine = text.p && text.len > 0 && text.len <= AMBIT_TEXT_MAX && !text_has_control(text);
    return is_fine ? text : (struct ambit_str){0};
}

enum ambit_err federated_check(const struct federated_question *question, struct arena *arena,
                               struct federated_answer *ret)
{
    const struct identity_keys *keys = question->keys;
    struct token token = {0};
    enum ambit_err err = read_token(question->token, arena, &token);
    if (err)
        return err;
    const struct trusted_issuer *issuer = issuer_of(keys->trust, &token);
    if (!issuer || (question->is_spiffe && issuer->config->profile != CONFIG_PROFILE_SPIFFE) ||
        (!question->is_grant && !issuer->config->is_assertion))
        return AMBIT_ERR_REFUSED;
    err = verify(keys, issuer, &token);
    if (err)
        return err;

    if (!is_typ_fine(&token, issuer->config->profile) || !is_audience_fine(question, &token) ||
        !are_times_fine(&token.times, issuer->config->max_age_s * 1000, question->now_ms) ||
        (token.jti.p && (token.jti.len == 0 || token.jti.len > AMBIT_JTI_BYTES)))
        return AMBIT_ERR_REFUSED;
    const struct federated_way *way = way_of(keys, issuer, &token);
    if (!way)
        return AMBIT_ERR_REFUSED;
    ret->subject = token.subject;
    ret->caller = (struct caller){
        .kind = CALLER_AGENT,
        .name = way->agent,
        .method = AMBIT_METHOD_FEDERATED_JWT,
        .credential = credential_digest(way->credential),
        .composition = composition_of(&token),
    };
    fill_once(issuer, &token, &ret->caller);
    return AMBIT_OK;
}
