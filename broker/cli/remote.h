/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a running broker, by its URL, as a place to read files from. */
#pragma once

#include "cli/cli.h"
#include "cli/client.h"
#include "cli/settings.h"
#include "ledger/source.h"

struct remote {
    struct cli *cli;
    struct settings settings;
    struct ambit_str token;  /* {NULL,0}: none */
    struct client_line line; /* one connection for all files */
};
/* `url`: of the broker, with or without `/log` behind it; NULL: the one of the settings. To
 * another broker than that of the settings goes no token but the one of --token-file. */
enum cli_exit remote_open(struct cli *cli, const char *url, struct remote *ret);
void remote_close(struct remote *remote);
/* Until the checkpoint covers what the record held when this was called, or for five seconds: what
 * is copied is of a checkpoint, and that comes up to a second behind the record. Whoever may not
 * ask waits for nothing. */
void remote_await(struct remote *remote);
/* What is not there is NOT_FOUND; not permitted, REFUSED, and unreachable, IO, with a complaint in
 * cli->errors. */
struct log_source remote_source(struct remote *remote);
