/* SPDX-License-Identifier: Apache-2.0 */
/* A writer whose commit can be held or failed on demand, and jobs that keep a diary. */
#pragma once

#include "fixture.h"

#include <errno.h>

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/encode.h"
#include "store/writer.h"

/* ---- the commit, on demand ---------------------------------------------------------------------
 */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held by a test that holds the commit */
static atomic_int commit_error, n_commits;

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    n_commits++;
    if (commit_error) {
        mdb_txn_abort(txn);
        return commit_error;
    }
    return __real_mdb_txn_commit(txn);
}

/* ---- jobs that write a line into a diary -------------------------------------------------------
 */

struct diary {
    pthread_mutex_t mutex; /* guards the rest */
    char text[4096];
};
static struct diary diary = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static inline void note(const char *what)
{
    (void)pthread_mutex_lock(&diary.mutex);
    size_t len = strlen(diary.text);
    if (len + strlen(what) + 2 < sizeof diary.text)
        (void)snprintf(diary.text + len, sizeof diary.text - len, "%s ", what);
    (void)pthread_mutex_unlock(&diary.mutex);
}

struct job {
    struct writer_job job;
    char name;
    enum ambit_err fails; /* what run gives */
    size_t bytes;         /* what it writes; 0: one */
    atomic_int runs;
    int64_t now_ms;
    atomic_bool is_done;
    enum ambit_err err;
};

static inline enum ambit_err job_run(struct writer_job *base, struct store_txn *txn, int64_t now_ms)
{
    struct job *job = (struct job *)base;
    static uint8_t value[1 << 20];
    job->runs++;
    job->now_ms = now_ms;
    if (job->fails != AMBIT_OK)
        return job->fails;
    return store_put(txn, STORE_GRANTS, (struct store_key){&job->name, 1}, value,
                     job->bytes ? job->bytes : 1);
}

static inline void job_done(struct writer_job *base, enum ambit_err err)
{
    struct job *job = (struct job *)base;
    note((char[]){job->name, err == AMBIT_OK ? '+' : '-', 0});
    job->err = err;
    job->is_done = true;
}

/* What was noted up to now. */
static inline const char *diary_text(void)
{
    static char copy[sizeof diary.text];
    (void)pthread_mutex_lock(&diary.mutex);
    memcpy(copy, diary.text, sizeof copy);
    (void)pthread_mutex_unlock(&diary.mutex);
    return copy;
}

static inline struct job job_of(char name, enum writer_class class)
{
    return (struct job){.job = {.class = class, .run = job_run, .done = job_done}, .name = name};
}

static inline void pause_us(long us)
{
    struct timespec time = {.tv_nsec = us * 1000};
    (void)nanosleep(&time, NULL);
}

static inline enum ambit_err wait_for(struct job *job)
{
    for (int i = 0; i < 20000 && !job->is_done; i++)
        pause_us(500);
    assert_true(job->is_done);
    return job->err;
}

/* ---- a writer ----------------------------------------------------------------------------------
 */

static atomic_int_fast64_t wall_now_ms, boot_now_ms, last_now_ms;
static atomic_int n_ticks;
static atomic_bool wants_tick;

static int64_t wall(void)
{
    return wall_now_ms;
}

static int64_t boot(void)
{
    return boot_now_ms;
}

static inline enum ambit_err hook_begin(void *ctx, struct store_txn *txn, int64_t *ret_last_now_ms)
{
    (void)ctx;
    (void)txn;
    *ret_last_now_ms = last_now_ms;
    return AMBIT_OK;
}

static inline void hook_committed(void *ctx)
{
    (void)ctx;
    note("[");
}

static inline void hook_released(void *ctx)
{
    (void)ctx;
    note("]");
}

static inline void hook_aborted(void *ctx)
{
    (void)ctx;
    note("abort");
}

static inline void hook_sealed(void *ctx, enum ambit_err err)
{
    (void)ctx;
    note(err == AMBIT_ERR_IO ? "sealed" : "?");
}

static inline bool hook_wants_tick(void *ctx, int64_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    return wants_tick;
}

static inline enum ambit_err hook_tick(void *ctx, struct store_txn *txn, int64_t now_ms)
{
    (void)ctx;
    (void)txn;
    (void)now_ms;
    n_ticks++;
    return AMBIT_OK;
}

struct writer_fixture {
    struct fixture *fixture;
    struct writer *writer;
};

static inline struct writer_options options_of(struct fixture *fixture)
{
    return (struct writer_options){.store = fixture->store,
                                   .hooks = {.begin = hook_begin,
                                             .committed = hook_committed,
                                             .aborted = hook_aborted,
                                             .released = hook_released,
                                             .sealed = hook_sealed,
                                             .wants_tick = hook_wants_tick,
                                             .tick = hook_tick},
                                   .wall_ms = wall,
                                   .boot_ms = boot};
}

static inline void forget(void)
{
    (void)pthread_mutex_lock(&diary.mutex);
    memset(diary.text, 0, sizeof diary.text);
    (void)pthread_mutex_unlock(&diary.mutex);
    n_commits = 0;
}

static inline int up(void **state)
{
    struct writer_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    void *fixture = NULL;
    wall_now_ms = 1000000;
    boot_now_ms = 0;
    last_now_ms = 0;
    commit_error = 0;
    n_ticks = 0;
    wants_tick = false;
    (void)fixture_up(&fixture);
    f->fixture = fixture;
    struct writer_options options = options_of(f->fixture);
    assert_int_equal(writer_start(&options, &f->writer), AMBIT_OK);
    forget();
    *state = f;
    return 0;
}

static inline int down(void **state)
{
    struct writer_fixture *f = *state;
    void *fixture = f->fixture;
    writer_stop(f->writer);
    (void)fixture_down(&fixture);
    free(f);
    return 0;
}

/* Holds the commit of a first job `0`, so that what is submitted meanwhile makes one batch. */
static inline void hold(struct writer *writer, struct job *first)
{
    (void)pthread_mutex_lock(&gate);
    *first = job_of('0', WRITER_RECORDS);
    assert_int_equal(writer_submit(writer, &first->job), AMBIT_OK);
    for (int i = 0; i < 20000 && first->runs == 0; i++)
        pause_us(500);
    pause_us(20000); /* past the last look for another job */
}

static inline void let_go(struct job *last)
{
    (void)pthread_mutex_unlock(&gate);
    (void)wait_for(last);
    pause_us(2000); /* `released` comes after the last `done` */
}
