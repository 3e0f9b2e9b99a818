/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/prune: an admin has old events written to a segment and taken out of the store; answered
 * when it is begun. GET /v1/segments: how far that has come. */
#include "core/prune.h"

#include "base/json_write.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/job.h"
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
                            struct http_reply *reply, const char **reterr_what)
{
    struct prune_answer answer;
    struct prune_body body = {.reason = {0}};
    enum ambit_err err = prune_body_read(req->body, &req->arena, &body, reterr_what);
    if (err)
        return err;
    const struct prune_request request = {
        .asked = job_asked(access, req, body.reason.p ? body.reason : AMBIT_STR("dry run")),
        .before_ms = body.before_ms,
        .is_dry = body.dry_run,
    };
    err = prune_begin(access->broker, &request, &answer);
    if (err)
        return err;
    switch (answer.refusal) {
    case PRUNE_FINE:
        put_answer(&answer, body.dry_run ? "dry_run" : "writing", reply);
        http_reply_json(reply, body.dry_run ? 200 : 202);
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
    static const struct job_route route = {RIGHT_BACKUPS, begin};
    return job_begin(app, &route, req, reply);
}

enum http_next segments_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return reading_answer(app, RIGHT_SEE_BACKUPS, prunes_query, req, reply);
}
