/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: a client asks, the writer decides, the token is written from the committed row. */
#include "ambit/policy.h"
#include "base/json_write.h"
#include "base/random.h"
#include "base/secret.h"
#include "core/command.h"
#include "core/teach.h"
#include "crypto/digest.h"
#include "oauth/call.h"
#include "oauth/claims.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"
#include "oauth/token_request.h"

struct token_state {
    struct oauth_call call;
    struct token_request request;
    struct grant_command command;
    bool has_command;
    uint8_t rnd[16];
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

/* ---- decode ---- */

static struct ambit_addr_view addr_view(const struct addr *addr)
{
    struct ambit_addr_view view = {.family = addr->family};
    memcpy(view.b, addr->b, sizeof view.b);
    return view;
}

static void fill_command(struct token_state *state, struct http_request *req)
{
    struct grant_command *command = &state->command;
    const struct token_request *asked = &state->request;

    command_init(&command->base, state->call.broker, &state->call.caller, state->call.documents);
    grant_command_init(command);
    state->has_command = true;
    command->base.done = resume;
    command->base.done_ctx = req;
    command->base.source = state->call.source;
    command->base.txn = ambit_str_of(req->trace_id);
    command->arena = &req->arena;
    command->question = (struct ambit_grant_question){
        .agent = state->call.caller.name,
        .items = asked->asked.items,
        .n_items = asked->asked.n,
        .audience = asked->resource,
        .has_lifetime = asked->has_lifetime,
        .lifetime_s = asked->lifetime_s,
        .purpose = asked->purpose,
        .source = addr_view(&req->peer),
        .binding = AMBIT_BINDING_NONE,
    };
    random_bytes(state->rnd, sizeof state->rnd);
    crypto_sha256(state->rnd, sizeof state->rnd, &command->token);
}

/* True when the form can be decided; else the reply is filled. */
static bool decode(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    struct token_refusal refusal = {0};
    enum ambit_err err =
        token_request_read(&state->call.form, &req->arena, &state->request, &refusal);
    if (err == AMBIT_ERR_MALFORMED) {
        struct oauth_refusal answer = {.error = refusal.error,
                                       .description = ambit_str_of(refusal.description)};
        oauth_reply_refusal(req, reply, &answer);
        return false;
    }
    if (err) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    if (state->call.caller.kind != CALLER_AGENT) { /* TOK-7 */
        struct oauth_refusal answer = {.error = OAUTH_UNAUTHORIZED_CLIENT,
                                       .description = AMBIT_STR("authority is granted to agents")};
        oauth_reply_refusal(req, reply, &answer);
        return false;
    }
    return true;
}

enum http_next token_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct token_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!oauth_call_begin(&state->call, app, req, reply) || !decode(state, req, reply))
        return HTTP_DONE;

    fill_command(state, req);
    http_suspend(req);
    enum ambit_err err = grant_submit(&state->command);
    if (err) {
        oauth_reply_failure(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

/* ---- reply ---- */

static enum oauth_field field_of(const struct decided *decided)
{
    if (ambit_str_is(decided->member, "lifetime") || ambit_str_is(decided->member, "lifetime_s") ||
        ambit_str_is(decided->member, "purpose"))
        return OAUTH_FIELD_OTHER;
    return ambit_str_is(decided->member, "audience") ? OAUTH_FIELD_RESOURCE : OAUTH_FIELD_ITEM;
}

static void reply_refused(struct token_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    const struct decided *decided = &state->command.decided;
    const struct asked *asked = &state->request.asked;
    struct ambit_explanation *explanation = arena_alloc(&req->arena, sizeof *explanation);
    bool is_taught =
        explanation && teach_grant(&state->command, &req->arena, explanation) == AMBIT_OK;

    struct oauth_asked_as as = {
        .is_by_details = asked->n > 0 ? decided->item >= asked->n_scope : asked->has_details,
        .has_resource = state->request.resource.p,
        .field = field_of(decided),
    };
    struct oauth_refusal refusal = {
        .error = oauth_error_of_reason(decided->reason, as),
        .description = is_taught ? explanation->user_text : (struct ambit_str){0},
        .reason = ambit_reason_text(decided->reason),
        .rule = decided->rule,
        .request = state->command.base.id,
        .remedy = is_taught ? &explanation->agent_remedy : NULL,
    };
    oauth_reply_refusal(req, reply, &refusal);
    req->log.verdict = "deny";
}

/* Claims from the row, then the signature over them, in one buffer. */
static enum ambit_err mint(const struct token_state *state, uint64_t ask, struct buf *ret_token)
{
    BUF_AUTO payload;
    buf_init(&payload, 0);
    struct json_out out;
    json_out_init(&out, &payload, false);
    struct claims claims = {.issuer = broker_issuer(state->call.broker),
                            .row = &state->command.row,
                            .live = UINT64_MAX, /* given a moment ago */
                            .ask = ask,
                            .rnd = state->rnd};
    json_begin_object(&out);
    claims_write(&claims, &out);
    json_end_object(&out);
    enum ambit_err err = buf_check(&payload);
    if (err)
        return err;

    err = jws_sign(broker_signer(state->call.broker), "at+jwt", buf_str(&payload), ret_token);
    secret_wipe(payload.p, payload.len);
    return err;
}

static void reply_granted(struct token_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    const struct grant_command *command = &state->command;
    struct ambit_grant_view view = {0};
    grant_row_view(&command->row, &view);
    uint64_t live = 0, ask = 0;
    ambit_grant_items_now(command->base.documents->set, &view, NULL, 0, command->base.now_ms, &live,
                          &ask);

    struct buf token;
    buf_init(&token, 0);
    enum ambit_err err = mint(state, ask, &token);
    if (err) {
        /* Recorded, and lost on the way (TOK-10): the grant expires unused. */
        buf_wipe(&token);
        oauth_reply_failure(req, reply, err);
        return;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    struct token_response response = {
        .row = &command->row, .ask = ask, .token = buf_str(&token), .now_ms = command->base.now_ms};
    token_response_write(&response, &out);
    buf_wipe(&token);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = "allow";
    req->log.reason = ambit_reason_text(AMBIT_REASON_ALLOWED);
}

enum http_next token_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct token_state *state = req->user;
    if (!oauth_call_answered(&state->call, &state->command.base, req, reply))
        return HTTP_DONE;
    if (state->command.decided.verdict != AMBIT_ALLOW)
        reply_refused(state, req, reply);
    else
        reply_granted(state, req, reply);
    return HTTP_DONE;
}

void token_done(void *app, struct http_request *req)
{
    (void)app;
    struct token_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    oauth_call_done(&state->call);
    secret_wipe(state->rnd, sizeof state->rnd);
}
