/* SPDX-License-Identifier: Apache-2.0 */
/* POST /introspect (RFC 7662): a service asks what is left of a grant. Answered from the row and
 * the documents of now, in a read transaction; nothing is recorded, since nothing changes. Only a
 * caller that proved itself by an assertion waits for the writer, which consumes the one-time
 * value. */
#include "base/json_write.h"
#include "core/command.h"
#include "core/query.h"
#include "base/accept.h"
#include "oauth/call.h"
#include "oauth/claims.h"
#include "oauth/handlers.h"
#include "oauth/reply.h"

#define SIGNED_TYPE "application/token-introspection+jwt"

struct introspect_state {
    struct oauth_call call;
    struct once_command once;
    bool has_command;
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

/* INT-8: the same answer as a JWT for whoever asked for it by name. Signing fails: no answer. */
static void send_answer(struct introspect_state *state, struct http_request *req,
                        struct http_reply *reply)
{
    struct broker *broker = state->call.broker;
    if (!accept_names(http_header(req, "accept"), SIGNED_TYPE)) {
        http_reply_json(reply, 200);
        return;
    }
    BUF_AUTO payload;
    struct buf token;
    struct json_out out;
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(broker);
    buf_init(&payload, 0);
    buf_init(&token, 0);
    json_out_init(&out, &payload, false);
    json_begin_object(&out);
    json_member_str(&out, "iss", broker_issuer(broker));
    json_member_str(&out, "aud", state->call.caller.name);
    json_key(&out, "iat");
    json_i64(&out, broker_now_ms(broker) / 1000);
    json_key(&out, "token_introspection");
    json_raw(&out, buf_str(&reply->body));
    json_end_object(&out);
    enum ambit_err err = buf_check(&payload);
    if (!err)
        err = jws_sign(keys->signer, "token-introspection+jwt", buf_str(&payload), &token);
    if (err) {
        oauth_reply_failure(req, reply, err);
    } else {
        buf_reset(&reply->body);
        buf_put_str(&reply->body, buf_str(&token));
        reply->status = 200;
        reply->content_type = SIGNED_TYPE;
    }
    buf_done(&token);
}

static void reply_active(struct introspect_state *state, const struct introspection *found,
                         struct http_request *req, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "active");
    json_bool(&out, true);
    json_member_text(&out, "token_type", claims_token_type(&found->row));
    struct claims claims = {.issuer = broker_issuer(state->call.broker),
                            .row = &found->row,
                            .live = found->live_items,
                            .ask = found->ask_items};
    claims_write(&claims, &out);
    json_end_object(&out);
    reply->no_store = true;
    req->log.verdict = "active";
    send_answer(state, req, reply);
}

/* Unknown, dead, malformed or somebody else's look the same (INT-3, INT-7). */
static void reply_inactive(struct introspect_state *state, struct http_request *req,
                           struct http_reply *reply)
{
    reply->no_store = true;
    buf_put_text(&reply->body, "{\"active\":false}");
    req->log.verdict = "inactive";
    send_answer(state, req, reply);
}

static void answer(struct introspect_state *state, struct http_request *req,
                   struct http_reply *reply)
{
    struct ambit_str text = form_get(&state->call.form, "token");
    struct identity_token token = {0};
    enum ambit_err err = identity_token_read(text, &token);
    if (err == AMBIT_ERR_MALFORMED || state->call.caller.kind != CALLER_SERVICE) {
        reply_inactive(state, req, reply);
        return;
    }
    struct introspection *found = arena_alloc(&req->arena, sizeof *found);
    if (err == AMBIT_OK && !found)
        err = AMBIT_ERR_NO_MEMORY;
    if (err == AMBIT_OK)
        err =
            query_introspect(state->call.broker, state->call.documents, &token, &state->call.caller,
                             broker_now_ms(state->call.broker), &req->arena, found);
    if (err) {
        oauth_reply_failure(req, reply, err); /* never active:true, never active:false */
        return;
    }
    if (found->is_active && found->live_items)
        reply_active(state, found, req, reply);
    else
        reply_inactive(state, req, reply);
}

enum http_next introspect_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct introspect_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        oauth_reply_failure(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    state->call.takes_bearer = true;
    if (!oauth_call_begin(&state->call, app, req, reply))
        return HTTP_DONE;
    if (!form_get(&state->call.form, "token").p) {
        struct oauth_refusal refusal = {.error = OAUTH_INVALID_REQUEST,
                                        .description = AMBIT_STR("token is missing")};
        oauth_reply_refusal(req, reply, &refusal);
        return HTTP_DONE;
    }
    if (!state->call.caller.has_once && !state->call.binding.has_once) {
        answer(state, req, reply);
        return HTTP_DONE;
    }

    command_init(&state->once.base, app, &state->call.caller, state->call.documents);
    state->has_command = true;
    if (state->call.binding.has_once)
        command_add_once(&state->once.base, &state->call.binding.once);
    state->once.base.done = resume;
    state->once.base.done_ctx = req;
    state->once.base.source = state->call.source;
    state->once.base.txn = ambit_str_of(req->trace_id);
    http_suspend(req);
    enum ambit_err err = once_submit(&state->once);
    if (err) {
        oauth_reply_failure(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

enum http_next introspect_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct introspect_state *state = req->user;
    if (oauth_call_answered(&state->call, &state->once.base, req, reply))
        answer(state, req, reply);
    return HTTP_DONE;
}

void introspect_done(void *app, struct http_request *req)
{
    (void)app;
    struct introspect_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->once.base);
    oauth_call_done(&state->call);
}
