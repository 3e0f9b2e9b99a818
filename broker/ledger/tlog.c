/* SPDX-License-Identifier: Apache-2.0 */
/* The log's thread: reads the head in a short transaction, proves, signs, writes down, tells. */

#include <fcntl.h>
#include <signal.h>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/key.h"
#include "ledger/tlog_inside.h"
#include "store/store.h"

enum {
    SOON_US = 100 * 1000,   /* after a quiet time: what comes together is signed together */
    PAUSE_US = 1000 * 1000, /* between two */
    NEAR_US = 2 * 1000,     /* a commit is being finished */
    NEAR_MAX = 8,           /* and not for so long: it failed */
};

/* ---- the next one ---- */

/* Tells a change and counts a failure; returns what it got. */
static enum ambit_err step(struct tlog *log, enum tlog_step step, enum ambit_err err)
{
    if (err != AMBIT_OK)
        atomic_fetch_add_explicit(&log->failures[step], 1, memory_order_relaxed);
    if (err != log->problem[step])
        log->told(log->ctx, step, err);
    log->problem[step] = err;
    return err;
}

struct next {
    struct tree_edge edge;
    struct tree_proof proof;
    enum ambit_err witnessed;
};

/* What stands in the witness file is a part of this tree, or another log's; else somebody signs in
 * our name what we do not have (an older copy was restored while that file could not be seen, or a
 * copy of us runs): DAMAGED. One that cannot be read is told of when it cannot be written. */
static enum ambit_err hold_witness(const struct tlog *log, struct store_txn *txn, uint64_t size)
{
    BUF_AUTO note = {.max = NOTE_BYTES_MAX};
    struct checkpoint there;
    struct ambit_digest root;
    if (log->witness_path.len == 0 ||
        file_read(AT_FDCWD, log->witness_path.p, NOTE_BYTES_MAX, &note) != AMBIT_OK)
        return AMBIT_OK;
    enum ambit_err err = checkpoint_open(buf_str(&note), &log->verifier, &there);
    if (err != AMBIT_OK || there.size == 0)
        return err == AMBIT_ERR_NO_MEMORY || err == AMBIT_ERR_CRYPTO ? err : AMBIT_OK;
    if (there.size > size)
        return AMBIT_ERR_DAMAGED;
    err = tree_root_at(txn, there.size, size, &root);
    return err == AMBIT_OK && !ambit_digest_eq(root, there.root) ? AMBIT_ERR_DAMAGED : err;
}

/* BUSY: what is there is not known to be durable yet. */
static enum ambit_err read_next(struct tlog *log, struct next *next)
{
    struct store_txn *txn = NULL;
    enum ambit_err err = store_read_begin(log->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = log->edge(txn, &next->edge);
    if (err == AMBIT_ERR_NOT_FOUND)
        err = AMBIT_OK;
    if (err == AMBIT_OK && next->edge.size > log->size && log->size > 0)
        err = tree_consistency(txn, log->size, next->edge.size, &next->proof);
    if (err == AMBIT_OK && next->edge.size > log->size)
        next->witnessed = hold_witness(log, txn, next->edge.size);
    store_read_end(txn);
    if (err != AMBIT_OK)
        return err;
    return next->edge.size > log->durable(log->ctx) ? AMBIT_ERR_BUSY : AMBIT_OK;
}

/* CKP-2: the new tree begins with the old one, by a proof and not by trust in ourselves. */
static enum ambit_err prove(const struct tlog *log, const struct next *next)
{
    if (next->edge.size < log->size)
        return AMBIT_ERR_DAMAGED;
    if (log->size == 0)
        return AMBIT_OK;
    enum ambit_err err =
        tree_consistency_verify(log->size, log->root, next->edge.size, tree_root(&next->edge),
                                next->proof.node, next->proof.n);
    return err == AMBIT_ERR_REFUSED ? AMBIT_ERR_DAMAGED : err;
}

/* The witness file lags only while it cannot be written. */
static void mirror(struct tlog *log, struct ambit_str note)
{
    if (log->witness_path.len == 0)
        return;
    enum ambit_err err = file_write(AT_FDCWD, log->witness_path.p, note, 0644);
    log->is_witness_behind = step(log, TLOG_WITNESS_FILE, err) != AMBIT_OK;
}

static enum ambit_err sign(const struct tlog *log, uint64_t size, struct ambit_digest root,
                           struct tlog_checkpoint **ret)
{
    BUF_AUTO note = {.max = NOTE_BYTES_MAX};
    const struct checkpoint text = {
        .origin = note_verifier_name(&log->verifier), .size = size, .root = root};
    enum ambit_err err = checkpoint_sign(&text, log->key, &note);
    return err == AMBIT_OK ? tlog_checkpoint_new(buf_str(&note), size, root, ret) : err;
}

static enum ambit_err advance(struct tlog *log)
{
    struct next next = {.edge = {.size = 0}};
    TLOG_CHECKPOINT_AUTO *checkpoint = NULL;
    enum ambit_err err = read_next(log, &next);
    if (err == AMBIT_ERR_BUSY)
        return err;
    if (step(log, TLOG_READ, err) != AMBIT_OK)
        return err;
    if (next.edge.size == log->size)
        return AMBIT_OK;
    if (step(log, TLOG_PROVE, prove(log, &next)) != AMBIT_OK)
        return log->problem[TLOG_PROVE];
    if (next.witnessed != AMBIT_OK)
        return step(log, TLOG_WITNESS_FILE, next.witnessed);

    struct ambit_digest root = tree_root(&next.edge);
    err = sign(log, next.edge.size, root, &checkpoint);
    if (err == AMBIT_OK)
        err = file_write(AT_FDCWD, log->checkpoint_path.p, buf_str(&checkpoint->note), 0644);
    if (step(log, TLOG_FILE, err) != AMBIT_OK)
        return err;
    log->size = next.edge.size;
    log->root = root;
    mirror(log, buf_str(&checkpoint->note));
    tlog_publish(log, TAKE(checkpoint));
    return AMBIT_OK;
}

/* One round; OK when nothing is left to do. */
static enum ambit_err round_of(struct tlog *log)
{
    enum ambit_err err = advance(log);
    if (err == AMBIT_OK && log->is_witness_behind) {
        TLOG_CHECKPOINT_AUTO *checkpoint = tlog_checkpoint_acquire(log);
        mirror(log, buf_str(&checkpoint->note));
    }
    return err == AMBIT_OK && log->is_witness_behind ? AMBIT_ERR_IO : err;
}

/* ---- the thread ---- */

/* At most until then, less when woken: whoever calls looks again. */
static void doze(struct tlog *log, int64_t until_us)
{
    int64_t due_us = tlog_waiters_due(log);
    struct timespec until = tlog_timespec(due_us < until_us ? due_us : until_us);
    if (due_us == INT64_MAX && until_us == INT64_MAX)
        (void)sem_wait(&log->woken);
    else
        (void)sem_clockwait(&log->woken, CLOCK_MONOTONIC, &until);
}

/* When the round after this one may begin, if there is news or this one failed. */
static int64_t pause_after(struct tlog *log, enum ambit_err err)
{
    log->near = err == AMBIT_ERR_BUSY ? log->near + 1 : 0;
    bool is_near = log->near > 0 && log->near <= NEAR_MAX;
    return clock_mono_us() + (is_near ? NEAR_US : PAUSE_US);
}

static void *tlog_main(void *ctx)
{
    struct tlog *log = ctx;
    int64_t may_us = 0, begin_us = 0;
    while (!atomic_load(&log->is_stopping)) {
        int64_t now_us = clock_mono_us();
        if (!atomic_load(&log->has_news)) {
            doze(log, INT64_MAX);
            continue;
        }
        if (begin_us == 0)
            begin_us = may_us > now_us + SOON_US ? may_us : now_us + SOON_US;
        if (log->near > 0)
            begin_us = may_us;
        if (now_us < begin_us) {
            doze(log, begin_us);
            continue;
        }
        begin_us = 0;
        atomic_store(&log->has_news, false);
        enum ambit_err err = round_of(log);
        may_us = pause_after(log, err);
        if (err != AMBIT_OK)
            atomic_store(&log->has_news, true);
    }
    (void)round_of(log); /* what failed is told, and will be done at the next start */
    return NULL;
}

/* ---- life ---- */

static void tlog_free(struct tlog *log)
{
    tlog_checkpoint_release(log->published);
    crypto_key_free(log->key);
    buf_done(&log->checkpoint_path);
    buf_done(&log->witness_path);
    (void)sem_destroy(&log->woken);
    (void)pthread_cond_destroy(&log->moved);
    (void)pthread_mutex_destroy(&log->mutex);
    free(log);
}

static void init_locks(struct tlog *log)
{
    pthread_condattr_t attributes;
    (void)sem_init(&log->woken, 0, 0);
    (void)pthread_mutex_init(&log->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&log->moved, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static enum ambit_err paths_of(struct tlog *log, const struct tlog_options *options)
{
    buf_put_text(&log->checkpoint_path, options->folder);
    buf_put(&log->checkpoint_path, "/checkpoint", sizeof "/checkpoint");
    if (options->witness_file)
        buf_put(&log->witness_path, options->witness_file, strlen(options->witness_file) + 1);
    enum ambit_err err = buf_check(&log->checkpoint_path);
    return err == AMBIT_OK ? buf_check(&log->witness_path) : err;
}

static enum ambit_err thread_start(struct tlog *log)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGBUS); /* a damaged file is told of in words */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are main's */
    int rc = pthread_create(&log->thread, NULL, tlog_main, log);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        (void)pthread_setname_np(log->thread, "log");
    return rc == 0 ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* The last one again, and the first round while nobody looks yet. */
static enum ambit_err first_round(struct tlog *log)
{
    struct tlog_checkpoint *checkpoint = NULL;
    enum ambit_err err = sign(log, log->size, log->root, &checkpoint);
    if (err != AMBIT_OK)
        return err;
    tlog_publish(log, checkpoint);
    log->is_witness_behind = log->witness_path.len > 0;
    if (round_of(log) != AMBIT_OK)
        atomic_store(&log->has_news, true);
    return AMBIT_OK;
}

enum ambit_err tlog_start(const struct tlog_options *options, struct tlog **ret)
{
    struct tlog *log = calloc(1, sizeof *log);
    if (!log)
        return AMBIT_ERR_NO_MEMORY;
    *log = (struct tlog){.store = options->store,
                         .key = crypto_key_hold(options->key),
                         .edge = options->edge,
                         .durable = options->durable,
                         .told = options->told,
                         .ctx = options->ctx,
                         .size = options->size,
                         .root = options->root};
    init_locks(log);
    enum ambit_err err = paths_of(log, options);
    if (err == AMBIT_OK)
        err = note_verifier_of(options->origin, NOTE_ED25519, log->key, &log->verifier);
    if (err == AMBIT_OK)
        err = first_round(log);
    if (err == AMBIT_OK)
        err = thread_start(log);
    if (err != AMBIT_OK) {
        tlog_free(log);
        return err;
    }
    *ret = log;
    return AMBIT_OK;
}

void tlog_stop(struct tlog *log)
{
    if (!log)
        return;
    atomic_store(&log->is_stopping, true);
    (void)sem_post(&log->woken);
    (void)pthread_join(log->thread, NULL);
    tlog_waiters_end(log);
    tlog_free(log);
}

void tlog_count(const struct tlog *log, struct tlog_counts *ret)
{
    ret->size = atomic_load(&log->published_size);
    ret->age_ms = (clock_mono_us() - atomic_load(&log->published_us)) / 1000;
    for (size_t i = 0; i < TLOG_STEPS; i++)
        ret->failures[i] = atomic_load_explicit(&log->failures[i], memory_order_relaxed);
}
