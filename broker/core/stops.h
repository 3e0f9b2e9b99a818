/* SPDX-License-Identifier: Apache-2.0 */
/* Every stop that holds right now: those the store has, and behind them those that are accepted and
 * not yet committed. One list, for whoever judges. */
#pragma once

#include "core/internal.h"

struct stops {
    const struct ambit_stop_view *views;
    size_t n;
    struct holds *holds; /* a reference, or NULL */
};
/* On the writer thread: the stops of the batch. Good as long as the batch's own list does not
 * change; nothing to be released. */
AMBIT_CHECKED enum ambit_err stops_of_batch(struct broker *broker, struct store_txn *txn,
                                            struct arena *arena, struct stops *ret);
/* On any other thread; ends with stops_done(), also after an error. */
AMBIT_CHECKED enum ambit_err stops_now(struct broker *broker, struct arena *arena,
                                       struct stops *ret);
void stops_done(struct stops *stops);
