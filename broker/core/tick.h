/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer does of its own accord, at most once a second. */
#pragma once

#include "core/internal.h"

bool tick_wanted(void *ctx, int64_t now_ms);
AMBIT_CHECKED enum ambit_err tick_run(void *ctx, struct store_txn *txn, int64_t now_ms);
/* An event of the broker's own, outside any caller's command. `detail` is canonical JSON or
 * absent. */
AMBIT_CHECKED enum ambit_err record_own(struct broker *broker, struct store_txn *txn,
                                        int64_t now_ms, enum event_type type,
                                        struct ambit_str agent, struct ambit_str detail);
