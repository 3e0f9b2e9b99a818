/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/actions/{id}/outcome, and what becomes of an action of which nobody said anything. */
#include "core/outcome.h"

#include "base/arena.h"
#include "core/heard.h"
#include "core/incident.h"
#include "core/outcome_row.h"
#include "core/settle.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"
#include "store/search.h"

static void fill(struct event *event, const struct outcome_row *row)
{
    event->cause = row->id;
    event->agent = row->agent;
    event->owner = row->owner;
    event->team = row->team;
    event->grant = row->grant;
    event->lineage = row->lineage;
    event->parent = row->parent;
    event->service = row->service;
    event->policy = row->policy;
    event->rule = row->rule;
    event->digest = row->digest;
    event->action = row->action;
    event->resource = row->resource;
    event->audience = row->audience;
    event->outcome_due_ms = row->due_ms;
}

/* ---- nobody reported ----------------------------------------------------------------------- */

enum ambit_err outcome_unaccounted(struct broker *broker, struct store_txn *txn, int64_t now_ms,
                                   struct ambit_id action)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct outcome_row row;
    struct command command;
    struct event event;
    struct heard heard;
    enum ambit_err err = outcome_row_load(txn, action, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    command_init(&command, broker, NULL, NULL);
    err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    event_init(&event, &command, EVENT_ACTION_UNACCOUNTED);
    fill(&event, &row);
    event.agreement = AMBIT_STR("missing");
    struct ambit_grant_view grant = {.id = row.grant};
    struct ambit_event_question question = {.kind = AMBIT_EVENT_UNACCOUNTED,
                                            .agent = row.agent,
                                            .grant = &grant,
                                            .action = row.action,
                                            .resource = row.resource};
    err = heard_record(broker, txn, &command, &question, &event, &arena, &heard);
    command_release(&command);
    return err;
}

/* ---- a report ------------------------------------------------------------------------------ */

/* Which side of the action the caller is; false: none. Where the agent asked itself, the service
 * is the one that its grant is addressed to. */
static bool find_side(const struct outcome_command *command, const struct outcome_row *row,
                      bool *ret_service)
{
    const struct caller *caller = &command->base.caller;
    *ret_service = caller->kind == CALLER_SERVICE;
    if (caller->kind == CALLER_AGENT)
        return ambit_str_eq(row->agent, caller->name);
    if (caller->kind != CALLER_SERVICE)
        return false;
    if (row->service.p != NULL)
        return ambit_str_eq(row->service, caller->name);
    const struct ambit_service *service =
        ambit_service_of_audience(command->base.documents->documents, row->audience);
    return service != NULL && ambit_str_eq(service->doc.name, caller->name);
}

/* What this side said before, held against what it says now. */
static AMBIT_CHECKED enum ambit_err judge_again(struct outcome_command *command,
                                                struct store_txn *txn, uint64_t seq,
                                                struct arena *arena)
{
    BUF_AUTO memory;
    struct ledger_row row;
    struct event told;
    buf_init(&memory, 0);
    enum ambit_err err = ledger_get(txn, seq, &memory, &row);
    if (err == AMBIT_OK)
        err = event_decode(row.bytes, row.opening, arena, &told);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    /* Words that were erased since are taken to be the same. */
    bool is_same = ambit_str_eq(told.outcome, command->outcome) &&
                   ambit_digest_eq(told.evidence_digest, command->evidence) &&
                   (told.words.p == NULL || ambit_str_eq(told.words, command->detail));
    command->refusal = is_same ? OUTCOME_FINE : OUTCOME_OTHER;
    command->is_repeated = is_same;
    command->is_late = told.late;
    command->base.seq = seq;
    return AMBIT_OK;
}

static const char *agreement_of(const struct outcome_row *row, bool is_past)
{
    if (row->by_service.outcome != OUTCOME_NONE && row->by_agent.outcome != OUTCOME_NONE)
        return row->by_service.outcome == row->by_agent.outcome ? "matched" : "mismatched";
    return is_past ? "missing" : "pending";
}

/* Reports that disagree: an incident of its own, one for a rule and agent while it is open. */
static AMBIT_CHECKED enum ambit_err open_incident(struct outcome_command *command,
                                                  struct store_txn *txn, const struct event *report)
{
    struct command *base = &command->base;
    struct event event;
    char key[AMBIT_AGENT_NAME_MAX + 16] = "outcome:";
    struct ambit_id open;
    event_init(&event, base, EVENT_INCIDENT_OPENED);
    event.incident = command_derive_id(base, 1);
    event.agent = report->agent;
    event.owner = report->owner;
    event.team = report->team;
    event.grant = report->grant;
    event.lineage = report->lineage;
    event.service = report->service;
    event.policy = report->policy;
    event.rule = report->rule;
    event.digest = report->digest;
    event.cause = report->id;
    if (report->agent.len > AMBIT_AGENT_NAME_MAX)
        return AMBIT_ERR_DAMAGED; /* its row is */
    memcpy(key + 8, report->agent.p, report->agent.len);
    event.key = (struct ambit_str){.p = key, .len = 8 + report->agent.len};
    enum ambit_err err = incident_find(txn, &event, &open);
    if (err != AMBIT_OK || !ambit_id_is_none(open))
        return err;
    return incident_open(base->broker, txn, base, &event);
}

static AMBIT_CHECKED enum ambit_err report(struct outcome_command *command, struct store_txn *txn,
                                           struct outcome_row *row, bool is_service, bool is_past)
{
    struct command *base = &command->base;
    struct event event;
    enum ambit_err err = outcome_parse(command->outcome, is_service ? &row->by_service.outcome
                                                                    : &row->by_agent.outcome);
    if (err != AMBIT_OK)
        return err;
    command->is_late = is_past;
    command->agreement = agreement_of(row, is_past);
    event_init(&event, base, EVENT_ACTION_OUTCOME);
    fill(&event, row);
    event.outcome = command->outcome;
    event.reported_by = ambit_str_of(command->reported_by);
    event.agreement = ambit_str_of(command->agreement);
    event.late = is_past;
    event.words = command->detail;
    event.evidence_digest = command->evidence;
    if (is_service)
        event.service = base->caller.name;
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    if (err == AMBIT_OK && streq(command->agreement, "mismatched"))
        err = open_incident(command, txn, &event);
    return err;
}

/* ---- an action that owes none --------------------------------------------------------------- */

void outcome_may_come(struct broker *broker, struct ambit_id action, uint64_t seq)
{
    struct recent_actions *recent = broker->recent;
    recent->v[recent->next].id = action;
    recent->v[recent->next].seq = seq;
    recent->next = (recent->next + 1) % RECENT_ACTIONS;
}

/* What was drawn in memory or by the index, held against the record. */
static AMBIT_CHECKED enum ambit_err take_row(const struct outcome_command *command,
                                             struct store_txn *txn, uint64_t seq,
                                             struct buf *memory, struct arena *arena,
                                             struct outcome_row *ret)
{
    struct ledger_row row;
    struct event event;
    enum ambit_err err = ledger_get(txn, seq, memory, &row);
    if (err == AMBIT_OK)
        err = event_decode(row.bytes, AMBIT_STR(""), arena, &event);
    if (err != AMBIT_OK)
        return err;
    if (event.type != EVENT_ACTION_ALLOWED || !ambit_id_eq(event.id, command->action) ||
        event.outcome_due_ms != 0 || command->base.now_ms - event.time_ms >= outcome_taken_ms)
        return AMBIT_ERR_NOT_FOUND;
    *ret = (struct outcome_row){.id = event.id,
                                .grant = event.grant,
                                .lineage = event.lineage,
                                .parent = event.parent,
                                .agent = event.agent,
                                .owner = event.owner,
                                .team = event.team,
                                .service = event.service,
                                .audience = event.audience,
                                .policy = event.policy,
                                .rule = event.rule,
                                .action = event.action,
                                .resource = event.resource,
                                .digest = event.digest};
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err find_row(const struct outcome_command *command,
                                             struct store_txn *txn, struct buf *memory,
                                             struct arena *arena, struct outcome_row *ret)
{
    const struct recent_actions *recent = command->base.broker->recent;
    uint64_t seq = command->hint_seq;
    enum ambit_err err = outcome_row_load(txn, command->action, arena, ret);
    if (err != AMBIT_ERR_NOT_FOUND)
        return err;
    for (size_t i = 0; i < RECENT_ACTIONS; i++)
        if (ambit_id_eq(recent->v[i].id, command->action))
            seq = recent->v[i].seq;
    if (seq != UINT64_MAX)
        return take_row(command, txn, seq, memory, arena, ret);
    /* Where the index could not be asked nobody knows that there is no such action. */
    return command->hint_err != AMBIT_OK ? command->hint_err : AMBIT_ERR_NOT_FOUND;
}

static enum ambit_err outcome_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct outcome_command *command = (struct outcome_command *)(void *)job;
    struct command *base = &command->base;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct outcome_row row;
    bool is_service = false;
    enum ambit_err err = command_begin(base, now_ms);
    if (err == AMBIT_OK && !base->way_in_lost)
        err = command_use_once(base, txn);
    if (err == AMBIT_OK && !base->way_in_lost && !base->once_used)
        err = settle_before(base, txn);
    if (err != AMBIT_OK || base->way_in_lost || base->once_used || base->is_behind)
        return err;
    command->refusal = OUTCOME_UNKNOWN;
    command->is_repeated = false;
    err = find_row(command, txn, &memory, &arena, &row);
    /* Nobody can say now: an error would take the batch apart. */
    base->is_behind = err != AMBIT_OK && err == command->hint_err;
    if (err == AMBIT_ERR_NOT_FOUND || base->is_behind)
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    if (!find_side(command, &row, &is_service))
        return AMBIT_OK;

    command->refusal = OUTCOME_FINE;
    command->reported_by = is_service ? "service" : "agent";
    bool is_past =
        row.is_unaccounted ||
        (row.due_ms != 0 && now_ms - base->broker->batch.head.outage_ms >= row.due_uptime_ms);
    const struct outcome_report *before = is_service ? &row.by_service : &row.by_agent;
    if (before->outcome == OUTCOME_NONE)
        return report(command, txn, &row, is_service, is_past);
    command->agreement = agreement_of(&row, is_past);
    return judge_again(command, txn, before->seq, &arena);
}

enum ambit_err outcome_submit(struct outcome_command *command)
{
    enum outcome outcome = OUTCOME_NONE;
    if (outcome_parse(command->outcome, &outcome) != AMBIT_OK ||
        command->detail.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    struct search_query query = {.tag = INDEX_ID};
    uint64_t seq = 0;
    size_t n = 0;
    memcpy(query.key, command->action.b, sizeof query.key);
    command->hint_err = search_scan(command->base.broker->search, &query, &seq, 1, &n);
    command->hint_seq = command->hint_err == AMBIT_OK && n == 1 ? seq : UINT64_MAX;
    /* One that is far behind, as it is while it is built again, cannot say that there is none; nor
     * one that lacks what was done before this process could keep it in mind. */
    struct broker *broker = command->base.broker;
    bool is_far = searching_behind(broker) > RECENT_ACTIONS ||
                  indexer_complete_to(broker->indexer) < broker->size_at_start;
    if (command->hint_err == AMBIT_OK && n == 0 && is_far)
        command->hint_err = AMBIT_ERR_BUSY;
    command->base.job.run = outcome_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
