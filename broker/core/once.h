/* SPDX-License-Identifier: Apache-2.0 */
/* One-time values (CLI-11, DPOP-12): what was used stands in the store until it could not be shown
 * any more, under the minute in which that is, so that what is over goes by ranges. Values are
 * digests; which client, key or address they are of is in them.
 *
 * Of DPoP proofs each caller may have ONCE_PROOFS_MAX alive, and nothing is forgotten early to make
 * room. They are counted in rows beside, one a caller and minute, to the second. */
#pragma once

#include "ledger/event.h"

struct store_txn;

enum { ONCE_PROOFS_MAX = 10000, ONCE_PROOF_LIFE_S = 65 };

enum once_state { ONCE_NEW, ONCE_USED, ONCE_FULL };

/* May this caller use it now? It is looked for in every minute up to the greatest life of what our
 * clients sign, so that another end does not make it another value; beyond, where a platform's
 * token ends, in the minute of its own end, which that token alone must give. */
AMBIT_CHECKED enum ambit_err once_look(struct store_txn *txn, const struct once_value *value,
                                       struct ambit_str caller, int64_t now_ms,
                                       enum once_state *ret);
/* Keeps it; a second time changes nothing. A digest of zeroes is none. */
AMBIT_CHECKED enum ambit_err once_keep(struct store_txn *txn, const struct once_value *value,
                                       struct ambit_str caller);
/* Drops what expired before `now`, at most `max` rows. Not an event: what is expired says
 * nothing. */
AMBIT_CHECKED enum ambit_err once_expire(struct store_txn *txn, int64_t now_ms, size_t max);

/* For `ambit verify`: the record tells of some rows only, callers that changed nothing stand in no
 * event. Has the row the form of one of ours? */
bool once_has_form(struct ambit_str key, struct ambit_str row);
/* May a row that the events give be gone by `now`? */
bool once_may_be_gone(struct ambit_str key, int64_t now_ms);
/* Does a stored row hold at least what the events give? */
bool once_holds(struct ambit_str stored, struct ambit_str given);
