/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: what a service says of an agent. It can only tighten; one that no stop hears does
 * nothing and is recorded once a minute. */
#pragma once

#include "core/internal.h"

/* What was said unheard since it was last told. */
AMBIT_CHECKED enum ambit_err signal_tick(struct broker *broker, struct store_txn *txn,
                                         int64_t now_ms);
