/* SPDX-License-Identifier: Apache-2.0 */
/* The key that a client proves at an OAuth endpoint (step 3 of standards.md section 3): a DPoP
 * proof, or the certificate of its connection. What is bound is one of them, DPoP where both are
 * shown (D-9, MTL-8). Lives in struct oauth_call. */
#pragma once

#include "core/proof.h"
#include "http/http.h"

struct oauth_call;

struct oauth_binding {
    enum ambit_binding kind;
    struct ambit_digest key;
    bool has_once; /* of the proof: goes with the command */
    struct once_value once;
    bool gives_nonce; /* a fresh one goes with the answer (DPOP-4) */
};

/* After oauth_call_begin(), where a token is asked for. False: the reply is filled. */
bool oauth_binding_read(struct oauth_call *call, struct http_request *req,
                        struct http_reply *reply);
/* What a request brought by which a key may be proved. */
void oauth_proof_request(struct http_request *req, struct proof_request *ret);
/* With an answer that gives a token. */
void oauth_binding_put_nonce(const struct oauth_call *call, struct http_request *req,
                             struct http_reply *reply);
/* The refusal of a proof at the token side (DPOP-3): 400, and a nonce where that is what is asked;
 * never a challenge (TOK-6). */
void oauth_reply_proof(const struct oauth_call *call, const struct dpop_proof *proof,
                       struct http_request *req, struct http_reply *reply);
/* The same of a token of ours that a service came by: 401 with a challenge (DPOP-8). */
void oauth_reply_shown(const struct oauth_call *call, const struct dpop_proof *proof,
                       struct http_request *req, struct http_reply *reply);
