/* SPDX-License-Identifier: Apache-2.0 */
/* The one JSON writer. Commas and escapes are its business; what it writes is RFC 8785 in escapes
 * and numbers. With `is_canonical` it also checks that the members of an object come in the
 * RFC 8785 order (UTF-16 code units), each once, and integers are within 2^53-1: the caller writes
 * them so. Failures are the buffer's (buf_check()): MALFORMED when text is not UTF-8, INTERNAL when
 * the order is broken or more than JSON_OUT_DEPTH - 1 containers are open. */
#pragma once

#include "base/buf.h"

struct json_value; /* base/json_read.h */

enum { JSON_OUT_DEPTH = 40 };
struct json_out {
    struct buf *buf;
    bool is_canonical;
    unsigned depth;
    bool has_member[JSON_OUT_DEPTH];
    size_t last_key[JSON_OUT_DEPTH]; /* where the last key stands in buf, for the order check; 0 =
                                        none */
    size_t last_key_len[JSON_OUT_DEPTH];
    bool last_key_is_plain[JSON_OUT_DEPTH];
};

void json_out_init(struct json_out *out, struct buf *buf, bool is_canonical);
void json_begin_object(struct json_out *out);
void json_end_object(struct json_out *out);
void json_begin_array(struct json_out *out);
void json_end_array(struct json_out *out);
void json_key_str(struct json_out *out, struct ambit_str key);
/* A key that is ASCII without quote, backslash or control. */
void json_key_plain(struct json_out *out, struct ambit_str key);
static inline void json_key(struct json_out *out, const char *key) /* a literal, and plain */
{
    json_key_plain(out, ambit_str_of(key));
}
void json_str(struct json_out *out, struct ambit_str value);
void json_text(struct json_out *out, const char *value);
void json_i64(struct json_out *out, int64_t value);
void json_bool(struct json_out *out, bool value);
void json_null(struct json_out *out);
void json_hex(struct json_out *out, const uint8_t *bytes, size_t len); /* "00ff.." */
void json_digest(struct json_out *out, struct ambit_digest digest);    /* "sha256:00ff.." */
void json_id(struct json_out *out, struct ambit_id id);                /* base64url, 22 */
void json_time_ms(struct json_out *out, int64_t unix_ms);              /* RFC 3339, ms, Z */
void json_raw(struct json_out *out,
              struct ambit_str json); /* already JSON of ours, written as is */
/* For shapes written often: more of what json_raw() began, as is; a string in the midst of it. */
static inline void json_more(struct json_out *out, struct ambit_str json)
{
    buf_put_str(out->buf, json);
}
void json_more_str(struct json_out *out, struct ambit_str value);
/* A parsed value; its members sorted when is_canonical. Non-integer numbers and duplicate names are
 * MALFORMED. Takes memory for objects of more than 32 members only. */
void json_write_value(struct json_out *out, const struct json_value *value);

/* The same, key and value, skipped when the value is absent (p == NULL / none / all zero). */
static inline void json_member_str(struct json_out *out, const char *key, struct ambit_str value)
{
    if (!value.p)
        return;
    json_key(out, key);
    json_str(out, value);
}
static inline void json_member_text(struct json_out *out, const char *key, const char *value)
{
    json_member_str(out, key, ambit_str_of(value));
}
static inline void json_member_id(struct json_out *out, const char *key, struct ambit_id id)
{
    if (ambit_id_is_none(id))
        return;
    json_key(out, key);
    json_id(out, id);
}
static inline void json_member_digest(struct json_out *out, const char *key,
                                      struct ambit_digest digest)
{
    static const struct ambit_digest none = {{0}};
    if (ambit_digest_eq(digest, none))
        return;
    json_key(out, key);
    json_digest(out, digest);
}
/* RFC 8785 order of two keys: by UTF-16 code units. */
int json_key_cmp(struct ambit_str a, struct ambit_str b);
