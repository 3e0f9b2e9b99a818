/* SPDX-License-Identifier: Apache-2.0 */
/* See htu.h. One walk over the text; what is written never is longer than what was read, but for
 * the slash that stands for no path. */
#include "identity/htu.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* RFC 3986 pchar, escapes apart. */
static bool is_path_char(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("!$&'()*+,;=:@/", c));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static char take(struct ambit_str *rest)
{
    char c = rest->p[0];
    *rest = (struct ambit_str){.p = rest->p + 1, .len = rest->len - 1};
    return c;
}

static bool take_scheme(struct ambit_str *rest, struct buf *out)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < AMBIT_LEN(schemes); i++) {
        size_t n = strlen(schemes[i]), same = 0;
        while (same < n && same < rest->len && lower(rest->p[same]) == schemes[i][same])
            same++;
        if (same < n)
            continue;
        buf_put(out, schemes[i], n);
        *rest = (struct ambit_str){.p = rest->p + n, .len = rest->len - n};
        return true;
    }
    return false;
}

/* A name, an IPv4 address, or an IPv6 address in brackets; never empty. */
static bool take_host(struct ambit_str *rest, struct buf *out)
{
    size_t start = out->len;
    bool is_literal = rest->len > 0 && rest->p[0] == '[';
    if (is_literal)
        buf_put_char(out, take(rest));
    while (rest->len > 0) {
        char c = rest->p[0];
        bool is_fine = is_literal ? hex_value(c) >= 0 || c == ':' || c == '.' : is_unreserved(c);
        if (!is_fine)
            break;
        buf_put_char(out, lower(take(rest)));
    }
    if (out->len - start <= (size_t)is_literal)
        return false;
    if (!is_literal)
        return true;
    if (rest->len == 0 || rest->p[0] != ']')
        return false;
    buf_put_char(out, take(rest));
    return true;
}

static bool take_port(struct ambit_str *rest, bool is_https, struct buf *out)
{
    if (rest->len == 0 || rest->p[0] != ':')
        return true;
    (void)take(rest);
    unsigned port = 0;
    bool has_digits = rest->len > 0 && is_digit(rest->p[0]);
    while (rest->len > 0 && is_digit(rest->p[0]) && port <= UINT16_MAX)
        port = port * 10 + (unsigned)(take(rest) - '0');
    if (port > UINT16_MAX || (has_digits && port == 0))
        return false;
    if (!has_digits || port == (is_https ? 443 : 80))
        return true;
    buf_put_char(out, ':');
    buf_put_i64(out, port);
    return true;
}

/* RFC 3986 5.2.4: the segment that was just written, if it is "." or "..", goes. */
static void fold_segment(struct buf *out, size_t path_start, bool is_last)
{
    size_t slash = out->len;
    while (out->p[slash - 1] != '/')
        slash--;
    struct ambit_str segment = {.p = out->p + slash, .len = out->len - slash};
    bool is_up = ambit_str_is(segment, "..");
    if (!is_up && !ambit_str_is(segment, ".")) {
        if (!is_last)
            buf_put_char(out, '/');
        return;
    }
    out->len = slash;
    if (!is_up || slash == path_start + 1)
        return;
    out->len--;
    while (out->p[out->len - 1] != '/')
        out->len--;
}

static bool take_escaped(struct ambit_str *rest, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    if (rest->len < 2)
        return false;
    int high = hex_value(take(rest)), low = hex_value(take(rest));
    if (high < 0 || low < 0)
        return false;
    char c = (char)(high * 16 + low);
    if (is_unreserved(c)) {
        buf_put_char(out, c);
        return true;
    }
    buf_put_char(out, '%');
    buf_put_char(out, digits[high]);
    buf_put_char(out, digits[low]);
    return true;
}

static bool take_path(struct ambit_str *rest, struct buf *out)
{
    size_t path_start = out->len;
    buf_put_char(out, '/');
    if (rest->len > 0 && rest->p[0] == '/')
        (void)take(rest);
    else if (rest->len > 0 && rest->p[0] != '?' && rest->p[0] != '#')
        return false;
    while (rest->len > 0 && rest->p[0] != '?' && rest->p[0] != '#') {
        char c = take(rest);
        if (c == '/')
            fold_segment(out, path_start, false);
        else if (c == '%' ? !take_escaped(rest, out) : !is_path_char(c))
            return false;
        else if (c != '%')
            buf_put_char(out, c);
        if (buf_check(out))
            return false;
    }
    fold_segment(out, path_start, true);
    return true;
}

/* Cut off, and still no place for what an address cannot hold. */
static bool is_rest_fine(struct ambit_str rest)
{
    for (size_t i = 0; i < rest.len; i++)
        if (rest.p[i] <= ' ' || rest.p[i] >= 0x7f)
            return false;
    return true;
}

enum ambit_err htu_normalise(struct ambit_str uri, struct arena *arena, struct ambit_str *ret)
{
    struct buf out;
    struct ambit_str rest = uri;
    if (uri.len > HTU_BYTES)
        return AMBIT_ERR_MALFORMED;
    char *memory = arena_alloc(arena, uri.len + 2);
    if (!memory)
        return AMBIT_ERR_NO_MEMORY;
    buf_init_fixed(&out, memory, uri.len + 2);
    if (!take_scheme(&rest, &out))
        return AMBIT_ERR_MALFORMED;
    bool is_https = out.len == sizeof "https://" - 1;
    bool is_fine = take_host(&rest, &out) && take_port(&rest, is_https, &out) &&
                   take_path(&rest, &out) && is_rest_fine(rest) && buf_check(&out) == AMBIT_OK;
    if (!is_fine)
        return AMBIT_ERR_MALFORMED;
    *ret = buf_str(&out);
    return AMBIT_OK;
}

struct ambit_str htu_origin(struct ambit_str normal)
{
    size_t at = sizeof "http://" - 1;
    while (at < normal.len && (normal.p[at] != '/' || normal.p[at - 1] == '/'))
        at++;
    return (struct ambit_str){.p = normal.p, .len = at < normal.len ? at : normal.len};
}
