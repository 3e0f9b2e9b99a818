/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a sliding window as window.c keeps them, for the one other file that looks inside:
 * the check of the cursors. */
#pragma once

#include "base/encode.h"
#include "core/window.h"

enum {
    ENTRY_BYTES = 24,
    CURSOR_BYTES = 8 + 4 + 4 + 8 + 8,
    FIXED_BYTES = 2 + 4 + 4 + 8 * 4 + 2,
    CURSORS_AT = FIXED_BYTES,
    ENTRIES_AT = CURSORS_AT + WINDOW_CURSORS * CURSOR_BYTES,
    ROW_MAX = ENTRIES_AT + WINDOW_CHUNK * ENTRY_BYTES,
};

/* Where the window of one length begins: the first entry inside it, and what stands from there
 * on. */
struct window_cursor {
    int64_t within_ms; /* 0: unused */
    uint32_t chunk, index;
    int64_t count, sum;
};

struct window {
    uint32_t first_chunk, last_chunk; /* last: the one inside this row */
    int64_t all_count, all_sum;       /* since the counter began */
    int64_t kept_count, kept_sum;     /* in rows that still exist */
    size_t n;                         /* entries in the last chunk */
    struct window_cursor cursors[WINDOW_CURSORS];
    uint8_t entries[WINDOW_CHUNK * ENTRY_BYTES];
};

static inline struct window_entry window_entry_at(const uint8_t *entries, size_t index)
{
    const uint8_t *p = entries + index * ENTRY_BYTES;
    return (struct window_entry){.time_ms = (int64_t)get_be64(p),
                                 .seq = get_be64(p + 8),
                                 .amount = (int64_t)get_be64(p + 16)};
}

AMBIT_CHECKED enum ambit_err window_decode(const uint8_t *row, size_t len, struct window *ret);

/* One chunk, wherever it stands. */
struct window_chunk {
    size_t n;
    uint8_t entries[WINDOW_CHUNK * ENTRY_BYTES];
};
AMBIT_CHECKED enum ambit_err window_chunk_load(struct store_txn *txn, const struct state_key *key,
                                               const struct window *window, uint32_t number,
                                               struct window_chunk *ret);
