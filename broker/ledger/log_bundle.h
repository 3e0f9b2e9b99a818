/* SPDX-License-Identifier: Apache-2.0 */
/* 256 entries of a log and what opens them, taken apart. */
#pragma once

#include "base/buf.h"
#include "ambit/limits.h"
#include "ledger/source.h"

enum {
    LOG_ENTRIES_MAX = LOG_TILE_WIDTH * (2 + AMBIT_EVENT_BYTES),
    LOG_OPENINGS_MAX = LOG_TILE_WIDTH * AMBIT_EVENT_BYTES,
};

/* A bundle as it was read: where its entries lie, and their openings. */
struct log_bundle {
    bool is_there;
    uint64_t index;
    size_t n;
    struct buf bytes, opened;
    struct ambit_str entry[LOG_TILE_WIDTH];
    struct ambit_str opening[LOG_TILE_WIDTH]; /* "" : none */
};
void log_bundle_init(struct log_bundle *bundle);
void log_bundle_done(struct log_bundle *bundle);
/* `bytes` is `width` entries, each behind its length, two bytes, big-endian (TIL-3). False: it is
 * something else. */
bool log_bundle_entries(struct log_bundle *bundle, size_t width);
/* `opened` is lines of openings of these entries, in order. `is_live`: some may be of events behind
 * them. */
bool log_bundle_openings(struct log_bundle *bundle, bool is_live);
