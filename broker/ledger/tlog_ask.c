/* SPDX-License-Identifier: Apache-2.0 */
/* The checkpoint that is published, who waits for the next, and what cosigners add. */
#include "base/clock.h"
#include "ledger/tlog_inside.h"

/* ---- checkpoints ---- */

struct tlog_checkpoint *tlog_checkpoint_acquire(struct tlog *log)
{
    (void)pthread_mutex_lock(&log->mutex);
    struct tlog_checkpoint *checkpoint = log->published;
    if (checkpoint)
        atomic_fetch_add_explicit(&checkpoint->count, 1, memory_order_relaxed);
    (void)pthread_mutex_unlock(&log->mutex);
    return checkpoint;
}

void tlog_checkpoint_release(struct tlog_checkpoint *checkpoint)
{
    if (!checkpoint || atomic_fetch_sub(&checkpoint->count, 1) != 1)
        return;
    buf_done(&checkpoint->note);
    free(checkpoint);
}

enum ambit_err tlog_checkpoint_new(struct ambit_str note, uint64_t size, struct ambit_digest root,
                                   struct tlog_checkpoint **ret)
{
    struct tlog_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint)
        return AMBIT_ERR_NO_MEMORY;
    atomic_init(&checkpoint->count, 1);
    checkpoint->size = size;
    checkpoint->root = root;
    buf_init(&checkpoint->note, NOTE_BYTES_MAX);
    buf_put_str(&checkpoint->note, note);
    enum ambit_err err = buf_check(&checkpoint->note);
    if (err != AMBIT_OK)
        tlog_checkpoint_release(TAKE(checkpoint));
    *ret = checkpoint;
    return err;
}

/* Waiters of what is covered, taken off the list; `mutex` is held. */
static struct tlog_waiter *take_waiters(struct tlog *log,
                                        bool (*is_meant)(const struct tlog_waiter *, uint64_t),
                                        uint64_t limit)
{
    struct tlog_waiter *taken = NULL;
    for (struct tlog_waiter **at = &log->waiters; *at;) {
        struct tlog_waiter *waiter = *at;
        if (is_meant(waiter, limit)) {
            *at = waiter->next;
            waiter->next = taken;
            taken = waiter;
        } else {
            at = &waiter->next;
        }
    }
    return taken;
}

static void tell_waiters(struct tlog_waiter *taken, bool is_covered)
{
    while (taken) {
        struct tlog_waiter *waiter = taken;
        taken = waiter->next; /* it is its owner's again once told */
        waiter->done(waiter->ctx, is_covered);
    }
}

static bool is_below(const struct tlog_waiter *waiter, uint64_t size)
{
    return waiter->seq < size;
}

static bool is_late(const struct tlog_waiter *waiter, uint64_t now_us)
{
    return waiter->until_us <= (int64_t)now_us;
}

void tlog_publish(struct tlog *log, struct tlog_checkpoint *checkpoint)
{
    atomic_store(&log->published_us, clock_mono_us());
    atomic_store(&log->published_size, checkpoint->size);
    (void)pthread_mutex_lock(&log->mutex);
    struct tlog_checkpoint *old = log->published;
    log->published = checkpoint;
    struct tlog_waiter *served = take_waiters(log, is_below, checkpoint->size);
    (void)pthread_cond_broadcast(&log->moved);
    (void)pthread_mutex_unlock(&log->mutex);
    tlog_checkpoint_release(old);
    tell_waiters(served, true);
}

enum ambit_err tlog_cosign(struct tlog *log, const struct tlog_checkpoint *of,
                           struct ambit_str lines, size_t n)
{
    struct tlog_checkpoint *with = NULL, *old = NULL;
    (void)pthread_mutex_lock(&log->mutex);
    const struct tlog_checkpoint *now = log->published;
    enum ambit_err err = now && now->size == of->size && ambit_digest_eq(now->root, of->root)
                             ? AMBIT_OK
                             : AMBIT_ERR_CONFLICT;
    if (err == AMBIT_OK)
        err = tlog_checkpoint_new(buf_str(&now->note), now->size, now->root, &with);
    if (err == AMBIT_OK) {
        with->n_cosigned = now->n_cosigned + n;
        buf_put_str(&with->note, lines);
        err = buf_check(&with->note);
    }
    if (err == AMBIT_OK) {
        old = log->published;
        log->published = TAKE(with);
    }
    (void)pthread_mutex_unlock(&log->mutex);
    tlog_checkpoint_release(old);
    tlog_checkpoint_release(with);
    return err;
}

const struct note_verifier *tlog_verifier(const struct tlog *log)
{
    return &log->verifier;
}

/* ---- waiting ---- */

bool tlog_wait(struct tlog *log, uint64_t seq, int64_t at_most_ms)
{
    struct timespec until = tlog_timespec(clock_mono_us() + at_most_ms * 1000);
    int rc = 0;
    (void)pthread_mutex_lock(&log->mutex);
    while ((!log->published || log->published->size <= seq) && !log->is_over && rc == 0)
        rc = pthread_cond_timedwait(&log->moved, &log->mutex, &until);
    bool is_covered = log->published && log->published->size > seq;
    (void)pthread_mutex_unlock(&log->mutex);
    return is_covered;
}

void tlog_wait_begin(struct tlog *log, struct tlog_waiter *waiter)
{
    waiter->until_us = clock_mono_us() + waiter->at_most_ms * 1000;
    (void)pthread_mutex_lock(&log->mutex);
    bool is_covered = log->published && log->published->size > waiter->seq;
    bool waits = !is_covered && !log->is_over;
    bool is_first = !log->waiters; /* all wait as long: whoever came first ends first */
    if (waits) {
        waiter->next = log->waiters;
        log->waiters = waiter;
    }
    (void)pthread_mutex_unlock(&log->mutex);
    if (waits && is_first)
        (void)sem_post(&log->woken);
    if (!waits)
        waiter->done(waiter->ctx, is_covered);
}

void tlog_wake(struct tlog *log)
{
    if (!atomic_load_explicit(&log->has_news, memory_order_relaxed) &&
        !atomic_exchange(&log->has_news, true))
        (void)sem_post(&log->woken);
}

void tlog_tend(struct tlog *log)
{
    (void)tlog_waiters_due(log);
}

int64_t tlog_waiters_due(struct tlog *log)
{
    int64_t due_us = INT64_MAX;
    (void)pthread_mutex_lock(&log->mutex);
    struct tlog_waiter *late = take_waiters(log, is_late, (uint64_t)clock_mono_us());
    for (const struct tlog_waiter *waiter = log->waiters; waiter; waiter = waiter->next)
        if (waiter->until_us < due_us)
            due_us = waiter->until_us;
    (void)pthread_mutex_unlock(&log->mutex);
    tell_waiters(late, false);
    return due_us;
}

void tlog_waiters_end(struct tlog *log)
{
    (void)pthread_mutex_lock(&log->mutex);
    log->is_over = true;
    struct tlog_waiter *left = TAKE(log->waiters);
    (void)pthread_cond_broadcast(&log->moved);
    (void)pthread_mutex_unlock(&log->mutex);
    tell_waiters(left, false);
}
