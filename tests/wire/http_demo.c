/* SPDX-License-Identifier: Apache-2.0 */
/* A small server over the HTTP edge alone, for the tests of the edge: toy routes, one of them
 * waiting for a writer thread that answers in batches, one a query, one a stream. Prints the port.
 * Not shipped. http_demo [LOOPS [IDLE_S [REQUEST_S [CONNECTIONS [PER_SOURCE [UNIX_PATH
 * [PROXIES [CERTIFICATE KEY]]]]]]]]; PROXIES: a block that is believed about its clients */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "base/log.h"
#include "http/http.h"

struct job {
    struct http_request *req;
    struct job *next;
    int64_t number;
};

struct app {
    struct http_server *server;
    pthread_mutex_t mutex; /* guards the queue and is_over */
    pthread_cond_t more;
    struct job *head, **tail;
    bool is_over;
    int64_t jobs_done;
    atomic_int open_requests; /* begun and not done */
    atomic_int ticks;         /* news for the streams */
    atomic_bool is_holding;   /* pulls wait */
    atomic_int held;          /* pulls that do */
};

static enum http_next echo(void *arg, struct http_request *req, struct http_reply *reply)
{
    (void)arg;
    buf_put_str(&reply->body, req->body);
    http_reply_json(reply, 200);
    reply->no_store = true;
    return HTTP_DONE;
}

/* ---- a wait for the writer ---- */

static enum http_next wait_begin(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    struct job *job = arena_alloc(&req->arena, sizeof *job);
    if (!job) {
        http_reply_empty(reply, 503);
        return HTTP_DONE;
    }
    *job = (struct job){.req = req};
    req->user = job;
    atomic_fetch_add(&app->open_requests, 1);
    http_suspend(req);
    pthread_mutex_lock(&app->mutex);
    *app->tail = job;
    app->tail = &job->next;
    pthread_cond_signal(&app->more);
    pthread_mutex_unlock(&app->mutex);
    return HTTP_WAIT;
}

static enum http_next wait_finish(void *arg, struct http_request *req, struct http_reply *reply)
{
    const struct job *job = req->user;
    struct json_out out = {0};
    (void)arg;
    json_out_init(&out, &reply->body, true);
    json_begin_object(&out);
    json_key(&out, "number");
    json_i64(&out, job->number);
    json_end_object(&out);
    http_reply_json(reply, 200);
    req->log.verdict = "allow";
    req->log.event = job->number;
    return HTTP_DONE;
}

static void wait_done(void *arg, struct http_request *req)
{
    struct app *app = arg;
    if (req->user)
        atomic_fetch_sub(&app->open_requests, 1);
}

static void *writer_main(void *arg)
{
    struct app *app = arg;
    for (;;) {
        pthread_mutex_lock(&app->mutex);
        while (!app->head && !app->is_over)
            pthread_cond_wait(&app->more, &app->mutex);
        struct job *job = TAKE(app->head);
        app->tail = &app->head;
        pthread_mutex_unlock(&app->mutex);
        if (!job)
            return NULL;
        while (job) {
            struct job *next = job->next;
            job->number = ++app->jobs_done;
            http_resume(job->req);
            job = next;
        }
        http_kick(app->server);
    }
}

/* ---- a query, a look at the request, a stream ---- */

static enum http_next query(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    (void)arg;
    (void)req;
    nanosleep(&pause, NULL);
    buf_put_text(&reply->body, "{\"query\":true}");
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

static enum http_next look(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct json_out out = {0};
    char peer[ADDR_TEXT_MAX];
    (void)arg;
    json_out_init(&out, &reply->body, false);
    json_begin_object(&out);
    json_member_str(&out, "authorization", http_header(req, "authorization"));
    json_member_str(&out, "parameter", req->parameter);
    json_member_str(&out, "path", req->path);
    json_member_str(&out, "peer", (struct ambit_str){peer, addr_encode(&req->peer, peer)});
    json_member_str(&out, "query", req->query);
    json_member_str(&out, "request_id", req->request_id);
    json_member_str(&out, "target", req->target);
    json_member_text(&out, "trace", req->trace_id);
    json_key(&out, "trace_is_theirs");
    json_bool(&out, req->trace_is_theirs);
    json_key(&out, "uid");
    json_i64(&out, req->is_unix ? (int64_t)req->peer_uid : -1);
    json_end_object(&out);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

/* Who asks, as handlers are told. */
static enum http_next caller(void *arg, struct http_request *req, struct http_reply *reply)
{
    static const char *const names[] = {"x-forwarded-for", "forwarded",         "client-cert",
                                        "x-real-ip",       "client-cert-chain", "x-other"};
    struct json_out out = {0};
    char text[ADDR_TEXT_MAX];
    (void)arg;
    json_out_init(&out, &reply->body, true);
    json_begin_object(&out);
    json_key(&out, "certificates");
    json_begin_array(&out);
    for (size_t i = 0; i < req->n_certificates; i++) {
        char *hex = arena_alloc(&req->arena, 2 * req->certificates[i].len + 1);
        if (!hex)
            return HTTP_DONE;
        hex_encode((const uint8_t *)req->certificates[i].p, req->certificates[i].len, hex);
        json_str(&out, (struct ambit_str){hex, 2 * req->certificates[i].len});
    }
    json_end_array(&out);
    json_key(&out, "fields");
    json_begin_array(&out);
    for (size_t i = 0; i < AMBIT_LEN(names); i++)
        if (http_header(req, names[i]).p)
            json_text(&out, names[i]);
    json_end_array(&out);
    json_key(&out, "is_tls");
    json_bool(&out, req->is_tls);
    json_member_str(
        &out, "source",
        (struct ambit_str){text, req->source.family ? addr_encode(&req->source, text) : 0});
    json_end_object(&out);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

struct follower {
    struct app *app;
    int seen, left;
};

static enum http_pull follow(void *arg, struct buf *out)
{
    struct follower *follower = arg;
    struct timespec moment = {.tv_nsec = 1000000};
    atomic_fetch_add(&follower->app->held, 1);
    while (atomic_load(&follower->app->is_holding))
        (void)nanosleep(&moment, NULL);
    atomic_fetch_sub(&follower->app->held, 1);
    int now = atomic_load(&follower->app->ticks);
    for (; follower->seen < now && follower->left > 0; follower->seen++, follower->left--)
        buf_printf(out, "id: %d\ndata: {\"tick\":%d}\n\n", follower->seen, follower->seen);
    return follower->left > 0 ? HTTP_PULL_OPEN : HTTP_PULL_END;
}

static void follow_end(void *arg)
{
    struct follower *follower = arg;
    atomic_fetch_sub(&follower->app->open_requests, 1);
    free(follower);
}

/* ?N ends the stream after N events. */
static enum http_next events(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    struct follower *follower = calloc(1, sizeof *follower);
    uint64_t left = 1000000;
    if (req->query.p && parse_u64(req->query, &left) != AMBIT_OK)
        left = 1;
    if (!follower)
        return HTTP_DONE;
    *follower = (struct follower){.app = app, .seen = atomic_load(&app->ticks), .left = (int)left};
    struct http_stream stream = {.pull = follow, .end = follow_end, .ctx = follower};
    if (http_reply_stream(req, reply, stream) != AMBIT_OK) {
        free(follower);
        http_reply_problem(req, reply,
                           (struct http_problem){503, "unavailable", "Too many streams."});
        return HTTP_DONE;
    }
    atomic_fetch_add(&app->open_requests, 1);
    return HTTP_DONE;
}

static enum http_next tick(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    (void)req;
    atomic_fetch_add(&app->ticks, 1);
    http_stream_wake(app->server);
    http_reply_empty(reply, 204);
    return HTTP_DONE;
}

static enum http_next figures(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    struct http_counters counters = {0};
    (void)req;
    http_read_counters(app->server, &counters);
    buf_printf(&reply->body,
               "{\"open_requests\":%d,\"connections_open\":%ld,\"connections_refused\":%ld,"
               "\"connections_reaped\":%ld,\"waiting\":%ld,\"streams_open\":%ld,\"held\":%ld,"
               "\"refused_400\":%ld}",
               atomic_load(&app->open_requests), (long)counters.connections_open,
               (long)counters.connections_refused, (long)counters.connections_reaped,
               (long)counters.waiting, (long)counters.streams_open, (long)atomic_load(&app->held),
               (long)counters.refused_400);
    http_reply_json(reply, 200);
    return HTTP_DONE;
}

static enum http_next hold(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    (void)req;
    atomic_store(&app->is_holding, true);
    http_reply_empty(reply, 200);
    return HTTP_DONE;
}

static enum http_next let_go(void *arg, struct http_request *req, struct http_reply *reply)
{
    struct app *app = arg;
    (void)req;
    atomic_store(&app->is_holding, false);
    http_reply_empty(reply, 200);
    return HTTP_DONE;
}

static void refuse_form(const struct http_request *req, struct http_reply *reply,
                        struct http_problem problem)
{
    (void)req;
    buf_put_text(&reply->body, "{\"error\":\"invalid_request\"}");
    http_reply_json(reply, problem.status);
    reply->no_store = true;
}

static const struct http_route routes[] = {
    {.method = HTTP_POST, .path = "/echo", .listeners = HTTP_ALL, .body_max = 65536, .begin = echo},
    {.method = HTTP_POST,
     .path = "/token",
     .listeners = HTTP_AGENTS,
     .body_max = 65536,
     .media_type = "application/x-www-form-urlencoded",
     .flags = HTTP_NO_QUERY,
     .begin = echo,
     .refuse = refuse_form},
    {.method = HTTP_POST,
     .path = "/wait",
     .listeners = HTTP_ALL,
     .body_max = 65536,
     .begin = wait_begin,
     .finish = wait_finish,
     .done = wait_done},
    {.method = HTTP_GET,
     .path = "/query",
     .listeners = HTTP_ALL,
     .class = HTTP_QUERY,
     .begin = query},
    {.method = HTTP_POST,
     .path = "/query-wait",
     .listeners = HTTP_ALL,
     .body_max = 65536,
     .class = HTTP_QUERY,
     .begin = wait_begin,
     .finish = wait_finish,
     .done = wait_done},
    {.method = HTTP_GET, .path = "/healthz", .listeners = HTTP_ALL, .begin = look},
    {.method = HTTP_GET, .path = "/things/{id}", .listeners = HTTP_ALL, .begin = look},
    {.method = HTTP_GET, .path = "/things/{id}/state", .listeners = HTTP_ALL, .begin = look},
    {.method = HTTP_GET, .path = "/trace/{x*}", .listeners = HTTP_ALL, .begin = look},
    {.method = HTTP_GET,
     .path = "/events",
     .listeners = HTTP_ALL,
     .class = HTTP_QUERY,
     .begin = events},
    {.method = HTTP_POST, .path = "/tick", .listeners = HTTP_ALL, .begin = tick},
    {.method = HTTP_POST, .path = "/hold", .listeners = HTTP_ALL, .begin = hold},
    {.method = HTTP_GET,
     .path = "/let-go",
     .listeners = HTTP_ALL,
     .class = HTTP_QUERY,
     .begin = let_go},
    {.method = HTTP_GET, .path = "/caller", .listeners = HTTP_ALL, .begin = caller},
    {.method = HTTP_GET, .path = "/figures", .listeners = HTTP_ALL, .begin = figures},
    {.method = HTTP_GET,
     .path = "/operators-query",
     .listeners = HTTP_OPERATORS,
     .class = HTTP_QUERY,
     .begin = query},
    {.method = HTTP_GET, .path = "/operators-only", .listeners = HTTP_OPERATORS, .begin = look},
};

static unsigned number_of(char **argv, int argc, int i, unsigned otherwise)
{
    uint64_t value = 0;
    return i < argc && parse_u64(ambit_str_of(argv[i]), &value) == AMBIT_OK ? (unsigned)value
                                                                            : otherwise;
}

static int serve(struct app *app, const struct http_config *config)
{
    size_t failed = 0;
    pthread_t writer = {0};
    sigset_t signals;
    int signal = 0;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    enum ambit_err err = http_open(config, &app->server, &failed);
    if (err != AMBIT_OK) {
        fprintf(stderr, "http_demo: listener %zu: %s\n", failed, ambit_err_text(err));
        return 1;
    }
    if (pthread_create(&writer, NULL, writer_main, app) != 0 || http_start(app->server) != AMBIT_OK)
        return 1;
    printf("http_demo: port %u operators %u tls %u\n", http_port(app->server, 0),
           http_port(app->server, 1), http_port(app->server, 3));
    fflush(stdout);
    sigwait(&signals, &signal);
    http_stop(app->server, 1000);
    pthread_mutex_lock(&app->mutex);
    app->is_over = true;
    pthread_cond_signal(&app->more);
    pthread_mutex_unlock(&app->mutex);
    pthread_join(writer, NULL);
    http_close(app->server);
    printf("http_demo: stopped, %d open\n", atomic_load(&app->open_requests));
    return atomic_load(&app->open_requests) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static struct app app = {.mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER};
    struct cidr proxies = {.bits = 0};
    struct http_listener listeners[4] = {
        {.name = "all", .kinds = HTTP_AGENTS | HTTP_OPS, .address = "127.0.0.1:0"},
        {.name = "operators", .kinds = HTTP_OPERATORS | HTTP_OPS, .address = "127.0.0.1:0"},
        {.name = "local",
         .kinds = HTTP_AGENTS,
         .unix_path = argc > 6 ? argv[6] : NULL,
         .unix_owner = (uid_t)-1,
         .unix_group = (gid_t)-1},
        {.name = "tls", .kinds = HTTP_AGENTS | HTTP_OPS, .address = "127.0.0.1:0"},
    };
    if (argc > 7 && cidr_decode(ambit_str_of(argv[7]), &proxies) != AMBIT_OK)
        return 2;
    if (argc > 9) {
        const struct http_tls_files files = {.certificate = argv[8], .key = argv[9]};
        BUF_AUTO said = {.p = NULL};
        if (http_tls_load(&files, clock_wall_ms(), &listeners[3].tls, &said) != AMBIT_OK)
            return 2;
    }
    struct http_config config = {
        .listeners = listeners,
        .n_listeners = argc > 9   ? 4
                       : argc > 6 ? 3
                                  : 2,
        .proxies = &proxies,
        .n_proxies = argc > 7 ? 1 : 0,
        .routes = routes,
        .n_routes = AMBIT_LEN(routes),
        .app = &app,
        .loops = number_of(argv, argc, 1, 2),
        .idle_s = number_of(argv, argc, 2, 30),
        .request_s = number_of(argv, argc, 3, 30),
        .connections = number_of(argv, argc, 4, 4096),
        .connections_per_source = number_of(argv, argc, 5, 2048),
        .streams = 8,
    };
    app.tail = &app.head;
    const char *level = getenv("HTTP_DEMO_LOG");
    log_set_level(level && streq(level, "info") ? LOG_INFO : LOG_WARNING);
    return serve(&app, &config);
}
