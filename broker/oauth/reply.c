/* SPDX-License-Identifier: Apache-2.0 */
/* Writing OAuth refusals. */
#include "oauth/reply.h"

#include "base/json_write.h"
#include "policy/explain_json.h"

void oauth_put_description(struct buf *buf, struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c == '"')
            c = '\'';
        else if (c == '\\')
            c = '/';
        else if (c < 0x20 || c > 0x7e)
            c = '?';
        buf_put_char(buf, c);
    }
}

static void write_description(struct json_out *out, struct ambit_str text)
{
    if (!text.p)
        return;
    BUF_AUTO narrow;
    buf_init(&narrow, 0);
    oauth_put_description(&narrow, text);
    json_key(out, "error_description");
    json_str(out, buf_str(&narrow));
}

void oauth_reply_refusal(struct http_request *req, struct http_reply *reply,
                         const struct oauth_refusal *refusal)
{
    buf_reset(&reply->body);
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_text(&out, "error", oauth_error_text(refusal->error));
    write_description(&out, refusal->description);
    json_member_text(&out, "ambit_reason", refusal->reason);
    json_member_str(&out, "ambit_rule", refusal->rule);
    json_member_id(&out, "ambit_request", refusal->request);
    json_member_id(&out, "ambit_approval", refusal->approval);
    json_member_str(&out, "ambit_receipt", refusal->receipt);
    if (refusal->remedy)
        explain_write_remedy(&out, "ambit_remedy", refusal->remedy);
    if (refusal->deferral_code.p) {
        json_member_str(&out, "deferral_code", refusal->deferral_code);
        json_key(&out, "expires_in");
        json_i64(&out, refusal->expires_in_s);
        json_key(&out, "interval");
        json_i64(&out, refusal->interval_s);
    }
    json_end_object(&out);

    reply->no_store = true;
    if (refusal->retry_after_s > 0)
        http_reply_retry_after(req, reply, refusal->retry_after_s);
    if (refusal->challenge)
        http_reply_header(reply, "WWW-Authenticate", "Basic realm=\"ambit\"");
    if (refusal->challenge_bearer)
        http_reply_header(reply, "WWW-Authenticate",
                          "Bearer realm=\"ambit\", error=\"invalid_token\"");
    http_reply_json(reply, refusal->status ? refusal->status : oauth_error_status(refusal->error));
    req->log.verdict = "refused";
    req->log.reason = refusal->reason ? refusal->reason : oauth_error_text(refusal->error);
}

void oauth_reply_failure(struct http_request *req, struct http_reply *reply, enum ambit_err err)
{
    enum oauth_error error = oauth_error_of_err(err);
    struct oauth_refusal refusal = {
        .error = error,
        .description = ambit_str_of(ambit_err_text(err)),
        .retry_after_s = error == OAUTH_UNAVAILABLE ? 5 : 0,
    };
    oauth_reply_refusal(req, reply, &refusal);
}

void oauth_reply_edge(const struct http_request *req, struct http_reply *reply,
                      struct http_problem problem)
{
    (void)req;
    bool is_ours = problem.status >= 500;
    /* A media type that is not a form is 400 here (HTP-4), not 415. */
    unsigned status = problem.status == 415 ? 400 : problem.status;

    buf_reset(&reply->body);
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_text(&out, "error",
                     oauth_error_text(is_ours ? OAUTH_UNAVAILABLE : OAUTH_INVALID_REQUEST));
    write_description(&out, ambit_str_of(problem.detail));
    json_end_object(&out);

    reply->no_store = true;
    if (is_ours)
        http_reply_header(reply, "Retry-After", "5");
    http_reply_json(reply, status);
}
