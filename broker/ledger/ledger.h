/* SPDX-License-Identifier: Apache-2.0 */
/* Appending events to the record and reading them back. */
#pragma once

#include "ledger/event.h"
#include "ledger/tree.h"

struct buf;
struct store_txn;

/* Gives event->seq = edge->size, encodes, hashes, and writes the event row (leaf hash || bytes),
 * the opening row if any, and the tree. The edge is the batch's copy. */
AMBIT_CHECKED enum ambit_err ledger_append(struct tree_edge *edge, struct store_txn *txn,
                                           struct event *event, const struct event_seed *seed);

/* One stored event: bytes as hashed, the opening ("" when erased or none), and the stored leaf
 * hash. Everything stands in the buffers given. NOT_FOUND past the end. */
struct ledger_row {
    struct ambit_digest leaf;
    struct ambit_str bytes, opening;
};
AMBIT_CHECKED enum ambit_err ledger_get(struct store_txn *txn, uint64_t seq, struct buf *memory,
                                        struct ledger_row *ret);
