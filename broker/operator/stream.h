/* SPDX-License-Identifier: Apache-2.0 */
/* The live stream of events: server-sent events, `id:` is the sequence, Last-Event-ID resumes. A
 * filter that nothing fits moves on all the same: a message of an `id:` alone, which a reader keeps
 * and shows nobody, says how far. It ends with a message of type `end` that says why, when the way
 * in of the person who opened it no longer stands. Heartbeats are the edge's. */
#pragma once

#include "core/query.h"
#include "http/http.h"

struct access;

struct event_stream {
    struct broker *broker;
    const struct access *access; /* lives in the request, as the stream does */
    struct events_filter filter; /* `after` moves on */
    uint64_t told;               /* where the client knows it is: `after` as of the last id */
    int64_t told_ms;
};
/* Fills the reply: the stream, or 503 when there are too many, or 429 when the person has. */
void event_stream_open(struct event_stream *stream, struct http_request *req,
                       struct http_reply *reply);
/* For what http_stream_room() or the opening says. */
void event_stream_refuse(struct http_request *req, struct http_reply *reply, enum ambit_err err);
/* Exposed for its test: one round; appends at most about 64 KiB. */
enum http_pull event_stream_pull(void *ctx, struct buf *out);
