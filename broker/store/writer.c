/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread, its queue and its state. One lock per submit; the thread takes the whole queue
 * at once and looks for urgent jobs again before every job it runs. */
#include "store/writer_internal.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { QUEUE_DEFAULT = 8192, SECOND_US = 1000000, SLICE_NS = 100000 /* the least there is */ };

struct writer_waiter {
    pthread_mutex_t mutex; /* guards is_done and err */
    pthread_cond_t done;
    bool is_done;
    enum ambit_err err;
};

/* ---- the queue ----------------------------------------------------------------------------- */

static void list_add(struct job_list *list, struct writer_job *job)
{
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
}

static struct writer_job *list_pop(struct job_list *list)
{
    struct writer_job *job = list->first;
    if (!job)
        return NULL;
    list->first = job->next;
    if (!list->first)
        list->last = NULL;
    return job;
}

struct writer_job *writer_next(struct writer *writer)
{
    struct writer_job *job = NULL;
    if (writer->has_urgent || !writer->taken.first) {
        (void)pthread_mutex_lock(&writer->mutex);
        job = list_pop(&writer->urgent);
        writer->has_urgent = writer->urgent.first != NULL;
        if (!job && !writer->taken.first) {
            writer->taken = writer->queued;
            writer->queued = (struct job_list){0};
        }
        (void)pthread_mutex_unlock(&writer->mutex);
    }
    if (!job)
        job = list_pop(&writer->taken);
    if (job)
        writer->n_queued--;
    return job;
}

struct writer_job *writer_next_urgent(struct writer *writer)
{
    if (!writer->has_urgent)
        return NULL;
    (void)pthread_mutex_lock(&writer->mutex);
    struct writer_job *job = list_pop(&writer->urgent);
    writer->has_urgent = writer->urgent.first != NULL;
    (void)pthread_mutex_unlock(&writer->mutex);
    if (job)
        writer->n_queued--;
    return job;
}

/* ---- state --------------------------------------------------------------------------------- */

enum ambit_err writer_refusal(const struct writer *writer, enum writer_class class)
{
    if (writer->is_sealed)
        return AMBIT_ERR_SEALED;
    if (class == WRITER_STOPS)
        return AMBIT_OK;
    struct store_space space;
    store_space(writer->store, &space);
    if (space.is_last_reserve || (space.is_narrow && class == WRITER_GIVES))
        return AMBIT_ERR_FULL;
    if (writer->guard.is_distrusted && class == WRITER_GIVES)
        return AMBIT_ERR_CLOCK;
    return AMBIT_OK;
}

enum writer_state writer_state(const struct writer *writer)
{
    struct store_space space;
    if (writer->is_sealed)
        return WRITER_SEALED;
    if (writer->is_stopping)
        return WRITER_STOPPING;
    if (writer->guard.is_distrusted)
        return WRITER_CLOCK;
    store_space(writer->store, &space);
    return space.is_narrow ? WRITER_FULL : WRITER_READY;
}

int64_t writer_believed_ms(const struct writer *writer)
{
    return guard_believed(&writer->guard);
}

int64_t writer_ahead_ms(const struct writer *writer)
{
    int64_t ahead_ms = guard_believed(&writer->guard) - writer->guard.wall_ms();
    return ahead_ms > 0 || writer->guard.is_distrusted ? ahead_ms : 0; /* two readings */
}

void writer_trust_time(struct writer *writer)
{
    writer->guard.is_trust_asked = true; /* the thread takes the new base before it looks again */
    writer->guard.is_distrusted = false;
}

void writer_distrust_time(struct writer *writer)
{
    writer->guard.is_distrusted = true;
}

/* ---- submitting ---------------------------------------------------------------------------- */

enum ambit_err writer_submit(struct writer *writer, struct writer_job *job)
{
    bool is_urgent = job->class == WRITER_STOPS;
    enum ambit_err err = writer_refusal(writer, job->class);
    if (err != AMBIT_OK)
        return err;
    if (!is_urgent && writer->n_queued >= writer->queue_max)
        return AMBIT_ERR_BUSY;

    (void)pthread_mutex_lock(&writer->mutex);
    if (writer->is_stopping) {
        (void)pthread_mutex_unlock(&writer->mutex);
        return AMBIT_ERR_STOPPING;
    }
    list_add(is_urgent ? &writer->urgent : &writer->queued, job);
    writer->n_queued++;
    if (is_urgent)
        writer->has_urgent = true;
    bool must_wake = writer->is_waiting;
    writer->is_waiting = false; /* one wake-up is enough */
    (void)pthread_mutex_unlock(&writer->mutex);
    if (must_wake)
        (void)pthread_cond_signal(&writer->woken);
    return AMBIT_OK;
}

static void call_done(struct writer_job *job, enum ambit_err err)
{
    struct writer_waiter *waiter = job->waiter;
    (void)pthread_mutex_lock(&waiter->mutex);
    waiter->err = err;
    waiter->is_done = true;
    (void)pthread_cond_signal(&waiter->done);
    (void)pthread_mutex_unlock(&waiter->mutex);
}

enum ambit_err writer_call(struct writer *writer, struct writer_job *job)
{
    struct writer_waiter waiter = {.is_done = false};
    AMBIT_ASSERT(!pthread_equal(pthread_self(), writer->thread));
    (void)pthread_mutex_init(&waiter.mutex, NULL);
    (void)pthread_cond_init(&waiter.done, NULL);
    job->waiter = &waiter;
    job->done = call_done;
    enum ambit_err err = writer_submit(writer, job);
    if (err == AMBIT_OK) {
        (void)pthread_mutex_lock(&waiter.mutex);
        while (!waiter.is_done)
            (void)pthread_cond_wait(&waiter.done, &waiter.mutex);
        err = waiter.err;
        (void)pthread_mutex_unlock(&waiter.mutex);
    }
    (void)pthread_cond_destroy(&waiter.done);
    (void)pthread_mutex_destroy(&waiter.mutex);
    return err;
}

/* ---- the thread ---------------------------------------------------------------------------- */

static bool has_work(const struct writer *writer)
{
    return writer->taken.first || writer->queued.first || writer->urgent.first;
}

/* Until there is work, the second is over, or the end. False: nothing is left and it is the end. */
static bool wait_for_work(struct writer *writer)
{
    (void)pthread_mutex_lock(&writer->mutex);
    int64_t scrub_us = writer->is_sealed ? INT64_MAX : store_scrub_next_us(writer->store);
    int64_t next_us = scrub_us < writer->next_second_us ? scrub_us : writer->next_second_us;
    struct timespec until = {.tv_sec = next_us / SECOND_US, .tv_nsec = next_us % SECOND_US * 1000};
    int rc = 0;
    while (!has_work(writer) && !writer->is_stopping && rc == 0) {
        writer->is_waiting = true;
        rc = pthread_cond_timedwait(&writer->woken, &writer->mutex, &until);
    }
    writer->is_waiting = false;
    bool goes_on = has_work(writer) || !writer->is_stopping;
    (void)pthread_mutex_unlock(&writer->mutex);
    return goes_on;
}

static void announce(struct writer *writer, enum ambit_err err)
{
    (void)pthread_mutex_lock(&writer->mutex);
    writer->start_err = err;
    writer->is_started = true;
    (void)pthread_cond_broadcast(&writer->woken);
    (void)pthread_mutex_unlock(&writer->mutex);
}

/* Asks to be let on as soon as the disk has answered: everybody waits for this thread, which runs
 * for short whiles only. Short slices buy that without a privilege; a kernel that does not know
 * them (before 6.12) leaves things as they are. */
static void ask_for_short_slices(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } how = {.size = sizeof how};
    if (syscall(SYS_sched_getattr, 0, &how, sizeof how, 0) != 0 || how.policy != SCHED_OTHER)
        return;
    how.runtime_ns = SLICE_NS;
    (void)syscall(SYS_sched_setattr, 0, &how, 0);
}

static void *writer_main(void *ctx)
{
    ask_for_short_slices();
    struct writer *writer = ctx;
    enum ambit_err err = batch_look(writer);
    announce(writer, err);
    if (err != AMBIT_OK)
        return NULL;

    writer->next_second_us = clock_mono_us() + SECOND_US;
    while (wait_for_work(writer)) {
        if (writer->n_queued > 0)
            batch_run(writer);
        batch_scrub(writer);
        int64_t now_us = clock_mono_us();
        if (now_us >= writer->next_second_us) {
            batch_tick(writer);
            writer->next_second_us = now_us + SECOND_US;
        }
    }
    return NULL;
}

static enum ambit_err thread_start(struct writer *writer)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGBUS); /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are main's */
    int rc = pthread_create(&writer->thread, NULL, writer_main, writer);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return AMBIT_ERR_NO_MEMORY;
    (void)pthread_setname_np(writer->thread, "writer");
    (void)pthread_mutex_lock(&writer->mutex);
    while (!writer->is_started)
        (void)pthread_cond_wait(&writer->woken, &writer->mutex);
    enum ambit_err err = writer->start_err;
    (void)pthread_mutex_unlock(&writer->mutex);
    if (err != AMBIT_OK)
        (void)pthread_join(writer->thread, NULL);
    return err;
}

static void writer_free(struct writer *writer)
{
    (void)pthread_cond_destroy(&writer->woken);
    (void)pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

enum ambit_err writer_start(const struct writer_options *options, struct writer **ret)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return AMBIT_ERR_NO_MEMORY;
    writer->store = options->store;
    writer->hooks = options->hooks;
    writer->queue_max = options->queue_max ? options->queue_max : QUEUE_DEFAULT;
    writer->guard.wall_ms = options->wall_ms;
    writer->guard.boot_ms = options->boot_ms;
    writer->guard.boot = options->boot;
    writer->kept = options->mark;

    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&writer->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&writer->woken, &attributes);
    (void)pthread_condattr_destroy(&attributes);

    store_ahead_start(writer->store);
    enum ambit_err err = thread_start(writer);
    if (err != AMBIT_OK) {
        store_ahead_stop(writer->store);
        writer_free(writer);
        return err;
    }
    *ret = writer;
    return AMBIT_OK;
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    (void)pthread_mutex_lock(&writer->mutex);
    writer->is_stopping = true;
    (void)pthread_cond_broadcast(&writer->woken);
    (void)pthread_mutex_unlock(&writer->mutex);
    (void)pthread_join(writer->thread, NULL);
    store_ahead_stop(writer->store);
    writer_free(writer);
}

void writer_count(const struct writer *writer, struct writer_counts *ret)
{
    *ret = (struct writer_counts){
        .batches = writer->batches,
        .jobs = writer->jobs,
        .commits = writer->commits,
        .commit_seconds_sum = (double)writer->commit_us / SECOND_US,
    };
    for (size_t i = 0; i < COMMIT_BUCKETS; i++)
        ret->commit_seconds_bucket[i] = writer->commit_bucket[i];
    for (size_t i = 0; i < SIZE_BUCKETS; i++)
        ret->batch_size_bucket[i] = writer->size_bucket[i];
}
