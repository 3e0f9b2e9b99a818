/* SPDX-License-Identifier: Apache-2.0 */
/* GET /log/proof: that an event stands in the log, with its bytes (?event=SEQ or ?id=ID), or that
 * one size of the log is a prefix of another (?from=SIZE&to=SIZE). For those who may read the log.
 */
#include "base/encode.h"
#include "base/json_write.h"
#include "core/receipt.h"
#include "operator/handlers.h"
#include "operator/params.h"
#include "operator/reading.h"

static const char expected[] = "Ask by event=SEQUENCE, by id=ID, or by from=SIZE and to=SIZE.";

struct proof_asked {
    struct params params;
    struct ambit_str id;
    uint64_t event, from, to; /* UINT64_MAX: not given */
};

static enum ambit_err read_asked(struct http_request *req, struct proof_asked *ret,
                                 const char **reterr_what)
{
    static const char *const names[] = {"event", "from", "id", "to", NULL};
    enum ambit_err err = params_read(req->query, names, &req->arena, &ret->params, reterr_what);
    if (!err)
        err = params_u64(&ret->params, "event", UINT64_MAX, &ret->event, reterr_what);
    if (!err)
        err = params_u64(&ret->params, "from", UINT64_MAX, &ret->from, reterr_what);
    if (!err)
        err = params_u64(&ret->params, "to", UINT64_MAX, &ret->to, reterr_what);
    if (err)
        return err;
    ret->id = form_get(&ret->params.form, "id");
    bool by_id = ret->id.p, by_event = ret->event != UINT64_MAX;
    bool by_size = ret->from != UINT64_MAX && ret->to != UINT64_MAX;
    bool has_size = ret->from != UINT64_MAX || ret->to != UINT64_MAX;
    if (by_id + by_event + by_size == 1 && by_size == has_size)
        return AMBIT_OK;
    *reterr_what = expected;
    return AMBIT_ERR_MALFORMED;
}

static enum ambit_err answer(struct broker *broker, const struct caller *caller,
                             const struct proof_asked *asked, struct json_out *out)
{
    struct ambit_id id = {0};
    uint64_t seq = asked->event;
    enum ambit_err err = AMBIT_OK;
    if (asked->from != UINT64_MAX)
        return query_consistency(broker, asked->from, asked->to, out);
    if (asked->id.p)
        err = id_decode(asked->id, &id) == AMBIT_OK ? query_decided_seq(broker, id, caller, &seq)
                                                    : AMBIT_ERR_NOT_FOUND;
    return err ? err : query_proof(broker, seq, out);
}

enum http_next log_proof_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    struct reading *reading = NULL;
    struct proof_asked asked = {.event = UINT64_MAX};
    const char *what = NULL;
    if (!reading_open_for(app, RIGHT_LOG, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = read_asked(req, &asked, &what);
    if (err == AMBIT_ERR_MALFORMED) {
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    if (!err)
        err = answer(app, &reading->access.caller, &asked, &out);
    json_end_object(&out);
    return reading_close(reading, err, req, reply);
}
