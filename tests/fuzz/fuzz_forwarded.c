/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a proxy says of its client (MTL-7): one byte picks the field. An address that
 * is told is none of a listed proxy's; what is read right of a prefix of anything is read the same;
 * certificates are whole, few and together small. */
#include "fuzz.h"

#include "http/forwarded.h"

static void check_address(struct ambit_str value, bool is_element)
{
    struct cidr listed = {.base = {.family = 4, .b = {10}}, .bits = 8};
    const struct forwarded_proxies proxies = {.listed = &listed, .n = 1};
    struct addr got = {0}, again = {0};
    enum forwarded_found found = is_element ? forwarded_elements(value, &proxies, &got)
                                            : forwarded_for(value, &proxies, &got);
    bool is_listed = got.family && forwarded_is_listed(&proxies, &got);
    FUZZ_CHECK(found != FORWARDED_CALLER || !is_listed);
    FUZZ_CHECK(found != FORWARDED_MORE || is_listed);
    if (found != FORWARDED_CALLER)
        return;

    /* Whatever the client wrote before it, the proxy's word stands. */
    BUF_AUTO longer = {.p = NULL};
    buf_put_text(&longer, is_element ? "for=10.9.9.9;by=_x, for=198.51.100.1," : "\"'=, 10.9.9.9,");
    buf_put_str(&longer, value);
    FUZZ_CHECK(buf_check(&longer) == AMBIT_OK);
    enum forwarded_found then = is_element ? forwarded_elements(buf_str(&longer), &proxies, &again)
                                           : forwarded_for(buf_str(&longer), &proxies, &again);
    FUZZ_CHECK(then == FORWARDED_CALLER);
    FUZZ_CHECK(got.family == again.family && memcmp(got.b, again.b, sizeof got.b) == 0);
}

static void check_certificates(struct ambit_str value, bool is_list)
{
    ARENA_AUTO arena = {.p = NULL};
    arena_init(&arena, NULL, 0, 0);
    struct ambit_str got[HTTP_CERTIFICATES_MAX] = {{0}};
    size_t n = 0, bytes = 0, sum = 0;
    if (!forwarded_certificates(value, is_list, &arena, got, &n, &bytes))
        return;
    FUZZ_CHECK(n >= 1 && n <= (is_list ? HTTP_CERTIFICATES_MAX : 1));
    for (size_t i = 0; i < n; i++) {
        FUZZ_CHECK(got[i].p && got[i].len > 0);
        sum += got[i].len;
    }
    FUZZ_CHECK(sum == bytes && bytes <= HTTP_CERTIFICATES_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1)
        return 0;
    struct ambit_str value = {.p = (const char *)bytes + 1, .len = size - 1};
    switch (bytes[0] & 3) {
    case 0:
    case 1:
        check_address(value, bytes[0] & 1);
        break;
    default:
        check_certificates(value, bytes[0] & 1);
    }
    return 0;
}
