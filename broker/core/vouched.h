/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the record vouches for the row of a grant. The row is a table's and no event: a byte of
 * it changed on disk would be believed by whoever asks about the token. So the first time that a
 * grant is presented whose row this process did not write, the row and those of all grants above it
 * are held against what their events give; rows never change, and it is known from then on. What is
 * forgotten is looked at again. Looking costs a read, a hash and a decoding for each: it is for the
 * threads that answer, and the writer only asks what is known. */
#pragma once

#include "ambit/model.h"

struct grant_row;
struct store_txn;
struct vouched;

/* NULL: without memory. */
struct vouched *vouched_new(void);
void vouched_free(struct vouched *vouched);
/* The row as it was loaded and all above it; known from then on. DAMAGED: not what the events give.
 * NOT_FOUND: so far as there are events of them, and one is not there. Any thread. */
AMBIT_CHECKED enum ambit_err vouched_row(struct vouched *vouched, struct store_txn *txn,
                                         const struct grant_row *row);
/* Whether this grant, and with it all above it, is known. Any thread; reads nothing. */
bool vouched_is_known(const struct vouched *vouched, struct ambit_id grant);
/* Committed just now; `parent` is what it hangs from, or none. */
void vouched_written(struct vouched *vouched, struct ambit_id grant, struct ambit_id parent);
/* It was known, and cannot be read any more. */
void vouched_forget(struct vouched *vouched, struct ambit_id grant);
/* Damage is to be told of: once a minute. */
bool vouched_may_complain(struct vouched *vouched, int64_t now_ms);
