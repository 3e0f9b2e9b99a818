/* SPDX-License-Identifier: Apache-2.0 */
/* After the set has changed: would the caller still get in the same way? */
#include "identity/keys.h"

static bool has_secret(const struct ambit_credential *v, size_t n, const struct caller *caller,
                       int64_t now_ms)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].method == caller->method && v[i].expires_ms > now_ms &&
            ambit_digest_eq(v[i].digest, caller->credential))
            return true;
    return false;
}

static bool has_key(const struct identity_keys *keys, const struct caller *caller)
{
    for (const struct client_keys *entry = keys_find(keys, caller->name); entry;
         entry = keys_next(keys, entry))
        for (size_t i = 0; i < jwk_set_count(entry->set); i++)
            if (ambit_digest_eq(crypto_key_thumbprint(jwk_set_key(entry->set, i)),
                                caller->credential))
                return true;
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
    case AMBIT_METHOD_MTLS:
    case AMBIT_METHOD_OIDC:
    case AMBIT_METHOD_SELF_SIGNED_TLS:
    case AMBIT_METHOD_TLS:
    case AMBIT_METHOD_FEDERATED_JWT:
    case AMBIT_METHOD_UNIX_PEER:
        break; /* nobody comes in that way yet */
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
        return person && person->is_active &&
               has_secret(person->credentials, person->n_credentials, caller, now_ms);
    }
    return false;
}
