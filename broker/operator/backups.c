/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/backups: an admin has the store copied; answered when it is begun. GET /v1/backups:
 * which there are, and how far the one at work is. */
#include "core/backup.h"

#include "base/encode.h"
#include "base/json_write.h"
#include "operator/body.h"
#include "operator/handlers.h"
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
                            const struct backup_body *body, struct http_reply *reply)
{
    enum backup_refusal refusal = BACKUP_FINE;
    struct backup_request request = {
        .caller = &access->caller,
        .authenticated = access->documents,
        .name = name_of(body, broker_now_ms(access->broker), &req->arena),
        .reason = body->reason,
        .txn = ambit_str_of(req->trace_id),
        .source = access->source,
    };
    if (!request.name.p)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = backup_begin(access->broker, &request, &refusal);
    if (err)
        return err;
    switch (refusal) {
    case BACKUP_FINE:
        reply_begun(request.name, reply);
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
    struct access access;
    struct backup_body body = {.reason = {0}};
    const char *what = NULL;
    if (access_check(&access, app, RIGHT_BACKUPS, req, reply)) {
        enum ambit_err err = backup_body_read(req->body, &req->arena, &body, &what);
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

enum http_next backups_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!reading_open_for(app, RIGHT_SEE_BACKUPS, req, reply, &reading))
        return HTTP_DONE;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = backups_query(app, &out);
    if (!err)
        err = buf_check(&reply->body);
    if (err)
        return reading_fail(req, reply, err);
    http_reply_json(reply, 200);
    return reading_record(reading, req, reply);
}
