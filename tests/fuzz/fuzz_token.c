/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens as presented: what was read, written as the least token with the same jti and rnd,
 * reads the same. */
#include "base/buf.h"
#include "base/encode.h"
#include "fuzz.h"
#include "identity/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct identity_token first = {0}, second = {0};
    struct ambit_str text = {.p = (const char *)data, .len = size};
    if (identity_token_read(text, &first) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(!ambit_id_is_none(first.jti) && size <= AMBIT_JWS_BYTES);

    BUF_AUTO claims, token;
    buf_init(&claims, 0);
    buf_init(&token, 0);
    buf_put_text(&claims, "{\"jti\":\"");
    buf_put_base64url(&claims, first.jti.b, sizeof first.jti.b);
    buf_put_text(&claims, "\",\"rnd\":\"");
    buf_put_base64url(&claims, first.rnd, sizeof first.rnd);
    buf_put_text(&claims, "\"}");
    buf_put_text(&token, "e30.");
    buf_put_base64url(&token, (const uint8_t *)claims.p, claims.len);
    buf_put_text(&token, ".AA");
    FUZZ_CHECK(identity_token_read(buf_str(&token), &second) == AMBIT_OK);
    FUZZ_CHECK(ambit_id_eq(first.jti, second.jti) &&
               memcmp(first.rnd, second.rnd, sizeof first.rnd) == 0);
    return 0;
}
