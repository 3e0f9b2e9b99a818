/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/backups: an admin has the store copied; answered when it is begun. GET /v1/backups:
 * which there are, and how far the one at work is. */
#include "core/backup.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/job.h"
#include "operator/reading.h"

static void reply_begun(struct ambit_str name, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "name", name);
    json_member_text(&out, "state", "copying");
    json_end_object(&out);
    http_reply_json(reply, 202);
}

/* Named by the moment when nobody names it. */
static struct ambit_str name_of(const struct backup_body *body, int64_t now_ms, struct arena *arena)
{
    char text[TIME_TEXT_LEN], name[TIME_TEXT_LEN];
    size_t n = 0;
    if (body->name.p)
        return body->name;
    time_encode(now_ms, text);
    for (size_t i = 0; i < sizeof text; i++)
        if (text[i] != '-' && text[i] != ':' && text[i] != '.')
            name[n++] = text[i];
    return arena_copy(arena, (struct ambit_str){name, n});
}

static enum ambit_err begin(const struct access *access, struct http_request *req,
                            struct http_reply *reply, const char **reterr_what)
{
    enum backup_refusal refusal = BACKUP_FINE;
    struct backup_body body = {.reason = {0}};
    enum ambit_err err = backup_body_read(req->body, &req->arena, &body, reterr_what);
    if (err)
        return err;
    struct ambit_str name = name_of(&body, broker_now_ms(access->broker), &req->arena);
    if (!name.p)
        return AMBIT_ERR_NO_MEMORY;
    struct long_job_asked asked = job_asked(access, req, body.reason);
    err = backup_begin(access->broker, &asked, name, &refusal);
    if (err)
        return err;
    switch (refusal) {
    case BACKUP_FINE:
        reply_begun(name, reply);
        break;
    case BACKUP_RUNS:
        access_reply_conflict(req, reply, "A backup is being made already.");
        break;
    case BACKUP_TAKEN:
        access_reply_conflict(req, reply, "There is a backup of that name.");
        break;
    }
    return AMBIT_OK;
}

enum http_next backup_begin_route(void *app, struct http_request *req, struct http_reply *reply)
{
    static const struct job_route route = {RIGHT_BACKUPS, begin};
    return job_begin(app, &route, req, reply);
}

enum http_next backups_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    return reading_answer(app, RIGHT_SEE_BACKUPS, backups_query, req, reply);
}
