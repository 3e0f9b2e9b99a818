/* SPDX-License-Identifier: Apache-2.0 */
/* The members of an event that say how a question was decided. */
#include "core/decided.h"

#include "base/arena.h"

enum ambit_err event_of_decision(struct event *event, const struct ambit_decision *decision,
                                 const struct decided *decided, struct arena *arena)
{
    struct event_count *counts = arena_array(arena, decision->n_charges + 1, sizeof *counts);
    if (counts == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < decision->n_charges; i++) {
        const struct ambit_charge *charge = &decision->charges[i];
        counts[i] = (struct event_count){
            .policy = charge->what.policy,
            .id = charge->what.id,
            .is_stop = charge->what.is_stop,
            .kind = charge->what.kind,
            .field = charge->what.field,
            .by = charge->what.by,
            .key = charge->what.key,
            .amount = charge->amount,
            .keep_ms = charge->what.within_ms,
            .resets = charge->resets,
            .when_done = charge->when_done,
            .values = charge->what.values,
            .n_values = charge->what.n_values,
        };
    }
    event->decision = decision->verdict;
    event->reason = decision->reason;
    event->policy = decision->policy;
    event->digest = decision->digest;
    event->rule = decision->rule;
    event->member = decision->member;
    event->counts = counts;
    event->n_counts = decision->n_charges;
    event->figures = decided->figures;
    event->n_figures = decided->n_figures;
    event->used_stops = decided->used_stops;
    event->n_used_stops = decided->n_used_stops;
    event->trips = decided->trips;
    event->n_trips = decided->n_trips;
    return AMBIT_OK;
}
