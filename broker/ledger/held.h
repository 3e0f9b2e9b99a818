/* SPDX-License-Identifier: Apache-2.0 */
/* The stops that hold, as the events so far raised and cleared them: what whoever decides has
 * before its eyes, in the order in which it has it (by id). A stop that was accepted and stands in
 * no event yet is not here: a decision names it itself. Pure. */
#pragma once

#include "ledger/event.h"

enum { HELD_MAX = 4096, HELD_CLEARED_MAX = 256 }; /* more are not followed: `is_over` stays */
struct held {
    struct ambit_stop_view *views; /* in the order of their ids; targets are owned */
    uint64_t *seqs;                /* of the events that raised them */
    size_t n, room;
    bool is_over;
    struct held_cleared {
        struct ambit_id id;
        int64_t at_ms;
    } cleared[HELD_CLEARED_MAX]; /* the last ones, in turn */
    size_t n_cleared;
};
void held_done(struct held *held);
/* After the event was judged. Stops on a grant or a lineage hold nothing, and are not here. */
AMBIT_CHECKED enum ambit_err held_note(struct held *held, const struct event *event);
/* Before this moment, and among the last that were? */
bool held_was_cleared(const struct held *held, struct ambit_id id, int64_t now_ms);
bool held_find(const struct held *held, struct ambit_id id, size_t *ret);

/* "agent:x" -> AGENT, "x"; borrowed. MALFORMED. */
AMBIT_CHECKED enum ambit_err held_target_parse(struct ambit_str text,
                                               enum ambit_target_kind *ret_kind,
                                               struct ambit_str *ret_target);
