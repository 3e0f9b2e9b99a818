/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP Basic: what was read, form-encoded and base64-encoded again, reads as the same id and
 * secret. */
#include "base/arena.h"
#include "base/encode.h"
#include "base/buf.h"
#include "fuzz.h"
#include "identity/basic.h"
#include "identity/identity.h"

static void check_bearer(struct ambit_str header)
{
    struct ambit_str token = identity_bearer(header);
    if (!token.p)
        return;
    FUZZ_CHECK(token.len > 0 && token.p + token.len == header.p + header.len);
    FUZZ_CHECK(!memchr(token.p, ' ', token.len) && !memchr(token.p, '"', token.len));
    BUF_AUTO again;
    buf_init(&again, 0);
    buf_put_text(&again, "bearer  ");
    buf_put_str(&again, token);
    FUZZ_CHECK(ambit_str_eq(identity_bearer(buf_str(&again)), token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str header = {.p = (const char *)data, .len = size};
    struct basic first = {0}, second = {0};
    check_bearer(header);
    if (basic_read(header, &arena, &first) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(!identity_bearer(header).p);
    FUZZ_CHECK(utf8_is_valid(first.id) && utf8_is_valid(first.secret));

    BUF_AUTO plain, again;
    buf_init(&plain, 0);
    buf_init(&again, 0);
    percent_encode(&plain, first.id);
    buf_put_char(&plain, ':');
    percent_encode(&plain, first.secret);
    buf_put_text(&again, "basic ");
    buf_put_base64(&again, (const uint8_t *)plain.p, plain.len);
    FUZZ_CHECK(basic_read(buf_str(&again), &arena, &second) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(first.id, second.id) && ambit_str_eq(first.secret, second.secret));
    return 0;
}
