/* SPDX-License-Identifier: Apache-2.0 */
/* The way into the OAuth endpoints: form, client, budget. */
#include "oauth/call.h"

#include "core/service_grant.h"
#include "oauth/reply.h"
#include "oauth/token_request.h"

/* The same text whether the name or the proof was wrong (CLI-3). */
static const char not_proved[] = "the client is not known or did not prove itself";

static struct oauth_refusal refusal_of(const struct identity_answer *answer)
{
    switch (answer->refusal) {
    case IDENTITY_TWO_METHODS:
        return (struct oauth_refusal){.error = OAUTH_INVALID_REQUEST,
                                      .description =
                                          AMBIT_STR("one way to authenticate a request")};
    case IDENTITY_INVALID_GRANT:
        return (struct oauth_refusal){
            .error = OAUTH_INVALID_GRANT,
            .description = AMBIT_STR("the assertion is none that this issuer takes, or names no "
                                     "agent")};
    case IDENTITY_NO_CREDENTIALS:
    case IDENTITY_TWO_METHODS_ASSERTION:
    case IDENTITY_INVALID:
    case IDENTITY_FINE:
        break;
    }
    return (struct oauth_refusal){.error = OAUTH_INVALID_CLIENT,
                                  .description = ambit_str_of(not_proved),
                                  .challenge = answer->used_header};
}

/* Everything by which the client may prove itself, and the certificates as texts. */
static struct identity_proof proof_of(const struct oauth_call *call, struct http_request *req)
{
    const struct form *form = &call->form;
    struct identity_proof proof = {
        .authorization = http_header(req, "authorization"),
        .client_id = form_get(form, "client_id"),
        .client_secret = form_get(form, "client_secret"),
        .client_assertion = form_get(form, "client_assertion"),
        .client_assertion_type = form_get(form, "client_assertion_type"),
        .is_unix = req->is_unix,
        .uid = req->peer_uid,
        .gid = req->peer_gid,
        .certificates = req->certificates,
        .n_certificates = req->n_certificates,
    };
    if (call->takes_assertion && ambit_str_is(form_get(form, "grant_type"),
                                              grant_type_text(GRANT_TYPE_JWT_BEARER))) /* ASG-1 */
        proof.assertion = form_get(form, "assertion");
    return proof;
}

/* CLI-14: too many wrong secrets of this name from there: none is looked at until later. What
 * nobody can guess, a signature or a certificate, is: it shuts nobody out. */
static bool is_listened_to(struct oauth_call *call, const struct identity_proof *proof,
                           struct http_request *req, struct http_reply *reply)
{
    uint32_t wait_s =
        broker_failed_wait_s(call->broker, identity_claimed(proof, &req->arena), call->source);
    if (wait_s == 0)
        return true;
    struct oauth_refusal refusal = {
        .error = OAUTH_UNAVAILABLE,
        .status = 429,
        .description = AMBIT_STR("this client brought too many wrong secrets from here; none was "
                                 "looked at"),
        .retry_after_s = wait_s,
    };
    oauth_reply_refusal(req, reply, &refusal);
    return false;
}

static bool authenticate(struct oauth_call *call, struct http_request *req,
                         struct http_reply *reply)
{
    struct identity_proof proof = proof_of(call, req);
    struct identity_answer answer = {0};
    if (proof.authorization.p && broker_keeps_waiting(call->broker) &&
        !is_listened_to(call, &proof, req, reply))
        return false;
    enum ambit_err err = identity_client(call->documents->documents, call->documents->keys,
                                         broker_issuer(call->broker), broker_now_ms(call->broker),
                                         &proof, &req->arena, &answer);
    if (err && err != AMBIT_ERR_REFUSED) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    if (err || answer.refusal != IDENTITY_FINE) {
        if (answer.used_header && answer.refusal == IDENTITY_INVALID)
            broker_note_failed(call->broker, identity_claimed(&proof, &req->arena), call->source);
        broker_count_unproved(call->broker, call->source);
        struct oauth_refusal refusal = refusal_of(&answer);
        oauth_reply_refusal(req, reply, &refusal);
        return false;
    }
    call->caller = answer.caller;
    call->used_header = answer.used_header;
    call->has_grant_once = answer.has_grant_once;
    call->grant_once =
        (struct once_value){.digest = answer.grant_once, .until_ms = answer.grant_once_until_ms};
    return true;
}

/* Bound as it may be to a key: by its own way alone. */
static bool is_shown_well(struct oauth_call *call, struct http_request *req,
                          struct http_reply *reply, const struct grant_row *row)
{
    struct proof_request request;
    struct dpop_proof proof;
    oauth_proof_request(req, &request);
    enum ambit_err err =
        proof_of_shown(call->broker, call->documents, row, &request, &req->arena, &proof);
    if (err) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    if (proof.refusal != DPOP_FINE) {
        oauth_reply_shown(call, &proof, req, reply);
        return false;
    }
    call->binding.has_once = proof_has_once(&proof);
    call->binding.once = proof_once(&proof);
    return true;
}

/* A bearer token of the scope ambit.decide, and no other proof beside it. */
static bool authenticate_bearer(struct oauth_call *call, struct http_request *req,
                                struct http_reply *reply, struct ambit_str bearer)
{
    struct identity_token token = {0};
    struct grant_row row = {0};
    enum ambit_err err = identity_token_read(bearer, &token);
    if (!err)
        err = query_service_token(call->broker, call->documents, &token, &req->arena, &row,
                                  &call->caller);
    if (!err)
        return is_shown_well(call, req, reply, &row);
    if (err != AMBIT_ERR_MALFORMED && err != AMBIT_ERR_NOT_FOUND) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    broker_count_unproved(call->broker, call->source);
    struct oauth_refusal refusal = {.error = OAUTH_INVALID_CLIENT,
                                    .description = ambit_str_of(not_proved),
                                    .challenge_bearer = true};
    oauth_reply_refusal(req, reply, &refusal);
    return false;
}

static bool is_in_budget(struct oauth_call *call, struct http_request *req,
                         struct http_reply *reply)
{
    uint32_t retry_after_s = 0;
    enum ambit_err err = broker_budget(call->broker, &call->caller, &retry_after_s);
    if (err == AMBIT_OK)
        return true;
    if (err != AMBIT_ERR_BUSY) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    struct oauth_refusal refusal = {
        .error = OAUTH_UNAVAILABLE,
        .status = 429,
        .description =
            AMBIT_STR("more requests than this caller's budget allows; nothing was decided"),
        .retry_after_s = retry_after_s ? retry_after_s : 1,
    };
    oauth_reply_refusal(req, reply, &refusal);
    return false;
}

bool oauth_call_begin(struct oauth_call *call, struct broker *broker, struct http_request *req,
                      struct http_reply *reply)
{
    call->broker = broker;
    call->documents = broker_documents_acquire(broker);
    if (req->source.family != 0) {
        char text[ADDR_TEXT_MAX];
        call->source = arena_copy(
            &req->arena, (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
    }

    const char *what = NULL;
    enum ambit_err err = form_decode(req->body, &req->arena, &call->form, &what);
    if (err == AMBIT_ERR_MALFORMED || err == AMBIT_ERR_TOO_LARGE) {
        struct oauth_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                        .description = ambit_str_of(what)};
        oauth_reply_refusal(req, reply, &refusal);
        return false;
    }
    if (err) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    struct shown_token shown = identity_shown_token(http_header(req, "authorization"));
    bool is_proved = call->takes_bearer && shown.text.p
                         ? authenticate_bearer(call, req, reply, shown.text)
                         : authenticate(call, req, reply);
    return is_proved && is_in_budget(call, req, reply);
}

void oauth_call_done(struct oauth_call *call)
{
    if (call->documents)
        broker_documents_release(TAKE(call->documents));
}

bool oauth_call_answered(const struct oauth_call *call, const struct command *command,
                         struct http_request *req, struct http_reply *reply)
{
    if (command_proof_was_used(command)) {
        const struct dpop_proof proof = {.refusal = DPOP_INVALID_PROOF,
                                         .what = "the DPoP proof was used before"};
        call->takes_bearer ? oauth_reply_shown(call, &proof, req, reply)
                           : oauth_reply_proof(call, &proof, req, reply);
        return false;
    }
    if (command->way_in_lost || command->err == AMBIT_ERR_REFUSED) {
        /* The documents changed under it, or its one-time value was used before (CLI-11). */
        struct oauth_refusal refusal = {.error = OAUTH_INVALID_CLIENT,
                                        .description = ambit_str_of(not_proved),
                                        .challenge = call->used_header};
        oauth_reply_refusal(req, reply, &refusal);
        return false;
    }
    if (command->err) {
        oauth_reply_failure(req, reply, command->err);
        return false;
    }
    req->log.event = (int64_t)command->seq;
    return true;
}
