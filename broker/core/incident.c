/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, escalating, taking up and closing incidents. */
#include "core/incident.h"

#include "base/arena.h"
#include "base/encode.h"
#include "core/settle.h"
#include "core/stop_row.h"

/* ---- opening and escalating ---------------------------------------------------------------- */

enum ambit_err incident_find(struct store_txn *txn, const struct event *event, struct ambit_id *ret)
{
    struct state_key key = state_key_incident(event->policy, event->rule, event->key);
    size_t len = 0;
    *ret = (struct ambit_id){{0}};
    enum ambit_err err =
        store_get(txn, STORE_OPEN_INCIDENTS, state_key_store(&key), ret->b, sizeof ret->b, &len);
    if (err == AMBIT_ERR_NOT_FOUND)
        return AMBIT_OK;
    return err == AMBIT_OK && len != sizeof ret->b ? AMBIT_ERR_DAMAGED : err;
}

/* Where nobody is next it goes on to `escalation`, at its own time. */
enum ambit_err incident_open(struct broker *broker, struct store_txn *txn, struct command *command,
                             struct event *event)
{
    const struct ambit_documents *documents = command->documents->documents;
    const struct ambit_agent *agent =
        event->agent.p != NULL ? ambit_agent_find(documents, event->agent) : NULL;
    event->type = EVENT_INCIDENT_OPENED;
    event->id = event->incident;
    event->backup = agent != NULL ? agent->backup : (struct ambit_str){0};
    event->escalates_ms =
        command->now_ms + (agent != NULL ? INCIDENT_BACKUP_MS : INCIDENT_ESCALATION_MS);
    settle_note(broker, event->escalates_ms);
    return record_event(broker, txn, command, event);
}

static void fill(struct event *event, const struct incident_row *row)
{
    event->incident = row->id;
    event->stop = row->stop;
    event->agent = row->agent;
    event->owner = row->owner;
    event->policy = row->policy;
    event->rule = row->rule;
}

enum ambit_err incident_escalate(struct broker *broker, struct store_txn *txn, int64_t now_ms,
                                 struct ambit_id incident)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    struct command command;
    struct event event;
    enum ambit_err err = incident_row_load(txn, incident, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    command_init(&command, broker, NULL, NULL);
    err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;

    int64_t last_ms = row.opened_ms + INCIDENT_ESCALATION_MS;
    bool to_backup = row.level.p == NULL && row.backup.p != NULL && now_ms < last_ms;
    event_init(&event, &command, EVENT_INCIDENT_ESCALATED);
    fill(&event, &row);
    event.level = to_backup ? AMBIT_STR("backup") : AMBIT_STR("escalation");
    event.to = to_backup ? row.backup : (struct ambit_str){0};
    event.escalates_ms = to_backup ? last_ms : 0;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    char text[ID_TEXT_LEN];
    id_encode(incident, text);
    if (err == AMBIT_OK)
        LOG(LOG_WARNING, "an incident was not taken up and goes on",
            LOG_TEXT("incident", ((struct ambit_str){.p = text, .len = sizeof text})),
            LOG_TEXT("to", to_backup ? row.backup : AMBIT_STR("escalation")));
    return err;
}

/* ---- by a person --------------------------------------------------------------------------- */

/* Its owner, its backup, whoever is on call. */
static bool is_theirs(const struct ambit_documents *documents, const struct incident_row *row,
                      struct ambit_str person)
{
    const struct ambit_person *who = ambit_person_find(documents, person);
    if (who == NULL || !who->is_active)
        return false;
    return (who->roles & AMBIT_ROLE_ONCALL) != 0 || ambit_str_eq(row->owner, person) ||
           (row->backup.p != NULL && ambit_str_eq(row->backup, person)) ||
           (row->to.p != NULL && ambit_str_eq(row->to, person));
}

static enum incident_refusal judge(const struct incident_command *command,
                                   const struct incident_row *row)
{
    if (!is_theirs(command->base.documents->documents, row, command->base.caller.name))
        return INCIDENT_NOT_PERMITTED;
    if (row->closed_ms != 0)
        return INCIDENT_CLOSED;
    return !command->closes && row->acknowledged_ms != 0 ? INCIDENT_ALREADY : INCIDENT_FINE;
}

static enum ambit_err incident_run(struct writer_job *job, struct store_txn *txn, int64_t now_ms)
{
    struct incident_command *command = (struct incident_command *)(void *)job;
    struct command *base = &command->base;
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    struct event event;
    enum ambit_err err = command_begin(base, now_ms);
    if (err != AMBIT_OK || base->way_in_lost)
        return err;
    err = incident_row_load(txn, command->incident, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND) {
        command->refusal = INCIDENT_UNKNOWN;
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    command->refusal = judge(command, &row);
    if (command->refusal != INCIDENT_FINE)
        return AMBIT_OK;

    event_init(&event, base, command->closes ? EVENT_INCIDENT_CLOSED : EVENT_INCIDENT_ACKNOWLEDGED);
    fill(&event, &row);
    event.words = command->reason;
    err = record_event(base->broker, txn, base, &event);
    base->seq = event.seq;
    return err;
}

enum ambit_err incident_submit(struct incident_command *command)
{
    if ((command->closes && command->reason.len == 0) || command->reason.len > AMBIT_TEXT_MAX)
        return AMBIT_ERR_MALFORMED;
    command->base.job.run = incident_run;
    return command_submit(&command->base, WRITER_RECORDS);
}
