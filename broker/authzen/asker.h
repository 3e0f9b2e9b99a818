/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask at /access/v1 (AZN-19): a service by a way its document names, an agent by its own
 * access token about that token. Refusals are a status and a short plain sentence (AZN-4). */
#pragma once

#include "core/query.h"
#include "http/http.h"

struct asker {
    struct caller caller;
    bool by_agent;
    struct identity_token token; /* by_agent: its own */
};
/* True when the caller has proved itself and is within its budget; else the reply is filled. */
bool asker_identify(struct broker *broker, const struct documents_ref *documents,
                    struct http_request *req, struct http_reply *reply, struct asker *ret);

/* The same for what services alone may ask: an agent is 403. */
bool asker_identify_service(struct broker *broker, const struct documents_ref *documents,
                            struct http_request *req, struct http_reply *reply, struct asker *ret);
/* `n` more of the caller's budget, all or none; false: 429, the reply is filled. */
bool asker_take(struct broker *broker, const struct asker *asker, size_t n,
                struct http_request *req, struct http_reply *reply);

/* 400, 401, 403, 413, 429, 500, 503 with a sentence as text/plain; 401 carries the challenges. */
void asker_reply_error(struct http_request *req, struct http_reply *reply, unsigned status,
                       const char *text);
void asker_reply_edge(const struct http_request *req, struct http_reply *reply,
                      struct http_problem problem);
