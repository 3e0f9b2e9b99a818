/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of POST /v1/erasures: what was read holds its bounds and reads the same when written
 * again; what was refused is explained in printable words. */
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

static void write_again(const struct erase_body *body, struct buf *buf)
{
    struct json_out out;
    json_out_init(&out, buf, false);
    json_begin_object(&out);
    json_member_str(&out, "target", body->target);
    json_member_str(&out, "before", body->before);
    json_member_str(&out, "reason", body->reason);
    if (body->n_members > 0) {
        json_key(&out, "members");
        json_begin_array(&out);
        for (size_t i = 0; i < body->n_members; i++)
            json_str(&out, body->members[i]);
        json_end_array(&out);
    }
    json_key(&out, "dry_run");
    json_bool(&out, body->dry_run);
    json_end_object(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct erase_body first, second;
    const char *what = NULL;
    enum ambit_err err = erase_body_read((struct ambit_str){.p = (const char *)data, .len = size},
                                         &arena, &first, &what);
    if (err == AMBIT_ERR_MALFORMED)
        check_words(what);
    if (err)
        return 0;
    FUZZ_CHECK(first.target.p && first.reason.len <= 1024 && first.n_members <= 5);
    FUZZ_CHECK(first.reason.p || first.dry_run);
    BUF_AUTO buf;
    buf_init(&buf, 0);
    write_again(&first, &buf);
    FUZZ_CHECK(erase_body_read(buf_str(&buf), &arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(first.target, second.target) &&
               ambit_str_eq(first.before, second.before) &&
               ambit_str_eq(first.reason, second.reason) && first.n_members == second.n_members &&
               first.dry_run == second.dry_run);
    for (size_t i = 0; i < first.n_members; i++)
        FUZZ_CHECK(ambit_str_eq(first.members[i], second.members[i]));
    return 0;
}
