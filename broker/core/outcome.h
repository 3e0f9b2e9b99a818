/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes within a batch: see command.h for the report and settle.h for what fell due. */
#pragma once

#include "core/internal.h"

/* The deadline of this action passed and nobody had reported. */
AMBIT_CHECKED enum ambit_err outcome_unaccounted(struct broker *broker, struct store_txn *txn,
                                                 int64_t now_ms, struct ambit_id action);
