/* SPDX-License-Identifier: Apache-2.0 */
/* Liveness, readiness, metrics. Open to whoever reaches the listener; nothing is recorded. */
#include "base/json_write.h"
#include "core/broker.h"
#include "operator/handlers.h"

static void reply_status(struct http_reply *reply, unsigned code, const char *status)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_text(&out, "status", status);
    json_end_object(&out);
    http_reply_json(reply, code);
}

enum http_next health_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    (void)req;
    reply_status(reply, 200, "ok");
    return HTTP_DONE;
}

enum http_next ready_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    const char *status = broker_status(app);
    reply_status(reply, streq(status, "ready") ? 200 : 503, status);
    return HTTP_DONE;
}

enum http_next metrics_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    broker_metrics(app, &reply->body);
    reply->status = 200;
    reply->content_type = "text/plain; version=0.0.4; charset=utf-8"; /* PRO-1 */
    return HTTP_DONE;
}
