/* SPDX-License-Identifier: Apache-2.0 */
/* POST /access/v1/evaluations (AZN-8 to AZN-10): many questions decided in one transaction, each an
 * action of its own. Without items it is /access/v1/evaluation to the last byte. */
#include "authzen/evaluations.h"

#include "authzen/batch_body.h"
#include "authzen/evaluation.h"
#include "base/json_write.h"

/* Looking for what would pass costs some decisions: beyond so many denials of one batch the answer
 * does without, so that others are not kept waiting. */
enum { LESSONS_MAX = 16 };

struct batch_state {
    struct evaluation_kind kind; /* first */
    struct questioner questioner;
    struct question_proofs proofs;
    struct batch_body body;
    struct action_batch batch;
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

static enum http_next refuse(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    asker_reply_error(req, reply, http_status_of(err), ambit_err_text(err));
    return HTTP_DONE;
}

/* ---- decode ---- */

static bool decode(struct batch_state *state, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    enum ambit_err err = batch_body_read(req->body, &req->arena, &state->body, &what);
    if (err == AMBIT_ERR_MALFORMED)
        asker_reply_error(req, reply, 400, what);
    else if (err)
        (void)refuse(req, reply, err);
    return !err;
}

static AMBIT_CHECKED enum ambit_err fill(struct batch_state *state, struct http_request *req)
{
    const struct questioner *questioner = &state->questioner;
    struct action_batch *batch = &state->batch;
    size_t n = state->body.n;
    batch->items = arena_array(&req->arena, n, sizeof(struct action_command *));
    if (!batch->items)
        return AMBIT_ERR_NO_MEMORY;
    command_init(&batch->base, questioner->broker, &questioner->asker.caller,
                 questioner->documents);
    asker_fill(&questioner->asker, &batch->base);
    batch->base.done = resume;
    batch->base.done_ctx = req;
    batch->semantic = state->body.semantic;
    for (size_t i = 0; i < n; i++) {
        struct batch_item *item = &state->body.items[i];
        batch->n = i + 1;
        if (item->fault)
            continue;
        batch->items[i] = arena_alloc(&req->arena, sizeof *batch->items[i]);
        if (!batch->items[i])
            return AMBIT_ERR_NO_MEMORY;
        enum ambit_err err = question_fill(questioner, &item->asked, i, batch->items[i]);
        if (err)
            return err;
    }
    return AMBIT_OK;
}

enum http_next evaluations_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct batch_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state)
        return refuse(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    state->kind.is_batch = true;
    struct questioner *questioner = &state->questioner;
    *questioner =
        (struct questioner){.broker = app, .documents = broker_documents_acquire(app), .req = req};
    if (!asker_identify_service(app, questioner->documents, req, reply, &questioner->asker) ||
        !decode(state, req, reply))
        return HTTP_DONE;
    if (state->body.n == 0)
        return evaluation_begin_read(questioner, &state->body.defaults, reply);
    questioner->proofs = &state->proofs;
    if (!question_read_key(questioner, reply) ||
        !asker_take(app, &questioner->asker, state->body.n - 1, req, reply))
        return HTTP_DONE;

    enum ambit_err err = fill(state, req);
    if (err)
        return refuse(req, reply, err);
    http_suspend(req);
    err = action_batch_submit(&state->batch);
    return err ? refuse(req, reply, err) : HTTP_WAIT;
}

/* ---- reply ---- */

static void write_fault(struct json_out *out, const char *fault)
{
    json_begin_object(out);
    json_key(out, "decision");
    json_bool(out, false);
    json_key(out, "context");
    json_begin_object(out);
    json_key(out, "error");
    json_begin_object(out);
    json_key(out, "status");
    json_i64(out, 400);
    json_key(out, "message");
    json_text(out, fault);
    json_end_object(out);
    json_end_object(out);
    json_end_object(out);
}

static void write_item(struct action_command *command, size_t *lessons, struct json_out *out)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    bool is_denied = command->decided.verdict == AMBIT_DENY;
    if (command->is_key_reused) {
        write_fault(out, "this Idempotency-Key was used with another body");
        return;
    }
    question_answer(command, (struct question_telling){.with_lesson = !is_denied || *lessons > 0},
                    &arena, out);
    *lessons -= is_denied && *lessons > 0;
}

static void reply_decided(struct batch_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    const struct action_batch *batch = &state->batch;
    size_t lessons = LESSONS_MAX;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "evaluations");
    json_begin_array(&out);
    for (size_t i = 0; i < batch->n_decided; i++) {
        if (batch->items[i])
            write_item(batch->items[i], &lessons, &out);
        else
            write_fault(&out, state->body.items[i].fault);
    }
    json_end_array(&out);
    json_end_object(&out);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = "batch";
    req->log.event = (int64_t)batch->base.seq;
}

void evaluations_prepare(void *app, struct http_request *req, struct http_reply *reply)
{
    const struct evaluation_kind *kind = req->user;
    if (!kind->is_batch)
        evaluation_prepare(app, req, reply);
}

enum http_next evaluations_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    struct batch_state *state = req->user;
    if (!state->kind.is_batch)
        return evaluation_finish(app, req, reply);
    unsigned status = 0;
    const char *failure = question_failure(&state->batch.base, &status);
    if (failure)
        asker_reply_error(req, reply, status, failure);
    else
        reply_decided(state, req, reply);
    return HTTP_DONE;
}

void evaluations_done(void *app, struct http_request *req)
{
    struct batch_state *state = req->user;
    if (!state)
        return;
    if (!state->kind.is_batch) {
        evaluation_done(app, req);
        return;
    }
    for (size_t i = 0; i < state->batch.n; i++) {
        if (state->batch.items[i])
            command_release(&state->batch.items[i]->base);
    }
    command_release(&state->batch.base);
    if (state->questioner.documents)
        broker_documents_release(TAKE(state->questioner.documents));
}
