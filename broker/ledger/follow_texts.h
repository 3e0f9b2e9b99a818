/* SPDX-License-Identifier: Apache-2.0 */
/* Personal texts that are not there, and the erasures that account for them: both are collected
 * while the events are walked and held against each other once, at the end, in the time of sorting.
 * An erasure speaks of what was before it, so that nothing can be said earlier. */
#pragma once

#include "ledger/erasure.h"
#include "ledger/sets.h"

/* Events in a row whose openings lack the same members. */
struct texts_missing {
    uint64_t first, last;
    unsigned bits;
};
struct texts_span {
    uint64_t first, last;
    unsigned bits;
};
/* What the openings of 64 events in a row hold: four bits each. */
struct texts_held {
    uint64_t index;
    uint8_t bits[32];
};
struct texts_gone { /* a document of which an erasure says that its texts are gone */
    struct ambit_digest digest, now; /* and with what bytes it stands there since */
    uint64_t seq;
    bool is_back; /* it was activated again since */
};
struct texts {
    struct texts_gone *gone;
    size_t n_gone, room_gone;
    struct texts_held *held; /* in order; where none has an opening there is none */
    size_t n_held, room_held;
    struct texts_missing *missing; /* in order */
    struct texts_span *spans;
    size_t n_missing, room_missing;
    size_t n_spans, room_spans;
};

void texts_done(struct texts *texts);
/* Sequences grow from call to call. */
AMBIT_CHECKED enum ambit_err texts_miss(struct texts *texts, uint64_t seq, unsigned bits);
/* Its opening holds these. */
AMBIT_CHECKED enum ambit_err texts_have(struct texts *texts, uint64_t seq, unsigned bits);
AMBIT_CHECKED enum ambit_err texts_erase(struct texts *texts, const struct erasure *erasure);
/* Tells each event whose opening holds what some erasure says is gone. */
void texts_judge_held(struct texts *texts, void (*one)(void *ctx, uint64_t seq), void *ctx);
AMBIT_CHECKED enum ambit_err texts_gone(struct texts *texts,
                                        const struct erasure_document *document, uint64_t seq);
/* Does some erasure say that these bytes (`now`) stand for that document? */
bool texts_account(const struct texts *texts, const struct ambit_digest *digest,
                   const struct ambit_digest *now);
/* A set was activated: what it holds is there again with reason. */
AMBIT_CHECKED enum ambit_err texts_activated(struct texts *texts, const struct sets_source *source,
                                             const struct ambit_digest *set);
/* Tells each erasure of a document whose bytes are there as they were. */
AMBIT_CHECKED enum ambit_err texts_judge_gone(const struct texts *texts,
                                              const struct sets_source *source,
                                              void (*one)(void *ctx, uint64_t seq), void *ctx);
/* Tells each stretch that no erasure accounts for; says how many events others account for. */
void texts_judge(struct texts *texts, void (*one)(void *ctx, const struct texts_missing *left),
                 void *ctx, uint64_t *ret_accounted);
