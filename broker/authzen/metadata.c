/* SPDX-License-Identifier: Apache-2.0 */
/* See metadata.h. */
#include "authzen/metadata.h"

#include "base/json_write.h"
#include "core/broker.h"

static const struct {
    const char *member, *path;
} endpoints[] = {
    {"access_evaluation_endpoint", "/access/v1/evaluation"},
    {"access_evaluations_endpoint", "/access/v1/evaluations"},
    {"search_subject_endpoint", "/access/v1/search/subject"},
    {"search_resource_endpoint", "/access/v1/search/resource"},
    {"search_action_endpoint", "/access/v1/search/action"},
};

enum http_next configuration_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    struct ambit_str issuer = broker_issuer(app);
    BUF_AUTO url;
    buf_init(&url, 0);

    struct json_out out;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "policy_decision_point", issuer);
    for (size_t i = 0; i < AMBIT_LEN(endpoints); i++) {
        buf_reset(&url);
        buf_put_str(&url, issuer);
        buf_put_text(&url, endpoints[i].path);
        json_member_str(&out, endpoints[i].member, buf_str(&url));
    }
    json_end_object(&out);
    http_reply_header(reply, "Cache-Control", "public, max-age=300");
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

/* What follows the authority; empty when there is nothing. */
static struct ambit_str path_of(struct ambit_str issuer)
{
    const char *end = issuer.p + issuer.len, *at = issuer.p;
    for (unsigned slashes = 0; at < end; at++) {
        slashes += *at == '/';
        if (slashes == 3)
            break;
    }
    return (struct ambit_str){.p = at, .len = (size_t)(end - at)};
}

enum http_next configuration_inserted_begin(void *app, struct http_request *req,
                                            struct http_reply *reply)
{
    struct ambit_str path = path_of(broker_issuer(app));
    struct ambit_str asked = req->parameter;
    if (path.len > 0 &&
        ambit_str_eq((struct ambit_str){.p = path.p + 1, .len = path.len - 1}, asked))
        return configuration_begin(app, req, reply);
    http_reply_problem(req, reply,
                       (struct http_problem){.status = 404,
                                             .reason = "not_found",
                                             .detail = "no such policy decision point"});
    return HTTP_DONE;
}
