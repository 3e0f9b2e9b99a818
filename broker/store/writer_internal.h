/* SPDX-License-Identifier: Apache-2.0 */
/* What writer.c (queue, thread, state) and batch.c (running, committing, answering) share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "ambit/limits.h"
#include "store/guard.h"
#include "store/writer.h"

struct job_list {
    struct writer_job *first, *last;
};

struct batch_entry {
    struct writer_job *job;
    enum ambit_err err; /* OK: it ran; otherwise why it did not */
};

enum { COMMIT_BUCKETS = 16, SIZE_BUCKETS = 11 };

struct writer {
    struct store *store;
    struct writer_hooks hooks;
    size_t queue_max;
    pthread_t thread;

    pthread_mutex_t
        mutex; /* guards queued, urgent, is_waiting, is_stopping, is_started, start_err */
    pthread_cond_t woken;
    struct job_list queued, urgent;
    bool is_waiting, is_started;
    enum ambit_err start_err;

    atomic_bool has_urgent; /* a hint: look into `urgent` */
    atomic_bool is_stopping, is_sealed;
    atomic_size_t n_queued; /* in queued, urgent and taken */
    struct guard guard;

    /* the writer thread's own */
    const struct guard_mark *kept; /* at the start alone */
    struct guard_mark mark;        /* of the batch that is open */
    struct job_list taken;
    struct batch_entry batch[AMBIT_BATCH_COMMANDS];
    size_t n_batch;
    int64_t next_second_us;

    atomic_uint_fast64_t batches, jobs, commits, commit_us;
    atomic_uint_fast64_t commit_bucket[COMMIT_BUCKETS], size_bucket[SIZE_BUCKETS];
};

/* writer.c. The next job in order, NULL when none waits. */
struct writer_job *writer_next(struct writer *writer);
struct writer_job *writer_next_urgent(struct writer *writer); /* stops alone */
enum ambit_err writer_refusal(const struct writer *writer, enum writer_class class);

/* batch.c */
AMBIT_CHECKED enum ambit_err batch_look(
    struct writer *writer); /* begin and abort: starts the guard */
void batch_run(struct writer *writer);
void batch_tick(struct writer *writer);
void batch_scrub(struct writer *writer); /* what was deleted goes from the file */
