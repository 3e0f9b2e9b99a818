/* SPDX-License-Identifier: Apache-2.0 */
/* POST /token: may this agent be granted this? Decision, grant, counters, one-time value and event
 * in one transaction. */
#include "core/approval.h"
#include "core/decided.h"

#include "base/arena.h"
#include "base/random.h"
#include "core/attest.h"
#include "core/await.h"
#include "core/cutoff.h"
#include "core/settle.h"
#include "core/vouched.h"
#include "core/world.h"

static void fill_question(struct event *event, const struct grant_command *command,
                          const struct ambit_agent *agent, const struct documents_ref *documents)
{
    const struct ambit_grant_question *question = &command->question;
    const struct ambit_person *owner = ambit_person_find(documents->documents, agent->owner);
    event->agent = agent->doc.name;
    event->owner = agent->owner;
    event->team = owner != NULL ? owner->team : (struct ambit_str){0};
    event->asked = question->items;
    event->n_asked = question->n_items;
    event->audience = question->audience;
    event->has_asked_audience = question->audience.p != NULL;
    event->has_asked_lifetime = question->has_lifetime;
    event->asked_lifetime_s = question->lifetime_s;
    event->purpose = question->purpose;
    event->binding = question->binding;
    event->binding_key = question->binding_key;
    if (command->base.caller.has_certificate && question->binding != AMBIT_BINDING_MTLS)
        event->certificate = command->base.caller.certificate; /* D-9: both are recorded */
    event->composition = question->composition;
    event->has_proof = true;
    event->parent = command->parent;
    if (question->parent == NULL)
        return;
    event->lineage = question->parent->lineage; /* none where the parent is not known */
    event->liveness = question->parent->liveness;
}

bool grant_key_is_shown(const struct grant_command *command, const struct grant_row *row)
{
    const struct ambit_grant_question *question = &command->question;
    const struct caller *caller = &command->base.caller;
    if (row->binding == AMBIT_BINDING_NONE)
        return true;
    if (row->binding == AMBIT_BINDING_MTLS && caller->has_certificate)
        return ambit_digest_eq(row->binding_key, caller->certificate);
    return row->binding == question->binding &&
           ambit_digest_eq(row->binding_key, question->binding_key);
}

/* A bound token is of no use to its own holder without its key (TEX-10); those it is delegated to
 * have keys of their own. */
static bool is_keyless(const struct grant_command *command, const struct grant_row *row)
{
    return ambit_str_eq(row->agent, command->question.agent) && !grant_key_is_shown(command, row);
}

static AMBIT_CHECKED enum ambit_err load_parent(struct grant_command *command,
                                                struct store_txn *txn, struct grant_row *row)
{
    struct broker *broker = command->base.broker;
    struct grant_shown shown = {.token = command->parent_token,
                                .now_ms = command->base.now_ms,
                                .is_vouched = command->is_parent_vouched};
    struct grant_wanted wanted = {.id = command->parent, .now_ms = command->base.now_ms};
    enum ambit_err err = command->parent_token != NULL
                             ? grant_find(broker, txn, &shown, command->arena, row)
                             : grant_load_vouched(broker, txn, wanted, command->arena, row);
    return err == AMBIT_OK && is_keyless(command, row) ? AMBIT_ERR_NOT_FOUND : err;
}

/* The grant that is to be delegated from, as the engine looks at it. One that is not there, or not
 * shown to be theirs to use, is unknown, and refused as what gives nothing any more. */
static AMBIT_CHECKED enum ambit_err find_parent(struct grant_command *command,
                                                struct store_txn *txn)
{
    struct broker *broker = command->base.broker;
    command->above = NULL;
    command->question.parent = NULL;
    command->question.keeps_binding = true;
    if (ambit_id_is_none(command->parent))
        return AMBIT_OK;

    struct grant_above *above = arena_alloc(command->arena, sizeof *above);
    if (above == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = load_parent(command, txn, &above->row);
    if (err != AMBIT_OK && err != AMBIT_ERR_NOT_FOUND)
        return err;
    command->above = above;
    command->question.parent = &above->view;
    if (err == AMBIT_ERR_NOT_FOUND) {
        above->view =
            (struct ambit_grant_view){.id = command->parent, .liveness = AMBIT_UNKNOWN_GRANT};
        return AMBIT_OK;
    }
    grant_row_view(&above->row, &above->view);
    above->view.liveness = AMBIT_DEAD_STOPPED;
    return pending_covers(&broker->pending, &above->row)
               ? AMBIT_OK
               : cutoff_liveness(txn, broker->batch.head.last_cutoff_seq, &above->row,
                                 &above->view.liveness);
}

/* The row as apply_event writes it, for the claims. */
static AMBIT_CHECKED enum ambit_err fill_row(struct grant_command *command,
                                             const struct event *event)
{
    struct grant_row *row = &command->row;
    *row = (struct grant_row){
        .id = event->grant,
        .lineage = event->lineage,
        .parent = event->parent,
        .seq = event->seq,
        .issued_ms = event->time_ms,
        .expires_ms = event->expires_ms,
        .token = event->token,
        .agent = event->agent,
        .owner = event->owner,
        .team = event->team,
        .audience = event->audience,
        .purpose = event->purpose,
        .txn = event->txn,
        .binding = event->binding,
        .binding_key = event->binding_key,
        .is_approved = ambit_str_is(event->approved, "given"),
        .n_items = event->n_items,
        .n_except = event->n_except,
        .depth = (unsigned)event->depth,
        .composition = event->composition,
        .above = command->above,
    };
    row->items = arena_array(command->arena, event->n_items + 1, sizeof *row->items);
    row->except = arena_array(command->arena, event->n_except + 1, sizeof *row->except);
    if (row->items == NULL || row->except == NULL)
        return AMBIT_ERR_NO_MEMORY;
    memcpy(row->items, event->items, event->n_items * sizeof *row->items);
    if (event->n_except > 0)
        memcpy(row->except, event->except, event->n_except * sizeof *row->except);
    return AMBIT_OK;
}

static void fill_issued(struct event *event, const struct grant_command *command,
                        const struct ambit_decision *decision)
{
    event->type = EVENT_GRANT_ISSUED;
    event->grant = command->grant;
    if (command->question.parent == NULL)
        event->lineage = command->grant;
    else
        event->depth = command->question.parent->depth + 1;
    event->liveness = AMBIT_LIVE;
    event->items = decision->given;
    event->n_items = decision->n_given;
    event->except = decision->except;
    event->n_except = decision->n_except;
    event->audience = decision->audience;
    event->expires_ms = decision->expires_ms;
    event->lifetime_s = (decision->expires_ms - event->time_ms) / 1000;
    event->token = command->token;
    event->replaces = decision->replaces;
}

/* Only where everything else has passed and a person must say yes is it looked for whether one did
 * (PL "Approval": every other check passed; and no question costs a look-up that needs none). */
static AMBIT_CHECKED enum ambit_err decide_with_approval(struct grant_command *command,
                                                         struct store_txn *txn,
                                                         const struct ambit_world *world,
                                                         struct approval_use *use)
{
    struct broker *broker = command->base.broker;
    struct ambit_decision *decision = broker->decision;
    const struct ambit_policy_set *set = command->base.documents->set;
    struct ambit_grant_question *question = &command->question;
    *use = (struct approval_use){.is_found = false};
    question->approval = AMBIT_APPROVAL_NONE;
    question->approval_lapse_ms = 0;
    enum ambit_err err = ambit_decide_grant(set, question, world, decision);
    if (err != AMBIT_OK || decision->reason != AMBIT_REASON_APPROVAL_REQUIRED)
        return err;
    err = approval_look_grant(broker, txn, question, command->approval_wanted, command->arena, use);
    if (err != AMBIT_OK || use->state == AMBIT_APPROVAL_NONE)
        return err;
    question->approval = use->state;
    question->approval_lapse_ms = use->lapse_ms;
    err = ambit_decide_grant(set, question, world, decision);
    if (err != AMBIT_OK || approval_fits(use, decision))
        return err;
    use->state = AMBIT_APPROVAL_NONE; /* of other rules, or of other versions of them */
    question->approval = AMBIT_APPROVAL_NONE;
    question->approval_lapse_ms = 0;
    return ambit_decide_grant(set, question, world, decision);
}

/* Does any rule that gives ask for a key to be bound? */
static bool is_binding_asked(const struct documents_ref *documents,
                             const struct ambit_decision *decision)
{
    for (size_t i = 0; i < decision->n_given; i++) {
        const struct ambit_policy *policy =
            ambit_policy_find(documents->documents, decision->given[i].policy);
        for (size_t k = 0; policy != NULL && k < policy->n_rules; k++)
            if (ambit_str_eq(policy->rules[k].id, decision->given[i].rule) &&
                (policy->rules[k].bind_dpop || policy->rules[k].bind_mtls))
                return true;
    }
    return false;
}

/* A certificate that nobody asked for binds nothing: the grant is decided as one without. */
static AMBIT_CHECKED enum ambit_err decide_approved(struct grant_command *command,
                                                    struct store_txn *txn,
                                                    const struct ambit_world *world,
                                                    struct approval_use *use)
{
    const struct ambit_decision *decision = command->base.broker->decision;
    enum ambit_err err = decide_with_approval(command, txn, world, use);
    const struct ambit_grant_view *parent = command->question.parent;
    if (err != AMBIT_OK || !command->binds_if_asked || decision->verdict != AMBIT_ALLOW)
        return err;
    /* What people were shown had the key in it. */
    if (use->state != AMBIT_APPROVAL_NONE ||
        (parent != NULL && parent->binding != AMBIT_BINDING_NONE) ||
        is_binding_asked(command->base.documents, decision))
        return AMBIT_OK;
    command->binds_if_asked = false;
    command->question.binding = AMBIT_BINDING_NONE;
    command->question.binding_key = (struct ambit_digest){{0}};
    return decide_with_approval(command, txn, world, use);
}

/* What follows from the approval, or from there being none. Nobody is asked for a hint that is
 * nobody's, nor again by whoever comes back for the answer. */
static AMBIT_CHECKED enum ambit_err settle_approval(struct grant_command *command,
                                                    struct store_txn *txn,
                                                    const struct event *event,
                                                    const struct approval_use *use)
{
    bool is_asked = command->base.broker->decision->reason == AMBIT_REASON_APPROVAL_REQUIRED;
    enum await_step step = command->await.step;
    if (is_asked && (command->await.is_unknown_user || step == AWAIT_POLLS))
        return AMBIT_OK;
    enum ambit_err err =
        approval_settle(&command->base, txn, event, use, command->arena, &command->approval);
    bool waits = is_asked && step != AWAIT_NOT && !ambit_id_is_none(command->approval);
    return err == AMBIT_OK && waits ? await_record(command, txn, event, command->approval) : err;
}

/* One question through the engine and into the record; see record_cannot_hold(). */
static AMBIT_CHECKED enum ambit_err decide_question(struct grant_command *command,
                                                    struct store_txn *txn,
                                                    const struct ambit_agent *agent)
{
    struct broker *broker = command->base.broker;
    struct ambit_decision *decision = broker->decision;
    struct world world;
    struct event event;

    enum ambit_err err =
        world_open_batch(broker, txn, command->arena, command->base.now_ms, &world);
    if (err != AMBIT_OK)
        return err;
    struct approval_use use;
    command->question.now_ms = command->base.now_ms;
    struct standing standing;
    err = standing_of(broker, txn, agent, command->base.now_ms, &standing);
    if (err != AMBIT_OK)
        return err;
    command->question.owner_fault = standing.fault;
    command->approval = (struct ambit_id){{0}};
    err = decide_approved(command, txn, &world.view, &use);
    if (err == AMBIT_OK)
        err = decided_copy(decision, command->arena, &command->decided);
    if (err != AMBIT_OK)
        return err;

    event_init(&event, &command->base, EVENT_GRANT_REFUSED);
    fill_question(&event, command, agent, command->base.documents);
    if (broker->is_enforcing)
        event.attested_until_ms = standing.attested_until_ms;
    event.is_unattested = standing.is_unattested;
    if (command->await.step == AWAIT_PUT)
        command->await.is_unknown_user =
            !await_hint_fits(command->await.hint, decision, command->base.documents->documents);
    if (command->await.step == AWAIT_PUT && decision->verdict == AMBIT_ALLOW)
        return command->await.is_unknown_user
                   ? AMBIT_OK
                   : await_record(command, txn, &event,
                                  use.is_found ? use.row.id : (struct ambit_id){{0}});
    if (command->await.step == AWAIT_POLLS)
        event.handle = command->await.handle;
    if (decision->verdict == AMBIT_ALLOW)
        fill_issued(&event, command, decision);
    else if (decision->n_trips == 0 && decision->n_charges == 0 &&
             command->await.step != AWAIT_POLLS &&
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
    if (decision->verdict == AMBIT_ALLOW)
        err = fill_row(command, &event);
    if (err == AMBIT_OK)
        err = settle_approval(command, txn, &event, &use);
    return err == AMBIT_OK ? trips_raise(broker, txn, &command->base, &event, decision) : err;
}

/* What cannot be recorded whole is not decided as asked: it is judged as a malformed request, which
 * is recorded and which hard stops hear (design section 4: longer than an event is `malformed`). */
static AMBIT_CHECKED enum ambit_err decide(struct grant_command *command, struct store_txn *txn,
                                           const struct ambit_agent *agent)
{
    static const struct ambit_item unrecordable = {.action = {"", 0}, .resource = {"", 0}};
    enum ambit_err err = decide_question(command, txn, agent);
    if (!record_cannot_hold(err))
        return err;
    command->question.items = &unrecordable;
    command->question.n_items = 1;
    command->question.purpose = command->question.audience = (struct ambit_str){0};
    command->question.has_lifetime = false;
    return decide_question(command, txn, agent);
}

static enum ambit_err grant_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct grant_command *command = (struct grant_command *)(void *)job;
    struct command *base = &command->base;
    struct grant_await *await = &command->await;
    command->decided = (struct decided){.verdict = AMBIT_DENY};
    await->found = AWAIT_FINE;
    await->is_waiting = await->is_unknown_user = false;
    enum ambit_err err = command_begin(base, now_ms);
    if (err == AMBIT_OK && !base->way_in_lost)
        err = command_use_once(base, txn);
    if (err != AMBIT_OK || base->way_in_lost || base->once_used)
        return err;

    err = settle_before(base, txn);
    if (err != AMBIT_OK || base->is_behind)
        return err;
    if (await->step == AWAIT_POLLS)
        err = await_find(command, txn);
    if (err != AMBIT_OK || await->found != AWAIT_FINE)
        return err;
    err = find_parent(command, txn);
    base->is_damaged = err == AMBIT_ERR_DAMAGED; /* an error would take the batch apart */
    if (err != AMBIT_OK)
        return base->is_damaged ? AMBIT_OK : err;
    const struct ambit_agent *agent =
        ambit_agent_find(base->documents->documents, command->question.agent);
    if (agent == NULL) {
        base->way_in_lost = true;
        return AMBIT_OK;
    }
    return decide(command, txn, agent);
}

static void grant_done(struct writer_job *job, enum ambit_err err)
{
    struct grant_command *command = (struct grant_command *)(void *)job;
    struct broker *broker = command->base.broker;
    bool is_decided = err == AMBIT_OK && !command->base.way_in_lost && !command->base.once_used &&
                      !command->base.is_behind && !command->base.is_damaged &&
                      command->await.found == AWAIT_FINE;
    bool is_given = is_decided && !command->await.is_waiting && !command->await.is_unknown_user &&
                    command->decided.verdict == AMBIT_ALLOW;
    if (is_decided)
        metrics_decided(broker, 0, command->decided.reason);
    if (is_given) {
        live_add(&broker->live, command->row.expires_ms, command->base.now_ms);
        vouched_written(broker->vouched, command->grant, command->row.parent);
    }
    command_finished(&command->base, err);
}

void grant_command_init(struct grant_command *command)
{
    command->grant = random_id(broker_now_ms(command->base.broker));
}

enum ambit_err grant_submit(struct grant_command *command)
{
    struct command *base = &command->base;
    base->err = grant_vouch(base->broker, command->parent_token, &command->is_parent_vouched);
    if (base->err != AMBIT_OK)
        return base->err;
    base->job.run = grant_run;
    base->job.done = grant_done;
    return command_submit(base, WRITER_GIVES);
}
