/* SPDX-License-Identifier: Apache-2.0 */
/* backup.json: what was read is written again and reads the same. */
#include "base/arena.h"
#include "core/backup_manifest.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO arena;
    BUF_AUTO text, again;
    arena_init(&arena, NULL, 0, (size_t)16 << 20);
    buf_init(&text, 0);
    buf_init(&again, 0);
    struct backup_manifest first, second;
    struct ambit_str bytes = {.p = (const char *)data, .len = size};
    if (backup_manifest_read(bytes, &arena, &first) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(backup_name_is_fine(first.name));
    FUZZ_CHECK(backup_manifest_write(&first, &text) == AMBIT_OK);
    FUZZ_CHECK(backup_manifest_read(buf_str(&text), &arena, &second) == AMBIT_OK);
    FUZZ_CHECK(backup_manifest_write(&second, &again) == AMBIT_OK);
    FUZZ_CHECK(ambit_str_eq(buf_str(&text), buf_str(&again)));
    return 0;
}
