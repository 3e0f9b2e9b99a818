/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of possession (RFC 9449; standards.md section 9): what the header DPoP must hold, and what
 * a token that came with a request must bring besides. No store, no HTTP types: the steps of
 * check_proof in their order, but for the one that needs the store. Whether the `jti` was seen
 * before (step 9) is for the transaction of the outcome: `once` is consumed there, so that a proof
 * that fails by any other step is not. */
#pragma once

#include "ambit/model.h"
#include "identity/dpop_nonce.h"

struct arena;

enum { DPOP_PROOF_BACK_S = 60, DPOP_PROOF_AHEAD_S = 5 };

enum dpop_refusal {
    DPOP_FINE,
    DPOP_INVALID_PROOF, /* invalid_dpop_proof */
    DPOP_USE_NONCE,     /* use_dpop_nonce, with a fresh one */
    DPOP_INVALID_TOKEN, /* at a resource: the token and how it was shown do not belong together */
};

struct dpop_question {
    struct ambit_str proof;           /* the header as it came */
    struct ambit_str method;          /* "POST" */
    struct ambit_str uri;             /* where it went, by configuration, never by Host (DPOP-6) */
    struct ambit_str token;           /* shown with it: the proof names it (ath); absent: none */
    const struct dpop_nonces *nonces; /* NULL: none is in force for this client (D-8) */
    enum dpop_place place;
    int64_t now_ms;
};
/* What it proved. */
struct dpop_proof {
    enum dpop_refusal refusal;
    const char *what;        /* refused: a sentence, fit for error_description */
    struct ambit_digest key; /* RFC 7638 thumbprint (`jkt`) */
    struct ambit_digest once;
    int64_t once_until_ms;
    struct ambit_str htu; /* normalised */
    bool nonce_is_old;    /* hand out a fresh one with the answer */
};
/* OK with what was found, a refusal included; else it could not be told. */
AMBIT_CHECKED enum ambit_err dpop_check(const struct dpop_question *question, struct arena *arena,
                                        struct dpop_proof *ret);

/* A proof that somebody else received, with how and where they did (AZN-15). */
struct proof_told {
    struct ambit_str proof, method, uri;
};

/* How an access token stands in Authorization: "Bearer TOKEN" or "DPoP TOKEN" (BRR-1, DPOP-7). */
struct shown_token {
    struct ambit_str text; /* absent {NULL,0}: of another scheme, or no token */
    bool by_dpop;
};
struct shown_token identity_shown_token(struct ambit_str authorization);

/* A token shown to us as the resource, and what its grant is bound to. */
struct shown_question {
    struct shown_token token;
    enum ambit_binding binding;
    struct ambit_digest key;
    bool has_certificate; /* of this connection */
    struct ambit_digest certificate;
    struct dpop_question proof; /* of the same request; `token` is filled by us */
};
/* DPOP-7, MTL-5: a bound one by its own way alone, an unbound one as Bearer. `ret` as above;
 * without a proof to consume ret->once is all zero. */
AMBIT_CHECKED enum ambit_err identity_shown_check(const struct shown_question *question,
                                                  struct arena *arena, struct dpop_proof *ret);
/* The value of WWW-Authenticate for a refusal (DPOP-8); a literal. */
const char *dpop_challenge(enum dpop_refusal refusal);
