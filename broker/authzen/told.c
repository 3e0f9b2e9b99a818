/* SPDX-License-Identifier: Apache-2.0 */
/* See told.h. */
#include "authzen/told.h"

#include "authzen/asker.h"
#include "authzen/told_body.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/command.h"
#include "core/receipt.h"

/* ---- problems ------------------------------------------------------------------------------ */

static const char *reason_of(unsigned status)
{
    switch (status) {
    case 400:
    case 413:
    case 415:
        return "malformed";
    case 401:
        return "credentials_required";
    case 403:
        return "role_required";
    case 404:
        return "not_found";
    case 409:
        return "conflict";
    case 429:
        return "limited";
    default:
        return "unavailable";
    }
}

static enum http_next problem(struct http_request *req, struct http_reply *reply, unsigned status,
                              const char *detail)
{
    http_reply_problem(
        req, reply,
        (struct http_problem){.status = status, .reason = reason_of(status), .detail = detail});
    if (status == 503)
        http_reply_header(reply, "Retry-After", "5");
    reply->no_store = true;
    req->log.verdict = "refused";
    return HTTP_DONE;
}

static enum http_next problem_of(struct http_request *req, struct http_reply *reply,
                                 enum ambit_err err)
{
    return problem(req, reply, http_status_of(err), ambit_err_text(err));
}

/* The refusals of an evaluation are plain sentences: here the same in the form of /v1. */
static bool identify(struct broker *broker, const struct documents_ref *documents,
                     struct http_request *req, struct http_reply *reply, struct asker *ret)
{
    if (asker_identify(broker, documents, req, reply, ret))
        return true;
    struct ambit_str text = arena_copy(&req->arena, buf_str(&reply->body));
    if (text.p && text.len > 0)
        ((char *)(uintptr_t)text.p)[text.len - 1] = '\0'; /* the end of the line */
    http_reply_problem(req, reply,
                       (struct http_problem){.status = reply->status,
                                             .reason = reason_of(reply->status),
                                             .detail = text.p ? text.p : ""});
    return false;
}

static void resume(void *ctx)
{
    http_resume(ctx);
}

static void begin_command(struct command *command, struct broker *broker, const struct asker *asker,
                          struct documents_ref *documents, struct http_request *req)
{
    char text[ADDR_TEXT_MAX];
    command_init(command, broker, &asker->caller, documents);
    asker_fill(asker, command);
    command->done = resume;
    command->done_ctx = req;
    command->txn = ambit_str_of(req->trace_id);
    if (req->source.family)
        command->source = arena_copy(
            &req->arena, (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
}

/* False: the reply is filled. */
static bool is_answered(const struct command *command, struct http_request *req,
                        struct http_reply *reply)
{
    if (asker_was_replayed(command, req, reply))
        (void)problem(req, reply, 401, "The DPoP proof was used before.");
    else if (command->way_in_lost || command->err == AMBIT_ERR_REFUSED)
        (void)problem(req, reply, 401, "The caller is not known or did not prove itself.");
    else if (command->err)
        (void)problem_of(req, reply, command->err);
    else
        return true;
    return false;
}

/* ---- outcomes ------------------------------------------------------------------------------ */

struct outcome_state {
    struct documents_ref *documents;
    struct asker asker;
    struct outcome_command command;
    bool has_command;
};

enum http_next outcome_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct outcome_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state)
        return problem_of(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    state->documents = broker_documents_acquire(app);
    if (!identify(app, state->documents, req, reply, &state->asker))
        return HTTP_DONE;

    struct ambit_id action = {0};
    struct outcome_body body;
    const char *what = NULL;
    enum ambit_err err = outcome_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED)
        return problem(req, reply, 400, what);
    if (err)
        return problem_of(req, reply, err);
    if (id_decode(req->parameter, &action) != AMBIT_OK)
        return problem_of(req, reply, AMBIT_ERR_NOT_FOUND);

    begin_command(&state->command.base, app, &state->asker, state->documents, req);
    state->has_command = true;
    state->command.action = action;
    state->command.outcome = body.outcome;
    state->command.detail = body.detail;
    state->command.evidence = body.evidence;
    http_suspend(req);
    err = outcome_submit(&state->command);
    return err ? problem_of(req, reply, err) : HTTP_WAIT;
}

enum http_next outcome_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct outcome_state *state = req->user;
    const struct outcome_command *command = &state->command;
    if (!is_answered(&command->base, req, reply))
        return HTTP_DONE;
    if (command->refusal == OUTCOME_UNKNOWN)
        return problem(req, reply, 404, "There is no such allowed action of yours.");
    if (command->refusal == OUTCOME_OTHER)
        return problem(req, reply, 409, "This side has reported something else before.");

    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_id(&out, "action", command->action);
    json_member_text(&out, "reported_by", command->reported_by);
    json_member_text(&out, "agreement", command->agreement);
    json_key(&out, "late");
    json_bool(&out, command->is_late);
    json_end_object(&out);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = command->agreement;
    req->log.event = (int64_t)command->base.seq;
    return HTTP_DONE;
}

void outcome_done(void *app, struct http_request *req)
{
    (void)app;
    struct outcome_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->documents)
        broker_documents_release(TAKE(state->documents));
}

/* ---- signals ------------------------------------------------------------------------------- */

struct signal_state {
    struct documents_ref *documents;
    struct asker asker;
    struct signal_command command;
    bool has_command;
};

enum http_next signal_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct signal_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state)
        return problem_of(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    state->documents = broker_documents_acquire(app);
    if (!identify(app, state->documents, req, reply, &state->asker))
        return HTTP_DONE;
    if (state->asker.by_agent)
        return problem(req, reply, 403, "Only a service signals.");

    struct signal_body body;
    const char *what = NULL;
    enum ambit_err err = signal_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED)
        return problem(req, reply, 400, what);
    if (err)
        return problem_of(req, reply, err);

    begin_command(&state->command.base, app, &state->asker, state->documents, req);
    state->has_command = true;
    state->command.signal = body.signal;
    state->command.agent = body.agent;
    state->command.grant = body.grant;
    state->command.detail = body.detail;
    state->command.arena = &req->arena;
    http_suspend(req);
    err = signal_submit(&state->command);
    return err ? problem_of(req, reply, err) : HTTP_WAIT;
}

enum http_next signal_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct signal_state *state = req->user;
    const struct signal_command *command = &state->command;
    if (!is_answered(&command->base, req, reply))
        return HTTP_DONE;
    if (command->is_unknown)
        return problem(req, reply, 404, "There is no such agent or grant.");

    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_id(&out, "id", command->base.id);
    json_key(&out, "heard");
    json_bool(&out, command->is_heard);
    json_key(&out, "trips");
    json_begin_array(&out);
    for (size_t i = 0; i < command->n_trips; i++)
        json_str(&out, command->trips[i]);
    json_end_array(&out);
    json_end_object(&out);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = command->is_heard ? "heard" : "unheard";
    return HTTP_DONE;
}

void signal_done(void *app, struct http_request *req)
{
    (void)app;
    struct signal_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->documents)
        broker_documents_release(TAKE(state->documents));
}

/* ---- receipts ------------------------------------------------------------------------------ */

struct receipt_state {
    struct documents_ref *documents;
    struct asker asker;
    struct receipt receipt;
    uint64_t seq;
};

/* What the caller proved itself with is good for one request. True: go on. */
static bool use_once(struct receipt_state *state, struct broker *broker, struct http_request *req,
                     struct http_reply *reply)
{
    struct once_command once = {.base = {.err = AMBIT_OK}};
    if (!state->asker.has_once && !state->asker.caller.has_once)
        return true;
    command_init(&once.base, broker, &state->asker.caller, state->documents);
    asker_fill(&state->asker, &once.base);
    (void)!once_call(&once);
    bool is_fine = is_answered(&once.base, req, reply);
    command_release(&once.base);
    return is_fine;
}

static enum http_next reply_taken(enum ambit_err err, struct http_request *req,
                                  struct http_reply *reply)
{
    if (err == AMBIT_ERR_NOT_FOUND)
        return problem(req, reply, 503, "No checkpoint covers it yet.");
    if (err)
        return problem_of(req, reply, err);
    reply->status = 200;
    reply->content_type = "text/plain; charset=utf-8";
    reply->no_store = true;
    return HTTP_DONE;
}

enum http_next receipt_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct receipt_state *state = arena_alloc(&req->arena, sizeof *state);
    struct ambit_id id = {0};
    if (!state)
        return problem_of(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    state->documents = broker_documents_acquire(app);
    if (!identify(app, state->documents, req, reply, &state->asker) ||
        !use_once(state, app, req, reply))
        return HTTP_DONE;
    enum ambit_err err = id_decode(req->parameter, &id);
    err = err == AMBIT_OK ? query_decided_seq(app, id, &state->asker.caller, &state->seq)
                          : AMBIT_ERR_NOT_FOUND;
    if (err == AMBIT_ERR_NOT_FOUND)
        return problem(req, reply, 404, "There is no such decision of yours.");
    if (!err)
        err = query_receipt(app, state->seq, &reply->body);
    if (err != AMBIT_ERR_NOT_FOUND)
        return reply_taken(err, req, reply);
    state->receipt.resume = resume;
    state->receipt.ctx = req;
    http_suspend(req);
    receipt_wait(app, &state->receipt, state->seq);
    return HTTP_WAIT;
}

enum http_next receipt_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    const struct receipt_state *state = req->user;
    return reply_taken(query_receipt(app, state->seq, &reply->body), req, reply);
}

void receipt_done(void *app, struct http_request *req)
{
    (void)app;
    struct receipt_state *state = req->user;
    if (state && state->documents)
        broker_documents_release(TAKE(state->documents));
}
