/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluation requests: what was read is inside its bounds, and the object for the record can be
 * written canonically and has exactly the members that the engine is shown. */
#include "authzen/request.h"
#include "base/arena.h"
#include "base/json_write.h"
#include "base/json_read.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct evaluation got;
    const char *what = NULL;
    struct ambit_str body = {.p = (const char *)data, .len = size};
    if (evaluation_read(body, &arena, &got, &what) != AMBIT_OK)
        return 0;

    FUZZ_CHECK(got.subject_type.p && got.subject_id.p && got.action.p);
    FUZZ_CHECK(memchr(got.resource.p, ':', got.resource.len));
    FUZZ_CHECK(got.n_members <= AMBIT_CONTEXT_MAX);
    FUZZ_CHECK((got.n_members == 0) == (got.context == NULL));
    FUZZ_CHECK(!got.source_text.p == !got.source.family);
    if (!got.context)
        return 0;

    FUZZ_CHECK(got.context->count == got.n_members);
    for (size_t i = 0; i < got.n_members; i++)
        FUZZ_CHECK(!ambit_str_is(got.members[i].name, "source"));
    BUF_AUTO buf;
    buf_init(&buf, 0);
    struct json_out out;
    json_out_init(&out, &buf, true);
    json_write_value(&out, got.context);
    FUZZ_CHECK(buf_check(&buf) == AMBIT_OK);
    const struct json_value *again = NULL;
    struct json_problem problem = {0};
    FUZZ_CHECK(json_read(buf_str(&buf), (struct json_limits){.depth = 20}, &arena, &again,
                         &problem) == AMBIT_OK);
    FUZZ_CHECK(again->count == got.n_members);
    return 0;
}
