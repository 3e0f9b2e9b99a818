/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of ambitd: from the configuration, with their certificates, to a bound HTTP server;
 * and their certificates again at a reload. What is wrong is a problem with its place in the
 * configuration file. */
#pragma once

#include "config/config.h"
#include "http/http.h"

struct edge {
    const struct config *config;
    const char *config_path;
    struct http_server *http;
    char addresses[CONFIG_LISTENERS_MAX][ADDR_TEXT_MAX + 16];
};

/* --check: do the certificates hold? MALFORMED with problems. */
AMBIT_CHECKED enum ambit_err edge_check(const struct edge *edge, struct ambit_problems *problems);
/* MALFORMED with problems, or another error with one sentence in reterr_said. */
AMBIT_CHECKED enum ambit_err edge_open(struct edge *edge, const struct http_route *routes,
                                       size_t n_routes, struct ambit_problems *problems,
                                       struct buf *reterr_said);
/* All certificates or none, from any thread: MALFORMED with problems, and those in force stay. */
AMBIT_CHECKED enum ambit_err edge_reload(struct edge *edge, struct ambit_problems *problems);
void edge_url(const struct edge *edge, size_t listener, char dst[CONFIG_URL_MAX]);
