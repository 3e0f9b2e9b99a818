/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/explain: any question in thought, for those who may read, about agents they may read of.
 * Recorded before the answer leaves; as with readings, the answer leaves even where nothing can be
 * recorded. */
#include "core/explain.h"

#include "base/json_read.h"
#include "crypto/digest.h"
#include "operator/access.h"
#include "operator/handlers.h"

struct explain_state {
    struct access access;
    struct explain_query query;
    struct question_command command;
    bool has_command;
};

static const char *join(struct arena *arena, const struct ambit_hypothesis_problem *problem)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_printf(&text, "%.*s: %s", AMBIT_STR_ARG(problem->pointer), problem->what);
    if (problem->name.p)
        buf_printf(&text, " \"%.*s\"", AMBIT_STR_ARG(problem->name));
    buf_printf(&text, "; expected %s.", problem->expected);
    struct ambit_str copy = arena_copy(arena, buf_str(&text));
    return !buf_check(&text) && copy.p ? copy.p : "The question is not well-formed.";
}

static void refuse(const struct explain_state *state, struct http_request *req,
                   struct http_reply *reply, enum ambit_err err)
{
    const struct ambit_hypothesis_problem *problem = &state->query.problem;
    if (err == AMBIT_ERR_REFUSED)
        access_reply_role(req, reply);
    else if (err == AMBIT_ERR_MALFORMED)
        access_reply_malformed(req, reply, join(&req->arena, problem));
    else if (err == AMBIT_ERR_NOT_FOUND && problem->what)
        http_reply_problem(req, reply,
                           (struct http_problem){.status = 404,
                                                 .reason = "not_found",
                                                 .detail = join(&req->arena, problem)});
    else
        access_reply_err(req, reply, err);
}

static enum ambit_err answer(struct explain_state *state, struct http_request *req,
                             struct http_reply *reply)
{
    struct json_limits limits = {.depth = AMBIT_DOCUMENT_DEPTH, .allow_decimals = true};
    struct json_problem syntax;
    enum ambit_err err = json_read(req->body, limits, &req->arena, &state->query.question, &syntax);
    if (err == AMBIT_ERR_MALFORMED) {
        state->query.problem = (struct ambit_hypothesis_problem){
            .pointer = AMBIT_STR("/"), .what = syntax.what, .expected = syntax.expected};
        return err;
    }
    if (err)
        return err;
    state->query.only_owner = state->access.only_owner;
    err = query_explain(state->access.broker, state->access.documents, &req->arena, &state->query);
    if (!err)
        ambit_answer_write(&state->query.hypothesis, &state->query.answer,
                           state->access.only_owner.p ? AMBIT_FOR_OWNER : AMBIT_FOR_SECURITY,
                           &reply->body);
    return err;
}

enum http_next explain_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct explain_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_READ, req, reply))
        return HTTP_DONE;
    enum ambit_err err = answer(state, req, reply);
    if (err) {
        refuse(state, req, reply, err);
        return HTTP_DONE;
    }
    http_reply_json(reply, 200);
    access_command(&state->access, &state->command.base, req);
    state->has_command = true;
    state->command.query = &state->query;
    crypto_sha256(req->body.p, req->body.len, &state->command.asked);
    http_suspend(req);
    return question_submit(&state->command) ? HTTP_DONE : HTTP_WAIT;
}

enum http_next explain_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    const struct explain_state *state = req->user;
    const struct command *command = &state->command.base;
    if (command->way_in_lost) {
        access_reply_unproved(command->broker, req, reply);
        return HTTP_DONE;
    }
    if (!command->err)
        req->log.event = (int64_t)command->seq;
    return HTTP_DONE;
}

void explain_done(void *app, struct http_request *req)
{
    (void)app;
    struct explain_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}
