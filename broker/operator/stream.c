/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events out of the record. */
#include "operator/stream.h"

#include "operator/access.h"

enum {
    ROUND_BYTES = 64 * 1024,
    ROUND_EVENTS = 256,
    PROGRESS_EVENTS = 5000,
    PROGRESS_MS = 10000,
    RETRY_S = 5
};

/* A role or token that was taken away ends what was opened with it. */
static bool still_may(const struct event_stream *stream)
{
    const struct access *access = stream->access;
    struct documents_ref *now = broker_documents_acquire(stream->broker);
    bool stands =
        identity_stands(now->documents, now->keys, &access->caller, broker_now_ms(stream->broker));
    const struct ambit_person *person = ambit_person_find(now->documents, access->caller.name);
    stands = stands && !broker_person_left(stream->broker, access->caller.name);
    bool may = stands && person && person->roles == access->person->roles;
    broker_documents_release(now);
    return may;
}

/* One message, of a text without a line end, as JSON is. */
static enum ambit_err put_message(void *ctx, uint64_t seq, struct ambit_str json)
{
    struct buf *out = ctx;
    buf_printf(out, "id: %llu\ndata: ", (unsigned long long)seq);
    buf_put_str(out, json);
    buf_put_text(out, "\n\n");
    return buf_check(out);
}

/* How far it has come, when nothing was shown for long or much was passed over. */
static void put_progress(struct event_stream *stream, struct buf *out)
{
    int64_t now_ms = broker_now_ms(stream->broker);
    uint64_t passed = stream->filter.after - stream->told;
    bool is_due = passed >= PROGRESS_EVENTS || now_ms - stream->told_ms >= PROGRESS_MS ||
                  now_ms < stream->told_ms;
    if (passed == 0 || !is_due)
        return;
    buf_printf(out, "id: %llu\n\n", (unsigned long long)(stream->filter.after - 1));
    stream->told = stream->filter.after;
    stream->told_ms = now_ms;
}

static enum http_pull end(struct buf *out, const char *words)
{
    buf_put_text(out, "event: end\ndata: ");
    buf_put_text(out, words);
    buf_put_text(out, "\n\n");
    return HTTP_PULL_END;
}

enum http_pull event_stream_pull(void *ctx, struct buf *out)
{
    struct event_stream *stream = ctx;
    struct events_place place;
    const struct events_query query = {.filter = &stream->filter,
                                       .limit = ROUND_EVENTS,
                                       .bytes = ROUND_BYTES,
                                       .take = put_message,
                                       .ctx = out};
    if (!still_may(stream))
        return end(out,
                   "{\"reason\":\"role_required\",\"detail\":\"The way in by which this stream was "
                   "opened stands no more.\"}");
    if (query_events(stream->broker, &query, &place) != AMBIT_OK)
        return end(out,
                   "{\"reason\":\"unavailable\",\"detail\":\"The record cannot be read now: come "
                   "back with Last-Event-ID.\"}");
    if (place.next > stream->filter.after)
        stream->filter.after = place.next;
    if (place.n > 0) {
        stream->told = stream->filter.after;
        stream->told_ms = broker_now_ms(stream->broker);
    }
    put_progress(stream, out);
    return place.has_more ? HTTP_PULL_MORE : HTTP_PULL_OPEN;
}

static void stream_end(void *ctx)
{
    (void)ctx; /* everything hangs from the request */
}

void event_stream_open(struct event_stream *stream, struct http_request *req,
                       struct http_reply *reply)
{
    struct http_stream pulled = {.pull = event_stream_pull,
                                 .end = stream_end,
                                 .ctx = stream,
                                 .who = stream->access->caller.name};
    enum ambit_err err = http_reply_stream(req, reply, pulled);
    if (err)
        event_stream_refuse(req, reply, err);
}

void event_stream_refuse(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    if (err != AMBIT_ERR_CONFLICT) {
        access_reply_err(req, reply, err);
        return;
    }
    http_reply_problem(req, reply,
                       (struct http_problem){.status = 429,
                                             .reason = "limited",
                                             .detail =
                                                 "You have as many streams open as one person may "
                                                 "(limits.streams_per_person): close one."});
    http_reply_retry_after(req, reply, RETRY_S);
}
