/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: a client asks, the writer decides, the token is written from the committed row. The
 * steps that all grant types share, and the table of what is theirs. */
#include "base/random.h"
#include "base/secret.h"
#include "oauth/awaited.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"
#include "oauth/token_state.h"

static const struct token_kind kinds[GRANT_TYPES] = {
    [GRANT_TYPE_CLIENT_CREDENTIALS] = {.asks = true, .submit = token_credentials_submit},
    [GRANT_TYPE_EXCHANGE] = {.asks = true, .read = exchange_read, .submit = exchange_submit},
    [GRANT_TYPE_CIBA] = {.read = ciba_read, .submit = ciba_submit},
    [GRANT_TYPE_DEFERRED] = {.read = deferred_read, .submit = deferred_submit},
    [GRANT_TYPE_JWT_BEARER] = {.asks = true,
                               .read = token_jwt_bearer_read,
                               .submit = token_credentials_submit},
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

static void ready(void *ctx)
{
    http_prepare(ctx);
}

void token_command_fill(struct token_state *state, struct http_request *req)
{
    struct command *base = &state->command.base;
    command_init(base, state->call.broker, &state->call.caller, state->call.documents);
    state->has_command = true;
    if (state->call.has_grant_once)
        command_add_once(base, &state->call.grant_once);
    base->done = resume;
    base->ready = ready;
    base->done_ctx = req;
    base->source = state->call.source;
    base->txn = ambit_str_of(req->trace_id);
    if (state->call.binding.has_once)
        command_add_once(base, &state->call.binding.once);
    random_bytes(state->rnd, sizeof state->rnd);
}

enum http_next token_refuse(struct http_request *req, struct http_reply *reply,
                            const struct token_refusal *refusal)
{
    struct oauth_refusal answer = {.error = refusal->error,
                                   .description = ambit_str_of(refusal->description)};
    oauth_reply_refusal(req, reply, &answer);
    return HTTP_DONE;
}

/* Steps 4 to 6. True when the form can be decided; else the reply is filled. */
static bool read_form(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    const struct form *form = &state->call.form;
    struct token_refusal refusal = {0};
    enum ambit_err err = grant_type_read(form, &state->type, &refusal);
    if (!err) {
        const struct token_kind *kind = &kinds[state->type];
        if (kind->read && !kind->read(state, req, reply))
            return false;
        if (kind->asks)
            err = token_request_read(form, &req->arena, &state->request, &refusal);
    }
    if (err == AMBIT_ERR_MALFORMED)
        (void)token_refuse(req, reply, &refusal);
    else if (err)
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
    state->call.takes_assertion = true;
    if (!oauth_call_begin(&state->call, app, req, reply) ||
        !oauth_binding_read(&state->call, req, reply) || !read_form(state, req, reply))
        return HTTP_DONE;
    return kinds[state->type].submit(state, req, reply);
}

/* The grant is in the batch that is being committed: its token is written and signed meanwhile, and
 * leaves when it is durable. */
void token_prepare(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct token_state *state = req->user;
    if (!state->is_agent || state->command.agent.decided.verdict != AMBIT_ALLOW ||
        state->receipt.is_wanted)
        return;
    token_agent_granted(state, req, reply);
    state->is_prepared = true;
}

/* Is the answer to wait until a checkpoint covers it? Else the receipt is there if it can be. */
static bool waits_for_receipt(struct token_state *state, struct http_request *req)
{
    uint64_t seq = state->command.base.seq;
    if (state->command.base.err || !state->receipt.is_wanted)
        return false; /* of agents' grants alone */
    const struct grant_await *await = &state->command.agent.await;
    if (await->is_waiting || await->found != AWAIT_FINE)
        return false; /* nothing was decided */
    if (!receipt_is_due(&state->receipt, seq)) {
        receipt_take(&state->receipt, seq, &req->arena);
        return false;
    }
    state->receipt.resume = resume;
    state->receipt.ctx = req;
    http_suspend(req);
    receipt_wait(state->call.broker, &state->receipt, seq);
    return true;
}

enum http_next token_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct token_state *state = req->user;
    if (state->is_prepared && state->command.base.err) {
        http_reply_forget(req, reply);
        state->is_prepared = false;
    }
    if (waits_for_receipt(state, req))
        return HTTP_WAIT;
    if (oauth_call_answered(&state->call, &state->command.base, req, reply))
        state->finish(state, req, reply);
    if (state->receipt.text.p)
        http_reply_header(reply, "Preference-Applied", RECEIPT_PREFERENCE);
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
    awaited_done(state);
    secret_wipe(state->rnd, sizeof state->rnd);
}
