/* SPDX-License-Identifier: Apache-2.0 */
/* See binding.h. */
#include "oauth/binding.h"

#include "crypto/digest.h"
#include "oauth/call.h"
#include "oauth/reply.h"

static void put_nonce(struct broker *broker, enum dpop_place place, struct http_request *req,
                      struct http_reply *reply)
{
    struct dpop_nonce nonce = proof_nonce(broker, place);
    struct ambit_str value = arena_copy(&req->arena, ambit_str_of(nonce.text));
    if (value.p)
        http_reply_header(reply, "DPoP-Nonce", value.p);
}

void oauth_proof_request(struct http_request *req, struct proof_request *ret)
{
    *ret = (struct proof_request){
        .token = identity_shown_token(http_header(req, "authorization")),
        .header = http_header(req, "dpop"),
        .method = http_method_text(req),
        .path = req->path,
        .has_certificate = req->n_certificates > 0,
    };
    if (ret->has_certificate)
        crypto_sha256(req->certificates[0].p, req->certificates[0].len, &ret->certificate);
}

bool oauth_binding_read(struct oauth_call *call, struct http_request *req, struct http_reply *reply)
{
    struct oauth_binding *binding = &call->binding;
    struct proof_request request;
    oauth_proof_request(req, &request);
    if (request.has_certificate) {
        call->caller.has_certificate = true;
        call->caller.certificate = request.certificate;
        binding->kind = AMBIT_BINDING_MTLS;
        binding->key = request.certificate;
    }
    if (!request.header.p)
        return true;

    struct dpop_proof proof;
    enum ambit_err err = proof_at_token(call->broker, call->documents, call->caller.name, &request,
                                        &req->arena, &proof);
    if (err) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    if (proof.refusal != DPOP_FINE) {
        oauth_reply_proof(call, &proof, req, reply);
        return false;
    }
    *binding = (struct oauth_binding){.kind = AMBIT_BINDING_DPOP,
                                      .key = proof.key,
                                      .has_once = true,
                                      .once = proof_once(&proof),
                                      .gives_nonce = proof.nonce_is_old};
    return true;
}

void oauth_binding_put_nonce(const struct oauth_call *call, struct http_request *req,
                             struct http_reply *reply)
{
    if (call->binding.gives_nonce)
        put_nonce(call->broker, DPOP_AT_TOKEN, req, reply);
}

void oauth_reply_proof(const struct oauth_call *call, const struct dpop_proof *proof,
                       struct http_request *req, struct http_reply *reply)
{
    bool needs_nonce = proof->refusal == DPOP_USE_NONCE;
    struct oauth_refusal refusal = {
        .error = needs_nonce ? OAUTH_USE_DPOP_NONCE : OAUTH_INVALID_DPOP_PROOF,
        .description = ambit_str_of(proof->what),
    };
    oauth_reply_refusal(req, reply, &refusal);
    if (needs_nonce)
        put_nonce(call->broker, DPOP_AT_TOKEN, req, reply);
}

void oauth_reply_shown(const struct oauth_call *call, const struct dpop_proof *proof,
                       struct http_request *req, struct http_reply *reply)
{
    struct oauth_refusal refusal = {.error = OAUTH_INVALID_CLIENT,
                                    .description = ambit_str_of(proof->what)};
    oauth_reply_refusal(req, reply, &refusal);
    http_reply_header(reply, "WWW-Authenticate", dpop_challenge(proof->refusal));
    if (proof->refusal == DPOP_USE_NONCE)
        put_nonce(call->broker, DPOP_AT_RESOURCE, req, reply);
}
