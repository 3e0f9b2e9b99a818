/* SPDX-License-Identifier: Apache-2.0 */
/* The golden store for tests: a stage at its end, and what store.json says of it. */
#pragma once

#include "golden/store.h"

struct golden_store {
    uint64_t events;
    struct ambit_digest root;    /* of the first `events` events */
    struct answer live, stopped; /* tokens: of worker, alive; of porter, dead by a stop in force */
};
/* A stage with a copy of the store, the documents and the clocks of its end; closed. */
void golden_make(struct stage *stage, struct golden_store *ret);
/* Another fresh copy of the store in the same place. */
void golden_again(struct stage *stage);
