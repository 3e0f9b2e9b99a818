/* SPDX-License-Identifier: Apache-2.0 */
/* Event -> tables, one function per type that changes state. */
#include "core/apply.h"

#include "base/encode.h"
#include "core/apply_outcome.h"
#include "core/apply_approval.h"
#include "core/apply_await.h"
#include "core/apply_erase.h"
#include "core/apply_key.h"
#include "core/apply_people.h"
#include "core/command.h"
#include "core/cutoff.h"
#include "core/distinct.h"
#include "core/once.h"
#include "core/pruned.h"
#include "core/row.h"
#include "core/stop_row.h"
#include "core/tlog_row.h"
#include "core/window.h"

/* ---- history ------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err apply_count(struct store_txn *txn, const struct head *head,
                                                const struct event *event,
                                                const struct event_count *count)
{
    struct ambit_figure_query query = {.policy = count->policy,
                                       .id = count->id,
                                       .is_stop = count->is_stop,
                                       .kind = count->kind,
                                       .field = count->field,
                                       .by = count->by,
                                       .key = count->key};
    struct state_key key = state_key_counter(&query);
    if (count->when_done) /* waits in the row of the action's outcome */
        return AMBIT_OK;
    if (count->resets)
        return count->kind == AMBIT_LIMIT_DISTINCT ? distinct_reset(txn, &key)
                                                   : window_reset(txn, &key);
    if (count->kind == AMBIT_LIMIT_DISTINCT)
        return distinct_add(txn, &key,
                            (struct distinct_values){.v = count->values, .n = count->n_values},
                            event->time_ms, count->keep_ms);
    if (count->kind == AMBIT_LIMIT_AFTER)
        return window_latest_add(txn, &key, event->time_ms, count->keep_ms);
    if (count->kind == AMBIT_LIMIT_LIVE_GRANTS)
        return window_live_add(
            txn, &key, (struct window_live){.grant = event->grant, .expires_ms = event->expires_ms},
            event->time_ms, head->last_cutoff_seq);

    struct window_entry entry = {
        .time_ms = event->time_ms, .seq = event->seq, .amount = count->amount};
    return window_add(txn, &key, &entry, count->keep_ms);
}

static AMBIT_CHECKED enum ambit_err apply_counts(struct store_txn *txn, const struct head *head,
                                                 const struct event *event)
{
    for (size_t i = 0; i < event->n_counts; i++) {
        enum ambit_err err = apply_count(txn, head, event, &event->counts[i]);
        if (err != AMBIT_OK)
            return err;
    }
    return AMBIT_OK;
}

/* ---- grants -------------------------------------------------------------------------------- */

struct grant_row apply_grant_row(const struct event *event)
{
    return (struct grant_row){
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
        .purpose = {0}, /* personal text: in the event's opening alone */
        .txn = event->txn,
        .binding = event->binding,
        .binding_key = event->binding_key,
        .is_approved = ambit_str_is(event->approved, "given"),
        .items = (struct ambit_given *)(uintptr_t)event->items,
        .n_items = event->n_items,
        .except = (struct ambit_except *)(uintptr_t)event->except,
        .n_except = event->n_except,
        .depth = (unsigned)event->depth,
        .composition = event->composition,
    };
}

static AMBIT_CHECKED enum ambit_err put_grant(struct store_txn *txn, const struct event *event)
{
    struct grant_row row = apply_grant_row(event);
    BUF_AUTO buf;
    buf_init(&buf, 0);
    grant_row_encode(&row, &buf);
    enum ambit_err err = buf_check(&buf);
    if (err != AMBIT_OK)
        return err;
    err = store_put(txn, STORE_GRANTS, (struct store_key){event->grant.b, 16}, buf.p, buf.len);
    if (err != AMBIT_OK)
        return err;

    struct state_key agent = state_key_agent(event->agent);
    uint8_t key[24], value[24];
    memcpy(key, agent.b, 16);
    put_be64(key + 16, event->seq);
    memcpy(value, event->grant.b, 16);
    put_be64(value + 16, (uint64_t)event->expires_ms);
    return store_put(txn, STORE_AGENT_GRANTS, (struct store_key){key, sizeof key}, value,
                     sizeof value);
}

static struct state_key key_of_id(enum ambit_target_kind kind, struct ambit_id id)
{
    char text[ID_TEXT_LEN];
    id_encode(id, text);
    return state_key_cutoff(kind, (struct ambit_str){.p = text, .len = sizeof text});
}

static AMBIT_CHECKED enum ambit_err apply_issued(struct store_txn *txn, struct head *head,
                                                 const struct event *event)
{
    enum ambit_err err = put_grant(txn, event);
    if (err == AMBIT_OK && !ambit_id_is_none(event->replaces)) {
        struct state_key key = key_of_id(AMBIT_TARGET_GRANT, event->replaces);
        err = cutoff_raise(txn, head, &key, event->seq, (struct ambit_id){{0}});
    }
    head->grants_issued++;
    return err;
}

static AMBIT_CHECKED enum ambit_err apply_revoked(struct store_txn *txn, struct head *head,
                                                  const struct event *event)
{
    if (event->decision == AMBIT_DENY)
        return AMBIT_OK; /* another client's token: tried and refused */
    bool is_root = ambit_id_eq(event->grant, event->lineage);
    struct state_key key =
        key_of_id(is_root ? AMBIT_TARGET_LINEAGE : AMBIT_TARGET_GRANT, event->grant);
    return cutoff_raise(txn, head, &key, event->seq, (struct ambit_id){{0}});
}

/* ---- stops --------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err store_stop_row(struct store_txn *txn, struct head *head,
                                                   const struct stop_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    stop_row_encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK ? err
                           : tally_put(txn, &head->tally, STORE_STOPS,
                                       (struct store_key){row->id.b, 16}, buf_str(&buf));
}

/* A resource stop cuts off nothing: it only holds. */
static bool target_cuts(struct ambit_str target)
{
    return target.len < 9 || memcmp(target.p, "resource:", 9) != 0;
}

static AMBIT_CHECKED enum ambit_err apply_raised(struct store_txn *txn, struct head *head,
                                                 const struct event *event)
{
    /* Dead by the target of a stop in force is `stopped`; by what a stop takes beside its target,
     * and by a hard stop's mere revocation (which does not hold), `inactive`. */
    bool is_person = event->person.p != NULL;
    struct ambit_id none = {{0}};
    enum ambit_err err = AMBIT_OK;
    if (target_cuts(event->target)) {
        struct state_key key = state_key_cutoff_text(event->target);
        err = cutoff_raise(txn, head, &key, event->seq, event->holds ? event->stop : none);
    }
    for (size_t i = 0; err == AMBIT_OK && i < event->n_also; i++) {
        struct state_key key = state_key_cutoff_text(event->also[i]);
        err = cutoff_raise(txn, head, &key, event->seq, none);
    }
    if (err == AMBIT_OK && event->holds) {
        err = tally_put(txn, &head->tally, STORE_HOLDS, (struct store_key){event->stop.b, 16},
                        AMBIT_STR(""));
        head->holds_version = event->seq;
    }
    if (err != AMBIT_OK)
        return err;

    struct stop_row row = {.id = event->stop,
                           .incident = event->incident,
                           .target = event->target,
                           .by = is_person ? event->person : event->by,
                           .agent = event->agent,
                           .by_person = is_person,
                           .holds = event->holds,
                           .seq = event->seq,
                           .raised_ms = event->time_ms};
    err = store_stop_row(txn, head, &row);
    head->stops_in_force++;
    return err == AMBIT_OK ? apply_incident_joined(txn, event) : err;
}

/* After a clear: the greatest cut-off of the stops still in force on this very target. Only targets
 * of which several stops may stand at once are walked: the holds, which are few. */
static AMBIT_CHECKED enum ambit_err still_held(struct store_txn *txn, struct arena *arena,
                                               const struct stop_row *cleared, uint64_t *ret_seq,
                                               struct ambit_id *ret_stop)
{
    STORE_CURSOR_AUTO cursor = NULL;
    enum ambit_err err = store_cursor_open(txn, STORE_HOLDS, &cursor);
    if (err != AMBIT_OK)
        return err;

    *ret_seq = 0;
    *ret_stop = (struct ambit_id){{0}};
    enum store_seek seek = STORE_FIRST;
    struct ambit_str key, value;
    while ((err = store_cursor_move(cursor, seek, (struct store_key){0}, &key, &value)) ==
           AMBIT_OK) {
        seek = STORE_NEXT;
        struct ambit_id id;
        struct stop_row row;
        if (key.len != sizeof id.b)
            return AMBIT_ERR_DAMAGED;
        memcpy(id.b, key.p, sizeof id.b);
        err = stop_row_load(txn, id, arena, &row);
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
        if (!ambit_id_eq(row.id, cleared->id) && ambit_str_eq(row.target, cleared->target) &&
            row.seq > *ret_seq) {
            *ret_seq = row.seq;
            *ret_stop = row.id;
        }
    }
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
}

static AMBIT_CHECKED enum ambit_err apply_cleared(struct store_txn *txn, struct head *head,
                                                  const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct stop_row row;
    enum ambit_err err = stop_row_load(txn, event->stop, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    uint64_t held_seq = 0;
    struct ambit_id held_by = {{0}};
    err = still_held(txn, &arena, &row, &held_seq, &held_by);
    if (err == AMBIT_OK && target_cuts(row.target) && row.holds) {
        struct state_key key = state_key_cutoff_text(row.target);
        err = cutoff_release(txn, head, &key, held_seq, held_by);
    }
    if (err == AMBIT_OK && row.holds) {
        err = tally_delete(txn, &head->tally, STORE_HOLDS, (struct store_key){row.id.b, 16});
        head->holds_version = event->seq;
    }
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    head->stops_in_force--;
    row.cleared_ms = event->time_ms;
    row.cleared_seq = event->seq;
    row.cleared_by = event->person;
    return store_stop_row(txn, head, &row);
}

/* The first of two who clear: the hold stays. */
static AMBIT_CHECKED enum ambit_err apply_clear_asked(struct store_txn *txn, struct head *head,
                                                      const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct stop_row row;
    enum ambit_err err = stop_row_load(txn, event->stop, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (event->person.p == NULL)
        return AMBIT_ERR_DAMAGED;
    row.asked_by = event->person;
    row.asked_ms = event->time_ms;
    row.asked_seq = event->seq;
    return store_stop_row(txn, head, &row);
}

static AMBIT_CHECKED enum ambit_err apply_decided(struct store_txn *txn, struct head *head,
                                                  const struct event *event)
{
    if (event->type == EVENT_GRANT_REVOKED)
        return apply_revoked(txn, head, event);
    enum ambit_err err =
        event->type == EVENT_GRANT_ISSUED ? apply_issued(txn, head, event) : AMBIT_OK;
    return err == AMBIT_OK ? apply_redeemed(txn, event) : err;
}

static AMBIT_CHECKED enum ambit_err apply_stop(struct store_txn *txn, struct head *head,
                                               const struct event *event)
{
    if (event->type == EVENT_STOP_RAISED)
        return apply_raised(txn, head, event);
    return event->type == EVENT_STOP_CLEARED ? apply_cleared(txn, head, event)
                                             : apply_clear_asked(txn, head, event);
}

/* What people said of documents and of each other. */
static AMBIT_CHECKED enum ambit_err apply_said(struct store_txn *txn, const struct event *event)
{
    if (event->type == EVENT_DOCUMENTS_CONFIRMED)
        return apply_confirmed(txn, event);
    return event->type == EVENT_PERSON_OFFBOARDED ? apply_offboarded(txn, event)
                                                  : apply_superseded(txn, event);
}

static AMBIT_CHECKED enum ambit_err apply_asked(struct store_txn *txn, const struct event *event)
{
    bool waits = event->type == EVENT_APPROVAL_AWAITED || event->type == EVENT_APPROVAL_CANCELLED;
    return waits ? apply_await(txn, event) : apply_approval(txn, event);
}

static AMBIT_CHECKED enum ambit_err apply_came_of_it(struct store_txn *txn,
                                                     const struct event *event)
{
    return event->type == EVENT_ACTION_OUTCOME ? apply_outcome(txn, event)
                                               : apply_unaccounted(txn, event);
}

/* What moves a number of the head alone. */
static void apply_head(struct head *head, const struct event *event)
{
    if (event->type == EVENT_BROKER_OUTAGE)
        head->outage_ms += event->outage_ms;
    else
        head->documents = event->documents;
}

static AMBIT_CHECKED enum ambit_err apply_type(struct store_txn *txn, struct head *head,
                                               const struct event *event)
{
    switch (event->type) {
    case EVENT_GRANT_ISSUED:
    case EVENT_GRANT_REFUSED:
    case EVENT_GRANT_REVOKED:
        return apply_decided(txn, head, event);
    case EVENT_STOP_RAISED:
    case EVENT_STOP_CLEARED:
    case EVENT_STOP_CLEAR_ASKED:
        return apply_stop(txn, head, event);
    case EVENT_INCIDENT_OPENED:
        return apply_incident_opened(txn, event);
    case EVENT_APPROVAL_ASKED:
    case EVENT_APPROVAL_GIVEN:
    case EVENT_APPROVAL_REFUSED:
    case EVENT_APPROVAL_LAPSED:
    case EVENT_APPROVAL_USED:
    case EVENT_APPROVAL_AWAITED:
    case EVENT_APPROVAL_CANCELLED:
        return apply_asked(txn, event);
    case EVENT_KEY_CREATED:
    case EVENT_KEY_ACTIVATED:
    case EVENT_KEY_RETIRED:
        return apply_key(txn, event);
    case EVENT_LOG_STARTED:
    case EVENT_LOG_CONTINUED:
        return apply_tlog(txn, event);
    case EVENT_DOCUMENTS_CONFIRMED:
    case EVENT_DOCUMENTS_SUPERSEDED:
    case EVENT_PERSON_OFFBOARDED:
        return apply_said(txn, event);
    case EVENT_INCIDENT_ESCALATED:
    case EVENT_INCIDENT_ACKNOWLEDGED:
    case EVENT_INCIDENT_CLOSED:
        return apply_incident_goes_on(txn, event);
    case EVENT_ACTION_ALLOWED:
        return event->outcome_due_ms != 0 ? apply_owed(txn, head, event) : AMBIT_OK;
    case EVENT_ACTION_OUTCOME:
    case EVENT_ACTION_UNACCOUNTED:
        return apply_came_of_it(txn, event);
    case EVENT_HISTORY_EXPIRED:
        return apply_expired(txn, event);
    case EVENT_RECORD_PRUNED:
        return apply_pruned(txn, event);
    case EVENT_BROKER_OUTAGE:
    case EVENT_DOCUMENTS_ACTIVATED:
        apply_head(head, event);
        return AMBIT_OK;
    case EVENT_PERSONAL_ERASED:
        return apply_erased(txn, event);
    case EVENT_ACTION_DENIED:
    case EVENT_DOCUMENTS_REJECTED:
    case EVENT_PERSON_READ:
    case EVENT_IDENTITY_REFUSED:
    case EVENT_CALLER_LIMITED:
    case EVENT_TIME_DISTRUSTED:
    case EVENT_TIME_ACKNOWLEDGED:
    case EVENT_BROKER_STARTED:
    case EVENT_BROKER_STOPPED:
    case EVENT_BROKER_SEALED:
    case EVENT_REFUSALS_FOLDED:
    case EVENT_SIGNAL_RECEIVED:
    case EVENT_QUESTION_ANSWERED:
    case EVENT_RECORD_BACKED_UP:
    case EVENT_TYPES:
        return AMBIT_OK;
    }
    return AMBIT_ERR_INTERNAL;
}

/* Who proved itself with the one-time values of the event: the service that asked or said so, else
 * the agent. */
static struct ambit_str proved_by(const struct event *event)
{
    bool is_service = event->service.p != NULL && !ambit_str_is(event->reported_by, "agent");
    return is_service ? event->service : event->agent;
}

enum ambit_err apply_event(struct store_txn *txn, struct head *head, const struct event *event)
{
    const struct once_value once = {.digest = event->once, .until_ms = event->once_until_ms};
    enum ambit_err err = once_keep(txn, &once, proved_by(event));
    for (size_t i = 0; err == AMBIT_OK && i < event->n_once_also; i++)
        err = once_keep(txn, &event->once_also[i], proved_by(event));
    if (err == AMBIT_OK)
        err = apply_counts(txn, head, event);
    if (err == AMBIT_OK)
        err = apply_type(txn, head, event);
    return err;
}
