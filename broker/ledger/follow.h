/* SPDX-License-Identifier: Apache-2.0 */
/* Events judged one after another, by nothing but what they say and what the ones before them said:
 * times that do not go back, ids that were given before they are named, openings that fit or that
 * an erasure accounts for, documents that have their digests, and every decision made again from
 * its own inputs (ledger/redecide.h). Pure: documents and earlier events come through callbacks. */
#pragma once

#include "ledger/sets.h"

struct follow;

struct follow_source {
    struct sets_source sets; /* `replaced` is of this file */
    void *ctx;
    /* An event again, by its sequence: leaf and opening ("" when it has none), in the arena. */
    enum ambit_err (*event_at)(void *ctx, uint64_t seq, struct arena *arena, struct ambit_str *ret,
                               struct ambit_str *ret_opening);
    void (*problem)(void *ctx, const uint64_t *seq, const char *what);
};
struct follow_options {
    uint64_t key[2];    /* drawn at random: see places.h */
    bool no_redecide;   /* and no documents are looked for */
    bool is_partial;    /* not all that came before is there: ids not found are only counted */
    bool has_gaps;      /* nor all between: chosen events; what holds for a while is not followed */
    bool ends_early;    /* not all that came after: nor is what no erasure accounts for */
    bool has_erasures;  /* of documents, all of them, though it ends early */
    bool may_lack_sets; /* sets that are not there are no fault: their decisions are counted */
    bool are_withheld;  /* openings: that they are not there needs no account */
};
struct follow_counts {
    uint64_t redecided;     /* decisions made again */
    uint64_t erased;        /* and not: a text they hang on is erased, or withheld */
    uint64_t undecided;     /* and not: documents or earlier events are not there */
    uint64_t unfollowed;    /* decisions judged without all that was in force: too much at once */
    uint64_t erased_texts;  /* openings that an erasure accounts for */
    uint64_t unknown_links; /* when partial: events that name what came before */
    uint64_t unaccounted_texts;     /* when it ends early: events whose texts are not there */
    uint64_t unaccounted_documents; /* and documents that others stand for */
};

AMBIT_CHECKED enum ambit_err follow_new(const struct follow_source *source,
                                        const struct follow_options *options, struct follow **ret);
void follow_free(struct follow *follow);
/* The next event, decoded with its opening ("": it has none; NULL: one that does not fit, which was
 * told). Errors are ours alone. */
AMBIT_CHECKED enum ambit_err follow_event(struct follow *follow, const struct event *event,
                                          struct ambit_str leaf, struct ambit_str opening,
                                          struct arena *arena);
/* A set that is read beside the events: `replaced` of ledger/sets.h, as of what they name. */
AMBIT_CHECKED enum ambit_err follow_replaced(struct follow *follow,
                                             const struct ambit_digest *digest,
                                             const struct ambit_digest *now);
/* After the last one: what nothing accounts for. */
AMBIT_CHECKED enum ambit_err follow_end(struct follow *follow);
const struct follow_counts *follow_counts(const struct follow *follow);
