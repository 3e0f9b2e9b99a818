/* SPDX-License-Identifier: Apache-2.0 */
/* What happened to an agent without a question of its own, through the engine and into the record:
 * the event, what hard stops hear of it, and the stops that fire, in one transaction. */
#pragma once

#include "core/internal.h"

struct heard {
    bool is_heard; /* a stop listens to it, whether it fired or not */
    struct ambit_str *trips;
    size_t n_trips; /* in the arena */
};
/* `event` has who and what; its grant's row is looked up by `event->grant` (none: under no grant).
 * An agent that is in the documents no more is heard by nobody. Whatever the engine cannot judge is
 * recorded all the same, without what would follow: an outcome that is missing must not stand in
 * the way of everything behind it. */
AMBIT_CHECKED enum ambit_err heard_record(struct broker *broker, struct store_txn *txn,
                                          struct command *command,
                                          const struct ambit_event_question *question,
                                          struct event *event, struct arena *arena,
                                          struct heard *ret);
