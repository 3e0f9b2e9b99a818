/* SPDX-License-Identifier: Apache-2.0 */
/* The one writer thread: takes whatever jobs are queued, opens ONE write transaction, stamps one
 * `now`, runs each job in turn, commits once, and only then calls each job's `done`. The batch
 * grows by itself when the disk is slow (group commit). Urgent jobs (stops) go to the head of the
 * queue, and a batch that ran one ends with it: what ran before is committed with it, at once.
 *
 * Failure: a job that returns an error inside a batch aborts the transaction; every job of the
 * batch is run again one by one, each in a transaction of its own; the one that fails alone gets
 * its error. So `run` must be repeatable: it writes results into its job only. An error of the
 * commit itself seals: every job of the batch and every later one gets SEALED, and none is run
 * again.
 *
 * Order kept for `done`: the order of the batch. `done` is called on the writer thread after the
 * commit and must not block; after the last one of a batch hooks.released is called once (the place
 * to kick the event loops). */
#pragma once

#include "store/guard.h"
#include "store/store.h"

struct writer;

/* What a job is refused for, before it is queued. */
enum writer_class {
    WRITER_GIVES,   /* grants or allows: refused FULL when narrow, CLOCK when the time is distrusted
                     */
    WRITER_RECORDS, /* revocations, outcomes, clears, documents, reads: go on while narrow */
    WRITER_STOPS,   /* people's stops and the acknowledgement of time: always; head of the queue */
};

struct writer_waiter;
struct writer_job {
    struct writer_job *next;      /* the writer's */
    struct writer_waiter *waiter; /* the writer's: of writer_call */
    enum writer_class class;
    enum ambit_err (*run)(struct writer_job *job, struct store_txn *txn, int64_t now_ms);
    /* May be NULL. `run` is over and will not come again: what is left is the commit, and `done`
     * says how it ended. For work on the answer that can be done while the disk works; nothing of
     * it may leave before `done`. On the writer thread; may be left out. */
    void (*ready)(struct writer_job *job);
    void (*done)(struct writer_job *job, enum ambit_err err);
};

/* All on the writer thread; any of them may be NULL. */
struct writer_hooks {
    void *ctx;
    /* After the transaction is open: load what the batch needs; give the last `now` in the record.
     */
    enum ambit_err (*begin)(void *ctx, struct store_txn *txn, int64_t *ret_last_now_ms);
    /* Before the commit: store what the batch changed, and what is believed of the time. */
    enum ambit_err (*end)(void *ctx, struct store_txn *txn, const struct guard_mark *mark);
    void (*committed)(void *ctx);                  /* before the `done`s */
    void (*aborted)(void *ctx);                    /* forget everything since begin */
    void (*released)(void *ctx);                   /* after the `done`s of a batch */
    void (*sealed)(void *ctx, enum ambit_err err); /* once */
    /* At most once a second, also when idle: whether there is something for `tick` to write (looks
     * at memory only; NULL: always), and the writing, in a batch of its own. Not called while
     * sealed; an error aborts that batch and is nobody's. */
    bool (*wants_tick)(void *ctx, int64_t now_ms);
    enum ambit_err (*tick)(void *ctx, struct store_txn *txn, int64_t now_ms);
};

struct writer_options {
    struct store *store;
    struct writer_hooks hooks;
    size_t queue_max; /* 0 = 8192 */
    /* The sources of time, injected (tests use a fake). */
    int64_t (*wall_ms)(void);
    int64_t (*boot_ms)(void);
    struct ambit_id boot;          /* which start of the machine this is; zero: not known */
    const struct guard_mark *mark; /* as it was kept; NULL: there is none */
};
AMBIT_CHECKED enum ambit_err writer_start(const struct writer_options *options,
                                          struct writer **ret);
/* Runs what is queued, answers it, joins. Later submits get STOPPING. */
void writer_stop(struct writer *writer);

/* OK: `done` will be called exactly once. Otherwise it will not, and the error says why:
 * FULL, CLOCK, SEALED, STOPPING, BUSY (queue full; stops are taken all the same). `done` may also
 * bring FULL or CLOCK without the job having run, when that came about while it waited. */
AMBIT_CHECKED enum ambit_err writer_submit(struct writer *writer, struct writer_job *job);
/* For start-up and tools: submit and wait for what `done` would have been told; job->done is
 * replaced. Not from the writer thread. */
AMBIT_CHECKED enum ambit_err writer_call(struct writer *writer, struct writer_job *job);

enum writer_state { WRITER_READY, WRITER_FULL, WRITER_CLOCK, WRITER_SEALED, WRITER_STOPPING };
enum writer_state writer_state(const struct writer *writer);
/* What time it is believed to be, beside what the wall clock shows (guard.h). Any thread. */
int64_t writer_believed_ms(const struct writer *writer);
int64_t writer_ahead_ms(const struct writer *writer); /* and by how much that is ahead of it */
/* While the time is distrusted `now` goes on from the last one believed, by CLOCK_BOOTTIME, so that
 * a wrong wall clock does not get into the record by way of a stop. An on-call person has looked at
 * the time: the wall clock is believed from here on. */
void writer_trust_time(struct writer *writer);
/* Nothing is given until trusted. The writer does so by itself when the time at start is not what
 * it may be (guard.h), or wall clock and CLOCK_BOOTTIME part by more than 5 s (what a clock is
 * slewed by, a thousandth, is not counted). */
void writer_distrust_time(struct writer *writer);

struct writer_counts {
    uint64_t batches, jobs, commits;
    uint64_t commit_seconds_bucket[16]; /* le 0.0005 0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.5 1
                                           2 5 10 30 +Inf, not cumulative */
    uint64_t batch_size_bucket[11];     /* le 1 2 4 8 16 32 64 128 256 512 +Inf, not cumulative */
    double commit_seconds_sum;
};
void writer_count(const struct writer *writer, struct writer_counts *ret);
