/* SPDX-License-Identifier: Apache-2.0 */
/* Events of incidents -> their rows, which one is open for a stop and key, and when it goes on. */
#include "core/apply_outcome.h"

#include "base/arena.h"
#include "base/buf.h"
#include "core/due.h"
#include "core/state_key.h"
#include "core/stop_row.h"

static AMBIT_CHECKED enum ambit_err put_row(struct store_txn *txn, const struct incident_row *row)
{
    BUF_AUTO buf;
    buf_init(&buf, 0);
    incident_row_encode(row, &buf);
    enum ambit_err err = buf_check(&buf);
    return err != AMBIT_OK
               ? err
               : store_put(txn, STORE_INCIDENTS, (struct store_key){row->id.b, 16}, buf.p, buf.len);
}

static AMBIT_CHECKED enum ambit_err due_at(struct store_txn *txn, const struct incident_row *row)
{
    struct due due = {.when_ms = row->escalates_ms, .id = row->id};
    return row->escalates_ms == 0 ? AMBIT_OK : due_put(txn, DUE_INCIDENT, due);
}

enum ambit_err apply_incident_opened(struct store_txn *txn, const struct event *event)
{
    struct incident_row row = {.id = event->incident,
                               .stop = event->stop,
                               .owner = event->owner,
                               .agent = event->agent,
                               .policy = event->policy,
                               .rule = event->rule,
                               .seq = event->seq,
                               .opened_ms = event->time_ms,
                               .is_later = event->escalates_ms != 0,
                               .service = event->service,
                               .key = event->key,
                               .backup = event->backup,
                               .escalates_ms = event->escalates_ms,
                               .n_stops = 1};
    enum ambit_err err = put_row(txn, &row);
    if (err == AMBIT_OK)
        err = due_at(txn, &row);
    if (err != AMBIT_OK || event->key.p == NULL)
        return err;
    struct state_key key = state_key_incident(event->policy, event->rule, event->key);
    return store_put(txn, STORE_OPEN_INCIDENTS, state_key_store(&key), row.id.b, 16);
}

static AMBIT_CHECKED enum ambit_err close(struct store_txn *txn, struct incident_row *row,
                                          const struct event *event)
{
    row->closed_ms = event->time_ms;
    row->closed_seq = event->seq;
    row->closed_by = event->person;
    if (row->key.p == NULL)
        return AMBIT_OK;
    struct state_key key = state_key_incident(row->policy, row->rule, row->key);
    enum ambit_err err = store_delete(txn, STORE_OPEN_INCIDENTS, state_key_store(&key));
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

enum ambit_err apply_incident_goes_on(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    enum ambit_err err = incident_row_load(txn, event->incident, &arena, &row);
    if (err == AMBIT_OK && row.escalates_ms != 0) {
        struct due due = {.when_ms = row.escalates_ms, .id = row.id};
        err = due_remove(txn, DUE_INCIDENT, due);
    }
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    row.is_later = true;
    row.escalates_ms = event->escalates_ms;
    if (event->type == EVENT_INCIDENT_ESCALATED) {
        row.level = event->level;
        row.to = event->to;
        row.escalated_ms = event->time_ms;
    } else if (event->type == EVENT_INCIDENT_ACKNOWLEDGED) {
        row.acknowledged_ms = event->time_ms;
        row.acknowledged_by = event->person;
    } else {
        err = close(txn, &row, event);
    }
    if (err == AMBIT_OK)
        err = due_at(txn, &row);
    return err == AMBIT_OK ? put_row(txn, &row) : err;
}

enum ambit_err apply_incident_joined(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct incident_row row;
    enum ambit_err err = incident_row_load(txn, event->incident, &arena, &row);
    if (err != AMBIT_OK) /* the stop that opens it is told before it */
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    row.is_later = true;
    row.n_stops++;
    row.last_stop = event->stop;
    return put_row(txn, &row);
}
