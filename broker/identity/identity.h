/* SPDX-License-Identifier: Apache-2.0 */
/* Proving who calls: from the parts of a request to a `struct caller`, by the documents in force.
 * No store, no HTTP types, no clock: `now` and everything else is handed in. A refusal is
 * REFUSED, with the same text and about the same time whether the name or the proof was wrong
 * (CLI-3); anything that could not be told is its own error and refuses too. */
#pragma once

#include "identity/caller.h"

struct arena;

/* Keys of the documents, imported once per activated set: JWKs of agents and services. */
struct identity_keys;
/* MALFORMED with *reterr_what = the document at fault when a JWK does not import. */
AMBIT_CHECKED enum ambit_err identity_keys_new(const struct ambit_documents *documents,
                                               struct identity_keys **ret,
                                               struct ambit_str *reterr_name,
                                               const char **reterr_what);
/* From here on what is configured beside the documents is believed too, and keys behind URLs begin
 * to be fetched. Before the keys are shared; once. NULL: nothing. */
struct identity_trust;
AMBIT_CHECKED enum ambit_err identity_keys_attach(struct identity_keys *keys,
                                                  struct identity_trust *trust);
void identity_keys_free(struct identity_keys *keys);

/* All that a request brought by which its sender may prove itself; borrowed from it. */
struct identity_proof {
    struct ambit_str authorization; /* the header, absent {NULL,0} */
    /* form members of OAuth endpoints; all absent elsewhere */
    struct ambit_str client_id, client_secret, client_assertion, client_assertion_type;
    struct ambit_str assertion; /* only of the jwt-bearer grant (ASG-1) */
    /* In DER, leaf first; nothing about them was verified, but that the sender holds the leaf's
     * key. */
    const struct ambit_str *certificates;
    size_t n_certificates;
    bool is_unix; /* it came over a Unix socket: */
    int64_t uid, gid;
};

/* The outcome of OAuth client authentication, for the exact error (CLI-1, CLI-13). */
enum identity_refusal {
    IDENTITY_FINE,
    IDENTITY_NO_CREDENTIALS,
    IDENTITY_TWO_METHODS,           /* CLI-1 invalid_request */
    IDENTITY_TWO_METHODS_ASSERTION, /* CLI-1 with an assertion: invalid_client */
    IDENTITY_INVALID,               /* invalid_client; used_header tells CLI-13 */
    IDENTITY_INVALID_GRANT,         /* ASG-2: the assertion of the grant */
};
struct identity_answer {
    enum identity_refusal refusal;
    bool used_header; /* the Authorization header carried the credential */
    struct caller caller;
    /* The one-time value of the grant's assertion where the client proved itself besides; else it
     * is the caller's own. */
    bool has_grant_once;
    struct ambit_digest grant_once;
    int64_t grant_once_until_ms;
};

/* Agents and services at the OAuth endpoints, by a way that the caller's own document names
 * (CLI-1..13, MTL-1..3, UNX-4, WIF, SPF); an agent by the assertion of its grant besides or alone
 * (ASG-1..6). `issuer`: our issuer identifier. BUSY: keys behind a URL are on their way; ask again.
 */
AMBIT_CHECKED enum ambit_err identity_client(const struct ambit_documents *documents,
                                             const struct identity_keys *keys,
                                             struct ambit_str issuer, int64_t now_ms,
                                             const struct identity_proof *proof,
                                             struct arena *arena, struct identity_answer *ret);
/* Whom the client says it is, without any proof: `client_id`, or the name of HTTP Basic; absent. */
struct ambit_str identity_claimed(const struct identity_proof *proof, struct arena *arena);
/* A person by bearer token (method token), found through the digests indexed in `keys`, or by a
 * certificate (method mtls) where no Authorization is sent. */
AMBIT_CHECKED enum ambit_err identity_person(const struct ambit_documents *documents,
                                             const struct identity_keys *keys,
                                             const struct identity_proof *proof, int64_t now_ms,
                                             struct identity_answer *ret);
/* A service by HTTP Basic or certificate at /access/v1 and /v1, where nobody sends a form. */
AMBIT_CHECKED enum ambit_err identity_service(const struct ambit_documents *documents,
                                              const struct identity_keys *keys,
                                              const struct identity_proof *proof, int64_t now_ms,
                                              struct arena *arena, struct identity_answer *ret);
/* Fills what the certificate of the request is (MTL-4). */
void identity_note_certificate(const struct identity_proof *proof, struct caller *caller);
/* "Bearer TOKEN" (BRR-1): the token, or {NULL,0}. */
struct ambit_str identity_bearer(struct ambit_str authorization);

/* After the set has changed: is this way in still in the documents? */
bool identity_stands(const struct ambit_documents *documents, const struct identity_keys *keys,
                     const struct caller *caller, int64_t now_ms);

/* jti and rnd out of one of our access tokens, unverified: the row decides. MALFORMED when it is
 * not of that form: a compact JWS whose claims begin with the two. Bounded by AMBIT_JWS_BYTES. */
struct identity_token {
    struct ambit_id jti;
    uint8_t rnd[16];
};
AMBIT_CHECKED enum ambit_err identity_token_read(struct ambit_str token,
                                                 struct identity_token *ret);
