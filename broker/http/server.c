/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole: open, start, stop, close. */
#include "http/inside.h"

#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

enum { FILES_BESIDE = 256 /* descriptors that are not client connections */ };

/* A connection is a descriptor: too few of them would be found out under load only. */
static void raise_files(size_t connections)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= connections + FILES_BESIDE)
        return;
    limit.rlim_cur = connections + FILES_BESIDE;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* the accept thread copes with what there is */
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n >= LOOPS_MAX ? LOOPS_MAX - 1 : (unsigned)n;
}

static bool want_own_loop(const struct http_config *config)
{
    bool have_agents = false, have_others = false;
    for (size_t i = 0; i < config->n_listeners; i++) {
        have_agents = have_agents || config->listeners[i].kinds & HTTP_AGENTS;
        have_others = have_others || !(config->listeners[i].kinds & HTTP_AGENTS);
    }
    return have_agents && have_others;
}

static enum ambit_err open_loops(struct http_server *server, const struct http_config *config)
{
    server->n_loops = config->loops ? config->loops : cores();
    if (server->n_loops >= LOOPS_MAX)
        server->n_loops = LOOPS_MAX - 1;
    unsigned wanted = server->n_loops + (want_own_loop(config) ? 1 : 0);
    server->loops = calloc(wanted, sizeof *server->loops);
    if (!server->loops)
        return AMBIT_ERR_NO_MEMORY;
    while (server->n_all_loops < wanted) {
        enum ambit_err err = loop_open(&server->loops[server->n_all_loops], server);
        server->n_all_loops++; /* half-built ones are closed too */
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

static enum ambit_err open_server(struct http_server *server, const struct http_config *config,
                                  size_t *reterr_listener)
{
    size_t per_source = config->connections_per_source ? config->connections_per_source : 1024;
    server->app = config->app;
    server->connections_max = config->connections ? config->connections : 4096;
    server->idle_s = config->idle_s ? config->idle_s : 30;
    server->idle_us = (int64_t)server->idle_s * 1000000;
    server->request_us = (int64_t)(config->request_s ? config->request_s : 30) * 1000000;
    server->proxies = config->proxies;
    server->n_proxies = config->n_proxies;
    server->query_threads = config->query_threads ? config->query_threads : cores();
    raise_files(server->connections_max);
    if (config->n_listeners == 0 || config->n_listeners > HTTP_LISTENERS_MAX)
        return AMBIT_ERR_TOO_LARGE;

    enum ambit_err err =
        stream_places_init(&server->places, config->streams ? config->streams : 64,
                           config->streams_per_caller ? config->streams_per_caller : 8);
    if (err != AMBIT_OK)
        return err;
    err = route_table_init(&server->routes, config->routes, config->n_routes);
    if (err != AMBIT_OK)
        return err;
    err = source_table_new(server->connections_max, per_source, &server->sources);
    if (err != AMBIT_OK)
        return err;
    for (; server->n_bound < config->n_listeners; server->n_bound++) {
        *reterr_listener = server->n_bound;
        err = listen_bind(&config->listeners[server->n_bound], &server->bound[server->n_bound]);
        if (err != AMBIT_OK) {
            listen_close(&server->bound[server->n_bound]);
            return err;
        }
        server->bound[server->n_bound].tls = config->listeners[server->n_bound].tls;
    }
    return open_loops(server, config);
}

enum ambit_err http_open(const struct http_config *config, struct http_server **ret,
                         size_t *reterr_listener)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return AMBIT_ERR_NO_MEMORY;
    server->accept_event_fd = -1;
    pthread_mutex_init(&server->tls_mutex, NULL); /* cannot fail: no attributes */
    enum ambit_err err = open_server(server, config, reterr_listener);
    if (err != AMBIT_OK) {
        for (size_t i = server->n_bound; i < config->n_listeners; i++)
            http_tls_free(config->listeners[i].tls);
        http_close(server);
        return err;
    }

    *ret = server;
    return AMBIT_OK;
}

uint16_t http_port(const struct http_server *server, size_t listener)
{
    return listener < server->n_bound ? server->bound[listener].port : 0;
}

void http_tls_replace(struct http_server *server, size_t listener, struct http_tls *tls)
{
    AMBIT_ASSERT(listener < server->n_bound && server->bound[listener].is_tls && tls);
    pthread_mutex_lock(&server->tls_mutex);
    struct http_tls *old = server->bound[listener].tls;
    server->bound[listener].tls = tls;
    pthread_mutex_unlock(&server->tls_mutex);
    http_tls_free(old);
}

enum ambit_err http_start(struct http_server *server)
{
    enum ambit_err err = query_pool_start(&server->pool, server->query_threads);
    if (err == AMBIT_OK)
        err = query_pool_start(&server->operators_pool, server->query_threads);
    for (unsigned i = 0; i < server->n_all_loops && err == AMBIT_OK; i++)
        err = loop_start(&server->loops[i]);
    if (err == AMBIT_OK)
        err = accept_start(server);
    if (err != AMBIT_OK)
        http_stop(server, 0);
    return err;
}

void http_stop(struct http_server *server, int64_t grace_ms)
{
    accept_stop(server);
    for (size_t i = 0; i < server->n_bound; i++)
        listen_close(&server->bound[i]);
    atomic_store(&server->cut_at_us, clock_mono_us() + grace_ms * 1000);
    atomic_store(&server->is_stopping, true);
    for (unsigned i = 0; i < server->n_all_loops; i++)
        loop_wake(&server->loops[i]);
    for (unsigned i = 0; i < server->n_all_loops; i++)
        loop_join(&server->loops[i]);
    query_pool_stop(&server->pool);
    query_pool_stop(&server->operators_pool);
}

void http_close(struct http_server *server)
{
    if (!server)
        return;
    for (unsigned i = 0; i < server->n_all_loops; i++)
        loop_close(&server->loops[i]);
    for (size_t i = 0; i < server->n_bound; i++)
        listen_close(&server->bound[i]);
    for (size_t i = 0; i < server->n_bound; i++)
        http_tls_free(server->bound[i].tls);
    pthread_mutex_destroy(&server->tls_mutex);
    stream_places_done(&server->places);
    source_table_free(server->sources);
    free(server->loops);
    free(server);
}

/* ---- hand-over ---- */

void http_suspend(struct http_request *req)
{
    exchange_of(req)->is_handed = true;
}

void http_resume(struct http_request *req)
{
    struct exchange *x = exchange_of(req);
    AMBIT_ASSERT(x->is_handed && x->phase == PHASE_WAITING);
    loop_resume(x);
}

void http_prepare(struct http_request *req)
{
    struct exchange *x = exchange_of(req);
    if (req->route->prepare)
        loop_prepare(x);
}

void http_kick(struct http_server *server)
{
    for (unsigned i = 0; i < server->n_all_loops; i++)
        if (atomic_load(&server->loops[i].resumed))
            loop_wake(&server->loops[i]);
}

struct ambit_str http_header(const struct http_request *req, const char *name)
{
    const struct exchange *x = exchange_of_const(req);
    size_t len = strlen(name);
    for (size_t i = 0; i < x->n_fields; i++) {
        struct ambit_str value = x->fields[i].value;
        if (x->fields[i].name.len != len || strncasecmp(x->fields[i].name.p, name, len) != 0)
            continue;
        while (value.len > 0 && (value.p[value.len - 1] == ' ' || value.p[value.len - 1] == '\t'))
            value.len--;
        return value;
    }
    return (struct ambit_str){0};
}

void http_set_app(struct http_server *server, void *app)
{
    server->app = app;
}
