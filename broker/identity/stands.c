/* SPDX-License-Identifier: Apache-2.0 */
/* After the set has changed: would the caller still get in the same way? */
#include "identity/credential.h"
#include "identity/keys.h"
#include "identity/trust.h"

static bool has_secret(const struct ambit_credential *v, size_t n, const struct caller *caller,
                       int64_t now_ms)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].method == caller->method && v[i].expires_ms > now_ms &&
            ambit_digest_eq(v[i].digest, caller->credential))
            return true;
    return false;
}

/* What a name in a certificate, a token or the kernel's word was matched with. */
static bool has_way(const struct ambit_credential *v, size_t n, const struct caller *caller)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].method == caller->method &&
            ambit_digest_eq(credential_digest(&v[i]), caller->credential))
            return true;
    return false;
}

static bool has_pin(const struct ambit_credential *v, size_t n, const struct caller *caller)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].method == caller->method && ambit_digest_eq(v[i].digest, caller->credential))
            return true;
    return false;
}

static bool set_has(const struct jwk_set *set, const struct ambit_digest *thumbprint)
{
    for (size_t i = 0; set && i < jwk_set_count(set); i++)
        if (ambit_digest_eq(crypto_key_thumbprint(jwk_set_key(set, i)), *thumbprint))
            return true;
    return false;
}

static bool has_key(const struct identity_keys *keys, const struct caller *caller)
{
    for (const struct client_keys *entry = keys_find(keys, caller->name); entry;
         entry = keys_next(keys, entry)) {
        if (set_has(entry->set, &caller->credential))
            return true;
        if (!entry->source)
            continue;
        KEY_SNAPSHOT_AUTO *snapshot = key_source_keys(keys->trust->sources, entry->source);
        if (snapshot && set_has(snapshot->set, &caller->credential))
            return true;
    }
    return false;
}

static bool client_stands(const struct ambit_documents *documents, const struct identity_keys *keys,
                          const struct caller *caller, int64_t now_ms)
{
    struct credentials credentials = credentials_of_client(documents, caller->name);
    if (credentials.kind != caller->kind)
        return false;
    switch (caller->method) {
    case AMBIT_METHOD_CLIENT_SECRET_BASIC:
        return has_secret(credentials.v, credentials.n, caller, now_ms);
    case AMBIT_METHOD_PRIVATE_KEY_JWT:
        return has_key(keys, caller);
    case AMBIT_METHOD_TOKEN:
        return true; /* its own access token: the grant's row is judged with the question */
    case AMBIT_METHOD_SELF_SIGNED_TLS:
        return has_pin(credentials.v, credentials.n, caller);
    case AMBIT_METHOD_TLS:
    case AMBIT_METHOD_FEDERATED_JWT:
    case AMBIT_METHOD_UNIX_PEER:
        return has_way(credentials.v, credentials.n, caller);
    case AMBIT_METHOD_MTLS:
    case AMBIT_METHOD_OIDC:
        break; /* of people */
    }
    return false;
}

bool identity_stands(const struct ambit_documents *documents, const struct identity_keys *keys,
                     const struct caller *caller, int64_t now_ms)
{
    const struct ambit_person *person = NULL;
    switch (caller->kind) {
    case CALLER_NONE:
        return false;
    case CALLER_AGENT:
    case CALLER_SERVICE:
        return client_stands(documents, keys, caller, now_ms);
    case CALLER_PERSON:
        person = ambit_person_find(documents, caller->name);
        if (!person || !person->is_active)
            return false;
        return caller->method == AMBIT_METHOD_MTLS
                   ? has_pin(person->credentials, person->n_credentials, caller)
                   : has_secret(person->credentials, person->n_credentials, caller, now_ms);
    }
    return false;
}
