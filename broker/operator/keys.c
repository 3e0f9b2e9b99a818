/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/keys/rotate: an admin has another key sign. GET /v1/keys: which are published. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/key_row.h"
#include "core/query.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/reading.h"

struct rotate_state {
    struct access access;
    struct key_command command;
    bool has_command;
};

/* True when it was carried out. */
static bool is_fine(const struct key_command *command, struct http_request *req,
                    struct http_reply *reply)
{
    switch (command->refusal) {
    case KEY_FINE:
        return true;
    case KEY_WAITS:
        access_reply_conflict(req, reply,
                              "The next key is published already and waits for its time.");
        break;
    case KEY_HANDED:
        access_reply_conflict(req, reply,
                              "The service manager hands in the signing keys: change them "
                              "there, and restart.");
        break;
    case KEY_TOO_MANY:
        access_reply_conflict(req, reply, "Too many keys are published already.");
        break;
    }
    return false;
}

static bool decode(struct rotate_state *state, struct http_request *req, struct http_reply *reply)
{
    struct rotate_body body = {0};
    const char *what = NULL;
    enum ambit_err err = rotate_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED)
        access_reply_malformed(req, reply, what);
    else if (err)
        access_reply_err(req, reply, err);
    state->command.reason = body.reason;
    state->command.change = body.withdraw ? KEY_REPLACE : body.now ? KEY_SIGN : KEY_PUBLISH;
    return !err;
}

enum http_next rotate_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct rotate_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_KEYS, req, reply))
        return HTTP_DONE;
    access_command(&state->access, &state->command.base, req);
    state->has_command = true;
    if (!decode(state, req, reply))
        return HTTP_DONE;
    enum ambit_err err = key_prepare(&state->command);
    if (!err && !is_fine(&state->command, req, reply))
        return HTTP_DONE;
    if (!err) {
        http_suspend(req);
        err = key_submit(&state->command);
    }
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

enum http_next rotate_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct rotate_state *state = req->user;
    const struct key_command *command = &state->command;
    if (!access_answered(&command->base, req, reply) || !is_fine(command, req, reply))
        return HTTP_DONE;
    char kid[CRYPTO_KID_LEN];
    struct json_out out;
    crypto_key_kid(command->key, kid);
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "kid", (struct ambit_str){.p = kid, .len = sizeof kid});
    json_member_text(&out, "alg", crypto_alg_text(crypto_key_alg(command->key)));
    json_member_text(&out, "state",
                     key_state_text(command->change == KEY_PUBLISH ? KEY_NEXT : KEY_CURRENT));
    json_key(&out, "signs_from");
    json_time_ms(&out, command->from_ms);
    json_key(&out, "withdrawn");
    json_i64(&out, (int64_t)command->n_withdrawn);
    json_member_str(&out, "by", state->access.caller.name);
    json_end_object(&out);
    http_reply_json(reply, 200);
    req->log.verdict = "rotated";
    return HTTP_DONE;
}

void rotate_done(void *app, struct http_request *req)
{
    (void)app;
    struct rotate_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        key_done(&state->command);
    access_done(&state->access);
}

enum http_next keys_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return reading_answer(app, RIGHT_SEE_KEYS, query_keys, req, reply);
}
