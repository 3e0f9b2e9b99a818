/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/documents/confirm: a person confirms a version of a document, or its removal. The folder
 * is looked at on a query thread. */
#include "base/json_write.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"

struct confirm_state {
    struct access access;
    struct confirm_command command;
    bool has_command;
};

/* Decoded, asked; HTTP_WAIT, or why not in `reterr`. */
static AMBIT_CHECKED enum ambit_err ask(struct confirm_state *state, struct http_request *req,
                                        const char **reterr_what)
{
    struct confirm_body body;
    enum ambit_err err = confirm_body_read(req->body, &req->arena, &body, reterr_what);
    if (err)
        return err;
    access_command(&state->access, &state->command.base, req);
    state->has_command = true;
    state->command.kind = body.kind;
    state->command.name = body.name;
    state->command.digest = body.digest;
    state->command.is_in_force = !body.has_digest;
    state->command.is_removal = body.is_removal;
    state->command.reason = body.reason;
    err = confirm_prepare(&state->command);
    if (err)
        return err;
    http_suspend(req);
    return confirm_submit(&state->command);
}

enum http_next confirm_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct confirm_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_CONFIRM, req, reply))
        return HTTP_DONE;
    const char *what = NULL;
    enum ambit_err err = ask(state, req, &what);
    if (!err)
        return HTTP_WAIT;
    if (err == AMBIT_ERR_MALFORMED && what)
        access_reply_malformed(req, reply, what);
    else
        access_reply_err(req, reply, err);
    return HTTP_DONE;
}

static void reply_confirmed(const struct confirm_command *command, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_text(&out, "kind", ambit_kind_text(command->kind));
    json_member_str(&out, "name", command->name);
    json_key(&out, "digest");
    json_digest(&out, command->digest);
    if (command->is_removal) {
        json_key(&out, "removal");
        json_bool(&out, true);
    }
    json_member_str(&out, "person", command->base.caller.name);
    json_key(&out, "confirmed_at");
    json_time_ms(&out, command->base.now_ms);
    json_key(&out, "seq");
    json_i64(&out, (int64_t)command->base.seq);
    json_end_object(&out);
    http_reply_json(reply, 200);
}

enum http_next confirm_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct confirm_state *state = req->user;
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    switch (state->command.refusal) {
    case CONFIRM_FINE:
        reply_confirmed(&state->command, reply);
        break;
    case CONFIRM_UNKNOWN:
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        break;
    case CONFIRM_OTHER:
        access_reply_conflict(req, reply,
                              "Neither the documents folder nor the "
                              "set in force has this version.");
        break;
    }
    return HTTP_DONE;
}

void confirm_done(void *app, struct http_request *req)
{
    (void)app;
    struct confirm_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}
