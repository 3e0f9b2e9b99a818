/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: a client asks, the writer decides, the token is written from the committed row. */
#include "ambit/policy.h"
#include "base/random.h"
#include "base/secret.h"
#include "core/teach.h"
#include "crypto/digest.h"
#include "oauth/handlers.h"
#include "oauth/mint.h"
#include "oauth/reply.h"
#include "oauth/token_state.h"

static void resume(void *ctx)
{
    http_resume(ctx);
}

static void ready(void *ctx)
{
    http_prepare(ctx);
}

/* ---- decode ---- */

static struct ambit_addr_view addr_view(const struct addr *addr)
{
    struct ambit_addr_view view = {.family = addr->family};
    memcpy(view.b, addr->b, sizeof view.b);
    return view;
}

void token_command_fill(struct token_state *state, struct http_request *req)
{
    struct command *base = &state->command.base;
    command_init(base, state->call.broker, &state->call.caller, state->call.documents);
    state->has_command = true;
    base->done = resume;
    base->ready = ready;
    base->done_ctx = req;
    base->source = state->call.source;
    base->txn = ambit_str_of(req->trace_id);
    random_bytes(state->rnd, sizeof state->rnd);
}

static void fill_agent(struct token_state *state, struct http_request *req)
{
    struct grant_command *command = &state->command.agent;
    const struct token_request *request = &state->request;
    token_command_fill(state, req);
    grant_command_init(command);
    command->arena = &req->arena;
    command->approval_wanted = request->approval;
    command->question = (struct ambit_grant_question){
        .agent = state->call.caller.name,
        .items = request->asked.items,
        .n_items = request->asked.n,
        .audience = request->resource,
        .has_lifetime = request->has_lifetime,
        .lifetime_s = request->lifetime_s,
        .purpose = request->purpose,
        .source = addr_view(&req->source),
        .binding = AMBIT_BINDING_NONE,
    };
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
    if (err)
        oauth_reply_failure(req, reply, err);
    return !err;
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
    state->is_service = state->call.caller.kind == CALLER_SERVICE;
    if (state->is_service)
        return token_service_begin(state, req, reply);

    fill_agent(state, req);
    http_suspend(req);
    enum ambit_err err = grant_submit(&state->command.agent);
    if (err) {
        oauth_reply_failure(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

/* ---- reply ---- */

/* What a `malformed` is about, by the member that the engine names. */
static enum oauth_field field_of(const struct decided *decided)
{
    if (ambit_str_is(decided->member, "lifetime_s") || ambit_str_is(decided->member, "purpose"))
        return OAUTH_FIELD_OTHER;
    return ambit_str_is(decided->member, "audience") ? OAUTH_FIELD_RESOURCE : OAUTH_FIELD_ITEM;
}

static void reply_refused(struct token_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    const struct grant_command *command = &state->command.agent;
    const struct decided *decided = &command->decided;
    const struct asked *asked = &state->request.asked;
    struct ambit_explanation *explanation = arena_alloc(&req->arena, sizeof *explanation);
    bool is_taught = explanation && teach_grant(command, &req->arena, explanation) == AMBIT_OK;

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
        .request = command->base.id,
        .approval = command->approval,
        .remedy = is_taught ? &explanation->agent_remedy : NULL,
    };
    oauth_reply_refusal(req, reply, &refusal);
    req->log.verdict = "deny";
}

static void reply_granted(struct token_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    const struct grant_command *command = &state->command.agent;
    struct ambit_grant_view view = {0};
    grant_row_view(&command->row, &view);
    uint64_t live = 0;
    struct minting minting = {
        .row = &command->row, .rnd = state->rnd, .now_ms = command->base.now_ms};
    ambit_grant_items_now(command->base.documents->set, &view, NULL, 0, minting.now_ms, &live,
                          &minting.ask);
    mint_reply(state->call.broker, &minting, req, reply);
}

/* The grant is in the batch that is being committed: its token is written and signed meanwhile, and
 * leaves when it is durable. */
void token_prepare(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct token_state *state = req->user;
    if (state->is_service || state->command.agent.decided.verdict != AMBIT_ALLOW)
        return;
    reply_granted(state, req, reply);
    state->is_prepared = true;
}

enum http_next token_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct token_state *state = req->user;
    if (state->is_prepared && state->command.base.err) {
        http_reply_forget(req, reply);
        state->is_prepared = false;
    }
    if (!oauth_call_answered(&state->call, &state->command.base, req, reply))
        return HTTP_DONE;
    if (state->is_service)
        token_service_finish(state, req, reply);
    else if (state->command.agent.decided.verdict != AMBIT_ALLOW)
        reply_refused(state, req, reply);
    else if (!state->is_prepared)
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
