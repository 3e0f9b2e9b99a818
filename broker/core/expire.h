/* SPDX-License-Identifier: Apache-2.0 */
/* History that nobody reads any more is taken away, a little at a time: a counter to which nothing
 * was added for as long as its longest window reaches, the row of an outcome that was settled so
 * long ago. The tick walks both tables in turn and records the keys of what is over
 * (history.expired); apply takes it away. */
#pragma once

#include "core/internal.h"

/* Looks at some more counters and outcomes, from where it stopped; records what it found. */
AMBIT_CHECKED enum ambit_err expire_some(struct broker *broker, struct store_txn *txn,
                                         int64_t now_ms);
