/* SPDX-License-Identifier: Apache-2.0 */
/* Giving a filled reply to the parser: body, headers of the handler and of the edge. */
#include "http/inside.h"

#include <strings.h>

static void refuse_plain(struct exchange *x, unsigned status)
{
    http_reply_problem(
        &x->req, &x->reply,
        (struct http_problem){status, "unavailable", "The request could not be answered."});
}

void exchange_refuse(struct exchange *x, struct http_problem problem)
{
    const struct http_route *route = x->shape;
    count_refusal(&x->loop->server->counters, problem.status);
    if (route && route->refuse)
        route->refuse(&x->req, &x->reply, problem);
    else
        http_reply_problem(&x->req, &x->reply, problem);
}

static bool has_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    return false;
}

static bool add_headers(const struct exchange *x, struct MHD_Response *response)
{
    const struct http_reply *reply = &x->reply;
    bool ok = MHD_add_response_header(response, "X-Request-ID", x->req.request_id.p) == MHD_YES;
    if (reply->content_type)
        ok =
            MHD_add_response_header(response, "Content-Type", reply->content_type) == MHD_YES && ok;
    if (reply->no_store) {
        ok = MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES && ok;
        ok = MHD_add_response_header(response, "Pragma", "no-cache") == MHD_YES && ok;
    }
    for (size_t i = 0; i < reply->n_headers; i++)
        ok = MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value) ==
                 MHD_YES &&
             ok;
    /* HTP-12: a failure that may pass says when to come back. */
    if (reply->status == 503 && !has_header(reply, "Retry-After"))
        ok = MHD_add_response_header(response, "Retry-After", "1") == MHD_YES && ok;
    if (reply->close || x->loop->is_draining)
        ok = MHD_add_response_header(response, "Connection", "close") == MHD_YES && ok;
    return ok;
}

/* The bytes stay ours: the exchange outlives the response. */
static struct MHD_Response *response_of(struct exchange *x)
{
    struct http_reply *reply = &x->reply;
    if (reply->stream.pull && !x->req.is_head)
        return stream_response(x);
    struct ambit_str body = reply->fixed.p ? reply->fixed : buf_str(&reply->body);
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.p,
                                           MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result exchange_send(struct exchange *x)
{
    struct http_reply *reply = &x->reply;
    if (reply->status < 200 || reply->status > 599 || buf_check(&reply->body) != AMBIT_OK)
        refuse_plain(x, 500);
    struct MHD_Response *response = response_of(x);
    if (!response)
        return MHD_NO;

    enum MHD_Result queued = MHD_NO;
    if (add_headers(x, response)) {
        x->phase = PHASE_SENT;
        x->sent_us = x->loop->now_us;
        count_reply(&x->loop->server->counters, reply->status);
        queued = MHD_queue_response(x->mhd, reply->status, response);
    }
    MHD_destroy_response(response);
    return queued;
}
