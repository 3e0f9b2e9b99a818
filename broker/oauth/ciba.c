/* SPDX-License-Identifier: Apache-2.0 */
/* CIBA in poll mode, and deferred token responses: POST /bc-authorize, both polls at /token, and
 * what is said to them. The order of a poll's checks is the writer's (core/await.c, CIB-9). */
#include "base/encode.h"
#include "base/json_write.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "oauth/awaited.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"

/* ---- handles ------------------------------------------------------------------------------- */

struct ambit_digest awaited_digest(struct ambit_str text)
{
    struct ambit_digest digest = {{0}};
    crypto_sha256(text.p, text.len, &digest);
    return digest;
}

bool awaited_draw(struct token_state *state, struct http_request *req, bool is_deferral)
{
    uint8_t bytes[AWAITED_BYTES];
    struct grant_await *await = &state->command.agent.await;
    char *text = arena_alloc(&req->arena, AWAITED_TEXT + 1);
    if (!text)
        return false;
    random_bytes(bytes, sizeof bytes);
    base64url_encode(bytes, sizeof bytes, text);
    secret_wipe(bytes, sizeof bytes);
    state->handle = (struct ambit_str){.p = text, .len = AWAITED_TEXT};
    await->handle = awaited_digest(state->handle);
    await->is_deferral = is_deferral;
    return true;
}

void awaited_done(struct token_state *state)
{
    if (state->handle.p)
        secret_wipe((char *)(uintptr_t)state->handle.p, state->handle.len);
}

bool awaited_may_defer(const struct token_state *state)
{
    struct ambit_str modes = form_get(&state->call.form, "completion_mode");
    struct ambit_str word = AMBIT_STR("deferred");
    if (!broker_defers(state->call.broker))
        return false;
    for (size_t at = 0; at < modes.len;) {
        const char *space = memchr(modes.p + at, ' ', modes.len - at);
        size_t len = space ? (size_t)(space - modes.p) - at : modes.len - at;
        if (ambit_str_eq((struct ambit_str){.p = modes.p + at, .len = len}, word))
            return true;
        at += len + 1;
    }
    return false;
}

static int64_t life_s(const struct token_state *state)
{
    const struct grant_command *command = &state->command.agent;
    return (command->await.expires_ms - command->base.now_ms) / 1000;
}

void awaited_reply_deferred(struct token_state *state, struct http_request *req,
                            struct http_reply *reply)
{
    const struct grant_command *command = &state->command.agent;
    struct oauth_refusal refusal = {
        .error = OAUTH_AUTHORIZATION_PENDING,
        .description = AMBIT_STR("people are asked; come back with the deferral code"),
        .reason = ambit_reason_text(command->decided.reason),
        .rule = command->decided.rule,
        .request = command->base.id,
        .approval = command->approval,
        .deferral_code = state->handle,
        .expires_in_s = life_s(state),
        .interval_s = AWAIT_INTERVAL_S,
    };
    oauth_reply_refusal(req, reply, &refusal);
    req->log.verdict = "deferred";
}

/* ---- POST /bc-authorize -------------------------------------------------------------------- */

static void finish_put(struct token_state *state, struct http_request *req,
                       struct http_reply *reply)
{
    const struct grant_command *command = &state->command.agent;
    if (command->await.is_unknown_user) {
        struct oauth_refusal refusal = {
            .error = OAUTH_UNKNOWN_USER_ID,
            .description = AMBIT_STR("login_hint names nobody who may answer this"),
            .request = command->base.id};
        if (command->decided.verdict != AMBIT_ALLOW) {
            refusal.reason = ambit_reason_text(command->decided.reason);
            refusal.rule = command->decided.rule;
        }
        oauth_reply_refusal(req, reply, &refusal);
        return;
    }
    if (!command->await.is_waiting) {
        struct oauth_refusal refusal = {0};
        token_agent_refusal(state, req, &refusal);
        refusal.status = refusal.error == OAUTH_ACCESS_DENIED ? 403 : 0; /* CIB-6 */
        oauth_reply_refusal(req, reply, &refusal);
        req->log.verdict = "deny";
        return;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "auth_req_id", state->handle);
    json_key(&out, "expires_in");
    json_i64(&out, life_s(state));
    json_key(&out, "interval");
    json_i64(&out, AWAIT_INTERVAL_S);
    json_member_id(&out, "ambit_approval", command->approval);
    json_member_id(&out, "ambit_request", command->base.id);
    json_end_object(&out);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = "asked";
}

/* True when the form can be decided; else the reply is filled. */
static bool read_put(struct token_state *state, struct bc_request *ret, struct http_request *req,
                     struct http_reply *reply)
{
    struct token_refusal refusal = {.error = OAUTH_UNAUTHORIZED_CLIENT,
                                    .description = "authority is granted to agents"};
    enum ambit_err err = state->call.caller.kind == CALLER_AGENT ? AMBIT_OK : AMBIT_ERR_MALFORMED;
    if (!err)
        err = bc_request_read(&state->call.form, ret, &refusal);
    if (!err)
        err = token_request_read(&state->call.form, &req->arena, &state->request, &refusal);
    if (err == AMBIT_ERR_MALFORMED)
        (void)token_refuse(req, reply, &refusal);
    else if (err)
        oauth_reply_failure(req, reply, err);
    return !err;
}

enum http_next ciba_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct token_state *state = arena_alloc(&req->arena, sizeof *state);
    struct bc_request put = {0};
    if (!state) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!oauth_call_begin(&state->call, app, req, reply) ||
        !oauth_binding_read(&state->call, req, reply) || !read_put(state, &put, req, reply))
        return HTTP_DONE;
    bc_drop_openid(&state->request.asked);
    token_agent_fill(state, req);
    if (!awaited_draw(state, req, false)) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    struct grant_await *await = &state->command.agent.await;
    await->step = AWAIT_PUT;
    await->hint = put.hint;
    await->message = put.message;
    await->has_expiry = put.has_expiry;
    await->expiry_s = put.expiry_s;
    state->finish = finish_put;
    return token_agent_send(state, req, reply);
}

/* ---- polls --------------------------------------------------------------------------------- */

static void say(struct http_request *req, struct http_reply *reply, enum oauth_error error,
                const char *what)
{
    struct oauth_refusal refusal = {.error = error, .description = ambit_str_of(what)};
    oauth_reply_refusal(req, reply, &refusal);
}

/* Decided now: given, or refused for good. */
static void finish_redeemed(struct token_state *state, struct http_request *req,
                            struct http_reply *reply)
{
    if (state->command.agent.decided.verdict == AMBIT_ALLOW) {
        if (!state->is_prepared)
            token_agent_granted(state, req, reply);
        return;
    }
    struct oauth_refusal refusal = {0};
    token_agent_refusal(state, req, &refusal);
    refusal.error = OAUTH_ACCESS_DENIED; /* of a poll's codes the one that ends it (CIB-7) */
    oauth_reply_refusal(req, reply, &refusal);
    req->log.verdict = "deny";
}

static void finish_poll(struct token_state *state, struct http_request *req,
                        struct http_reply *reply)
{
    switch (state->command.agent.await.found) {
    case AWAIT_FINE:
        finish_redeemed(state, req, reply);
        break;
    case AWAIT_UNKNOWN:
    case AWAIT_USED:
        say(req, reply, OAUTH_INVALID_GRANT, "not known here, or used before");
        break;
    case AWAIT_OTHER_KEY:
        say(req, reply, OAUTH_INVALID_GRANT, "it was asked for with another key");
        break;
    case AWAIT_EXPIRED:
        say(req, reply, OAUTH_EXPIRED_TOKEN, "nobody answered in time, or it was fetched too late");
        break;
    case AWAIT_PENDING:
        say(req, reply, OAUTH_AUTHORIZATION_PENDING, "people are asked and have not answered");
        break;
    case AWAIT_SLOW:
        say(req, reply, OAUTH_SLOW_DOWN, "asked too soon: wait five seconds longer each time");
        break;
    case AWAIT_TAKEN_BACK:
        say(req, reply, OAUTH_ACCESS_DENIED, "the client took it back");
        break;
    }
}

static bool read_handle(struct token_state *state, struct http_request *req,
                        struct http_reply *reply, const char *name)
{
    state->polled = form_get(&state->call.form, name);
    if (state->polled.p)
        return true;
    struct token_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                    .description = "what was given to come back with is missing"};
    (void)token_refuse(req, reply, &refusal);
    return false;
}

bool ciba_read(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    return read_handle(state, req, reply, "auth_req_id");
}

bool deferred_read(struct token_state *state, struct http_request *req, struct http_reply *reply)
{
    struct token_refusal refusal = {.error = OAUTH_UNSUPPORTED_GRANT_TYPE,
                                    .description = "nothing is deferred here"};
    if (!broker_defers(state->call.broker)) {
        (void)token_refuse(req, reply, &refusal);
        return false;
    }
    return read_handle(state, req, reply, "deferral_code");
}

static enum http_next submit(struct token_state *state, struct http_request *req,
                             struct http_reply *reply, bool is_deferral)
{
    if (state->call.caller.kind != CALLER_AGENT) {
        struct token_refusal refusal = {.error = OAUTH_UNAUTHORIZED_CLIENT,
                                        .description = "authority is granted to agents"};
        return token_refuse(req, reply, &refusal);
    }
    token_agent_fill(state, req);
    struct grant_await *await = &state->command.agent.await;
    await->step = AWAIT_POLLS;
    await->is_deferral = is_deferral;
    await->handle = awaited_digest(state->polled);
    state->finish = finish_poll;
    return token_agent_send(state, req, reply);
}

enum http_next ciba_submit(struct token_state *state, struct http_request *req,
                           struct http_reply *reply)
{
    return submit(state, req, reply, false);
}

enum http_next deferred_submit(struct token_state *state, struct http_request *req,
                               struct http_reply *reply)
{
    return submit(state, req, reply, true);
}
