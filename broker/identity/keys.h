/* SPDX-License-Identifier: Apache-2.0 */
/* What identity/ looks up in a set of documents: the imported key sets of clients by name, the
 * bearer tokens of people by digest. Within the room only. */
#pragma once

#include "crypto/jws.h"
#include "identity/identity.h"

struct client_keys { /* one private_key_jwt credential */
    struct ambit_str name;
    struct jwk_set *set;
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
