/* SPDX-License-Identifier: Apache-2.0 */
/* POST /access/v1/evaluation: may this grant do this now? The token is found by its jti and
 * compared by one digest; everything is answered from the row. */
#include "core/action.h"

#include "base/addr.h"
#include "core/approval.h"
#include "core/decided.h"
#include "core/outcome.h"
#include "core/settle.h"
#include "core/world.h"
#include "crypto/digest.h"

/* The source that counts: what the service vouched for, or the peer of an agent's own question. */
static struct ambit_str source_text(const struct ambit_addr_view *view, char text[ADDR_TEXT_MAX])
{
    struct addr addr = {.family = view->family};
    memcpy(addr.b, view->b, sizeof addr.b);
    return view->family == 0 ? (struct ambit_str){0}
                             : (struct ambit_str){.p = text, .len = addr_encode(&addr, text)};
}

static void fill_question(struct event *event, const struct action_command *command,
                          char source[ADDR_TEXT_MAX])
{
    const struct ambit_action_question *question = &command->question;
    event->service = question->service;
    event->action = question->action;
    event->resource = question->resource;
    event->context = command->context;
    event->arguments_digest = command->arguments_digest;
    event->stated_reason = question->stated_reason;
    event->source = source_text(&question->source, source);
    event->has_proof = question->has_proof;
    if (!command->grant_found && question->named_agent.p == NULL)
        return;
    event->agent = command->grant.agent;
    event->owner = command->grant.owner;
    event->team = command->grant.team;
    event->grant = command->grant.id;
    event->lineage = command->grant.lineage;
    event->parent = command->grant.parent;
    event->audience = command->grant.audience;
    event->binding = command->grant.binding;
    event->binding_key = command->grant.binding_key;
    event->liveness = command->grant.liveness;
}

/* See record_cannot_hold(). */
static AMBIT_CHECKED enum ambit_err decide_question(struct action_command *command,
                                                    struct store_txn *txn)
{
    struct broker *broker = command->base.broker;
    struct ambit_decision *decision = broker->decision;
    struct world world;
    struct event event;
    char source[ADDR_TEXT_MAX];
    bool is_settled = false;

    enum ambit_err err =
        world_open_batch(broker, txn, command->arena, command->base.now_ms, &world);
    if (err != AMBIT_OK)
        return err;
    struct approval_use use;
    command->approval = (struct ambit_id){{0}};
    err = action_decide_approved(command, txn, &world.view, decision, &use);
    if (err == AMBIT_OK)
        err = action_recall(command, txn, decision->failed_check, &is_settled);
    if (err != AMBIT_OK || is_settled)
        return err;
    err = decided_copy(decision, command->arena, &command->decided);
    if (err != AMBIT_OK)
        return err;

    event_init(&event, &command->base,
               decision->verdict == AMBIT_ALLOW ? EVENT_ACTION_ALLOWED : EVENT_ACTION_DENIED);
    fill_question(&event, command, source);
    event.outcome_due_ms = decision->outcome_due_ms;
    settle_note(broker, decision->outcome_due_ms);
    if (decision->verdict == AMBIT_DENY && decision->n_trips == 0 && decision->n_charges == 0 &&
        fold_refusal(&broker->fold, event.agent, decision->reason, command->base.now_ms))
        return AMBIT_OK;
    err = event_of_decision(&event, decision, &command->decided, command->arena);
    if (err == AMBIT_OK)
        err = approval_tell(&use, decision, command->arena, &event);
    if (err == AMBIT_OK)
        err = record_event(broker, txn, &command->base, &event);
    if (err != AMBIT_OK)
        return err;
    command->base.seq = event.seq;
    action_remember(command, &event);
    if (event.type == EVENT_ACTION_ALLOWED && event.outcome_due_ms == 0)
        outcome_may_come(broker, event.id, event.seq);
    err = approval_settle(&command->base, txn, &event, &use, command->arena, &command->approval);
    return err == AMBIT_OK ? trips_raise(broker, txn, &command->base, &event, decision) : err;
}

/* As with grants: what cannot be recorded whole is judged as malformed. */
static AMBIT_CHECKED enum ambit_err decide(struct action_command *command, struct store_txn *txn)
{
    enum ambit_err err = decide_question(command, txn);
    if (!record_cannot_hold(err))
        return err;
    command->question.action = AMBIT_STR("");
    command->question.context = NULL;
    command->question.n_context = 0;
    command->question.stated_reason = command->arguments_digest = (struct ambit_str){0};
    command->context = NULL;
    return decide_question(command, txn);
}

/* AZN-18: a subject that is no access token, recorded without asking the engine. */
static AMBIT_CHECKED enum ambit_err refuse_other_subject(struct action_command *command,
                                                         struct store_txn *txn)
{
    struct event event;
    char source[ADDR_TEXT_MAX];
    bool is_settled = false;
    enum ambit_err err = action_recall(command, txn, AMBIT_ACTION_CHECKS, &is_settled);
    if (err != AMBIT_OK || is_settled)
        return err;
    event_init(&event, &command->base, EVENT_ACTION_DENIED);
    fill_question(&event, command, source);
    event.decision = AMBIT_DENY;
    event.reason = AMBIT_REASON_NOT_SUPPORTED;
    event.member = AMBIT_STR("subject.type");
    command->decided = (struct decided){.verdict = AMBIT_DENY,
                                        .reason = event.reason,
                                        .member = event.member,
                                        .failed_check = AMBIT_ACTION_CHECK_GRANT};
    err = record_event(command->base.broker, txn, &command->base, &event);
    command->base.seq = event.seq;
    if (err == AMBIT_OK)
        action_remember(command, &event);
    return err;
}

enum ambit_err action_decide(struct action_command *command, struct store_txn *txn, int64_t now_ms)
{
    enum ambit_err err = command_begin(&command->base, now_ms);
    if (err != AMBIT_OK || command->base.way_in_lost)
        return err;
    err = settle_before(&command->base, txn); /* it may end the grant */
    if (err != AMBIT_OK || command->base.is_behind)
        return err;
    command->last_cutoff_seq = command->base.broker->batch.head.last_cutoff_seq;
    err = action_find_subject(command, txn);
    command->base.is_damaged = err == AMBIT_ERR_DAMAGED; /* an error would take the batch apart */
    if (err != AMBIT_OK)
        return command->base.is_damaged ? AMBIT_OK : err;
    return command->is_unsupported ? refuse_other_subject(command, txn) : decide(command, txn);
}

static enum ambit_err action_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct action_command *command = (struct action_command *)(void *)job;
    struct command *base = &command->base;
    base->once_used = false;
    if (base->caller.has_once || base->n_extra > 0) {
        enum ambit_err err = command_begin(base, now_ms);
        if (err == AMBIT_OK && !base->way_in_lost)
            err = command_use_once(base, txn);
        if (err != AMBIT_OK || base->way_in_lost || base->once_used)
            return err;
    }
    return action_decide(command, txn, now_ms);
}

void action_count(const struct action_command *command)
{
    bool is_decided = !command->base.way_in_lost && !command->base.once_used &&
                      !command->base.is_behind && !command->base.is_damaged;
    if (is_decided && !command->is_repeated && !command->is_key_reused)
        metrics_decided(command->base.broker, 1, command->decided.reason);
}

static void action_done(struct writer_job *job, enum ambit_err err)
{
    struct action_command *command = (struct action_command *)(void *)job;
    if (err == AMBIT_OK)
        action_count(command);
    command_finished(&command->base, err);
}

enum ambit_err action_vouch(struct action_command *command)
{
    bool has_token = command->has_token && command->subject_type.p == NULL;
    return grant_vouch(command->base.broker, has_token ? &command->token : NULL,
                       &command->is_vouched);
}

enum ambit_err action_submit(struct action_command *command)
{
    command->base.err = action_vouch(command);
    if (command->base.err != AMBIT_OK)
        return command->base.err;
    command->base.job.run = action_run;
    command->base.job.done = action_done;
    return command_submit(&command->base, WRITER_GIVES);
}
