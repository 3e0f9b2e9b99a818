/* SPDX-License-Identifier: Apache-2.0 */
/* A presented access token as the two values by which its row is found: `jti` and `rnd`. Nothing
 * here is believed: the row is compared with SHA-256(rnd) and answers for itself, never the token.
 */
#include "identity/identity.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"

static bool is_base64url(const char *p, const char *end)
{
    for (; p < end; p++)
        if (!((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
              *p == '-' || *p == '_'))
            return false;
    return true;
}

/* The middle one of exactly three parts (JWS-1). The others are not looked into, but what is no
 * compact JWS at all is no token of ours. */
static bool payload_of(struct ambit_str token, struct ambit_str *ret)
{
    const char *end = token.p + token.len;
    const char *first = memchr(token.p, '.', token.len);
    if (!first || first == token.p)
        return false;
    const char *second = memchr(first + 1, '.', (size_t)(end - first - 1));
    if (!second || second + 1 == end || !is_base64url(token.p, first) ||
        !is_base64url(second + 1, end))
        return false;
    *ret = (struct ambit_str){.p = first + 1, .len = (size_t)(second - first - 1)};
    return true;
}

static enum ambit_err rnd_decode(struct ambit_str text, uint8_t dst[16])
{
    struct ambit_id id = {0}; /* the same form: 16 bytes in 22 characters */
    enum ambit_err err = id_decode(text, &id);
    if (err)
        return err;
    memcpy(dst, id.b, sizeof id.b);
    return AMBIT_OK;
}

enum ambit_err identity_token_read(struct ambit_str token, struct arena *arena,
                                   struct identity_token *ret)
{
    struct ambit_str payload = {0};
    if (token.len > AMBIT_JWS_BYTES || !token.p || !payload_of(token, &payload))
        return AMBIT_ERR_MALFORMED;

    size_t size = base64url_decoded_max(payload.len);
    uint8_t *bytes = arena_alloc(arena, size);
    if (!bytes)
        return AMBIT_ERR_NO_MEMORY;
    size_t len = 0;
    enum ambit_err err = base64url_decode(payload, bytes, size, &len);
    if (err)
        return AMBIT_ERR_MALFORMED;

    const struct json_value *claims = NULL;
    struct json_problem problem = {0};
    err = json_read((struct ambit_str){.p = (const char *)bytes, .len = len},
                    (struct json_limits){0}, arena, &claims, &problem);
    if (err)
        return err == AMBIT_ERR_NO_MEMORY ? err : AMBIT_ERR_MALFORMED;
    if (id_decode(json_get_str(claims, "jti"), &ret->jti) != AMBIT_OK || ambit_id_is_none(ret->jti))
        return AMBIT_ERR_MALFORMED;
    return rnd_decode(json_get_str(claims, "rnd"), ret->rnd);
}
