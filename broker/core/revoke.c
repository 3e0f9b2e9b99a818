/* SPDX-License-Identifier: Apache-2.0 */
/* POST /revoke: a client gives back a token of its own, and with it all that was delegated from
 * it. */
#include "core/internal.h"

#include "base/arena.h"
#include "core/await.h"
#include "core/cutoff.h"

static enum ambit_err revoke_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct revoke_command *command = (struct revoke_command *)(void *)job;
    struct command *base = &command->base;
    struct broker *broker = base->broker;
    command->foreign = false;
    enum ambit_err err = command_begin(base, now_ms);
    if (err == AMBIT_OK && !base->way_in_lost)
        err = command_use_once(base, txn);
    if (err != AMBIT_OK || base->way_in_lost || base->once_used)
        return err;
    bool is_handle = false;
    if (command->has_handle)
        err = await_cancel(base, txn, &command->handle, &is_handle, &command->foreign);
    if (err != AMBIT_OK || is_handle || !command->has_token)
        return err;

    ARENA_AUTO arena;
    char block[4096];
    arena_init(&arena, block, sizeof block, 0);
    struct grant_row row;
    struct grant_shown shown = {
        .token = &command->token, .now_ms = now_ms, .is_vouched = command->is_vouched};
    err = grant_find(broker, txn, &shown, &arena, &row);
    base->is_damaged = err == AMBIT_ERR_DAMAGED; /* an error would take the batch apart */
    if (base->is_damaged)
        return AMBIT_OK;
    if (err != AMBIT_OK) /* REV-2: unknown is success */
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;

    enum ambit_liveness liveness = AMBIT_LIVE;
    err = cutoff_liveness(txn, broker->batch.head.last_cutoff_seq, &row, &liveness);
    command->foreign = !ambit_str_eq(row.agent, base->caller.name);
    bool is_over = liveness != AMBIT_LIVE || row.expires_ms <= now_ms;
    if (err != AMBIT_OK || (is_over && !command->foreign))
        return err;

    struct event event;
    event_init(&event, base, EVENT_GRANT_REVOKED);
    event.agent = row.agent;
    event.owner = row.owner;
    event.team = row.team;
    event.grant = row.id;
    event.lineage = row.lineage;
    event.parent = row.parent;
    event.by = base->caller.name;
    event.has_proof = true;
    /* Another client's token: nothing is revoked, and that it was tried is recorded. */
    event.decision = command->foreign ? AMBIT_DENY : AMBIT_ALLOW;
    event.reason = command->foreign ? AMBIT_REASON_FORBIDDEN : AMBIT_REASON_ALLOWED;
    err = record_event(broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err revoke_submit(struct revoke_command *command)
{
    struct command *base = &command->base;
    base->err = grant_vouch(base->broker, command->has_token ? &command->token : NULL,
                            &command->is_vouched);
    if (base->err != AMBIT_OK)
        return base->err;
    base->job.run = revoke_run;
    return command_submit(base, WRITER_RECORDS);
}
