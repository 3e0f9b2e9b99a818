/* SPDX-License-Identifier: Apache-2.0 */
/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF), one
 * sequence at a time, and the scan over plain bytes that the JSON reader and writer share. */
#pragma once

#include "ambit/base.h"

#include <endian.h>

static inline bool utf8_is_tail(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}

/* Bytes of the sequence that begins at `p`: 1 to 4, or 0 when it is not well-formed. */
static inline size_t utf8_sequence(const char *p, size_t left)
{
    uint8_t a = left ? (uint8_t)p[0] : 0xff;
    uint8_t b = left > 1 ? (uint8_t)p[1] : 0;

    if (a < 0x80)
        return 1;
    if (a < 0xc2 || a > 0xf4 || left < 2 || !utf8_is_tail(p[1]))
        return 0;
    if (a < 0xe0)
        return 2;
    if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f))
        return 0;
    if (left < 3 || !utf8_is_tail(p[2]))
        return 0;
    if (a < 0xf0)
        return 3;
    if ((a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
        return 0;
    return left >= 4 && utf8_is_tail(p[3]) ? 4 : 0;
}

/* How many bytes from the first on are ASCII, eight at a time: it may stop up to seven early. */
static inline size_t utf8_ascii_run(const char *p, size_t len)
{
    const uint64_t high = 0x8080808080808080u;
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        uint64_t w = 0;
        memcpy(&w, p + i, 8);
        if (w & high)
            break;
    }
    return i;
}

/* The code point of a well-formed sequence of `n` bytes. */
static inline uint32_t utf8_code_point(const char *p, size_t n)
{
    const uint8_t *b = (const uint8_t *)p;

    if (n == 1)
        return b[0];
    if (n == 2)
        return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    if (n == 3)
        return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
}

/* Writes the sequence of a code point that is no surrogate; 1 to 4 bytes. */
static inline size_t utf8_put(uint32_t c, char *dst)
{
    if (c < 0x80) {
        dst[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        dst[0] = (char)(0xc0 | c >> 6);
        dst[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        dst[0] = (char)(0xe0 | c >> 12);
        dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
        dst[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    dst[0] = (char)(0xf0 | c >> 18);
    dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
    dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
    dst[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Of eight bytes, which are not plain in a JSON string: not ASCII, a control, a quote, a backslash.
 * The high bit of each such byte, the first one in the lowest place; bits above the lowest one that
 * is set mean nothing. */
static inline uint64_t json_word_faults(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t w = 0;

    memcpy(&w, p, 8);
    w = le64toh(w);
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
    return (w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & high;
}

/* How many bytes from the first on are plain. */
static inline size_t json_plain_run(const char *p, size_t len)
{
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        uint64_t faults = json_word_faults(p + i);
        if (faults)
            return i + (size_t)(__builtin_ctzll(faults) >> 3);
    }
    if (len >= 8) {
        /* The last eight, some of them looked at twice. */
        uint64_t faults = i < len ? json_word_faults(p + len - 8) : 0;
        return faults ? len - 8 + (size_t)(__builtin_ctzll(faults) >> 3) : len;
    }
    for (; i < len; i++) {
        uint8_t c = (uint8_t)p[i];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return i;
}
