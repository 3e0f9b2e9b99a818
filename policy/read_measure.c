/* SPDX-License-Identifier: Apache-2.0 */
/* Values that measure or identify: durations, instants, digests. */
#include "policy/read.h"

#include "base/buf.h"
#include "base/encode.h"
#include "policy/shape.h"

enum { SHA256_BASE64URL = 43 };

static void put(void *target, const struct field *field, const void *value, size_t size)
{
    memcpy((char *)target + field->at, value, size);
}

/* In the largest unit that divides it. */
static void put_duration(struct buf *buf, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (seconds % units[i].seconds)
        i++;
    buf_put_i64(buf, seconds / units[i].seconds);
    buf_put_char(buf, units[i].unit);
}

void read_duration(struct reading *reading, const struct place *at, const struct field *field,
                   void *target)
{
    int64_t seconds = 0;
    const struct json_value *value = at->value;
    if (value->kind == JSON_STRING && duration_decode(value->text, &seconds) == AMBIT_OK &&
        seconds >= field->min && seconds <= field->max) {
        put(target, field, &seconds, sizeof seconds);
        return;
    }
    char expected[96];
    struct buf buf;
    buf_init_fixed(&buf, expected, sizeof expected);
    buf_put_text(&buf, "a duration such as 90s, 15m, 8h or 2d, from ");
    put_duration(&buf, field->min);
    buf_put_text(&buf, " to ");
    put_duration(&buf, field->max);
    buf_put_char(&buf, '\0');
    AMBIT_ASSERT(buf_check(&buf) == AMBIT_OK);
    complain_found(reading, at, expected);
}

void read_instant(struct reading *reading, const struct place *at, const struct field *field,
                  void *target)
{
    int64_t ms = 0;
    if (at->value->kind == JSON_STRING && time_decode(at->value->text, &ms) == AMBIT_OK)
        put(target, field, &ms, sizeof ms);
    else
        complain_found(reading, at, "an RFC 3339 instant such as 2027-03-31T00:00:00Z");
}

void read_hex_digest(struct reading *reading, const struct place *at, const struct field *field,
                     void *target)
{
    struct ambit_digest digest;
    struct ambit_str text = at->value->text;
    if (at->value->kind == JSON_STRING && text.len == HEX_DIGEST_LEN &&
        hex_decode(text, digest.b, sizeof digest.b) == AMBIT_OK)
        put(target, field, &digest, sizeof digest);
    else /* what stands there may be the secret itself: it is not repeated */
        complain(reading, at, "not a SHA-256",
                 "the SHA-256 of the secret, 64 lower-case hex digits");
}

void read_thumbprint(struct reading *reading, const struct place *at, const struct field *field,
                     void *target)
{
    struct ambit_digest digest;
    size_t len = 0;
    struct ambit_str text = at->value->text;
    if (at->value->kind == JSON_STRING && text.len == SHA256_BASE64URL &&
        base64url_decode(text, digest.b, sizeof digest.b, &len) == AMBIT_OK)
        put(target, field, &digest, sizeof digest);
    else
        complain_found(reading, at, "the SHA-256 of the certificate in base64url, 43 characters");
}

void read_digest(struct reading *reading, const struct place *at, const struct field *field,
                 void *target)
{
    struct ambit_digest digest;
    if (at->value->kind == JSON_STRING && digest_decode(at->value->text, &digest) == AMBIT_OK)
        put(target, field, &digest, sizeof digest);
    else
        complain_found(reading, at, shape_digest.expected);
}
