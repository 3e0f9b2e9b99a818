/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotency-Key (AZN-20): the decision that stands under it, read back from the record. */
#include "core/action.h"

#include "base/arena.h"
#include "core/repeat.h"
#include "ledger/ledger.h"

static bool is_asked(const struct action_command *command)
{
    return command->repeat.is_asked && command->question.service.p != NULL;
}

static void *copy_of(struct arena *arena, const void *from, size_t n, size_t each)
{
    void *copy = arena_array(arena, n + 1, each);
    if (copy != NULL && n > 0)
        memcpy(copy, from, n * each);
    return copy;
}

static AMBIT_CHECKED enum ambit_err decided_of(const struct event *event, struct arena *arena,
                                               struct decided *ret)
{
    *ret = (struct decided){
        .verdict = event->type == EVENT_ACTION_ALLOWED ? AMBIT_ALLOW : AMBIT_DENY,
        .reason = event->reason,
        .policy = event->policy,
        .rule = event->rule,
        .member = event->member,
        .digest = event->digest,
        .figures = copy_of(arena, event->figures, event->n_figures, sizeof *ret->figures),
        .n_figures = event->n_figures,
        .used_stops =
            copy_of(arena, event->used_stops, event->n_used_stops, sizeof *ret->used_stops),
        .n_used_stops = event->n_used_stops,
        .trips = copy_of(arena, event->trips, event->n_trips, sizeof *ret->trips),
        .n_trips = event->n_trips,
    };
    bool is_whole = ret->figures != NULL && ret->used_stops != NULL && ret->trips != NULL;
    return is_whole ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* Everything of it stands in the arena. */
static AMBIT_CHECKED enum ambit_err read_back(struct action_command *command, struct store_txn *txn,
                                              uint64_t seq)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct ledger_row row;
    struct event event;
    enum ambit_err err = ledger_get(txn, seq, &memory, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    struct ambit_str bytes = arena_copy(command->arena, row.bytes);
    if (bytes.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = event_decode(bytes, (struct ambit_str){.p = "", .len = 0}, command->arena, &event);
    if (err == AMBIT_OK)
        err = decided_of(&event, command->arena, &command->decided);
    if (err != AMBIT_OK)
        return err;
    command->base.seq = event.seq = seq;
    command->earlier = event.id;
    command->question.now_ms = event.time_ms;
    command->question.approval = ambit_str_is(event.approved, "given") ? AMBIT_APPROVAL_GIVEN
                                 : ambit_str_is(event.approved, "rejected")
                                     ? AMBIT_APPROVAL_REJECTED
                                     : AMBIT_APPROVAL_NONE;
    command->is_same_set =
        ambit_digest_eq(event.documents, command->base.documents->documents->digest);
    return AMBIT_OK;
}

enum ambit_err action_recall(struct action_command *command, struct store_txn *txn,
                             int failed_check, bool *ret_settled)
{
    command->is_repeated = command->is_key_reused = *ret_settled = false;
    if (!is_asked(command))
        return AMBIT_OK;
    struct repeat_found found =
        repeats_find(command->base.broker->repeats, command->question.service, &command->repeat,
                     command->base.now_ms);
    if (!found.is_found || (!found.is_other && failed_check <= AMBIT_ACTION_CHECK_LIVE))
        return AMBIT_OK;
    command->is_key_reused = found.is_other;
    command->is_repeated = !found.is_other;
    *ret_settled = true;
    return found.is_other ? AMBIT_OK : read_back(command, txn, found.seq);
}

void action_remember(struct action_command *command, const struct event *event)
{
    struct repeat_found what = {
        .id = event->id, .seq = event->seq, .time_ms = command->base.now_ms};
    if (is_asked(command))
        repeats_add(command->base.broker->repeats, command->question.service, &command->repeat,
                    &what);
}
