/* SPDX-License-Identifier: Apache-2.0 */
/* An event as OCSF 1.9 has it (LOG-1). Required attributes of each class are always there: what the
 * event does not know is told as "unknown". */
#include "core/event_ocsf.h"

#include "base/json_write.h"
#include "core/event_ocsf_table.h"

enum { ACTIVITIES = 100, CATEGORIES = 1000 };

struct ocsf_row {
    enum ocsf_class class;
    int activity;
    const char *activity_name;
    enum event_severity severity;
    enum event_status status;
};
static const struct ocsf_row rows[] = {
#define X(name, text) [EVENT_##name] = OCSF_##name,
    EVENT_TYPE_LIST(X)
#undef X
};

static const char *class_name(enum ocsf_class class)
{
    switch (class) {
    case OCSF_DETECTION:
        return "Detection Finding";
    case OCSF_INCIDENT:
        return "Incident Finding";
    case OCSF_AUTHENTICATION:
        return "Authentication";
    case OCSF_AUTHORIZE:
        return "Authorize Session";
    case OCSF_ENTITY:
        return "Entity Management";
    case OCSF_USER:
        return "User Management";
    case OCSF_LIFECYCLE:
        return "Application Lifecycle";
    case OCSF_API:
        return "API Activity";
    }
    return "Base Event";
}

/* ---- what every class has ------------------------------------------------------------------- */

static void write_class(struct json_out *out, const struct ocsf_row *row)
{
    static const char *const categories[] = {
        [2] = "Findings", [3] = "Identity & Access Management", [6] = "Application Activity"};
    int category = (int)row->class / CATEGORIES;
    ocsf_member_int(out, "activity_id", row->activity);
    json_member_text(out, "activity_name", row->activity_name);
    ocsf_member_int(out, "category_uid", category);
    json_member_text(out, "category_name", categories[category]);
    ocsf_member_int(out, "class_uid", (int64_t)row->class);
    json_member_text(out, "class_name", class_name(row->class));
    ocsf_member_int(out, "type_uid", (int64_t)row->class * ACTIVITIES + row->activity);
}

static void write_severity(struct json_out *out, enum event_severity severity)
{
    static const char *const names[] = {[SEVERITY_INFO] = "Informational",
                                        [SEVERITY_LOW] = "Low",
                                        [SEVERITY_MEDIUM] = "Medium",
                                        [SEVERITY_HIGH] = "High",
                                        [SEVERITY_CRITICAL] = "Critical"};
    ocsf_member_int(out, "severity_id", (int64_t)severity);
    json_member_text(out, "severity", names[severity]);
}

/* Findings count their statuses otherwise than acts do, and incidents otherwise than findings. */
static void write_status(struct json_out *out, const struct ocsf_row *row,
                         const struct event *event)
{
    static const struct {
        int id;
        const char *name;
    } statuses[] = {[STATUS_NONE] = {0, "Unknown"},     [STATUS_YES] = {1, "Success"},
                    [STATUS_NO] = {2, "Failure"},       [STATUS_NEW] = {1, "New"},
                    [STATUS_OPEN] = {2, "In Progress"}, [STATUS_DONE] = {4, "Resolved"}};
    enum event_status status = event_status_of(event, row->status);
    bool is_closed = row->class == OCSF_INCIDENT && status == STATUS_DONE;
    ocsf_member_int(out, "status_id", is_closed ? 5 : statuses[status].id);
    json_member_text(out, "status", is_closed ? "Closed" : statuses[status].name);
    if (event->decision != EVENT_DECISION_NONE)
        json_member_text(out, "status_code", ambit_reason_text(event->reason));
    else
        json_member_str(out, "status_code", event->outcome);
}

static bool is_decision(const struct ocsf_row *row, const struct event *event)
{
    return event->decision != EVENT_DECISION_NONE &&
           (row->class == OCSF_AUTHORIZE || row->class == OCSF_API);
}

static void write_metadata(struct json_out *out, const struct ocsf_row *row,
                           const struct event *event)
{
    json_key(out, "metadata");
    json_begin_object(out);
    json_key(out, "uid");
    event_write_uid(out, event);
    ocsf_member_int(out, "sequence", (int64_t)event->seq);
    json_member_text(out, "event_code", event_type_text(event->type));
    json_member_text(out, "log_name", "record");
    if (row->class != OCSF_API)
        json_member_str(out, "correlation_uid", event->txn);
    json_key(out, "product");
    json_begin_object(out);
    json_member_text(out, "name", "ambit");
    json_member_text(out, "vendor_name", "ambit");
    json_member_text(out, "version", AMBIT_VERSION);
    json_end_object(out);
    json_key(out, "profiles");
    json_begin_array(out);
    if (is_decision(row, event))
        json_text(out, "security_control");
    if (row->class == OCSF_API)
        json_text(out, "trace");
    json_end_array(out);
    json_member_text(out, "version", "1.9.0");
    json_end_object(out);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Findings have neither actor nor source in the schema: those stand under `unmapped`. */
static bool has_actor(enum ocsf_class class)
{
    return class != OCSF_DETECTION && class != OCSF_INCIDENT && class != OCSF_LIFECYCLE;
}

void event_ocsf_write(const struct ledger_row *row, const struct event *event, struct json_out *out)
{
    const struct ocsf_row *of = &rows[event->type];
    json_begin_object(out);
    ocsf_member_int(out, "time", event->time_ms);
    write_class(out, of);
    write_severity(out, event_severity_of(event, of->severity));
    write_status(out, of, event);
    json_key(out, "message");
    event_write_message(out, event);
    write_metadata(out, of, event);
    if (has_actor(of->class)) {
        ocsf_write_actor(out, event);
        ocsf_write_source(out, event);
    }
    if (is_decision(of, event))
        ocsf_write_control(out, event);
    ocsf_write_own(out, of->class, event);
    json_key(out, "unmapped");
    event_write_rest(out, row, event);
    json_end_object(out);
}
