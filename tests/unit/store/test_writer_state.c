/* SPDX-License-Identifier: Apache-2.0 */
/* Goal: a commit that fails seals; what gives authority is refused when space or time are in doubt;
 * the queue has a bound, and whoever was taken is answered before the end. */
#include "writer_fixture.h"

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

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, up, down)
    const struct CMUnitTest tests[] = {
        WITH(test_commit_error_seals),       WITH(test_full),
        WITH(test_full_comes_alone),         WITH(test_clock_step),
        WITH(test_clock_step_while_waiting), WITH(test_start_behind_the_record),
        WITH(test_queue_is_bounded),         WITH(test_stopping_answers_all),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
