/* SPDX-License-Identifier: Apache-2.0 */
/* See proof.h. */
#include "core/proof.h"

#include "core/internal.h"
#include "identity/htu.h"

bool proof_wants_nonce(const struct ambit_documents *documents, struct ambit_str caller)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, caller);
    const struct ambit_service *service = agent ? NULL : ambit_service_find(documents, caller);
    return agent ? agent->tier >= AMBIT_TIER_HIGH : service && service->tier >= AMBIT_TIER_HIGH;
}

struct dpop_nonce proof_nonce(const struct broker *broker, enum dpop_place place)
{
    return dpop_nonce_at(&broker->nonces, place, broker_now_ms(broker));
}

/* The path at our own address: Host is never asked (DPOP-6). */
static AMBIT_CHECKED enum ambit_err our_uri(const struct broker *broker, struct ambit_str path,
                                            struct arena *arena, struct ambit_str *ret)
{
    struct ambit_str issuer = broker_issuer(broker);
    char *uri = arena_alloc(arena, issuer.len + path.len + 1);
    if (uri == NULL)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(uri, issuer.p, issuer.len);
    memcpy(uri + issuer.len, path.p, path.len);
    *ret = (struct ambit_str){.p = uri, .len = issuer.len + path.len};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err question_of(struct broker *broker,
                                                const struct documents_ref *documents,
                                                struct ambit_str caller,
                                                const struct proof_request *request,
                                                struct arena *arena, struct dpop_question *ret)
{
    bool wants_nonce = proof_wants_nonce(documents->documents, caller);
    *ret = (struct dpop_question){.proof = request->header,
                                  .method = request->method,
                                  .nonces = wants_nonce ? &broker->nonces : NULL,
                                  .now_ms = broker_now_ms(broker)};
    return our_uri(broker, request->path, arena, &ret->uri);
}

enum ambit_err proof_at_token(struct broker *broker, const struct documents_ref *documents,
                              struct ambit_str caller, const struct proof_request *request,
                              struct arena *arena, struct dpop_proof *ret)
{
    struct dpop_question question;
    enum ambit_err err = question_of(broker, documents, caller, request, arena, &question);
    question.place = DPOP_AT_TOKEN;
    return err == AMBIT_OK ? dpop_check(&question, arena, ret) : err;
}

enum ambit_err proof_of_shown(struct broker *broker, const struct documents_ref *documents,
                              const struct grant_row *row, const struct proof_request *request,
                              struct arena *arena, struct dpop_proof *ret)
{
    struct shown_question question = {
        .token = request->token,
        .binding = row->binding,
        .key = row->binding_key,
        .has_certificate = request->has_certificate,
        .certificate = request->certificate,
    };
    if (row->binding == AMBIT_BINDING_DPOP) {
        enum ambit_err err =
            question_of(broker, documents, row->agent, request, arena, &question.proof);
        if (err != AMBIT_OK)
            return err;
        question.proof.place = DPOP_AT_RESOURCE;
    }
    return identity_shown_check(&question, arena, ret);
}

/* Is it at an origin that the service has an audience at? */
static AMBIT_CHECKED enum ambit_err is_at_service(const struct documents_ref *documents,
                                                  struct ambit_str name, struct ambit_str htu,
                                                  struct arena *arena, bool *ret)
{
    const struct ambit_service *service = ambit_service_find(documents->documents, name);
    struct ambit_str origin = htu_origin(htu);
    *ret = false;
    for (size_t i = 0; service != NULL && i < service->audiences.n; i++) {
        struct ambit_str audience = {0};
        enum ambit_err err = htu_normalise(service->audiences.v[i], arena, &audience);
        if (err == AMBIT_ERR_NO_MEMORY)
            return err;
        if (err == AMBIT_OK && ambit_str_eq(htu_origin(audience), origin))
            *ret = true;
    }
    return AMBIT_OK;
}

enum ambit_err proof_of_told(struct broker *broker, const struct documents_ref *documents,
                             struct ambit_str service, const struct proof_told *told,
                             struct ambit_str token, struct arena *arena, struct dpop_proof *ret)
{
    const struct dpop_question question = {.proof = told->proof,
                                           .method = told->method,
                                           .uri = told->uri,
                                           .token = token,
                                           .now_ms = broker_now_ms(broker)};
    bool is_there = false;
    enum ambit_err err = dpop_check(&question, arena, ret);
    if (err != AMBIT_OK || ret->refusal != DPOP_FINE)
        return err;
    err = is_at_service(documents, service, ret->htu, arena, &is_there);
    if (err == AMBIT_OK && !is_there) {
        ret->refusal = DPOP_INVALID_PROOF;
        ret->what = "the DPoP proof is for an address that is none of the service's";
    }
    return err;
}
