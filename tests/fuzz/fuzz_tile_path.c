/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the name of a tile: what reads is the one name of what it names. */
#include "ambit/limits.h"
#include "base/buf.h"
#include "fuzz.h"
#include "ledger/tile_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tile_path path;
    BUF_AUTO out = {.p = NULL};
    struct ambit_str text = {.p = data ? (const char *)data : "", .len = size};
    if (tile_path_read(text, &path) != AMBIT_OK)
        return 0;
    FUZZ_CHECK(path.level <= TILE_PATH_LEVEL_MAX && size <= TILE_PATH_MAX);
    FUZZ_CHECK(path.width >= 1 && path.width <= AMBIT_TILE_HASHES);
    tile_path_put(&path, &out);
    FUZZ_CHECK(buf_check(&out) == AMBIT_OK && ambit_str_eq(buf_str(&out), text));
    return 0;
}
