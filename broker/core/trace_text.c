/* SPDX-License-Identifier: Apache-2.0 */
/* A story in English: one line an event, the names first. Control characters of what people and
 * agents wrote are escaped, so that no text makes a line of its own; the rest of the reader's
 * terminal is protected by the command line. */
#include "core/trace.h"

#include "base/encode.h"

static void put(struct buf *text, struct ambit_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.p[i];
        if (byte < 0x20 || byte == 0x7f)
            buf_printf(text, "\\x%02x", byte);
        else
            buf_put_char(text, s.p[i]);
    }
}

static void put_time(struct buf *text, int64_t time_ms)
{
    char bytes[TIME_TEXT_LEN];
    time_encode(time_ms, bytes);
    buf_put(text, bytes, sizeof bytes);
    buf_put_text(text, "  ");
}

static void put_rule(struct buf *text, const struct event *event)
{
    if (event->policy.p == NULL)
        return;
    buf_put_text(text, " (");
    put(text, event->policy);
    if (event->rule.p != NULL) {
        buf_put_char(text, '/');
        put(text, event->rule);
    }
    buf_put_text(text, ", version sha256:");
    buf_put_hex(text, event->digest.b, 6);
    buf_put_text(text, "\xe2\x80\xa6)");
}

static void put_quoted(struct buf *text, struct ambit_str words, bool is_erased)
{
    if (is_erased)
        buf_put_text(text, ": (erased)");
    if (words.p == NULL)
        return;
    buf_put_text(text, ": \"");
    put(text, words);
    buf_put_char(text, '"');
}

static void put_words(struct buf *text, const struct event *event)
{
    put_quoted(text, event->words, event->erased & EVENT_ERASED_WORDS);
}

/* "WHO what TARGET: "words"" */
static void put_did(struct buf *text, const struct event *event, const char *what)
{
    put(text, event->person);
    buf_put_text(text, what);
    put(text, event->target);
    put_words(text, event);
}

/* ---- decisions ----------------------------------------------------------------------------- */

static void put_item(struct buf *text, struct ambit_str action, struct ambit_str resource,
                     bool is_first)
{
    buf_put_text(text, is_first ? " " : ", ");
    put(text, action);
    if (resource.p == NULL)
        return;
    buf_put_char(text, '[');
    put(text, resource);
    buf_put_char(text, ']');
}

static void put_items(struct buf *text, const struct event *event)
{
    enum { ITEMS_TOLD = 3 };
    for (size_t i = 0; i < event->n_items && i < ITEMS_TOLD; i++)
        put_item(text, event->items[i].action, event->items[i].resource, i == 0);
    for (size_t i = 0; event->n_items == 0 && i < event->n_asked && i < ITEMS_TOLD; i++)
        put_item(text, event->asked[i].action, event->asked[i].resource, i == 0);
    size_t n = event->n_items > 0 ? event->n_items : event->n_asked;
    if (n > ITEMS_TOLD) {
        buf_put_text(text, " and ");
        buf_put_i64(text, (int64_t)(n - ITEMS_TOLD));
        buf_put_text(text, " more");
    }
}

static void put_action(struct buf *text, const struct event *event)
{
    put(text, event->action);
    buf_put_text(text, " on ");
    put(text, event->resource);
}

/* One hop of a delegation: under whose grant it was asked for. */
static AMBIT_CHECKED enum ambit_err put_parent(struct story *story, struct buf *text,
                                               const struct event *event)
{
    if (ambit_id_is_none(event->parent))
        return AMBIT_OK;
    struct grant_row row;
    enum ambit_err err = grant_load_row(story->reading.txn, event->parent, &story->arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND || ambit_id_is_none(event->lineage)) {
        buf_put_text(text, " below a grant that is not known");
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    buf_put_text(text, " below a grant of ");
    put(text, row.agent);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err put_decision(struct story *story, struct buf *text,
                                                 const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    put(text, event->agent.p != NULL ? event->agent : AMBIT_STR("an unknown token"));
    if (event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED) {
        buf_put_text(text, event->type == EVENT_GRANT_ISSUED ? " was granted" : " was refused");
        put_items(text, event);
        err = put_parent(story, text, event);
    } else {
        buf_put_text(text, event->type == EVENT_ACTION_ALLOWED ? " was allowed " : " was denied ");
        put_action(text, event);
    }
    if (event->decision == AMBIT_DENY) {
        buf_put_text(text, ": ");
        buf_put_text(text, ambit_reason_text(event->reason));
    }
    if (event->type == EVENT_GRANT_ISSUED) {
        buf_put_text(text, " for ");
        buf_put_i64(text, event->lifetime_s);
        buf_put_text(text, " s");
    }
    put_rule(text, event);
    put_quoted(text, event->stated_reason, event->erased & EVENT_ERASED_STATED_REASON);
    put_quoted(text, event->purpose, event->erased & EVENT_ERASED_PURPOSE);
    for (size_t i = 0; i < event->n_trips; i++) {
        buf_put_text(text, "; tripped the hard stop ");
        put(text, event->trips[i]);
    }
    return err;
}

/* ---- everything else ----------------------------------------------------------------------- */

static void put_confirmed(struct buf *text, const struct event *event)
{
    put(text, event->person);
    buf_put_text(text, event->by.p != NULL ? " signed " : " confirmed ");
    buf_put_text(text, event->is_removal ? "the removal of " : "");
    put(text, event->target);
    put_words(text, event);
}

static void put_offboarded(struct buf *text, const struct event *event)
{
    put_did(text, event, " offboarded ");
}

static void put_raised(struct buf *text, const struct event *event)
{
    put(text, event->person.p != NULL ? event->person : event->by);
    buf_put_text(text, " stopped ");
    put(text, event->target);
    put_words(text, event);
    if (event->person.p == NULL)
        put_rule(text, event);
}

static void put_clear_asked(struct buf *text, const struct event *event)
{
    put_did(text, event, " asked for a second person to clear the stop on ");
}

static void put_cleared(struct buf *text, const struct event *event)
{
    put_did(text, event, " cleared the stop on ");
}

static void put_opened(struct buf *text, const struct event *event)
{
    buf_put_text(text, "an incident opened");
    if (event->owner.p == NULL)
        return;
    buf_put_text(text, " on the name of ");
    put(text, event->owner);
}

static void put_taken_up(struct buf *text, const struct event *event)
{
    put(text, event->person);
    buf_put_text(text, event->type == EVENT_INCIDENT_CLOSED ? " closed the incident"
                                                            : " took up the incident");
    put_words(text, event);
}

static void put_escalated(struct buf *text, const struct event *event)
{
    buf_put_text(text, "nobody took up the incident: it went to ");
    put(text, event->to.p != NULL ? event->to : event->level);
}

static void put_outcome(struct buf *text, const struct event *event)
{
    put(text, ambit_str_is(event->reported_by, "service") ? event->service : event->agent);
    buf_put_text(text, event->late ? " reported too late that " : " reported that ");
    put_action(text, event);
    buf_put_text(text, ": ");
    put(text, event->outcome);
    if (ambit_str_is(event->agreement, "mismatched"))
        buf_put_text(text, ", which is not what the other side says");
}

static void put_unaccounted(struct buf *text, const struct event *event)
{
    buf_put_text(text, "nobody reported what became of ");
    put_action(text, event);
}

static void put_signal(struct buf *text, const struct event *event)
{
    put(text, event->service);
    buf_put_text(text, " signalled ");
    put(text, event->signal);
    put_words(text, event);
}

static void put_revoked(struct buf *text, const struct event *event)
{
    put(text, event->by);
    buf_put_text(text, event->decision == AMBIT_DENY ? " tried to revoke a grant of another"
                                                     : " revoked its grant");
}

static void put_asked(struct buf *text, const struct event *event)
{
    buf_put_text(text, "people were asked whether ");
    put(text, event->agent);
    buf_put_text(text, event->action.p != NULL ? " may " : " may have");
    if (event->action.p != NULL)
        put_action(text, event);
    else
        put_items(text, event);
}

static void put_answered(struct buf *text, const struct event *event)
{
    put(text, event->person);
    buf_put_text(text, event->type == EVENT_APPROVAL_GIVEN ? " said yes" : " said no");
    put_words(text, event);
}

static void put_lapsed(struct buf *text, const struct event *event)
{
    (void)event;
    buf_put_text(text, "nobody answered the question in time");
}

static void put_used(struct buf *text, const struct event *event)
{
    (void)event;
    buf_put_text(text, "the approval was used");
}

static const struct {
    enum event_type type;
    void (*put)(struct buf *text, const struct event *event);
} tells[] = {
    {EVENT_GRANT_REVOKED, put_revoked},        {EVENT_STOP_RAISED, put_raised},
    {EVENT_STOP_CLEAR_ASKED, put_clear_asked}, {EVENT_STOP_CLEARED, put_cleared},
    {EVENT_INCIDENT_OPENED, put_opened},       {EVENT_INCIDENT_ACKNOWLEDGED, put_taken_up},
    {EVENT_INCIDENT_CLOSED, put_taken_up},     {EVENT_INCIDENT_ESCALATED, put_escalated},
    {EVENT_ACTION_OUTCOME, put_outcome},       {EVENT_ACTION_UNACCOUNTED, put_unaccounted},
    {EVENT_SIGNAL_RECEIVED, put_signal},       {EVENT_DOCUMENTS_CONFIRMED, put_confirmed},
    {EVENT_PERSON_OFFBOARDED, put_offboarded}, {EVENT_APPROVAL_ASKED, put_asked},
    {EVENT_APPROVAL_GIVEN, put_answered},      {EVENT_APPROVAL_REFUSED, put_answered},
    {EVENT_APPROVAL_LAPSED, put_lapsed},       {EVENT_APPROVAL_USED, put_used},
};

static void put_other(struct buf *text, const struct event *event)
{
    for (size_t i = 0; i < AMBIT_LEN(tells); i++) {
        if (tells[i].type != event->type)
            continue;
        tells[i].put(text, event);
        return;
    }
    buf_put_text(text, event_type_text(event->type));
}

static void put_answers_for(struct buf *text, struct ambit_str owner, struct ambit_str agent)
{
    put(text, owner);
    buf_put_text(text, " answers for ");
    put(text, agent);
    buf_put_text(text, ".\n");
}

enum ambit_err trace_text(struct story *story, const struct trace_facts *facts, struct buf *text)
{
    enum ambit_err err = AMBIT_OK;
    if (facts->n_people == 0 && facts->owner.p != NULL)
        put_answers_for(text, facts->owner, AMBIT_STR("this"));
    for (size_t i = 0; i < facts->n_people; i++)
        put_answers_for(text, facts->people[i].owner, facts->people[i].agent);
    for (size_t i = 0; err == AMBIT_OK && i < story->n_told; i++) {
        const struct event *event = &story->told[i]->event;
        put_time(text, event->time_ms);
        if (event->decision != EVENT_DECISION_NONE && event->type != EVENT_GRANT_REVOKED)
            err = put_decision(story, text, event);
        else
            put_other(text, event);
        buf_put_char(text, '\n');
    }
    return err == AMBIT_OK ? buf_check(text) : err;
}
