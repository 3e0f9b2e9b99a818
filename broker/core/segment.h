/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: the events that were pruned, as files FIRST-NEXT.tar, each an export of kind "segment":
 * export.json, the checkpoint and the log's key of that time, tiles (TIL-2) up to the root, and the
 * bundles of its events (TIL-3). Personal text is in none: the openings stay in the store.
 *
 * Reading: what a segment says is believed only with the leaf hash that the tiles of the store
 * have. */
#pragma once

#include "base/buf.h"
#include "ledger/ledger.h"

/* A folder of segments; opens files as they are asked for. Any thread. */
struct segments;
AMBIT_CHECKED enum ambit_err segments_new(const char *folder, struct segments **ret);
/* Of one file alone. */
AMBIT_CHECKED enum ambit_err segments_new_one(const char *folder, uint64_t first, uint64_t next,
                                              struct segments **ret);
void segments_free(struct segments *segments);
const char *segments_folder(const struct segments *segments);
/* The bytes of one event into `memory`, its leaf hash computed from them, its opening from the
 * store. Of several files that have it (one of a try that was not recorded, of a record that was
 * rolled back) the one that the tree has. NOT_FOUND: no segment here has it. DAMAGED: one that
 * should cannot be read. */
AMBIT_CHECKED enum ambit_err segments_get(struct segments *segments, struct store_txn *txn,
                                          uint64_t seq, struct buf *memory, struct ledger_row *ret);
/* The bytes alone, appended. */
AMBIT_CHECKED enum ambit_err segments_entry(struct segments *segments, uint64_t seq,
                                            struct buf *ret);
/* A whole bundle as TIL-3 has it. */
AMBIT_CHECKED enum ambit_err segments_bundle(struct segments *segments, uint64_t index,
                                             struct buf *ret);

/* "FIRST-NEXT.tar" */
enum { SEGMENT_NAME_MAX = 48 };
void segment_name(uint64_t first, uint64_t next, char dst[SEGMENT_NAME_MAX]);
struct segment_listed {
    uint64_t first, next, bytes;
};
struct arena;
/* By first; what is not of that name is passed over. No folder: none. */
AMBIT_CHECKED enum ambit_err segments_list(const char *folder, struct arena *arena,
                                           struct segment_listed **ret, size_t *ret_n);
/* What no file here has around an event that none has: from the end of the one before to the
 * beginning of the one behind (UINT64_MAX: none is), in whole bundles. */
AMBIT_CHECKED enum ambit_err segments_gap(const struct segments *segments, uint64_t seq,
                                          uint64_t *ret_from, uint64_t *ret_to);

/* "tile/0/x001/234", "tile/1/000.p/12", "tile/entries/000" (TIL-1). width 256: no part. */
enum { SEGMENT_PATH_MAX = 100 };
void segment_tile_path(const char *level, uint64_t index, size_t width, char dst[SEGMENT_PATH_MAX]);
