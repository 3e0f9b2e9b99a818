/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms of bytes, ids, numbers and times. Decoders take the whole string or refuse. */
#pragma once

#include <endian.h>

#include "ambit/base.h"

enum { HEX_DIGEST_LEN = 64, ID_TEXT_LEN = 22, TIME_TEXT_LEN = 24 /* 2026-11-20T10:00:00.123Z */ };

/* Strict base64url without padding, canonical trailing bits (JWS-1). dst may hold
 * base64url_decoded_max(len). */
AMBIT_CHECKED enum ambit_err base64url_decode(struct ambit_str text, uint8_t *dst, size_t size,
                                              size_t *ret_len);
/* RFC 4648 section 4 with padding, strict. */
AMBIT_CHECKED enum ambit_err base64_decode(struct ambit_str text, uint8_t *dst, size_t size,
                                           size_t *ret_len);
bool is_base64url(struct ambit_str text); /* digits alone; the empty text too */
static inline size_t base64url_decoded_max(size_t len)
{
    return len / 4 * 3 + 3;
}
static inline size_t base64url_encoded_len(size_t len)
{
    return (len * 4 + 2) / 3;
}
void base64url_encode(const uint8_t *bytes, size_t len,
                      char *dst); /* exactly base64url_encoded_len, no NUL */
void base64_encode(const uint8_t *bytes, size_t len, char *dst); /* (len+2)/3*4, padded, no NUL */
void hex_encode(const uint8_t *bytes, size_t len, char *dst);    /* 2*len, no NUL */
AMBIT_CHECKED enum ambit_err hex_decode(struct ambit_str text, uint8_t *dst,
                                        size_t len); /* lower case, exactly 2*len */
/* "sha256:<64 hex>" */
AMBIT_CHECKED enum ambit_err digest_decode(struct ambit_str text, struct ambit_digest *ret);
void id_encode(struct ambit_id id, char dst[ID_TEXT_LEN]);
AMBIT_CHECKED enum ambit_err id_decode(struct ambit_str text, struct ambit_id *ret);

/* Decimal, whole string, no sign (u64) or an optional '-' (i64), no leading zeros. */
AMBIT_CHECKED enum ambit_err parse_u64(struct ambit_str text, uint64_t *ret);
AMBIT_CHECKED enum ambit_err parse_i64(struct ambit_str text, int64_t *ret);

/* RFC 3339 with offset, fraction of up to 9 digits (cut to ms), years 1970 to 9999; second 60
 * refused. */
AMBIT_CHECKED enum ambit_err time_decode(struct ambit_str text, int64_t *ret_unix_ms);
/* Outside 1970 to 9999: the nearest end. */
void time_encode(int64_t unix_ms, char dst[TIME_TEXT_LEN]);
/* A positive whole number and one of s m h d, no leading zero; result in seconds (PL
 * "Durations"). */
AMBIT_CHECKED enum ambit_err duration_decode(struct ambit_str text, int64_t *ret_s);

bool utf8_is_valid(struct ambit_str text);
bool text_has_control(struct ambit_str text); /* C0, DEL, C1 */
/* Percent-encoding of everything but RFC 3986 unreserved. */
struct buf;
void percent_encode(struct buf *buf, struct ambit_str text);

static inline void put_be64(uint8_t *p, uint64_t v)
{
    v = htobe64(v);
    memcpy(p, &v, sizeof v);
}
static inline uint64_t get_be64(const uint8_t *p)
{
    uint64_t v = 0;
    memcpy(&v, p, sizeof v);
    return be64toh(v);
}
static inline void put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 3; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
}
static inline uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
