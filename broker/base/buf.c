/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes whose first failure is remembered instead of returned. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/secret.h"

enum { FIRST_CAP = 256 };

struct ambit_str buf_str(const struct buf *buf)
{
    return (struct ambit_str){.p = buf->p ? buf->p : "", .len = buf->len};
}

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_init_fixed(struct buf *buf, char *memory, size_t size)
{
    *buf = (struct buf){.p = memory, .cap = size, .max = size, .is_fixed = true};
}

void buf_done(struct buf *buf)
{
    if (!buf)
        return;
    if (!buf->is_fixed)
        free(buf->p);
    *buf = (struct buf){.max = buf->max};
}

void buf_wipe(struct buf *buf)
{
    if (buf && buf->p)
        secret_wipe(buf->p, buf->cap);
    buf_done(buf);
}

void buf_fail(struct buf *buf, enum ambit_err err)
{
    if (buf->err == AMBIT_OK)
        buf->err = err;
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->err = AMBIT_OK;
}

/* Room for `need` bytes in all, at least doubling; the old block is wiped (see buf.h). */
static bool grow(struct buf *buf, size_t need)
{
    size_t cap = buf->cap > SIZE_MAX / 2 ? SIZE_MAX : buf->cap * 2;

    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    if (cap < need)
        cap = need;
    if (buf->max && cap > buf->max)
        cap = buf->max;
    char *p = malloc(cap);
    if (!p)
        return false;
    if (buf->p) {
        memcpy(p, buf->p, buf->len);
        secret_wipe(buf->p, buf->len);
        free(buf->p);
    }
    buf->p = p;
    buf->cap = cap;
    return true;
}

char *buf_grow(struct buf *buf, size_t len)
{
    size_t need = 0;

    if (buf->err != AMBIT_OK)
        return NULL;
    if (!ambit_add(buf->len, len, &need) || (buf->max && need > buf->max) ||
        (buf->is_fixed && need > buf->cap)) {
        buf->err = AMBIT_ERR_TOO_LARGE;
        return NULL;
    }
    if ((need > buf->cap || !buf->p) && !buf->is_fixed && !grow(buf, need)) {
        buf->err = AMBIT_ERR_NO_MEMORY;
        return NULL;
    }
    return buf->p + buf->len;
}

void buf_put_i64(struct buf *buf, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    /* Negated as unsigned, so that INT64_MIN has a magnitude too. */
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buf_put(buf, digits + at, sizeof digits - at);
}

void buf_put_hex(struct buf *buf, const uint8_t *bytes, size_t len)
{
    size_t size = 0;

    if (!ambit_mul(len, 2, &size)) {
        buf_fail(buf, AMBIT_ERR_TOO_LARGE);
        return;
    }
    char *p = buf_reserve(buf, size);
    if (!p)
        return;
    hex_encode(bytes, len, p);
    buf->len += size;
}

void buf_put_base64url(struct buf *buf, const uint8_t *bytes, size_t len)
{
    if (len > SIZE_MAX / 8) {
        buf_fail(buf, AMBIT_ERR_TOO_LARGE);
        return;
    }
    char *p = buf_reserve(buf, base64url_encoded_len(len));
    if (!p)
        return;
    base64url_encode(bytes, len, p);
    buf->len += base64url_encoded_len(len);
}

void buf_put_base64(struct buf *buf, const uint8_t *bytes, size_t len)
{
    if (len > SIZE_MAX / 8) {
        buf_fail(buf, AMBIT_ERR_TOO_LARGE);
        return;
    }
    size_t size = (len + 2) / 3 * 4;
    char *p = buf_reserve(buf, size);
    if (!p)
        return;
    base64_encode(bytes, len, p);
    buf->len += size;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        buf_fail(buf, AMBIT_ERR_INTERNAL);
        return;
    }
    /* vsnprintf ends its text with a NUL that is not ours to keep: a fixed buffer need not have
     * room for it, so a text that fits exactly is printed elsewhere first. */
    char small[512];
    AMBIT_AUTO_FREE char *large = (size_t)len < sizeof small ? NULL : malloc((size_t)len + 1);
    char *text = (size_t)len < sizeof small ? small : large;
    if (!text) {
        buf_fail(buf, AMBIT_ERR_NO_MEMORY);
        return;
    }
    va_start(args, format);
    int printed = vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    if (printed != len) {
        buf_fail(buf, AMBIT_ERR_INTERNAL);
        return;
    }
    buf_put(buf, text, (size_t)len);
}
