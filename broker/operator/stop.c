/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/stops: a person says stop. Served on the loop's own thread, so that no report that is
 * being read can delay it; in force before it is queued, answered once it is durable. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/raised.h"

struct stop_state {
    struct access access;
    struct stop_body body;
    enum ambit_target_kind kind;
    struct ambit_str target;
    struct stop_command command;
    struct read_command dry; /* a dry run is a reading, and recorded as one */
    bool has_command, has_dry;
};

/* ---- may they ---- */

/* Owners stop their own agents, grants and policies. What does not exist is not theirs to stop
 * either, but is answered as what it is. */
static enum ambit_err is_theirs(const struct stop_state *state, struct http_request *req, bool *ret)
{
    const struct ambit_documents *documents = state->access.documents->documents;
    struct ambit_str owner = {0};
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    *ret = false;
    switch (state->kind) {
    case AMBIT_TARGET_AGENT: {
        const struct ambit_agent *agent = ambit_agent_find(documents, state->target);
        owner = agent ? agent->owner : owner;
        err = agent ? AMBIT_OK : err;
        break;
    }
    case AMBIT_TARGET_POLICY: {
        const struct ambit_policy *policy = ambit_policy_find(documents, state->target);
        owner = policy ? policy->owner : owner;
        err = policy ? AMBIT_OK : err;
        break;
    }
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE: {
        struct ambit_id id = {0};
        err = id_decode(state->target, &id)
                  ? AMBIT_ERR_NOT_FOUND
                  : query_grant_owner(state->access.broker, id, &req->arena, &owner);
        break;
    }
    case AMBIT_TARGET_TEAM:
    case AMBIT_TARGET_OWNER:
    case AMBIT_TARGET_RESOURCE:
    case AMBIT_TARGET_ALL:
        return AMBIT_OK;
    }
    *ret = !err && ambit_str_eq(owner, state->access.only_owner);
    return err;
}

static bool decode(struct stop_state *state, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err = stop_body_read(req->body, &req->arena, &state->body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return false;
    }
    if (!err)
        err = stop_target_parse(state->body.target, &state->kind, &state->target);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply,
                               "target is agent:, grant:, lineage:, team:, owner:, policy:, "
                               "resource: and a name, or all.");
        return false;
    }
    bool may = !state->access.only_owner.p;
    if (!err && !may)
        err = is_theirs(state, req, &may);
    if (err) {
        access_reply_err(req, reply, err);
        return false;
    }
    if (!may)
        access_reply_role(req, reply);
    return may;
}

/* ---- answers ---- */

static struct ambit_str what_of_dry_run(const struct stop_state *state, struct http_request *req)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, "dry_run:");
    buf_put_str(&text, state->body.target);
    return arena_copy(&req->arena, buf_str(&text));
}

/* On a query thread: it counts live grants. */
static enum http_next dry_run(struct stop_state *state, struct http_request *req,
                              struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = query_stop_dry_run(state->access.broker, state->kind, state->target, &out);
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    state->has_dry = true;
    return raised_read(&state->access, &state->dry, what_of_dry_run(state, req), req, reply);
}

static void reply_raised(struct stop_state *state, struct http_request *req,
                         struct http_reply *reply)
{
    struct raised raised = {.target = state->body.target,
                            .reason = state->body.reason,
                            .at = "raised_at",
                            .verdict = "in_force"};
    raised_reply(&state->access, &state->command, &raised, req, reply);
}

/* ---- the request ---- */

enum http_next stop_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    if (req->user)
        return dry_run(req->user, req, reply);
    struct stop_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_STOP, req, reply) || !decode(state, req, reply))
        return HTTP_DONE;
    /* Stops are never refused for a spent budget; counting what one would take is no stop. */
    if (state->body.dry_run)
        return access_is_in_budget(app, &state->access.caller, req, reply) ? HTTP_LATER : HTTP_DONE;

    struct stop_command *command = &state->command;
    access_command(&state->access, &command->base, req);
    state->has_command = true;
    command->kind = state->kind;
    command->target = state->target;
    command->reason = state->body.reason;
    http_suspend(req);
    enum ambit_err err = stop_submit(command);
    if (!err)
        return HTTP_WAIT;
    if (err == AMBIT_ERR_SEALED || command->recorded_pending || command->not_recorded)
        reply_raised(state, req, reply);
    else
        access_reply_err(req, reply, err);
    return HTTP_DONE;
}

enum http_next stop_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct stop_state *state = req->user;
    struct stop_command *command = &state->command;
    if (state->has_dry) {
        if (state->dry.base.way_in_lost)
            access_reply_unproved(state->access.broker, req, reply);
        return HTTP_DONE;
    }
    if (command->base.err && !command->base.way_in_lost) {
        /* Sealed, or out of the last space, while it waited. In force all the same; one flush on a
         * loop of a broker that gives nothing any more. */
        stop_to_journal(command);
        reply_raised(state, req, reply);
        return HTTP_DONE;
    }
    if (access_answered(&command->base, req, reply))
        reply_raised(state, req, reply);
    return HTTP_DONE;
}

void stop_done(void *app, struct http_request *req)
{
    (void)app;
    struct stop_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->has_dry)
        command_release(&state->dry.base);
    access_done(&state->access);
}
