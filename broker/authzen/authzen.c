/* SPDX-License-Identifier: Apache-2.0 */
/* Routes and metadata of AuthZEN: only what works (AZN-13). */
#include "authzen/authzen.h"

#include "ambit/limits.h"
#include "authzen/asker.h"
#include "authzen/evaluation.h"
#include "authzen/told.h"
#include "base/json_write.h"

enum { TOLD_MAX = 8 * 1024 };

static enum http_next configuration_begin(void *app, struct http_request *req,
                                          struct http_reply *reply)
{
    (void)req;
    struct ambit_str issuer = broker_issuer(app);
    BUF_AUTO url;
    buf_init(&url, 0);
    buf_put_str(&url, issuer);
    buf_put_text(&url, "/access/v1/evaluation");

    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "policy_decision_point", issuer);
    json_member_str(&out, "access_evaluation_endpoint", buf_str(&url));
    json_end_object(&out);
    http_reply_header(reply, "Cache-Control", "public, max-age=300");
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

static const struct http_route routes[] = {
    {.method = HTTP_POST,
     .path = "/access/v1/evaluation",
     .listeners = HTTP_AGENTS,
     .body_max = AMBIT_FORM_BYTES,
     .media_type = "application/json",
     .class = HTTP_FAST,
     .begin = evaluation_begin,
     .finish = evaluation_finish,
     .prepare = evaluation_prepare,
     .done = evaluation_done,
     .refuse = asker_reply_edge},
    {.method = HTTP_POST,
     .path = "/v1/actions/{x}/outcome",
     .listeners = HTTP_AGENTS,
     .body_max = TOLD_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_FAST,
     .begin = outcome_begin,
     .finish = outcome_finish,
     .done = outcome_done},
    {.method = HTTP_POST,
     .path = "/v1/signals",
     .listeners = HTTP_AGENTS,
     .body_max = TOLD_MAX,
     .media_type = "application/json",
     .flags = HTTP_NO_QUERY,
     .class = HTTP_FAST,
     .begin = signal_begin,
     .finish = signal_finish,
     .done = signal_done},
    {.method = HTTP_GET,
     .path = "/.well-known/authzen-configuration",
     .listeners = HTTP_AGENTS,
     .class = HTTP_FAST,
     .begin = configuration_begin},
};

const struct http_route *authzen_routes(size_t *ret_n)
{
    *ret_n = AMBIT_LEN(routes);
    return routes;
}
