/* SPDX-License-Identifier: Apache-2.0 */
/* What people read is recorded: one person.read event a query or stream opened, durable before the
 * answer leaves. The query runs first, on a query thread, into the reply; then the reading is
 * recorded; then the reply goes out. Reading is never refused for want of a record: when none can
 * be written the answer leaves all the same.
 *
 * Every route by which a person reads of the record goes this way: lists, single things, traces,
 * reports, exports, and what of the log is for auditors alone (openings, documents). Not what
 * anybody may read (checkpoints, public tiles, keys, metadata, health) nor what a person is told of
 * their own act. The route is one of HTTP_QUERY:
 *     begin   reading_open() first; the query into the reply; reading_record() last, or
 *             reading_fail()
 *     finish  reading_finish, done reading_done, in the row of the route
 * The event says what was asked: path and query string as they came, an argument that is longer
 * than any name by its own name alone. So no query string may carry personal text: search by names
 * and ids, never by words. Further pages of one query within a minute are the same reading: they
 * differ in `after`, `before`, `cursor` and `limit` alone. */
#pragma once

#include "operator/access.h"

struct event_stream;
struct json_out;

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
/* A whole begin, where the query is the right's and has no arguments: opened, asked, recorded. */
enum http_next reading_answer(struct broker *broker, enum right right,
                              enum ambit_err (*query)(struct broker *, struct json_out *),
                              struct http_request *req, struct http_reply *reply);
/* What stands behind the query, whose error is `err`: the reply, if it could be written, is
 * recorded and goes out as JSON. */
enum http_next reading_close(struct reading *reading, enum ambit_err err, struct http_request *req,
                             struct http_reply *reply);
/* An error of the query: 400 for a malformed cursor or name, 404, 503; nothing is recorded. */
enum http_next reading_fail(struct http_request *req, struct http_reply *reply, enum ambit_err err);
