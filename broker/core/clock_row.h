/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed of the time, kept beside the head of the record by every batch: a row that no
 * event says, with a digest of its own. A start goes on from it (store/guard.h). */
#pragma once

#include "core/head.h"
#include "store/guard.h"

/* NOT_FOUND: the head is of a version that kept none. DAMAGED: it is not the row that was written
 * with this head. */
AMBIT_CHECKED enum ambit_err clock_row_load(struct store_txn *txn, const struct head *head,
                                            struct guard_mark *ret);
AMBIT_CHECKED enum ambit_err clock_row_store(struct store_txn *txn, const struct guard_mark *mark);
bool clock_row_is_key(struct ambit_str key); /* of the row in STORE_META */
