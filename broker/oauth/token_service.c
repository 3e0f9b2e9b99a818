/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token by a service: the scope `ambit.decide` for the issuer itself, ten minutes, no policy
 * (interfaces.md, "Who may call"). Nothing else is given to services. */
#include "base/random.h"
#include "crypto/digest.h"
#include "oauth/mint.h"
#include "oauth/reply.h"
#include "oauth/token_state.h"

static enum http_next refuse(struct http_request *req, struct http_reply *reply,
                             enum oauth_error error, const char *what)
{
    struct token_refusal refusal = {.error = error, .description = what};
    return token_refuse(req, reply, &refusal);
}

static void finish(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    const struct service_grant_command *command = &state->command.service;
    if (!command->is_given) {
        struct oauth_asked_as as = {0};
        struct oauth_refusal refusal = {
            .error = oauth_error_of_reason(command->reason, as),
            .description = AMBIT_STR("a stop covers the service, or it has no active owner"),
            .reason = ambit_reason_text(command->reason),
            .request = command->base.id,
        };
        oauth_reply_refusal(req, reply, &refusal);
        req->log.verdict = "deny";
        return;
    }
    struct minting minting = {.row = &command->row,
                              .rnd = state->rnd,
                              .now_ms = command->base.now_ms,
                              .scope = SERVICE_SCOPE};
    mint_reply(state->call.broker, &minting, req, reply);
    oauth_binding_put_nonce(&state->call, req, reply);
}

enum http_next token_service_submit(struct token_state *state, struct http_request *req,
                                    struct http_reply *reply)
{
    const struct token_request *request = &state->request;
    const struct asked *asked = &request->asked;
    if (asked->n != 1 || asked->has_details || asked->items[0].resource.p ||
        !ambit_str_is(asked->items[0].action, SERVICE_SCOPE))
        return refuse(
            req, reply, OAUTH_UNAUTHORIZED_CLIENT,
            "authority is granted to agents; a service may ask for the scope " SERVICE_SCOPE);
    if (request->resource.p && !ambit_str_eq(request->resource, broker_issuer(state->call.broker)))
        return refuse(req, reply, OAUTH_INVALID_TARGET, "the audience of this scope is the issuer");
    if (request->has_lifetime && request->lifetime_s < 1)
        return refuse(req, reply, OAUTH_INVALID_REQUEST, "requested_lifetime is at least 1");

    struct service_grant_command *command = &state->command.service;
    bool is_shorter = request->has_lifetime && request->lifetime_s < SERVICE_GRANT_LIFE_S;
    token_command_fill(state, req);
    command->lifetime_s = is_shorter ? request->lifetime_s : SERVICE_GRANT_LIFE_S;
    command->arena = &req->arena;
    if (state->call.binding.kind == AMBIT_BINDING_DPOP) { /* no rule asks for a certificate */
        command->binding = AMBIT_BINDING_DPOP;
        command->binding_key = state->call.binding.key;
    }
    crypto_sha256(state->rnd, sizeof state->rnd, &command->token);
    state->finish = finish;
    http_suspend(req);
    enum ambit_err err = service_grant_submit(command);
    if (!err)
        return HTTP_WAIT;
    oauth_reply_failure(req, reply, err);
    return HTTP_DONE;
}
