/* SPDX-License-Identifier: Apache-2.0 */
/* Event loops for the anchors. */
#include "bench/loop.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS = 2, BACKLOG = 1024, CONNECTIONS = 4096, DEALT_AT_ONCE = 64 };

struct bench_loop {
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int daemon_fd, event_fd, dealt[2];
    pthread_mutex_t mutex; /* guards resumed */
    struct bench_wait *resumed;
};

static struct bench_loop loops[LOOPS];
static atomic_bool is_over;

static void must(bool claim, const char *what)
{
    if (claim)
        return;
    perror(what);
    exit(1);
}

/* ---- waiting ---- */

void bench_suspend(struct bench_wait *wait, void *arg, struct MHD_Connection *connection)
{
    wait->loop = arg;
    wait->connection = connection;
    MHD_suspend_connection(connection);
}

void bench_resume(struct bench_wait *wait)
{
    struct bench_loop *loop = wait->loop;
    pthread_mutex_lock(&loop->mutex);
    wait->next = loop->resumed;
    loop->resumed = wait;
    pthread_mutex_unlock(&loop->mutex);
}

void bench_kick(void)
{
    for (size_t i = 0; i < LOOPS; i++)
        (void)eventfd_write(loops[i].event_fd, 1);
}

static void take_resumed(struct bench_loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    struct bench_wait *wait = loop->resumed;
    loop->resumed = NULL;
    pthread_mutex_unlock(&loop->mutex);
    while (wait) {
        struct bench_wait *next = wait->next;
        MHD_resume_connection(wait->connection);
        wait = next;
    }
}

/* ---- rounds ---- */

static void take_dealt(struct bench_loop *loop)
{
    int fds[DEALT_AT_ONCE];
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    ssize_t n = read(loop->dealt[0], fds, sizeof fds);
    for (ssize_t i = 0; i < n / (ssize_t)sizeof *fds; i++)
        (void)MHD_add_connection(loop->daemon, fds[i], &nobody, sizeof nobody);
}

static void *loop_main(void *arg)
{
    struct bench_loop *loop = arg;
    struct pollfd fds[3] = {{.fd = loop->daemon_fd, .events = POLLIN},
                            {.fd = loop->event_fd, .events = POLLIN},
                            {.fd = loop->dealt[0], .events = POLLIN}};
    while (!atomic_load(&is_over)) {
        MHD_UNSIGNED_LONG_LONG ms = 0;
        bool has_more = MHD_get_timeout(loop->daemon, &ms) == MHD_YES && ms == 0;
        (void)poll(fds, 3, has_more ? 0 : -1);
        eventfd_t ignored = 0;
        if (fds[1].revents)
            (void)eventfd_read(loop->event_fd, &ignored);
        if (fds[2].revents)
            take_dealt(loop);
        take_resumed(loop);
        (void)MHD_run(loop->daemon);
    }
    return NULL;
}

enum MHD_Result bench_reply(struct MHD_Connection *connection, unsigned status, const char *bytes,
                            size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(size_t)bytes, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    enum MHD_Result queued = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- life ---- */

static void loop_start(struct bench_loop *loop, MHD_AccessHandlerCallback handler,
                       MHD_RequestCompletedCallback completed)
{
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(loop->event_fd >= 0 && pipe(loop->dealt) == 0, "eventfd, pipe");
    pthread_mutex_init(&loop->mutex, NULL);
    loop->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
                         NULL, NULL, handler, loop, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_END);
    must(loop->daemon, "MHD_start_daemon");
    loop->daemon_fd = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    must(pthread_create(&loop->thread, NULL, loop_main, loop) == 0, "pthread_create");
}

static int listen_anywhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, BACKLOG) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "listen");
    printf("listening %d\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

static void deal(int listen_fd)
{
    static size_t turn;
    int one = 1, fd = -1;
    while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        must(write(loops[turn++ % LOOPS].dealt[1], &fd, sizeof fd) == sizeof fd, "write");
    }
}

int bench_serve(MHD_AccessHandlerCallback handler, MHD_RequestCompletedCallback completed)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* in every thread to come */
    (void)signal(SIGPIPE, SIG_IGN);
    int signal_fd = signalfd(-1, &ends, SFD_CLOEXEC);
    for (size_t i = 0; i < LOOPS; i++)
        loop_start(&loops[i], handler, completed);

    int listen_fd = listen_anywhere();
    struct pollfd fds[2] = {{.fd = listen_fd, .events = POLLIN},
                            {.fd = signal_fd, .events = POLLIN}};
    while (!fds[1].revents) {
        (void)poll(fds, 2, -1);
        deal(listen_fd);
    }
    atomic_store(&is_over, true);
    bench_kick();
    for (size_t i = 0; i < LOOPS; i++)
        pthread_join(loops[i].thread, NULL);
    return 0; /* what is still open the end of the process closes */
}
