/* SPDX-License-Identifier: Apache-2.0 */
/* Sliding windows, exact to the millisecond: an entry at t stands in a window of w at now while
 * now - t < w. A counter is a head row (aggregates, up to four cursors, the newest entries) and
 * rows of 128 older entries. One row is touched per counter and event; a cursor remembers where the
 * window of one length begins, so that reading is O(1) amortised and nothing is done at start-up.
 *
 * Cursors are a cache: they follow from the entries. Everything else follows from the events. */
#pragma once

#include "core/state_key.h"

enum { WINDOW_CHUNK = 128, WINDOW_CURSORS = 4 };
/* The first two bytes of every row. */
enum {
    WINDOW_VERSION = 1,
    WINDOW_KIND_ENTRIES = 1,
    WINDOW_KIND_LIVE = 2,
    WINDOW_KIND_LATEST = 3,
    WINDOW_KIND_DISTINCT = 4, /* distinct.h */
};

/* Entries in the window and the sum of their amounts. within_ms 0: everything since the counter
 * began. A window that holds AMBIT_WINDOW_MAX entries or more is full. `may_keep` (a write
 * transaction): where this window begins may be remembered for the next reader. */
struct window_figure {
    int64_t count, sum;
    bool is_full;
};
AMBIT_CHECKED enum ambit_err window_read(struct store_txn *txn, const struct state_key *key,
                                         int64_t within_ms, int64_t now_ms, bool may_keep,
                                         struct window_figure *ret);

struct window_entry {
    int64_t time_ms;
    uint64_t seq;
    int64_t amount;
};
/* Adds an entry (times never go back) and drops what is older than keep_ms (0: entries are not
 * kept, only the totals are). */
AMBIT_CHECKED enum ambit_err window_add(struct store_txn *txn, const struct state_key *key,
                                        const struct window_entry *entry, int64_t keep_ms);
/* Begins again from nothing. */
AMBIT_CHECKED enum ambit_err window_reset(struct store_txn *txn, const struct state_key *key);
/* Do the cursors of a counter row say what its entries say at `now`? `txn` has the older entries.
 * (verify) */
AMBIT_CHECKED enum ambit_err window_cursors_hold(struct store_txn *txn, const struct state_key *key,
                                                 struct ambit_str row, int64_t now_ms, bool *ret);
/* Do two counter rows say the same, cursors apart? (verify) */
bool window_rows_agree(struct ambit_str row_a, struct ambit_str row_b);

/* A history of which only the latest time is asked (AFTER); -1: there is none. An earlier time than
 * is there already changes nothing. */
AMBIT_CHECKED enum ambit_err window_latest_read(struct store_txn *txn, const struct state_key *key,
                                                int64_t *ret);
AMBIT_CHECKED enum ambit_err window_latest_add(struct store_txn *txn, const struct state_key *key,
                                               int64_t time_ms, int64_t keep_ms);
AMBIT_CHECKED enum ambit_err window_latest_is_over(struct ambit_str row, int64_t now_ms, bool *ret);

/* The list of live grants of a counter of kind LIVE_GRANTS: (grant id, expires) pairs, at most
 * AMBIT_LIVE_GRANTS_MAX and a few that died since. */
struct window_live {
    struct ambit_id grant;
    int64_t expires_ms;
};
AMBIT_CHECKED enum ambit_err window_live_read(struct store_txn *txn, const struct state_key *key,
                                              struct window_live *dst, size_t max, size_t *ret_n);
/* Has every grant of the list ended? */
bool window_live_is_over(struct ambit_str row, int64_t now_ms);
/* Adds a grant and forgets those that ended before now, and now and then those under a cut-off. */
AMBIT_CHECKED enum ambit_err window_live_add(struct store_txn *txn, const struct state_key *key,
                                             struct window_live entry, int64_t now_ms,
                                             uint64_t last_cutoff_seq);
