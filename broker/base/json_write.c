/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: punctuation, escapes and the order of members. A comma is due before a value or
 * key when `has_member` is set; a key clears it, so that its own value writes none. */
#include "base/json_write.h"

#include "base/encode.h"
#include "base/utf8.h"

static const int64_t LARGEST_INTEGER = 9007199254740991; /* 2^53-1, RFC 8785 section 3.2.2.3 */

void json_out_init(struct json_out *out, struct buf *buf, bool is_canonical)
{
    out->buf = buf;
    out->is_canonical = is_canonical;
    out->depth = 0;
    out->has_member[0] = false;
    out->last_key[0] = 0;
}

/* The comma that is due before what comes next, or 0. */
static char comma(struct json_out *out)
{
    if (out->depth >= JSON_OUT_DEPTH)
        return 0;
    bool is_due = out->has_member[out->depth];
    out->has_member[out->depth] = true;
    return is_due ? ',' : 0;
}

static void put_comma(struct json_out *out)
{
    if (comma(out))
        buf_put_char(out->buf, ',');
}

static void begin(struct json_out *out, char c)
{
    put_comma(out);
    buf_put_char(out->buf, c);
    out->depth++;
    if (out->depth >= JSON_OUT_DEPTH) {
        buf_fail(out->buf, AMBIT_ERR_INTERNAL);
        return;
    }
    out->has_member[out->depth] = false;
    out->last_key[out->depth] = 0;
}

static void end(struct json_out *out, char c)
{
    AMBIT_ASSERT(out->depth > 0);
    out->depth--;
    buf_put_char(out->buf, c);
}

void json_begin_object(struct json_out *out)
{
    begin(out, '{');
}

void json_end_object(struct json_out *out)
{
    end(out, '}');
}

void json_begin_array(struct json_out *out)
{
    begin(out, '[');
}

void json_end_array(struct json_out *out)
{
    end(out, ']');
}

/* RFC 8785 section 3.2.2.2: the five short escapes, \" and \\, the other controls as \u00xx. */
static void put_escape(struct buf *buf, uint8_t c)
{
    static const char short_form[256] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\t'] = 't',
                                         ['\n'] = 'n', ['\f'] = 'f',  ['\r'] = 'r'};
    static const char digits[] = "0123456789abcdef";

    if (short_form[c]) {
        char text[2] = {'\\', short_form[c]};
        buf_put(buf, text, sizeof text);
    } else {
        char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        buf_put(buf, text, sizeof text);
    }
}

/* The inside of a string whose first byte that is not plain stands at `at`. */
static void put_difficult(struct buf *buf, struct ambit_str s, size_t at)
{
    size_t from = 0;

    while (at < s.len) {
        uint8_t c = (uint8_t)s.p[at];
        if (c >= 0x80) {
            size_t n = utf8_sequence(s.p + at, s.len - at);
            if (n == 0) {
                buf_fail(buf, AMBIT_ERR_MALFORMED);
                return;
            }
            at += n;
        } else {
            buf_put(buf, s.p + from, at - from);
            put_escape(buf, c);
            from = ++at;
        }
        at += json_plain_run(s.p + at, s.len - at);
    }
    buf_put(buf, s.p + from, s.len - from);
}

/* A plain text with its quotes, in one go. */
static inline void put_plain(struct buf *buf, char before, struct ambit_str s, char behind)
{
    size_t size = 0;
    char *p =
        ambit_add(s.len, (size_t)2 + !!before + !!behind, &size) ? buf_reserve(buf, size) : NULL;
    if (!p)
        return;
    if (before)
        *p++ = before;
    *p++ = '"';
    if (s.len)
        memcpy(p, s.p, s.len);
    p[s.len] = '"';
    if (behind)
        p[s.len + 1] = behind;
    buf->len += size;
}

/* A string with its quotes, and what stands before and behind it: 0 is nothing. In one go when the
 * text is plain, as nearly all of it is. */
static void put_quoted(struct buf *buf, char before, struct ambit_str s, char behind)
{
    size_t plain = json_plain_run(s.p, s.len);

    if (plain == s.len) {
        put_plain(buf, before, s, behind);
        return;
    }
    if (before)
        buf_put_char(buf, before);
    buf_put_char(buf, '"');
    put_difficult(buf, s, plain);
    buf_put_char(buf, '"');
    if (behind)
        buf_put_char(buf, behind);
}

/* ---- the order of members ---- */

/* A code point such that plain comparison gives the order of UTF-16 code units: what is written as
 * a surrogate pair comes before U+E000 and after U+D7FF. */
static uint32_t utf16_rank(uint32_t point)
{
    if (point >= 0x10000)
        return point - 0x10000 + 0xd800;
    return point >= 0xe000 ? point + 0x100000 : point;
}

/* The next code point of a key as the writer left it in the buffer, its escapes undone. */
static uint32_t next_written(const char **p, const char *end)
{
    static const char meant[256] = {['"'] = '"',  ['\\'] = '\\', ['b'] = '\b', ['t'] = '\t',
                                    ['n'] = '\n', ['f'] = '\f',  ['r'] = '\r'};
    const char *at = *p;

    if (*at == '\\' && at[1] == 'u') {
        uint8_t byte = 0;
        enum ambit_err err = hex_decode((struct ambit_str){.p = at + 4, .len = 2}, &byte, 1);
        AMBIT_ASSERT(err == AMBIT_OK);
        *p += 6;
        return byte;
    }
    if (*at == '\\') {
        *p += 2;
        return (uint32_t)meant[(uint8_t)at[1]];
    }
    size_t n = utf8_sequence(at, (size_t)(end - at));
    AMBIT_ASSERT(n > 0);
    *p += n;
    return utf8_code_point(at, n);
}

/* Whether the key written as `a` comes before the one written as `b`. */
static bool is_before(struct ambit_str a, struct ambit_str b)
{
    const char *p = a.p, *q = b.p;
    const char *p_end = a.p + a.len, *q_end = b.p + b.len;

    while (p < p_end && q < q_end) {
        uint32_t x = utf16_rank(next_written(&p, p_end)), y = utf16_rank(next_written(&q, q_end));
        if (x != y)
            return x < y;
    }
    return p == p_end && q < q_end;
}

/* Of ASCII without escapes, as nearly every key is, the bytes are the code units. */
static inline bool is_before_plain(struct ambit_str a, struct ambit_str b)
{
    if (a.len && b.len && a.p[0] != b.p[0])
        return a.p[0] < b.p[0];
    return ambit_str_cmp(a, b) < 0;
}

/* `start` is where the key's opening quote was written; behind its closing one stands the colon. */
static void check_order(struct json_out *out, size_t start, bool is_plain)
{
    const struct buf *buf = out->buf;
    unsigned d = out->depth;

    if (buf->err != AMBIT_OK || d >= JSON_OUT_DEPTH)
        return;
    size_t key = start + 1, len = buf->len - start - 3;
    struct ambit_str last = {.p = buf->p + out->last_key[d], .len = out->last_key_len[d]};
    struct ambit_str now = {.p = buf->p + key, .len = len};
    bool is_in_order =
        !out->last_key[d] ||
        (is_plain && out->last_key_is_plain[d] ? is_before_plain(last, now) : is_before(last, now));
    if (!is_in_order)
        buf_fail(out->buf, AMBIT_ERR_INTERNAL);
    out->last_key[d] = key;
    out->last_key_len[d] = len;
    out->last_key_is_plain[d] = is_plain;
}

void json_key_str(struct json_out *out, struct ambit_str key)
{
    char before = comma(out);
    size_t start = out->buf->len + (before != 0);
    put_quoted(out->buf, before, key, ':');
    if (out->is_canonical)
        check_order(out, start, json_plain_run(key.p, key.len) == key.len);
    if (out->depth < JSON_OUT_DEPTH)
        out->has_member[out->depth] = false;
}

void json_key_plain(struct json_out *out, struct ambit_str key)
{
    char before = comma(out);
    size_t start = out->buf->len + (before != 0);
    put_plain(out->buf, before, key, ':');
    if (out->is_canonical)
        check_order(out, start, true);
    if (out->depth < JSON_OUT_DEPTH)
        out->has_member[out->depth] = false;
}

/* ---- values ---- */

void json_str(struct json_out *out, struct ambit_str value)
{
    put_quoted(out->buf, comma(out), value, 0);
}

void json_text(struct json_out *out, const char *value)
{
    json_str(out, ambit_str_of(value));
}

void json_i64(struct json_out *out, int64_t value)
{
    put_comma(out);
    if (out->is_canonical && (value > LARGEST_INTEGER || value < -LARGEST_INTEGER))
        buf_fail(out->buf, AMBIT_ERR_MALFORMED);
    buf_put_i64(out->buf, value);
}

void json_bool(struct json_out *out, bool value)
{
    put_comma(out);
    buf_put_text(out->buf, value ? "true" : "false");
}

void json_null(struct json_out *out)
{
    put_comma(out);
    buf_put_text(out->buf, "null");
}

void json_raw(struct json_out *out, struct ambit_str json)
{
    put_comma(out);
    buf_put_str(out->buf, json);
}

void json_more_str(struct json_out *out, struct ambit_str value)
{
    put_quoted(out->buf, 0, value, 0);
}

void json_hex(struct json_out *out, const uint8_t *bytes, size_t len)
{
    put_comma(out);
    buf_put_char(out->buf, '"');
    buf_put_hex(out->buf, bytes, len);
    buf_put_char(out->buf, '"');
}

void json_digest(struct json_out *out, struct ambit_digest digest)
{
    char text[7 + HEX_DIGEST_LEN];

    memcpy(text, "sha256:", 7);
    hex_encode(digest.b, sizeof digest.b, text + 7);
    json_str(out, (struct ambit_str){.p = text, .len = sizeof text});
}

void json_id(struct json_out *out, struct ambit_id id)
{
    char text[ID_TEXT_LEN];

    id_encode(id, text);
    json_str(out, (struct ambit_str){.p = text, .len = sizeof text});
}

void json_time_ms(struct json_out *out, int64_t unix_ms)
{
    char text[TIME_TEXT_LEN];

    time_encode(unix_ms, text);
    json_str(out, (struct ambit_str){.p = text, .len = sizeof text});
}
