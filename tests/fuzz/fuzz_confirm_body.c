/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of confirmations: what was read holds its bounds and reads the same when written again;
 * what was refused is explained in printable words. */
#include "base/arena.h"
#include "base/json_write.h"
#include "fuzz.h"
#include "operator/body.h"

static void check_words(const char *what)
{
    FUZZ_CHECK(what && strlen(what) < 200);
    for (; *what; what++)
        FUZZ_CHECK(*what >= ' ' && *what < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str body = {.p = (const char *)data, .len = size};
    struct confirm_body first, second;
    const char *what = NULL;
    enum ambit_err err = confirm_body_read(body, &arena, &first, &what);
    if (err == AMBIT_ERR_MALFORMED)
        check_words(what);
    if (err)
        return 0;
    FUZZ_CHECK(first.name.len >= 1 && first.name.len <= 128 && first.reason.len <= 1024);
    FUZZ_CHECK(first.has_digest || first.is_removal);

    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_member_text(&out, "kind", ambit_kind_text(first.kind));
    json_member_str(&out, "name", first.name);
    if (first.has_digest) {
        json_key(&out, "digest");
        json_digest(&out, first.digest);
    }
    json_member_str(&out, "reason", first.reason);
    json_key(&out, "removal");
    json_bool(&out, first.is_removal);
    json_end_object(&out);
    FUZZ_CHECK(confirm_body_read(buf_str(&buf), &arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(first.kind == second.kind && ambit_str_eq(first.name, second.name));
    FUZZ_CHECK(first.has_digest == second.has_digest && first.is_removal == second.is_removal);
    FUZZ_CHECK(ambit_digest_eq(first.digest, second.digest));
    return 0;
}
