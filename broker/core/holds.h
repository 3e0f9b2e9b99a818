/* SPDX-License-Identifier: Apache-2.0 */
/* The stops in force that hold, as the engine wants them, shared by count. Built from the store by
 * the writer when they have changed, published after the commit. Beside them the stops that were
 * accepted and wait for their commit: in force for introspection from the moment they are
 * accepted. */
#pragma once

#include "ambit/policy.h"

struct store_txn;

struct holds {
    _Atomic int count;
    uint64_t version;
    size_t n, room;
    struct ambit_stop_view *views; /* owned, with their texts; NULL while there are none */
};
/* From the holds and stops tables. */
AMBIT_CHECKED enum ambit_err holds_load(struct store_txn *txn, uint64_t version,
                                        struct holds **ret);
void holds_keep(struct holds *holds);
void holds_release(struct holds *holds);
