/* SPDX-License-Identifier: Apache-2.0 */
/* What anybody may read: keys, metadata, and the authorization endpoint that refuses everybody. */
#include "base/json_write.h"
#include "core/status.h"
#include "oauth/handlers.h"
#include "oauth/metadata.h"

static const char public_for_5_minutes[] = "public, max-age=300"; /* MET-7, KEY-5 */

enum http_next jwks_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(app);
    buf_put_str(&reply->body, buf_str(&keys->jwks));
    http_reply_header(reply, "Cache-Control", public_for_5_minutes);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

enum http_next metadata_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)req;
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(app);
    struct metadata metadata = {
        .issuer = broker_issuer(app),
        .trust = broker_trust(app),
        .defers = broker_defers(app),
        .introspection_alg = crypto_alg_text(jws_signer_alg(keys->signer)),
        .has_status_list = broker_has_status(app),
    };
    metadata_write(&metadata, &out);
    http_reply_header(reply, "Cache-Control", public_for_5_minutes);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

/* The well-known name inserted before the issuer's path (MET-1, MET-2). */
enum http_next metadata_inserted_begin(void *app, struct http_request *req,
                                       struct http_reply *reply)
{
    struct ambit_str path = metadata_issuer_path(broker_issuer(app));
    struct ambit_str asked = req->parameter;
    if (path.len == 0 ||
        !ambit_str_eq((struct ambit_str){.p = path.p + 1, .len = path.len - 1}, asked)) {
        http_reply_problem(req, reply,
                           (struct http_problem){
                               .status = 404, .reason = "not_found", .detail = "no such issuer"});
        return HTTP_DONE;
    }
    return metadata_begin(app, req, reply);
}

enum http_next authorize_begin(void *app, struct http_request *req, struct http_reply *reply)
{
    (void)app;
    (void)req;
    static const char page[] =
        "unauthorized_client\n\n"
        "Nobody signs in here. This broker gives authority to agents, which ask for it\n"
        "themselves at the token endpoint (grant type client_credentials).\n";
    reply->no_store = true;
    http_reply_static(reply, 400, "text/plain; charset=utf-8", ambit_str_of(page));
    return HTTP_DONE;
}
