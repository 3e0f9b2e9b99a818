/* SPDX-License-Identifier: Apache-2.0 */
/* What the exports of an event share. */
#include "core/event_export.h"

#include "base/json_write.h"

static bool begins(struct ambit_str text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.p, with, len) == 0;
}

bool event_is_alert(const struct event *event)
{
    bool is_decision = event->decision != EVENT_DECISION_NONE;
    return event->n_trips > 0 || (is_decision && event->reason == AMBIT_REASON_HARD_STOP) ||
           (event->type == EVENT_STOP_RAISED && begins(event->by, "hard_stop:"));
}

enum event_severity event_severity_of(const struct event *event, enum event_severity of_type)
{
    enum event_severity least = SEVERITY_INFO;
    if (ambit_str_is(event->agreement, "mismatched") || ambit_str_is(event->agreement, "missing"))
        least = SEVERITY_MEDIUM;
    if (event_is_alert(event))
        least = SEVERITY_HIGH;
    return least > of_type ? least : of_type;
}

enum event_status event_status_of(const struct event *event, enum event_status of_type)
{
    if (of_type >= STATUS_NEW)
        return of_type;
    if (event->decision != EVENT_DECISION_NONE)
        return event->decision == AMBIT_ALLOW ? STATUS_YES : STATUS_NO;
    if (ambit_str_is(event->outcome, "succeeded"))
        return STATUS_YES;
    if (ambit_str_is(event->outcome, "failed"))
        return STATUS_NO;
    return of_type;
}

void event_write_uid(struct json_out *out, const struct event *event)
{
    char memory[32];
    struct buf text;
    if (!ambit_id_is_none(event->id)) {
        json_id(out, event->id);
        return;
    }
    buf_init_fixed(&text, memory, sizeof memory);
    buf_put_text(&text, "event:");
    buf_put_i64(&text, (int64_t)event->seq);
    json_str(out, buf_str(&text));
}

static void rest_who(struct json_out *out, const struct event *event)
{
    json_member_str(out, "agent", event->agent);
    json_member_str(out, "owner", event->owner);
    json_member_str(out, "team", event->team);
    json_member_str(out, "person", event->person);
    json_member_str(out, "service", event->service);
    json_member_id(out, "grant", event->grant);
    json_member_id(out, "lineage", event->lineage);
    json_member_id(out, "parent", event->parent);
    json_member_str(out, "policy", event->policy);
    json_member_str(out, "rule", event->rule);
    json_member_digest(out, "digest", event->digest);
    json_member_digest(out, "documents", event->documents);
    json_member_str(out, "member", event->member);
}

static void rest_what(struct json_out *out, const struct event *event)
{
    json_member_str(out, "action", event->action);
    json_member_str(out, "resource", event->resource);
    json_member_str(out, "audience", event->audience);
    json_member_str(out, "arguments_digest", event->arguments_digest);
    if (event->lifetime_s > 0) {
        json_key(out, "lifetime_s");
        json_i64(out, event->lifetime_s);
    }
    json_member_str(out, "purpose", event->purpose);
    json_member_str(out, "stated_reason", event->stated_reason);
    json_member_str(out, "words", event->words);
    json_member_str(out, "txn", event->txn);
}

static void rest_after(struct json_out *out, const struct event *event)
{
    if (event->n_trips > 0) {
        json_key(out, "trips");
        json_begin_array(out);
        for (size_t i = 0; i < event->n_trips; i++)
            json_str(out, event->trips[i]);
        json_end_array(out);
    }
    json_member_id(out, "stop", event->stop);
    json_member_str(out, "target", event->target);
    json_member_str(out, "by", event->by);
    json_member_id(out, "incident", event->incident);
    json_member_id(out, "cause", event->cause);
    json_member_id(out, "approval", event->approval);
    json_member_str(out, "outcome", event->outcome);
    json_member_str(out, "reported_by", event->reported_by);
    json_member_str(out, "agreement", event->agreement);
    json_member_str(out, "signal", event->signal);
    json_member_str(out, "level", event->level);
    json_member_str(out, "to", event->to);
    if (event->detail.len > 0) {
        json_key(out, "detail");
        json_raw(out, event->detail);
    }
}

void event_write_rest(struct json_out *out, const struct ledger_row *row, const struct event *event)
{
    json_begin_object(out);
    json_member_text(out, "event", event_type_text(event->type));
    rest_who(out, event);
    rest_what(out, event);
    rest_after(out, event);
    json_key(out, "leaf");
    json_hex(out, row->leaf.b, sizeof row->leaf.b);
    json_end_object(out);
}

static void write_privilege(struct json_out *out, struct ambit_str action,
                            struct ambit_str resource)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_str(&text, action);
    if (resource.p != NULL) {
        buf_put_char(&text, '[');
        buf_put_str(&text, resource);
        buf_put_char(&text, ']');
    }
    if (buf_check(&text) != AMBIT_OK)
        buf_fail(out->buf, buf_check(&text));
    json_str(out, buf_str(&text));
}

void event_write_privileges(struct json_out *out, const struct event *event)
{
    json_begin_array(out);
    for (size_t i = 0; i < event->n_items; i++)
        write_privilege(out, event->items[i].action, event->items[i].resource);
    for (size_t i = 0; event->n_items == 0 && i < event->n_asked; i++)
        write_privilege(out, event->asked[i].action, event->asked[i].resource);
    if (event->n_items == 0 && event->n_asked == 0)
        json_text(out, "unknown"); /* what was asked could not be read */
    json_end_array(out);
}

void event_write_message(struct json_out *out, const struct event *event)
{
    const struct ambit_str parts[] = {event->agent, event->person, event->action, event->resource,
                                      event->target};
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_text(&text, event_type_text(event->type));
    for (size_t i = 0; i < AMBIT_LEN(parts); i++) {
        if (parts[i].len == 0)
            continue;
        buf_put_char(&text, ' ');
        buf_put_str(&text, parts[i]);
    }
    if (event->decision != EVENT_DECISION_NONE) {
        buf_put_text(&text, ": ");
        buf_put_text(&text, ambit_reason_text(event->reason));
    }
    if (buf_check(&text) != AMBIT_OK)
        buf_fail(out->buf, buf_check(&text));
    json_str(out, buf_str(&text));
}
