/* SPDX-License-Identifier: Apache-2.0 */
/* How many different values stand in a sliding window, exact to the millisecond: of each value only
 * its latest time counts, so a history is as many entries as it has values. A head row (how many,
 * when last, up to four cursors) in STORE_COUNTERS; in STORE_VALUES the values by time and the time
 * of each value. A cursor remembers how many stand in the window of one length and up to where that
 * was counted: an entry is passed once by each cursor, so reading and adding are O(1) amortised a
 * value, whatever the number of values, and nothing is done at start-up.
 *
 * A reset is a new generation: one row written, the old rows are taken away a few at a time.
 * Cursors are a cache: they follow from the entries. Everything else follows from the events. */
#pragma once

#include "core/window.h"

/* How many different values there would be in the window if `values` (no two equal) were added now;
 * AMBIT_FIGURE_FULL for more than AMBIT_WINDOW_MAX. */
struct distinct_values {
    const struct ambit_str *v;
    size_t n;
};
struct window_span {
    int64_t within_ms, now_ms;
    bool may_keep; /* as with window_read */
};
AMBIT_CHECKED enum ambit_err distinct_read(struct store_txn *txn, const struct state_key *key,
                                           struct window_span span, struct distinct_values values,
                                           int64_t *ret);
/* Adds the values at `now` (times never go back), drops some of what is older than keep_ms. */
AMBIT_CHECKED enum ambit_err distinct_add(struct store_txn *txn, const struct state_key *key,
                                          struct distinct_values values, int64_t now_ms,
                                          int64_t keep_ms);
AMBIT_CHECKED enum ambit_err distinct_reset(struct store_txn *txn, const struct state_key *key);

/* For window_rows_agree and window_cursors_hold. */
bool distinct_rows_agree(struct ambit_str row_a, struct ambit_str row_b);
AMBIT_CHECKED enum ambit_err distinct_cursors_hold(struct store_txn *txn,
                                                   const struct state_key *key,
                                                   struct ambit_str row, int64_t now_ms, bool *ret);
/* Was nothing added within the time that is kept? */
AMBIT_CHECKED enum ambit_err distinct_is_over(struct ambit_str row, int64_t now_ms, bool *ret);
/* Takes away at most `max` rows, the head row last. *ret_done: nothing is left. */
AMBIT_CHECKED enum ambit_err distinct_remove(struct store_txn *txn, const struct state_key *key,
                                             size_t max, bool *ret_done);
