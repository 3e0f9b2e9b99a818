/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/erasures: an admin has personal text erased; it is done, and durable, when this answers.
 * GET /v1/erasures: whether it is gone from the disk too. */
#include <stdio.h>

#include "base/encode.h"
#include "base/json_write.h"
#include "core/query.h"
#include "ledger/erasure.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/reading.h"

struct erase_state {
    struct access access;
    struct erase_command command;
    bool has_command;
};

/* ---- what is asked ------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err read_members(const struct erase_body *body, unsigned *ret)
{
    *ret = 0;
    for (size_t i = 0; i < body->n_members; i++) {
        unsigned bit = erasure_member(body->members[i]);
        if (bit == 0)
            return AMBIT_ERR_MALFORMED;
        *ret |= bit;
    }
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err decode(struct erase_command *command, struct http_request *req,
                                           const char **reterr_what)
{
    struct erase_body body;
    enum ambit_err err = erase_body_read(req->body, &req->arena, &body, reterr_what);
    if (err)
        return err;
    command->reason = body.reason;
    command->is_dry_run = body.dry_run;
    *reterr_what = "members are of words, purpose, stated_reason, name, email.";
    err = read_members(&body, &command->members);
    if (err)
        return err;
    *reterr_what = "before is a time, such as 2026-11-20T10:00:00Z.";
    err = body.before.p ? time_decode(body.before, &command->before_ms) : AMBIT_OK;
    if (err || (body.before.p && command->before_ms <= 0))
        return AMBIT_ERR_MALFORMED;
    *reterr_what = "target is person:NAME, agent:NAME, event:SEQ, grant:ID or decision:ID.";
    return erase_target_parse(body.target, command) ? AMBIT_ERR_MALFORMED : AMBIT_OK;
}

/* ---- what is answered ---------------------------------------------------------------------- */

static void count(struct json_out *out, const char *key, uint64_t n)
{
    json_key(out, key);
    json_i64(out, (int64_t)n);
}

static void stay(struct json_out *out, const char *what, uint64_t n, const char *why)
{
    if (n == 0)
        return;
    json_begin_object(out);
    json_member_text(out, "what", what);
    count(out, "count", n);
    json_member_text(out, "why", why);
    json_end_object(out);
}

static void write_stays(struct json_out *out, const struct erase_command *command)
{
    json_key(out, "stays");
    json_begin_array(out);
    stay(out, "openings", command->count.in_use,
         "decisions are still made with them: grants that have not expired, questions that people "
         "may still answer");
    stay(out, "documents", command->refusal == ERASE_IN_FORCE ? command->count.documents : 0,
         "the person is in the set in force: take the document out of the folder and reload first");
    json_end_array(out);
}

static void reply_erased(const struct erase_command *command, struct http_reply *reply)
{
    const struct erase_count *n = &command->count;
    bool is_done = !ambit_id_is_none(command->erasure);
    bool stays = command->refusal == ERASE_IN_FORCE;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    if (command->is_dry_run) {
        json_key(&out, "dry_run");
        json_bool(&out, true);
    }
    json_member_id(&out, "erasure", command->erasure);
    json_member_str(&out, "target", command->target);
    json_key(&out, "members");
    erasure_write_members(&out, command->members);
    count(&out, "openings", n->openings);
    count(&out, "purposes", n->purposes);
    count(&out, "stated_reasons", n->stated_reasons);
    count(&out, "words", n->words);
    count(&out, "documents", stays ? 0 : n->documents);
    write_stays(&out, command);
    if (is_done) {
        json_member_str(&out, "reason", command->reason);
        json_member_str(&out, "by", command->base.caller.name);
        json_key(&out, "erased_at");
        json_time_ms(&out, command->base.now_ms);
        count(&out, "seq", command->first_seq);
        count(&out, "last_seq", command->last_seq);
        json_member_text(&out, "state", "erased");
    } else if (!command->is_dry_run) {
        json_member_text(&out, "text",
                         "Nothing of it is there that could be erased; nothing was recorded.");
    }
    json_end_object(&out);
    http_reply_json(reply, is_done ? 201 : 200);
}

static void reply_no_segment(const struct erase_command *command, struct http_request *req,
                             struct http_reply *reply)
{
    char text[320];
    int n = snprintf(
        text, sizeof text,
        "Event %llu was pruned, and its segment (FIRST-NEXT.tar, FIRST <= %llu < NEXT) "
        "is not in record.segments: whether it is meant is read there. Bring it back, "
        "then ask again; what was erased until here stays erased.",
        (unsigned long long)command->missing_seq, (unsigned long long)command->missing_seq);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof text);
    access_reply_conflict(req, reply, text);
}

static void reply_refusal(const struct erase_command *command, struct http_request *req,
                          struct http_reply *reply)
{
    switch (command->refusal) {
    case ERASE_FINE:
        reply_erased(command, reply);
        break;
    case ERASE_UNKNOWN:
        access_reply_err(req, reply, AMBIT_ERR_NOT_FOUND);
        break;
    case ERASE_NO_MEMBER:
        access_reply_malformed(req, reply,
                               "The target has none of these members: a person has words, name and "
                               "email (documents have no time: not with before), the others "
                               "purpose, stated_reason and words.");
        break;
    case ERASE_NO_SEGMENT:
        reply_no_segment(command, req, reply);
        break;
    case ERASE_IN_FORCE:
        if (command->is_dry_run)
            reply_erased(command, reply);
        else
            access_reply_conflict(req, reply,
                                  "The person is in the set in force: take their document out of "
                                  "the folder and reload first. Their words alone can be erased "
                                  "now (members: words).");
        break;
    }
}

enum http_next erase_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct erase_state *state = arena_alloc(&req->arena, sizeof *state);
    if (!state) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = state;
    if (!access_check(&state->access, app, RIGHT_ERASE, req, reply))
        return HTTP_DONE;
    const char *what = NULL;
    access_command(&state->access, &state->command.base, req);
    state->has_command = true;
    enum ambit_err err = decode(&state->command, req, &what);
    if (err == AMBIT_ERR_MALFORMED && what) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (!err)
        err = erase_call(&state->command);
    state->command.base.err = err;
    if (!access_answered(&state->command.base, req, reply))
        return HTTP_DONE;
    reply_refusal(&state->command, req, reply);
    return HTTP_DONE;
}

void erase_done(void *app, struct http_request *req)
{
    (void)app;
    struct erase_state *state = req->user;
    if (!state)
        return;
    if (state->has_command)
        command_release(&state->command.base);
    access_done(&state->access);
}

enum http_next erasures_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return reading_answer(app, RIGHT_SEE_ERASED, query_erasures, req, reply);
}
