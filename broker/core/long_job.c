/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a long job, its one event, and how it ended. */
#include "core/long_job.h"

#include <stdio.h>

#include "base/json_write.h"
#include "core/internal.h"

void long_jobs_init(struct long_jobs *jobs, const struct long_job_kind *kind)
{
    jobs->kind = kind;
    (void)pthread_mutex_init(&jobs->mutex, NULL);
}

static void join(struct long_jobs *jobs)
{
    if (jobs->has_thread)
        (void)pthread_join(jobs->thread, NULL);
    jobs->has_thread = false;
}

void long_jobs_stop(struct long_jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->mutex);
    if (jobs->job)
        atomic_store(&jobs->job->is_over, true);
    (void)pthread_mutex_unlock(&jobs->mutex);
    join(jobs);
}

void long_jobs_done(struct long_jobs *jobs)
{
    (void)pthread_mutex_destroy(&jobs->mutex);
}

/* ---- the job ------------------------------------------------------------------------------- */

enum ambit_err long_job_init(struct long_job *job, struct long_jobs *jobs, struct broker *broker,
                             const struct long_job_asked *asked)
{
    struct command *command = &job->command;
    job->jobs = jobs;
    arena_init(&job->arena, NULL, 0, 0);
    job->begun_ms = broker_now_ms(broker);
    command_init(command, broker, asked->caller, asked->authenticated);
    if (asked->authenticated) /* which long_job_free() releases, whatever follows */
        broker_documents_keep(asked->authenticated);
    job->reason = arena_copy(&job->arena, asked->reason);
    if (!job->reason.p)
        return AMBIT_ERR_NO_MEMORY;
    if (!asked->authenticated)
        return AMBIT_OK; /* the broker's own */
    command->caller.name = arena_copy(&job->arena, asked->caller->name);
    command->caller.composition = (struct ambit_str){0};
    command->txn = arena_copy(&job->arena, asked->txn);
    if (asked->source.p)
        command->source = arena_copy(&job->arena, asked->source);
    bool is_whole =
        command->caller.name.p && command->txn.p && (command->source.p || !asked->source.p);
    return is_whole ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

void long_job_free(struct long_job *job)
{
    if (!job)
        return;
    command_release(&job->command);
    if (job->command.authenticated)
        broker_documents_release(TAKE(job->command.authenticated));
    arena_done(&job->arena);
    free(job);
}

/* ---- the record ---------------------------------------------------------------------------- */

static enum ambit_err record_run(struct writer_job *writer_job, struct store_txn *txn,
                                 int64_t now_ms)
{
    struct long_job *job = (struct long_job *)(void *)writer_job;
    struct command *base = &job->command;
    struct json_out out;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    job->jobs->kind->put_detail(job, &out);
    json_end_object(&out);
    err = buf_check(&detail);
    if (err != AMBIT_OK)
        return err;
    struct event event;
    event_init(&event, base, job->jobs->kind->event);
    event.words = job->reason;
    event.detail = buf_str(&detail);
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err long_job_record(struct long_job *job)
{
    job->command.job.run = record_run;
    job->command.job.class = WRITER_RECORDS;
    enum ambit_err err = writer_call(job->command.broker->writer, &job->command.job);
    if (err == AMBIT_OK && job->command.way_in_lost)
        err = AMBIT_ERR_REFUSED;
    return err;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void keep_text(char *dst, size_t size, struct ambit_str text)
{
    size_t len = text.len < size ? text.len : size - 1;
    if (len > 0)
        memcpy(dst, text.p, len);
    dst[len] = '\0';
}

static void ended(const struct long_job *job, enum ambit_err err, struct ambit_str said)
{
    const struct ambit_str none = {0};
    struct long_jobs *jobs = job->jobs;
    bool is_fine = err == AMBIT_OK;
    (void)pthread_mutex_lock(&jobs->mutex);
    jobs->failed_ms = is_fine ? 0 : broker_now_ms(job->command.broker);
    keep_text(jobs->failed_name, sizeof jobs->failed_name, is_fine ? none : job->name);
    keep_text(jobs->failed_why, sizeof jobs->failed_why, is_fine ? none : said);
    jobs->job = NULL;
    (void)pthread_mutex_unlock(&jobs->mutex);
    jobs->kind->log(job, err, said);
}

static void *thread_main(void *ctx)
{
    struct long_job *job = ctx;
    char memory[LONG_JOB_WHY_MAX];
    struct buf said;
    buf_init_fixed(&said, memory, sizeof memory);
    enum ambit_err err = job->jobs->kind->work(job, &said);
    ended(job, err, buf_str(&said));
    long_job_free(job);
    return NULL;
}

/* Under the mutex: nothing is at work, and the thread of the one before has ended or is about to.
 */
static enum ambit_err start(struct long_jobs *jobs, struct long_job *job)
{
    join(jobs);
    if (pthread_create(&jobs->thread, NULL, thread_main, job) != 0)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_setname_np(jobs->thread, jobs->kind->thread);
    jobs->has_thread = true;
    jobs->job = job;
    return AMBIT_OK;
}

enum ambit_err long_job_begin(struct long_job *job, bool *ret_is_late)
{
    struct long_jobs *jobs = job->jobs;
    enum ambit_err err = AMBIT_OK;
    (void)pthread_mutex_lock(&jobs->mutex);
    *ret_is_late = jobs->job != NULL;
    if (!*ret_is_late && jobs->kind->check)
        err = jobs->kind->check(job, ret_is_late);
    if (err == AMBIT_OK && !*ret_is_late)
        err = start(jobs, job);
    (void)pthread_mutex_unlock(&jobs->mutex);
    if (err != AMBIT_OK || *ret_is_late)
        long_job_free(job);
    return err;
}

/* ---- telling ------------------------------------------------------------------------------- */

void long_jobs_tell(struct long_jobs *jobs, const char *key, struct json_out *out)
{
    (void)pthread_mutex_lock(&jobs->mutex);
    if (jobs->job) {
        json_key(out, key);
        json_begin_object(out);
        jobs->kind->put_state(jobs->job, out);
        json_end_object(out);
    }
    if (jobs->failed_ms) {
        json_key(out, "failed");
        json_begin_object(out);
        if (jobs->failed_name[0])
            json_member_text(out, "name", jobs->failed_name);
        json_key(out, "time");
        json_time_ms(out, jobs->failed_ms);
        json_member_text(out, "why", jobs->failed_why);
        json_end_object(out);
    }
    (void)pthread_mutex_unlock(&jobs->mutex);
}
