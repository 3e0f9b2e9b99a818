/* SPDX-License-Identifier: Apache-2.0 */
/* The transparency log as others see it: one checkpoint at a time (CKP-1), signed with the log's
 * own key by a thread of its own, woken after commits: soon after a quiet time, then at most about
 * one a second while there is news.
 *
 * What it never does (CKP-2): sign a checkpoint that is smaller than the last one it wrote down, or
 * that it has not proved, from the tree, to be consistent with it. A checkpoint covers only what a
 * finished commit made durable; it stands in STATE/log/checkpoint, synced with its folder, before
 * anybody is told; then in the witness file; then in memory, for HTTP and the witnesses.
 *
 * Commits pay one wake-up and no lock. */
#pragma once

#include <stdatomic.h>

#include "base/buf.h"
#include "ledger/checkpoint.h"
#include "ledger/tree.h"

struct store;
struct store_txn;
struct tlog;

/* One published checkpoint: never changed, shared by count. */
struct tlog_checkpoint {
    struct buf note; /* signed, with what cosignatures there are (COS-1) */
    uint64_t size;
    struct ambit_digest root;
    size_t n_cosigned;
    _Atomic int count; /* tlog_checkpoint_* only */
};
/* The newest; NULL before there is one. Each acquire needs one release, which takes NULL too. */
struct tlog_checkpoint *tlog_checkpoint_acquire(struct tlog *log);
void tlog_checkpoint_release(struct tlog_checkpoint *checkpoint);
static inline void tlog_checkpoint_releasep(struct tlog_checkpoint **checkpoint)
{
    tlog_checkpoint_release(*checkpoint);
}
#define TLOG_CHECKPOINT_AUTO AMBIT_CLEANUP(tlog_checkpoint_releasep) struct tlog_checkpoint

/* The log's key as others know it; its name is the origin. */
const struct note_verifier *tlog_verifier(const struct tlog *log);

/* ---- waiting ---- */

/* Until the checkpoint covers the event of this sequence, at most so long; true when it does. */
bool tlog_wait(struct tlog *log, uint64_t seq, int64_t at_most_ms);
/* The same without a thread that waits: `done` is called exactly once, from any thread, perhaps
 * before tlog_wait_begin() returns; the waiter is the caller's until then. Never within a lock, and
 * at the latest when the log is stopped. */
struct tlog_waiter {
    uint64_t seq;
    int64_t at_most_ms;
    void (*done)(void *ctx, bool is_covered);
    void *ctx;
    int64_t until_us; /* ours */
    struct tlog_waiter *next;
};
void tlog_wait_begin(struct tlog *log, struct tlog_waiter *waiter);
/* Now and then, from any thread: those whose time is over are told even where the log's own thread
 * hangs at a disk. */
void tlog_tend(struct tlog *log);
/* Nobody waits any more: those who do are told, later ones at once. */
void tlog_waiters_end(struct tlog *log);

/* ---- cosignatures ---- */

/* Adds signature lines (each with its newline, each verified by the caller: COS-1) to the
 * checkpoint that is published, if it still is this one; CONFLICT when another has taken its
 * place. */
AMBIT_CHECKED enum ambit_err tlog_cosign(struct tlog *log, const struct tlog_checkpoint *of,
                                         struct ambit_str lines, size_t n);

/* ---- life ---- */

enum tlog_step { TLOG_READ, TLOG_PROVE, TLOG_FILE, TLOG_WITNESS_FILE, TLOG_STEPS };
struct tlog_options {
    struct store *store;
    const char *folder;       /* STATE/log; `checkpoint` is written in it */
    const char *witness_file; /* NULL: none */
    struct ambit_str origin;
    struct crypto_key *key; /* held once more */
    /* The last checkpoint that was written down, which the store has been held against. */
    uint64_t size;
    struct ambit_digest root;
    /* The tree as it stands in this transaction; NOT_FOUND: no events yet. */
    enum ambit_err (*edge)(struct store_txn *txn, struct tree_edge *ret);
    /* Events of finished commits. */
    uint64_t (*durable)(void *ctx);
    /* A step failed, or works again (OK): on the log's thread, once for each change. DAMAGED of
     * TLOG_PROVE: the tree has been changed, nothing more is signed. */
    void (*told)(void *ctx, enum tlog_step step, enum ambit_err err);
    void *ctx;
};
/* Nothing is published by it: what is served until the first news is the last checkpoint, signed
 * anew over the same text. */
AMBIT_CHECKED enum ambit_err tlog_start(const struct tlog_options *options, struct tlog **ret);
/* Publishes what is new once more, then ends. NULL is fine. */
void tlog_stop(struct tlog *log);
/* After a commit: there may be news. From one thread at a time. */
void tlog_wake(struct tlog *log);

struct tlog_counts {
    uint64_t size;  /* of the published checkpoint */
    int64_t age_ms; /* since it was published */
    uint64_t failures[TLOG_STEPS];
};
void tlog_count(const struct tlog *log, struct tlog_counts *ret);
