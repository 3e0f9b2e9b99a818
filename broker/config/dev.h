/* SPDX-License-Identifier: Apache-2.0 */
/* The state folder of `ambitd --dev` (interfaces.md, "Dev state"): made when it is not there, taken
 * up as it is when it is. Folders 0700, files 0600. A shared secret that has lapsed, or will within
 * a day, is drawn anew at start; what was changed is said. Nothing here is for production: the
 * private keys of the example agents lie beside the broker. */
#pragma once

#include "base/buf.h"

#define DEV_STATE_DEFAULT  "./ambit-dev"
#define DEV_LISTEN_DEFAULT "127.0.0.1:8420"

struct dev_options {
    const char *state;
    const char *listen; /* written into ambit.json when that is made; NULL: the default */
    int64_t now_ms;
    /* The last time in the record of this state folder, 0: there is none; asked only before a
     * secret is drawn anew. A clock that is more than a week ahead of it is not believed by the
     * broker until a person says so, with the secret that was good until then. NULL: not asked. */
    int64_t (*recorded_ms)(const char *state);
};
struct dev_report {
    bool is_new;
    struct buf text; /* lines for people: what was made or renewed; buf_done() it */
};
/* Makes or completes the folder. A half-made one (a crash in the making) is completed. MALFORMED:
 * `listen` is no loopback address and port, and nothing was made. On failure `ret->text` says in
 * one sentence what could not be done. The configuration to load afterwards is STATE/ambit.json. */
AMBIT_CHECKED enum ambit_err dev_prepare(const struct dev_options *options, struct dev_report *ret);
/* Once the URL is known: STATE/url, and the three *.curl files' commands to try. */
AMBIT_CHECKED enum ambit_err dev_publish_url(const char *state, const char *url);
/* Three commands to try, for standard output. */
void dev_hints(const char *state, const char *url, struct buf *out);
