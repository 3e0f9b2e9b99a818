/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/approvals, GET and POST /v1/approvals/{id}: what people are asked on behalf of agents,
 * and their answers. Who may answer follows from the rules that ask. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/params.h"
#include "operator/reading.h"

struct approve_state {
    struct access access;
    struct approve_command command;
    bool has_command;
};

static struct broker_view view_of(const struct access *access)
{
    return (struct broker_view){.documents = access->documents->documents,
                                .person = access->person};
}

static bool decode(struct approve_state *state, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err = approve_body_read(req->body, &req->arena, &state->command.is_given,
                                           &state->command.reason, &what);
    if (err == AMBIT_ERR_MALFORMED)
        access_reply_malformed(req, reply, what);
    else if (!err && id_decode(req->parameter, &state->command.approval) != AMBIT_OK)
        err = AMBIT_ERR_NOT_FOUND;
    if (err && err != AMBIT_ERR_MALFORMED)
        access_reply_err(req, reply, err);
    return !err;
}

enum http_next approve_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct approve_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_APPROVE, req, reply))
        return HTTP_DONE;
    access_command(&state->access, &state->command.base, req);
    state->has_command = true;
    if (!decode(state, req, reply))
        return HTTP_DONE;
    http_suspend(req);
    enum ambit_err err = approve_submit(&state->command);
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

static void reply_answered(const struct approve_state *state, struct http_request *req,
                           struct http_reply *reply)
{
    struct json_out out;
    struct broker_view who = view_of(&state->access);
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = query_approval(state->access.broker, &who, state->command.approval, &out);
    if (err)
        access_reply_err(req, reply, err);
    else
        http_reply_json(reply, 200);
    req->log.verdict = state->command.is_given ? "approved" : "rejected";
}

enum http_next approve_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct approve_state *state = req->user;
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    switch (state->command.refusal) {
    case APPROVE_FINE:
        reply_answered(state, req, reply);
        break;
    case APPROVE_UNKNOWN:
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        break;
    case APPROVE_NOT_PERMITTED:
        access_reply_role(req, reply);
        break;
    case APPROVE_OVER:
        access_reply_conflict(req, reply,
                              "This question was answered, or nobody answered in time.");
        break;
    case APPROVE_TWICE:
        access_reply_conflict(req, reply,
                              "You answered already; this question takes other people too.");
        break;
    }
    return HTTP_DONE;
}

void approve_done(void *app, struct http_request *req)
{
    (void)app;
    struct approve_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}

enum http_next approvals_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"state", "limit", "cursor", NULL};
    static const char *const states[] = {"pending", "all", NULL};
    struct reading *reading = NULL;
    struct params params = {0};
    struct page page = {0};
    const char *what = NULL;
    size_t state = 0;
    if (!reading_open_for(app, RIGHT_APPROVE, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = params_read(req->query, names, &req->arena, &params, &what);
    if (!err)
        err = params_page(&params, &page, &what);
    if (!err)
        err = params_word(&params, "state", states, 0, &state, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    struct json_out out;
    struct broker_view who = view_of(&reading->access);
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    if (!err)
        err = query_approvals(app, &who, state == 0, &page, &out);
    json_end_object(&out);
    return reading_close(reading, err, req, reply);
}

enum http_next approval_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    struct ambit_id id = {0};
    if (!reading_open_for(app, RIGHT_APPROVE, req, reply, &reading))
        return HTTP_DONE;
    if (id_decode(req->parameter, &id) != AMBIT_OK)
        return reading_fail(req, reply, AMBIT_ERR_NOT_FOUND);
    struct json_out out;
    struct broker_view who = view_of(&reading->access);
    json_out_init(&out, &reply->body, false);
    return reading_close(reading, query_approval(app, &who, id, &out), req, reply);
}
