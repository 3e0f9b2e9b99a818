/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders of bytes are strict: what they accept is exactly what the encoder writes. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/form.h"
#include "fuzz.h"

static void check_base64(struct ambit_str text)
{
    uint8_t bytes[4096];
    char printed[6000];
    size_t len = 0;
    if (!base64url_decode(text, bytes, sizeof bytes, &len)) {
        FUZZ_CHECK(base64url_encoded_len(len) == text.len);
        base64url_encode(bytes, len, printed);
        FUZZ_CHECK(text.len == 0 || memcmp(printed, text.p, text.len) == 0);
    }
    if (!base64_decode(text, bytes, sizeof bytes, &len)) {
        FUZZ_CHECK((len + 2) / 3 * 4 == text.len);
        base64_encode(bytes, len, printed);
        FUZZ_CHECK(text.len == 0 || memcmp(printed, text.p, text.len) == 0);
    }
}

static void check_hex(struct ambit_str text)
{
    uint8_t bytes[64];
    char printed[2 * sizeof bytes];
    size_t len = text.len / 2 < sizeof bytes ? text.len / 2 : sizeof bytes;
    if (!hex_decode(text, bytes, len)) {
        FUZZ_CHECK(text.len == 2 * len);
        hex_encode(bytes, len, printed);
        FUZZ_CHECK(text.len == 0 || memcmp(printed, text.p, text.len) == 0);
    }
    struct ambit_digest digest;
    if (!digest_decode(text, &digest)) {
        char hex[HEX_DIGEST_LEN];
        hex_encode(digest.b, sizeof digest.b, hex);
        FUZZ_CHECK(memcmp(text.p + strlen("sha256:"), hex, sizeof hex) == 0);
    }
}

/* What is percent-encoded is the same when it is read again; what decodes is of its alphabet. */
static void check_text(struct ambit_str text)
{
    uint8_t bytes[4096];
    size_t len = 0;
    if (!base64url_decode(text, bytes, sizeof bytes, &len))
        FUZZ_CHECK(is_base64url(text));
    if (!utf8_is_valid(text) || text_has_control(text))
        return;

    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    BUF_AUTO printed;
    buf_init(&printed, 0);
    percent_encode(&printed, text);
    struct ambit_str again = {.p = NULL};
    FUZZ_CHECK(!form_decode_component(buf_str(&printed), &arena, &again));
    FUZZ_CHECK(ambit_str_eq(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str text = {.p = (const char *)data, .len = size};
    check_base64(text);
    check_hex(text);
    struct ambit_id id;
    if (!id_decode(text, &id)) {
        char printed[ID_TEXT_LEN];
        id_encode(id, printed);
        FUZZ_CHECK(size == sizeof printed && memcmp(printed, data, size) == 0);
    }
    uint64_t number = 0;
    int64_t whole = 0;
    if (!parse_u64(text, &number) && number <= INT64_MAX)
        FUZZ_CHECK(!parse_i64(text, &whole) && whole == (int64_t)number);
    if (!parse_i64(text, &whole) && whole >= 0)
        FUZZ_CHECK(!parse_u64(text, &number) && number == (uint64_t)whole);
    check_text(text);
    return 0;
}
