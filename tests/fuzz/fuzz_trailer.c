/* SPDX-License-Identifier: Apache-2.0 */
/* Commit trailers: what is found is an id, stands in the message, and is found alone as well. */
#include "cli/trailer.h"

#include "base/buf.h"
#include "base/encode.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ambit_str message = {.p = (const char *)data, .len = size};
    struct ambit_str id = {NULL, 0}, again = {NULL, 0};
    struct ambit_id decoded;
    size_t n = trailer_find(message, &id);
    FUZZ_CHECK((n > 0) == (id.p != NULL));
    if (n == 0)
        return 0;
    FUZZ_CHECK(id.p >= message.p && id.p + id.len <= message.p + message.len);
    FUZZ_CHECK(id_decode(id, &decoded) == AMBIT_OK);
    BUF_AUTO line;
    buf_init(&line, 0);
    buf_put_text(&line, trailer_name);
    buf_put_str(&line, id);
    FUZZ_CHECK(trailer_find(buf_str(&line), &again) == 1 && ambit_str_eq(id, again));
    return 0;
}
