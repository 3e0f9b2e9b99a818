/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/stops/{id}/clear: a person lifts the hold, with a written cause. The cut-off stays.
 * Where two people must, the first gets 202 and the stop holds. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"

struct clear_state {
    struct access access;
    struct clear_command command;
    bool has_command;
};

enum http_next clear_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct clear_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_CLEAR, req, reply))
        return HTTP_DONE;

    struct ambit_id stop = {0};
    if (id_decode(req->parameter, &stop) != AMBIT_OK) {
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        return HTTP_DONE;
    }
    struct ambit_str reason = {0};
    const char *what = NULL;
    enum ambit_err err = reason_body_read(req->body, &req->arena, &reason, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (!err) {
        access_command(&state->access, &state->command.base, req);
        state->has_command = true;
        state->command.stop = stop;
        state->command.reason = reason;
        http_suspend(req);
        err = clear_submit(&state->command);
    }
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

/* The stop as it stands now. */
static void reply_stop(struct clear_state *state, struct http_request *req,
                       struct http_reply *reply, unsigned status)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    static const struct ambit_str everybodys = {0};
    enum ambit_err err = query_stop(state->access.broker, state->command.stop, everybodys, &out);
    if (err)
        access_reply_err(req, reply, err);
    else
        http_reply_json(reply, status);
    req->log.verdict = status == 200 ? "cleared" : "clear_asked";
}

enum http_next clear_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct clear_state *state = req->user;
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    switch (state->command.refusal) {
    case CLEAR_FINE:
        reply_stop(state, req, reply, 200);
        break;
    case CLEAR_UNKNOWN:
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        break;
    case CLEAR_NOT_PERMITTED:
        access_reply_role(req, reply);
        break;
    case CLEAR_ALREADY:
        access_reply_conflict(req, reply, "This stop was cleared before.");
        break;
    case CLEAR_NEEDS_TWO:
        reply_stop(state, req, reply, 202);
        break;
    case CLEAR_NEEDS_OTHER:
        access_reply_conflict(req, reply,
                              "You asked already; this stop takes "
                              "a second person to clear.");
        break;
    }
    return HTTP_DONE;
}

void clear_done(void *app, struct http_request *req)
{
    (void)app;
    struct clear_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}
