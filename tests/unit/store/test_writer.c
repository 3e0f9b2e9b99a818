/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: many jobs share a commit and are answered after it, in order; stops go first; a job that
 * fails takes nobody with it; a commit that fails seals; what gives authority is refused when space
 * or time are in doubt. The commit is held or failed on demand by replacing LMDB's. */
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

static void note(const char *what)
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

static enum ambit_err job_run(struct writer_job *base, struct store_txn *txn, int64_t now_ms)
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

static void job_done(struct writer_job *base, enum ambit_err err)
{
    struct job *job = (struct job *)base;
    note((char[]){job->name, err == AMBIT_OK ? '+' : '-', 0});
    job->err = err;
    job->is_done = true;
}

/* What was noted up to now. */
static const char *diary_text(void)
{
    static char copy[sizeof diary.text];
    (void)pthread_mutex_lock(&diary.mutex);
    memcpy(copy, diary.text, sizeof copy);
    (void)pthread_mutex_unlock(&diary.mutex);
    return copy;
}

static struct job job_of(char name, enum writer_class class)
{
    return (struct job){.job = {.class = class, .run = job_run, .done = job_done}, .name = name};
}

static void pause_us(long us)
{
    struct timespec time = {.tv_nsec = us * 1000};
    (void)nanosleep(&time, NULL);
}

static enum ambit_err wait_for(struct job *job)
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

static enum ambit_err hook_begin(void *ctx, struct store_txn *txn, int64_t *ret_last_now_ms)
{
    (void)ctx;
    (void)txn;
    *ret_last_now_ms = last_now_ms;
    return AMBIT_OK;
}

static void hook_committed(void *ctx)
{
    (void)ctx;
    note("[");
}

static void hook_released(void *ctx)
{
    (void)ctx;
    note("]");
}

static void hook_aborted(void *ctx)
{
    (void)ctx;
    note("abort");
}

static void hook_sealed(void *ctx, enum ambit_err err)
{
    (void)ctx;
    note(err == AMBIT_ERR_IO ? "sealed" : "?");
}

static bool hook_wants_tick(void *ctx, int64_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    return wants_tick;
}

static enum ambit_err hook_tick(void *ctx, struct store_txn *txn, int64_t now_ms)
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

static struct writer_options options_of(struct fixture *fixture)
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

static void forget(void)
{
    (void)pthread_mutex_lock(&diary.mutex);
    memset(diary.text, 0, sizeof diary.text);
    (void)pthread_mutex_unlock(&diary.mutex);
    n_commits = 0;
}

static int up(void **state)
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

static int down(void **state)
{
    struct writer_fixture *f = *state;
    void *fixture = f->fixture;
    writer_stop(f->writer);
    (void)fixture_down(&fixture);
    free(f);
    return 0;
}

/* Holds the commit of a first job `0`, so that what is submitted meanwhile makes one batch. */
static void hold(struct writer *writer, struct job *first)
{
    (void)pthread_mutex_lock(&gate);
    *first = job_of('0', WRITER_RECORDS);
    assert_int_equal(writer_submit(writer, &first->job), AMBIT_OK);
    for (int i = 0; i < 20000 && first->runs == 0; i++)
        pause_us(500);
    pause_us(20000); /* past the last look for another job */
}

static void let_go(struct job *last)
{
    (void)pthread_mutex_unlock(&gate);
    (void)wait_for(last);
    pause_us(2000); /* `released` comes after the last `done` */
}

/* ---- tests -------------------------------------------------------------------------------------
 */

static void test_one_job(void **state)
{
    struct writer_fixture *f = *state;
    struct job job = job_of('a', WRITER_GIVES);
    assert_int_equal(writer_call(f->writer, &job.job), AMBIT_OK);
    assert_int_equal(job.runs, 1);
    assert_int_equal(job.now_ms, 1000000);
    struct store_txn *txn = NULL;
    uint8_t got[4];
    assert_int_equal(store_read_begin(f->fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_GRANTS, key_of("a"), got, sizeof got, NULL), AMBIT_OK);
    store_read_end(txn);
}

static void test_group_commit(void **state)
{
    enum { N = 64 };
    struct writer_fixture *f = *state;
    struct job first, jobs[N];
    struct writer_counts counts;
    hold(f->writer, &first);
    for (int i = 0; i < N; i++) {
        jobs[i] = job_of((char)('A' + i % 50), WRITER_GIVES);
        assert_int_equal(writer_submit(f->writer, &jobs[i].job), AMBIT_OK);
    }
    let_go(&jobs[N - 1]);
    assert_int_equal(n_commits, 2);
    for (int i = 0; i < N; i++)
        assert_true(jobs[i].is_done && jobs[i].err == AMBIT_OK && jobs[i].runs == 1);
    writer_count(f->writer, &counts);
    assert_int_equal(counts.batches, 2);
    assert_int_equal(counts.commits, 2);
    assert_int_equal(counts.jobs, N + 1);
    assert_int_equal(counts.batch_size_bucket[0], 1);
    assert_int_equal(counts.batch_size_bucket[6], 1);
    assert_true(counts.commit_seconds_sum > 0);
}

static void test_batch_is_bounded(void **state)
{
    enum { N = 1100 };
    struct writer_fixture *f = *state;
    struct job first, *jobs = calloc(N, sizeof *jobs);
    assert_non_null(jobs);
    hold(f->writer, &first);
    for (int i = 0; i < N; i++) {
        jobs[i] = job_of((char)(i % 100), WRITER_RECORDS);
        assert_int_equal(writer_submit(f->writer, &jobs[i].job), AMBIT_OK);
    }
    let_go(&jobs[N - 1]);
    assert_true(n_commits >= 4); /* 1, at most 512 each, by pages fewer */
    for (int i = 0; i < N; i++)
        assert_int_equal(jobs[i].err, AMBIT_OK);
    free(jobs);
}

static void test_order(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, a = job_of('a', WRITER_GIVES), b = job_of('b', WRITER_RECORDS),
                      s = job_of('s', WRITER_STOPS), t = job_of('t', WRITER_STOPS);
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &b.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &s.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &t.job), AMBIT_OK);
    let_go(&b);
    assert_string_equal(diary_text(), "[ 0+ ] [ s+ t+ a+ b+ ] ");
}

static void test_one_fails(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, a = job_of('a', WRITER_GIVES), b = job_of('b', WRITER_GIVES),
                      c = job_of('c', WRITER_GIVES);
    b.fails = AMBIT_ERR_CONFLICT;
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &b.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &c.job), AMBIT_OK);
    let_go(&c);
    /* b ends the batch before c was reached; c comes in the next. */
    assert_string_equal(diary_text(), "[ 0+ ] abort [ a+ abort b- ] [ c+ ] ");
    assert_int_equal(a.runs, 2);
    assert_int_equal(b.runs, 2);
    assert_int_equal(c.runs, 1);
    assert_int_equal(b.err, AMBIT_ERR_CONFLICT);
    assert_int_equal(writer_state(f->writer), WRITER_READY);
}

static void test_fails_alone(void **state)
{
    struct writer_fixture *f = *state;
    struct job job = job_of('a', WRITER_GIVES);
    job.fails = AMBIT_ERR_DAMAGED;
    assert_int_equal(writer_call(f->writer, &job.job), AMBIT_ERR_DAMAGED);
    assert_int_equal(job.runs, 1);
    assert_int_equal(n_commits, 0);
}

static void test_commit_error_seals(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, a = job_of('a', WRITER_GIVES), s = job_of('s', WRITER_STOPS),
                      late = job_of('l', WRITER_STOPS);
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &s.job), AMBIT_OK);
    commit_error = EIO;
    let_go(&a);
    assert_string_equal(diary_text(), "abort sealed 0- ] s- a- ] ");
    assert_int_equal(first.err, AMBIT_ERR_SEALED);
    assert_int_equal(s.err, AMBIT_ERR_SEALED);
    assert_int_equal(a.runs + s.runs, 0);
    assert_int_equal(writer_state(f->writer), WRITER_SEALED);
    commit_error = 0; /* the disk is well again: sealed it stays */
    assert_int_equal(writer_submit(f->writer, &late.job), AMBIT_ERR_SEALED);
}

static void test_full(void **state)
{
    struct writer_fixture *f = *state;
    struct job large = job_of('a', WRITER_RECORDS), gives = job_of('g', WRITER_GIVES),
               stop = job_of('s', WRITER_STOPS), records = job_of('r', WRITER_RECORDS);
    enum ambit_err err = AMBIT_OK;
    large.bytes = 1 << 20;
    for (; err == AMBIT_OK && large.name < 'z'; large.name++)
        err = writer_call(f->writer, &large.job);
    assert_int_equal(err, AMBIT_ERR_FULL);
    assert_int_equal(writer_state(f->writer), WRITER_FULL);
    assert_int_equal(writer_submit(f->writer, &gives.job), AMBIT_ERR_FULL);
    err = writer_call(f->writer, &records.job);
    assert_true(err == AMBIT_OK || err == AMBIT_ERR_FULL); /* by which mark it is */
    assert_int_equal(writer_call(f->writer, &stop.job), AMBIT_OK);
}

static void test_full_comes_alone(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, a = job_of('a', WRITER_RECORDS), b = job_of('b', WRITER_RECORDS),
                      c = job_of('c', WRITER_RECORDS);
    b.fails = AMBIT_ERR_NO_SPACE;
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &b.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &c.job), AMBIT_OK);
    let_go(&c);
    assert_int_equal(a.err, AMBIT_OK);
    assert_int_equal(b.err, AMBIT_ERR_FULL);
    assert_int_equal(c.err, AMBIT_OK);
}

static void test_clock_step(void **state)
{
    struct writer_fixture *f = *state;
    struct job a = job_of('a', WRITER_RECORDS), gives = job_of('g', WRITER_GIVES);
    assert_int_equal(writer_call(f->writer, &a.job), AMBIT_OK);
    last_now_ms = 1000000;
    wall_now_ms -= 3600000;
    assert_int_equal(writer_call(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(a.now_ms, 1000000);
    assert_int_equal(writer_state(f->writer), WRITER_CLOCK);
    assert_int_equal(writer_submit(f->writer, &gives.job), AMBIT_ERR_CLOCK);
    writer_trust_time(f->writer);
    assert_int_equal(writer_call(f->writer, &gives.job), AMBIT_OK);
    assert_int_equal(gives.now_ms, 1000000); /* never less than what is in the record */
    writer_distrust_time(f->writer);
    assert_int_equal(writer_submit(f->writer, &gives.job), AMBIT_ERR_CLOCK);
}

/* The step happens while a job that gives waits: it is not run. */
static void test_clock_step_while_waiting(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, gives = job_of('g', WRITER_GIVES), stop = job_of('s', WRITER_STOPS);
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &gives.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &stop.job), AMBIT_OK);
    wall_now_ms += 3600000;
    let_go(&gives);
    assert_int_equal(gives.err, AMBIT_ERR_CLOCK);
    assert_int_equal(gives.runs, 0);
    assert_int_equal(stop.err, AMBIT_OK);
    assert_int_equal(stop.now_ms, 1000000); /* the wrong hour is not in the record */
}

static void test_start_behind_the_record(void **state)
{
    struct writer_fixture *f = *state;
    struct writer_options options = options_of(f->fixture);
    writer_stop(f->writer);
    last_now_ms = wall_now_ms + 60000;
    assert_int_equal(writer_start(&options, &f->writer), AMBIT_OK);
    assert_int_equal(writer_state(f->writer), WRITER_CLOCK);
}

static void test_queue_is_bounded(void **state)
{
    struct writer_fixture *f = *state;
    struct writer_options options = options_of(f->fixture);
    struct job first, a = job_of('a', WRITER_GIVES), b = job_of('b', WRITER_GIVES),
                      s = job_of('s', WRITER_STOPS);
    options.queue_max = 1;
    writer_stop(f->writer);
    assert_int_equal(writer_start(&options, &f->writer), AMBIT_OK);
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(writer_submit(f->writer, &b.job), AMBIT_ERR_BUSY);
    assert_int_equal(writer_submit(f->writer, &s.job), AMBIT_OK);
    let_go(&a);
    assert_int_equal(s.err, AMBIT_OK);
}

static void *stop_writer(void *ctx)
{
    writer_stop(ctx);
    return NULL;
}

static void test_stopping_answers_all(void **state)
{
    struct writer_fixture *f = *state;
    struct writer_options options = options_of(f->fixture);
    struct job first, a = job_of('a', WRITER_GIVES), late = job_of('l', WRITER_STOPS);
    pthread_t thread;
    hold(f->writer, &first);
    assert_int_equal(writer_submit(f->writer, &a.job), AMBIT_OK);
    assert_int_equal(pthread_create(&thread, NULL, stop_writer, f->writer), 0);
    while (writer_state(f->writer) != WRITER_STOPPING)
        pause_us(500);
    assert_int_equal(writer_submit(f->writer, &late.job), AMBIT_ERR_STOPPING);
    (void)pthread_mutex_unlock(&gate);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(first.err, AMBIT_OK);
    assert_int_equal(a.err, AMBIT_OK);
    assert_true(a.is_done);
    assert_int_equal(writer_start(&options, &f->writer), AMBIT_OK);
}

static void test_tick(void **state)
{
    struct writer_fixture *f = *state;
    (void)f;
    pause_us(900000);
    pause_us(400000);
    assert_int_equal(n_ticks, 0); /* nothing was wanted */
    assert_int_equal(n_commits, 0);
    wants_tick = true;
    pause_us(900000);
    pause_us(400000);
    assert_true(n_ticks >= 1 && n_ticks <= 2);
    assert_int_equal(n_commits, n_ticks);
}

/* ---- many at once ------------------------------------------------------------------------------
 */

struct client {
    struct writer *writer;
    int n_ok;
};

static enum ambit_err count_run(struct writer_job *base, struct store_txn *txn, int64_t now_ms)
{
    uint8_t row[8] = {0};
    (void)base;
    (void)now_ms;
    enum ambit_err err = store_get(txn, STORE_COUNTERS, key_of("n"), row, sizeof row, NULL);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    put_be64(row, get_be64(row) + 1);
    return store_put(txn, STORE_COUNTERS, key_of("n"), row, sizeof row);
}

static void *client_main(void *ctx)
{
    struct client *client = ctx;
    for (int i = 0; i < 50; i++) {
        struct writer_job job = {.class = i % 10 ? WRITER_GIVES : WRITER_STOPS, .run = count_run};
        client->n_ok += writer_call(client->writer, &job) == AMBIT_OK;
    }
    return NULL;
}

static void test_counts_are_exact(void **state)
{
    enum { CLIENTS = 16 };
    struct writer_fixture *f = *state;
    struct client clients[CLIENTS];
    pthread_t threads[CLIENTS];
    struct store_txn *txn = NULL;
    uint8_t row[8];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.writer = f->writer};
        assert_int_equal(pthread_create(&threads[i], NULL, client_main, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(clients[i].n_ok, 50);
    }
    assert_int_equal(store_read_begin(f->fixture->store, &txn), AMBIT_OK);
    assert_int_equal(store_get(txn, STORE_COUNTERS, key_of("n"), row, sizeof row, NULL), AMBIT_OK);
    store_read_end(txn);
    assert_int_equal(get_be64(row), CLIENTS * 50);
    assert_true(n_commits < CLIENTS * 50);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {
        WITH(test_one_job),
        WITH(test_group_commit),
        WITH(test_batch_is_bounded),
        WITH(test_order),
        WITH(test_one_fails),
        WITH(test_fails_alone),
        WITH(test_commit_error_seals),
        WITH(test_full),
        WITH(test_full_comes_alone),
        WITH(test_clock_step),
        WITH(test_clock_step_while_waiting),
        WITH(test_start_behind_the_record),
        WITH(test_queue_is_bounded),
        WITH(test_stopping_answers_all),
        WITH(test_tick),
        WITH(test_counts_are_exact),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
