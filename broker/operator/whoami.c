/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/whoami: whoever proves themselves is told how the broker knows them: a person by their
 * token, an agent by its access token, a client by HTTP Basic. */
#include "base/json_write.h"
#include "core/proof.h"
#include "core/query.h"
#include "core/service_grant.h"
#include "crypto/digest.h"
#include "operator/access.h"
#include "operator/handlers.h"

struct whoami_state {
    struct broker *broker;
    struct documents_ref *documents;
    struct caller caller;
    struct dpop_proof proof; /* of a bound token; refused: why */
    struct once_command once;
    bool has_command;
};

/* ---- who ---- */

/* DPOP-7, MTL-5: a bound token by its own way alone. */
static enum ambit_err check_shown(struct whoami_state *state, struct http_request *req,
                                  const struct shown_token *shown, const struct grant_row *row)
{
    struct proof_request request = {.token = *shown,
                                    .header = http_header(req, "dpop"),
                                    .method = http_method_text(req),
                                    .path = req->path,
                                    .has_certificate = req->n_certificates > 0};
    if (request.has_certificate)
        crypto_sha256(req->certificates[0].p, req->certificates[0].len, &request.certificate);
    enum ambit_err err =
        proof_of_shown(state->broker, state->documents, row, &request, &req->arena, &state->proof);
    return err || state->proof.refusal == DPOP_FINE ? err : AMBIT_ERR_REFUSED;
}

static enum ambit_err by_access_token(struct whoami_state *state, struct http_request *req,
                                      const struct shown_token *shown)
{
    static const struct caller bearer_itself = {.kind = CALLER_NONE};
    struct identity_token token = {0};
    enum ambit_err err = identity_token_read(shown->text, &token);
    if (err)
        return err == AMBIT_ERR_MALFORMED ? AMBIT_ERR_REFUSED : err;
    struct introspection *found = arena_alloc(&req->arena, sizeof *found);
    if (!found)
        return AMBIT_ERR_NO_MEMORY;
    err = query_introspect(state->broker, state->documents, &token, &bearer_itself,
                           broker_now_ms(state->broker), &req->arena, found);
    if (err)
        return err;
    if (!found->is_known)
        return AMBIT_ERR_REFUSED;
    err = check_shown(state, req, shown, &found->row);
    if (err)
        return err;
    if (ambit_service_find(state->documents->documents, found->row.agent)) {
        err = query_service_token(state->broker, state->documents, &token, &req->arena, &found->row,
                                  &state->caller);
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_REFUSED : err;
    }
    if (!found->is_active)
        return AMBIT_ERR_REFUSED;
    state->caller = (struct caller){
        .kind = CALLER_AGENT, .name = found->row.agent, .method = AMBIT_METHOD_TOKEN};
    return AMBIT_OK;
}

static enum ambit_err identify(struct whoami_state *state, struct http_request *req)
{
    const struct documents_ref *documents = state->documents;
    struct ambit_str authorization = http_header(req, "authorization");
    struct shown_token shown = identity_shown_token(authorization);
    int64_t now_ms = broker_now_ms(state->broker);
    struct identity_answer answer = {.refusal = IDENTITY_INVALID};
    struct identity_proof proof = access_proof(req);
    enum ambit_err err = AMBIT_OK;
    if (shown.text.p || !authorization.p) {
        err = identity_person(documents->documents, documents->keys, &proof, now_ms, &answer);
        if (!err && answer.refusal != IDENTITY_FINE && shown.text.p)
            return by_access_token(state, req, &shown);
    }
    bool is_open = answer.refusal != IDENTITY_FINE;
    if (!err && is_open && !authorization.p && proof.n_certificates > 0) {
        err = identity_service(documents->documents, documents->keys, &proof, now_ms, &req->arena,
                               &answer);
        is_open = answer.refusal != IDENTITY_FINE;
    }
    if (!err && is_open && !shown.text.p && (authorization.p || proof.n_certificates > 0)) {
        err = identity_client(documents->documents, documents->keys, broker_issuer(state->broker),
                              now_ms, &proof, &req->arena, &answer);
    }
    if (err)
        return err;
    bool has_left = answer.caller.kind == CALLER_PERSON &&
                    broker_person_left(state->broker, answer.caller.name);
    if (answer.refusal != IDENTITY_FINE || has_left)
        return AMBIT_ERR_REFUSED;
    state->caller = answer.caller;
    return AMBIT_OK;
}

/* ---- what they are told ---- */

static void write_roles(unsigned roles, struct json_out *out)
{
    static const struct {
        enum ambit_role role;
        const char *text;
    } all[] = {{AMBIT_ROLE_OWNER, "owner"},
               {AMBIT_ROLE_ONCALL, "oncall"},
               {AMBIT_ROLE_APPROVER, "approver"},
               {AMBIT_ROLE_AUDITOR, "auditor"},
               {AMBIT_ROLE_ADMIN, "admin"}};
    json_key(out, "roles");
    json_begin_array(out);
    for (size_t i = 0; i < AMBIT_LEN(all); i++)
        if (roles & all[i].role)
            json_text(out, all[i].text);
    json_end_array(out);
}

static void write_caller(const struct whoami_state *state, struct json_out *out)
{
    static const char *const kinds[] = {[CALLER_NONE] = "none",
                                        [CALLER_AGENT] = "agent",
                                        [CALLER_SERVICE] = "service",
                                        [CALLER_PERSON] = "person"};
    const struct ambit_documents *documents = state->documents->documents;
    const struct ambit_agent *agent = ambit_agent_find(documents, state->caller.name);
    const struct ambit_service *service = ambit_service_find(documents, state->caller.name);
    const struct ambit_person *person = ambit_person_find(documents, state->caller.name);

    json_begin_object(out);
    json_member_text(out, "kind", kinds[state->caller.kind]);
    json_member_str(out, "name", state->caller.name);
    if (state->caller.kind == CALLER_PERSON && person)
        write_roles(person->roles, out);
    if (state->caller.kind == CALLER_SERVICE && service)
        json_member_str(out, "owner", service->owner);
    if (state->caller.kind == CALLER_AGENT && agent) {
        json_member_str(out, "owner", agent->owner);
        json_key(out, "policies");
        json_begin_array(out);
        for (size_t i = 0; i < agent->policies.n; i++)
            json_str(out, agent->policies.v[i]);
        json_end_array(out);
    }
    json_end_object(out);
}

static void answer(const struct whoami_state *state, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    write_caller(state, &out);
    reply->no_store = true;
    http_reply_json(reply, 200);
}

/* DPOP-8 */
static void reply_shown(const struct whoami_state *state, struct http_request *req,
                        struct http_reply *reply)
{
    http_reply_problem(req, reply,
                       (struct http_problem){.status = 401,
                                             .reason = "credentials_required",
                                             .detail = state->proof.what});
    http_reply_header(reply, "WWW-Authenticate", dpop_challenge(state->proof.refusal));
    if (state->proof.refusal != DPOP_USE_NONCE)
        return;
    struct dpop_nonce nonce = proof_nonce(state->broker, DPOP_AT_RESOURCE);
    struct ambit_str value = arena_copy(&req->arena, ambit_str_of(nonce.text));
    if (value.p)
        http_reply_header(reply, "DPoP-Nonce", value.p);
}

static void resume(void *ctx)
{
    http_resume(ctx);
}

/* The proof is good for one request: the writer keeps it before the answer leaves. */
static enum http_next use_proof(struct whoami_state *state, struct http_request *req,
                                struct http_reply *reply)
{
    struct once_value once = proof_once(&state->proof);
    command_init(&state->once.base, state->broker, &state->caller, state->documents);
    state->has_command = true;
    state->once.base.done = resume;
    state->once.base.done_ctx = req;
    state->once.base.txn = ambit_str_of(req->trace_id);
    command_add_once(&state->once.base, &once);
    http_suspend(req);
    enum ambit_err err = once_submit(&state->once);
    if (err)
        access_reply_err(req, reply, err);
    return err ? HTTP_DONE : HTTP_WAIT;
}

enum http_next whoami_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct whoami_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    state->broker = app;
    state->documents = broker_documents_acquire(app);
    enum ambit_err err = identify(state, req);
    if (err == AMBIT_ERR_REFUSED && state->proof.refusal != DPOP_FINE)
        reply_shown(state, req, reply);
    else if (err == AMBIT_ERR_REFUSED)
        access_reply_unproved(app, req, reply);
    else if (err)
        access_reply_err(req, reply, err);
    else if (access_is_in_budget(app, &state->caller, req, reply)) {
        if (proof_has_once(&state->proof))
            return use_proof(state, req, reply);
        answer(state, reply);
    }
    return HTTP_DONE;
}

enum http_next whoami_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    struct whoami_state *state = req->user;
    const struct command *command = &state->once.base;
    if (command_proof_was_used(command)) {
        state->proof = (struct dpop_proof){.refusal = DPOP_INVALID_PROOF,
                                           .what = "The DPoP proof was used before."};
        reply_shown(state, req, reply);
    } else if (command->way_in_lost)
        access_reply_unproved(app, req, reply);
    else if (command->err)
        access_reply_err(req, reply, command->err);
    else
        answer(state, reply);
    return HTTP_DONE;
}

void whoami_done(void *app, struct http_request *req)
{
    (void)app;
    struct whoami_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->once.base);
    broker_documents_release(TAKE(state->documents));
}
