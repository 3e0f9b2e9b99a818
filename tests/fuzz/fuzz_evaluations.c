/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of evaluations: never more items than may be, each either whole or with a fault, and what
 * is shown to the engine of one is what its record says. */
#include "authzen/batch_body.h"
#include "base/json_read.h"
#include "fuzz.h"

static void check_item(const struct batch_item *item)
{
    const struct evaluation *asked = &item->asked;
    if (item->fault)
        return;
    FUZZ_CHECK(asked->subject_type.p && asked->subject_id.p && asked->action.p);
    FUZZ_CHECK(memchr(asked->resource.p, ':', asked->resource.len));
    FUZZ_CHECK(asked->n_members <= AMBIT_CONTEXT_MAX);
    FUZZ_CHECK((asked->n_members == 0) == (asked->context == NULL));
    FUZZ_CHECK(!asked->context || asked->context->count == asked->n_members);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)64 << 20);
    struct batch_body got;
    const char *what = NULL;
    struct ambit_str body = {.p = data ? (const char *)data : "", .len = size};
    enum ambit_err err = batch_body_read(body, &arena, &got, &what);
    FUZZ_CHECK(err != AMBIT_ERR_MALFORMED || what);
    if (err)
        return 0;
    FUZZ_CHECK(got.n <= ACTION_BATCH_MAX && (got.n == 0 || got.items));
    for (size_t i = 0; i < got.n; i++)
        check_item(&got.items[i]);
    return 0;
}
