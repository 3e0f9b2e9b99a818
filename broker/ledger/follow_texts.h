/* SPDX-License-Identifier: Apache-2.0 */
/* Personal texts that are not there, and the erasures that account for them: both are collected
 * while the events are walked and held against each other once, at the end, in the time of sorting.
 * An erasure speaks of what was before it, so that nothing can be said earlier. */
#pragma once

#include "ledger/erasure.h"

/* Events in a row whose openings lack the same members. */
struct texts_missing {
    uint64_t first, last;
    unsigned bits;
};
struct texts_span {
    uint64_t first, last;
    unsigned bits;
};
struct texts {
    struct texts_missing *missing; /* in order */
    struct texts_span *spans;
    size_t n_missing, room_missing;
    size_t n_spans, room_spans;
};

void texts_done(struct texts *texts);
/* Sequences grow from call to call. */
AMBIT_CHECKED enum ambit_err texts_miss(struct texts *texts, uint64_t seq, unsigned bits);
AMBIT_CHECKED enum ambit_err texts_erase(struct texts *texts, const struct erasure *erasure);
/* Tells each stretch that no erasure accounts for; says how many events others account for. */
void texts_judge(struct texts *texts, void (*one)(void *ctx, const struct texts_missing *left),
                 void *ctx, uint64_t *ret_accounted);
