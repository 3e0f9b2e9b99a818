/* SPDX-License-Identifier: Apache-2.0 */
/* POST /revoke (RFC 7009): a client gives back what it was granted, with all delegated from it; in
 * force before the 200. Unknown and dead tokens are 200 too; another client's is refused. */
#include "core/command.h"
#include "oauth/awaited.h"
#include "oauth/call.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"

struct revoke_state {
    struct oauth_call call;
    struct revoke_command command;
    bool has_command;
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

enum http_next revoke_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct revoke_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!oauth_call_begin(&state->call, app, req, reply))
        return HTTP_DONE;
    struct ambit_str token = form_get(&state->call.form, "token");
    if (!token.p) {
        struct oauth_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                        .description = AMBIT_STR("token is missing")};
        oauth_reply_refusal(req, reply, &refusal);
        return HTTP_DONE;
    }

    struct revoke_command *command = &state->command;
    command_init(&command->base, app, &state->call.caller, state->call.documents);
    state->has_command = true;
    command->base.done = resume;
    command->base.done_ctx = req;
    command->base.source = state->call.source;
    command->base.txn = ambit_str_of(req->trace_id);
    enum ambit_err err = identity_token_read(token, &command->token);
    if (err && err != AMBIT_ERR_MALFORMED) {
        oauth_reply_failure(req, reply, err);
        return HTTP_DONE;
    }
    command->has_token = err == AMBIT_OK;
    command->has_handle = broker_defers(app); /* DTR-5; a hint is passed over (REV-3) */
    if (command->has_handle)
        command->handle = awaited_digest(token);
    http_suspend(req);
    err = revoke_submit(command);
    if (err) {
        oauth_reply_failure(req, reply, err); /* REV-4 */
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

enum http_next revoke_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct revoke_state *state = req->user;
    if (!oauth_call_answered(&state->call, &state->command.base, req, reply))
        return HTTP_DONE;
    if (state->command.foreign) { /* REV-2 */
        struct oauth_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                        .description =
                                            AMBIT_STR("the token was issued to another client"),
                                        .reason = ambit_reason_text(AMBIT_REASON_FORBIDDEN),
                                        .request = state->command.base.id};
        oauth_reply_refusal(req, reply, &refusal);
        return HTTP_DONE;
    }
    reply->no_store = true;
    http_reply_empty(reply, 200);
    req->log.verdict = "revoked";
    return HTTP_DONE;
}

void revoke_done(void *app, struct http_request *req)
{
    (void)app;
    struct revoke_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    oauth_call_done(&state->call);
}
