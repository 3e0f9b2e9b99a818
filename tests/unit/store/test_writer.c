/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: many jobs share a commit and are answered after it, in order; stops go first; a job that
 * fails takes nobody with it. */
#include "writer_fixture.h"

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
    assert_string_equal(diary_text(), "[ 0+ ] [ s+ t+ ] [ a+ b+ ] ");
}

static void tell_ready(struct writer_job *base)
{
    struct job *job = (struct job *)base;
    note((char[]){job->name, '~', 0});
}

/* Before the commit, of a batch that will not be run again, and when there are some. */
static void test_ready(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, jobs[5];
    for (int i = 0; i < 5; i++) {
        jobs[i] = job_of((char)('a' + i), WRITER_GIVES);
        jobs[i].job.ready = i == 1 ? NULL : tell_ready;
    }
    hold(f->writer, &first);
    for (int i = 0; i < 4; i++)
        assert_int_equal(writer_submit(f->writer, &jobs[i].job), AMBIT_OK);
    let_go(&jobs[3]);
    assert_string_equal(diary_text(), "[ 0+ ] a~ c~ d~ [ a+ b+ c+ d+ ] ");

    jobs[4].is_done = false;
    assert_int_equal(writer_submit(f->writer, &jobs[4].job), AMBIT_OK);
    assert_int_equal(wait_for(&jobs[4]), AMBIT_OK);
    assert_null(strstr(diary_text(), "e~"));
}

static void test_ready_not_when_taken_back(void **state)
{
    struct writer_fixture *f = *state;
    struct job first, jobs[5];
    for (int i = 0; i < 5; i++) {
        jobs[i] = job_of((char)('a' + i), WRITER_GIVES);
        jobs[i].job.ready = tell_ready;
    }
    jobs[4].fails = AMBIT_ERR_CONFLICT;
    hold(f->writer, &first);
    for (int i = 0; i < 5; i++)
        assert_int_equal(writer_submit(f->writer, &jobs[i].job), AMBIT_OK);
    let_go(&jobs[4]);
    assert_null(strchr(diary_text(), '~'));
    assert_int_equal(jobs[0].err, AMBIT_OK);
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

/* The step happens while a job that gives waits: it is not run. */
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
        WITH(test_ready),
        WITH(test_ready_not_when_taken_back),
        WITH(test_one_fails),
        WITH(test_fails_alone),
        WITH(test_tick),
        WITH(test_counts_are_exact),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
