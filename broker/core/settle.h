/* SPDX-License-Identifier: Apache-2.0 */
/* What fell due is recorded before anything is decided: outcomes that nobody reported
 * (action.unaccounted, with the hard stops that hear them), incidents that nobody took up,
 * approvals that nobody answered. Once a batch, before its first decision, and once a second when
 * nothing is asked.
 *
 * Outage. No deadline of an outcome passes while no report could be taken: the broker was down,
 * sealed, suspended, below its last reserve of space, or did not believe its clock. The time from
 * the last moment when a report could be taken to the first when one can again is recorded
 * (broker.outage) and added to every deadline then pending, by one number in the head row. A
 * running broker looks at least every ten seconds; a gap above OUTAGE_LEAST_MS without any other
 * cause (a machine that was suspended, a clock that was set) is an outage too. */
#pragma once

#include "core/internal.h"

enum {
    SETTLE_OUTCOMES = 1024,
    SETTLE_INCIDENTS = 64,
    SETTLE_APPROVALS = 64,
    OUTAGE_LEAST_MS = 30000
};

/* Of the batch that is open, once. batch.is_behind: more fell due than one batch may record. */
AMBIT_CHECKED enum ambit_err settle_batch(struct broker *broker, struct store_txn *txn,
                                          int64_t now_ms);
/* Before a command decides. command->is_behind: history is not yet what it must be: it decides
 * nothing, returns OK, and its caller is told BUSY (what was recorded must be committed; the next
 * batch goes on). */
AMBIT_CHECKED enum ambit_err settle_before(struct command *command, struct store_txn *txn);
/* At the end of every batch: an outage is noticed, whatever was asked. */
AMBIT_CHECKED enum ambit_err settle_after(struct broker *broker, struct store_txn *txn);
/* Something will fall due then (0: nothing). INVARIANT: whoever records what puts a row into
 * STORE_DUE says so here: before the first of these times the store is not asked. */
void settle_note(struct broker *broker, int64_t due_ms);
/* Whether there may be something: looks at memory only. */
bool settle_wanted(const struct broker *broker, int64_t now_ms);
/* The batch was committed; or taken back. */
void settle_keep(struct broker *broker);
void settle_restore(struct broker *broker);
