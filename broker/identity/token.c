/* SPDX-License-Identifier: Apache-2.0 */
/* A presented access token as the two values by which its row is found: `jti` and `rnd`, with which
 * the claims of every token of ours begin (oauth/claims.c). Nothing here is believed: the row is
 * compared with SHA-256(rnd) and answers for itself, never the token; so what stands behind the two
 * is not read at all. */
#include "identity/identity.h"

#include "base/encode.h"

/* {"jti":"<22>","rnd":"<22>" and at least one byte more; whole groups of base64url. */
enum {
    JTI_AT = 8,
    BETWEEN_AT = JTI_AT + ID_TEXT_LEN,
    RND_AT = BETWEEN_AT + 9,
    BEGIN_BYTES = RND_AT + ID_TEXT_LEN + 2,
    BEGIN_DIGITS = BEGIN_BYTES / 3 * 4,
};
_Static_assert(BEGIN_BYTES % 3 == 0, "whole groups of digits");

/* The middle one of exactly three parts (JWS-1). The others are not looked into, but what is no
 * compact JWS at all is no token of ours. */
static bool payload_of(struct ambit_str token, struct ambit_str *ret)
{
    const char *end = token.p + token.len;
    const char *first = memchr(token.p, '.', token.len);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return false;
    struct ambit_str header = {.p = token.p, .len = (size_t)(first - token.p)};
    struct ambit_str payload = {.p = first + 1, .len = (size_t)(second - first - 1)};
    struct ambit_str signature = {.p = second + 1, .len = (size_t)(end - second - 1)};
    *ret = payload;
    return header.len > 0 && signature.len > 0 && is_base64url(header) && is_base64url(payload) &&
           is_base64url(signature);
}

enum ambit_err identity_token_read(struct ambit_str token, struct identity_token *ret)
{
    struct ambit_str payload = {0};
    struct ambit_id rnd; /* the same form: 16 bytes in 22 characters */
    char begin[BEGIN_BYTES];
    size_t len = 0;
    if (token.len > AMBIT_JWS_BYTES || !token.p || !payload_of(token, &payload) ||
        payload.len < BEGIN_DIGITS)
        return AMBIT_ERR_MALFORMED;

    payload.len = BEGIN_DIGITS;
    enum ambit_err err = base64url_decode(payload, (uint8_t *)begin, sizeof begin, &len);
    if (err || memcmp(begin, "{\"jti\":\"", JTI_AT) != 0 ||
        memcmp(begin + BETWEEN_AT, "\",\"rnd\":\"", RND_AT - BETWEEN_AT) != 0 ||
        begin[RND_AT + ID_TEXT_LEN] != '"')
        return AMBIT_ERR_MALFORMED;
    if (id_decode((struct ambit_str){.p = begin + JTI_AT, .len = ID_TEXT_LEN}, &ret->jti) !=
            AMBIT_OK ||
        ambit_id_is_none(ret->jti) ||
        id_decode((struct ambit_str){.p = begin + RND_AT, .len = ID_TEXT_LEN}, &rnd) != AMBIT_OK)
        return AMBIT_ERR_MALFORMED;
    memcpy(ret->rnd, rnd.b, sizeof ret->rnd);
    return AMBIT_OK;
}
