/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/approvals/{id}: a person answers. One no is enough; a yes counts for every rule that
 * this person may answer for, and when all rules have as many as they ask the approval is given. */
#include "base/arena.h"
#include "core/approval.h"

static enum approve_refusal may(const struct approve_command *command,
                                const struct approval_row *row, const struct approval_ask *asks,
                                size_t n)
{
    const struct command *base = &command->base;
    const struct ambit_person *person =
        ambit_person_find(base->documents->documents, base->caller.name);
    if (person == NULL || !approval_is_theirs(asks, n, person))
        return APPROVE_NOT_PERMITTED;
    if (row->state != APPROVAL_PENDING || row->until_ms <= base->now_ms)
        return APPROVE_OVER;
    for (size_t i = 0; i < row->n_answers; i++) {
        if (ambit_str_eq(row->answers[i].person, person->doc.name))
            return APPROVE_TWICE;
    }
    return APPROVE_FINE;
}

/* With this person's yes, does it suffice for every rule? Who was offboarded since has no say. */
static AMBIT_CHECKED enum ambit_err is_complete(const struct approve_command *command,
                                                const struct approval_row *row,
                                                const struct approval_ask *asks, size_t n,
                                                struct arena *arena, bool *ret)
{
    struct approval_row with = *row;
    with.answers = arena_array(arena, row->n_answers + 1, sizeof *with.answers);
    if (with.answers == NULL)
        return AMBIT_ERR_NO_MEMORY;
    with.n_answers = 0;
    for (size_t i = 0; i < row->n_answers; i++) {
        if (!broker_person_left(command->base.broker, row->answers[i].person))
            with.answers[with.n_answers++] = row->answers[i];
    }
    with.answers[with.n_answers++] =
        (struct approval_answer){.person = command->base.caller.name, .is_given = true};
    *ret = true;
    for (size_t i = 0; i < n && *ret; i++)
        *ret = approval_suffices(&asks[i], &with, command->base.documents->documents);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err record(struct approve_command *command, struct store_txn *txn,
                                           const struct approval_row *row,
                                           const struct event *question, bool is_last)
{
    struct command *base = &command->base;
    struct event event;
    event_init(&event, base, command->is_given ? EVENT_APPROVAL_GIVEN : EVENT_APPROVAL_REFUSED);
    event.approval = row->id;
    event.agent = question->agent;
    event.owner = question->owner;
    event.team = question->team;
    event.grant = question->grant;
    event.lineage = question->lineage;
    event.policy = question->policy;
    event.rule = question->rule;
    event.digest = question->digest;
    event.words = command->reason;
    event.cause = question->cause;
    if (is_last)
        event.approval_until_ms =
            base->now_ms + (row->envelope_ms > 0 ? row->envelope_ms : row->timeout_ms);
    enum ambit_err err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

static enum ambit_err approve_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct approve_command *command = (struct approve_command *)(void *)job;
    struct command *base = &command->base;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;

    ARENA_AUTO arena;
    BUF_AUTO memory;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    struct approval_row row;
    struct event question;
    struct approval_ask *asks = NULL;
    size_t n = 0;
    err = approval_row_load(txn, command->approval, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND) {
        command->refusal = APPROVE_UNKNOWN;
        return AMBIT_OK;
    }
    if (err == AMBIT_OK)
        err = approval_question(txn, &row, &memory, &arena, &question);
    if (err == AMBIT_OK)
        err = approval_asks(&question, &arena, &asks, &n);
    if (err != AMBIT_OK)
        return err;
    command->refusal = may(command, &row, asks, n);
    if (command->refusal != APPROVE_FINE)
        return AMBIT_OK;

    bool is_last = false;
    if (command->is_given)
        err = is_complete(command, &row, asks, n, &arena, &is_last);
    return err == AMBIT_OK ? record(command, txn, &row, &question, is_last) : err;
}

enum ambit_err approve_submit(struct approve_command *command)
{
    if (command->reason.len == 0 || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = approve_run;
    /* A no takes, and is heard also where nothing can be given. */
    return command_submit(&command->base, command->is_given ? WRITER_GIVES : WRITER_RECORDS);
}
