/* SPDX-License-Identifier: Apache-2.0 */
/* The accept thread: takes connections from every listener, enforces the limits on their number,
 * and deals them out in turn, so that no loop gets them all. */
#include "http/inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    ACCEPT_ROUND = 64,
    PAUSE_MS = 100,
    OVERFLOW_UID = 65534, /* in a user namespace: whoever is not mapped into it, so nobody */
};

void conn_free(struct http_server *server, struct conn *conn)
{
    if (!conn->is_proxy)
        source_leave(server->sources, conn->source);
    atomic_fetch_sub(&server->counters.connections_open, 1);
    if (conn->tls)
        http_tls_free(conn->tls->keys);
    free(conn->tls);
    free(conn);
}

/* What new handshakes are made with now. NULL: out of memory, or the listener is plain. */
static struct conn_tls *conn_tls_new(struct http_server *server, const struct bound *bound)
{
    struct conn_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    pthread_mutex_lock(&server->tls_mutex);
    tls->keys = bound->tls;
    atomic_fetch_add(&tls->keys->refs, 1);
    pthread_mutex_unlock(&server->tls_mutex);
    return tls;
}

static struct addr addr_of(const struct sockaddr_storage *from)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct addr addr = {0};
    if (from->ss_family == AF_INET) {
        addr.family = 4;
        memcpy(addr.b, &((const struct sockaddr_in *)from)->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const uint8_t *b = ((const struct sockaddr_in6 *)from)->sin6_addr.s6_addr;
        bool is_mapped = memcmp(b, mapped, sizeof mapped) == 0;
        addr.family = is_mapped ? 4 : 6;
        memcpy(addr.b, is_mapped ? b + sizeof mapped : b, is_mapped ? 4 : 16);
    }
    return addr;
}

/* NULL when over a limit, or when the caller at the other end cannot be named. */
static struct conn *conn_new(struct http_server *server, const struct bound *bound, int fd,
                             const struct sockaddr_storage *from)
{
    struct ucred peer = {.uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t len = sizeof peer;
    bool is_unix = from->ss_family == AF_UNIX;
    if (atomic_load(&server->counters.connections_open) >= server->connections_max)
        return NULL;
    if (is_unix && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return NULL;
    if (peer.uid == OVERFLOW_UID)
        peer.uid = (uid_t)-1;
    struct conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    *conn = (struct conn){.fd = fd,
                          .kinds = bound->kinds,
                          .is_unix = is_unix,
                          .uid = peer.uid,
                          .gid = peer.gid,
                          .peer = addr_of(from),
                          .since_us = clock_mono_us()};
    conn->source = source_of(&conn->peer, is_unix, peer.uid);
    conn->is_proxy = proxy_is_listed(server, &conn->peer);
    if (bound->is_tls && !(conn->tls = conn_tls_new(server, bound))) {
        free(conn);
        return NULL;
    }
    atomic_fetch_add(&server->counters.connections_open, 1);
    if (conn->is_proxy || source_enter(server->sources, conn->source))
        return conn;
    conn->is_proxy = true; /* did not enter */
    conn_free(server, conn);
    return NULL;
}

/* Best effort: the request was not read, so the answer may be lost with the connection. */
static void turn_away(struct http_server *server, const struct bound *bound, int fd)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                                 "Retry-After: 1\r\nContent-Length: 0\r\n\r\n";
    if (!bound->is_tls)
        (void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
    atomic_fetch_add(&server->counters.connections_refused, 1);
}

/* Operators and health checks have a loop of their own when they have a listener of their own. */
static struct loop *loop_for(struct http_server *server, const struct bound *bound, unsigned *turn)
{
    if (!(bound->kinds & HTTP_AGENTS) && server->n_all_loops > server->n_loops)
        return &server->loops[server->n_loops];
    *turn = (*turn + 1) % server->n_loops;
    return &server->loops[*turn];
}

/* False when descriptors or memory have run out. */
static bool accept_some(struct http_server *server, const struct bound *bound, unsigned *turn)
{
    for (int i = 0; i < ACCEPT_ROUND; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int one = 1;
        int fd = accept4(bound->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == ECONNABORTED)
            continue;
        if (fd < 0)
            return errno == EAGAIN || errno == EINTR;
        if (from.ss_family != AF_UNIX)
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct conn *conn = conn_new(server, bound, fd, &from);
        if (!conn) {
            turn_away(server, bound, fd);
            continue;
        }
        atomic_fetch_add_explicit(&server->counters.connections, 1, memory_order_relaxed);
        loop_deal(loop_for(server, bound, turn), conn);
    }
    return true;
}

static void *accept_main(void *arg)
{
    struct http_server *server = arg;
    struct pollfd fds[HTTP_LISTENERS_MAX + 1] = {{.fd = server->accept_event_fd, .events = POLLIN}};
    unsigned turn = 0;
    for (size_t i = 0; i < server->n_bound; i++)
        fds[i + 1] = (struct pollfd){.fd = server->bound[i].fd, .events = POLLIN};
    for (;;) {
        bool is_short = false;
        (void)poll(fds, (nfds_t)server->n_bound + 1, TICK_US / 1000);
        if (fds[0].revents || atomic_load(&server->is_accept_over))
            return NULL;
        for (size_t i = 0; i < server->n_bound; i++)
            if (fds[i + 1].revents & POLLIN)
                is_short = !accept_some(server, &server->bound[i], &turn) || is_short;
        /* Out of descriptors or memory: the listener stays readable, so wait a little. */
        if (is_short)
            (void)poll(fds, 1, PAUSE_MS);
    }
}

enum ambit_err accept_start(struct http_server *server)
{
    server->accept_event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->accept_event_fd < 0)
        return AMBIT_ERR_IO;
    if (pthread_create(&server->accept_thread, NULL, accept_main, server) != 0) {
        close(server->accept_event_fd);
        server->accept_event_fd = -1;
        return AMBIT_ERR_NO_MEMORY;
    }
    return AMBIT_OK;
}

void accept_stop(struct http_server *server)
{
    if (server->accept_event_fd < 0)
        return;
    atomic_store(&server->is_accept_over, true);
    (void)event_wake(server->accept_event_fd);
    pthread_join(server->accept_thread, NULL);
    close(server->accept_event_fd);
    server->accept_event_fd = -1;
}
