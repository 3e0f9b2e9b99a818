/* SPDX-License-Identifier: Apache-2.0 */
/* Writes events as JSON. Member names: interfaces.md. */
#include "core/event_json.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "core/query_internal.h"

static void json_one(struct json_out *out, const char *key, struct ambit_str value)
{
    json_key(out, key);
    json_begin_array(out);
    json_str(out, value);
    json_end_array(out);
}

static void json_strs(struct json_out *out, const char *key, struct ambit_strs values)
{
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < values.n; i++)
        json_str(out, values.v[i]);
    json_end_array(out);
}

void json_items(struct json_out *out, const struct ambit_given *items, size_t n)
{
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(out);
        json_one(out, "actions", items[i].action);
        json_one(out, "resources", items[i].resource);
        json_member_str(out, "policy", items[i].policy);
        json_member_str(out, "rule", items[i].rule);
        json_end_object(out);
    }
    json_end_array(out);
}

void json_except(struct json_out *out, const struct ambit_except *except, size_t n)
{
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(out);
        json_member_str(out, "policy", except[i].policy);
        json_member_str(out, "id", except[i].id);
        json_strs(out, "actions", except[i].actions);
        json_strs(out, "resources", except[i].resources);
        json_end_object(out);
    }
    json_end_array(out);
}

void json_checks(struct json_out *out, const struct ambit_explanation *explanation)
{
    static const char *const outcomes[] = {[AMBIT_CHECK_NOT_REACHED] = "not_reached",
                                           [AMBIT_CHECK_PASS] = "pass",
                                           [AMBIT_CHECK_FAIL] = "fail"};
    json_begin_array(out);
    for (size_t i = 0; i < explanation->n_checks; i++) {
        const struct ambit_check_report *check = &explanation->checks[i];
        json_begin_object(out);
        json_key(out, "check");
        json_text(out, check->check);
        /* interfaces.md: CHECK {"check","result",…} */
        json_key(out, "result");
        json_text(out, outcomes[check->outcome]);
        json_member_str(out, "required", check->required);
        json_member_str(out, "saw", check->saw);
        json_end_object(out);
    }
    json_end_array(out);
}

/* A refused request has no items given: what was asked stands in their place. */
static void json_asked(struct json_out *out, const struct event *event)
{
    json_key(out, event->n_items > 0 ? "asked" : "items");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_asked; i++) {
        json_begin_object(out);
        json_one(out, "actions", event->asked[i].action);
        if (event->asked[i].resource.p != NULL)
            json_one(out, "resources", event->asked[i].resource);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_who(struct json_out *out, const struct event *event)
{
    json_member_str(out, "agent", event->agent);
    json_member_str(out, "owner", event->owner);
    json_member_str(out, "team", event->team);
    json_member_id(out, "grant", event->grant);
    json_member_id(out, "lineage", event->lineage);
    json_member_id(out, "parent", event->parent);
    json_member_str(out, "person", event->person);
    json_member_str(out, "words", event->words);
    json_member_str(out, "service", event->service);
    json_member_str(out, "policy", event->policy);
    json_member_digest(out, "digest", event->digest);
    json_member_digest(out, "documents", event->documents);
    json_member_str(out, "rule", event->rule);
    if (event->decision != EVENT_DECISION_NONE) {
        json_key(out, "decision");
        json_text(out, event->decision == AMBIT_ALLOW ? "allow" : "deny");
        json_key(out, "reason");
        json_text(out, ambit_reason_text(event->reason));
    }
    json_member_str(out, "member", event->member);
}

static void write_what(struct json_out *out, const struct event *event)
{
    if (event->n_asked > 0)
        json_asked(out, event);
    if (event->n_items > 0) {
        json_key(out, "items");
        json_items(out, event->items, event->n_items);
    }
    if (event->n_except > 0) {
        json_key(out, "except");
        json_except(out, event->except, event->n_except);
    }
    json_member_str(out, "audience", event->audience);
    if (event->lifetime_s > 0) {
        json_key(out, "lifetime_s");
        json_i64(out, event->lifetime_s);
    }
    if (event->expires_ms > 0) {
        json_key(out, "expires_at");
        json_time_ms(out, event->expires_ms);
    }
    json_member_str(out, "action", event->action);
    json_member_str(out, "resource", event->resource);
    if (event->context != NULL) {
        json_key(out, "context");
        json_write_value(out, event->context);
    }
    json_member_str(out, "arguments_digest", event->arguments_digest);
    json_member_str(out, "stated_reason", event->stated_reason);
    json_member_str(out, "source", event->source);
    if (event->binding != AMBIT_BINDING_NONE)
        json_member_text(out, "binding", ambit_binding_text(event->binding));
    json_member_digest(out, "binding_key", event->binding_key);
    json_member_digest(out, "certificate", event->certificate);
    json_member_str(out, "purpose", event->purpose);
    json_member_str(out, "txn", event->txn);
}

static void write_attested(struct json_out *out, const struct event *event)
{
    if (event->attested_until_ms == EVENT_ATTESTED_NEVER)
        json_member_text(out, "attested_until", "never");
    if (event->attested_until_ms > 0) {
        json_key(out, "attested_until");
        json_time_ms(out, event->attested_until_ms);
    }
    if (event->is_unattested) {
        json_key(out, "unattested");
        json_bool(out, true);
    }
}

static void time_member(struct json_out *out, const char *key, int64_t ms)
{
    if (ms == 0)
        return;
    json_key(out, key);
    json_time_ms(out, ms);
}

static void true_member(struct json_out *out, const char *key, bool value)
{
    if (!value)
        return;
    json_key(out, key);
    json_bool(out, true);
}

/* Outcomes, signals, incidents, outages. */
static void write_history(struct json_out *out, const struct event *event)
{
    time_member(out, "outcome_due", event->outcome_due_ms);
    json_member_str(out, "outcome", event->outcome);
    json_member_str(out, "reported_by", event->reported_by);
    json_member_str(out, "agreement", event->agreement);
    true_member(out, "late", event->late);
    json_member_digest(out, "evidence_digest", event->evidence_digest);
    json_member_digest(out, "handle", event->handle);
    json_member_str(out, "signal", event->signal);
    true_member(out, "heard", event->heard);
    json_member_str(out, "key", event->key);
    json_member_str(out, "backup", event->backup);
    json_member_str(out, "level", event->level);
    json_member_str(out, "to", event->to);
    time_member(out, "escalates_at", event->escalates_ms);
    if (event->outage_ms != 0) {
        json_key(out, "outage_ms");
        json_i64(out, event->outage_ms);
    }
}

static void write_approval(struct json_out *out, const struct event *event)
{
    json_member_id(out, "approval", event->approval);
    json_member_str(out, "approved", event->approved);
    time_member(out, "approval_until", event->approval_until_ms);
    if (event->n_approvers == 0)
        return;
    json_key(out, "approvers");
    json_begin_array(out);
    for (size_t i = 0; i < event->n_approvers; i++)
        json_str(out, event->approvers[i]);
    json_end_array(out);
}

static void write_after(struct json_out *out, const struct event *event)
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
    if (event->type == EVENT_DOCUMENTS_SUPERSEDED && event->n_also > 0) {
        json_key(out, "also");
        json_begin_array(out);
        for (size_t i = 0; i < event->n_also; i++)
            json_str(out, event->also[i]);
        json_end_array(out);
    }
    write_history(out, event);
    write_approval(out, event);
    write_attested(out, event);
    if (event->is_removal) {
        json_key(out, "removal");
        json_bool(out, true);
    }
    if (event->detail.p != NULL && event->detail.len > 0) {
        json_key(out, "detail");
        json_raw(out, event->detail);
    }
}

static AMBIT_CHECKED enum ambit_err write_leaf(const struct ledger_row *row, struct json_out *out)
{
    BUF_AUTO text;
    buf_init(&text, 0);
    buf_put_base64(&text, (const uint8_t *)row->bytes.p, row->bytes.len);
    enum ambit_err err = buf_check(&text);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    json_member_str(out, "bytes", buf_str(&text));
    json_key(out, "open");
    json_raw(out, row->opening.len > 0 ? row->opening : AMBIT_STR("{}"));
    json_key(out, "leaf");
    json_hex(out, row->leaf.b, sizeof row->leaf.b);
    json_end_object(out);
    return AMBIT_OK;
}

enum ambit_err event_json_write(struct broker *broker, struct store_txn *txn,
                                const struct ledger_row *row, const struct event *event,
                                struct event_form form, struct arena *arena, struct json_out *out)
{
    if (form.as_leaf)
        return write_leaf(row, out);

    enum ambit_err err = AMBIT_OK;
    json_begin_object(out);
    json_key(out, "v");
    json_i64(out, 1);
    json_key(out, "seq");
    json_i64(out, (int64_t)event->seq);
    json_key(out, "time");
    json_time_ms(out, event->time_ms);
    json_key(out, "type");
    json_text(out, event_type_text(event->type));
    json_member_id(out, "id", event->id);
    write_who(out, event);
    write_what(out, event);
    write_after(out, event);
    const struct erased_text erased[] = {
        {"purpose", event->erased & EVENT_ERASED_PURPOSE},
        {"stated_reason", event->erased & EVENT_ERASED_STATED_REASON},
        {"words", event->erased & EVENT_ERASED_WORDS}};
    reading_erased(out, erased, AMBIT_LEN(erased));
    if (form.with_checks && event->decision != EVENT_DECISION_NONE) {
        struct ambit_explanation *explanation = arena_alloc(arena, sizeof *explanation);
        if (explanation == NULL)
            return AMBIT_ERR_NO_MEMORY;
        err = event_explain(broker, txn, event, arena, explanation);
        if (err == AMBIT_OK) {
            json_key(out, "checks");
            json_checks(out, explanation);
        }
        err = err == AMBIT_ERR_UNSUPPORTED ? AMBIT_OK : err;
    }
    json_key(out, "leaf");
    json_hex(out, row->leaf.b, sizeof row->leaf.b);
    json_end_object(out);
    return err;
}
