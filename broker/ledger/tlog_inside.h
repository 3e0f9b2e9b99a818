/* SPDX-License-Identifier: Apache-2.0 */
/* The body of the log, shared by the thread (tlog.c) and by those who ask (tlog_ask.c). */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "ledger/tlog.h"

struct tlog {
    struct store *store;
    struct buf checkpoint_path, witness_path; /* NUL-terminated; the second may be empty */
    struct crypto_key *key;
    struct note_verifier verifier;
    enum ambit_err (*edge)(struct store_txn *txn, struct tree_edge *ret);
    uint64_t (*durable)(void *ctx);
    void (*told)(void *ctx, enum tlog_step step, enum ambit_err err);
    void *ctx;

    pthread_t thread;
    sem_t woken;
    _Atomic bool has_news, is_stopping;

    /* the thread's own, but for the start */
    uint64_t size; /* written down last */
    struct ambit_digest root;
    enum ambit_err problem[TLOG_STEPS];
    bool is_witness_behind;
    unsigned near;

    pthread_mutex_t mutex; /* guards the three below, and `moved` */
    pthread_cond_t moved;  /* those who wait: another checkpoint, or the end */
    struct tlog_checkpoint *published;
    struct tlog_waiter *waiters;
    bool is_over;

    _Atomic int64_t published_us;
    _Atomic uint64_t published_size, failures[TLOG_STEPS];
};

static inline struct timespec tlog_timespec(int64_t us)
{
    return (struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
}

/* A copy of the note; count 1. */
AMBIT_CHECKED enum ambit_err tlog_checkpoint_new(struct ambit_str note, uint64_t size,
                                                 struct ambit_digest root,
                                                 struct tlog_checkpoint **ret);
/* Takes the place of the one before; takes the reference over. */
void tlog_publish(struct tlog *log, struct tlog_checkpoint *checkpoint);
/* Tells those whose time is over; when the next one's is, or INT64_MAX. */
int64_t tlog_waiters_due(struct tlog *log);
