/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/time/acknowledge: an on-call person has looked at the clock; it is believed from here
 * on. Who says what it should show is not taken at their word when it shows something else: what
 * was ended by a clock that is years ahead stays ended. */
#include "base/json_write.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"

enum { WALL_MS = 60000 };

struct time_state {
    struct access access;
    struct time_command command;
    bool has_command;
};

/* Whether it was told: another time. */
static bool is_other_time(struct broker *broker, const struct time_body *body,
                          struct http_request *req, struct http_reply *reply)
{
    int64_t wall_ms = broker_wall_ms(broker), off_ms = wall_ms - body->wall_ms;
    if (body->wall_ms == 0 || (off_ms >= -WALL_MS && off_ms <= WALL_MS))
        return false;
    BUF_AUTO text = {.p = NULL};
    struct json_out out;
    json_out_init(&out, &text, false);
    buf_put_text(&text, "The broker's clock shows ");
    json_time_ms(&out, wall_ms);
    buf_printf(&text, ", which is %lld s off what was said: set it right first.",
               (long long)off_ms / 1000);
    struct ambit_str detail = arena_copy(&req->arena, buf_str(&text));
    access_reply_conflict(req, reply, buf_check(&text) == AMBIT_OK && detail.p ? detail.p : "");
    return true;
}

enum http_next time_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct time_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_TIME, req, reply))
        return HTTP_DONE;

    struct time_body body;
    const char *what = NULL;
    enum ambit_err err = time_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (!err && is_other_time(app, &body, req, reply))
        return HTTP_DONE;
    if (!err) {
        access_command(&state->access, &state->command.base, req);
        state->has_command = true;
        state->command.reason = body.reason;
        http_suspend(req);
        err = time_submit(&state->command);
    }
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

enum http_next time_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct time_state *state = req->user;
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "time");
    json_time_ms(&out, state->command.base.now_ms);
    json_member_str(&out, "by", state->access.caller.name);
    json_key(&out, "wall");
    json_time_ms(&out, state->command.wall_ms);
    json_key(&out, "ahead_s");
    json_i64(&out, (state->command.ahead_ms + 999) / 1000);
    json_end_object(&out);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

void time_done(void *app, struct http_request *req)
{
    (void)app;
    struct time_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}
