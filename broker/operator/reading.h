/* SPDX-License-Identifier: Apache-2.0 */
/* What people read is recorded: one person.read event a query or stream opened, durable before the
 * answer leaves. The query runs first, on a query thread, into the reply; then the reading is
 * recorded; then the reply goes out. Reading is never refused for want of a record: when none can
 * be written the answer leaves all the same. */
#pragma once

#include "operator/access.h"

struct event_stream;

struct reading {
    struct access access;
    struct read_command command;
    bool has_command;
    struct event_stream *stream; /* to be opened once recorded; NULL: the reply is filled already */
};
/* True when the caller may read: the state hangs at req->user. Else the reply is filled. */
bool reading_open(struct broker *broker, struct http_request *req, struct http_reply *reply,
                  struct reading **ret);
/* The same for a right of its own. */
bool reading_open_for(struct broker *broker, enum right right, struct http_request *req,
                      struct http_reply *reply, struct reading **ret);
/* Records the reading and lets the reply go; the last call of a begin. */
enum http_next reading_record(struct reading *reading, struct http_request *req,
                              struct http_reply *reply);
/* An error of the query: 400 for a malformed cursor or name, 404, 503; nothing is recorded. */
enum http_next reading_fail(struct http_request *req, struct http_reply *reply, enum ambit_err err);
