/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/people/{x}/offboard: a person leaves. One act: a stop on all that is theirs, with its
 * incident, and the end of their own way in. Served like a stop: in force before it is queued. */
#include "base/json_write.h"
#include "core/query.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/raised.h"

struct offboard_state {
    struct access access;
    struct offboard_body body;
    struct ambit_str person;
    struct stop_command command;
    struct read_command dry; /* a dry run is a reading, and recorded as one */
    bool has_command, has_dry;
};

static bool decode(struct offboard_state *state, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err = offboard_body_read(req->body, &req->arena, &state->body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return false;
    }
    state->person = req->parameter;
    if (!err && !ambit_person_find(state->access.documents->documents, state->person))
        err = AMBIT_ERR_NOT_FOUND;
    if (err) {
        access_reply_err(req, reply, err);
        return false;
    }
    if (!state->body.dry_run && broker_person_left(state->access.broker, state->person)) {
        access_reply_conflict(req, reply, "This person was offboarded before.");
        return false;
    }
    return true;
}

static struct ambit_str joined(struct http_request *req, const char *word, struct ambit_str name)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, word);
    buf_put_str(&text, name);
    return arena_copy(&req->arena, buf_str(&text));
}

/* On a query thread: it counts live grants. */
static enum http_next dry_run(struct offboard_state *state, struct http_request *req,
                              struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = query_offboard_dry_run(state->access.broker, state->person, &out);
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    state->has_dry = true;
    return raised_read(&state->access, &state->dry, joined(req, "dry_run:offboard:", state->person),
                       req, reply);
}

static void reply_offboarded(struct offboard_state *state, struct http_request *req,
                             struct http_reply *reply)
{
    struct raised raised = {.person = state->person,
                            .target = joined(req, "owner:", state->person),
                            .reason = state->body.reason,
                            .at = "offboarded_at",
                            .verdict = "offboarded"};
    raised_reply(&state->access, &state->command, &raised, req, reply);
}

enum http_next offboard_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    if (req->user)
        return dry_run(req->user, req, reply);
    struct offboard_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_OFFBOARD, req, reply) ||
        !decode(state, req, reply))
        return HTTP_DONE;
    if (state->body.dry_run)
        return access_is_in_budget(app, &state->access.caller, req, reply) ? HTTP_LATER : HTTP_DONE;

    struct stop_command *command = &state->command;
    access_command(&state->access, &command->base, req);
    state->has_command = true;
    command->kind = AMBIT_TARGET_OWNER;
    command->target = state->person;
    command->reason = state->body.reason;
    command->is_offboarding = true;
    http_suspend(req);
    enum ambit_err err = stop_submit(command);
    if (!err)
        return HTTP_WAIT;
    if (err == AMBIT_ERR_SEALED || command->recorded_pending || command->not_recorded)
        reply_offboarded(state, req, reply);
    else
        access_reply_err(req, reply, err);
    return HTTP_DONE;
}

enum http_next offboard_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct offboard_state *state = req->user;
    struct stop_command *command = &state->command;
    if (state->has_dry) {
        if (state->dry.base.way_in_lost)
            access_reply_unproved(state->access.broker, req, reply);
        return HTTP_DONE;
    }
    if (command->base.err && !command->base.way_in_lost) {
        stop_to_journal(command);
        reply_offboarded(state, req, reply);
        return HTTP_DONE;
    }
    if (access_answered(&command->base, req, reply))
        reply_offboarded(state, req, reply);
    return HTTP_DONE;
}

void offboard_done(void *app, struct http_request *req)
{
    (void)app;
    struct offboard_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->has_dry)
        command_release(&state->dry.base);
    access_done(&state->access);
}
