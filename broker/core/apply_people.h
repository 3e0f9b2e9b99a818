/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about what people confirm and about people who leave. Only apply.c calls
 * them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

/* documents.confirmed */
AMBIT_CHECKED enum ambit_err apply_confirmed(struct store_txn *txn, const struct event *event);
/* documents.superseded: confirmations that are spent, offboarded people whose document says so. */
AMBIT_CHECKED enum ambit_err apply_superseded(struct store_txn *txn, const struct event *event);
/* person.offboarded */
AMBIT_CHECKED enum ambit_err apply_offboarded(struct store_txn *txn, const struct event *event);
