/* SPDX-License-Identifier: Apache-2.0 */
/* What the events so far put in force, for whoever walks over a record: stops and cut-offs, what
 * people answered, who left. A decision is judged by all of it, then everything of its event is
 * noted. Whoever has the tables of the record asks them instead, where they say more. Pure. */
#pragma once

#include "ledger/approvals.h"
#include "ledger/cuts.h"
#include "ledger/held.h"
#include "ledger/people.h"
#include "ledger/redecide.h"

struct before_source {
    void *ctx;
    /* An earlier event, everything in the arena; NOT_FOUND. */
    enum ambit_err (*event_at)(void *ctx, uint64_t seq, struct arena *arena, struct event *ret);
    void (*problem)(void *ctx, const uint64_t *seq, const char *what);
    /* As in redecide_source; what a decision borrows from the set before this one stays there. */
    enum ambit_err (*set_of)(void *ctx, const struct ambit_digest *digest,
                             struct redecide_set *ret);
};
struct before {
    struct before_source source;
    bool is_partial; /* not all that came before is there */
    bool has_gaps;   /* nor all between */
    struct held held;
    struct cuts cuts;
    struct approvals approvals;
    struct people people;
    bool has_set; /* one was activated */
    struct ambit_digest in_force;
    struct ambit_id
        tripped; /* the event that tripped `n_tripped` hard stops which nothing raised */
    size_t n_tripped;
    uint64_t unfollowed; /* decisions of which one of these was not followed: too many at once */
    struct redecide_followed followed;
};
void before_init(struct before *before, const struct before_source *source, const uint64_t key[2]);
void before_done(struct before *before);

/* For redecide_source, of the event that comes next. */
const struct redecide_followed *before_followed(struct before *before);
/* `subject`: how the grant that it used or was given under stood by cuts.h; NULL: it has none, or
 * whoever asks judged that. `decision`: as it was made again; NULL: it was not. */
AMBIT_CHECKED enum ambit_err before_judge(struct before *before, const struct event *event,
                                          const enum ambit_liveness *subject,
                                          const struct ambit_decision *decision,
                                          struct arena *arena);
AMBIT_CHECKED enum ambit_err before_note(struct before *before, const struct event *event,
                                         struct arena *arena);
