/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP to the broker; the only user of libcurl. One request, one reply, bounded in time and size;
 * redirects are never followed and no proxy stands before a broker on this machine. A certificate
 * is verified always, chain and name, against the system's authorities or those of --ca alone. */
#pragma once

#include "cli/cli.h"

struct settings;

/* A connection that stays open for the next request; zeroed: none is yet. Of one broker, with one
 * certificate. */
struct client_line {
    void *curl;
};
void client_line_close(struct client_line *line);

struct client_request {
    const struct settings *broker;
    struct client_line *line; /* NULL: one of its own */
    const char *path;         /* and query: "/v1/grants?agent=x", sent as it is */
    struct ambit_str bearer;  /* {NULL,0}: none */
    struct ambit_str proof;   /* DPoP; {NULL,0}: none */
    struct ambit_str body;    /* {NULL,0}: GET, else POST */
    const char *content_type; /* of the body */
    /* For a stream: called with each piece; CLI_YES to go on. NULL: the reply is collected. */
    enum cli_exit (*piece)(void *ctx, struct ambit_str bytes);
    void *ctx;
    const char *accept; /* NULL: application/json */
};
enum { CLIENT_NONCE_MAX = 256, CLIENT_CURSOR_MAX = 20 };
struct client_reply {
    long status;
    struct buf body;                  /* of a stream: only what did not come with 200 */
    char nonce[CLIENT_NONCE_MAX + 1]; /* DPoP-Nonce; empty: none */
    /* of a Link with rel="next", the digits behind "cursor="; empty: there is no further page */
    char cursor[CLIENT_CURSOR_MAX + 1];
};
void client_reply_done(struct client_reply *reply);
#define CLIENT_REPLY_AUTO AMBIT_CLEANUP(client_reply_done) struct client_reply

/* CLI_YES with any status, or CLI_UNREACHABLE with the reason in cli->errors. */
enum cli_exit client_send(struct cli *cli, const struct client_request *request,
                          struct client_reply *ret);
