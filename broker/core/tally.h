/* SPDX-License-Identifier: Apache-2.0 */
/* The sum of all rows that say what is dead: cut-offs, stops, holds. It stands in the head, is kept
 * as they change, and is counted again at a start: a row that was taken away, changed, exchanged or
 * brought back by somebody else than apply_event would make a token active that is not. It finds
 * damage and edits by hand, no one who also makes the sum fit: `ambit verify` finds that. */
#pragma once

#include "store/store.h"

struct head;

struct tally {
    uint64_t lane[2];
};
/* store_put and store_delete of one of these tables. */
AMBIT_CHECKED enum ambit_err tally_put(struct store_txn *txn, struct tally *tally,
                                       enum store_table table, struct store_key key,
                                       struct ambit_str value);
AMBIT_CHECKED enum ambit_err tally_delete(struct store_txn *txn, struct tally *tally,
                                          enum store_table table, struct store_key key);
/* Of the rows that are there; *ret_last: the greatest cut-off. */
AMBIT_CHECKED enum ambit_err tally_count(struct store_txn *txn, struct tally *ret,
                                         uint64_t *ret_last);
/* DAMAGED: the rows are not those that the head counted. */
AMBIT_CHECKED enum ambit_err tally_check(struct store_txn *txn, const struct head *head);
/* Of a row on its own, as which the head has one. */
uint64_t tally_sum(struct ambit_str bytes);
