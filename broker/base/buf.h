/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes. Appending never fails at the call: the buffer remembers that it failed
 * (out of memory, or past `max`) and stays as it was; buf_check() at the end tells. So a writer is
 * a straight line of appends with one check. Zero-initialise, or buf_init(). A block that was
 * outgrown is wiped, so that buf_wipe() leaves nothing of a secret behind. */
#pragma once

#include "ambit/base.h"

struct buf {
    char *p;            /* owned; not NUL-terminated */
    size_t len;         /* bytes used */
    size_t cap;         /* bytes allocated */
    size_t max;         /* 0 = no bound */
    bool is_fixed;      /* p is borrowed from the caller and never grown */
    enum ambit_err err; /* first failure, sticky */
};

void buf_init(struct buf *buf, size_t max);
/* Writes into memory of the caller's; never allocates. */
void buf_init_fixed(struct buf *buf, char *memory, size_t size);
void buf_done(struct buf *buf); /* frees; NULL and half-built are fine */
void buf_wipe(struct buf *buf); /* the same, contents cleansed first: for secrets */
/* Remembers `err` unless an earlier failure stands: for writers that refuse a value. */
void buf_fail(struct buf *buf, enum ambit_err err);
void buf_reset(struct buf *buf); /* len = 0, err = OK, memory kept */
/* Makes room for `len` more bytes and returns where they go, or NULL (failure remembered); the
 * caller then adds to buf->len what it wrote. */
char *buf_grow(struct buf *buf, size_t len); /* of buf_reserve() alone */
static inline char *buf_reserve(struct buf *buf, size_t len)
{
    if (buf->err == AMBIT_OK && buf->p && len <= buf->cap - buf->len)
        return buf->p + buf->len; /* nearly always; cap never exceeds max */
    return buf_grow(buf, len);
}
static inline void buf_put(struct buf *buf, const void *bytes, size_t len)
{
    char *p = len ? buf_reserve(buf, len) : NULL;
    if (!p)
        return;
    memcpy(p, bytes, len);
    buf->len += len;
}
static inline void buf_put_str(struct buf *buf, struct ambit_str s)
{
    buf_put(buf, s.p, s.len);
}
static inline void buf_put_char(struct buf *buf, char c)
{
    if (buf->err == AMBIT_OK && buf->len < buf->cap)
        buf->p[buf->len++] = c;
    else
        buf_put(buf, &c, 1);
}
static inline void buf_put_text(struct buf *buf, const char *text) /* NUL-terminated */
{
    buf_put(buf, text, strlen(text));
}
void buf_put_i64(struct buf *buf, int64_t value); /* decimal */
void buf_put_hex(struct buf *buf, const uint8_t *bytes, size_t len);
void buf_put_base64url(struct buf *buf, const uint8_t *bytes, size_t len); /* no padding */
void buf_put_base64(struct buf *buf, const uint8_t *bytes, size_t len); /* RFC 4648 with padding */
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *buf, const char *format, ...);
struct ambit_str buf_str(const struct buf *buf);
AMBIT_CHECKED static inline enum ambit_err buf_check(const struct buf *buf)
{
    return buf->err;
}
#define BUF_AUTO AMBIT_CLEANUP(buf_done) struct buf
