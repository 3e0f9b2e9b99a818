/* SPDX-License-Identifier: Apache-2.0 */
/* GET /status/{n} and GET /status: finished status lists, for anyone (TSL-5, TSL-10). */
#include "base/json_write.h"
#include "core/status.h"
#include "base/accept.h"
#include "oauth/handlers.h"

#define LIST_TYPE "application/statuslist+jwt"

static void refuse(struct http_request *req, struct http_reply *reply, unsigned status,
                   const char *reason, const char *detail)
{
    http_reply_problem(req, reply,
                       (struct http_problem){.status = status, .reason = reason, .detail = detail});
    if (status == 503)
        http_reply_header(reply, "Retry-After", "5");
}

static void refuse_err(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    if (err == AMBIT_ERR_NOT_FOUND)
        refuse(req, reply, 404, "not_found", "There is no status list of that name.");
    else
        refuse(req, reply, 503, "unavailable", "The status of tokens cannot be told now.");
}

enum http_next status_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    if (!accept_takes(http_header(req, "accept"), LIST_TYPE)) {
        refuse(req, reply, 406, "not_acceptable", "A status list is " LIST_TYPE ".");
        return HTTP_DONE;
    }
    bool is_gzip = accept_takes_coding(http_header(req, "accept-encoding"), "gzip");
    enum ambit_err err = status_copy(app, req->parameter, is_gzip, &reply->body);
    if (err) {
        refuse_err(req, reply, err);
        return HTTP_DONE;
    }
    /* TSL-6: `ttl` and `exp` say how long it holds; whoever stands between keeps it for no time
     * that would be added to that. */
    http_reply_header(reply, "Cache-Control", "public, max-age=1");
    http_reply_header(reply, "Vary", "Accept-Encoding");
    if (is_gzip)
        http_reply_header(reply, "Content-Encoding", "gzip");
    reply->status = 200;
    reply->content_type = LIST_TYPE;
    return HTTP_DONE;
}

enum http_next status_lists_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    enum ambit_err err = status_write_lists(app, &out);
    if (err) {
        refuse_err(req, reply, err);
        return HTTP_DONE;
    }
    http_reply_header(reply, "Cache-Control", "public, max-age=1");
    http_reply_json(reply, 200);
    return HTTP_DONE;
}
