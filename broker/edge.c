/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners and their certificates. */
#include "edge.h"

#include <stdio.h>

#include "base/clock.h"
#include "notify.h"

/* ---- certificates ---------------------------------------------------------------------------- */

/* "WHAT; expected EXPECTED" is how the HTTP room says what is wrong with a file. */
static enum ambit_err add_problem(const struct edge *edge, size_t i, struct ambit_str said,
                                  struct ambit_problems *problems)
{
    static const char mark[] = "; expected ";
    char pointer[32];
    int n = snprintf(pointer, sizeof pointer, "/listen/%zu/tls", i);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof pointer);
    const char *at = said.len ? memmem(said.p, said.len, mark, sizeof mark - 1) : NULL;
    struct ambit_str what = said, expected = AMBIT_STR("certificate and key that can be used");
    if (at) {
        what.len = (size_t)(at - said.p);
        expected = (struct ambit_str){at + sizeof mark - 1, said.len - what.len - sizeof mark + 1};
    }
    const struct ambit_problem problem = {.file = ambit_str_of(edge->config_path),
                                          .pointer = ambit_str_of(pointer),
                                          .what = what,
                                          .expected = expected};
    return ambit_problems_add(problems, &problem);
}

static void free_all(struct http_tls *tls[CONFIG_LISTENERS_MAX])
{
    for (size_t i = 0; i < CONFIG_LISTENERS_MAX; i++)
        http_tls_free(tls[i]);
}

static enum ambit_err load_one(const struct edge *edge, size_t i, struct http_tls **ret,
                               struct ambit_problems *problems)
{
    const struct config_tls *tls = &edge->config->listen[i].tls;
    BUF_AUTO said = {.p = NULL};
    const struct http_tls_files files = {
        .certificate = tls->certificate.p, .key = tls->key.p, .client_ca = tls->client_ca.p};
    enum ambit_err err = http_tls_load(&files, clock_wall_ms(), ret, &said);
    if (err == AMBIT_ERR_MALFORMED && add_problem(edge, i, buf_str(&said), problems) != AMBIT_OK)
        return AMBIT_ERR_NO_MEMORY;
    return err;
}

/* Every listener's, with every problem; NULL for a plain one. All or none. */
static enum ambit_err load_all(const struct edge *edge, struct http_tls *ret[CONFIG_LISTENERS_MAX],
                               struct ambit_problems *problems)
{
    struct http_tls *tls[CONFIG_LISTENERS_MAX] = {NULL};
    enum ambit_err worst = AMBIT_OK;
    for (size_t i = 0; i < edge->config->n_listen; i++) {
        if (!edge->config->listen[i].tls.certificate.p)
            continue;
        enum ambit_err err = load_one(edge, i, &tls[i], problems);
        worst = err ? err : worst;
    }
    if (worst) {
        free_all(tls);
        return worst;
    }

    memcpy(ret, tls, sizeof tls);
    return AMBIT_OK;
}

enum ambit_err edge_check(const struct edge *edge, struct ambit_problems *problems)
{
    struct http_tls *tls[CONFIG_LISTENERS_MAX] = {NULL};
    enum ambit_err err = load_all(edge, tls, problems);
    free_all(tls);
    return err;
}

enum ambit_err edge_reload(struct edge *edge, struct ambit_problems *problems)
{
    struct http_tls *tls[CONFIG_LISTENERS_MAX] = {NULL};
    enum ambit_err err = load_all(edge, tls, problems);
    if (err)
        return err;

    for (size_t i = 0; i < edge->config->n_listen; i++)
        if (tls[i])
            http_tls_replace(edge->http, i, TAKE(tls[i]));
    return AMBIT_OK;
}

/* ---- listeners ------------------------------------------------------------------------------- */

static unsigned kinds_of(enum config_listener_kind kind)
{
    switch (kind) {
    case CONFIG_LISTENER_ALL:
        return HTTP_ALL;
    case CONFIG_LISTENER_AGENTS:
    case CONFIG_LISTENER_LOCAL:
        return HTTP_AGENTS;
    case CONFIG_LISTENER_OPERATORS:
        return HTTP_OPERATORS;
    case CONFIG_LISTENER_OPS:
        return HTTP_OPS;
    }
    return 0;
}

static void fill_listener(struct edge *edge, size_t i, struct http_tls *tls,
                          struct http_listener *ret)
{
    const struct config_listener *listener = &edge->config->listen[i];
    char *text = edge->addresses[i];
    char address[ADDR_TEXT_MAX];
    size_t len = addr_encode(&listener->address, address);
    bool is_v6 = listener->address.family == 6;
    int n = snprintf(text, sizeof edge->addresses[i], "%s%.*s%s:%u", is_v6 ? "[" : "", (int)len,
                     address, is_v6 ? "]" : "", (unsigned)listener->port);
    AMBIT_ASSERT(n > 0 && (size_t)n < sizeof edge->addresses[i]);
    *ret = (struct http_listener){.name = config_listener_text(listener->kind),
                                  .kinds = kinds_of(listener->kind),
                                  .address = listener->unix_path.p ? NULL : text,
                                  .unix_path = listener->unix_path.p,
                                  .unix_mode = listener->unix_mode,
                                  .unix_owner = listener->unix_owner,
                                  .unix_group = listener->unix_group,
                                  .tls = tls,
                                  .fd = -1};
    if (notify_inherited(i, &ret->fd))
        ret->address = ret->unix_path = NULL;
}

static void say_failed(const struct edge *edge, size_t failed, enum ambit_err err,
                       struct buf *reterr_said)
{
    bool is_named = failed < edge->config->n_listen;
    const char *where = is_named ? edge->addresses[failed] : "?";
    if (is_named && edge->config->listen[failed].unix_path.p)
        where = edge->config->listen[failed].unix_path.p;
    const char *why = ambit_err_text(err);
    if (err == AMBIT_ERR_REFUSED && is_named && edge->config->listen[failed].unix_path.p)
        why = "owner and group cannot be set; expected ones that this user may give away";
    else if (err == AMBIT_ERR_REFUSED)
        why = "the inherited socket is not on loopback; expected loopback, or \"tls\"";
    buf_printf(reterr_said, "cannot listen on %s: %s", where, why);
}

enum ambit_err edge_open(struct edge *edge, const struct http_route *routes, size_t n_routes,
                         struct ambit_problems *problems, struct buf *reterr_said)
{
    struct http_tls *tls[CONFIG_LISTENERS_MAX] = {NULL};
    struct http_listener listeners[CONFIG_LISTENERS_MAX];
    const struct config_limits *limits = &edge->config->limits;
    enum ambit_err err = load_all(edge, tls, problems);
    if (err)
        return err;

    for (size_t i = 0; i < edge->config->n_listen; i++)
        fill_listener(edge, i, tls[i], &listeners[i]);
    const struct http_config config = {
        .listeners = listeners,
        .n_listeners = edge->config->n_listen,
        .proxies = edge->config->trusted_proxies,
        .n_proxies = edge->config->n_trusted_proxies,
        .routes = routes,
        .n_routes = n_routes,
        .connections = (size_t)limits->connections,
        .connections_per_source = (size_t)limits->connections_per_source,
        .idle_s = (unsigned)limits->idle_s,
        .request_s = (unsigned)limits->request_s,
        .query_threads = (unsigned)limits->query_threads,
        .streams = (size_t)limits->streams,
        .streams_per_caller = (size_t)limits->streams_per_person,
    };
    size_t failed = edge->config->n_listen;
    err = http_open(&config, &edge->http, &failed);
    if (err)
        say_failed(edge, failed, err, reterr_said);
    return err;
}

void edge_url(const struct edge *edge, size_t listener, char dst[CONFIG_URL_MAX])
{
    config_listener_url(&edge->config->listen[listener], http_port(edge->http, listener), dst);
}
