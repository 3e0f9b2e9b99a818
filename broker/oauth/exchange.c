/* SPDX-License-Identifier: Apache-2.0 */
/* Token exchange (RFC 8693): an agent that was handed the token of another asks for a grant of its
 * own below it. The subject token is a name for its grant and is believed for nothing: the writer
 * finds the row by `jti` and compares the secret, in the transaction that decides. Who acts is who
 * authenticated. Whether it may, and what it gets, is the engine's to say (policy-language.md,
 * "Delegation"). */
#include "core/query.h"
#include "oauth/exchange_request.h"
#include "oauth/reply.h"
#include "oauth/token_state.h"

static bool refuse(struct http_request *req, struct http_reply *reply, enum oauth_error error,
                   const char *what)
{
    struct token_refusal refusal = {.error = error, .description = what};
    (void)token_refuse(req, reply, &refusal);
    return false;
}

bool exchange_read(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    struct token_refusal refusal = {0};
    if (state->call.caller.kind != CALLER_AGENT)
        return refuse(req, reply, OAUTH_UNAUTHORIZED_CLIENT,
                      "authority is handed on to agents, and to nobody else");
    struct exchange_request *exchange = arena_alloc(&req->arena, sizeof *exchange);
    if (!exchange) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return false;
    }
    state->exchange = exchange;
    if (exchange_request_read(&state->call.form, exchange, &refusal) == AMBIT_OK)
        return true;
    (void)token_refuse(req, reply, &refusal);
    return false;
}

/* A token of the client's own, alive, with proof of its key where it is bound. It adds nothing to
 * what the client has proved already; but what is shown must be true. */
static bool actor_is_client(struct token_state *state, struct http_request *req,
                            struct http_reply *reply)
{
    struct broker *broker = state->call.broker;
    struct introspection *found = arena_alloc(&req->arena, sizeof *found);
    enum ambit_err err =
        found ? query_introspect(broker, state->call.documents, &state->exchange->actor,
                                 &(struct caller){.kind = CALLER_NONE}, broker_now_ms(broker),
                                 &req->arena, found)
              : AMBIT_ERR_NO_MEMORY;
    if (err) {
        oauth_reply_failure(req, reply, err);
        return false;
    }
    if (found->is_active && grant_key_is_shown(&state->command.agent, &found->row) &&
        ambit_str_eq(found->row.agent, state->call.caller.name))
        return true;
    broker_count_unproved(broker, state->call.source);
    return refuse(req, reply, OAUTH_INVALID_REQUEST,
                  "the actor token is no live token of the client's own");
}

enum http_next exchange_submit(struct token_state *state, struct http_request *req,
                               struct http_reply *reply)
{
    const struct exchange_request *exchange = state->exchange;
    if (!state->request.resource.p)
        state->request.resource = exchange->audience;
    token_agent_fill(state, req);
    state->command.agent.parent = exchange->subject.jti;
    state->command.agent.parent_token = &exchange->subject;
    if (exchange->has_actor && !actor_is_client(state, req, reply))
        return HTTP_DONE;
    return token_agent_send(state, req, reply);
}

enum oauth_error exchange_error(const struct grant_command *command, enum oauth_error plain)
{
    const struct ambit_grant_view *parent = &command->above->view;
    const struct decided *decided = &command->decided;
    bool is_over = decided->reason == AMBIT_REASON_EXPIRED && parent->expires_ms != 0 &&
                   parent->expires_ms <= command->base.now_ms;
    bool is_undelegable = decided->reason == AMBIT_REASON_NOT_DELEGABLE;
    bool is_too_deep = is_undelegable && parent->depth >= AMBIT_DEPTH_MAX; /* TEX-9 */
    bool is_anothers = is_undelegable && parent->binding != AMBIT_BINDING_NONE &&
                       ambit_str_is(decided->member, "delegates_to"); /* TEX-10 */
    return is_over || is_too_deep || is_anothers ? OAUTH_INVALID_REQUEST : plain;
}
