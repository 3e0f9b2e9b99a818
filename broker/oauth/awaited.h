/* SPDX-License-Identifier: Apache-2.0 */
/* The two front doors to what people decide (D-7): CIBA's auth_req_id and the deferral code. What
 * the client holds is drawn here; only its digest goes further. */
#pragma once

#include "oauth/token_state.h"

enum { AWAITED_BYTES = 20, AWAITED_TEXT = 27 }; /* 160 random bits, base64url */

/* What the form of POST /bc-authorize says besides what is asked (CIB-2, CIB-4). Pure. */
struct bc_request {
    struct ambit_str hint;    /* login_hint */
    struct ambit_str message; /* binding_message; absent {NULL,0} */
    bool has_expiry;
    int64_t expiry_s;
};
enum { BC_MESSAGE_MAX = 256 }; /* bytes */
/* MALFORMED with *reterr. */
AMBIT_CHECKED enum ambit_err bc_request_read(const struct form *form, struct bc_request *ret,
                                             struct token_refusal *reterr);
/* CIB-3: `openid` among the scopes asks for nothing here. */
void bc_drop_openid(struct asked *asked);

/* A fresh one for `command.agent.await`; the text in the request's arena, wiped by awaited_done. */
bool awaited_draw(struct token_state *state, struct http_request *req, bool is_deferral);
void awaited_done(struct token_state *state);
/* DTR-1: the request opts in, and the configuration does. */
bool awaited_may_defer(const struct token_state *state);
/* DTR-2: the answer when it waits. */
void awaited_reply_deferred(struct token_state *state, struct http_request *req,
                            struct http_reply *reply);
/* SHA-256 of what a client shows. */
struct ambit_digest awaited_digest(struct ambit_str text);
