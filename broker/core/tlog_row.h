/* SPDX-License-Identifier: Apache-2.0 */
/* As which log this record is published, by the events that said so (log.started, log.continued):
 * one row an event, with the log's key as a verifier knows it, and the key before it. The last row
 * is in force; with an earlier key nothing is ever signed again. */
#pragma once

#include "ledger/event.h"
#include "ledger/note.h"
#include "store/store.h"

struct tlog_row {
    uint64_t seq;
    struct note_verifier log; /* its name is the origin */
    bool has_before;
    struct note_verifier before;
};
/* The one in force; NOT_FOUND: the record was never published. */
AMBIT_CHECKED enum ambit_err tlog_row_last(struct store_txn *txn, struct tlog_row *ret);
/* Whether a note is signed by a key that signs no more: NOT_FOUND when it is not. */
AMBIT_CHECKED enum ambit_err tlog_row_find_over(struct store_txn *txn, struct ambit_str note);

/* log.started, log.continued */
AMBIT_CHECKED enum ambit_err apply_tlog(struct store_txn *txn, const struct event *event);
