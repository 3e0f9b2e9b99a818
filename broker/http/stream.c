/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events. A stream is a reply without end whose connection is suspended while there is
 * nothing to send. What there is comes from `pull`, which runs on a query thread (it reads the
 * store) whenever http_stream_wake() said so since the last pull, at most once in STREAM_PAUSE_US.
 * A comment line goes out every few seconds: a suspended connection does not notice its client
 * leaving. */
#include "http/inside.h"

#include "base/clock.h"

enum { STREAM_BLOCK = 16 * 1024, STREAM_OUT_MAX = 4 << 20 };

/* ---- places: taken on whichever thread fills the reply ---- */

/* The mutex is held. */
static enum ambit_err is_there_room(const struct stream_places *places, struct ambit_str who)
{
    size_t theirs = 0;
    for (size_t i = 0; who.p && i < places->n; i++)
        theirs += ambit_str_eq(places->v[i]->stream.of.who, who);
    if (theirs >= places->per_caller)
        return AMBIT_ERR_CONFLICT;
    return places->n < places->max ? AMBIT_OK : AMBIT_ERR_BUSY;
}

enum ambit_err http_stream_room(struct http_request *req, struct ambit_str who)
{
    struct stream_places *places = &exchange_of(req)->loop->server->places;
    pthread_mutex_lock(&places->mutex);
    enum ambit_err err = is_there_room(places, who);
    pthread_mutex_unlock(&places->mutex);
    return err;
}

static enum ambit_err place_take(struct stream_places *places, struct exchange *x,
                                 const struct http_stream *stream)
{
    pthread_mutex_lock(&places->mutex);
    enum ambit_err err = is_there_room(places, stream->who);
    if (err == AMBIT_OK) {
        x->stream = (struct stream){.of = *stream, .is_open = true, .seen = UINT64_MAX};
        places->v[places->n++] = x;
    }
    pthread_mutex_unlock(&places->mutex);
    return err;
}

static void place_give(struct stream_places *places, const struct exchange *x)
{
    pthread_mutex_lock(&places->mutex);
    size_t i = 0;
    while (i < places->n && places->v[i] != x)
        i++;
    AMBIT_ASSERT(i < places->n);
    places->v[i] = places->v[--places->n];
    pthread_mutex_unlock(&places->mutex);
}

enum ambit_err stream_places_init(struct stream_places *places, size_t max, size_t per_caller)
{
    pthread_mutex_init(&places->mutex, NULL); /* cannot fail: no attributes */
    places->max = max;
    places->per_caller = per_caller;
    places->v = calloc(max, sizeof(struct exchange *));
    return places->v ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void stream_places_done(struct stream_places *places)
{
    if (!places->v)
        return;
    pthread_mutex_destroy(&places->mutex);
    free(TAKE(places->v));
}

/* ---- the reply; the list is the loop's own ---- */

enum ambit_err http_reply_stream(struct http_request *req, struct http_reply *reply,
                                 struct http_stream stream)
{
    struct exchange *x = exchange_of(req);
    struct http_server *server = x->loop->server;
    enum ambit_err err = place_take(&server->places, x, &stream);
    if (err != AMBIT_OK)
        return err;
    atomic_fetch_add(&server->counters.streams_open, 1);

    http_reply_empty(reply, 200);
    reply->content_type = "text/event-stream";
    reply->no_store = true;
    reply->close = true;
    reply->stream = stream;
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
    place_give(&loop->server->places, x);
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
