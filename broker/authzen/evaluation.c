/* SPDX-License-Identifier: Apache-2.0 */
/* POST /access/v1/evaluation: may this grant do this now? Every question is an action: decided,
 * counted, recorded (AZN-17). */
#include "authzen/evaluation.h"

#include "base/accept.h"
#include "base/json_write.h"
#include "core/receipt.h"

struct evaluation_state {
    struct evaluation_kind kind; /* first */
    struct questioner questioner;
    struct evaluation asked;
    struct action_command command;
    struct receipt receipt;
    bool has_command, is_prepared;
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

static void ready(void *ctx)
{
    http_prepare(ctx);
}

static enum http_next refuse(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    asker_reply_error(req, reply, http_status_of(err), ambit_err_text(err));
    return HTTP_DONE;
}

/* ---- decode ---- */

static bool decode(struct evaluation_state *state, const struct evaluation_members *members,
                   struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err =
        evaluation_read_members(members, SOUGHT_NOTHING, &req->arena, &state->asked, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        asker_reply_error(req, reply, 400, what); /* AZN-2 */
        return false;
    }
    if (err) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    /* AZN-19: an agent asks about the token it came by. */
    if (state->questioner.asker.by_agent &&
        (!ambit_str_is(state->asked.subject_type, "access_token") ||
         !ambit_str_eq(state->asked.subject_id, state->questioner.asker.shown.text))) {
        asker_reply_error(req, reply, 403, "an agent asks about its own access token alone");
        return false;
    }
    return question_read_key(&state->questioner, reply);
}

static bool read_body(struct http_request *req, struct http_reply *reply,
                      struct evaluation_members *ret)
{
    const struct json_value *root = NULL;
    const char *what = NULL;
    enum ambit_err err = evaluation_read_object(req->body, &req->arena, &root, &what);
    if (err) {
        asker_reply_error(req, reply, err == AMBIT_ERR_MALFORMED ? 400 : 503,
                          err == AMBIT_ERR_MALFORMED ? what : ambit_err_text(err));
        return false;
    }
    *ret = evaluation_members_of(root);
    return true;
}

static enum http_next submit(struct evaluation_state *state, struct http_request *req,
                             struct http_reply *reply)
{
    struct action_command *command = &state->command;
    enum ambit_err err = question_fill(&state->questioner, &state->asked, 0, command);
    state->has_command = true;
    if (err)
        return refuse(req, reply, err);
    command->base.done = resume;
    command->base.ready = ready;
    command->base.done_ctx = req;
    state->receipt.is_wanted = accept_names(http_header(req, "prefer"), RECEIPT_PREFERENCE);
    http_suspend(req);
    err = action_submit(command);
    return err ? refuse(req, reply, err) : HTTP_WAIT;
}

enum http_next evaluation_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct evaluation_state *state = arena_alloc(&req->arena, sizeof *state);
    struct evaluation_members members;
    if (!state)
        return refuse(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    state->questioner =
        (struct questioner){.broker = app, .documents = broker_documents_acquire(app), .req = req};
    if (!asker_identify(app, state->questioner.documents, req, reply, &state->questioner.asker) ||
        !read_body(req, reply, &members) || !decode(state, &members, req, reply))
        return HTTP_DONE;
    return submit(state, req, reply);
}

enum http_next evaluation_begin_read(const struct questioner *questioner,
                                     const struct evaluation_members *members,
                                     struct http_reply *reply)
{
    struct http_request *req = questioner->req;
    struct evaluation_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        broker_documents_release(questioner->documents);
        req->user = NULL;
        return refuse(req, reply, AMBIT_ERR_NO_MEMORY);
    }
    req->user = state;
    state->questioner = *questioner;
    return decode(state, members, req, reply) ? submit(state, req, reply) : HTTP_DONE;
}

/* ---- reply ---- */

static void reply_decided(struct evaluation_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    struct action_command *command = &state->command;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    question_answer(command,
                    (struct question_telling){.for_agent = state->questioner.asker.by_agent,
                                              .with_lesson = true,
                                              .receipt = state->receipt.text},
                    &req->arena, &out);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = command->decided.verdict == AMBIT_ALLOW ? "allow" : "deny";
    req->log.reason = ambit_reason_text(command->decided.reason);
    req->log.event = (int64_t)command->base.seq;
}

/* The decision is in the batch that is being committed: its answer is written meanwhile. What a
 * refusal teaches looks at the state of now, and waits for it. */
void evaluation_prepare(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct evaluation_state *state = req->user;
    const struct action_command *command = &state->command;
    if (command->is_key_reused || command->decided.verdict != AMBIT_ALLOW ||
        state->receipt.is_wanted)
        return;
    reply_decided(state, req, reply);
    state->is_prepared = true;
}

static void wait_for_receipt(struct evaluation_state *state, struct http_request *req)
{
    state->receipt.resume = resume;
    state->receipt.ctx = req;
    http_suspend(req);
    receipt_wait(state->questioner.broker, &state->receipt, state->command.base.seq);
}

enum http_next evaluation_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct evaluation_state *state = req->user;
    struct action_command *command = &state->command;
    unsigned status = 0;
    if (state->is_prepared && command->base.err) {
        http_reply_forget(req, reply);
        state->is_prepared = false;
    }
    if (asker_was_replayed(&command->base, req, reply))
        return HTTP_DONE;
    const char *failure = question_failure(&command->base, &status);
    if (!failure && command->is_key_reused) {
        failure = "this Idempotency-Key was used with another body";
        status = 400;
    }
    if (!failure && receipt_is_due(&state->receipt, command->base.seq)) {
        wait_for_receipt(state, req);
        return HTTP_WAIT;
    }
    receipt_take(&state->receipt, command->base.seq, &req->arena);
    if (failure)
        asker_reply_error(req, reply, status, failure);
    else if (!state->is_prepared)
        reply_decided(state, req, reply);
    if (state->receipt.text.p)
        http_reply_header(reply, "Preference-Applied", RECEIPT_PREFERENCE);
    return HTTP_DONE;
}

void evaluation_done(void *app, struct http_request *req)
{
    (void)app;
    struct evaluation_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->questioner.documents)
        broker_documents_release(TAKE(state->questioner.documents));
}
