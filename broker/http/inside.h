/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of http/ share: the server, its loops, connections and exchanges. Not included by
 * any other room.
 *
 * Who touches what:
 *   struct loop      its own thread, but for the three atomics that other threads reach it by:
 *                    `dealt` (the accept thread), `resumed` (anybody), `is_woken` + `event_fd`.
 *   struct conn      the accept thread until it is dealt, then its loop.
 *   struct exchange  its loop; while `phase` is PHASE_QUERY or the stream pulls, a query thread;
 *                    while PHASE_WAITING, whoever took the request. It comes back by `resumed`.
 * The daemon of a loop has no threads and no lock of its own that matters: every call into it is
 * made by the loop's thread. A resume from elsewhere is queued and done by the loop between two
 * rounds, so that the wake-up which a round loses cannot be the one for a resumed connection. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <microhttpd.h>

#include "http/context.h"
#include "http/gate.h"
#include "http/http.h"
#include "http/route.h"
#include "http/source.h"
#include "http/tls.h"

enum {
    LOOPS_MAX = 17,          /* 16 and the operators' */
    QUERY_THREADS_LEAST = 2, /* one of which is never at a pull */
    QUERY_THREADS_MAX = 8,
    QUERY_QUEUE_MAX = 1024, /* requests that wait for a query thread; more are answered 503 */
    CONNECTION_MEMORY = 24 * 1024, /* of the parser: head, fields and reply head */
    EXCHANGE_BLOCK = 12 * 1024,    /* what a decision takes, its checks told, and some */
    EXCHANGES_KEPT = 256,          /* free ones a loop keeps for reuse */
    BODY_KEPT = 64 * 1024,         /* a larger buffer is not kept with a free exchange */
    TICK_US = 1000000,
    STREAM_PAUSE_US = 20000,       /* between two pulls of one stream */
    STREAM_HEARTBEAT_US = 4000000, /* seen each tick: a comment at least every 5 s */
};

enum phase {
    PHASE_HEAD,    /* the request line was read, the gate has not judged yet */
    PHASE_BODY,    /* passed; the body is being read */
    PHASE_QUERY,   /* begin runs, or is going to, on a query thread; suspended */
    PHASE_WAITING, /* handed over by begin or finish; suspended */
    PHASE_READY,   /* the reply is filled, not sent yet */
    PHASE_SENT,    /* the reply was given to the parser */
};

struct loop;
struct exchange;

struct conn {
    struct conn *next_dealt;
    struct conn *prev, *next; /* of the loop's list */
    struct loop *loop;
    struct MHD_Connection *mhd;
    struct conn_tls *tls; /* NULL: plain */
    int fd;               /* closed by the daemon once added */
    unsigned kinds;
    bool is_unix, is_reaped, is_proxy; /* a listed proxy is no source of its own: not counted */
    uid_t uid;
    gid_t gid;
    struct addr peer;
    struct source_key source;
    int64_t since_us;          /* accepted, or the last reply was done */
    struct exchange *exchange; /* NULL between requests */
};

struct stream {
    struct http_stream of;
    struct buf out;  /* what the last pull gave */
    size_t sent;     /* of out */
    bool is_open;    /* counted, in the loop's list, `end` still owed */
    bool is_idle;    /* suspended with nothing outstanding */
    bool is_pulling; /* a query thread has it */
    bool has_ended;  /* nothing more after `out` */
    bool has_more;   /* the last pull stopped before it came to the end */
    uint64_t seen;   /* news counter at the last pull */
    int64_t pulled_us, sent_us;
    struct exchange *prev, *next;
};

struct exchange {
    struct http_request req; /* first: the public face */
    struct http_reply reply;
    struct conn *conn;
    struct loop *loop;
    struct MHD_Connection *mhd;
    _Atomic enum phase phase;       /* the loop looks at it while a query thread has the exchange */
    bool is_handed;                 /* http_suspend() was called in this begin or finish */
    bool has_begun;                 /* begin was called: done is owed */
    bool is_counted;                /* the gate reached a verdict */
    const char *refusal;            /* why the edge refused, for the log */
    const struct http_route *shape; /* whose protocol a refusal of ours is written in; or NULL */
    int64_t began_us, sent_us;
    size_t body_expected;
    struct buf body;
    const char *target_at; /* in the parser's buffer */
    struct gate_field fields[GATE_FIELDS_MAX];
    size_t n_fields; /* may count past the array: then the gate refuses */
    struct stream stream;
    _Atomic(struct exchange *) next_resumed, next_told;
    struct exchange *prev_early, *next_early; /* of the loop's list */
    bool is_early;                            /* in it */
    struct exchange *next_job, *next_free;
    char own_request_id[CONTEXT_REQUEST_ID_LEN + 1];
    _Alignas(16) char block[EXCHANGE_BLOCK];
};

struct loop {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    int daemon_fd;                 /* its epoll descriptor */
    struct MHD_Daemon *tls_daemon; /* NULL without a TLS listener; and what goes with it: */
    int tls_daemon_fd, shake_fd;
    gnutls_priority_t tls_algorithms;
    struct conn *shaken; /* handshakes with news, during a round */
    int event_fd;
    pthread_t thread;
    bool is_running;
    _Atomic(struct conn *) dealt;
    _Atomic(struct exchange *) resumed;
    _Atomic(struct exchange *) told;     /* to be prepared */
    struct exchange *early, *last_early; /* of these, those that the loop has taken */
    atomic_bool is_woken;                /* an event_fd write is on its way */
    atomic_size_t n_streams;
    struct conn *arriving; /* during MHD_add_connection */
    struct conn *conns;
    size_t n_conns;
    struct exchange *streams, *free;
    size_t n_free;
    struct buf log;
    int64_t now_us; /* clock at the start of the round */
    int64_t ticked_us;
    bool is_draining;
};

/* Requests and stream pulls for the query threads. */
struct query_list {
    struct exchange *first, *last;
};
struct query_pool {
    pthread_mutex_t mutex; /* guards everything below but the threads */
    pthread_cond_t more;
    struct query_list requests, pulls;
    size_t n_waiting;   /* requests */
    unsigned n_pulling; /* threads at a pull */
    unsigned n_before;  /* requests taken while a pull that could have gone waited */
    bool is_ready, is_stopping;
    pthread_t threads[QUERY_THREADS_MAX];
    unsigned n_threads;
};

/* Who has a stream open. */
struct stream_places {
    pthread_mutex_t mutex; /* guards v, n, and `of.who` of the streams in it */
    struct exchange **v;   /* owned, `max` of them */
    size_t n, max, per_caller;
};

struct counters {
    _Atomic uint64_t connections, connections_open, connections_refused, connections_reaped;
    _Atomic uint64_t requests, waiting, streams_open, status[6];
    _Atomic uint64_t refused[8]; /* see refused_statuses in counters.c */
};

struct bound {
    unsigned kinds;
    int fd;
    bool is_tls;
    struct http_tls *tls; /* under tls_mutex once served */
    uint16_t port;
    char *unlink_path; /* of a Unix socket that we made */
};

struct http_server {
    struct route_table routes;
    void *app;
    size_t connections_max;
    int64_t idle_us, request_us;
    struct stream_places places;
    unsigned idle_s, query_threads;
    const struct cidr *proxies; /* listed; the config's */
    size_t n_proxies;
    struct bound bound[HTTP_LISTENERS_MAX];
    pthread_mutex_t tls_mutex; /* guards bound[].tls: read at accept, replaced by a reload */
    size_t n_bound;
    struct loop
        *loops; /* n_loops for everybody, one more for the operators when they have their own */
    unsigned n_loops, n_all_loops;
    struct query_pool pool, operators_pool; /* the latter for what no agents' listener serves */
    struct source_table *sources;
    struct counters counters;
    _Atomic uint64_t news;
    atomic_bool is_stopping;
    _Atomic int64_t cut_at_us; /* when a stop cuts what is unfinished */
    pthread_t accept_thread;
    int accept_event_fd;
    atomic_bool is_accept_over;
    bool is_started;
};

/* The request is the exchange's first member; every request that a handler sees is one of ours. */
static inline struct exchange *exchange_of(struct http_request *req)
{
    return (struct exchange *)(void *)req;
}
static inline const struct exchange *exchange_of_const(const struct http_request *req)
{
    return (const struct exchange *)(const void *)req;
}

/* exchange.c: callbacks of the parser */
void *exchange_open(void *loop, const char *target, struct MHD_Connection *mhd);
enum MHD_Result exchange_step(void *loop, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **exchange);
void exchange_close(void *loop, struct MHD_Connection *mhd, void **exchange,
                    enum MHD_RequestTerminationCode why);
void exchange_free(struct exchange *x);
/* begin, on whichever thread. */
enum http_next exchange_begin(struct exchange *x);

/* send.c */
enum MHD_Result exchange_send(struct exchange *x);
/* A refusal of our own, in the route's shape where there is a route. */
void exchange_refuse(struct exchange *x, struct http_problem problem);

/* stream.c: all on the loop's thread but stream_pull */
AMBIT_CHECKED enum ambit_err stream_places_init(struct stream_places *places, size_t max,
                                                size_t per_caller);
void stream_places_done(struct stream_places *places);
struct MHD_Response *stream_response(struct exchange *x);
void stream_pull(struct exchange *x);
void stream_pulled(struct exchange *x); /* a pull came back */
void streams_look(struct loop *loop, int64_t now_us);
int64_t streams_wait_us(const struct loop *loop); /* until the next pull is due; at most TICK_US */
void stream_close(struct exchange *x);

/* query.c */
AMBIT_CHECKED enum ambit_err query_pool_start(struct query_pool *pool, unsigned n);
void query_pool_stop(struct query_pool *pool); /* the queue is empty by then */
/* BUSY when too many requests wait; pulls are always taken. */
AMBIT_CHECKED enum ambit_err query_submit(struct exchange *x);

/* loop.c */
AMBIT_CHECKED enum ambit_err loop_open(struct loop *loop, struct http_server *server);
AMBIT_CHECKED enum ambit_err loop_start(struct loop *loop);
void loop_join(struct loop *loop);
/* One of the daemons of a loop; `certificate` goes with MHD_USE_TLS. */
struct MHD_Daemon *loop_daemon(struct loop *loop, unsigned flags,
                               gnutls_certificate_retrieve_function2 *certificate);
void conn_cut(struct conn *conn); /* the daemon sees its end and closes */
void loop_close(struct loop *loop);
bool event_wake(int event_fd);                        /* any thread; of an eventfd. False: it could
                                                       * not, and is seen within TICK_US */
void loop_wake(struct loop *loop);                    /* any thread */
void loop_deal(struct loop *loop, struct conn *conn); /* any thread */
void loop_resume(struct exchange *x);                 /* any thread; no wake-up */
void loop_prepare(struct exchange *x);                /* any thread */

/* listen.c, accept.c */
AMBIT_CHECKED enum ambit_err listen_bind(const struct http_listener *listener, struct bound *ret);
void listen_close(struct bound *bound);
AMBIT_CHECKED enum ambit_err accept_start(struct http_server *server);
void accept_stop(struct http_server *server);
void conn_free(struct http_server *server,
               struct conn *conn); /* gives back its place; not the fd */

/* proxy.c */
bool proxy_is_listed(const struct http_server *server, const struct addr *peer);
/* What a listed proxy says of the caller; what anybody else says is dropped. False: it does not
 * have the form that it must have. */
AMBIT_CHECKED bool proxy_read(struct exchange *x);

/* line.c */
void line_add(struct exchange *x, int64_t now_us);
void line_flush(struct loop *loop);

/* counters.c */
void count_reply(struct counters *counters, unsigned status);
void count_refusal(struct counters *counters, unsigned status);
