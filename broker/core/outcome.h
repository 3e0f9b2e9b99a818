/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes within a batch: see command.h for the report and settle.h for what fell due. */
#pragma once

#include "core/internal.h"

/* An allowed action that owes no outcome: a report of it may come all the same. */
void outcome_may_come(struct broker *broker, struct ambit_id action, uint64_t seq);
/* The deadline of this action passed and nobody had reported. */
AMBIT_CHECKED enum ambit_err outcome_unaccounted(struct broker *broker, struct store_txn *txn,
                                                 int64_t now_ms, struct ambit_id action);
