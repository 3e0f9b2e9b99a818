/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of the OAuth endpoints: JSON of exactly `application/json`, never cached, descriptions
 * in the narrow character set (HTP-9, HTP-10, HTP-11), what an agent may learn beside them (TOK-9).
 */
#pragma once

#include "ambit/policy.h"
#include "http/http.h"
#include "oauth/error.h"

struct oauth_refusal {
    enum oauth_error error;
    unsigned status;              /* 0: the error's own */
    struct ambit_str description; /* any text; written in the narrow set */
    bool challenge;               /* WWW-Authenticate: the Authorization header failed (CLI-13) */
    bool challenge_bearer;        /* the same for a bearer token (INT-2) */
    uint32_t retry_after_s;       /* 0: none */

    /* of a decision; absent members are left out */
    const char *reason;
    struct ambit_str rule;
    struct ambit_id request;
    struct ambit_id approval; /* the question that people have now */
    struct ambit_str receipt; /* TLP-1 */
    const struct ambit_remedy *remedy;
    struct ambit_str deferral_code; /* DTR-2, with: */
    int64_t expires_in_s, interval_s;
};
void oauth_reply_refusal(struct http_request *req, struct http_reply *reply,
                         const struct oauth_refusal *refusal);
/* Something of ours failed (HTP-12): 503 with Retry-After, or 500. */
void oauth_reply_failure(struct http_request *req, struct http_reply *reply, enum ambit_err err);
/* The edge's own refusals on these routes (media type, size, query, overload). */
void oauth_reply_edge(const struct http_request *req, struct http_reply *reply,
                      struct http_problem problem);

/* %x20-21 / %x23-5B / %x5D-7E (HTP-11): a quote becomes ', a backslash /, any other byte ?. */
void oauth_put_description(struct buf *buf, struct ambit_str text);
