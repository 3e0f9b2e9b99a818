/* SPDX-License-Identifier: Apache-2.0 */
/* The changing world as the engine may see it, over one transaction: the stops in force and the
 * figures of history. The writer has one over its write transaction; a remedy is looked for in one
 * over a read transaction. */
#pragma once

#include "core/broker.h"

struct store_txn;
struct holds;
struct live_before;

struct world {
    struct ambit_world view; /* what the engine gets */
    struct store_txn *txn;
    int64_t now_ms;
    uint64_t last_cutoff_seq;
    bool is_writer;
    /* of the writer; NULL otherwise: the remedies of other threads count what is listed */
    const struct ambit_documents *documents;
    struct live_before *before;
    struct holds *holds; /* a reference held by world_open_read; NULL otherwise */
};
/* For the writer, within a batch: the stops of the batch and those accepted since. */
struct arena;
AMBIT_CHECKED enum ambit_err world_open_batch(struct broker *broker, struct store_txn *txn,
                                              struct arena *arena, int64_t now_ms,
                                              struct world *ret);
/* For verification: what the tables, built from the events up to one, gave to it; stops apart, and
 * grants of before there was a limit. */
void world_of_tables(struct store_txn *txn, int64_t now_ms, uint64_t last_cutoff_seq,
                     struct world *ret);
/* On an answering thread: opens a read transaction of its own. Close it on the same thread,
 * soon. */
AMBIT_CHECKED enum ambit_err world_open_read(struct broker *broker, int64_t now_ms,
                                             struct world *ret);
void world_close(struct world *world);
