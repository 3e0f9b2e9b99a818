/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms of bytes, ids, numbers. Times and durations: encode_time.c. */
#include "base/encode.h"

#include "base/buf.h"
#include "base/utf8.h"

static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char hex_digits[] = "0123456789abcdef";

/* Value of a digit plus one, so that 0 means no digit. The two alphabets share all but their last
 * two digits. */
enum { SIXTY_TWO = 63, SIXTY_THREE = 64 };
#define LETTERS_AND_DIGITS                                                                         \
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,        \
    ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, \
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23,            \
    ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,            \
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37,            \
    ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44,            \
    ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51,            \
    ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58,            \
    ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62
static const uint8_t url_values[256] = {LETTERS_AND_DIGITS, ['-'] = SIXTY_TWO, ['_'] = SIXTY_THREE};
static const uint8_t std_values[256] = {LETTERS_AND_DIGITS, ['+'] = SIXTY_TWO, ['/'] = SIXTY_THREE};

/* Digits without padding. Refuses a lone last digit and trailing bits that are not zero, so that
 * every run of bytes has exactly one text. */
static enum ambit_err decode_digits(const uint8_t values[256], struct ambit_str text, uint8_t *dst,
                                    size_t size, size_t *ret_len)
{
    size_t tail = text.len % 4;
    size_t len = text.len / 4 * 3 + (tail ? tail - 1 : 0);
    const uint8_t *p = (const uint8_t *)text.p, *end = p + text.len - tail;
    uint32_t word = 0;

    if (tail == 1)
        return AMBIT_ERR_MALFORMED;
    if (len > size)
        return AMBIT_ERR_TOO_LARGE;
    for (; p < end; p += 4) {
        uint32_t a = values[p[0]] - 1u, b = values[p[1]] - 1u; /* no digit: all ones */
        uint32_t c = values[p[2]] - 1u, d = values[p[3]] - 1u;
        if ((a | b | c | d) > 63)
            return AMBIT_ERR_MALFORMED;
        word = a << 18 | b << 12 | c << 6 | d;
        *dst++ = (uint8_t)(word >> 16);
        *dst++ = (uint8_t)(word >> 8);
        *dst++ = (uint8_t)word;
    }
    word = 0;
    for (size_t i = 0; i < tail; i++) {
        uint32_t value = values[p[i]];
        if (value == 0)
            return AMBIT_ERR_MALFORMED;
        word = word << 6 | (value - 1);
    }
    if (tail == 2) {
        if (word & 0xf)
            return AMBIT_ERR_MALFORMED;
        *dst = (uint8_t)(word >> 4);
    } else if (tail == 3) {
        if (word & 0x3)
            return AMBIT_ERR_MALFORMED;
        dst[0] = (uint8_t)(word >> 10);
        dst[1] = (uint8_t)(word >> 2);
    }
    *ret_len = len;
    return AMBIT_OK;
}

/* Whole digits, no padding; returns where it ended. */
static char *encode_digits(const char digits[65], const uint8_t *bytes, size_t len, char *dst)
{
    for (; len >= 3; len -= 3, bytes += 3) {
        uint32_t word = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *dst++ = digits[word >> 18];
        *dst++ = digits[word >> 12 & 63];
        *dst++ = digits[word >> 6 & 63];
        *dst++ = digits[word & 63];
    }
    if (len == 1) {
        *dst++ = digits[bytes[0] >> 2];
        *dst++ = digits[(bytes[0] & 3) << 4];
    } else if (len == 2) {
        *dst++ = digits[bytes[0] >> 2];
        *dst++ = digits[(bytes[0] & 3) << 4 | bytes[1] >> 4];
        *dst++ = digits[(bytes[1] & 15) << 2];
    }
    return dst;
}

enum ambit_err base64url_decode(struct ambit_str text, uint8_t *dst, size_t size, size_t *ret_len)
{
    return decode_digits(url_values, text, dst, size, ret_len);
}

enum ambit_err base64_decode(struct ambit_str text, uint8_t *dst, size_t size, size_t *ret_len)
{
    size_t pad = 0;

    if (text.len % 4 != 0)
        return AMBIT_ERR_MALFORMED;
    while (pad < 2 && pad < text.len && text.p[text.len - 1 - pad] == '=')
        pad++;
    text.len -= pad;
    return decode_digits(std_values, text, dst, size, ret_len);
}

void base64url_encode(const uint8_t *bytes, size_t len, char *dst)
{
    encode_digits(url_digits, bytes, len, dst);
}

void base64_encode(const uint8_t *bytes, size_t len, char *dst)
{
    char *end = encode_digits(std_digits, bytes, len, dst);

    for (size_t rest = len % 3; rest != 0 && rest < 3; rest++)
        *end++ = '=';
}

void hex_encode(const uint8_t *bytes, size_t len, char *dst)
{
    for (size_t i = 0; i < len; i++) {
        *dst++ = hex_digits[bytes[i] >> 4];
        *dst++ = hex_digits[bytes[i] & 15];
    }
}

/* As above, plus one. */
static const uint8_t hex_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16};

enum ambit_err hex_decode(struct ambit_str text, uint8_t *dst, size_t len)
{
    if (text.len % 2 != 0 || text.len / 2 != len)
        return AMBIT_ERR_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        uint32_t high = hex_values[(uint8_t)text.p[2 * i]] - 1u;
        uint32_t low = hex_values[(uint8_t)text.p[2 * i + 1]] - 1u;
        if ((high | low) > 15)
            return AMBIT_ERR_MALFORMED;
        dst[i] = (uint8_t)(high << 4 | low);
    }
    return AMBIT_OK;
}

enum ambit_err digest_decode(struct ambit_str text, struct ambit_digest *ret)
{
    static const struct ambit_str prefix = {.p = "sha256:", .len = 7};

    if (text.len <= prefix.len || memcmp(text.p, prefix.p, prefix.len) != 0)
        return AMBIT_ERR_MALFORMED;
    struct ambit_str digits = {.p = text.p + prefix.len, .len = text.len - prefix.len};
    struct ambit_digest digest = {{0}};
    enum ambit_err err = hex_decode(digits, digest.b, sizeof digest.b);
    if (err != AMBIT_OK)
        return err;
    *ret = digest;
    return AMBIT_OK;
}

void id_encode(struct ambit_id id, char dst[ID_TEXT_LEN])
{
    base64url_encode(id.b, sizeof id.b, dst);
}

enum ambit_err id_decode(struct ambit_str text, struct ambit_id *ret)
{
    struct ambit_id id = {{0}};
    size_t len = 0;

    if (text.len != ID_TEXT_LEN)
        return AMBIT_ERR_MALFORMED;
    enum ambit_err err = base64url_decode(text, id.b, sizeof id.b, &len);
    if (err != AMBIT_OK)
        return err;
    *ret = id;
    return AMBIT_OK;
}

enum ambit_err parse_u64(struct ambit_str text, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
        return AMBIT_ERR_MALFORMED;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.p[i];
        if (c < '0' || c > '9')
            return AMBIT_ERR_MALFORMED;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(c - '0'), &value))
            return AMBIT_ERR_TOO_LARGE;
    }
    *ret = value;
    return AMBIT_OK;
}

enum ambit_err parse_i64(struct ambit_str text, int64_t *ret)
{
    bool is_negative = text.len && text.p[0] == '-';
    uint64_t magnitude = 0;

    if (is_negative)
        text = (struct ambit_str){.p = text.p + 1, .len = text.len - 1};
    enum ambit_err err = parse_u64(text, &magnitude);
    if (err != AMBIT_OK)
        return err;
    if (magnitude > (uint64_t)INT64_MAX + is_negative)
        return AMBIT_ERR_TOO_LARGE;
    if (is_negative && magnitude == 0)
        return AMBIT_ERR_MALFORMED;
    *ret = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return AMBIT_OK;
}

/* Whether eight bytes are digits of base64url, all at once. Sums stay within their byte, because
 * each term is below 0x80. */
static bool are_url_digits(const char *p)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t w = 0;

    memcpy(&w, p, 8);
    if (w & high)
        return false;
    uint64_t small = w | ones * 0x20;
    uint64_t letter = (small + ones * (0x80 - 'a')) & ~(small + ones * (0x80 - 'z' - 1));
    uint64_t figure = (w + ones * (0x80 - '0')) & ~(w + ones * (0x80 - '9' - 1));
    uint64_t minus = ~((w ^ ones * '-') + ones * 0x7f), under = ~((w ^ ones * '_') + ones * 0x7f);
    return ((letter | figure | minus | under) & high) == high;
}

bool is_base64url(struct ambit_str text)
{
    bool is = true;
    size_t i = 0;

    for (; text.len - i >= 8; i += 8)
        if (!are_url_digits(text.p + i))
            return false;
    for (; i < text.len; i++)
        is &= url_values[(uint8_t)text.p[i]] != 0;
    return is;
}

bool utf8_is_valid(struct ambit_str text)
{
    for (size_t i = utf8_ascii_run(text.p, text.len); i < text.len;) {
        size_t n = utf8_sequence(text.p + i, text.len - i);
        if (n == 0)
            return false;
        i += n;
        i += utf8_ascii_run(text.p + i, text.len - i);
    }
    return true;
}

bool text_has_control(struct ambit_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < text.len && (uint8_t)text.p[i + 1] < 0xa0)
            return true;
    }
    return false;
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *buf, struct ambit_str text)
{
    static const char upper[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.p[i];
        if (is_unreserved(text.p[i])) {
            buf_put_char(buf, text.p[i]);
        } else {
            char escape[3] = {'%', upper[c >> 4], upper[c & 15]};
            buf_put(buf, escape, sizeof escape);
        }
    }
}
