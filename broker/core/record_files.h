/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a store as files, by the paths of ledger/source.h: what /log serves, what an export
 * is made of, and what `ambit verify` holds a store's own checkpoint against. */
#pragma once

#include "ambit/base.h"

struct buf;
struct store_txn;

/* Appends the bytes of `path` in a log of `size` events: "tile/…", "openings/…", "documents/…",
 * "sets/…", "zones/…". NOT_FOUND: no such path, nothing there, or taken away by pruning. */
AMBIT_CHECKED enum ambit_err record_file(struct store_txn *txn, uint64_t size,
                                         struct ambit_str path, struct buf *ret);
/* Where record_file() finds nothing: a bundle of pruned events, out of its segment. DAMAGED: what
 * stands there is not what the tree has. */
struct segments;
AMBIT_CHECKED enum ambit_err record_file_pruned(struct segments *segments, struct store_txn *txn,
                                                uint64_t size, struct ambit_str path,
                                                struct buf *ret);
