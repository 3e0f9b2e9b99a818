/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/prune: an admin has old events written to a segment and taken out of the store; answered
 * when it is begun. GET /v1/segments: how far that has come. */
#include "core/prune.h"

#include "base/json_write.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/reading.h"

static void put_answer(const struct prune_answer *answer, const char *state,
                       struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_text(&out, "state", state);
    json_key(&out, "first");
    json_i64(&out, (int64_t)answer->first);
    json_key(&out, "next");
    json_i64(&out, (int64_t)answer->next);
    json_key(&out, "asked");
    json_i64(&out, (int64_t)answer->asked);
    json_member_text(&out, "held_by", answer->held_by);
    json_end_object(&out);
}

static enum ambit_err begin(const struct access *access, struct http_request *req,
                            const struct prune_body *body, struct http_reply *reply)
{
    struct prune_answer answer;
    const struct prune_request request = {
        .caller = &access->caller,
        .authenticated = access->documents,
        .before_ms = body->before_ms,
        .is_dry = body->dry_run,
        .reason = body->reason.p ? body->reason : AMBIT_STR("dry run"),
        .txn = ambit_str_of(req->trace_id),
        .source = access->source,
    };
    enum ambit_err err = prune_begin(access->broker, &request, &answer);
    if (err)
        return err;
    switch (answer.refusal) {
    case PRUNE_FINE:
        put_answer(&answer, body->dry_run ? "dry_run" : "writing", reply);
        http_reply_json(reply, body->dry_run ? 200 : 202);
        break;
    case PRUNE_NOTHING:
        put_answer(&answer, "nothing", reply);
        http_reply_json(reply, 200);
        break;
    case PRUNE_RUNS:
        access_reply_conflict(req, reply, "A segment is being written already.");
        break;
    }
    return AMBIT_OK;
}

enum http_next prune_begin_route(void *app, struct http_request *req, struct http_reply *reply)
{
    struct access access;
    struct prune_body body = {.reason = {0}};
    const char *what = NULL;
    if (access_check(&access, app, RIGHT_BACKUPS, req, reply)) {
        enum ambit_err err = prune_body_read(req->body, &req->arena, &body, &what);
        if (err == AMBIT_ERR_MALFORMED)
            access_reply_malformed(req, reply, what);
        else if (!err)
            err = begin(&access, req, &body, reply);
        if (err && err != AMBIT_ERR_MALFORMED)
            access_reply_err(req, reply, err);
    }
    access_done(&access);
    return HTTP_DONE;
}

enum http_next segments_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!reading_open_for(app, RIGHT_SEE_BACKUPS, req, reply, &reading))
        return HTTP_DONE;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = prunes_query(app, &out);
    if (!err)
        err = buf_check(&reply->body);
    if (err)
        return reading_fail(req, reply, err);
    http_reply_json(reply, 200);
    return reading_record(reading, req, reply);
}
