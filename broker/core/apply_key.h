/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of apply.h about signing keys. Only apply.c calls them. */
#pragma once

#include "ledger/event.h"
#include "store/store.h"

/* key.created (with `signs_from` it waits until then, else it signs at once; of a version that
 * could not rotate it says no public half, and publishes nothing), key.activated (the one that
 * signed until now stays published until `expires_at`), key.retired. */
AMBIT_CHECKED enum ambit_err apply_key(struct store_txn *txn, const struct event *event);
