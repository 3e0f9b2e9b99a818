/* SPDX-License-Identifier: Apache-2.0 */
/* The log line of a request: assembled once, when it has ended; written once per round of the loop.
 * Never a path, a query, a header or a body: the route's pattern and fixed words. */
#include "http/inside.h"

#include "base/log.h"

enum { LINES_FLUSHED_AT = 64 * 1024 };

struct ambit_str http_method_text(const struct http_request *req)
{
    switch (req->method) {
    case HTTP_GET:
        return req->is_head ? AMBIT_STR("HEAD") : AMBIT_STR("GET");
    case HTTP_POST:
        return AMBIT_STR("POST");
    case HTTP_PUT:
        return AMBIT_STR("PUT");
    case HTTP_PATCH:
        return AMBIT_STR("PATCH");
    case HTTP_DELETE:
        return AMBIT_STR("DELETE");
    case HTTP_OPTIONS:
        return AMBIT_STR("OPTIONS");
    }
    return AMBIT_STR("");
}

/* 503 is how overload looks: a flood of requests must not become a flood of warnings. */
static enum log_level level_of(unsigned status)
{
    return status >= 500 && status != 503 ? LOG_WARNING : LOG_INFO;
}

void line_add(struct exchange *x, int64_t now_us)
{
    const struct http_request *req = &x->req;
    enum log_level level = level_of(x->reply.status);
    if (!log_wants(level))
        return;

    struct log_field fields[10];
    size_t n = 0;
    if (req->request_id.p)
        fields[n++] = (struct log_field)LOG_TEXT("request", req->request_id);
    if (req->path.p)
        fields[n++] = (struct log_field)LOG_TEXT("method", http_method_text(&x->req));
    if (req->route)
        fields[n++] = (struct log_field)LOG_TEXT("route", ambit_str_of(req->route->path));
    fields[n++] = (struct log_field)LOG_NUMBER("status", x->reply.status);
    fields[n++] = (struct log_field)LOG_NUMBER("duration_us", now_us - x->began_us);
    if (req->log.verdict)
        fields[n++] = (struct log_field)LOG_TEXT("verdict", ambit_str_of(req->log.verdict));
    if (req->log.reason)
        fields[n++] = (struct log_field)LOG_TEXT("reason", ambit_str_of(req->log.reason));
    if (req->log.event > 0)
        fields[n++] = (struct log_field)LOG_NUMBER("event", req->log.event);
    if (x->refusal)
        fields[n++] = (struct log_field)LOG_TEXT("refused", ambit_str_of(x->refusal));
#ifdef AMBIT_UNSAFE_LEAK
    /* Never in a build that serves: what the test of secrets must find, to be believed. */
    fields[n++] = (struct log_field)LOG_TEXT("leak", http_header(req, "Authorization"));
#endif
    log_append(&x->loop->log, level, "request", fields, n);
    if (x->loop->log.len >= LINES_FLUSHED_AT)
        line_flush(x->loop);
}

void line_flush(struct loop *loop)
{
    if (loop->log.len == 0)
        return;
    log_write(&loop->log);
    buf_reset(&loop->log);
}
