/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about questions put to people. Only apply.c calls them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

AMBIT_CHECKED enum ambit_err apply_approval_asked(struct store_txn *txn, const struct event *event);
/* One person's yes; with `approval_until` it was the last that it takes. */
AMBIT_CHECKED enum ambit_err apply_approval_given(struct store_txn *txn, const struct event *event);
AMBIT_CHECKED enum ambit_err apply_approval_refused(struct store_txn *txn,
                                                    const struct event *event);
AMBIT_CHECKED enum ambit_err apply_approval_lapsed(struct store_txn *txn,
                                                   const struct event *event);
AMBIT_CHECKED enum ambit_err apply_approval_used(struct store_txn *txn, const struct event *event);
