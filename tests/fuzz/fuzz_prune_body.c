/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that ask for old events to be pruned: a time always, a reason unless it is only asked. */
#include "base/arena.h"
#include "fuzz.h"
#include "operator/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str body = {.p = (const char *)data, .len = size};
    struct prune_body read;
    const char *what = NULL;
    enum ambit_err err = prune_body_read(body, &arena, &read, &what);
    if (err == AMBIT_ERR_MALFORMED)
        FUZZ_CHECK(what && strlen(what) < 200);
    if (err)
        return 0;
    FUZZ_CHECK(read.before_ms >= 0 && read.reason.len <= 1024);
    FUZZ_CHECK(read.reason.len >= 1 || read.dry_run);
    return 0;
}
