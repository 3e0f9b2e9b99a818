/* SPDX-License-Identifier: Apache-2.0 */
/* Which broker, and who we are: option over AMBIT_* over $XDG_CONFIG_HOME/ambit/config.json
 * ({"url","ca","agent","key","certificate","token_file"}). Secrets are named by file, never given
 * as words. */
#pragma once

#include "cli/cli.h"

struct settings {
    const char *url;       /* without trailing slash; NULL: not known */
    const char *named;     /* the same as it was given, for people: "unix:/run/x.sock" */
    const char *unix_path; /* the socket to ask over, or NULL; `url` is then http://localhost */
    const char *ca; /* PEM: whom the broker's certificate is verified by; NULL: the system's */
    const char *agent,
        *key; /* key: path of a private JWK, or beside a certificate of its PEM key */
    const char *certificate; /* PEM, shown in the handshake; NULL: none */
    const char *token_file;
};
/* CLI_USAGE with a complaint when a file is not valid, or plain http would leave this machine. */
enum cli_exit settings_find(struct cli *cli, struct settings *ret);

/* A URL that somebody gave, into *settings, without trailing slash, in cli->arena. CLI_USAGE: none
 * of a broker (no user, query or fragment), or plain http that would leave this machine. */
enum cli_exit settings_take_url(struct cli *cli, const char *text, struct settings *settings);

/* The one line of a small secret file, without the newline at its end, in cli->arena. Refuses files
 * that are empty or hold more than one word. */
enum cli_exit settings_read_word(struct cli *cli, const char *path, size_t max,
                                 struct ambit_str *ret);

/* Is the host of this URL this machine? */
bool settings_is_loopback(const char *url);
