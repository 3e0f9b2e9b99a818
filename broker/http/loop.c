/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop: a thread, a daemon without threads of its own, and the ways in from other
 * threads. Each round takes what was dealt and resumed, looks after the streams, reaps what is too
 * old once a second, lets the daemon work with timeout 0, and writes the log lines of the round at
 * once. */
#include "http/inside.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { EARLY_AT_ONCE = 8, WAKE_TRIES = 100 };

/* A wake-up that is lost is a thread that looks again only after TICK_US: it is tried some times,
 * until it is written, or the counter is full, which wakes as well. */
bool event_wake(int event_fd)
{
    for (int i = 0; i < WAKE_TRIES; i++) {
        if (eventfd_write(event_fd, 1) == 0 || errno == EAGAIN)
            return true;
        AMBIT_ASSERT(errno != EBADF && errno != EINVAL);
    }
    return false;
}

void loop_wake(struct loop *loop)
{
    if (!atomic_exchange(&loop->is_woken, true) && !event_wake(loop->event_fd))
        atomic_store(&loop->is_woken, false);
}

void loop_deal(struct loop *loop, struct conn *conn)
{
    struct conn *head = atomic_load_explicit(&loop->dealt, memory_order_relaxed);
    do
        conn->next_dealt = head;
    while (!atomic_compare_exchange_weak(&loop->dealt, &head, conn));
    loop_wake(loop);
}

void loop_resume(struct exchange *x)
{
    struct loop *loop = x->loop;
    struct exchange *head = atomic_load_explicit(&loop->resumed, memory_order_relaxed);
    do
        atomic_store_explicit(&x->next_resumed, head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&loop->resumed, &head, x));
}

void loop_prepare(struct exchange *x)
{
    struct loop *loop = x->loop;
    struct exchange *head = atomic_load_explicit(&loop->told, memory_order_relaxed);
    do
        atomic_store_explicit(&x->next_told, head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&loop->told, &head, x));
    loop_wake(loop);
}

/* ---- what other threads left ---- */

static void take_conn(struct loop *loop, struct conn *conn)
{
    /* The parser wants an address; its own limits by address are off and ours are done. */
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    conn->loop = loop;
    loop->arriving = conn;
    struct MHD_Daemon *daemon = conn->tls ? loop->tls_daemon : loop->daemon;
    if (MHD_add_connection(daemon, conn->fd, &nobody, sizeof nobody) == MHD_YES && conn->tls)
        tls_wait(loop, conn);
    if (loop->arriving) {
        /* Not taken up (memory): the daemon has closed the socket. */
        loop->arriving = NULL;
        conn_free(loop->server, conn);
    }
}

static void take_dealt(struct loop *loop)
{
    struct conn *conn = atomic_exchange(&loop->dealt, NULL), *oldest = NULL;
    while (conn) {
        struct conn *next = conn->next_dealt;
        conn->next_dealt = oldest;
        oldest = conn;
        conn = next;
    }
    while (oldest) {
        struct conn *next = oldest->next_dealt;
        take_conn(loop, oldest);
        oldest = next;
    }
}

/* ---- answers worked out while the disk works ---- */

static void early_add(struct loop *loop, struct exchange *x)
{
    x->is_early = true;
    x->next_early = NULL;
    x->prev_early = loop->last_early;
    *(loop->last_early ? &loop->last_early->next_early : &loop->early) = x;
    loop->last_early = x;
}

static void early_drop(struct loop *loop, struct exchange *x)
{
    *(x->prev_early ? &x->prev_early->next_early : &loop->early) = x->next_early;
    *(x->next_early ? &x->next_early->prev_early : &loop->last_early) = x->prev_early;
    x->is_early = false;
}

static void take_told(struct loop *loop)
{
    struct exchange *x = atomic_exchange(&loop->told, NULL);
    while (x) {
        struct exchange *next = atomic_load_explicit(&x->next_told, memory_order_relaxed);
        early_add(loop, x);
        x = next;
    }
}

/* A few, then whatever else has come is looked at again: who is resumed does not wait for those who
 * are not. */
static void prepare_some(struct loop *loop)
{
    for (int i = 0; i < EARLY_AT_ONCE && loop->early; i++) {
        struct exchange *x = loop->early;
        early_drop(loop, x);
        x->req.route->prepare(loop->server->app, &x->req, &x->reply);
    }
}

/* Whoever is resumed was told of before, and not after: taken first, each of the resumed is by then
 * among the told, or in the list, or was never there. */
static void take_resumed(struct loop *loop)
{
    struct exchange *x = atomic_exchange(&loop->resumed, NULL);
    take_told(loop);
    while (x) {
        struct exchange *next = atomic_load_explicit(&x->next_resumed, memory_order_relaxed);
        if (x->is_early)
            early_drop(loop, x); /* finish does it all */
        if (x->stream.is_pulling) {
            stream_pulled(x);
        } else {
            atomic_fetch_sub_explicit(&loop->server->counters.waiting, 1, memory_order_relaxed);
            MHD_resume_connection(x->mhd);
        }
        x = next;
    }
}

/* The daemon's word that a connection begins and ends. */
static void on_connection(void *arg, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct loop *loop = arg;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct conn *conn = TAKE(loop->arriving);
        AMBIT_ASSERT(conn);
        *context = conn;
        conn->mhd = mhd;
        conn->next = loop->conns;
        if (conn->next)
            conn->next->prev = conn;
        loop->conns = conn;
        loop->n_conns++;
        if (conn->tls)
            tls_begin(conn);
        return;
    }
    struct conn *conn = *context;
    *(conn->prev ? &conn->prev->next : &loop->conns) = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    loop->n_conns--;
    *context = NULL;
    if (conn->tls)
        tls_end(loop, conn);
    conn_free(loop->server, conn);
}

/* ---- age ---- */

/* When the present state of a connection has lasted too long; INT64_MAX while it waits for us. The
 * daemon's own timeout counts silence only: a client that sends a byte now and then never meets it.
 */
static int64_t deadline_of(const struct http_server *server, const struct conn *conn)
{
    const struct exchange *x = conn->exchange;
    if (conn->tls && conn->tls->is_shaking)
        return conn->since_us + server->request_us;
    if (!x)
        return conn->since_us + server->idle_us + server->request_us;
    switch ((enum phase)x->phase) {
    case PHASE_HEAD:
    case PHASE_BODY:
        return x->began_us + server->request_us;
    case PHASE_SENT:
        if (!x->stream.is_open)
            return x->sent_us + server->request_us;
        return x->stream.is_idle || x->stream.is_pulling
                   ? INT64_MAX
                   : x->stream.sent_us + 2 * server->request_us;
    case PHASE_QUERY:
    case PHASE_WAITING:
    case PHASE_READY:
        return INT64_MAX;
    }
    return INT64_MAX;
}

/* The daemon sees the end of file and closes; the socket stays its own. */
void conn_cut(struct conn *conn)
{
    if (conn->is_reaped)
        return;
    conn->is_reaped = true;
    (void)shutdown(conn->fd, SHUT_RDWR);
}

static void reap(struct loop *loop, int64_t now_us)
{
    for (struct conn *conn = loop->conns; conn; conn = conn->next) {
        if (conn->is_reaped || now_us < deadline_of(loop->server, conn))
            continue;
        conn_cut(conn);
        atomic_fetch_add(&loop->server->counters.connections_reaped, 1);
    }
}

/* Between requests nothing is owed; what was begun may end until the cut. */
static void drain(struct loop *loop, int64_t now_us)
{
    bool is_past = now_us >= atomic_load(&loop->server->cut_at_us);
    for (struct conn *conn = loop->conns; conn; conn = conn->next)
        if (!conn->exchange || is_past)
            conn_cut(conn);
}

/* ---- the rounds ---- */

static bool has_work(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    return daemon && MHD_get_timeout(daemon, &ms) == MHD_YES && ms == 0;
}

static int wait_ms(const struct loop *loop)
{
    if (loop->early || has_work(loop->daemon) || has_work(loop->tls_daemon))
        return 0;
    if (loop->is_draining)
        return STREAM_PAUSE_US / 1000;
    if (loop->n_conns == 0)
        return TICK_US / 1000;
    return (int)((streams_wait_us(loop) + 999) / 1000);
}

/* Before the daemon's round: what is resumed here goes out in it. */
static void look_around(struct loop *loop)
{
    int64_t now_us = loop->now_us;
    bool is_stopping = atomic_load_explicit(&loop->server->is_stopping, memory_order_relaxed);
    loop->is_draining = is_stopping;
    if (loop->n_conns == 0)
        return;

    streams_look(loop, now_us);
    if (is_stopping)
        drain(loop, now_us);
    if (now_us - loop->ticked_us >= TICK_US) {
        loop->ticked_us = now_us;
        reap(loop, now_us);
    }
}

static void run_tls(struct loop *loop)
{
    tls_take_news(loop);
    (void)MHD_run(loop->tls_daemon);
    tls_settle(loop);
}

static void *loop_main(void *arg)
{
    struct loop *loop = arg;
    struct pollfd fds[] = {{.fd = loop->daemon_fd, .events = POLLIN},
                           {.fd = loop->event_fd, .events = POLLIN},
                           {.fd = loop->tls_daemon_fd, .events = POLLIN},
                           {.fd = loop->shake_fd, .events = POLLIN}};
    nfds_t n_fds = loop->tls_daemon ? AMBIT_LEN(fds) : 2;
    while (!loop->is_draining || loop->n_conns > 0 || atomic_load(&loop->dealt)) {
        eventfd_t ignored = 0;
        if (poll(fds, n_fds, wait_ms(loop)) > 0 && fds[1].revents)
            (void)eventfd_read(loop->event_fd, &ignored);
        /* Cleared before looking: what is queued after this wakes us again. */
        atomic_store(&loop->is_woken, false);
        loop->now_us = clock_mono_us();
        take_dealt(loop);
        take_resumed(loop);
        look_around(loop);
        (void)MHD_run(loop->daemon);
        if (loop->tls_daemon)
            run_tls(loop);
        prepare_some(loop);
        line_flush(loop);
    }
    return NULL;
}

struct MHD_Daemon *loop_daemon(struct loop *loop, unsigned flags,
                               gnutls_certificate_retrieve_function2 *certificate)
{
    bool is_tls = flags & MHD_USE_TLS;
    /* MHD_ALLOW_SUSPEND_RESUME also asks for a channel between threads, which a daemon driven from
     * outside does not get. Error messages go nowhere: the edge has its own line per request. */
    return MHD_start_daemon(
        flags | MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        exchange_step, loop, MHD_OPTION_NOTIFY_COMPLETED, exchange_close, loop,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop, MHD_OPTION_URI_LOG_CALLBACK,
        exchange_open, loop, MHD_OPTION_CONNECTION_LIMIT, (unsigned)loop->server->connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, loop->server->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, is_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END,
        certificate, MHD_OPTION_TLS_NO_ALPN, 1, MHD_OPTION_END);
}

static bool wants_tls(const struct http_server *server)
{
    for (size_t i = 0; i < server->n_bound; i++)
        if (server->bound[i].is_tls)
            return true;
    return false;
}

enum ambit_err loop_open(struct loop *loop, struct http_server *server)
{
    *loop = (struct loop){.server = server, .event_fd = -1, .shake_fd = -1};
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->event_fd < 0)
        return AMBIT_ERR_IO;
    loop->daemon = loop_daemon(loop, 0, NULL);
    if (!loop->daemon)
        return AMBIT_ERR_IO;
    const union MHD_DaemonInfo *about = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!about)
        return AMBIT_ERR_IO;

    loop->daemon_fd = about->epoll_fd;
    return wants_tls(server) ? tls_open(loop) : AMBIT_OK;
}

enum ambit_err loop_start(struct loop *loop)
{
    if (pthread_create(&loop->thread, NULL, loop_main, loop) != 0)
        return AMBIT_ERR_NO_MEMORY;
    loop->is_running = true;
    return AMBIT_OK;
}

void loop_join(struct loop *loop)
{
    if (!loop->is_running)
        return;
    loop_wake(loop);
    pthread_join(loop->thread, NULL);
    loop->is_running = false;
}

void loop_close(struct loop *loop)
{
    tls_close(loop);
    if (loop->daemon)
        MHD_stop_daemon(loop->daemon);
    while (loop->free) {
        struct exchange *x = loop->free;
        loop->free = x->next_free;
        exchange_free(x);
    }
    buf_done(&loop->log);
    if (loop->event_fd >= 0)
        close(loop->event_fd);
}
