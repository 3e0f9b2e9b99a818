/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes over the ways in that match a name in something signed by others: federated tokens by
 * issuer and subject, certificates by the URI in them. */
#include "identity/keys.h"

static int by_issuer_subject(const void *a, const void *b)
{
    const struct federated_way *x = a, *y = b;
    int order = ambit_str_cmp(x->issuer, y->issuer);
    return order ? order : ambit_str_cmp(x->subject, y->subject);
}

static int by_uri(const void *a, const void *b)
{
    const struct uri_way *x = a, *y = b;
    return ambit_str_cmp(x->uri, y->uri);
}

static bool is_uri(const struct ambit_credential *credential)
{
    return credential->method == AMBIT_METHOD_TLS && credential->tls_kind == AMBIT_TLS_SAN_URI;
}

static void count(const struct ambit_credential *v, size_t n, size_t *n_ways, size_t *n_uris)
{
    for (size_t i = 0; i < n; i++) {
        *n_ways += v[i].method == AMBIT_METHOD_FEDERATED_JWT;
        *n_uris += is_uri(&v[i]);
    }
}

static void add(struct identity_keys *keys, struct ambit_str client,
                const struct ambit_credential *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].method == AMBIT_METHOD_FEDERATED_JWT)
            keys->ways[keys->n_ways++] = (struct federated_way){.issuer = v[i].issuer,
                                                                .subject = v[i].subject,
                                                                .agent = client,
                                                                .credential = &v[i]};
        if (is_uri(&v[i]))
            keys->uris[keys->n_uris++] = (struct uri_way){.uri = v[i].tls_value, .client = client};
    }
}

enum ambit_err ways_add(struct identity_keys *keys, const struct ambit_documents *documents)
{
    size_t n_ways = 0, n_uris = 0;
    for (size_t i = 0; i < documents->n_agents; i++)
        count(documents->agents[i].credentials, documents->agents[i].n_credentials, &n_ways,
              &n_uris);
    for (size_t i = 0; i < documents->n_services; i++)
        count(documents->services[i].credentials, documents->services[i].n_credentials, &n_ways,
              &n_uris);
    keys->ways = calloc(n_ways + 1, sizeof *keys->ways);
    keys->uris = calloc(n_uris + 1, sizeof *keys->uris);
    if (!keys->ways || !keys->uris)
        return AMBIT_ERR_NO_MEMORY;

    for (size_t i = 0; i < documents->n_agents; i++)
        add(keys, documents->agents[i].doc.name, documents->agents[i].credentials,
            documents->agents[i].n_credentials);
    for (size_t i = 0; i < documents->n_services; i++)
        add(keys, documents->services[i].doc.name, documents->services[i].credentials,
            documents->services[i].n_credentials);
    qsort(keys->ways, keys->n_ways, sizeof *keys->ways, by_issuer_subject);
    qsort(keys->uris, keys->n_uris, sizeof *keys->uris, by_uri);
    return AMBIT_OK;
}

bool ways_is_same(const struct identity_keys *keys, const struct federated_way *way,
                  struct ambit_str issuer, struct ambit_str subject)
{
    return way < keys->ways + keys->n_ways && ambit_str_eq(way->issuer, issuer) &&
           ambit_str_eq(way->subject, subject);
}

const struct federated_way *ways_find(const struct identity_keys *keys, struct ambit_str issuer,
                                      struct ambit_str subject)
{
    const struct federated_way wanted = {.issuer = issuer, .subject = subject};
    size_t low = 0, high = keys->n_ways;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_issuer_subject(&keys->ways[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return keys->ways + low;
}

struct ambit_str ways_client_of_uri(const struct identity_keys *keys, struct ambit_str uri)
{
    size_t low = 0, high = keys->n_uris;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ambit_str_cmp(keys->uris[middle].uri, uri) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    struct ambit_str client = {0};
    for (; low < keys->n_uris && ambit_str_eq(keys->uris[low].uri, uri); low++) {
        if (client.p && !ambit_str_eq(client, keys->uris[low].client))
            return (struct ambit_str){0};
        client = keys->uris[low].client;
    }
    return client;
}
