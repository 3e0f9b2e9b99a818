/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded decision made again from its own inputs: what was asked stands in the event, with the
 * figures and stops that were read; the documents that were in force are named there by digest, the
 * grant by its id. The engine run on these must give what the event says, to the last item and
 * second: an event whose answer was changed is found, however well its hashes were made to fit.
 * Pure. The broker explains its record by the same question; `ambit verify` judges it.
 *
 * What cannot be told without an erased text is not judged: it is counted, and is no fault. */
#pragma once

#include "ledger/event.h"

struct ambit_documents;

/* A set of documents, compiled; borrowed until the next one is asked for. */
struct redecide_set {
    const struct ambit_policy_set *set;
    bool reads_purpose; /* redecide_reads_purpose() of its documents */
    bool lacks_zones;   /* of before zones were kept with a set, and uses some that are not there */
};
/* A grant as its row stands, with what is above it; liveness AMBIT_LIVE. */
struct redecide_grant {
    struct ambit_grant_view view;
    bool hides_purpose; /* its purpose, or that of one above it, is erased */
};

/* What whoever followed all events before this one knows besides. */
struct redecide_followed {
    /* The stops that hold, by id: the answer must follow from these and from those that the event
     * names (accepted, and not recorded yet). */
    const struct ambit_stop_view *held;
    size_t n_held;
    bool held_are_all; /* all that hold */
    void *ctx;
    /* What is wrong with the owner's standing ("owner", "backup", "attestation"; absent: nothing):
     * OK with the answer; NOT_FOUND: it is not known, the event is believed. May be NULL. */
    enum ambit_err (*fault_of)(void *ctx, const struct event *event,
                               const struct ambit_agent *agent, struct ambit_str *ret);
};

/* Where that comes from which the event only names. */
struct redecide_source {
    void *ctx;
    /* NOT_FOUND: not to be had; DAMAGED: what is there is not that set */
    enum ambit_err (*set_of)(void *ctx, const struct ambit_digest *digest,
                             struct redecide_set *ret);
    /* Everything in the arena. NOT_FOUND: no grant of that id was given. */
    enum ambit_err (*grant_of)(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret);
    /* Whoever has the history that was read compares it with what the event says was: its `figure`
     * is asked beside. NULL: figures are taken as the event says them. */
    const struct ambit_world *history;
    const struct redecide_followed *followed; /* NULL: stops and standing as the event says them */
};

/* The event that gave a grant, with its openings, everything in the arena; NOT_FOUND. */
struct redecide_issued {
    void *ctx;
    enum ambit_err (*event_of)(void *ctx, struct ambit_id grant, struct arena *arena,
                               struct event *ret);
};
/* A grant from the events that gave it and what is above it. NOT_FOUND: one of them is not there,
 * or is none that could have given it. */
AMBIT_CHECKED enum ambit_err redecide_grant_of(const struct redecide_issued *issued,
                                               struct ambit_id id, struct arena *arena,
                                               struct redecide_grant *ret);

/* Does any rule look at what the purpose says? */
bool redecide_reads_purpose(const struct ambit_documents *documents);

/* ---- the question ---- */

struct redecide_question {
    bool is_grant;
    union {
        struct ambit_grant_question grant;
        struct ambit_action_question action;
    };
    struct redecide_grant subject; /* the parent, or the grant that was used */
    bool has_subject;
};
/* Was this event decided by the engine? Refusals that were never put to it, the short tokens of
 * services, and everything that is no decision, were not. */
bool redecide_was_asked(const struct event *event);
/* UNSUPPORTED: it was not. NOT_FOUND: the grant that it names was never given. Borrows from the
 * event, the arena and *ret itself, which must not be moved. */
AMBIT_CHECKED enum ambit_err redecide_ask(const struct event *event,
                                          const struct redecide_source *source, struct arena *arena,
                                          struct redecide_question *ret);

/* ---- the answer ---- */

enum redecide_finding {
    REDECIDE_FOLLOWS,
    REDECIDE_NOT_ASKED, /* the engine decided nothing here */
    REDECIDE_ERASED,    /* a text that the answer hangs on is erased */
    REDECIDE_NO_ZONES,  /* hours of a set that was stored before zones were kept with it */
    REDECIDE_NO_SET,    /* the documents are not to be had */
    REDECIDE_DIFFERS,   /* `what` says how */
};
enum { REDECIDE_WHAT_MAX = 256 };
struct redecided {
    enum redecide_finding finding;
    char what[REDECIDE_WHAT_MAX]; /* "says allow, its inputs decide deny (out_of_scope)"; printable
                                   */
};
/* `scratch` is for the decision (ambit/policy.h: about 100 KB). Errors are ours alone: NO_MEMORY,
 * or one of a callback other than those it names. */
AMBIT_CHECKED enum ambit_err redecide_event(const struct event *event,
                                            const struct redecide_source *source,
                                            struct ambit_decision *scratch, struct arena *arena,
                                            struct redecided *ret);
