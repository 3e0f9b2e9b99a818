/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events. A stream is a reply without end whose connection is suspended while there is
 * nothing to send. What there is comes from `pull`, which runs on a query thread (it reads the
 * store) whenever http_stream_wake() said so since the last pull, at most once in STREAM_PAUSE_US.
 * A comment line goes out every few seconds: a suspended connection does not notice its client
 * leaving. */
#include "http/inside.h"

#include "base/clock.h"

enum { STREAM_BLOCK = 16 * 1024, STREAM_OUT_MAX = 4 << 20 };

/* At the reply: the place is taken on whichever thread fills it, the list is the loop's own. */
enum ambit_err http_reply_stream(struct http_request *req, struct http_reply *reply,
                                 struct http_stream stream)
{
    struct exchange *x = exchange_of(req);
    struct http_server *server = x->loop->server;
    uint64_t open = atomic_load(&server->counters.streams_open);
    do {
        if (open >= server->streams_max)
            return AMBIT_ERR_BUSY;
    } while (!atomic_compare_exchange_weak(&server->counters.streams_open, &open, open + 1));

    http_reply_empty(reply, 200);
    reply->content_type = "text/event-stream";
    reply->no_store = true;
    reply->close = true;
    reply->stream = stream;
    x->stream = (struct stream){.of = stream, .is_open = true, .seen = UINT64_MAX};
    buf_init(&x->stream.out, STREAM_OUT_MAX);
    return AMBIT_OK;
}

void http_stream_wake(struct http_server *server)
{
    if (atomic_load(&server->counters.streams_open) == 0)
        return;
    atomic_fetch_add(&server->news, 1);
    for (unsigned i = 0; i < server->n_all_loops; i++)
        if (atomic_load(&server->loops[i].n_streams) > 0)
            loop_wake(&server->loops[i]);
}

static ssize_t read_stream(void *arg, uint64_t position, char *dst, size_t max)
{
    struct exchange *x = arg;
    struct stream *stream = &x->stream;
    (void)position;
    size_t left = stream->out.len - stream->sent;
    if (left > 0) {
        size_t n = left < max ? left : max;
        memcpy(dst, stream->out.p + stream->sent, n);
        stream->sent += n;
        return (ssize_t)n;
    }
    if (stream->has_ended || x->loop->is_draining)
        return MHD_CONTENT_READER_END_OF_STREAM;

    buf_reset(&stream->out);
    stream->sent = 0;
    stream->is_idle = true;
    MHD_suspend_connection(x->mhd);
    return 0;
}

struct MHD_Response *stream_response(struct exchange *x)
{
    struct loop *loop = x->loop;
    struct stream *stream = &x->stream;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, x, NULL);
    if (!response)
        return NULL;

    stream->sent_us = loop->now_us;
    stream->next = loop->streams;
    if (stream->next)
        stream->next->stream.prev = x;
    loop->streams = x;
    atomic_fetch_add(&loop->n_streams, 1);
    /* The head of the reply goes out with the first bytes: so there are some at once. */
    buf_put_text(&stream->out, ":\n\n");
    return response;
}

void stream_close(struct exchange *x)
{
    struct loop *loop = x->loop;
    struct stream *stream = &x->stream;
    AMBIT_ASSERT(!stream->is_pulling);
    if (loop->streams == x || stream->prev) {
        *(stream->prev ? &stream->prev->stream.next : &loop->streams) = stream->next;
        if (stream->next)
            stream->next->stream.prev = stream->prev;
        atomic_fetch_sub(&loop->n_streams, 1);
    }
    atomic_fetch_sub(&loop->server->counters.streams_open, 1);
    stream->is_open = false;
    buf_done(&stream->out);
    if (stream->of.end)
        stream->of.end(stream->of.ctx);
}

/* On a query thread. */
void stream_pull(struct exchange *x)
{
    struct stream *stream = &x->stream;
    enum http_pull next = stream->of.pull(stream->of.ctx, &stream->out);
    stream->has_ended = next == HTTP_PULL_END || buf_check(&stream->out) != AMBIT_OK;
    stream->has_more = next == HTTP_PULL_MORE;
}

static void go_on(struct exchange *x, int64_t now_us)
{
    x->stream.is_idle = false;
    x->stream.sent_us = now_us;
    MHD_resume_connection(x->mhd);
}

void stream_pulled(struct exchange *x)
{
    struct stream *stream = &x->stream;
    stream->is_pulling = false;
    if (stream->has_more)
        stream->seen = UINT64_MAX; /* whatever the news are, it has not seen them */
    if (stream->out.len > 0 || stream->has_ended)
        go_on(x, x->loop->now_us);
    else
        stream->is_idle = true;
}

static bool has_news(const struct exchange *x)
{
    return x->stream.is_idle && x->stream.seen != atomic_load(&x->loop->server->news);
}

/* One who does not read holds no more than one round, and not for long: the words come behind what
 * was not read yet. */
static void cut(struct stream *stream, int64_t now_us, int64_t at_most_us)
{
    static const char words[] =
        "event: end\ndata: {\"reason\":\"too_slow\",\"detail\":\"What was sent was "
        "not read in time: come back with Last-Event-ID.\"}\n\n";
    if (stream->is_pulling || stream->has_ended || now_us - stream->sent_us < at_most_us)
        return;
    buf_put_text(&stream->out, words);
    stream->has_ended = true;
}

static void look_at(struct exchange *x, int64_t now_us)
{
    struct stream *stream = &x->stream;
    if (!stream->is_idle) {
        cut(stream, now_us, x->loop->server->request_us);
        return;
    }
    if (x->loop->is_draining) {
        stream->has_ended = true;
        go_on(x, now_us);
    } else if (has_news(x) && now_us - stream->pulled_us >= STREAM_PAUSE_US) {
        /* Read before the pull: what comes while it runs asks for the next one. */
        stream->seen = atomic_load(&x->loop->server->news);
        stream->pulled_us = now_us;
        stream->is_idle = false;
        stream->is_pulling = true;
        AMBIT_ASSERT(query_submit(x) == AMBIT_OK);
    } else if (now_us - stream->sent_us >= STREAM_HEARTBEAT_US) {
        buf_put_text(&stream->out, ":\n\n");
        go_on(x, now_us);
    }
}

void streams_look(struct loop *loop, int64_t now_us)
{
    for (struct exchange *x = loop->streams; x; x = x->stream.next)
        look_at(x, now_us);
}

int64_t streams_wait_us(const struct loop *loop)
{
    int64_t wait_us = TICK_US;
    int64_t now_us = loop->streams ? clock_mono_us() : 0;
    for (const struct exchange *x = loop->streams; x; x = x->stream.next) {
        int64_t left_us = x->stream.pulled_us + STREAM_PAUSE_US - now_us;
        if (has_news(x) && left_us < wait_us)
            wait_us = left_us > 0 ? left_us : 0;
    }
    return wait_us;
}
