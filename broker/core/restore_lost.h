/* SPDX-License-Identifier: Apache-2.0 */
/* What a rollback loses. */
#pragma once

#include "core/head.h"
#include "core/restore.h"

struct restore_store {
    struct store *store;
    struct store_txn *txn;
    struct head head;
};
void restore_store_close(struct restore_store *store);

/* Reads the events from `size` on, of a store that has more, into the report. What cannot be read
 * is passed over: the number of events is known all the same. */
void restore_look_lost(struct restore_store *old, uint64_t size, struct restore_report *report);
