/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about questions put to people. Only apply.c calls them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

/* approval.asked, given (one person's yes; with `approval_until` it was the last that it takes),
 * refused, lapsed, used. */
AMBIT_CHECKED enum ambit_err apply_approval(struct store_txn *txn, const struct event *event);
