/* SPDX-License-Identifier: Apache-2.0 */
/* An event as other programs' schemas have it: OCSF 1.9 (LOG-1) and ECS 8 (LOG-2), one JSON object
 * each. Which class, category, severity and status a type has stands in one table a schema
 * (event_ocsf_table.h, event_ecs_table.h); a type without a row does not compile. Ids are stable:
 * `metadata.uid` and `event.id` are the event's id, or "event:SEQ" where it has none, and
 * `metadata.sequence`, `event.sequence` its sequence. Personal text stands where it was opened, and
 * nowhere once it was erased. What the schema has no member for is kept under `unmapped`
 * (OCSF) and `ambit` (ECS), by our names. Failures are the buffer's. */
#pragma once

#include "ledger/ledger.h"

struct json_out;

void event_ocsf_write(const struct ledger_row *row, const struct event *event,
                      struct json_out *out);
void event_ecs_write(const struct ledger_row *row, const struct event *event, struct json_out *out);

/* ---- what both share (event_export.c) ---- */

/* 1 informational, 2 low, 3 medium, 4 high, 5 critical: as OCSF numbers it. */
enum event_severity {
    SEVERITY_INFO = 1,
    SEVERITY_LOW,
    SEVERITY_MEDIUM,
    SEVERITY_HIGH,
    SEVERITY_CRITICAL
};
enum event_status {
    STATUS_NONE,
    STATUS_YES,
    STATUS_NO,
    /* of what is found and looked after, not of one act */
    STATUS_NEW,
    STATUS_OPEN,
    STATUS_DONE
};

/* A hard stop: one was raised, or a decision set one off or fell under one. */
bool event_is_alert(const struct event *event);
/* A hard stop is at least high; a report that does not agree, at least medium. */
enum event_severity event_severity_of(const struct event *event, enum event_severity of_type);
/* The decision, or the outcome that was reported, else what the type says. */
enum event_status event_status_of(const struct event *event, enum event_status of_type);
/* "id" or "event:SEQ". */
void event_write_uid(struct json_out *out, const struct event *event);
/* The members of ours that neither schema has; `event` and `leaf` with them. */
void event_write_rest(struct json_out *out, const struct ledger_row *row,
                      const struct event *event);
/* "action[resource]" of what was given, else of what was asked. */
void event_write_privileges(struct json_out *out, const struct event *event);
/* One sentence: the type, who, on what, why. */
void event_write_message(struct json_out *out, const struct event *event);
