/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP edge: listeners, event loops, framing gate, limits, routing, replies, streams, log line.
 * What passes to the right of it are finished requests (complete body, one value per singleton
 * header, a checked path) and what comes back are finished reply bytes.
 *
 * Life of a request. The gate judges the head before a byte of the body is read; a refusal is
 * answered and the connection closed. The body is then read up to the route's bound. `begin` runs:
 *   HTTP_FAST   on the loop's own thread: must not block, must not touch disk;
 *   HTTP_QUERY  on a query thread, the connection already suspended: may read the store.
 * It fills `reply` and returns HTTP_DONE, or it hands the work to somebody else:
 *     http_suspend(req);            FIRST: from here on no thread of ours touches the request
 *     submit(command);              its owner calls http_resume(req) exactly once, from any thread
 *     return HTTP_WAIT;
 * The begin of an HTTP_FAST route that finds out it must read long returns HTTP_LATER: it is called
 * once more, on a query thread (`user` tells it so), and then does as one of HTTP_QUERY.
 * If submitting fails after http_suspend(): fill the reply, http_resume() is NOT called, return
 * HTTP_DONE. After the resume `finish` runs on the loop's thread, may suspend and wait again, and
 * otherwise fills the reply. INVARIANT: whoever took a request resumes it, in every case, always:
 * a suspended connection does not notice its client leaving, and http_stop() waits for it.
 *
 * http_resume() only queues; http_kick() wakes the loops (one eventfd write for each loop that has
 * something queued), once after a batch. A single http_resume() + http_kick() is fine too.
 *
 * Everything in struct http_request is borrowed until the reply was sent; `done` of the route runs
 * last of all, on the loop's thread, whatever became of the request once `begin` had been called.
 *
 * Decided here: HTTP/1.1 and HTTP/1.0 (reverse proxies' side requests come in it) are taken, the
 * latter closed after its answer; HEAD goes where GET does. A refusal of framing closes the
 * connection; a refusal by the route (404, 405, media type...) reads a small body first and keeps
 * it. What the parser refuses by itself (a head beyond its memory, a broken Content-Length, no
 * HTTP/1.x at all) has its own plain page and no X-Request-ID; for a broken Content-Length it
 * writes the head of that page twice, then closes. A client gets `request_s` for a request and
 * again for reading the reply, `idle_s` of silence between; a request that waits for us is never
 * cut but by http_stop(). */
#pragma once

#include <sys/types.h>

#include "base/addr.h"
#include "base/arena.h"
#include "base/buf.h"

struct http_server;
struct http_route;
struct http_request;

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS };
/* What a listener serves; a route names the kinds it may be called on. */
enum { HTTP_AGENTS = 1, HTTP_OPERATORS = 2, HTTP_OPS = 4, HTTP_ALL = 7 };
enum http_class { HTTP_FAST, HTTP_QUERY };
enum http_next { HTTP_DONE, HTTP_WAIT, HTTP_LATER };
enum { HTTP_NO_QUERY = 1 /* flag: a query string is refused, 400 (HTP-5) */ };

enum { HTTP_HEADERS_MAX = 8, HTTP_TRACE_ID_LEN = 32, HTTP_LISTENERS_MAX = 8 };

enum { HTTP_CERTIFICATES_MAX = 8, HTTP_CERTIFICATES_BYTES = 64 * 1024 };

/* Read-only for handlers, but for `arena`, `user` and `log`. */
struct http_request {
    enum http_method method; /* HEAD arrives as HTTP_GET with is_head */
    bool is_head;
    bool is_unix;
    unsigned listener;       /* kinds of the listener it came by */
    struct ambit_str path;   /* RFC 3986 pchar without '%', no dot segment, no "//"; NUL follows */
    struct ambit_str target; /* the request target as received; NUL follows */
    struct ambit_str query;  /* after '?', raw; {NULL,0} when there is none; NUL follows */
    struct ambit_str parameter;  /* what stood for {x} in the route; never empty; else {NULL,0} */
    struct ambit_str body;       /* complete; a NUL follows that is not counted; p never NULL */
    struct ambit_str media_type; /* Content-Type without parameters, as received; {NULL,0} absent */
    struct ambit_str request_id; /* X-Request-ID (AZN-5), ours when none came; echoed by us */
    char trace_id[HTTP_TRACE_ID_LEN + 1]; /* TRC-1: theirs when valid, else fresh */
    bool trace_is_theirs;
    struct addr peer;   /* of the connection; family 0 on a Unix socket */
    struct addr source; /* who asks: `peer`, or what a listed proxy says of it; family 0 unknown */
    bool is_tls;        /* the connection is; what lies before a proxy is not known */
    /* What the client showed in its handshake, or what a listed proxy passes on (RFC 9440): leaf
     * first, then what it sent of the chain, each in DER. The holder of the leaf's key sent the
     * request; nothing else is known of it, nothing was verified: see identity/. None when none was
     * shown. */
    const struct ambit_str *certificates;
    size_t n_certificates;
    uid_t peer_uid; /* Unix socket: SO_PEERCRED, read once per connection (UNX-1); (uid_t)-1:
                       somebody whom our user namespace does not know */
    gid_t peer_gid;
    int64_t received_us; /* clock_mono_us() of the round in which the head was complete */
    const struct http_route *route;
    struct arena arena; /* freed when the request ends; the first 8 KiB cost nothing */
    void *user;         /* the handler's own, NULL at begin */
    struct {            /* optional fields of the log line; fixed texts */
        const char *verdict, *reason;
        int64_t event;
    } log;
};

/* Value of a request header, {NULL,0} when absent. `name` in lower case. These occur at most once
 * (400 otherwise): authorization, content-length, content-type, cookie, dpop, expect, host,
 * idempotency-key, last-event-id, origin, traceparent, x-request-id, and those that /forward-auth
 * reads (x-ambit-authorization, x-ambit-stated-reason, x-original-method, -uri, -host,
 * x-forwarded-method, -uri); of any other the first is returned. Leading and
 * trailing blanks are cut. NUL follows unless blanks were cut. */
struct ambit_str http_header(const struct http_request *req, const char *name);
/* As it was received: "GET", "HEAD", "POST"... */
struct ambit_str http_method_text(const struct http_request *req);

/* ---- replies ---- */
enum http_pull { HTTP_PULL_OPEN, HTTP_PULL_MORE, HTTP_PULL_END };
/* A stream of server-sent events. `pull` runs on a query thread, never twice at once for one
 * stream; it appends what there is now (bounded: aim at 64 KiB) and returns. OPEN: the next pull
 * comes after the next http_stream_wake(); MORE: as soon as what it appended was sent. What is not
 * read within `request_s` ends the stream, with an `end` message that says so, and the connection
 * after as long again. `end` runs exactly once, on the loop's thread, after the
 * last pull. */
struct http_stream {
    enum http_pull (*pull)(void *ctx, struct buf *out);
    void (*end)(void *ctx);
    void *ctx;
    struct ambit_str who; /* lives until `end`; whose streams are counted; absent: nobody's */
};
struct http_reply {
    unsigned status;          /* 0 until filled: that is answered 500 */
    const char *content_type; /* lives as long as the request, or NULL: no such header */
    struct buf body;          /* empty at begin; owned and reused by us */
    struct ambit_str fixed;   /* sent instead of `body` when p != NULL: bytes that live for ever */
    struct {
        const char *name, *value; /* live as long as the request: literals, or in req->arena */
    } headers[HTTP_HEADERS_MAX];
    size_t n_headers;
    bool close;    /* close the connection after this reply */
    bool no_store; /* Cache-Control: no-store and Pragma: no-cache (HTP-9) */
    struct http_stream stream;
};
void http_reply_header(struct http_reply *reply, const char *name, const char *value);
/* How many seconds to wait; 0 is told as 1. */
void http_reply_retry_after(struct http_request *req, struct http_reply *reply, uint32_t seconds);
/* application/json; the caller has written, or now writes, reply->body through the JSON writer. */
void http_reply_json(struct http_reply *reply, unsigned status);
void http_reply_empty(struct http_reply *reply, unsigned status);
/* A constant body, kept by the caller for ever (documents built at start). */
void http_reply_static(struct http_reply *reply, unsigned status, const char *content_type,
                       struct ambit_str body);
/* RFC 9457 (PRB-1): {"detail","reason","request","status","title"}; replaces the body.
 * `reason` and `detail` are fixed texts; either may be NULL. */
struct http_problem {
    unsigned status;
    const char *reason; /* a word: malformed, not_found, role_required, conflict, unavailable... */
    const char *detail; /* a sentence without internals */
};
void http_reply_problem(const struct http_request *req, struct http_reply *reply,
                        struct http_problem problem);
/* 200 text/event-stream. BUSY when there are `streams` already, CONFLICT when `who` has as many as
 * one caller may: nothing was taken, answer otherwise; on OK `stream.end` will be called. HEAD:
 * answered without a stream, end called at once. */
AMBIT_CHECKED enum ambit_err http_reply_stream(struct http_request *req, struct http_reply *reply,
                                               struct http_stream stream);
/* Whether there would be room for one of theirs: the same words. For who has something to do before
 * the stream is opened, which may find it taken then. */
AMBIT_CHECKED enum ambit_err http_stream_room(struct http_request *req, struct ambit_str who);
/* From any thread: there may be news for every stream. Cheap when nobody listens. */
void http_stream_wake(struct http_server *server);

/* "BUSY, FULL, SEALED..." of a command or query as a status: 400 413 404 409 501 503 500. */
unsigned http_status_of(enum ambit_err err);

/* ---- routes ---- */
struct http_route {
    enum http_method method;
    const char
        *path; /* exact, or with one {x} for a non-empty segment, or ending in {x*} for the rest */
    unsigned listeners;
    size_t body_max;        /* 0: no body is taken */
    const char *media_type; /* required of a body, parameters ignored; NULL: any */
    unsigned flags;
    enum http_class class;
    enum http_next (*begin)(void *app, struct http_request *req, struct http_reply *reply);
    enum http_next (*finish)(void *app, struct http_request *req,
                             struct http_reply *reply); /* NULL if begin never waits */
    /* After http_prepare(), between begin and finish, if time allows: fills the reply that finish
     * will most likely give. On the loop's thread; never at the same time as finish. May be NULL.
     */
    void (*prepare)(void *app, struct http_request *req, struct http_reply *reply);
    void (*done)(void *app, struct http_request *req); /* releases what `user` holds; may be NULL */
    /* The shape of our own refusals on this route (media type, size, query, overload), for
     * protocols with an own error body (HTP-10); NULL: http_reply_problem. */
    void (*refuse)(const struct http_request *req, struct http_reply *reply,
                   struct http_problem problem);
};

/* ---- TLS ---- */
/* Certificate chain and key of a listener. Borrowed paths; client_ca NULL: none. */
struct http_tls_files {
    const char *certificate, *key, *client_ca;
};
struct http_tls;
/* MALFORMED with one sentence that names the file, what it is and what was expected: unreadable,
 * not a pair, not valid now, a key that others may read. `client_ca` is only looked at. */
AMBIT_CHECKED enum ambit_err http_tls_load(const struct http_tls_files *files, int64_t now_ms,
                                           struct http_tls **ret, struct buf *reterr_said);
void http_tls_free(struct http_tls *tls);
/* Any thread: new handshakes are made with this, connections live on with what they have. */
void http_tls_replace(struct http_server *server, size_t listener,
                      struct http_tls *tls); /* TAKEs */

/* ---- the server ---- */
struct http_listener {
    const char *name;
    unsigned kinds;
    const char *address;   /* "127.0.0.1:8420", "[::1]:0"; port 0 = any; or NULL */
    const char *unix_path; /* or NULL; a socket that nobody answers at is replaced */
    unsigned unix_mode;    /* 0: 0666, whoever reaches the folder: the peer's credentials say who */
    uid_t unix_owner;      /* (uid_t)-1, (gid_t)-1: as it is made */
    gid_t unix_group;
    struct http_tls *tls; /* NULL: plain, on loopback or a Unix socket only (HTP-1); taken over by
                             http_open(), whatever it returns */
    int fd;               /* inherited (socket activation), when both are NULL; taken over */
};
struct http_config {
    const struct http_listener *listeners; /* copied */
    size_t n_listeners;
    const struct cidr *proxies; /* borrowed while the server lives: peers whose word on the caller
                                   (X-Forwarded-For, Forwarded, Client-Cert) is believed; anybody
                                   else's such fields are dropped */
    size_t n_proxies;
    const struct http_route
        *routes; /* borrowed while the server lives; also across several tables */
    size_t n_routes;
    void *app;
    unsigned loops;         /* 0: one per core, at most 16 */
    unsigned query_threads; /* of each of the two sets, 2 to 8; 0: as many as processors */
    size_t connections, connections_per_source; /* 0: 4096, 1024 */
    unsigned idle_s, request_s;                 /* 0: 30, 30 */
    size_t streams, streams_per_caller;         /* 0: 64, 8 */
};
/* Binds every listener; BUSY when an address is taken. *reterr_listener is the one that failed. */
AMBIT_CHECKED enum ambit_err http_open(const struct http_config *config, struct http_server **ret,
                                       size_t *reterr_listener);
uint16_t http_port(const struct http_server *server, size_t listener); /* 0 on a Unix socket */
/* What handlers get as `app`, when it could not be known at http_open (it needs the bound port). */
void http_set_app(struct http_server *server, void *app); /* before http_start */
AMBIT_CHECKED enum ambit_err http_start(struct http_server *server);
/* Stops accepting, answers what was begun for at most `grace_ms`, closes the rest, waits for every
 * suspended request to be resumed, joins all threads. The writer must still run (or resume all). */
void http_stop(struct http_server *server, int64_t grace_ms);
void http_close(struct http_server *server); /* after http_stop, or without http_start */

void http_suspend(
    struct http_request *req);              /* on the thread that runs begin or finish; see above */
void http_resume(struct http_request *req); /* any thread; then http_kick() */
void http_kick(struct http_server *server); /* any thread */
/* Any thread, at most once and before http_resume(): see http_route.prepare. Wakes the loop. */
void http_prepare(struct http_request *req);
/* What was prepared is not what is to be said. */
void http_reply_forget(struct http_request *req, struct http_reply *reply);

struct http_counters {
    uint64_t connections; /* accepted */
    uint64_t connections_open;
    uint64_t connections_refused; /* by a limit */
    uint64_t connections_reaped;  /* request_s passed */
    uint64_t requests;            /* that reached a verdict of the gate */
    uint64_t waiting;             /* suspended now */
    uint64_t streams_open;
    uint64_t status[6]; /* replies by class: [2] = 2xx ... */
    /* refusals of the gate and the router */
    uint64_t refused_400, refused_404, refused_405, refused_411, refused_413, refused_414,
        refused_431, refused_503;
};
void http_read_counters(const struct http_server *server, struct http_counters *ret);
