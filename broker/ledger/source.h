/* SPDX-License-Identifier: Apache-2.0 */
/* Where a log is read from: a folder, a tar, a URL. Whatever it is, a path gives bytes; the paths
 * are those of C2SP tlog-tiles (TIL-1, TIL-2), and beside them what only ambit has
 * (broker/README.md, "Exports"). The same names for whoever writes an export. */
#pragma once

#include "ambit/base.h"

struct buf;

enum {
    LOG_TILE_WIDTH = 256,
    LOG_TILE_LEVELS = 8,
    LOG_PATH_MAX = 128,
    LOG_FILE_MAX = 64 << 20, /* no file of a log is larger */
};

struct log_source {
    void *ctx;
    /* Appends the bytes. NOT_FOUND; TOO_LARGE past `max`; IO, DAMAGED: could not be read. */
    enum ambit_err (*get)(void *ctx, const char *path, size_t max, struct buf *ret);
    /* Every path there is, in any order; NULL where that cannot be told (a URL). */
    enum ambit_err (*each)(void *ctx, void (*one)(void *one_ctx, const char *path), void *one_ctx);
};

struct tile_path;
/* ledger/tile_path.h, NUL-terminated */
void log_tile_path(const struct tile_path *tile, char ret[LOG_PATH_MAX]);
/* "openings/x001/234": of the bundle of that index */
void log_openings_path(uint64_t index, char ret[LOG_PATH_MAX]);
/* "documents/HEX", "sets/HEX.json", "zones/HEX" */
enum log_named { LOG_DOCUMENT, LOG_SET, LOG_ZONE };
void log_named_path(enum log_named kind, const struct ambit_digest *digest, char ret[LOG_PATH_MAX]);
/* How many hashes or entries stand in a tile of a log of that size; 0: there is no such tile. */
size_t log_tile_width(uint64_t size, unsigned level, uint64_t index);

/* A line of openings/N, without its newline: {"open":{…},"seq":N}, canonical, sequences rising.
 * `open` is what the event is decoded with; borrowed. False: it is none. */
bool log_opening_read(struct ambit_str line, struct ambit_str *ret, uint64_t *ret_seq);
