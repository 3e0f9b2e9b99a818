/* SPDX-License-Identifier: Apache-2.0 */
/* The events behind the end of a backup, told by what they did. */
#include "core/restore_lost.h"

#include "core/stop_row.h"
#include "ledger/ledger.h"

static void note_stop(struct restore_store *old, const struct event *event,
                      struct restore_report *report)
{
    struct stop_row row;
    report->lost_stops++;
    if (report->n_stops == RESTORE_STOPS_MAX)
        return;
    bool is_read = stop_row_load(old->txn, event->stop, &report->arena, &row) == AMBIT_OK;
    report->stops[report->n_stops++] = (struct restore_stop){
        .id = event->stop,
        .target = arena_copy(&report->arena, event->target),
        .by = arena_copy(&report->arena, event->person.p ? event->person : event->by),
        .raised_ms = event->time_ms,
        .is_in_force = !is_read || row.cleared_ms == 0,
    };
}

static void note_event(struct restore_store *old, const struct event *event,
                       struct restore_report *report)
{
    if (event->type == EVENT_STOP_RAISED)
        note_stop(old, event, report);
    else if (event->type == EVENT_GRANT_REVOKED)
        report->lost_revocations++;
    else if (streq(event_type_text(event->type), "personal.erased"))
        report->lost_erasures++;
}

void restore_look_lost(struct restore_store *old, uint64_t size, struct restore_report *report)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    report->has_lost = true;
    report->lost = old->head.edge.size - size;
    for (uint64_t seq = size; seq < old->head.edge.size; seq++) {
        ARENA_AUTO arena;
        struct ledger_row row;
        struct event event;
        arena_init(&arena, NULL, 0, 0);
        enum ambit_err err = ledger_get(old->txn, seq, &memory, &row);
        if (err == AMBIT_OK)
            err = event_decode(row.bytes, (struct ambit_str){"", 0}, &arena, &event);
        if (err == AMBIT_OK)
            note_event(old, &event, report);
    }
}
