/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tiles and entry bundles, as paths (C2SP tlog-tiles, TIL-1, TIL-2):
 * `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`, N in groups of three digits of which all
 * but the last begin with 'x'. One name for one tile: nothing else is read. Pure. */
#pragma once

#include "ambit/base.h"

struct buf;

enum { TILE_PATH_LEVEL_MAX = 63, TILE_PATH_MAX = 64 };
struct tile_path {
    bool is_entries;
    unsigned level; /* of hashes */
    uint64_t index;
    unsigned width; /* 1 to 255 of a partial one; 256: full */
};
/* MALFORMED. */
AMBIT_CHECKED enum ambit_err tile_path_read(struct ambit_str text, struct tile_path *ret);
void tile_path_put(const struct tile_path *path, struct buf *out);
