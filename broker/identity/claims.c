/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that assertions share. */
#include "identity/claims.h"

#include "base/encode.h"
#include "crypto/digest.h"

/* An integer or decimal, not negative, at most 2^53 (JWS-10). */
static bool read_time(const struct json_value *payload, const char *name, int64_t *ret_ms)
{
    const struct json_value *value = json_get(payload, name);
    if (!value)
        return true;
    double seconds = -1;
    if (value->kind == JSON_INTEGER)
        seconds = (double)value->integer;
    else if (value->kind == JSON_DECIMAL)
        seconds = value->decimal;
    if (!(seconds > 0 && seconds <= 9007199254740.0)) /* milliseconds stay below 2^53 */
        return false;
    *ret_ms = (int64_t)(seconds * 1000);
    return true;
}

bool assertion_times_read(const struct json_value *payload, struct assertion_times *ret)
{
    return read_time(payload, "exp", &ret->exp_ms) && read_time(payload, "nbf", &ret->nbf_ms) &&
           read_time(payload, "iat", &ret->iat_ms);
}

bool audience_is(const struct json_value *aud, struct ambit_str text)
{
    if (aud && aud->kind == JSON_ARRAY && aud->count == 1)
        aud = aud->first;
    return aud && text.p && aud->kind == JSON_STRING && ambit_str_eq(aud->text, text);
}

struct ambit_digest assertion_once(const char *tag, size_t tag_len, struct ambit_str who,
                                   struct ambit_str jti)
{
    uint8_t who_len[4], jti_len[4];
    put_be32(who_len, (uint32_t)who.len);
    put_be32(jti_len, (uint32_t)jti.len);
    const struct ambit_str parts[] = {
        {.p = tag, .len = tag_len},
        {.p = (const char *)who_len, .len = sizeof who_len},
        who,
        {.p = (const char *)jti_len, .len = sizeof jti_len},
        jti,
    };
    struct ambit_digest digest;
    crypto_sha256_parts(parts, AMBIT_LEN(parts), &digest);
    return digest;
}
