/* SPDX-License-Identifier: Apache-2.0 */
/* One request from its first line to its end: gate, route, body, begin, finish, done. These are the
 * callbacks of the parser; they run on the loop's thread. */
#include "http/inside.h"

#include "base/clock.h"
#include "base/secret.h"

enum { ARENA_MAX = 8 << 20, DISCARD_MAX = 64 * 1024 };

/* ---- one exchange, reused ---- */

static struct exchange *exchange_new(struct loop *loop)
{
    struct exchange *x = loop->free;
    if (x) {
        loop->free = x->next_free;
        loop->n_free--;
    } else {
        x = calloc(1, sizeof *x);
    }
    return x;
}

/* Everything but the two buffers, whose memory is kept, and the block. */
static void exchange_reset(struct exchange *x, struct loop *loop, struct MHD_Connection *mhd)
{
    struct buf reply_body = x->reply.body;
    buf_reset(&x->body);
    buf_reset(&reply_body);
    x->req = (struct http_request){0};
    x->reply = (struct http_reply){.body = reply_body};
    x->stream = (struct stream){0};
    x->loop = loop;
    x->mhd = mhd;
    x->phase = PHASE_HEAD;
    x->is_handed = x->has_begun = x->is_counted = x->is_early = false;
    x->refusal = NULL;
    x->shape = NULL;
    x->began_us = loop->now_us;
    x->sent_us = 0;
    x->body_expected = 0;
    x->n_fields = 0;
    arena_init(&x->req.arena, x->block, sizeof x->block, ARENA_MAX);
}

void exchange_free(struct exchange *x)
{
    buf_wipe(&x->body);
    buf_done(&x->reply.body);
    free(x);
}

static void exchange_keep(struct exchange *x)
{
    struct loop *loop = x->loop;
    arena_done(&x->req.arena);
    if (loop->n_free >= EXCHANGES_KEPT) {
        exchange_free(x);
        return;
    }
    /* Bodies and replies hold secrets and tokens. */
    if (x->body.len > 0)
        secret_wipe(x->body.p, x->body.len);
    if (x->reply.body.len > 0)
        secret_wipe(x->reply.body.p, x->reply.body.len);
    if (x->body.cap > BODY_KEPT)
        buf_done(&x->body);
    if (x->reply.body.cap > BODY_KEPT)
        buf_done(&x->reply.body);
    x->next_free = loop->free;
    loop->free = x;
    loop->n_free++;
}

/* ---- the request line was read ---- */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *about =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return about ? about->socket_context : NULL;
}

void *exchange_open(void *arg, const char *target, struct MHD_Connection *mhd)
{
    struct conn *conn = conn_of(mhd);
    struct exchange *x = conn && target ? exchange_new(arg) : NULL;
    if (!x)
        return NULL;
    exchange_reset(x, arg, mhd);
    x->conn = conn;
    conn->exchange = x;
    x->target_at = target;
    x->req.target = arena_copy(&x->req.arena, ambit_str_of(target));

    /* The parser is about to take the query apart; 600 arguments use up its memory and hang the
     * connection. We read queries ourselves, so it is shown an empty one: the byte after the '?' is
     * its own, writable, and the layout check knows the length from before. */
    char *mark = strchr((char *)(uintptr_t)target, '?');
    if (mark)
        mark[1] = '\0';
    return x;
}

/* ---- the head is complete ---- */

static enum MHD_Result add_field(void *arg, enum MHD_ValueKind kind, const char *name,
                                 size_t name_len, const char *value, size_t value_len)
{
    struct exchange *x = arg;
    (void)kind;
    if (x->n_fields < GATE_FIELDS_MAX)
        x->fields[x->n_fields] = (struct gate_field){
            .name = {.p = name, .len = name_len},
            .value = {.p = value ? value : name + name_len, .len = value_len},
        };
    x->n_fields++;
    return MHD_YES;
}

static struct gate_refusal judge_head(struct exchange *x, const char *method, const char *version,
                                      struct gate_facts *ret_facts)
{
    const union MHD_ConnectionInfo *about =
        MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    (void)MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, add_field, x);
    struct gate_head head = {
        .start = method,
        .size = about ? about->header_size : 0,
        .method = ambit_str_of(method),
        .version = ambit_str_of(version),
        .target_at = x->target_at,
        .target = x->req.target,
        .fields = x->fields,
        .n_fields = x->n_fields,
    };
    struct gate_refusal refusal = gate_check(&head, ret_facts);
    if (x->n_fields > GATE_FIELDS_MAX)
        x->n_fields = GATE_FIELDS_MAX;
    return refusal;
}

/* False when out of memory. */
static bool fill_request(struct exchange *x, const struct gate_facts *facts)
{
    struct http_request *req = &x->req;
    const struct conn *conn = x->conn;
    req->method = facts->method;
    req->is_head = facts->is_head;
    req->query = facts->query;
    req->path = arena_copy(&req->arena, facts->path);
    req->media_type = context_media_type(facts->content_type);
    req->received_us = x->loop->now_us;
    req->listener = conn->kinds;
    req->is_unix = conn->is_unix;
    req->peer = req->source = conn->peer;
    req->peer_uid = conn->uid;
    req->peer_gid = conn->gid;
    if (conn->tls)
        tls_fill(x->conn, req);
    req->trace_is_theirs = context_trace_id(facts->traceparent, req->trace_id);
    if (!req->trace_is_theirs)
        context_new_trace_id(req->trace_id);
    if (facts->request_id.p)
        req->request_id = arena_copy(&req->arena, facts->request_id);
    x->reply.close = facts->is_http_1_0;
    return req->path.p && req->request_id.p;
}

/* What the route asks of the request. status 0: nothing is missing. */
static struct http_problem judge_route(struct exchange *x, const struct gate_facts *facts)
{
    struct http_request *req = &x->req;
    const struct http_server *server = x->loop->server;
    struct route_found found = route_find(&server->routes, req->listener, facts->method, req->path);
    req->route = x->shape = found.route;
    req->parameter = found.parameter;
    if (!found.route && found.allowed == 0)
        return (struct http_problem){404, "not_found", "There is nothing at this path."};
    if (!found.route) {
        char *allow = arena_alloc(&req->arena, 64);
        if (allow) {
            route_allow_text(found.allowed, allow);
            http_reply_header(&x->reply, "Allow", allow);
        }
        x->shape = found.other;
        return (struct http_problem){405, "method_not_allowed",
                                     "This path does not take this method."};
    }
    if (found.route->flags & HTTP_NO_QUERY && req->query.p)
        return (struct http_problem){400, "malformed", "No query string is taken here."};
    if (facts->content_length > found.route->body_max)
        return (struct http_problem){413, "malformed", "The body is larger than this path takes."};
    bool has_body = facts->content_length > 0 || req->media_type.p;
    if (found.route->media_type && has_body &&
        !context_is_media_type(req->media_type, found.route->media_type))
        return (struct http_problem){400, "malformed",
                                     "The Content-Type is not the one this path takes."};
    return (struct http_problem){0};
}

static enum MHD_Result refuse_framing(struct exchange *x, struct gate_refusal refusal)
{
    x->refusal = refusal.detail;
    x->reply.close = true;
    exchange_refuse(x, (struct http_problem){refusal.status, "malformed", refusal.detail});
    return exchange_send(x);
}

static enum MHD_Result take_head(struct exchange *x, const char *method, const char *version)
{
    struct gate_facts facts = {0};
    struct gate_refusal refusal = judge_head(x, method, version, &facts);
    x->is_counted = true;
    atomic_fetch_add_explicit(&x->loop->server->counters.requests, 1, memory_order_relaxed);
    context_new_request_id(x->own_request_id);
    x->req.request_id = ambit_str_of(x->own_request_id);
    if (refusal.status != 0)
        return refuse_framing(x, refusal);
    if (!fill_request(x, &facts))
        return MHD_NO;
    if (!proxy_read(x))
        return refuse_framing(
            x, (struct gate_refusal){400, "what the proxy says of its client cannot be read"});

    x->body_expected = (size_t)facts.content_length;
    struct http_problem problem = judge_route(x, &facts);
    if (problem.status == 0) {
        x->phase = PHASE_BODY;
        return MHD_YES;
    }
    x->refusal = problem.detail;
    exchange_refuse(x, problem);
    /* A small body on its way is read and dropped, so that its sender reads the answer instead of a
     * reset. Anything else is answered now, which closes the connection. */
    if (facts.expects || facts.content_length > DISCARD_MAX) {
        x->reply.close = true;
        return exchange_send(x);
    }
    x->phase = PHASE_READY;
    return MHD_YES;
}

/* ---- the body, then the handlers ---- */

static enum MHD_Result take_body(struct exchange *x, const char *bytes, size_t *len)
{
    if (x->phase == PHASE_BODY) {
        /* Room for all of it and the NUL at the first piece; the parser gives no more than was
         * said, and would be refused. */
        if (x->body.len == 0)
            (void)buf_reserve(&x->body, x->body_expected + 1);
        if (*len > x->body_expected - x->body.len)
            return MHD_NO;
        buf_put(&x->body, bytes, *len);
        if (buf_check(&x->body) != AMBIT_OK)
            return MHD_NO;
    }
    *len = 0;
    return MHD_YES;
}

static void wait_for_others(struct exchange *x)
{
    atomic_fetch_add_explicit(&x->loop->server->counters.waiting, 1, memory_order_relaxed);
    MHD_suspend_connection(x->mhd);
}

enum http_next exchange_begin(struct exchange *x)
{
    x->has_begun = true;
    x->is_handed = false;
    return x->req.route->begin(x->loop->server->app, &x->req, &x->reply);
}

static enum MHD_Result begin(struct exchange *x)
{
    char *end = buf_reserve(&x->body, 1);
    if (!end)
        return MHD_NO;
    *end = '\0';
    x->req.body = buf_str(&x->body);

    if (x->req.route->class == HTTP_FAST) {
        x->phase = PHASE_WAITING;
        enum http_next next = exchange_begin(x);
        if (next == HTTP_DONE)
            return exchange_send(x);
        if (next == HTTP_WAIT) {
            wait_for_others(x);
            return MHD_YES;
        }
    }
    x->phase = PHASE_QUERY;
    wait_for_others(x);
    if (query_submit(x) != AMBIT_OK) {
        x->phase = PHASE_READY;
        x->refusal = "too many queries wait";
        exchange_refuse(
            x, (struct http_problem){503, "unavailable", "Too many queries wait; try again."});
        loop_resume(x);
        loop_wake(x->loop);
    }
    return MHD_YES;
}

static enum MHD_Result finish(struct exchange *x)
{
    AMBIT_ASSERT(x->req.route->finish);
    x->is_handed = false;
    if (x->req.route->finish(x->loop->server->app, &x->req, &x->reply) == HTTP_DONE)
        return exchange_send(x);
    wait_for_others(x);
    return MHD_YES;
}

enum MHD_Result exchange_step(void *arg, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **exchange)
{
    struct exchange *x = *exchange;
    (void)arg;
    (void)mhd;
    (void)url; /* unescaped by the parser: never looked at */
    if (!x)
        return MHD_NO;
    if (*upload_size > 0 && x->phase != PHASE_HEAD)
        return take_body(x, upload, upload_size);
    switch ((enum phase)x->phase) {
    case PHASE_HEAD:
        return take_head(x, method, version);
    case PHASE_BODY:
        return begin(x);
    case PHASE_WAITING:
        return finish(x);
    case PHASE_READY:
        return exchange_send(x);
    case PHASE_QUERY:
    case PHASE_SENT:
        break;
    }
    return MHD_NO;
}

void exchange_close(void *arg, struct MHD_Connection *mhd, void **exchange,
                    enum MHD_RequestTerminationCode why)
{
    struct exchange *x = *exchange;
    struct loop *loop = arg;
    int64_t now_us = clock_mono_us();
    (void)why;
    if (!x)
        return;
    if (!x->is_counted) {
        /* The parser refused it by itself, or the client left. */
        const union MHD_ConnectionInfo *about =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_HTTP_STATUS);
        x->reply.status = about ? about->http_status : 0;
        x->refusal = "the request head could not be read";
        count_refusal(&loop->server->counters, x->reply.status);
    }
    if (x->stream.is_open)
        stream_close(x);
    if (x->has_begun && x->req.route->done)
        x->req.route->done(loop->server->app, &x->req);
    line_add(x, now_us);
    x->conn->exchange = NULL;
    x->conn->since_us = now_us;
    *exchange = NULL;
    exchange_keep(x);
}
