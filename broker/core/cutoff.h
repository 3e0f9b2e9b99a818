/* SPDX-License-Identifier: Apache-2.0 */
/* A revocation is a number. Every target (agent, team, owner, policy, lineage, grant, everything)
 * has a cut-off sequence: what was given at or before it is dead for ever. Beside it stands the
 * greatest cut-off of a stop still in force, because dead by a stop in force is `stopped` and dead
 * by a cleared one or by a revocation is `inactive`. No walk over grants, ever. */
#pragma once

#include "core/grant_row.h"
#include "core/state_key.h"

struct head;

struct cutoff {
    uint64_t seq;         /* 0: none (sequence 0 is never a stop) */
    uint64_t held_seq;    /* of a stop in force; 0: none */
    struct ambit_id stop; /* the one that set held_seq */
};
/* All zero when there is none. */
AMBIT_CHECKED enum ambit_err cutoff_load(struct store_txn *txn, const struct state_key *key,
                                         struct cutoff *ret);
/* Sets the cut-off to `seq` (they only grow); with a stop id also as held by it. */
AMBIT_CHECKED enum ambit_err cutoff_raise(struct store_txn *txn, struct head *head,
                                          const struct state_key *key, uint64_t seq,
                                          struct ambit_id stop);
/* A stop was cleared: what is still held here, by which stop (0, none). */
AMBIT_CHECKED enum ambit_err cutoff_release(struct store_txn *txn, struct head *head,
                                            const struct state_key *key, uint64_t held_seq,
                                            struct ambit_id stop);

/* How the grant of this row stands under all cut-offs that cover it or a grant above it. */
AMBIT_CHECKED enum ambit_err cutoff_liveness(struct store_txn *txn, uint64_t last_cutoff_seq,
                                             const struct grant_row *row, enum ambit_liveness *ret);
