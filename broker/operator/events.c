/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/events: a page of the record as JSON, or, where the client accepts text/event-stream, all
 * that comes. `after` names the last sequence that the client has; so does Last-Event-ID. */
#include "base/encode.h"
#include "base/json_write.h"
#include "operator/handlers.h"
#include "operator/params.h"
#include "operator/reading.h"
#include "operator/stream.h"

static bool wants_stream(const struct http_request *req)
{
    static const char stream[] = "text/event-stream";
    struct ambit_str accept = http_header(req, "accept");
    return accept.p && memmem(accept.p, accept.len, stream, sizeof stream - 1);
}

/* A sequence as the client names it, by `after`, by `cursor` (here what `next` was) or by
 * Last-Event-ID: what it wants lies behind. */
static enum ambit_err read_after(const struct params *params, struct ambit_str last_id,
                                 struct events_filter *filter, const char **reterr_what)
{
    const struct ambit_str named[] = {form_get(&params->form, "after"),
                                      form_get(&params->form, "cursor"), last_id};
    for (size_t i = 0; i < AMBIT_LEN(named); i++) {
        uint64_t seq = 0;
        if (!named[i].p)
            continue;
        if (parse_u64(named[i], &seq) != AMBIT_OK || seq > INT64_MAX) {
            *reterr_what = "after, cursor and Last-Event-ID are sequences.";
            return AMBIT_ERR_MALFORMED;
        }
        filter->after = seq + 1;
    }
    return AMBIT_OK;
}

static enum ambit_err read_form(const struct params *params, struct events_filter *filter,
                                const char **reterr_what)
{
    static const char *const forms[] = {"event", "leaf", NULL};
    size_t form = 0;
    enum ambit_err err = params_word(params, "form", forms, 0, &form, reterr_what);
    filter->as_leaf = form == 1;
    return err ? err : params_bool(params, "checks", &filter->with_checks, reterr_what);
}

static enum ambit_err read_filter(const struct params *params, struct ambit_str last_id,
                                  struct events_filter *filter, const char **reterr_what)
{
    filter->type = form_get(&params->form, "type");
    filter->agent = form_get(&params->form, "agent");
    filter->owner = form_get(&params->form, "owner");
    filter->policy = form_get(&params->form, "policy");
    filter->txn = form_get(&params->form, "txn");
    struct ambit_str grant = form_get(&params->form, "grant");
    if (grant.p && id_decode(grant, &filter->grant) != AMBIT_OK) {
        *reterr_what = "grant is an id of 22 characters.";
        return AMBIT_ERR_MALFORMED;
    }
    enum ambit_err err = params_time(params, "since", &filter->since_ms, reterr_what);
    if (!err)
        err = params_time(params, "until", &filter->until_ms, reterr_what);
    if (!err)
        err = read_form(params, filter, reterr_what);
    return err ? err : read_after(params, last_id, filter, reterr_what);
}

static enum http_next reply_page(struct broker *broker, struct reading *reading,
                                 const struct events_filter *filter, size_t limit,
                                 struct http_request *req, struct http_reply *reply)
{
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_key(&out, "events");
    json_begin_array(&out);
    uint64_t next = 0;
    bool has_more = false;
    enum ambit_err err = query_events(broker, filter, limit, &out, &next, &has_more);
    if (!err)
        err = buf_check(&reply->body);
    if (err)
        return reading_fail(req, reply, err);
    json_end_array(&out);
    json_key(&out, "next");
    if (has_more && next > 0)
        json_i64(&out, (int64_t)(next - 1)); /* the last one looked at */
    else
        json_null(&out);
    json_end_object(&out);
    http_reply_json(reply, 200);
    return reading_record(reading, req, reply);
}

enum http_next events_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"after",  "type",  "agent",  "grant", "owner",
                                        "policy", "txn",   "since",  "until", "checks",
                                        "form",   "limit", "cursor", NULL};
    struct reading *reading = NULL;
    if (!reading_open(app, req, reply, &reading))
        return HTTP_DONE;
    struct params params = {0};
    struct page page = {0};
    struct events_filter filter = {.only_owner = reading->access.only_owner};
    const char *what = NULL;
    enum ambit_err err = params_read(req->query, names, &req->arena, &params, &what);
    if (!err)
        err = params_page(&params, &page, &what);
    if (!err)
        err = read_filter(&params, http_header(req, "last-event-id"), &filter, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (err)
        return reading_fail(req, reply, err);
    if (!wants_stream(req))
        return reply_page(app, reading, &filter, page.limit, req, reply);

    reading->stream = arena_alloc(&req->arena, sizeof *reading->stream);
    if (!reading->stream)
        return reading_fail(req, reply, AMBIT_ERR_NO_MEMORY);
    *reading->stream =
        (struct event_stream){.broker = app, .access = &reading->access, .filter = filter};
    return reading_record(reading, req, reply);
}
