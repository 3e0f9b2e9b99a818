/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/report: the signals of a period. An owner's report is of what is theirs, whatever owner
 * they name. */
#include "base/json_write.h"
#include "operator/handlers.h"
#include "operator/params.h"
#include "operator/reading.h"

static enum ambit_err read_ask(const struct params *params, struct ambit_str only_owner,
                               struct report_ask *ask, const char **reterr_what)
{
    static const char *const by[] = {"owner", "team", "policy", "agent", NULL};
    size_t word = 0;
    enum ambit_err err = params_time(params, "since", &ask->since_ms, reterr_what);
    if (!err)
        err = params_time(params, "until", &ask->until_ms, reterr_what);
    if (!err)
        err = params_word(params, "by", by, 0, &word, reterr_what);
    ask->by = (enum report_by)word;
    ask->owner = only_owner.p ? only_owner : form_get(&params->form, "owner");
    if (!err && ask->since_ms != 0 && ask->until_ms != 0 && ask->since_ms >= ask->until_ms) {
        *reterr_what = "since must lie before until.";
        return AMBIT_ERR_MALFORMED;
    }
    return err;
}

enum http_next report_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"since", "until", "by", "owner", NULL};
    struct reading *reading = NULL;
    struct params params = {0};
    struct report_ask ask = {0};
    const char *what = "since must lie before until, and before now.";
    if (!reading_open(app, req, reply, &reading))
        return HTTP_DONE;
    enum ambit_err err = params_read(req->query, names, &req->arena, &params, &what);
    if (!err)
        err = read_ask(&params, reading->access.only_owner, &ask, &what);
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    if (!err)
        err = query_report(app, &ask, &out);
    if (err == AMBIT_ERR_MALFORMED) {
        buf_reset(&reply->body);
        access_reply_malformed(req, reply, what);
        return HTTP_DONE;
    }
    if (err)
        return reading_fail(req, reply, err);
    http_reply_json(reply, 200);
    return reading_record(reading, req, reply);
}
