/* SPDX-License-Identifier: Apache-2.0 */
/* An event as ECS 8 has it (LOG-2). */
#include "core/event_export.h"

#include "base/json_write.h"
#include "core/event_ecs_table.h"

enum { ECS_VALUES = 2 };

struct ecs_row {
    const char *categories[ECS_VALUES], *types[ECS_VALUES]; /* end with NULL, or are full */
    enum event_severity severity;
    enum event_status status;
};
static const struct ecs_row rows[] = {
#define X(name, text) [EVENT_##name] = ECS_##name,
    EVENT_TYPE_LIST(X)
#undef X
};

static void write_values(struct json_out *out, const char *key, const char *const *values)
{
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < ECS_VALUES && values[i]; i++)
        json_text(out, values[i]);
    json_end_array(out);
}

static void write_one(struct json_out *out, const char *object, const char *key,
                      struct ambit_str value)
{
    if (value.p == NULL)
        return;
    json_key(out, object);
    json_begin_object(out);
    json_member_str(out, key, value);
    json_end_object(out);
}

static void write_event(struct json_out *out, const struct ecs_row *row, const struct event *event)
{
    enum event_status status = event_status_of(event, row->status);
    json_key(out, "event");
    json_begin_object(out);
    json_key(out, "id");
    event_write_uid(out, event);
    json_key(out, "sequence");
    json_i64(out, (int64_t)event->seq);
    json_member_text(out, "kind", event_is_alert(event) ? "alert" : "event");
    write_values(out, "category", row->categories);
    write_values(out, "type", row->types);
    json_member_text(out, "action", event_type_text(event->type));
    json_member_text(out, "outcome",
                     status == STATUS_YES  ? "success"
                     : status == STATUS_NO ? "failure"
                                           : "unknown");
    if (event->decision != EVENT_DECISION_NONE)
        json_member_text(out, "reason", ambit_reason_text(event->reason));
    json_key(out, "severity");
    json_i64(out, (int64_t)event_severity_of(event, row->severity));
    json_member_text(out, "module", "ambit");
    json_member_text(out, "dataset", "ambit.record");
    json_end_object(out);
}

/* Who did it: a person, else the agent. */
static void write_user(struct json_out *out, const struct event *event)
{
    struct ambit_str name = event->person.p ? event->person : event->agent;
    if (name.p == NULL)
        return;
    json_key(out, "user");
    json_begin_object(out);
    json_member_str(out, "id", name);
    json_member_str(out, "name", name);
    json_end_object(out);
}

static void write_rule(struct json_out *out, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    if (event->policy.p == NULL && event->rule.p == NULL)
        return;
    json_key(out, "rule");
    json_begin_object(out);
    json_member_str(out, "id", event->rule);
    json_member_str(out, "ruleset", event->policy);
    if (!ambit_digest_eq(event->digest, none)) {
        json_key(out, "version");
        json_digest(out, event->digest);
    }
    json_end_object(out);
}

void event_ecs_write(const struct ledger_row *row, const struct event *event, struct json_out *out)
{
    json_begin_object(out);
    json_key(out, "@timestamp");
    json_time_ms(out, event->time_ms);
    write_one(out, "ecs", "version", AMBIT_STR("8.17.0"));
    write_event(out, &rows[event->type], event);
    json_key(out, "message");
    event_write_message(out, event);
    write_user(out, event);
    write_one(out, "client", "ip", event->source);
    write_rule(out, event);
    write_one(out, "service", "name", event->service);
    write_one(out, "trace", "id", event->txn);
    json_key(out, "ambit");
    event_write_rest(out, row, event);
    json_end_object(out);
}
