/* SPDX-License-Identifier: Apache-2.0 */
/* The look-up tables of a set, built once when it is activated. */
#include "identity/keys.h"

#include "identity/trust.h"

/* The public key of RFC 7515, appendix A.3. */
static const char decoy_jwk[] = "{\"kty\":\"EC\",\"crv\":\"P-256\","
                                "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                                "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";

/* ---- building ---- */

static size_t count_of(const struct ambit_credential *v, size_t n, enum ambit_method method)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += v[i].method == method;
    return count;
}

static enum ambit_err add_client(struct identity_keys *keys, struct ambit_str name,
                                 const struct ambit_credential *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].method != AMBIT_METHOD_PRIVATE_KEY_JWT)
            continue;
        if (!v[i].jwks.p) { /* identity_keys_attach() says where it is fetched */
            keys->clients[keys->n_clients++] =
                (struct client_keys){.name = name, .uri = v[i].jwks_uri};
            continue;
        }
        struct jwk_set *set = NULL;
        enum ambit_err err = jwk_set_new(v[i].jwks, &set);
        if (err)
            return err;
        keys->clients[keys->n_clients++] = (struct client_keys){.name = name, .set = set};
        if (jwk_set_count(set) == 0)
            return AMBIT_ERR_MALFORMED;
    }
    return AMBIT_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct client_keys *x = a, *y = b;
    return ambit_str_cmp(x->name, y->name);
}

static enum ambit_err add_clients(struct identity_keys *keys,
                                  const struct ambit_documents *documents,
                                  struct ambit_str *reterr_name)
{
    size_t n = 0;
    for (size_t i = 0; i < documents->n_agents; i++)
        n += count_of(documents->agents[i].credentials, documents->agents[i].n_credentials,
                      AMBIT_METHOD_PRIVATE_KEY_JWT);
    for (size_t i = 0; i < documents->n_services; i++)
        n += count_of(documents->services[i].credentials, documents->services[i].n_credentials,
                      AMBIT_METHOD_PRIVATE_KEY_JWT);
    keys->clients = calloc(n + 1, sizeof *keys->clients);
    if (!keys->clients)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < documents->n_agents; i++) {
        const struct ambit_agent *agent = &documents->agents[i];
        *reterr_name = agent->doc.name;
        enum ambit_err err =
            add_client(keys, agent->doc.name, agent->credentials, agent->n_credentials);
        if (err)
            return err;
    }
    for (size_t i = 0; i < documents->n_services; i++) {
        const struct ambit_service *service = &documents->services[i];
        *reterr_name = service->doc.name;
        enum ambit_err err =
            add_client(keys, service->doc.name, service->credentials, service->n_credentials);
        if (err)
            return err;
    }
    qsort(keys->clients, keys->n_clients, sizeof *keys->clients, by_name);
    return AMBIT_OK;
}

static int by_digest(const void *a, const void *b)
{
    const struct person_token *x = a, *y = b;
    return memcmp(x->digest.b, y->digest.b, sizeof x->digest.b);
}

/* The credentials of one method that people have, by digest. */
static enum ambit_err index_people(const struct ambit_documents *documents,
                                   enum ambit_method method, struct person_token **ret,
                                   size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < documents->n_people; i++)
        n += count_of(documents->people[i].credentials, documents->people[i].n_credentials, method);
    *ret = calloc(n + 1, sizeof **ret);
    if (!*ret)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < documents->n_people; i++) {
        const struct ambit_person *person = &documents->people[i];
        for (size_t k = 0; k < person->n_credentials; k++) {
            const struct ambit_credential *credential = &person->credentials[k];
            if (credential->method == method)
                (*ret)[(*ret_n)++] = (struct person_token){.digest = credential->digest,
                                                           .person = person,
                                                           .expires_ms = credential->expires_ms};
        }
    }
    qsort(*ret, *ret_n, sizeof **ret, by_digest);
    return AMBIT_OK;
}

static enum ambit_err add_people(struct identity_keys *keys,
                                 const struct ambit_documents *documents)
{
    enum ambit_err err =
        index_people(documents, AMBIT_METHOD_TOKEN, &keys->tokens, &keys->n_tokens);
    return err ? err
               : index_people(documents, AMBIT_METHOD_MTLS, &keys->certificates,
                              &keys->n_certificates);
}

enum ambit_err identity_keys_new(const struct ambit_documents *documents,
                                 struct identity_keys **ret, struct ambit_str *reterr_name,
                                 const char **reterr_what)
{
    struct identity_keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = crypto_key_from_jwk_text(ambit_str_of(decoy_jwk), &keys->decoy);
    if (!err)
        err = add_people(keys, documents);
    if (!err)
        err = add_clients(keys, documents, reterr_name);
    if (!err)
        err = ways_add(keys, documents);
    if (err) {
        identity_keys_free(keys);
        if (err == AMBIT_ERR_REFUSED)
            *reterr_what = "a key in jwks holds private or symmetric members";
        else if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_UNSUPPORTED ||
                 err == AMBIT_ERR_TOO_LARGE)
            *reterr_what = "jwks holds no key that can be used, or one that is broken";
        else
            return err;
        return AMBIT_ERR_MALFORMED;
    }
    *ret = keys;
    return AMBIT_OK;
}

enum ambit_err identity_keys_attach(struct identity_keys *keys, struct identity_trust *trust)
{
    if (!trust || keys->trust)
        return AMBIT_OK;
    keys->trust = trust;
    for (size_t i = 0; i < keys->n_clients; i++) {
        struct client_keys *entry = &keys->clients[i];
        if (!entry->uri.p)
            continue;
        enum ambit_err err =
            key_source_take(trust->sources, SOURCE_JWKS, entry->uri, false, &entry->source);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

void identity_keys_free(struct identity_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n_clients; i++) {
        jwk_set_free(keys->clients[i].set);
        if (keys->clients[i].source)
            key_source_release(keys->trust->sources, keys->clients[i].source);
    }
    free(keys->clients);
    free(keys->tokens);
    free(keys->certificates);
    free(keys->ways);
    free(keys->uris);
    crypto_key_free(keys->decoy);
    free(keys);
}

/* ---- looking up ---- */

const struct client_keys *keys_find(const struct identity_keys *keys, struct ambit_str name)
{
    size_t low = 0, high = keys->n_clients;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ambit_str_cmp(keys->clients[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < keys->n_clients && ambit_str_eq(keys->clients[low].name, name);
    return is_found ? &keys->clients[low] : NULL;
}

const struct client_keys *keys_next(const struct identity_keys *keys,
                                    const struct client_keys *entry)
{
    const struct client_keys *next = entry + 1;
    bool is_same = next < keys->clients + keys->n_clients && ambit_str_eq(next->name, entry->name);
    return is_same ? next : NULL;
}

struct credentials credentials_of_client(const struct ambit_documents *documents,
                                         struct ambit_str name)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, name);
    if (agent)
        return (struct credentials){.kind = CALLER_AGENT,
                                    .name = agent->doc.name,
                                    .v = agent->credentials,
                                    .n = agent->n_credentials};
    const struct ambit_service *service = ambit_service_find(documents, name);
    if (service)
        return (struct credentials){.kind = CALLER_SERVICE,
                                    .name = service->doc.name,
                                    .v = service->credentials,
                                    .n = service->n_credentials};
    return (struct credentials){.kind = CALLER_NONE};
}
