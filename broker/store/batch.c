/* SPDX-License-Identifier: Apache-2.0 */
/* One batch: a transaction, the jobs in turn, one commit, the answers. When a job fails the batch
 * is taken back and its jobs run one by one. When a commit fails nothing is run again, ever. */
#include "store/writer_internal.h"

#include "base/clock.h"

enum { READY_LEAST = 4 };

static enum ambit_err batch_open(struct writer *writer, struct store_txn **ret_txn,
                                 int64_t *ret_now_ms)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_write_begin(writer->store, &txn);
    if (err != AMBIT_OK)
        return err;
    int64_t last_ms = INT64_MIN;
    if (writer->hooks.begin)
        err = writer->hooks.begin(writer->hooks.ctx, txn, &last_ms);
    if (err != AMBIT_OK) {
        store_write_abort(txn);
        return err;
    }
    int64_t now_ms = guard_now(&writer->guard);
    *ret_now_ms = now_ms > last_ms ? now_ms : last_ms;
    writer->mark = guard_mark(&writer->guard, *ret_now_ms);
    *ret_txn = txn;
    return AMBIT_OK;
}

static void batch_abort(struct writer *writer, struct store_txn *txn)
{
    store_write_abort(txn);
    if (writer->hooks.aborted)
        writer->hooks.aborted(writer->hooks.ctx);
}

static void note_commit(struct writer *writer, int64_t took_us)
{
    static const int64_t le_us[] = {500,     1000,    2000,    5000,     10000,
                                    20000,   50000,   100000,  200000,   500000,
                                    1000000, 2000000, 5000000, 10000000, 30000000};
    size_t i = 0;
    while (i < AMBIT_LEN(le_us) && took_us > le_us[i])
        i++;
    writer->commit_bucket[i]++;
    writer->commit_us += (uint64_t)took_us;
    writer->commits++;
}

static void note_batch(struct writer *writer, size_t n)
{
    size_t i = 0;
    while (i < SIZE_BUCKETS - 1 && n > (size_t)1 << i)
        i++;
    writer->size_bucket[i]++;
    writer->batches++;
    writer->jobs += n;
}

static void seal(struct writer *writer, enum ambit_err err)
{
    writer->is_sealed = true;
    if (writer->hooks.aborted)
        writer->hooks.aborted(writer->hooks.ctx);
    if (writer->hooks.sealed)
        writer->hooks.sealed(writer->hooks.ctx, err);
}

/* Many answers are worked out while the disk works; of few, each is sooner out without. */
static void tell_ready(const struct writer *writer)
{
    if (writer->n_batch < READY_LEAST)
        return;
    for (size_t i = 0; i < writer->n_batch; i++) {
        struct writer_job *job = writer->batch[i].job;
        if (writer->batch[i].err == AMBIT_OK && job->ready)
            job->ready(job);
    }
}

/* OK: durable. SEALED: nobody knows; otherwise (the end hook) taken back, nothing happened. */
static enum ambit_err batch_commit(struct writer *writer, struct store_txn *txn, bool is_whole)
{
    if (writer->hooks.end) {
        enum ambit_err err = writer->hooks.end(writer->hooks.ctx, txn, &writer->mark);
        if (err != AMBIT_OK) {
            batch_abort(writer, txn);
            return err;
        }
    }
    if (is_whole)
        tell_ready(writer);
    int64_t began_us = clock_mono_us();
    enum ambit_err err = store_write_commit(txn);
    note_commit(writer, clock_mono_us() - began_us);
    if (err != AMBIT_OK) {
        seal(writer, err);
        return AMBIT_ERR_SEALED;
    }
    if (writer->hooks.committed)
        writer->hooks.committed(writer->hooks.ctx);
    return AMBIT_OK;
}

static void answer(struct writer_job *job, enum ambit_err err)
{
    job->done(job, err == AMBIT_ERR_NO_SPACE ? AMBIT_ERR_FULL : err); /* may free the job */
}

static void release(struct writer *writer)
{
    if (writer->hooks.released)
        writer->hooks.released(writer->hooks.ctx);
}

/* Answers the whole batch; what ran gets `err`, what was refused before gets its refusal. */
static void batch_answer(struct writer *writer, enum ambit_err err)
{
    for (size_t i = 0; i < writer->n_batch; i++) {
        struct batch_entry *entry = &writer->batch[i];
        answer(entry->job, entry->err == AMBIT_OK ? err : entry->err);
    }
    release(writer);
}

static enum ambit_err run_alone(struct writer *writer, struct writer_job *job)
{
    struct store_txn *txn = NULL;
    int64_t now_ms = 0;
    if (writer->is_sealed)
        return AMBIT_ERR_SEALED;
    enum ambit_err err = batch_open(writer, &txn, &now_ms);
    if (err != AMBIT_OK)
        return err;
    err = job->run(job, txn, now_ms);
    if (err != AMBIT_OK) {
        batch_abort(writer, txn);
        return err;
    }
    err = batch_commit(writer, txn, false);
    if (err == AMBIT_OK)
        note_batch(writer, 1);
    return err;
}

/* A stop does not wait for the rest of a batch that is run one by one. */
static void run_urgent(struct writer *writer)
{
    for (struct writer_job *job = NULL; (job = writer_next_urgent(writer));) {
        answer(job, run_alone(writer, job));
        release(writer);
    }
}

static void run_one_by_one(struct writer *writer)
{
    for (size_t i = 0; i < writer->n_batch; i++) {
        struct batch_entry *entry = &writer->batch[i];
        run_urgent(writer);
        if (entry->err == AMBIT_OK)
            entry->err = writer_refusal(writer, entry->job->class);
        if (entry->err == AMBIT_OK)
            entry->err = run_alone(writer, entry->job);
        answer(entry->job, entry->err);
    }
    release(writer);
}

/* Runs jobs until the batch is full or none waits, or until a stop ran: what came before it is
 * committed with it, and nothing more is waited for. ret_ran counts those that ran, a failing one
 * too. */
static enum ambit_err fill(struct writer *writer, struct store_txn *txn, int64_t now_ms,
                           size_t *ret_ran)
{
    writer->n_batch = 0;
    *ret_ran = 0;
    bool is_urgent = false;
    while (writer->n_batch < AMBIT_BATCH_COMMANDS && !store_txn_is_large(txn)) {
        struct writer_job *job = is_urgent ? writer_next_urgent(writer) : writer_next(writer);
        if (!job)
            break;
        is_urgent = is_urgent || job->class == WRITER_STOPS;
        enum ambit_err err = writer_refusal(writer, job->class);
        writer->batch[writer->n_batch++] = (struct batch_entry){.job = job, .err = err};
        if (err != AMBIT_OK)
            continue;
        ++*ret_ran;
        err = job->run(job, txn, now_ms);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* No transaction to be had, or sealed: everybody is told so. */
static void refuse_waiting(struct writer *writer, enum ambit_err err)
{
    writer->n_batch = 0;
    for (struct writer_job *job = NULL;
         writer->n_batch < AMBIT_BATCH_COMMANDS && (job = writer_next(writer));)
        writer->batch[writer->n_batch++] = (struct batch_entry){.job = job, .err = err};
    batch_answer(writer, err);
}

enum ambit_err batch_look(struct writer *writer)
{
    struct store_txn *txn = NULL;
    int64_t last_ms = 0;
    enum ambit_err err = store_write_begin(writer->store, &txn);
    if (err != AMBIT_OK)
        return err;
    if (writer->hooks.begin)
        err = writer->hooks.begin(writer->hooks.ctx, txn, &last_ms);
    batch_abort(writer, txn);
    guard_init(&writer->guard, last_ms, TAKE(writer->kept));
    return err;
}

void batch_run(struct writer *writer)
{
    struct store_txn *txn = NULL;
    int64_t now_ms = 0;
    if (writer->is_sealed) {
        refuse_waiting(writer, AMBIT_ERR_SEALED);
        return;
    }
    enum ambit_err err = batch_open(writer, &txn, &now_ms);
    if (err != AMBIT_OK) {
        refuse_waiting(writer, err);
        return;
    }
    size_t n_ran = 0;
    err = fill(writer, txn, now_ms, &n_ran);
    if (err != AMBIT_OK || n_ran == 0)
        batch_abort(writer, txn);
    else
        err = batch_commit(writer, txn, true);

    if (err == AMBIT_OK && n_ran > 0)
        note_batch(writer, n_ran);
    if (err == AMBIT_OK || err == AMBIT_ERR_SEALED || n_ran == 1)
        batch_answer(writer, err);
    else
        run_one_by_one(writer);
}

static enum ambit_err turn(void *ctx, struct store_txn *txn, int64_t now_ms)
{
    (void)ctx;
    (void)now_ms;
    return store_turn(txn);
}

/* A batch of our own: nobody waits for it. */
static void run_own(struct writer *writer,
                    enum ambit_err (*run)(void *, struct store_txn *, int64_t))
{
    struct store_txn *txn = NULL;
    int64_t now_ms = 0;
    if (batch_open(writer, &txn, &now_ms) != AMBIT_OK)
        return;
    if (run(writer->hooks.ctx, txn, now_ms) != AMBIT_OK) {
        batch_abort(writer, txn);
        return;
    }
    if (batch_commit(writer, txn, false) == AMBIT_OK)
        release(writer);
}

static enum ambit_err scrub_turn(void *ctx, struct store_txn *txn, int64_t now_ms)
{
    (void)ctx;
    return store_scrub_turn(txn, now_ms);
}

void batch_scrub(struct writer *writer)
{
    if (!writer->is_sealed && store_scrub_step(writer->store))
        run_own(writer, scrub_turn);
}

void batch_tick(struct writer *writer)
{
    const struct writer_hooks *hooks = &writer->hooks;
    int64_t now_ms = guard_now(&writer->guard);
    store_space_check(writer->store);
    if (!writer->is_sealed && store_wants_turn(writer->store))
        run_own(writer, turn);
    if (writer->is_sealed || !hooks->tick)
        return;
    if (!hooks->wants_tick || hooks->wants_tick(hooks->ctx, now_ms))
        run_own(writer, hooks->tick);
}
