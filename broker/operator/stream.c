/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events out of the record. */
#include "operator/stream.h"

#include "base/json_write.h"
#include "operator/access.h"

enum { ROUND_BYTES = 64 * 1024, ROUND_EVENTS = 256 };

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

/* The next event that the filter lets through; *ret_more: there is something left to look at. */
static enum ambit_err put_next(struct event_stream *stream, struct buf *out, bool *ret_more)
{
    BUF_AUTO json;
    buf_init(&json, 0);
    struct json_out writer;
    json_out_init(&writer, &json, false);
    uint64_t next = 0;
    enum ambit_err err = query_events(stream->broker, &stream->filter, 1, &writer, &next, ret_more);
    if (!err)
        err = buf_check(&json);
    if (err)
        return err;
    stream->filter.after = next;
    if (json.len == 0)
        return AMBIT_OK;
    buf_printf(out, "id: %llu\ndata: ", (unsigned long long)(next - 1));
    buf_put_str(out, buf_str(&json));
    buf_put_text(out, "\n\n");
    return buf_check(out);
}

enum http_pull event_stream_pull(void *ctx, struct buf *out)
{
    struct event_stream *stream = ctx;
    if (!still_may(stream))
        return HTTP_PULL_END;
    bool has_more = true;
    for (size_t i = 0; has_more && i < ROUND_EVENTS && out->len < ROUND_BYTES; i++)
        if (put_next(stream, out, &has_more) != AMBIT_OK)
            return HTTP_PULL_END; /* the client comes back with Last-Event-ID */
    return HTTP_PULL_OPEN;
}

static void stream_end(void *ctx)
{
    (void)ctx; /* everything hangs from the request */
}

void event_stream_open(struct event_stream *stream, struct http_request *req,
                       struct http_reply *reply)
{
    struct http_stream pulled = {.pull = event_stream_pull, .end = stream_end, .ctx = stream};
    enum ambit_err err = http_reply_stream(req, reply, pulled);
    if (err)
        access_reply_err(req, reply, err);
}
