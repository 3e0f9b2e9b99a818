/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of stops, clears, offboardings and answers: what was read holds its bounds and reads the
 * same when written again; what was refused is explained in printable words. */
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
    struct stop_body first, second;
    struct ambit_str reason = {0};
    const char *what = NULL;
    if (reason_body_read(body, &arena, &reason, &what) == AMBIT_OK)
        FUZZ_CHECK(reason.len >= 1 && reason.len <= 1024);
    bool is_given = false;
    if (approve_body_read(body, &arena, &is_given, &reason, &what) == AMBIT_OK)
        FUZZ_CHECK(reason.len >= 1 && reason.len <= 1024);
    struct offboard_body offboard;
    if (offboard_body_read(body, &arena, &offboard, &what) == AMBIT_OK)
        FUZZ_CHECK(offboard.dry_run || (offboard.reason.len >= 1 && offboard.reason.len <= 1024));
    struct rotate_body rotate;
    if (rotate_body_read(body, &arena, &rotate, &what) == AMBIT_OK)
        FUZZ_CHECK(rotate.reason.len >= 1 && rotate.reason.len <= 1024);
    if (acknowledge_body_read(body, &arena, &reason, &what) == AMBIT_OK)
        FUZZ_CHECK(reason.len <= 1024);
    enum ambit_err err = stop_body_read(body, &arena, &first, &what);
    if (err == AMBIT_ERR_MALFORMED)
        check_words(what);
    if (err)
        return 0;
    FUZZ_CHECK(first.target.p && (first.dry_run || first.reason.p) && first.reason.len <= 1024);

    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, false);
    json_begin_object(&out);
    json_member_str(&out, "target", first.target);
    json_member_str(&out, "reason", first.reason);
    json_key(&out, "dry_run");
    json_bool(&out, first.dry_run);
    json_end_object(&out);
    FUZZ_CHECK(stop_body_read(buf_str(&buf), &arena, &second, &what) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(first.target, second.target) &&
               ambit_str_eq(first.reason, second.reason));
    FUZZ_CHECK(first.dry_run == second.dry_run);
    return 0;
}
