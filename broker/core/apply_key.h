/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about signing keys. Only apply.c calls them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

/* With `signs_from` it waits until then, else it signs at once. Of a version that could not rotate
 * it says no public half, and publishes nothing. */
AMBIT_CHECKED enum ambit_err apply_key_created(struct store_txn *txn, const struct event *event);
/* The one that signed until now stays published until `expires_at`. */
AMBIT_CHECKED enum ambit_err apply_key_activated(struct store_txn *txn, const struct event *event);
AMBIT_CHECKED enum ambit_err apply_key_retired(struct store_txn *txn, const struct event *event);
