/* SPDX-License-Identifier: Apache-2.0 */
/* POST /access/v1/evaluations (AZN-8 to AZN-10): actions decided one after the other, all in one
 * transaction; what stands behind the one that settles it never happened. */
#include "core/action.h"

static bool settles(enum action_semantic semantic, enum ambit_verdict verdict)
{
    switch (semantic) {
    case ACTION_EXECUTE_ALL:
        return false;
    case ACTION_UNTIL_DENY:
        return verdict == AMBIT_DENY;
    case ACTION_UNTIL_PERMIT:
        return verdict == AMBIT_ALLOW;
    }
    return true;
}

/* Where its caller's way in is gone, or history is not yet what it must be, so it is for every
 * item: the set and what fell due do not change within a batch of the writer. */
static AMBIT_CHECKED enum ambit_err decide_item(struct action_batch *batch,
                                                struct action_command *item, struct store_txn *txn)
{
    enum ambit_err err = action_decide(item, txn, batch->base.now_ms);
    if (err != AMBIT_OK)
        return err;
    if (item->base.way_in_lost || item->base.is_behind) {
        batch->base.way_in_lost = item->base.way_in_lost;
        batch->base.is_behind = item->base.is_behind;
        return batch->n_decided == 0 ? AMBIT_OK : AMBIT_ERR_INTERNAL;
    }
    batch->base.is_damaged = item->base.is_damaged;
    if (item->base.is_damaged) /* those before it are taken back */
        return batch->n_decided == 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
    batch->base.seq = item->base.seq;
    return AMBIT_OK;
}

static enum ambit_err batch_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct action_batch *batch = (struct action_batch *)(void *)job;
    enum ambit_err err = command_begin(&batch->base, now_ms);
    bool is_settled = false;
    batch->n_decided = 0;
    if (err == AMBIT_OK && !batch->base.way_in_lost)
        err = command_use_once(&batch->base, txn);
    if (err != AMBIT_OK || batch->base.way_in_lost || batch->base.once_used)
        return err;
    for (size_t i = 0; err == AMBIT_OK && i < batch->n && !is_settled; i++) {
        struct action_command *item = batch->items[i];
        if (item != NULL)
            err = decide_item(batch, item, txn);
        if (err != AMBIT_OK || batch->base.way_in_lost || batch->base.is_behind ||
            batch->base.is_damaged)
            break;
        batch->n_decided++;
        is_settled = settles(batch->semantic, item != NULL ? item->decided.verdict : AMBIT_DENY);
    }
    return err;
}

static void batch_done(struct writer_job *job, enum ambit_err err)
{
    struct action_batch *batch = (struct action_batch *)(void *)job;
    for (size_t i = 0; err == AMBIT_OK && i < batch->n_decided; i++) {
        if (batch->items[i] != NULL)
            action_count(batch->items[i]);
    }
    command_finished(&batch->base, err);
}

enum ambit_err action_batch_submit(struct action_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        batch->base.err = batch->items[i] != NULL ? action_vouch(batch->items[i]) : AMBIT_OK;
        if (batch->base.err != AMBIT_OK)
            return batch->base.err;
    }
    batch->base.job.run = batch_run;
    batch->base.job.done = batch_done;
    return command_submit(&batch->base, WRITER_GIVES);
}
