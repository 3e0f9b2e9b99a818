/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: an address with port, a Unix socket path, or one handed over by the service
 * manager. All non-blocking and close-on-exec when they leave here. */
#include "http/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"

enum { BACKLOG = 1024 };

union any_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
    struct sockaddr_storage storage;
};

static enum ambit_err err_of_errno(void)
{
    return errno == EADDRINUSE || errno == EEXIST ? AMBIT_ERR_BUSY : AMBIT_ERR_IO;
}

/* "127.0.0.1:8420", "[::1]:0" */
static enum ambit_err address_decode(const char *text, union any_address *ret, socklen_t *ret_len)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    struct addr addr = {0};
    if (!colon || parse_u64(ambit_str_of(colon + 1), &port) != AMBIT_OK || port > UINT16_MAX)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str host = {.p = text, .len = (size_t)(colon - text)};
    if (host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
        host = (struct ambit_str){.p = host.p + 1, .len = host.len - 2};
    if (addr_decode(host, &addr) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;

    if (addr.family == 4) {
        ret->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        memcpy(&ret->v4.sin_addr, addr.b, 4);
        *ret_len = sizeof ret->v4;
    } else {
        ret->v6 =
            (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        memcpy(&ret->v6.sin6_addr, addr.b, 16);
        *ret_len = sizeof ret->v6;
    }
    return AMBIT_OK;
}

static enum ambit_err bind_socket(const union any_address *at, socklen_t len, int *ret_fd)
{
    FD_AUTO fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0)
        return AMBIT_ERR_IO;
    if (at->any.sa_family != AF_UNIX &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return AMBIT_ERR_IO;
    /* A socket file is made for nobody else; set_access() opens it. */
    mode_t before = umask(0177);
    bool is_bound = bind(fd, &at->any, len) == 0;
    umask(before);
    if (!is_bound || listen(fd, BACKLOG) != 0)
        return err_of_errno();

    *ret_fd = fd;
    fd = -1;
    return AMBIT_OK;
}

/* Somebody else's live socket is left alone; what nobody answers at is a leftover. */
static enum ambit_err remove_leftover(const union any_address *at, socklen_t len)
{
    struct stat st = {0};
    if (lstat(at->local.sun_path, &st) != 0)
        return errno == ENOENT ? AMBIT_OK : AMBIT_ERR_IO;
    if (!S_ISSOCK(st.st_mode))
        return AMBIT_ERR_BUSY;
    FD_AUTO fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return AMBIT_ERR_IO;
    if (connect(fd, &at->any, len) == 0 || errno != ECONNREFUSED)
        return AMBIT_ERR_BUSY;

    return unlink(at->local.sun_path) == 0 ? AMBIT_OK : AMBIT_ERR_IO;
}

/* Nobody can connect before owner and mode are what they are to be. */
static enum ambit_err set_access(const struct http_listener *listener)
{
    bool has_owner = listener->unix_owner != (uid_t)-1 || listener->unix_group != (gid_t)-1;
    if (has_owner && chown(listener->unix_path, listener->unix_owner, listener->unix_group) != 0)
        return AMBIT_ERR_REFUSED;
    /* By itself whoever reaches the folder may connect: the peer's credentials say who it is. */
    unsigned mode = listener->unix_mode ? listener->unix_mode : 0666;
    return chmod(listener->unix_path, mode) == 0 ? AMBIT_OK : AMBIT_ERR_IO;
}

static enum ambit_err bind_unix(const struct http_listener *listener, struct bound *ret)
{
    const char *path = listener->unix_path;
    union any_address at = {.local = {.sun_family = AF_UNIX}};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof at.local.sun_path)
        return AMBIT_ERR_TOO_LARGE;
    memcpy(at.local.sun_path, path, len);

    AMBIT_AUTO_FREE char *kept = strdup(path);
    if (!kept)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = remove_leftover(&at, sizeof at.local);
    if (err == AMBIT_OK)
        err = bind_socket(&at, sizeof at.local, &ret->fd);
    if (err != AMBIT_OK)
        return err;

    ret->unlink_path = TAKE(kept);
    return set_access(listener);
}

/* Inherited sockets arrive blocking. From here on it is ours, fit or not. */
static enum ambit_err take_inherited(int fd, struct bound *ret)
{
    ret->fd = fd;
    int is_listening = 0;
    socklen_t len = sizeof is_listening;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return AMBIT_ERR_IO;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) != 0 || !is_listening)
        return AMBIT_ERR_IO;
    return AMBIT_OK;
}

static bool is_near(const union any_address *at)
{
    static const uint8_t mapped[13] = {[10] = 0xff, 0xff, 127};
    const uint8_t *six = at->v6.sin6_addr.s6_addr;
    if (at->any.sa_family == AF_INET)
        return ntohl(at->v4.sin_addr.s_addr) >> 24 == 127;
    if (at->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&at->v6.sin6_addr) || memcmp(six, mapped, sizeof mapped) == 0;
    return at->any.sa_family == AF_UNIX;
}

static enum ambit_err find_port(struct bound *bound)
{
    union any_address at = {0};
    socklen_t len = sizeof at;
    if (getsockname(bound->fd, &at.any, &len) != 0)
        return AMBIT_ERR_IO;
    bound->port = 0;
    if (!bound->is_tls && !is_near(&at))
        return AMBIT_ERR_REFUSED; /* HTP-1, also of an inherited socket */
    if (at.any.sa_family == AF_INET)
        bound->port = ntohs(at.v4.sin_port);
    if (at.any.sa_family == AF_INET6)
        bound->port = ntohs(at.v6.sin6_port);
    return AMBIT_OK;
}

enum ambit_err listen_bind(const struct http_listener *listener, struct bound *ret)
{
    *ret = (struct bound){.kinds = listener->kinds, .fd = -1, .is_tls = listener->tls != NULL};
    enum ambit_err err = AMBIT_OK;
    if (listener->address) {
        union any_address at = {0};
        socklen_t len = 0;
        err = address_decode(listener->address, &at, &len);
        if (err == AMBIT_OK)
            err = bind_socket(&at, len, &ret->fd);
    } else if (listener->unix_path) {
        err = bind_unix(listener, ret);
    } else {
        err = take_inherited(listener->fd, ret);
    }
    if (err == AMBIT_OK)
        err = find_port(ret);
    return err;
}

void listen_close(struct bound *bound)
{
    if (bound->fd >= 0)
        close(bound->fd);
    bound->fd = -1;
    if (bound->unlink_path)
        (void)unlink(bound->unlink_path);
    free(bound->unlink_path);
    bound->unlink_path = NULL;
}
