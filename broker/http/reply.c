/* SPDX-License-Identifier: Apache-2.0 */
/* Filling replies: JSON, problem details (RFC 9457), and the one place where an enum ambit_err
 * becomes a status. */
#include <microhttpd.h>
#include <strings.h>

#include "base/json_write.h"
#include "base/secret.h"
#include "http/http.h"

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    AMBIT_ASSERT(reply->n_headers < HTTP_HEADERS_MAX && name && value);
    reply->headers[reply->n_headers].name = name;
    reply->headers[reply->n_headers].value = value;
    reply->n_headers++;
}

void http_reply_forget(struct http_request *req, struct http_reply *reply)
{
    struct buf body = reply->body;
    if (body.len > 0)
        secret_wipe(body.p, body.len);
    buf_reset(&body);
    *reply = (struct http_reply){.body = body};
    req->log.verdict = req->log.reason = NULL;
    req->log.event = 0;
}

void http_reply_retry_after(struct http_request *req, struct http_reply *reply, uint32_t seconds)
{
    char memory[16];
    struct buf text;
    buf_init_fixed(&text, memory, sizeof memory);
    buf_put_i64(&text, seconds > 0 ? seconds : 1);
    struct ambit_str value = arena_copy(&req->arena, buf_str(&text));
    http_reply_header(reply, "Retry-After", value.p ? value.p : "1");
}

void http_reply_json(struct http_reply *reply, unsigned status)
{
    reply->status = status;
    reply->content_type = "application/json";
}

void http_reply_empty(struct http_reply *reply, unsigned status)
{
    buf_reset(&reply->body);
    reply->fixed = (struct ambit_str){0};
    reply->status = status;
    reply->content_type = NULL;
}

void http_reply_static(struct http_reply *reply, unsigned status, const char *content_type,
                       struct ambit_str body)
{
    reply->status = status;
    reply->content_type = content_type;
    reply->fixed = body;
}

void http_reply_problem(const struct http_request *req, struct http_reply *reply,
                        struct http_problem problem)
{
    struct json_out out = {0};
    buf_reset(&reply->body);
    reply->fixed = (struct ambit_str){0};
    reply->status = problem.status;
    reply->content_type = "application/problem+json";
    json_out_init(&out, &reply->body, true);
    json_begin_object(&out);
    json_member_text(&out, "detail", problem.detail);
    json_member_text(&out, "reason", problem.reason);
    json_member_str(&out, "request", req->request_id);
    json_key(&out, "status");
    json_i64(&out, problem.status);
    json_key(&out, "title");
    json_text(&out, MHD_get_reason_phrase_for(problem.status));
    json_end_object(&out);
}

unsigned http_status_of(enum ambit_err err)
{
    switch (err) {
    case AMBIT_ERR_OK:
        return 200;
    case AMBIT_ERR_MALFORMED:
        return 400;
    case AMBIT_ERR_REFUSED:
        return 401;
    case AMBIT_ERR_NOT_FOUND:
        return 404;
    case AMBIT_ERR_EXISTS:
    case AMBIT_ERR_CONFLICT:
        return 409;
    case AMBIT_ERR_TOO_LARGE:
        return 413;
    case AMBIT_ERR_UNSUPPORTED:
        return 501;
    case AMBIT_ERR_NO_MEMORY:
    case AMBIT_ERR_NO_SPACE:
    case AMBIT_ERR_BUSY:
    case AMBIT_ERR_CLOCK:
    case AMBIT_ERR_FULL:
    case AMBIT_ERR_SEALED:
    case AMBIT_ERR_STOPPING:
        return 503;
    case AMBIT_ERR_IO:
    case AMBIT_ERR_DAMAGED:
    case AMBIT_ERR_NEWER:
    case AMBIT_ERR_CRYPTO:
    case AMBIT_ERR_INTERNAL:
        return 500;
    }
    return 500;
}
