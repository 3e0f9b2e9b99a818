/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's hooks: what a batch loads before its first command, stores after its last, and
 * publishes once its commit is durable. Nothing in memory is ahead of the store. */
#include "core/internal.h"

#include "core/budget.h"
#include "core/clock_row.h"
#include "core/distrust.h"
#include "core/live_before.h"
#include "core/repeat.h"
#include "core/sealed.h"
#include "core/settle.h"
#include "core/tick.h"
#include "ledger/indexer.h"
#include "ledger/tlog.h"

void batch_drop(struct batch *batch)
{
    broker_documents_release(batch->documents);
    holds_release(batch->holds);
    broker_keys_release(batch->keys);
    *batch = (struct batch){0};
}

static enum ambit_err on_begin(void *ctx, struct store_txn *txn, int64_t *ret_last_now_ms)
{
    struct broker *broker = ctx;
    batch_drop(&broker->batch);
    enum ambit_err err = head_load(txn, &broker->batch.head);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    if (broker->documents != NULL)
        broker->batch.documents = broker_documents_acquire(broker);
    if (broker->holds != NULL)
        broker->batch.holds = broker_holds_acquire(broker);
    *ret_last_now_ms = broker->batch.head.last_now_ms;
    return AMBIT_OK;
}

/* Every batch moves the record's time, also one in which nothing was recorded: what ended while
 * nothing happened stays ended, whatever the clock of the next start. */
static enum ambit_err on_end(void *ctx, struct store_txn *txn, const struct guard_mark *mark)
{
    struct broker *broker = ctx;
    const struct holds *holds = NULL;
    broker->batch.head.last_now_ms = mark->now_ms;
    enum ambit_err err = settle_after(broker, txn);
    if (err == AMBIT_OK)
        err = batch_holds(broker, txn, &holds);
    if (err == AMBIT_OK)
        err = clock_row_store(txn, mark);
    return err == AMBIT_OK ? head_store(txn, &broker->batch.head) : err;
}

static void publish_holds(struct broker *broker)
{
    struct holds *old = NULL;
    holds_keep(broker->batch.holds);
    pthread_mutex_lock(&broker->lock);
    old = broker->holds;
    broker->holds = broker->batch.holds;
    pthread_mutex_unlock(&broker->lock);
    holds_release(old);
}

static void publish_keys(struct broker *broker)
{
    struct broker_keys *keys = TAKE(broker->batch.keys), *old = NULL;
    key_halves_keep(&broker->halves, keys);
    broker->keys_due_ms = broker->batch.keys_due_ms;
    pthread_mutex_lock(&broker->lock);
    old = broker->keys;
    broker->keys = keys;
    pthread_mutex_unlock(&broker->lock);
    broker_keys_release(old);
    atomic_store(&broker->has_old_keys, true);
}

static void on_committed(void *ctx)
{
    struct broker *broker = ctx;
    struct batch *batch = &broker->batch;
    fold_keep(&broker->fold);
    budgets_keep(broker->budgets);
    unproved_keep(broker->unproved);
    distrust_keep(broker);
    settle_keep(broker);
    unheard_keep(&broker->unheard);
    repeats_keep(broker->repeats);
    if (batch->documents != NULL && batch->documents != broker->documents) {
        documents_publish(broker, batch->documents);
        live_before_forget(broker->live_before);
    }
    if (batch->holds != broker->holds)
        publish_holds(broker);
    if (batch->keys != NULL)
        publish_keys(broker);
    atomic_store(&broker->size, batch->head.edge.size);
    atomic_fetch_add(&broker->metrics.event_bytes, batch->event_bytes);
    batch->event_bytes = 0;
    atomic_store(&broker->stops_in_force, batch->head.stops_in_force);
    if (broker->indexer != NULL)
        indexer_wake(broker->indexer);
    struct tlog *log = atomic_load_explicit(&broker->log, memory_order_acquire);
    if (log != NULL)
        tlog_wake(log);
}

static void on_aborted(void *ctx)
{
    struct broker *broker = ctx;
    fold_restore(&broker->fold);
    budgets_restore(broker->budgets);
    unproved_restore(broker->unproved);
    distrust_restore(broker);
    settle_restore(broker);
    unheard_restore(&broker->unheard);
    repeats_restore(broker->repeats);
    live_before_forget(broker->live_before);
    batch_drop(&broker->batch);
}

static void on_released(void *ctx)
{
    struct broker *broker = ctx;
    if (broker->kick != NULL)
        broker->kick(broker->kick_ctx);
}

static void on_sealed(void *ctx, enum ambit_err err)
{
    struct broker *broker = ctx;
    atomic_store(&broker->is_sealed, true);
    sealed_note(broker, err);
    LOG(LOG_ERROR, "sealed: a commit failed; nothing is granted or allowed until restart",
        LOG_TEXT("error", ambit_str_of(ambit_err_text(err))));
}

/* What was kept of the clock; *ret NULL: nothing. A damaged row is a doubt. */
static AMBIT_CHECKED enum ambit_err take_up_clock(struct broker *broker, struct guard_mark *mark,
                                                  const struct guard_mark **ret)
{
    struct store_txn *txn = NULL;
    struct head head;
    enum ambit_err err = store_read_begin(broker->store, &txn);
    if (err != AMBIT_OK)
        return err;
    err = head_load(txn, &head);
    if (err == AMBIT_OK)
        err = clock_row_load(txn, &head, mark);
    store_read_end(txn);
    if (err == AMBIT_ERR_DAMAGED)
        *mark = (struct guard_mark){.is_distrusted = true};
    *ret = err == AMBIT_ERR_NOT_FOUND ? NULL : mark;
    return err == AMBIT_ERR_NOT_FOUND || err == AMBIT_ERR_DAMAGED ? AMBIT_OK : err;
}

enum ambit_err batch_start_writer(struct broker *broker, const struct broker_options *from)
{
    struct guard_mark mark;
    const struct guard_mark *kept = NULL;
    enum ambit_err err = take_up_clock(broker, &mark, &kept);
    if (err != AMBIT_OK)
        return err;
    struct writer_options options = {
        .store = broker->store,
        .hooks = {.ctx = broker,
                  .begin = on_begin,
                  .end = on_end,
                  .committed = on_committed,
                  .aborted = on_aborted,
                  .released = on_released,
                  .sealed = on_sealed,
                  .wants_tick = tick_wanted,
                  .tick = tick_run},
        .queue_max = broker->limits.queue,
        .wall_ms = broker->wall_ms,
        .boot_ms = from->boot_ms,
        .boot = from->boot,
        .mark = kept,
    };
    return writer_start(&options, &broker->writer);
}
