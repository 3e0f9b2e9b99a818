/* SPDX-License-Identifier: Apache-2.0 */
/* A long job that somebody asks for: at work on a thread of its own, so that stops and grants do
 * not wait for it, one of its kind at a time, and of what it made one event in the record. Whoever
 * asked may be gone by then: then nothing is recorded, and the job undoes what it made.
 *
 * Life:  calloc a struct that begins with long_job -> long_job_init() -> fill -> long_job_begin()
 *        -> [thread: work() -> long_job_record()] -> freed there. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "core/command.h"

struct json_out;
struct long_job;

enum { LONG_JOB_NAME_MAX = 64, LONG_JOB_WHY_MAX = 256 };

struct long_job_kind {
    const char *thread; /* its name, 15 bytes at the most */
    enum event_type event;
    /* Begins, asked under the turn that no other takes; `ret_is_late`: what it was asked for is
     * not so any more. NULL: nothing can change. */
    enum ambit_err (*check)(const struct long_job *job, bool *ret_is_late);
    /* On the thread: the whole of it. `said`: why not. */
    enum ambit_err (*work)(struct long_job *job, struct buf *said);
    /* The members of the event's detail, between begin and end of the object. */
    void (*put_detail)(const struct long_job *job, struct json_out *out);
    /* What is at work, in the answer to a query: likewise. */
    void (*put_state)(const struct long_job *job, struct json_out *out);
    void (*log)(const struct long_job *job, enum ambit_err err, struct ambit_str said);
};

/* The jobs of one kind. */
struct long_jobs {
    const struct long_job_kind *kind;
    pthread_mutex_t mutex; /* guards the rest */
    struct long_job *job;  /* at work; NULL: nothing is */
    bool has_thread;       /* to be joined */
    pthread_t thread;
    int64_t failed_ms; /* when the last one failed; 0: it did not */
    char failed_name[LONG_JOB_NAME_MAX + 1], failed_why[LONG_JOB_WHY_MAX];
};
void long_jobs_init(struct long_jobs *jobs, const struct long_job_kind *kind);
/* Ends what is at work, and waits for that. Before the writer stops. */
void long_jobs_stop(struct long_jobs *jobs);
void long_jobs_done(struct long_jobs *jobs);
/* Two members: `key`, what is at work, and "failed", how the last one failed; absent: neither. */
void long_jobs_tell(struct long_jobs *jobs, const char *key, struct json_out *out);

struct long_job {
    struct command command; /* first: of the event */
    struct long_jobs *jobs;
    struct arena arena; /* owns the texts */
    struct ambit_str reason;
    struct ambit_str name; /* said when it fails; may be absent */
    int64_t begun_ms;
    atomic_bool is_over; /* it shall end */
};
struct long_job_asked {
    const struct caller *caller; /* NULL: the broker itself */
    struct documents_ref *authenticated;
    struct ambit_str reason, txn, source;
};
/* Everything is copied. NO_MEMORY: long_job_free() all the same. */
AMBIT_CHECKED enum ambit_err long_job_init(struct long_job *job, struct long_jobs *jobs,
                                           struct broker *broker,
                                           const struct long_job_asked *asked);
void long_job_free(struct long_job *job);
/* Takes the job in each case. `ret_is_late`: another is at work, or see check. */
AMBIT_CHECKED enum ambit_err long_job_begin(struct long_job *job, bool *ret_is_late);
/* Records that it is done. REFUSED: who asked for it is nobody any more. */
AMBIT_CHECKED enum ambit_err long_job_record(struct long_job *job);
