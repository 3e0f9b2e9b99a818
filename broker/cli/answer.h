/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker said: an exit code, a value to show, or a refusal in words with what would pass.
 */
#pragma once

#include "cli/client.h"

struct json_value;

/* 2xx: CLI_YES and *ret the value (in cli->arena). Otherwise the refusal is shown and the exit code
 * follows from the status. With --json the answer itself goes to cli->out in both cases, and *ret
 * is NULL: there is nothing left to show. */
enum cli_exit answer_take(struct cli *cli, const struct client_reply *reply,
                          const struct json_value **ret);

/* A person's or any bearer's request: settings, token file, sending and answer_take() in one. */
struct answer_request {
    const char *path;
    struct ambit_str body; /* JSON; {NULL,0}: GET */
};
enum cli_exit answer_ask(struct cli *cli, const struct answer_request *request,
                         const struct json_value **ret);

/* Settings and bearer token for a request that is sent elsewhere (streams). */
struct settings;
enum cli_exit answer_credentials(struct cli *cli, struct settings *settings,
                                 struct ambit_str *ret_token);
