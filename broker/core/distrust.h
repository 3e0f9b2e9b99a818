/* SPDX-License-Identifier: Apache-2.0 */
/* That the clock is not believed any more stands in the record once, before the time is
 * acknowledged. All on the writer thread. */
#pragma once

#include "core/internal.h"

bool distrust_is_news(const struct broker *broker);
/* time.distrusted, with what the wall clock shows. */
AMBIT_CHECKED enum ambit_err distrust_record(struct broker *broker, struct store_txn *txn,
                                             int64_t now_ms);
/* The batch was committed or taken back; the time is believed again. */
void distrust_keep(struct broker *broker);
void distrust_restore(struct broker *broker);
void distrust_over(struct broker *broker);
