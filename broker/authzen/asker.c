/* SPDX-License-Identifier: Apache-2.0 */
/* Identifying who asks an evaluation. */
#include "authzen/asker.h"

#include "base/buf.h"
#include "core/service_grant.h"
#include "crypto/digest.h"

static void reply_text(struct http_reply *reply, unsigned status, const char *text)
{
    buf_reset(&reply->body);
    buf_put_text(&reply->body, text);
    buf_put_char(&reply->body, '\n');
    reply->status = status;
    reply->content_type = "text/plain; charset=utf-8";
    reply->no_store = true;
    if (status == 503)
        http_reply_header(reply, "Retry-After", "5");
}

void asker_reply_error(struct http_request *req, struct http_reply *reply, unsigned status,
                       const char *text)
{
    reply_text(reply, status, text);
    /* BRR-2: no credentials, no error code; a token that is no good says so. */
    struct shown_token shown = identity_shown_token(http_header(req, "authorization"));
    if (status == 401 && shown.by_dpop)
        http_reply_header(reply, "WWW-Authenticate", dpop_challenge(DPOP_INVALID_TOKEN));
    else if (status == 401 && shown.text.p)
        http_reply_header(reply, "WWW-Authenticate",
                          "Bearer realm=\"ambit\", error=\"invalid_token\"");
    else if (status == 401) {
        http_reply_header(reply, "WWW-Authenticate", "Basic realm=\"ambit\"");
        http_reply_header(reply, "WWW-Authenticate", "Bearer realm=\"ambit\"");
    }
    req->log.verdict = "refused";
}

void asker_reply_edge(const struct http_request *req, struct http_reply *reply,
                      struct http_problem problem)
{
    (void)req;
    /* A wrong media type is 400 here (AZN-2). */
    reply_text(reply, problem.status == 415 ? 400 : problem.status,
               problem.detail ? problem.detail : "the request cannot be served");
}

void asker_reply_shown(struct broker *broker, struct http_request *req, struct http_reply *reply,
                       const struct dpop_proof *proof)
{
    reply_text(reply, 401, proof->what);
    http_reply_header(reply, "WWW-Authenticate", dpop_challenge(proof->refusal));
    if (proof->refusal == DPOP_USE_NONCE) {
        struct dpop_nonce nonce = proof_nonce(broker, DPOP_AT_RESOURCE);
        struct ambit_str value = arena_copy(&req->arena, ambit_str_of(nonce.text));
        if (value.p)
            http_reply_header(reply, "DPoP-Nonce", value.p);
    }
    req->log.verdict = "refused";
}

bool asker_was_replayed(const struct command *command, struct http_request *req,
                        struct http_reply *reply)
{
    static const struct dpop_proof used = {.refusal = DPOP_INVALID_PROOF,
                                           .what = "the DPoP proof was used before"};
    if (!command_proof_was_used(command))
        return false;
    asker_reply_shown(command->broker, req, reply, &used);
    return true;
}

void asker_fill(const struct asker *asker, struct command *command)
{
    if (asker->has_once)
        command_add_once(command, &asker->once);
}

static bool refuse_unproved(struct broker *broker, struct http_request *req,
                            struct http_reply *reply)
{
    char text[ADDR_TEXT_MAX];
    size_t len = req->source.family ? addr_encode(&req->source, text) : 0;
    broker_count_unproved(broker, (struct ambit_str){.p = text, .len = len});
    asker_reply_error(req, reply, 401, "the caller is not known or did not prove itself");
    return false;
}

static bool identify_by_service_token(struct broker *broker, const struct documents_ref *documents,
                                      struct http_request *req, struct http_reply *reply,
                                      struct asker *ret)
{
    struct grant_row row;
    enum ambit_err err =
        query_service_token(broker, documents, &ret->token, &req->arena, &row, &ret->caller);
    if (err == AMBIT_ERR_NOT_FOUND)
        return refuse_unproved(broker, req, reply);
    if (err)
        asker_reply_error(req, reply, 503, ambit_err_text(err));
    return !err;
}

/* DPOP-7, MTL-5: a bound token by its own way alone. */
static bool is_shown_well(struct broker *broker, const struct documents_ref *documents,
                          const struct grant_row *row, struct http_request *req,
                          struct http_reply *reply, struct asker *ret)
{
    struct dpop_proof proof;
    struct proof_request request = {.token = ret->shown,
                                    .header = http_header(req, "dpop"),
                                    .method = http_method_text(req),
                                    .path = req->path,
                                    .has_certificate = req->n_certificates > 0};
    if (request.has_certificate)
        crypto_sha256(req->certificates[0].p, req->certificates[0].len, &request.certificate);
    enum ambit_err err = proof_of_shown(broker, documents, row, &request, &req->arena, &proof);
    if (err) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    if (proof.refusal != DPOP_FINE) {
        asker_reply_shown(broker, req, reply, &proof);
        return false;
    }
    ret->proved.has_dpop = row->binding == AMBIT_BINDING_DPOP;
    ret->proved.has_certificate = row->binding == AMBIT_BINDING_MTLS;
    ret->proved.dpop = ret->proved.certificate = row->binding_key;
    ret->has_once = proof_has_once(&proof);
    ret->once = proof_once(&proof);
    return true;
}

/* The token proves its bearer; the grant's row says who that is. Whether it still gives anything is
 * for the decision to say. */
static bool identify_bearer(struct broker *broker, const struct documents_ref *documents,
                            struct http_request *req, struct http_reply *reply, struct asker *ret)
{
    struct introspection *found = arena_alloc(&req->arena, sizeof *found);
    enum ambit_err err =
        found ? identity_token_read(ret->shown.text, &ret->token) : AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_ERR_MALFORMED)
        return refuse_unproved(broker, req, reply);
    static const struct caller bearer_itself = {.kind = CALLER_NONE};
    if (!err)
        err = query_introspect(broker, documents, &ret->token, &bearer_itself,
                               broker_now_ms(broker), &req->arena, found);
    if (err) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    if (!found->is_known)
        return refuse_unproved(broker, req, reply);
    if (!is_shown_well(broker, documents, &found->row, req, reply, ret))
        return false;
    if (ambit_service_find(documents->documents, found->row.agent))
        return identify_by_service_token(broker, documents, req, reply, ret);
    ret->by_agent = true;
    ret->caller = (struct caller){
        .kind = CALLER_AGENT, .name = found->row.agent, .method = AMBIT_METHOD_TOKEN};
    return true;
}

static struct ambit_str source_of(struct http_request *req)
{
    char text[ADDR_TEXT_MAX];
    if (!req->source.family)
        return (struct ambit_str){0};
    size_t len = addr_encode(&req->source, text);
    return arena_copy(&req->arena, (struct ambit_str){.p = text, .len = len});
}

/* CLI-14, of services that send a secret. */
static bool is_listened_to(struct broker *broker, const struct identity_proof *proof,
                           struct http_request *req, struct http_reply *reply)
{
    uint32_t wait_s =
        broker_failed_wait_s(broker, identity_claimed(proof, &req->arena), source_of(req));
    if (wait_s == 0)
        return true;
    asker_reply_error(req, reply, 429,
                      "this caller brought too many wrong secrets from here; none was looked at");
    http_reply_retry_after(req, reply, wait_s);
    return false;
}

static bool identify(struct broker *broker, const struct documents_ref *documents,
                     struct ambit_str authorization, struct http_request *req,
                     struct http_reply *reply, struct asker *ret)
{
    ret->shown = identity_shown_token(authorization);
    if (ret->shown.text.p)
        return identify_bearer(broker, documents, req, reply, ret);

    struct identity_answer answer = {0};
    struct identity_proof proof = {.authorization = authorization,
                                   .certificates = req->certificates,
                                   .n_certificates = req->n_certificates};
    if (authorization.p && broker_keeps_waiting(broker) &&
        !is_listened_to(broker, &proof, req, reply))
        return false;
    enum ambit_err err = identity_service(documents->documents, documents->keys, &proof,
                                          broker_now_ms(broker), &req->arena, &answer);
    if (err && err != AMBIT_ERR_REFUSED) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    if (err || answer.refusal != IDENTITY_FINE) {
        if (authorization.p)
            broker_note_failed(broker, identity_claimed(&proof, &req->arena), source_of(req));
        return refuse_unproved(broker, req, reply);
    }
    ret->caller = answer.caller;
    return true;
}

bool asker_take(struct broker *broker, const struct asker *asker, size_t n,
                struct http_request *req, struct http_reply *reply)
{
    uint32_t retry_after_s = 0;
    enum ambit_err err = broker_budget_more(broker, &asker->caller, n, &retry_after_s);
    if (err == AMBIT_OK)
        return true;
    if (err != AMBIT_ERR_BUSY) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    asker_reply_error(req, reply, 429,
                      "more requests than this caller's budget allows; nothing was decided");
    http_reply_retry_after(req, reply, retry_after_s);
    return false;
}

bool asker_identify(struct broker *broker, const struct documents_ref *documents,
                    struct http_request *req, struct http_reply *reply, struct asker *ret)
{
    return identify(broker, documents, http_header(req, "authorization"), req, reply, ret) &&
           asker_take(broker, ret, 1, req, reply);
}

bool asker_identify_service(struct broker *broker, const struct documents_ref *documents,
                            struct http_request *req, struct http_reply *reply, struct asker *ret)
{
    if (!asker_identify(broker, documents, req, reply, ret))
        return false;
    if (ret->by_agent) /* AZN-19 */
        asker_reply_error(req, reply, 403, "services alone may ask here");
    return !ret->by_agent;
}

bool asker_identify_by(struct broker *broker, const struct documents_ref *documents,
                       struct ambit_str authorization, struct http_request *req,
                       struct http_reply *reply, struct asker *ret)
{
    bool is_known = identify(broker, documents, authorization, req, reply, ret);
    if (is_known && !ret->by_agent)
        return asker_take(broker, ret, 1, req, reply);
    if (is_known || reply->status == 401) {
        reply->n_headers = 0; /* a challenge would go to the proxy's own client */
        asker_reply_error(req, reply, 403, "the proxy did not prove which service it stands for");
    }
    return false;
}
