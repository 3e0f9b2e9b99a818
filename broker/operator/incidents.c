/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/incidents/{id}/acknowledge and /close: a person takes an incident up, or ends it with a
 * written cause. Who may is core's to say. */
#include "base/encode.h"
#include "core/query.h"
#include "base/json_write.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"

struct incident_state {
    struct access access;
    struct incident_command command;
    bool has_command;
};

static enum http_next begin(void *app, bool closes, struct http_request *req,
                            struct http_reply *reply)
{
    struct incident_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_CLEAR, req, reply))
        return HTTP_DONE;

    struct ambit_id incident = {0};
    struct ambit_str reason = {0};
    const char *what = NULL;
    enum ambit_err err = closes ? reason_body_read(req->body, &req->arena, &reason, &what)
                                : acknowledge_body_read(req->body, &req->arena, &reason, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (!err && id_decode(req->parameter, &incident) != AMBIT_OK)
        err = AMBIT_ERR_NOT_FOUND;
    if (!err) {
        access_command(&state->access, &state->command.base, req);
        state->has_command = true;
        state->command.incident = incident;
        state->command.closes = closes;
        state->command.reason = reason;
        http_suspend(req);
        err = incident_submit(&state->command);
    }
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

enum http_next acknowledge_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return begin(app, false, req, reply);
}

enum http_next incident_close_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return begin(app, true, req, reply);
}

enum http_next acknowledge_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    struct incident_state *state = req->user;
    struct json_out out;
    static const struct ambit_str everybodys = {0};
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    switch (state->command.refusal) {
    case INCIDENT_FINE: {
        json_out_init(&out, &reply->body, false);
        enum ambit_err err = query_incident(app, state->command.incident, everybodys, &out);
        if (err)
            access_reply_err(req, reply, err);
        else
            http_reply_json(reply, 200);
        req->log.verdict = state->command.closes ? "closed" : "acknowledged";
        break;
    }
    case INCIDENT_UNKNOWN:
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        break;
    case INCIDENT_CLOSED:
        access_reply_conflict(req, reply, "This incident was closed before.");
        break;
    case INCIDENT_ALREADY:
        access_reply_conflict(req, reply, "This incident was taken up before.");
        break;
    case INCIDENT_NOT_PERMITTED:
        access_reply_role(req, reply);
        break;
    }
    return HTTP_DONE;
}

enum http_next incident_close_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    return acknowledge_finish(app, req, reply);
}

void acknowledge_done(void *app, struct http_request *req)
{
    (void)app;
    struct incident_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}

void incident_close_done(void *app, struct http_request *req)
{
    acknowledge_done(app, req);
}
