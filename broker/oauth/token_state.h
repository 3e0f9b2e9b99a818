/* SPDX-License-Identifier: Apache-2.0 */
/* One request at /token between its begin and its end: an agent's grant is decided by the engine
 * (token.c), a service's own short token by nobody (token_service.c). */
#pragma once

#include "core/service_grant.h"
#include "oauth/call.h"
#include "oauth/token_request.h"

struct token_state {
    struct oauth_call call;
    struct token_request request;
    bool is_service, has_command, is_prepared;
    union {
        struct command base; /* first of both */
        struct grant_command agent;
        struct service_grant_command service;
    } command;
    uint8_t rnd[16];
};
/* The members that both commands share. */
void token_command_fill(struct token_state *state, struct http_request *req);

/* The request of a service: OK and submitted, or the reply is filled. */
enum http_next token_service_begin(struct token_state *state, struct http_request *req,
                                   struct http_reply *reply);
void token_service_finish(struct token_state *state, struct http_request *req,
                          struct http_reply *reply);
