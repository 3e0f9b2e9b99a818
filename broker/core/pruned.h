/* SPDX-License-Identifier: Apache-2.0 */
/* How far the events have left the store: one row, "pruned", in the meta table. `target` is what
 * the record says (record.pruned: written to a segment that was read back); `done` is how far the
 * rows of the events table are deleted, a few at a time, so that it goes on after any end. Tiles
 * stay, and with them every proof; openings stay, since they are what may have to be erased. */
#pragma once

#include "core/internal.h"

enum { PRUNED_TICK_ROWS = 2048, PRUNED_TICK_US = 25000 };
struct pruned {
    uint64_t target, done;
};
/* All zero where nothing was pruned. */
AMBIT_CHECKED enum ambit_err pruned_load(struct store_txn *txn, struct pruned *ret);
/* record.pruned: DAMAGED when it does not follow on the one before, or is no whole bundles. */
AMBIT_CHECKED enum ambit_err apply_pruned(struct store_txn *txn, const struct event *event);
/* What record.pruned says; DAMAGED. */
AMBIT_CHECKED enum ambit_err pruned_event_read(const struct event *event, uint64_t *ret_first,
                                               uint64_t *ret_next);
/* A turn of deleting, if there is something to delete. */
bool pruned_tick_wanted(const struct broker *broker);
AMBIT_CHECKED enum ambit_err pruned_tick(struct broker *broker, struct store_txn *txn);
