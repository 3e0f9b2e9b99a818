/* SPDX-License-Identifier: Apache-2.0 */
/* From a decision of the engine to the members of its event. */
#pragma once

#include "core/internal.h"

/* Fills verdict, reason, policy, digest, rule, member, counts, figures, stops, trips. Arrays come
 * from the arena (the counts) or from `decided` (a copy of the same decision). */
AMBIT_CHECKED enum ambit_err event_of_decision(struct event *event,
                                               const struct ambit_decision *decision,
                                               const struct decided *decided, struct arena *arena);
