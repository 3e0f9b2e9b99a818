/* SPDX-License-Identifier: Apache-2.0 */
/* federated_jwt: a token that a platform gave its workload (Kubernetes, CI, SPIFFE, any OIDC
 * issuer), shown as the assertion of a jwt-bearer grant (ASG-1..6) or, by switch, as a client
 * assertion (WIF-4, SPF-3). Issuer, keys and algorithms are the configuration's, never the token's;
 * who it stands for is the one agent whose document names exactly its issuer, subject and claims.
 * Within the room only. */
#pragma once

#include "identity/keys.h"

struct federated_question {
    const struct ambit_documents *documents;
    const struct identity_keys *keys;
    struct ambit_str token;
    bool is_grant;  /* the token endpoint's URL is an audience too (ASG-2) */
    bool is_spiffe; /* announced as jwt-spiffe: a JWT-SVID and nothing else */
    int64_t now_ms;
};
struct federated_answer {
    struct caller caller;
    struct ambit_str subject; /* the token's */
};
/* OK, REFUSED, BUSY while the issuer's keys are being fetched, or could not tell. */
AMBIT_CHECKED enum ambit_err federated_check(const struct federated_question *question,
                                             struct arena *arena, struct federated_answer *ret);
/* Does the text say it is of an issuer whose tokens may stand as client assertions? Nothing is
 * verified. */
bool federated_is_assertion(const struct identity_keys *keys, struct ambit_str token,
                            struct arena *arena);
/* Does the payload have every claim that the credential names, with exactly that value? A name that
 * begins with '/' is a JSON Pointer (RFC 6901). */
bool federated_claims_fit(const struct ambit_credential *credential,
                          const struct json_value *payload);
