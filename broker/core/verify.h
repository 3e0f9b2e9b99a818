/* SPDX-License-Identifier: Apache-2.0 */
/* Offline verification of a store, or of a copy: every leaf hashed again, the tree and its root
 * computed again, every table built again from the events alone and compared with the stored one,
 * every digest that an event names looked for. Trusts nothing of the broker but the format. */
#pragma once

#include "ambit/base.h"

struct json_out;
struct note_verifier;

enum { VERIFY_PROBLEMS_MAX = 200 /* listed; all are counted */ };

struct verify_problem {
    bool has_seq;
    uint64_t seq;
    const char *table;    /* "events", "grants", …, "tree", "search" */
    struct ambit_str key; /* as text; may be absent */
    const char *what;
};
struct verify_report {
    uint64_t events;
    struct ambit_digest root;
    uint64_t n_redecided;         /* decisions that were made again from their own inputs */
    uint64_t n_undecided;         /* and those that could not be: what they hang on is erased, or
                                   * pruned and not here */
    bool has_checkpoint;          /* STATE/log/checkpoint was held against the events */
    bool is_key_given, is_signed; /* as in ledger/log_verify.h */
    /* pruned, and their segments are not there: of them the leaf hashes alone were looked at, and
     * the tables could not be built again */
    uint64_t unread;
    size_t n_problems; /* found */
    size_t n;          /* listed */
    struct verify_problem problems[VERIFY_PROBLEMS_MAX];
    struct verify_memory *memory; /* owned */
};
void verify_done(struct verify_report *report);

/* `folder`: a state folder, or its store/. `scratch`: where the tables may be built again in a
 * folder that is removed afterwards (about as large as the store). OK with a report (look at
 * n_problems); NOT_FOUND: no store there; NEWER: of a later format; DAMAGED: it cannot be read as a
 * store at all (the report says more). */
AMBIT_CHECKED enum ambit_err verify_store(const char *folder, const char *scratch,
                                          struct verify_report *ret);
struct verify_options {
    const char *folder, *scratch;    /* as above */
    const struct note_verifier *key; /* of the log; NULL: the one beside the store */
    const char *segments;            /* where pruned events are; NULL: segments/ beside the store */
    bool no_redecide;
    void (*progress)(void *ctx, uint64_t done, uint64_t of); /* may be NULL */
    void *ctx;
};
AMBIT_CHECKED enum ambit_err verify_store_with(const struct verify_options *options,
                                               struct verify_report *ret);
/* {"ok","events","root","problems":[{"seq","table","key","what"}]} */
void verify_write_json(const struct verify_report *report, struct json_out *out);
