/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about requests that clients come back for. Only apply.c calls them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

/* approval.awaited, approval.cancelled. */
AMBIT_CHECKED enum ambit_err apply_await(struct store_txn *txn, const struct event *event);
/* grant.issued and grant.refused with a `handle`: it is redeemed. Without: nothing. */
AMBIT_CHECKED enum ambit_err apply_redeemed(struct store_txn *txn, const struct event *event);
