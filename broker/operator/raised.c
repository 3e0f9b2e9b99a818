/* SPDX-License-Identifier: Apache-2.0 */
/* See raised.h. */
#include "operator/raised.h"

#include "base/json_write.h"

void raised_reply(const struct access *access, struct stop_command *command,
                  const struct raised *raised, struct http_request *req, struct http_reply *reply)
{
    bool is_recorded = !command->recorded_pending && !command->not_recorded;
    struct json_out out;
    if (command->raised_ms == 0) /* sealed: the writer, which says when, took nothing */
        command->raised_ms = broker_now_ms(access->broker);
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "person", raised->person);
    json_member_id(&out, "stop", command->stop);
    json_member_str(&out, "target", raised->target);
    json_member_str(&out, "reason", raised->reason);
    json_member_str(&out, "by", access->caller.name);
    json_key(&out, raised->at);
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
    req->log.verdict = raised->verdict;
    req->log.event = is_recorded ? (int64_t)command->base.seq : 0;
}

enum http_next raised_read(struct access *access, struct read_command *dry, struct ambit_str what,
                           struct http_request *req, struct http_reply *reply)
{
    http_reply_json(reply, 200);
    access_command(access, &dry->base, req);
    dry->what = what;
    http_suspend(req);
    /* Reading is never refused for want of a record. */
    return read_submit(dry) ? HTTP_DONE : HTTP_WAIT;
}
