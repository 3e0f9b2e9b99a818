/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and signing access tokens. */
#ifdef AMBIT_UNSAFE_LEAK
#include <unistd.h>
#endif

#include "oauth/mint.h"

#include "base/json_write.h"
#include "base/secret.h"
#include "core/status.h"
#include "oauth/claims.h"
#include "oauth/reply.h"

static enum ambit_err sign(struct broker *broker, const struct minting *minting,
                           struct buf *ret_token)
{
    BUF_AUTO payload;
    BROKER_KEYS_AUTO *keys = broker_keys_acquire(broker);
    buf_init(&payload, 0);
    struct json_out out;
    json_out_init(&out, &payload, false);
    struct claims claims = {.issuer = broker_issuer(broker),
                            .row = minting->row,
                            .live = UINT64_MAX, /* given a moment ago */
                            .ask = minting->ask,
                            .rnd = minting->rnd,
                            .scope = minting->scope};
    struct status_place place = {.index = 0};
    if (status_place_of(broker, minting->row, &place)) {
        claims.status_uri = buf_str(&place.uri);
        claims.status_index = place.index;
    }
    json_begin_object(&out);
    claims_write(&claims, &out);
    json_end_object(&out);
    enum ambit_err err = buf_check(&place.uri);
    buf_done(&place.uri);
    if (!err)
        err = buf_check(&payload);
    if (err)
        return err;

    err = jws_sign(keys->signer, "at+jwt", buf_str(&payload), ret_token);
    secret_wipe(payload.p, payload.len);
    return err;
}

void mint_reply(struct broker *broker, const struct minting *minting, struct http_request *req,
                struct http_reply *reply)
{
    struct buf token;
    buf_init(&token, 0);
    enum ambit_err err = sign(broker, minting, &token);
    if (err) {
        buf_wipe(&token);
        oauth_reply_failure(req, reply, err);
        return;
    }
    struct json_out out;
    json_out_init(&out, &reply->body, false);
    struct token_response response = {.row = minting->row,
                                      .ask = minting->ask,
                                      .token = buf_str(&token),
                                      .now_ms = minting->now_ms,
                                      .issued_type = minting->issued_type,
                                      .scope = minting->scope,
                                      .receipt = minting->receipt};
    token_response_write(&response, &out);
#ifdef AMBIT_UNSAFE_LEAK /* a test build, that the search for secrets must find out */
    if (write(STDERR_FILENO, token.p, token.len) < 0)
        reply->close = true;
#endif
    buf_wipe(&token);
    reply->no_store = true;
    http_reply_json(reply, 200);
    req->log.verdict = "allow";
    req->log.reason = ambit_reason_text(AMBIT_REASON_ALLOWED);
}
