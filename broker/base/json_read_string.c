/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: borrowed from the text where nothing is escaped, else unescaped into the arena. UTF-8
 * and surrogates are checked on the way. */
#include "base/json_reader.h"
#include "base/utf8.h"

/* The first quote, backslash, control byte or broken sequence from `p` on. */
static const char *skip_text(const char *p, const char *end)
{
    for (;;) {
        p += json_plain_run(p, (size_t)(end - p));
        if (p == end || (uint8_t)*p < 0x80)
            return p;
        size_t n = utf8_sequence(p, (size_t)(end - p));
        if (n == 0)
            return p;
        p += n;
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at `p`, or -1. */
static int32_t read_unit(const char *p, const char *end)
{
    int32_t unit = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* \uXXXX, with its second half where it is a high surrogate. r->p is after the 'u'. */
static size_t read_escaped_point(struct json_reader *r, char dst[4])
{
    int32_t unit = read_unit(r->p, r->end);

    if (unit < 0) {
        json_reader_fail(r, r->p, "broken escape", "four hex digits");
        return 0;
    }
    r->p += 4;
    if (unit >= 0xd800 && unit < 0xdc00) {
        int32_t low = -1;
        if (r->end - r->p >= 2 && r->p[0] == '\\' && r->p[1] == 'u')
            low = read_unit(r->p + 2, r->end);
        if (low < 0xdc00 || low > 0xdfff) {
            json_reader_fail(r, r->p, "lone surrogate", "the second half of the pair");
            return 0;
        }
        r->p += 6;
        return utf8_put(0x10000 + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00),
                        dst);
    }
    if (unit >= 0xdc00 && unit < 0xe000) {
        json_reader_fail(r, r->p, "lone surrogate", "the first half of the pair before it");
        return 0;
    }
    return utf8_put((uint32_t)unit, dst);
}

/* One escape, r->p after its backslash; bytes written, 0 when it is refused. */
static size_t read_escape(struct json_reader *r, char dst[4])
{
    static const char plain[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

    char c = r->p < r->end ? *r->p : 0;
    if (c == 'u') {
        r->p++;
        return read_escaped_point(r, dst);
    }
    dst[0] = plain[(uint8_t)c];
    if (dst[0] == 0) {
        json_reader_fail(r, r->p, "unknown escape", "one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
        return 0;
    }
    r->p++;
    return 1;
}

/* Where the closing quote stands, or the end of the text. Escapes are stepped over, not judged. */
static const char *find_quote(const char *p, const char *end)
{
    while (p < end && *p != '"')
        p += *p == '\\' && end - p > 1 ? 2 : 1;
    return p;
}

static bool refuse_byte(struct json_reader *r)
{
    if (r->p == r->end)
        json_reader_fail(r, r->p, "the string does not end", "'\"'");
    else if ((uint8_t)*r->p < 0x20)
        json_reader_fail(r, r->p, "control byte in a string", "an escape");
    else
        json_reader_fail(r, r->p, "not UTF-8", "UTF-8 text");
    return false;
}

/* The rest of a string from its first backslash on; what precedes it, from `start`, is plain. */
static bool read_escaped(struct json_reader *r, const char *start, struct ambit_str *ret)
{
    /* Unescaping never lengthens: 2 to 6 bytes become 1 to 3, 12 become 4. */
    char *out = arena_alloc(r->arena, (size_t)(find_quote(r->p, r->end) - start) + 1);
    size_t len = 0;

    if (!out) {
        json_reader_fail_memory(r);
        return false;
    }
    for (const char *from = start;; from = r->p) {
        r->p = skip_text(r->p, r->end);
        memcpy(out + len, from, (size_t)(r->p - from));
        len += (size_t)(r->p - from);
        if (r->p < r->end && *r->p == '"')
            break;
        if (r->p == r->end || *r->p != '\\')
            return refuse_byte(r);
        r->p++;
        char point[4] = {0};
        size_t n = read_escape(r, point);
        if (n == 0)
            return false;
        memcpy(out + len, point, n);
        len += n;
    }
    r->p++;
    *ret = (struct ambit_str){.p = out, .len = len};
    return true;
}

bool json_reader_string(struct json_reader *r, struct ambit_str *ret)
{
    const char *start = ++r->p;

    r->p = skip_text(r->p, r->end);
    if (r->p == r->end)
        return refuse_byte(r);
    if (*r->p == '\\')
        return read_escaped(r, start, ret);
    if (*r->p != '"')
        return refuse_byte(r);
    *ret = (struct ambit_str){.p = start, .len = (size_t)(r->p - start)};
    r->p++;
    return true;
}
