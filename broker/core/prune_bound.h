/* SPDX-License-Identifier: Apache-2.0 */
/* Up to where the events may leave the store: those older than asked for, in whole bundles, and
 * none that live state still reads: grants alive, stops in force, incidents open, questions to
 * people that are not over, requests that are come back for, actions whose outcome may still be
 * reported. */
#pragma once

#include "core/internal.h"

struct prune_bound {
    uint64_t first, next; /* equal: there is nothing to prune */
    uint64_t asked;       /* where the time alone would put it */
    const char *held_by;  /* what holds it back, in words; NULL: nothing */
};
/* Reads in short transactions: for a thread of its own, or a query thread. */
AMBIT_CHECKED enum ambit_err prune_find_bound(struct broker *broker, int64_t before_ms,
                                              int64_t least_age_ms, struct prune_bound *ret);
