/* SPDX-License-Identifier: Apache-2.0 */
/* POST /access/v1/evaluation: may this grant do this now? Every question is an action: decided,
 * counted, recorded (AZN-17). */
#include "authzen/evaluation.h"

#include "authzen/answer.h"
#include "authzen/asker.h"
#include "authzen/request.h"
#include "base/json_write.h"
#include "core/teach.h"
#include "core/word.h"

struct evaluation_state {
    struct documents_ref *documents;
    struct asker asker;
    struct evaluation asked;
    struct action_command command;
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

/* ---- decode ---- */

static bool decode(struct evaluation_state *state, struct http_request *req,
                   struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err = evaluation_read(req->body, &req->arena, &state->asked, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        asker_reply_error(req, reply, 400, what); /* AZN-2 */
        return false;
    }
    if (err) {
        asker_reply_error(req, reply, 503, ambit_err_text(err));
        return false;
    }
    /* AZN-19: an agent asks about the token it came by. */
    if (state->asker.by_agent &&
        (!ambit_str_is(state->asked.subject_type, "access_token") ||
         !ambit_str_eq(state->asked.subject_id,
                       identity_bearer(http_header(req, "authorization"))))) {
        asker_reply_error(req, reply, 403, "an agent asks about its own access token alone");
        return false;
    }
    return true;
}

static struct ambit_str source_text(struct http_request *req)
{
    char text[ADDR_TEXT_MAX];
    if (!req->source.family)
        return (struct ambit_str){0};
    return arena_copy(&req->arena,
                      (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
}

static enum ambit_err fill_command(struct evaluation_state *state, struct broker *broker,
                                   struct http_request *req)
{
    struct action_command *command = &state->command;
    const struct evaluation *asked = &state->asked;
    bool by_agent = state->asker.by_agent;

    command_init(&command->base, broker, &state->asker.caller, state->documents);
    state->has_command = true;
    command->base.done = resume;
    command->base.ready = ready;
    command->base.done_ctx = req;
    command->base.txn = ambit_str_of(req->trace_id);
    command->arena = &req->arena;
    command->by_agent = by_agent;
    command->arguments_digest = asked->arguments_digest;
    command->question = (struct ambit_action_question){.stated_reason = asked->stated_reason};
    if (by_agent) { /* context and source are believed from services alone */
        command->base.source = source_text(req);
        command->question.source.family = req->source.family;
        memcpy(command->question.source.b, req->source.b, sizeof req->source.b);
    } else {
        command->base.source = asked->source_text;
        command->question.source = asked->source;
        command->question.service = state->asker.caller.name;
        command->question.context = asked->members;
        command->question.n_context = asked->n_members;
        command->context = asked->context;
    }

    enum ambit_err err = word_bounded(asked->action, &req->arena, &command->question.action);
    if (!err)
        err = word_bounded(asked->resource, &req->arena, &command->question.resource);
    if (err)
        return err;

    command->is_other_subject = !ambit_str_is(asked->subject_type, "access_token");
    if (command->is_other_subject)
        return AMBIT_OK;
    err = identity_token_read(asked->subject_id, &command->token);
    command->has_token = err == AMBIT_OK;
    return err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
}

enum http_next evaluation_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct evaluation_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        asker_reply_error(req, reply, 503, ambit_err_text(AMBIT_ERR_NO_MEMORY));
        return HTTP_DONE;
    }
    req->user = state;
    state->documents = broker_documents_acquire(app);
    if (!asker_identify(app, state->documents, req, reply, &state->asker) ||
        !decode(state, req, reply))
        return HTTP_DONE;

    enum ambit_err err = fill_command(state, app, req);
    if (err) {
        asker_reply_error(req, reply, http_status_of(err), ambit_err_text(err));
        return HTTP_DONE;
    }
    http_suspend(req);
    err = action_submit(&state->command);
    if (err) {
        asker_reply_error(req, reply, http_status_of(err), ambit_err_text(err));
        return HTTP_DONE;
    }
    return HTTP_WAIT;
}

/* ---- reply ---- */

static void reply_decided(struct evaluation_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    struct action_command *command = &state->command;
    struct ambit_explanation *explanation = arena_alloc(&req->arena, sizeof *explanation);
    if (explanation && command->is_other_subject)
        evaluation_not_supported(&command->decided, explanation);
    else if (explanation && teach_action(command, &req->arena, explanation) != AMBIT_OK)
        explanation = NULL; /* the decision stands without its lesson */
    struct evaluation_answer answer = {.id = command->base.id,
                                       .decided = &command->decided,
                                       .explanation = explanation,
                                       .approval = command->approval,
                                       .for_agent = state->asker.by_agent};
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    evaluation_answer_write(&answer, &out);
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
    if (state->command.is_other_subject || state->command.decided.verdict != AMBIT_ALLOW)
        return;
    reply_decided(state, req, reply);
    state->is_prepared = true;
}

enum http_next evaluation_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct evaluation_state *state = req->user;
    struct action_command *command = &state->command;
    if (state->is_prepared && command->base.err) {
        http_reply_forget(req, reply);
        state->is_prepared = false;
    }
    if (command->base.way_in_lost || command->base.err == AMBIT_ERR_REFUSED) {
        asker_reply_error(req, reply, 401, "the caller is not known or did not prove itself");
        return HTTP_DONE;
    }
    if (command->base.err) {
        asker_reply_error(req, reply, http_status_of(command->base.err),
                          ambit_err_text(command->base.err));
        return HTTP_DONE;
    }

    if (!state->is_prepared)
        reply_decided(state, req, reply);
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
    if (state->documents)
        broker_documents_release(TAKE(state->documents));
}
