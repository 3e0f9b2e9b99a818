/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the record vouches for the row of a grant. The row is a table's and no event: a byte of
 * it changed on disk would be believed by whoever asks about the token. So the first time that a
 * live grant is presented whose row this process did not write, the row is held against the one
 * that its event gives; rows never change, and it is known from then on. What is forgotten is
 * looked at again. */
#pragma once

#include "ambit/model.h"

struct arena;
struct grant_row;
struct store_txn;
struct vouched;

/* NULL: without memory. */
struct vouched *vouched_new(void);
void vouched_free(struct vouched *vouched);
/* The row as it was loaded and all above it. DAMAGED: not what the events give, or no event of it
 * is there. Any thread. */
AMBIT_CHECKED enum ambit_err vouched_row(struct vouched *vouched, struct store_txn *txn,
                                         const struct grant_row *row);
/* Committed just now. */
void vouched_written(struct vouched *vouched, struct ambit_id grant);
