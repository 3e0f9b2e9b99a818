/* SPDX-License-Identifier: Apache-2.0 */
/* What falls due, in order of time: one small row each in STORE_DUE. Outcomes are kept in the time
 * in which reports could be taken (wall clock less all outage before): an outage moves every
 * deadline by one number in the head row and touches no row. Incidents and approvals go by the wall
 * clock. */
#pragma once

#include "store/store.h"

enum due_kind { DUE_OUTCOME = 1, DUE_INCIDENT = 2, DUE_APPROVAL = 3 };

struct due {
    int64_t when_ms;
    struct ambit_id id;
};
AMBIT_CHECKED enum ambit_err due_put(struct store_txn *txn, enum due_kind kind, struct due due);
/* DAMAGED when it is not there. */
AMBIT_CHECKED enum ambit_err due_remove(struct store_txn *txn, enum due_kind kind, struct due due);
/* The first of its kind; NOT_FOUND: there is none. */
AMBIT_CHECKED enum ambit_err due_first(struct store_txn *txn, enum due_kind kind, struct due *ret);
