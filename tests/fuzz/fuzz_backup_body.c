/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that ask for a backup: a name that was read is one part of a path and no more, and never
 * that of a backup in the making. */
#include "base/arena.h"
#include "fuzz.h"
#include "operator/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    struct ambit_str body = {.p = (const char *)data, .len = size};
    struct backup_body read;
    const char *what = NULL;
    enum ambit_err err = backup_body_read(body, &arena, &read, &what);
    if (err == AMBIT_ERR_MALFORMED)
        FUZZ_CHECK(what && strlen(what) < 200);
    if (err)
        return 0;
    FUZZ_CHECK(read.reason.len >= 1 && read.reason.len <= 1024);
    if (!read.name.p)
        return 0;
    FUZZ_CHECK(read.name.len >= 1 && read.name.len <= 64 && read.name.p[0] != '.');
    FUZZ_CHECK(!memchr(read.name.p, '/', read.name.len) && !memchr(read.name.p, 0, read.name.len));
    FUZZ_CHECK(read.name.len < 8 || memcmp(read.name.p + read.name.len - 8, ".partial", 8) != 0);
    return 0;
}
