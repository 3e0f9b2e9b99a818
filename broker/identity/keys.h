/* SPDX-License-Identifier: Apache-2.0 */
/* What identity/ looks up in a set of documents: the imported key sets of clients by name, the
 * bearer tokens of people by digest. Within the room only. */
#pragma once

#include "crypto/jws.h"
#include "identity/identity.h"

struct key_source;

struct client_keys { /* one private_key_jwt credential */
    struct ambit_str name;
    struct jwk_set *set;       /* NULL: behind a URL, */
    struct ambit_str uri;      /* which is this */
    struct key_source *source; /* NULL until attached: that way in does not open */
};
struct federated_way { /* one federated_jwt credential */
    struct ambit_str issuer, subject, agent;
    const struct ambit_credential *credential;
};
struct uri_way { /* one tls_client_auth credential by san_uri */
    struct ambit_str uri, client;
};
struct person_token {
    struct ambit_digest digest;
    const struct ambit_person *person;
    int64_t expires_ms;
};
struct identity_keys {
    struct client_keys *clients; /* by name; a client may have several */
    size_t n_clients;
    struct person_token *tokens; /* by digest */
    size_t n_tokens;
    struct person_token *certificates; /* of people, by digest; they do not expire of themselves */
    size_t n_certificates;
    struct federated_way *ways; /* by issuer, subject */
    size_t n_ways;
    struct uri_way *uris; /* by uri */
    size_t n_uris;
    struct identity_trust *trust; /* NULL: nothing beside the documents is believed */
    /* Verified with when no key of the caller's fits, so that it takes as long (CLI-3); never
     * believed. */
    struct crypto_key *decoy;
};

/* The first of a client's entries, NULL when it has none; go on while the name stays. */
const struct client_keys *keys_find(const struct identity_keys *keys, struct ambit_str name);
const struct client_keys *keys_next(const struct identity_keys *keys,
                                    const struct client_keys *entry);

/* The ways in of a client (agents and services share one name space). */
struct credentials {
    enum caller_kind kind; /* NONE: there is no such client */
    struct ambit_str name; /* as the document has it */
    const struct ambit_credential *v;
    size_t n;
};
struct credentials credentials_of_client(const struct ambit_documents *documents,
                                         struct ambit_str name);

/* ways.c: the indexes over what matches names. */
AMBIT_CHECKED enum ambit_err ways_add(struct identity_keys *keys,
                                      const struct ambit_documents *documents);
/* The first of an issuer's subject; they stand together up to keys->ways + keys->n_ways. */
const struct federated_way *ways_find(const struct identity_keys *keys, struct ambit_str issuer,
                                      struct ambit_str subject);
bool ways_is_same(const struct identity_keys *keys, const struct federated_way *way,
                  struct ambit_str issuer, struct ambit_str subject);
/* The one client that registered this URI; absent when none or several did. */
struct ambit_str ways_client_of_uri(const struct identity_keys *keys, struct ambit_str uri);
