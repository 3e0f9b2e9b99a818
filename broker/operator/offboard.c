/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/people/{x}/offboard: a person leaves. One act: a stop on all that is theirs, with its
 * incident, and the end of their own way in. Served like a stop: in force before it is queued. */
#include "core/query.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/raised.h"

static bool decode(struct raising *raising, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    struct offboard_body body;
    struct ambit_str person = req->parameter;
    enum ambit_err err = offboard_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return false;
    }
    if (!err && !ambit_person_find(raising->access.documents->documents, person))
        err = AMBIT_ERR_NOT_FOUND;
    if (err) {
        access_reply_err(req, reply, err);
        return false;
    }
    if (!body.dry_run && broker_person_left(raising->access.broker, person)) {
        access_reply_conflict(req, reply, "This person was offboarded before.");
        return false;
    }
    raising->is_dry_run = body.dry_run;
    raising->person = person;
    raising->target = raising_join(req, "owner:", person);
    struct stop_command *command = &raising->command;
    command->kind = AMBIT_TARGET_OWNER;
    command->target = person;
    command->reason = body.reason;
    command->is_offboarding = true;
    return true;
}

static enum ambit_err count(const struct raising *raising, struct json_out *out)
{
    return query_offboard_dry_run(raising->access.broker, raising->person, out);
}

enum http_next offboard_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const struct raising_kind kind = {
        .right = RIGHT_OFFBOARD,
        .decode = decode,
        .count = count,
        .read_as = "dry_run:offboard:",
        .at = "offboarded_at",
        .verdict = "offboarded",
    };
    return raising_begin(app, &kind, req, reply);
}
