/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/stops: a person says stop. Served on the loop's own thread, so that no report that is
 * being read can delay it; in force before it is queued, answered once it is durable. */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/query.h"
#include "operator/access.h"
#include "operator/body.h"
#include "operator/handlers.h"
#include "operator/raised.h"

/* ---- may they ---- */

/* Owners stop their own agents, grants and policies. What does not exist is not theirs to stop
 * either, but is answered as what it is. */
static enum ambit_err is_theirs(const struct raising *raising, struct http_request *req, bool *ret)
{
    const struct ambit_documents *documents = raising->access.documents->documents;
    struct ambit_str owner = {0};
    enum ambit_err err = AMBIT_ERR_NOT_FOUND;
    *ret = false;
    switch (raising->command.kind) {
    case AMBIT_TARGET_AGENT: {
        const struct ambit_agent *agent = ambit_agent_find(documents, raising->command.target);
        owner = agent ? agent->owner : owner;
        err = agent ? AMBIT_OK : err;
        break;
    }
    case AMBIT_TARGET_POLICY: {
        const struct ambit_policy *policy = ambit_policy_find(documents, raising->command.target);
        owner = policy ? policy->owner : owner;
        err = policy ? AMBIT_OK : err;
        break;
    }
    case AMBIT_TARGET_GRANT:
    case AMBIT_TARGET_LINEAGE: {
        struct ambit_id id = {0};
        err = id_decode(raising->command.target, &id)
                  ? AMBIT_ERR_NOT_FOUND
                  : query_grant_owner(raising->access.broker, id, &req->arena, &owner);
        break;
    }
    case AMBIT_TARGET_TEAM:
    case AMBIT_TARGET_OWNER:
    case AMBIT_TARGET_RESOURCE:
    case AMBIT_TARGET_ALL:
        return AMBIT_OK;
    }
    *ret = !err && ambit_str_eq(owner, raising->access.only_owner);
    return err;
}

static bool decode(struct raising *raising, struct http_request *req, struct http_reply *reply)
{
    const char *what = NULL;
    struct stop_body body;
    struct stop_command *command = &raising->command;
    enum ambit_err err = stop_body_read(req->body, &req->arena, &body, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return false;
    }
    if (!err)
        err = stop_target_parse(body.target, &command->kind, &command->target);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply,
                               "target is agent:, grant:, lineage:, team:, owner:, policy:, "
                               "resource: and a name, or all.");
        return false;
    }
    bool may = !raising->access.only_owner.p;
    if (!err && !may)
        err = is_theirs(raising, req, &may);
    if (err) {
        access_reply_err(req, reply, err);
        return false;
    }
    raising->is_dry_run = body.dry_run;
    raising->target = body.target;
    command->reason = body.reason;
    if (!may)
        access_reply_role(req, reply);
    return may;
}

static enum ambit_err count(const struct raising *raising, struct json_out *out)
{
    return query_stop_dry_run(raising->access.broker, raising->command.kind,
                              raising->command.target, out);
}

enum http_next stop_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const struct raising_kind kind = {
        .right = RIGHT_STOP,
        .decode = decode,
        .count = count,
        .read_as = "dry_run:",
        .at = "raised_at",
        .verdict = "in_force",
    };
    return raising_begin(app, &kind, req, reply);
}
