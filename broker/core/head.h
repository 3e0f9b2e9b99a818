/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the record: one small row, loaded at the beginning of every batch and stored at its
 * end. Nothing in memory is ahead of it. */
#pragma once

#include "core/tally.h"
#include "ledger/tree.h"
#include "store/store.h"

struct head {
    struct tree_edge edge;         /* edge.size = the next sequence */
    int64_t last_now_ms;           /* of the last batch */
    struct ambit_digest documents; /* the set in force; all zero before the first activation */
    uint64_t last_cutoff_seq;      /* a grant with a greater sequence is under no cut-off at all */
    uint64_t holds_version;        /* changes whenever the stops in force change */
    uint64_t grants_issued;
    int64_t outage_ms;       /* all the time in which no report could be taken: see core/due.h */
    uint64_t stops_in_force; /* raised and not cleared */
    struct tally tally;      /* of cut-offs, stops and holds */
    bool has_clock; /* not stored: it is of a version that keeps core/clock_row.h beside it */
};
/* NOT_FOUND on a store that has no head yet. */
AMBIT_CHECKED enum ambit_err head_load(struct store_txn *txn, struct head *ret);
AMBIT_CHECKED enum ambit_err head_store(struct store_txn *txn, const struct head *head);
