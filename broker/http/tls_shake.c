/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes, and the certificates they bring. See tls.h for why a waiting handshake is ours. */
#include "http/inside.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "http/tls.h"

enum { NEWS_AT_ONCE = 256, HANDSHAKE_MAX = HTTP_CERTIFICATES_BYTES + 16 * 1024 };

/* TLS 1.2 with forward secrecy and authenticated encryption alone, TLS 1.3; no SHA-1. */
static const char algorithms[] =
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-128-GCM:+AES-256-GCM:"
    "+CHACHA20-POLY1305:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:"
    "+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:"
    "+SIGN-EDDSA-ED25519:+SIGN-RSA-PSS-SHA256:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:"
    "+SIGN-RSA-SHA256:+SIGN-RSA-SHA384:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE:"
    "%SAFE_RENEGOTIATION";

/* ---- the daemon that speaks TLS -------------------------------------------------------------- */

/* Never called: each session gets credentials of its own before it reads a byte. The daemon does
 * not start without either this or a certificate. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *ca, int n_ca,
                          const gnutls_pk_algorithm_t *algos, int n_algos,
                          gnutls_pcert_st **ret_chain, unsigned *ret_n, gnutls_privkey_t *ret_key)
{
    (void)session, (void)ca, (void)n_ca, (void)algos, (void)n_algos;
    (void)ret_chain, (void)ret_n, (void)ret_key;
    return -1;
}

enum ambit_err tls_open(struct loop *loop)
{
    loop->shake_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->shake_fd < 0)
        return AMBIT_ERR_IO;
    if (gnutls_priority_init2(&loop->tls_algorithms, algorithms, NULL, 0) != GNUTLS_E_SUCCESS)
        return AMBIT_ERR_CRYPTO;
    loop->tls_daemon = loop_daemon(loop, MHD_USE_TLS, no_certificate);
    if (!loop->tls_daemon)
        return AMBIT_ERR_IO;
    const union MHD_DaemonInfo *about =
        MHD_get_daemon_info(loop->tls_daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!about)
        return AMBIT_ERR_IO;

    loop->tls_daemon_fd = about->epoll_fd;
    return AMBIT_OK;
}

void tls_close(struct loop *loop)
{
    if (loop->tls_daemon)
        MHD_stop_daemon(loop->tls_daemon);
    if (loop->tls_algorithms)
        gnutls_priority_deinit(loop->tls_algorithms);
    if (loop->shake_fd >= 0)
        close(loop->shake_fd);
}

/* ---- a handshake ----------------------------------------------------------------------------- */

void tls_begin(struct conn *conn)
{
    static const gnutls_datum_t protocol = {.data = (unsigned char *)(uintptr_t) "http/1.1",
                                            .size = sizeof "http/1.1" - 1};
    struct conn_tls *tls = conn->tls;
    const union MHD_ConnectionInfo *about =
        MHD_get_connection_info(conn->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    AMBIT_ASSERT(about && about->tls_session);
    tls->session = about->tls_session;
    tls->is_shaking = true;
    int code = gnutls_priority_set(tls->session, conn->loop->tls_algorithms);
    if (code == GNUTLS_E_SUCCESS)
        code = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->keys->credentials);
    if (code == GNUTLS_E_SUCCESS)
        code = gnutls_alpn_set_protocols(tls->session, &protocol, 1, GNUTLS_ALPN_MANDATORY);
    gnutls_handshake_set_max_packet_length(tls->session, HANDSHAKE_MAX);
    gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUEST);
    tls->is_broken = code != GNUTLS_E_SUCCESS; /* out of memory: not served half set */
}

/* Of a suspended connection; one shot, so that it is looked at once for each piece of news. */
static bool watch(const struct loop *loop, struct conn *conn, int what)
{
    bool wants_write = gnutls_record_get_direction(conn->tls->session) == 1;
    struct epoll_event event = {.events = EPOLLONESHOT | (wants_write ? EPOLLOUT : EPOLLIN),
                                .data.ptr = conn};
    return epoll_ctl(loop->shake_fd, what, conn->fd, &event) == 0;
}

void tls_wait(struct loop *loop, struct conn *conn)
{
    MHD_suspend_connection(conn->mhd);
    if (conn->tls->is_broken)
        conn_cut(conn);
    if (watch(loop, conn, EPOLL_CTL_ADD))
        return;
    /* Out of memory: nobody would tell of its end, so it ends now. */
    conn_cut(conn);
    MHD_resume_connection(conn->mhd);
    conn->tls->is_shaking = false;
}

static void add_news(struct loop *loop, struct conn *conn)
{
    struct conn_tls *tls = conn->tls;
    tls->has_news = true;
    tls->prev = NULL;
    tls->next = loop->shaken;
    if (tls->next)
        tls->next->tls->prev = conn;
    loop->shaken = conn;
}

static void drop_news(struct loop *loop, struct conn *conn)
{
    struct conn_tls *tls = conn->tls;
    if (!tls->has_news)
        return;
    *(tls->prev ? &tls->prev->tls->next : &loop->shaken) = tls->next;
    if (tls->next)
        tls->next->tls->prev = tls->prev;
    tls->has_news = false;
}

void tls_take_news(struct loop *loop)
{
    struct epoll_event events[NEWS_AT_ONCE];
    int n = epoll_wait(loop->shake_fd, events, NEWS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        struct conn *conn = events[i].data.ptr;
        add_news(loop, conn);
        MHD_resume_connection(conn->mhd);
    }
}

/* Whether the handshake is over: this text is to be had from then on. */
static bool is_shaken(gnutls_session_t session)
{
    char *words = gnutls_session_get_desc(session);
    gnutls_free(words);
    return words != NULL;
}

/* Who failed has left by now; who is through is the daemon's from here on; the rest waits again. */
void tls_settle(struct loop *loop)
{
    while (loop->shaken) {
        struct conn *conn = loop->shaken;
        drop_news(loop, conn);
        if (is_shaken(conn->tls->session)) {
            conn->tls->is_shaking = false;
            (void)epoll_ctl(loop->shake_fd, EPOLL_CTL_DEL, conn->fd, NULL);
            continue;
        }
        MHD_suspend_connection(conn->mhd);
        if (watch(loop, conn, EPOLL_CTL_MOD))
            continue;
        conn_cut(conn);
        MHD_resume_connection(conn->mhd);
        conn->tls->is_shaking = false;
    }
}

void tls_end(struct loop *loop, struct conn *conn)
{
    drop_news(loop, conn);
    if (conn->tls->is_shaking)
        (void)epoll_ctl(loop->shake_fd, EPOLL_CTL_DEL, conn->fd, NULL);
}

/* ---- what it brought ------------------------------------------------------------------------- */

void tls_fill(struct conn *conn, struct http_request *req)
{
    struct conn_tls *tls = conn->tls;
    if (!tls->has_looked) {
        unsigned n = 0;
        const gnutls_datum_t *shown = gnutls_certificate_get_peers(tls->session, &n);
        AMBIT_ASSERT(!shown || n <= HTTP_CERTIFICATES_MAX); /* bound_shown() */
        for (unsigned i = 0; shown && i < n; i++)
            tls->shown[i] =
                (struct ambit_str){.p = (const char *)shown[i].data, .len = shown[i].size};
        tls->n_shown = shown ? n : 0;
        tls->has_looked = true;
    }
    req->is_tls = true;
    req->certificates = tls->n_shown ? tls->shown : NULL;
    req->n_certificates = tls->n_shown;
}
