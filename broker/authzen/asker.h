/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask at /access/v1 (AZN-19): a service by a way its document names, an agent by its own
 * access token about that token. Refusals are a status and a short plain sentence (AZN-4). */
#pragma once

#include "core/command.h"
#include "core/proof.h"
#include "core/query.h"
#include "http/http.h"

struct asker {
    struct caller caller;
    bool by_agent;
    struct identity_token token; /* by_agent: its own */
    struct shown_token shown;    /* as it came, or absent */
    /* It is bound, and this is the key that was proved; the proof goes with the command. */
    struct proved_keys proved;
    bool has_once;
    struct once_value once;
};
/* True when the caller has proved itself and is within its budget; else the reply is filled. */
bool asker_identify(struct broker *broker, const struct documents_ref *documents,
                    struct http_request *req, struct http_reply *reply, struct asker *ret);

/* The same for what services alone may ask: an agent is 403. */
bool asker_identify_service(struct broker *broker, const struct documents_ref *documents,
                            struct http_request *req, struct http_reply *reply, struct asker *ret);
/* The same by the text of an Authorization header from elsewhere: 403 instead of 401. */
bool asker_identify_by(struct broker *broker, const struct documents_ref *documents,
                       struct ambit_str authorization, struct http_request *req,
                       struct http_reply *reply, struct asker *ret);
/* `n` more of the caller's budget, all or none; false: 429, the reply is filled. */
bool asker_take(struct broker *broker, const struct asker *asker, size_t n,
                struct http_request *req, struct http_reply *reply);

/* What the command needs of all this; after command_init(). */
void asker_fill(const struct asker *asker, struct command *command);
/* 401 with the challenge of a token that was shown (DPOP-8). */
void asker_reply_shown(struct broker *broker, struct http_request *req, struct http_reply *reply,
                       const struct dpop_proof *proof);
/* After the command: true when it says that the proof was used before; the reply is filled. */
bool asker_was_replayed(const struct command *command, struct http_request *req,
                        struct http_reply *reply);

/* 400, 401, 403, 413, 429, 500, 503 with a sentence as text/plain; 401 carries the challenges. */
void asker_reply_error(struct http_request *req, struct http_reply *reply, unsigned status,
                       const char *text);
void asker_reply_edge(const struct http_request *req, struct http_reply *reply,
                      struct http_problem problem);
