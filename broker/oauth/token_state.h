/* SPDX-License-Identifier: Apache-2.0 */
/* One request at /token between its begin and its end. token.c leads it through the steps of
 * standards.md section 3; its grant type (struct token_kind, a row of the table there) says what is
 * read besides and which command decides. Most end in an agent's grant, decided by the engine
 * (token_agent.c); a service's own short token is decided by nobody (token_service.c). */
#pragma once

#include "core/receipt.h"
#include "core/service_grant.h"
#include "oauth/call.h"
#include "oauth/token_request.h"

struct exchange_request;
struct oauth_refusal;
struct token_state;

/* A grant type at work. Each function fills the reply where it ends the request. */
struct token_kind {
    /* The form says what is asked: `state->request` is read before `submit` (step 6). False where
     * it was asked before, and this request only fetches the answer. */
    bool asks;
    /* Step 5: members of the form of its own; false: the reply is filled. NULL: it has none. */
    bool (*read)(struct token_state *state, struct http_request *req, struct http_reply *reply);
    /* Step 7: the command filled, the request suspended, the command handed in (HTTP_WAIT); or the
     * reply is filled (HTTP_DONE). Leaves state->finish. */
    enum http_next (*submit)(struct token_state *state, struct http_request *req,
                             struct http_reply *reply);
};

struct token_state {
    struct oauth_call call;
    enum grant_type type;
    struct token_request request;
    struct exchange_request *exchange; /* of a token exchange, in the arena */
    struct ambit_str handle;           /* what the client is given to come back with (awaited.h) */
    struct ambit_str polled;           /* what it comes back with */
    /* After the command was decided and is durable: the reply. */
    void (*finish)(struct token_state *state, struct http_request *req, struct http_reply *reply);
    bool has_command;
    bool is_agent;    /* the command is `agent`: its token may be written before it is durable */
    bool is_prepared; /* and it was */
    union {
        struct command base; /* first of all */
        struct grant_command agent;
        struct service_grant_command service;
    } command;
    uint8_t rnd[16];
    struct receipt receipt; /* of an agent's grant or its refusal */
};
/* The members that all commands share. */
void token_command_fill(struct token_state *state, struct http_request *req);

/* ---- a grant of an agent (token_agent.c) ---- */

/* command.agent, as the form and the caller say; what the grant type knows besides is set
 * afterwards. */
void token_agent_fill(struct token_state *state, struct http_request *req);
/* What was filled goes to the writer. A request that opts in may be answered later (DTR-1). */
enum http_next token_agent_send(struct token_state *state, struct http_request *req,
                                struct http_reply *reply);
/* The answer to a refused one: what of it an agent may learn. */
void token_agent_refusal(struct token_state *state, struct http_request *req,
                         struct oauth_refusal *ret);
/* The answer to an allowed one, from the row. */
void token_agent_granted(struct token_state *state, struct http_request *req,
                         struct http_reply *reply);

/* ---- client_credentials: an agent's grant, or a service's own token (token_service.c) ---- */
enum http_next token_credentials_submit(struct token_state *state, struct http_request *req,
                                        struct http_reply *reply);
enum http_next token_service_submit(struct token_state *state, struct http_request *req,
                                    struct http_reply *reply);

/* ---- token exchange (exchange.c) ---- */
bool exchange_read(struct token_state *state, struct http_request *req, struct http_reply *reply);
enum http_next exchange_submit(struct token_state *state, struct http_request *req,
                               struct http_reply *reply);
/* The code for a refusal of what would hang from another grant, `plain` where that has no say: the
 * subject token itself is at fault (TEX-3, TEX-9, TEX-10). */
enum oauth_error exchange_error(const struct grant_command *command, enum oauth_error plain);

/* ---- what people decide (ciba.c): polls ---- */
bool ciba_read(struct token_state *state, struct http_request *req, struct http_reply *reply);
enum http_next ciba_submit(struct token_state *state, struct http_request *req,
                           struct http_reply *reply);
bool deferred_read(struct token_state *state, struct http_request *req, struct http_reply *reply);
enum http_next deferred_submit(struct token_state *state, struct http_request *req,
                               struct http_reply *reply);

/* ---- jwt-bearer: as client_credentials, by an agent that its platform vouches for (ASG-1) ---- */
bool token_jwt_bearer_read(struct token_state *state, struct http_request *req,
                           struct http_reply *reply);

/* A refusal before anything was decided. */
enum http_next token_refuse(struct http_request *req, struct http_reply *reply,
                            const struct token_refusal *refusal);
