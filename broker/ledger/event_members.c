/* SPDX-License-Identifier: Apache-2.0 */
/* Every member of an event, once, in the order of RFC 8785 (by name). A member added later goes to
 * its place in the table and nowhere else. */
#include "ledger/event_internal.h"

#include "base/encode.h"

const struct event_personal event_personals[PERSONALS] = {
    [PERSONAL_PURPOSE] = {"purpose", offsetof(struct event, purpose)},
    [PERSONAL_STATED_REASON] = {"stated_reason", offsetof(struct event, stated_reason)},
    [PERSONAL_WORDS] = {"words", offsetof(struct event, words)},
};

const char *event_type_text(enum event_type type)
{
    static const char *const texts[EVENT_TYPES] = {
#define X(name, text) [EVENT_##name] = text,
        EVENT_TYPE_LIST(X)
#undef X
    };
    AMBIT_ASSERT((size_t)type < EVENT_TYPES);
    return texts[type];
}

/* ---- members with a form of their own ------------------------------------------------------ */

static void write_asked_lifetime(struct json_out *out, const struct event *event)
{
    if (!event->has_asked_lifetime)
        return;
    json_key(out, "asked_lifetime_s");
    json_i64(out, event->asked_lifetime_s);
}

static enum ambit_err read_asked_lifetime(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_INTEGER)
        return AMBIT_ERR_MALFORMED;
    leaf->event->has_asked_lifetime = true;
    leaf->event->asked_lifetime_s = value->integer;
    return AMBIT_OK;
}

static void write_attested(struct json_out *out, const struct event *event)
{
    if (event->attested_until_ms == 0)
        return;
    json_key(out, "attested_until");
    if (event->attested_until_ms == EVENT_ATTESTED_NEVER)
        json_text(out, "never");
    else
        json_time_ms(out, event->attested_until_ms);
}

static enum ambit_err read_attested(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    if (!ambit_str_is(value->text, "never"))
        return time_decode(value->text, &leaf->event->attested_until_ms);
    leaf->event->attested_until_ms = EVENT_ATTESTED_NEVER;
    return AMBIT_OK;
}

static void write_binding(struct json_out *out, const struct event *event)
{
    if (event->binding != AMBIT_BINDING_NONE)
        json_member_text(out, "binding", ambit_binding_text(event->binding));
}

static enum ambit_err read_binding(struct event_leaf *leaf, const struct json_value *value)
{
    static const enum ambit_binding known[] = {AMBIT_BINDING_DPOP, AMBIT_BINDING_MTLS};
    for (size_t i = 0; i < AMBIT_LEN(known); i++)
        if (value->kind == JSON_STRING && ambit_str_is(value->text, ambit_binding_text(known[i]))) {
            leaf->event->binding = known[i];
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static void write_context(struct json_out *out, const struct event *event)
{
    if (!event->context)
        return;
    json_key(out, "context");
    json_write_value(out, event->context);
}

static enum ambit_err read_context(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_OBJECT)
        return AMBIT_ERR_MALFORMED;
    leaf->event->context = value;
    return AMBIT_OK;
}

static const char *const liveness_texts[] = {
    [AMBIT_LIVE] = NULL,
    [AMBIT_UNKNOWN_GRANT] = NULL,
    [AMBIT_DEAD_STOPPED] = "stopped",
    [AMBIT_DEAD_REVOKED] = "revoked",
};

static void write_liveness(struct json_out *out, const struct event *event)
{
    if (liveness_texts[event->liveness] != NULL)
        json_member_text(out, "liveness", liveness_texts[event->liveness]);
}

static enum ambit_err read_liveness(struct event_leaf *leaf, const struct json_value *value)
{
    for (size_t i = 0; value->kind == JSON_STRING && i < AMBIT_LEN(liveness_texts); i++)
        if (liveness_texts[i] != NULL && ambit_str_is(value->text, liveness_texts[i])) {
            leaf->event->liveness = (enum ambit_liveness)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static void write_decision(struct json_out *out, const struct event *event)
{
    if (event->decision != EVENT_DECISION_NONE)
        json_member_text(out, "decision", event->decision == AMBIT_ALLOW ? "allow" : "deny");
}

static enum ambit_err read_decision(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    bool is_allow = ambit_str_is(value->text, "allow");
    if (!is_allow && !ambit_str_is(value->text, "deny"))
        return AMBIT_ERR_MALFORMED;
    leaf->event->decision = is_allow ? AMBIT_ALLOW : AMBIT_DENY;
    return AMBIT_OK;
}

static void write_reason(struct json_out *out, const struct event *event)
{
    if (event->decision != EVENT_DECISION_NONE)
        json_member_text(out, "reason", ambit_reason_text(event->reason));
}

static enum ambit_err read_reason(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_STRING)
        return AMBIT_ERR_MALFORMED;
    return ambit_reason_parse(value->text, &leaf->event->reason);
}

/* `detail` is already canonical JSON; reading checks that it was. */
static void write_detail(struct json_out *out, const struct event *event)
{
    if (!event->detail.p)
        return;
    json_key(out, "detail");
    json_raw(out, event->detail);
}

static enum ambit_err read_detail(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_OBJECT)
        return AMBIT_ERR_MALFORMED;
    BUF_AUTO text;
    struct json_out out;
    buf_init(&text, AMBIT_EVENT_BYTES);
    json_out_init(&out, &text, true);
    json_write_value(&out, value);
    enum ambit_err err = buf_check(&text);
    if (err != AMBIT_OK)
        return err;
    leaf->event->detail = arena_copy(leaf->arena, buf_str(&text));
    return leaf->event->detail.p ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

static void write_seq(struct json_out *out, const struct event *event)
{
    json_key(out, "seq");
    json_i64(out, (int64_t)event->seq);
}

static enum ambit_err read_seq(struct event_leaf *leaf, const struct json_value *value)
{
    if (value->kind != JSON_INTEGER || value->integer < 0)
        return AMBIT_ERR_MALFORMED;
    leaf->event->seq = (uint64_t)value->integer;
    return AMBIT_OK;
}

static void write_time(struct json_out *out, const struct event *event)
{
    json_key(out, "time");
    json_time_ms(out, event->time_ms);
}

static enum ambit_err read_time(struct event_leaf *leaf, const struct json_value *value)
{
    return value->kind == JSON_STRING ? time_decode(value->text, &leaf->event->time_ms)
                                      : AMBIT_ERR_MALFORMED;
}

static void write_type(struct json_out *out, const struct event *event)
{
    json_member_text(out, "type", event_type_text(event->type));
}

static enum ambit_err read_type(struct event_leaf *leaf, const struct json_value *value)
{
    for (size_t i = 0; value->kind == JSON_STRING && i < EVENT_TYPES; i++)
        if (ambit_str_is(value->text, event_type_text((enum event_type)i))) {
            leaf->event->type = (enum event_type)i;
            return AMBIT_OK;
        }
    return AMBIT_ERR_MALFORMED;
}

static void write_version(struct json_out *out, const struct event *event)
{
    (void)event;
    json_key(out, "v");
    json_i64(out, 1);
}

static enum ambit_err read_version(struct event_leaf *leaf, const struct json_value *value)
{
    (void)leaf;
    return value->kind == JSON_INTEGER && value->integer == 1 ? AMBIT_OK : AMBIT_ERR_MALFORMED;
}

/* ---- the table ----------------------------------------------------------------------------- */

#define PLAIN(json_name, of_kind, field)                                            \
    {                                                                               \
        .name = (json_name), .kind = (of_kind), .at = offsetof(struct event, field) \
    }
#define STR(field)    PLAIN(#field, MEMBER_STR, field)
#define ID(field)     PLAIN(#field, MEMBER_ID, field)
#define DIGEST(field) PLAIN(#field, MEMBER_DIGEST, field)
#define OWN(json_name, writer, reader)                                               \
    {                                                                                \
        .name = (json_name), .kind = MEMBER_OWN, .write = (writer), .read = (reader) \
    }

const struct event_member event_members[] = {
    STR(action),
    STR(agent),
    STR(agreement),
    OWN("also", event_write_also, event_read_also),
    ID(approval),
    PLAIN("approval_until", MEMBER_TIME, approval_until_ms),
    STR(approved),
    OWN("approvers", event_write_approvers, event_read_approvers),
    STR(arguments_digest),
    OWN("asked", event_write_asked, event_read_asked),
    OWN("asked_lifetime_s", write_asked_lifetime, read_asked_lifetime),
    OWN("attested_until", write_attested, read_attested),
    STR(audience),
    PLAIN("audience_asked", MEMBER_TRUE, has_asked_audience),
    STR(backup),
    OWN("binding", write_binding, read_binding),
    DIGEST(binding_key),
    ID(blind),
    STR(by),
    ID(cause),
    DIGEST(certificate),
    STR(composition),
    OWN("context", write_context, read_context),
    OWN("counts", event_write_counts, event_read_counts),
    OWN("decision", write_decision, read_decision),
    PLAIN("depth", MEMBER_COUNT, depth),
    OWN("detail", write_detail, read_detail),
    DIGEST(digest),
    DIGEST(documents),
    PLAIN("escalates_at", MEMBER_TIME, escalates_ms),
    DIGEST(evidence_digest),
    OWN("except", event_write_except, event_read_except),
    OWN("expired", event_write_expired, event_read_expired),
    OWN("expired_outcomes", event_write_expired_outcomes, event_read_expired_outcomes),
    PLAIN("expires_at", MEMBER_TIME, expires_ms),
    OWN("figures", event_write_figures, event_read_figures),
    ID(grant),
    DIGEST(handle),
    PLAIN("heard", MEMBER_TRUE, heard),
    PLAIN("holds", MEMBER_TRUE, holds),
    ID(id),
    ID(incident),
    OWN("items", event_write_items, event_read_items),
    STR(key),
    PLAIN("late", MEMBER_TRUE, late),
    STR(level),
    PLAIN("lifetime_s", MEMBER_COUNT, lifetime_s),
    ID(lineage),
    OWN("liveness", write_liveness, read_liveness),
    STR(member),
    DIGEST(once),
    OWN("once_also", event_write_once_also, event_read_once_also),
    PLAIN("once_until", MEMBER_TIME, once_until_ms),
    PLAIN("outage_ms", MEMBER_COUNT, outage_ms),
    STR(outcome),
    PLAIN("outcome_due", MEMBER_TIME, outcome_due_ms),
    STR(owner),
    ID(parent),
    STR(person),
    STR(policy),
    PLAIN("proved", MEMBER_TRUE, has_proof),
    {.name = "purpose", .kind = MEMBER_PERSONAL, .at = PERSONAL_PURPOSE},
    OWN("reason", write_reason, read_reason),
    PLAIN("removal", MEMBER_TRUE, is_removal),
    ID(replaces),
    STR(reported_by),
    STR(resource),
    STR(rule),
    OWN("seq", write_seq, read_seq),
    STR(service),
    STR(signal),
    STR(source),
    {.name = "stated_reason", .kind = MEMBER_PERSONAL, .at = PERSONAL_STATED_REASON},
    ID(stop),
    STR(target),
    STR(team),
    OWN("time", write_time, read_time),
    STR(to),
    DIGEST(token),
    OWN("trips", event_write_trips, event_read_trips),
    STR(txn),
    OWN("type", write_type, read_type),
    PLAIN("unattested", MEMBER_TRUE, is_unattested),
    OWN("used_stops", event_write_used_stops, event_read_used_stops),
    OWN("v", write_version, read_version),
    {.name = "words", .kind = MEMBER_PERSONAL, .at = PERSONAL_WORDS},
};
const size_t event_n_members = AMBIT_LEN(event_members);
