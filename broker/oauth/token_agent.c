/* SPDX-License-Identifier: Apache-2.0 */
/* What every grant of an agent at /token has in common, whichever grant type asked for it: the
 * command from the form, the answer from the row, the refusal with what it teaches. */
#include "ambit/policy.h"
#include "base/accept.h"
#include "core/teach.h"
#include "crypto/digest.h"
#include "oauth/awaited.h"
#include "oauth/exchange_request.h"
#include "oauth/mint.h"
#include "oauth/reply.h"
#include "oauth/token_state.h"

static struct ambit_addr_view addr_view(const struct addr *addr)
{
    struct ambit_addr_view view = {.family = addr->family};
    memcpy(view.b, addr->b, sizeof view.b);
    return view;
}

void token_agent_fill(struct token_state *state, struct http_request *req)
{
    struct grant_command *command = &state->command.agent;
    const struct token_request *request = &state->request;
    token_command_fill(state, req);
    grant_command_init(command);
    command->arena = &req->arena;
    command->binds_if_asked = state->call.binding.kind == AMBIT_BINDING_MTLS;
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
        .binding = state->call.binding.kind,
        .binding_key = state->call.binding.key,
        .composition = state->call.caller.composition,
    };
    crypto_sha256(state->rnd, sizeof state->rnd, &command->token);
}

/* What a `malformed` is about, by the member that the engine names. */
static enum oauth_field field_of(const struct decided *decided)
{
    if (ambit_str_is(decided->member, "lifetime_s") || ambit_str_is(decided->member, "purpose"))
        return OAUTH_FIELD_OTHER;
    return ambit_str_is(decided->member, "audience") ? OAUTH_FIELD_RESOURCE : OAUTH_FIELD_ITEM;
}

/* A binding that was wanted and is not there: does the rule take certificates alone? One that is
 * there and does not fit: was it one? */
static bool is_for_certificate(const struct grant_command *command)
{
    const struct decided *decided = &command->decided;
    const struct ambit_policy *policy =
        ambit_policy_find(command->base.documents->documents, decided->policy);
    if (decided->reason == AMBIT_REASON_BINDING_MISMATCH)
        return command->question.binding == AMBIT_BINDING_MTLS;
    for (size_t i = 0; policy && i < policy->n_rules; i++)
        if (ambit_str_eq(policy->rules[i].id, decided->rule))
            return policy->rules[i].bind_mtls && !policy->rules[i].bind_dpop;
    return false;
}

void token_agent_refusal(struct token_state *state, struct http_request *req,
                         struct oauth_refusal *ret)
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
        .by_certificate = is_for_certificate(command),
    };
    enum oauth_error error = oauth_error_of_reason(decided->reason, as);
    *ret = (struct oauth_refusal){
        .error = command->above ? exchange_error(command, error) : error,
        .description = is_taught ? explanation->user_text : (struct ambit_str){0},
        .reason = ambit_reason_text(decided->reason),
        .rule = decided->rule,
        .request = command->base.id,
        .approval = command->approval,
        .receipt = state->receipt.text,
        .remedy = is_taught ? &explanation->agent_remedy : NULL,
    };
}

void token_agent_granted(struct token_state *state, struct http_request *req,
                         struct http_reply *reply)
{
    const struct grant_command *command = &state->command.agent;
    struct ambit_grant_view view = {0};
    grant_row_view(&command->row, &view);
    uint64_t live = 0;
    struct minting minting = {.row = &command->row,
                              .rnd = state->rnd,
                              .now_ms = command->base.now_ms,
                              /* a deferred exchange is answered as one too (DTR-4) */
                              .issued_type = command->above ? ACCESS_TOKEN_TYPE : NULL,
                              .receipt = state->receipt.text};
    ambit_grant_items_now(command->base.documents->set, &view, NULL, 0, minting.now_ms, &live,
                          &minting.ask);
    mint_reply(state->call.broker, &minting, req, reply);
    oauth_binding_put_nonce(&state->call, req, reply);
}

static void finish(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    struct oauth_refusal refusal = {0};
    if (state->command.agent.await.is_waiting) {
        awaited_reply_deferred(state, req, reply);
    } else if (state->command.agent.decided.verdict != AMBIT_ALLOW) {
        token_agent_refusal(state, req, &refusal);
        oauth_reply_refusal(req, reply, &refusal);
        req->log.verdict = "deny";
    } else if (!state->is_prepared)
        token_agent_granted(state, req, reply);
}

enum http_next token_agent_send(struct token_state *state, struct http_request *req,
                                struct http_reply *reply)
{
    struct grant_await *await = &state->command.agent.await;
    state->is_agent = true;
    if (!state->finish)
        state->finish = finish;
    if (await->step == AWAIT_NOT && awaited_may_defer(state)) {
        await->step = AWAIT_DEFERS;
        if (!awaited_draw(state, req, true)) {
            oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
            return HTTP_DONE;
        }
    }
    state->receipt.is_wanted = accept_names(http_header(req, "prefer"), RECEIPT_PREFERENCE);
    http_suspend(req);
    enum ambit_err err = grant_submit(&state->command.agent);
    if (!err)
        return HTTP_WAIT;
    oauth_reply_failure(req, reply, err);
    return HTTP_DONE;
}

enum http_next token_credentials_submit(struct token_state *state, struct http_request *req,
                                        struct http_reply *reply)
{
    if (state->call.caller.kind == CALLER_SERVICE)
        return token_service_submit(state, req, reply);
    token_agent_fill(state, req);
    return token_agent_send(state, req, reply);
}
