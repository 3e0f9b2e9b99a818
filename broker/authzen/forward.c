/* SPDX-License-Identifier: Apache-2.0 */
/* See forward.h. */
#include "authzen/forward.h"

#include "authzen/forward_asked.h"
#include "authzen/question.h"
#include "base/encode.h"
#include "config/forward_map.h"
#include "core/proof.h"
#include "crypto/digest.h"

struct forward_state {
    struct questioner questioner;
    struct evaluation asked;
    struct forward_question question;
    bool is_by_dpop; /* how the agent's token was shown */
    struct forward_answer mapped;
    struct action_command command;
    bool has_command;
};

static void resume(void *ctx)
{
    http_resume(ctx);
}

static enum http_next refuse(struct http_request *req, struct http_reply *reply, unsigned status,
                             const char *text)
{
    asker_reply_error(req, reply, status, text);
    http_reply_header(reply, "X-Ambit-Decision", "deny");
    return HTTP_DONE;
}

static enum http_next refuse_err(struct http_request *req, struct http_reply *reply,
                                 enum ambit_err err)
{
    unsigned status = http_status_of(err);
    return refuse(req, reply, status < 500 ? 503 : status, ambit_err_text(err));
}

/* No token at all: the challenge is for the agent, and has no error (BRR-2). */
static enum http_next challenge(struct http_request *req, struct http_reply *reply)
{
    reply->n_headers = 0;
    asker_reply_error(req, reply, 401, "an access token is needed");
    reply->n_headers = 0;
    http_reply_header(reply, "WWW-Authenticate", "Bearer realm=\"ambit\"");
    http_reply_header(reply, "X-Ambit-Decision", "deny");
    return HTTP_DONE;
}

/* ---- the question ---- */

/* Where the client stands: what a listed proxy says of it; without that nobody knows. */
static void take_source(const struct http_request *req, struct evaluation *asked,
                        struct arena *arena)
{
    char text[ADDR_TEXT_MAX];
    bool is_told = req->source.family && memcmp(&req->source, &req->peer, sizeof req->peer) != 0;
    if (!is_told)
        return;
    asked->source_text =
        arena_copy(arena, (struct ambit_str){.p = text, .len = addr_encode(&req->source, text)});
    asked->source.family = req->source.family;
    memcpy(asked->source.b, req->source.b, sizeof req->source.b);
}

/* Is it the key that the token shown is bound to? Anybody at all may come to the proxy with a token
 * that is none and a key of their own. Such a proof is none: kept, it would use up the room that
 * the proxy's service has for those of others (DPOP-12). */
static AMBIT_CHECKED enum ambit_err is_key_of_token(struct forward_state *state,
                                                    const struct dpop_proof *proof,
                                                    struct arena *arena, bool *ret)
{
    static const struct caller bearer_itself = {.kind = CALLER_NONE};
    struct broker *broker = state->questioner.broker;
    struct introspection *found = arena_alloc(arena, sizeof *found);
    *ret = false;
    if (!found)
        return AMBIT_ERR_NO_MEMORY;
    if (!state->command.has_token)
        return AMBIT_OK;
    int64_t now_ms = broker_now_ms(broker);
    enum ambit_err err =
        query_introspect(broker, state->questioner.documents, &state->command.token, &bearer_itself,
                         now_ms, arena, found);
    *ret = !err && found->is_known && found->row.expires_ms > now_ms &&
           found->row.binding == AMBIT_BINDING_DPOP &&
           ambit_digest_eq(found->row.binding_key, proof->key);
    return err;
}

/* The key of a bound token. The proxy asks once for each request, so that a proof counts once here;
 * one that is not good is none, and the decision says so where one is needed. */
static AMBIT_CHECKED enum ambit_err take_proofs(struct forward_state *state,
                                                struct http_request *req)
{
    const struct questioner *questioner = &state->questioner;
    struct action_command *command = &state->command;
    struct dpop_proof proof;
    if (req->n_certificates > 0) {
        command->proved.has_certificate = true;
        crypto_sha256(req->certificates[0].p, req->certificates[0].len,
                      &command->proved.certificate);
    }
    struct proof_told told = forward_asked_proof(req, &state->question, &req->arena);
    if (!state->is_by_dpop || !told.proof.p)
        return AMBIT_OK;
    enum ambit_err err =
        proof_of_told(questioner->broker, questioner->documents, questioner->asker.caller.name,
                      &told, state->asked.subject_id, &req->arena, &proof);
    bool is_its_key = false;
    if (!err && proof.refusal == DPOP_FINE)
        err = is_key_of_token(state, &proof, &req->arena, &is_its_key);
    if (err || !is_its_key)
        return err;
    command->proved.has_dpop = true;
    command->proved.dpop = proof.key;
    if (proof_has_once(&proof)) {
        struct once_value once = proof_once(&proof);
        command_add_once(&command->base, &once);
    }
    return AMBIT_OK;
}

static enum http_next submit(struct forward_state *state, struct http_request *req,
                             struct http_reply *reply)
{
    struct action_command *command = &state->command;
    enum ambit_err err = question_fill(&state->questioner, &state->asked, 0, command);
    state->has_command = true;
    if (!err)
        err = take_proofs(state, req);
    if (err)
        return refuse_err(req, reply, err);
    command->base.done = resume;
    command->base.done_ctx = req;
    http_suspend(req);
    err = action_submit(command);
    return err ? refuse_err(req, reply, err) : HTTP_WAIT;
}

static enum http_next ask(struct forward_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    struct questioner *questioner = &state->questioner;
    state->question.service = questioner->asker.caller.name;
    const char *fault = forward_asked_read(req, &state->question);
    if (fault)
        return refuse(req, reply, 403, fault);
    struct shown_token shown = identity_shown_token(http_header(req, "authorization"));
    if (!shown.text.p)
        return challenge(req, reply);
    state->is_by_dpop = shown.by_dpop;
    const struct forward_map *map = broker_forward_map(questioner->broker);
    switch (forward_find(map, &state->question, &state->mapped)) {
    case FORWARD_MATCHED:
        break;
    case FORWARD_NO_ROW:
        return refuse(req, reply, 403, "no row of the map matches this request");
    case FORWARD_HOSTILE:
        return refuse(req, reply, 403, "this path could be read in more than one way");
    }
    state->asked = (struct evaluation){.subject_type = AMBIT_STR("access_token"),
                                       .subject_id = shown.text,
                                       .action = state->mapped.action,
                                       .resource = state->mapped.resource,
                                       .stated_reason = http_header(req, "x-ambit-stated-reason")};
    if (state->asked.stated_reason.len == 0)
        state->asked.stated_reason = (struct ambit_str){0};
    take_source(req, &state->asked, &req->arena);
    enum ambit_err err = forward_asked_context(&state->question, &req->arena, &state->asked);
    return err ? refuse_err(req, reply, err) : submit(state, req, reply);
}

enum http_next forward_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct forward_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state)
        return refuse_err(req, reply, AMBIT_ERR_NO_MEMORY);
    req->user = state;
    struct questioner *questioner = &state->questioner;
    *questioner =
        (struct questioner){.broker = app, .documents = broker_documents_acquire(app), .req = req};
    const struct forward_map *map = broker_forward_map(app);
    if (!map || map->n == 0)
        return refuse(req, reply, 403, "the configuration maps no requests");
    if (!asker_identify_by(app, questioner->documents, http_header(req, "x-ambit-authorization"),
                           req, reply, &questioner->asker)) {
        http_reply_header(reply, "X-Ambit-Decision", "deny");
        return HTTP_DONE;
    }
    return ask(state, req, reply);
}

/* ---- the answer ---- */

static void say(struct http_request *req, struct http_reply *reply, const char *name,
                struct ambit_str value)
{
    struct ambit_str text = arena_copy(&req->arena, value);
    if (value.p && text.p)
        http_reply_header(reply, name, text.p);
}

static void reply_decided(struct forward_state *state, struct http_request *req,
                          struct http_reply *reply)
{
    struct action_command *command = &state->command;
    bool is_allowed = command->decided.verdict == AMBIT_ALLOW;
    const char *reason = ambit_reason_text(command->decided.reason);
    char id[ID_TEXT_LEN];
    id_encode(command->base.id, id);
    http_reply_empty(reply, is_allowed ? 200 : forward_asked_status(command));
    reply->no_store = true;
    http_reply_header(reply, "X-Ambit-Decision", is_allowed ? "allow" : "deny");
    say(req, reply, "X-Ambit-Id", (struct ambit_str){.p = id, .len = sizeof id});
    if (command->grant_found && is_allowed)
        say(req, reply, "X-Ambit-Agent", command->grant.agent);
    if (command->grant_found && is_allowed)
        say(req, reply, "X-Ambit-Owner", command->grant.owner);
    if (!is_allowed) {
        http_reply_header(reply, "X-Ambit-Reason", reason);
        const char *challenge = forward_asked_challenge(command);
        if (challenge)
            http_reply_header(reply, "WWW-Authenticate", challenge);
    }
    req->log.verdict = is_allowed ? "allow" : "deny";
    req->log.reason = reason;
    req->log.event = (int64_t)command->base.seq;
}

enum http_next forward_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct forward_state *state = req->user;
    unsigned status = 0;
    if (command_proof_was_used(&state->command.base)) {
        enum http_next next = refuse(req, reply, 401, "the DPoP proof was used before");
        reply->n_headers = 0;
        http_reply_header(reply, "WWW-Authenticate", dpop_challenge(DPOP_INVALID_PROOF));
        http_reply_header(reply, "X-Ambit-Decision", "deny");
        return next;
    }
    const char *failure = question_failure(&state->command.base, &status);
    if (failure) /* the way in that was lost is the proxy's */
        return refuse(req, reply, status == 401 ? 403 : status < 500 ? 503 : status, failure);
    reply_decided(state, req, reply);
    return HTTP_DONE;
}

void forward_done(void *app, struct http_request *req)
{
    (void)app;
    struct forward_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    if (state->questioner.documents)
        broker_documents_release(TAKE(state->questioner.documents));
}
