/* SPDX-License-Identifier: Apache-2.0 */
/* That the clock is not believed any more stands in the record once, before the time is
 * acknowledged. All on the writer thread but the start. */
#pragma once

#include "core/internal.h"

bool distrust_is_news(const struct broker *broker);
/* time.distrusted, with what the wall clock shows. */
AMBIT_CHECKED enum ambit_err distrust_record(struct broker *broker, struct store_txn *txn,
                                             int64_t now_ms);
/* time.acknowledged, by `person` or, absent, by whoever starts the broker; with the time that is
 * believed from there. The doubt is recorded before the word, if it was not. */
AMBIT_CHECKED enum ambit_err distrust_answer(struct broker *broker, struct store_txn *txn,
                                             struct command *command, struct ambit_str words);
/* At the start, before anything else is recorded: a clock that is not believed is believed for this
 * reason, unless it is absent. MALFORMED: there is nothing to accept. */
AMBIT_CHECKED enum ambit_err distrust_start(struct broker *broker, struct ambit_str accept,
                                            struct buf *reterr_text);
/* The batch was committed or taken back; the time is believed again. */
void distrust_keep(struct broker *broker);
void distrust_restore(struct broker *broker);
void distrust_over(struct broker *broker);
