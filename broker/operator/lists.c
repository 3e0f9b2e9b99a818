/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/stops, /v1/stops/{id}, /v1/grants, /v1/trace/{x}: pages and single things, filtered to
 * what is the caller's own where that is all they may see. Run on query threads. */
#include "base/encode.h"
#include "base/json_write.h"
#include "operator/handlers.h"
#include "operator/params.h"
#include "operator/reading.h"

struct list_call {
    struct reading *reading;
    struct params params;
    struct page page;
};

/* Right, query string and page; false: the reply is filled. */
static bool list_open(struct list_call *call, struct broker *broker, const char *const *names,
                      struct http_request *req, struct http_reply *reply)
{
    if (!reading_open(broker, req, reply, &call->reading))
        return false;
    const char *what = NULL;
    enum ambit_err err = params_read(req->query, names, &req->arena, &call->params, &what);
    if (!err)
        err = params_page(&call->params, &call->page, &what);
    if (err == AMBIT_ERR_MALFORMED)
        access_reply_malformed(req, reply, what);
    else if (err)
        access_reply_err(req, reply, err);
    return !err;
}

/* The object that the query wrote its members into, or what went wrong. */
static enum http_next list_close(struct list_call *call, struct json_out *out, enum ambit_err err,
                                 struct http_request *req, struct http_reply *reply)
{
    json_end_object(out);
    return reading_close(call->reading, err, req, reply);
}

enum http_next stops_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"state", "limit", "cursor", NULL};
    static const char *const states[] = {
        [STOPS_IN_FORCE] = "in_force", [STOPS_CLEARED] = "cleared", [STOPS_ALL] = "all", NULL};
    struct list_call call = {0};
    if (!list_open(&call, app, names, req, reply))
        return HTTP_DONE;
    size_t state = STOPS_IN_FORCE;
    const char *what = NULL;
    if (params_word(&call.params, "state", states, STOPS_IN_FORCE, &state, &what) != AMBIT_OK) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    enum ambit_err err = query_stops(app, (enum stops_state)state, call.reading->access.only_owner,
                                     &call.page, &out);
    return list_close(&call, &out, err, req, reply);
}

enum http_next incidents_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"state", "limit", "cursor", NULL};
    static const char *const states[] = {
        [INCIDENTS_OPEN] = "open", [INCIDENTS_CLOSED] = "closed", [INCIDENTS_ALL] = "all", NULL};
    struct list_call call = {0};
    if (!list_open(&call, app, names, req, reply))
        return HTTP_DONE;
    size_t state = INCIDENTS_OPEN;
    const char *what = NULL;
    if (params_word(&call.params, "state", states, INCIDENTS_OPEN, &state, &what) != AMBIT_OK) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    enum ambit_err err = query_incidents(app, (enum incidents_state)state,
                                         call.reading->access.only_owner, &call.page, &out);
    return list_close(&call, &out, err, req, reply);
}

enum http_next grants_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"agent", "owner",  "policy", "state",
                                        "limit", "cursor", NULL};
    static const char *const states[] = {
        [GRANTS_LIVE] = "live", [GRANTS_ENDED] = "ended", [GRANTS_ALL] = "all", NULL};
    struct list_call call = {0};
    if (!list_open(&call, app, names, req, reply))
        return HTTP_DONE;
    size_t state = GRANTS_LIVE;
    const char *what = NULL;
    if (params_word(&call.params, "state", states, GRANTS_LIVE, &state, &what) != AMBIT_OK) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    struct grants_filter filter = {
        .agent = form_get(&call.params.form, "agent"),
        .owner = form_get(&call.params.form, "owner"),
        .policy = form_get(&call.params.form, "policy"),
        .state = (enum grants_state)state,
        .only_owner = call.reading->access.only_owner,
    };
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    enum ambit_err err = query_grants(app, &filter, &call.page, &out);
    return list_close(&call, &out, err, req, reply);
}

/* One thing as an object of its own; no query string. */
static bool single_open(struct broker *broker, struct http_request *req, struct http_reply *reply,
                        struct reading **ret)
{
    static const char *const names[] = {NULL};
    if (!reading_open(broker, req, reply, ret))
        return false;
    struct params params = {0};
    const char *what = NULL;
    if (params_read(req->query, names, &req->arena, &params, &what) == AMBIT_OK)
        return true;
    access_reply_malformed(req, reply, what);
    return false;
}

enum http_next stop_one_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!single_open(app, req, reply, &reading))
        return HTTP_DONE;
    struct ambit_id stop = {0};
    if (id_decode(req->parameter, &stop) != AMBIT_OK)
        return reading_fail(req, reply, AMBIT_ERR_NOT_FOUND);
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    return reading_close(reading, query_stop(app, stop, reading->access.only_owner, &out), req,
                         reply);
}

enum http_next incident_one_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    if (!single_open(app, req, reply, &reading))
        return HTTP_DONE;
    struct ambit_id incident = {0};
    if (id_decode(req->parameter, &incident) != AMBIT_OK)
        return reading_fail(req, reply, AMBIT_ERR_NOT_FOUND);
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    return reading_close(reading, query_incident(app, incident, reading->access.only_owner, &out),
                         req, reply);
}

enum http_next trace_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"limit", "cursor", NULL};
    struct reading *reading = NULL;
    struct params params = {0};
    const char *what = NULL;
    uint64_t limit = 0;
    if (!reading_open(app, req, reply, &reading))
        return HTTP_DONE;
    struct trace_question question = {.what = req->parameter,
                                      .only_owner = reading->access.only_owner};
    enum ambit_err err = params_read(req->query, names, &req->arena, &params, &what);
    if (!err)
        err = params_u64(&params, "limit", TRACE_LIMIT, &limit, &what);
    if (!err)
        err = params_u64(&params, "cursor", 0, &question.below, &what);
    if (!err && (limit == 0 || limit > TRACE_LIMIT_MAX)) {
        what = "limit is not from 1 to 1000";
        err = AMBIT_ERR_MALFORMED;
    }
    if (err == AMBIT_ERR_MALFORMED)
        access_reply_malformed(req, reply, what);
    else if (err)
        access_reply_err(req, reply, err);
    if (err)
        return HTTP_DONE;
    question.limit = (size_t)limit;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    return reading_close(reading, query_trace(app, &question, &out), req, reply);
}
