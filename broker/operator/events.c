/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events: a page of the record as JSON, or in lines of it, or, where the client accepts
 * text/event-stream, all that comes. */
#include "base/json_write.h"
#include "operator/events_params.h"
#include "operator/handlers.h"
#include "operator/reading.h"
#include "operator/stream.h"

enum { PAGE_BYTES = 4 << 20 };

/* ---- an object with the events in it -------------------------------------------------------- */

static enum ambit_err put_element(void *ctx, uint64_t seq, struct ambit_str json)
{
    struct json_out *out = ctx;
    (void)seq;
    json_raw(out, json);
    return buf_check(out->buf);
}

static enum ambit_err write_object(struct broker *broker, const struct events_params *params,
                                   struct http_reply *reply)
{
    struct json_out out;
    struct events_place place;
    const struct events_query query = {.filter = &params->filter,
                                       .limit = params->limit,
                                       .bytes = PAGE_BYTES,
                                       .take = put_element,
                                       .ctx = &out};
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "events");
    json_begin_array(&out);
    enum ambit_err err = query_events(broker, &query, &place);
    if (err)
        return err;
    json_end_array(&out);
    json_key(&out, "next");
    if (place.has_more)
        json_i64(&out, (int64_t)place.last);
    else
        json_null(&out);
    json_key(&out, "complete_to");
    json_i64(&out, (int64_t)place.complete_to);
    json_end_object(&out);
    http_reply_json(reply, 200);
    return buf_check(&reply->body);
}

/* ---- one event a line ----------------------------------------------------------------------- */

static enum ambit_err put_line(void *ctx, uint64_t seq, struct ambit_str json)
{
    struct buf *body = ctx;
    (void)seq;
    buf_put_str(body, json);
    buf_put_char(body, '\n');
    return buf_check(body);
}

static const char *kept(struct buf *text, struct arena *arena)
{
    buf_put_char(text, '\0');
    if (buf_check(text) != AMBIT_OK)
        return NULL;
    return arena_copy(arena, buf_str(text)).p;
}

/* What the object has beside the events stands in the head: Link (RFC 8288) to the next page, and
 * Ambit-Complete-To. */
static enum ambit_err put_head(const struct events_place *place, struct http_request *req,
                               struct http_reply *reply)
{
    BUF_AUTO link, complete_to;
    buf_init(&link, 0);
    buf_init(&complete_to, 0);
    buf_put_i64(&complete_to, (int64_t)place->complete_to);
    const char *value = kept(&complete_to, &req->arena);
    if (!value)
        return AMBIT_ERR_NO_MEMORY;
    http_reply_header(reply, "Ambit-Complete-To", value);
    if (!place->has_more)
        return AMBIT_OK;
    buf_put_char(&link, '<');
    events_next_target(&link, req->path, req->query, place->last);
    buf_put_text(&link, ">; rel=\"next\"");
    value = kept(&link, &req->arena);
    if (!value)
        return AMBIT_ERR_NO_MEMORY;
    http_reply_header(reply, "Link", value);
    return AMBIT_OK;
}

static enum ambit_err write_lines(struct broker *broker, const struct events_params *params,
                                  struct http_request *req, struct http_reply *reply)
{
    struct events_place place;
    const struct events_query query = {.filter = &params->filter,
                                       .limit = params->limit,
                                       .bytes = PAGE_BYTES,
                                       .take = put_line,
                                       .ctx = &reply->body};
    enum ambit_err err = query_events(broker, &query, &place);
    if (err)
        return err;
    http_reply_json(reply, 200);
    reply->content_type = "application/x-ndjson";
    return put_head(&place, req, reply);
}

/* ---- the route ------------------------------------------------------------------------------ */

static enum http_next reply_page(struct broker *broker, struct reading *reading,
                                 const struct events_params *params, struct http_request *req,
                                 struct http_reply *reply)
{
    enum ambit_err err = params->framing == EVENTS_IN_ARRAY
                             ? write_object(broker, params, reply)
                             : write_lines(broker, params, req, reply);
    return err ? reading_fail(req, reply, err) : reading_record(reading, req, reply);
}

static enum http_next reply_stream(struct broker *broker, struct reading *reading,
                                   const struct events_params *params, struct http_request *req,
                                   struct http_reply *reply)
{
    if (params->filter.is_descending) {
        access_reply_malformed(req, reply, "A stream goes on as things happen: order is asc.");
        return HTTP_DONE;
    }
    enum ambit_err err = http_stream_room(req, reading->access.caller.name);
    if (err) { /* before the reading is recorded: nothing will be read */
        event_stream_refuse(req, reply, err);
        return HTTP_DONE;
    }
    reading->stream = arena_alloc(&req->arena, sizeof *reading->stream);
    if (!reading->stream)
        return reading_fail(req, reply, AMBIT_ERR_NO_MEMORY);
    *reading->stream = (struct event_stream){.broker = broker,
                                             .access = &reading->access,
                                             .filter = params->filter,
                                             .told = params->filter.after,
                                             .told_ms = broker_now_ms(broker)};
    return reading_record(reading, req, reply);
}

enum http_next events_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    struct events_params params;
    const char *what = NULL;
    if (!reading_open(app, req, reply, &reading))
        return HTTP_DONE;
    struct ambit_str accept = http_header(req, "accept");
    enum ambit_err err = events_params_read(req->query, accept, http_header(req, "last-event-id"),
                                            &req->arena, &params, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (err)
        return reading_fail(req, reply, err);
    params.filter.only_owner = reading->access.only_owner;
    return events_accepts(accept, "text/event-stream")
               ? reply_stream(app, reading, &params, req, reply)
               : reply_page(app, reading, &params, req, reply);
}
