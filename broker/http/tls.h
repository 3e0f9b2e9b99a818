/* SPDX-License-Identifier: Apache-2.0 */
/* TLS within http/; the only files that see GnuTLS are those named tls*.c.
 *
 * The parser's library speaks TLS, but four things are ours. Credentials and algorithms are set on
 * each session when it begins, so that a reload touches new handshakes alone and an old connection
 * lives on with what it began with (it holds a reference). A client certificate is asked for, never
 * insisted on and never verified here (MTL-6). A handshake that waits for its client is suspended
 * and its socket watched in an epoll set of our own: the library would try it again in every round,
 * and one silent client would keep a core busy. And a handshake has `request_s` to end. */
#pragma once

#include <stdatomic.h>

#include <gnutls/abstract.h>

#include "http/http.h"

struct loop;
struct conn;

struct http_tls {
    atomic_uint refs; /* the listener's, and one of each connection */
    gnutls_certificate_credentials_t credentials;
};

/* The TLS side of a connection; its loop's, from the moment it was dealt. */
struct conn_tls {
    struct http_tls *keys;
    gnutls_session_t session;
    struct conn *prev, *next; /* of those whose socket had news this round */
    bool is_shaking, has_news, is_broken;
    bool has_looked; /* at `shown` */
    size_t n_shown;
    struct ambit_str shown[HTTP_CERTIFICATES_MAX]; /* bytes are the session's */
};

/* tls_shake.c: all on the loop's thread */
AMBIT_CHECKED enum ambit_err tls_open(struct loop *loop);
void tls_close(struct loop *loop);
/* The daemon has made the session, nothing was read yet. */
void tls_begin(struct conn *conn);
/* Behind MHD_add_connection(): waits for the client's first bytes. */
void tls_wait(struct loop *loop, struct conn *conn);
void tls_take_news(struct loop *loop); /* before the daemon's round */
void tls_settle(struct loop *loop);    /* after it */
void tls_end(struct loop *loop, struct conn *conn);
void tls_fill(struct conn *conn, struct http_request *req);
