/* SPDX-License-Identifier: Apache-2.0 */
/* See raised.h. */
#include "operator/raised.h"

#include "base/json_write.h"
#include "operator/handlers.h"

struct ambit_str raising_join(struct http_request *req, const char *front, struct ambit_str name)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, front);
    buf_put_str(&text, name);
    return arena_copy(&req->arena, buf_str(&text));
}

/* ---- answers ---- */

/* In force: recorded; or not yet or not at all, where the broker is sealed. */
static void reply_raised(struct raising *raising, struct http_request *req,
                         struct http_reply *reply)
{
    struct stop_command *command = &raising->command;
    bool is_recorded = !command->recorded_pending && !command->not_recorded;
    struct json_out out;
    if (command->raised_ms == 0) /* sealed: the writer, which says when, took nothing */
        command->raised_ms = broker_now_ms(raising->access.broker);
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "person", raising->person);
    json_member_id(&out, "stop", command->stop);
    json_member_str(&out, "target", raising->target);
    json_member_str(&out, "reason", command->reason);
    json_member_str(&out, "by", raising->access.caller.name);
    json_key(&out, raising->kind->at);
    json_time_ms(&out, command->raised_ms);
    if (is_recorded) {
        json_key(&out, "seq");
        json_i64(&out, (int64_t)command->base.seq);
    }
    json_member_text(&out, "state", "in_force");
    json_member_text(&out, "recorded",
                     is_recorded                 ? "yes"
                     : command->recorded_pending ? "pending"
                                                 : "no");
    json_member_id(&out, "incident", command->incident);
    json_end_object(&out);
    http_reply_json(reply, command->not_recorded ? 500 : 201);
    req->log.verdict = raising->kind->verdict;
    req->log.event = is_recorded ? (int64_t)command->base.seq : 0;
}

/* On a query thread: it counts live grants. */
static enum http_next dry_run(struct raising *raising, struct http_request *req,
                              struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = raising->kind->count(raising, &out);
    if (err) {
        access_reply_err(req, reply, err);
        return HTTP_DONE;
    }
    raising->has_dry = true;
    http_reply_json(reply, 200);
    access_command(&raising->access, &raising->dry.base, req);
    raising->dry.what = raising_join(req, raising->kind->read_as,
                                     raising->person.p ? raising->person : raising->target);
    http_suspend(req);
    /* Reading is never refused for want of a record. */
    return read_submit(&raising->dry) ? HTTP_DONE : HTTP_WAIT;
}

/* ---- the request ---- */

enum http_next raising_begin(struct broker *broker, const struct raising_kind *kind,
                             struct http_request *req, struct http_reply *reply)
{
    if (req->user)
        return dry_run(req->user, req, reply);
    struct raising *raising = arena_alloc(&req->arena, sizeof *raising);
    if (!raising) {
        access_reply_err(req, reply, AMBIT_ERR_NO_MEMORY);
        return HTTP_DONE;
    }
    req->user = raising;
    raising->kind = kind;
    struct access *access = &raising->access;
    if (!access_check(access, broker, kind->right, req, reply) ||
        !kind->decode(raising, req, reply))
        return HTTP_DONE;
    /* Stops are never refused for a spent budget; counting what one would take is no stop. */
    if (raising->is_dry_run)
        return access_is_in_budget(broker, &access->caller, req, reply) ? HTTP_LATER : HTTP_DONE;

    struct stop_command *command = &raising->command;
    access_command(access, &command->base, req);
    raising->has_command = true;
    http_suspend(req);
    enum ambit_err err = stop_submit(command);
    if (!err)
        return HTTP_WAIT;
    if (err == AMBIT_ERR_SEALED || command->recorded_pending || command->not_recorded)
        reply_raised(raising, req, reply);
    else
        access_reply_err(req, reply, err);
    return HTTP_DONE;
}

enum http_next raising_finish(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    struct raising *raising = req->user;
    struct stop_command *command = &raising->command;
    if (raising->has_dry) {
        if (raising->dry.base.way_in_lost)
            access_reply_unproved(raising->access.broker, req, reply);
        return HTTP_DONE;
    }
    if (command->base.err && !command->base.way_in_lost) {
        /* Sealed, or out of the last space, while it waited. In force all the same; one flush on a
         * loop of a broker that gives nothing any more. */
        stop_to_journal(command);
        reply_raised(raising, req, reply);
        return HTTP_DONE;
    }
    if (access_answered(&command->base, req, reply))
        reply_raised(raising, req, reply);
    return HTTP_DONE;
}

void raising_done(void *app, struct http_request *req)
{
    (void)app;
    struct raising *raising = req->user;
    if (!raising)
        return;
    if (raising->has_command)
        command_release(&raising->command.base);
    if (raising->has_dry)
        command_release(&raising->dry.base);
    access_done(&raising->access);
}
