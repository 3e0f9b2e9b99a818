/* SPDX-License-Identifier: Apache-2.0 */
/* A story in English: one line an event, the names first. Values are quoted as they are; the
 * reader's terminal is protected by the command line, not here. */
#include "core/trace.h"

#include "base/encode.h"

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
    buf_put_str(text, event->policy);
    if (event->rule.p != NULL) {
        buf_put_char(text, '/');
        buf_put_str(text, event->rule);
    }
    buf_put_text(text, ", version sha256:");
    buf_put_hex(text, event->digest.b, 6);
    buf_put_text(text, "\xe2\x80\xa6)");
}

static void put_words(struct buf *text, const struct event *event)
{
    if (event->words.p == NULL)
        return;
    buf_put_text(text, ": \"");
    buf_put_str(text, event->words);
    buf_put_char(text, '"');
}

static void put_items(struct buf *text, const struct event *event)
{
    enum { ITEMS_TOLD = 3 };
    for (size_t i = 0; i < event->n_items && i < ITEMS_TOLD; i++) {
        buf_put_text(text, i == 0 ? " " : ", ");
        buf_put_str(text, event->items[i].action);
        buf_put_char(text, '[');
        buf_put_str(text, event->items[i].resource);
        buf_put_char(text, ']');
    }
    for (size_t i = 0; event->n_items == 0 && i < event->n_asked && i < ITEMS_TOLD; i++) {
        buf_put_text(text, i == 0 ? " " : ", ");
        buf_put_str(text, event->asked[i].action);
        if (event->asked[i].resource.p == NULL)
            continue;
        buf_put_char(text, '[');
        buf_put_str(text, event->asked[i].resource);
        buf_put_char(text, ']');
    }
    size_t n = event->n_items > 0 ? event->n_items : event->n_asked;
    if (n > ITEMS_TOLD) {
        buf_put_text(text, " and ");
        buf_put_i64(text, (int64_t)(n - ITEMS_TOLD));
        buf_put_text(text, " more");
    }
}

static void put_action(struct buf *text, const struct event *event)
{
    buf_put_char(text, ' ');
    buf_put_str(text, event->action);
    buf_put_text(text, " on ");
    buf_put_str(text, event->resource);
}

static void put_reason(struct buf *text, const struct event *event)
{
    buf_put_text(text, ": ");
    buf_put_text(text, ambit_reason_text(event->reason));
}

/* One hop of a delegation: under whose grant it was asked for. */
static AMBIT_CHECKED enum ambit_err put_parent(struct story *story, struct buf *text,
                                               const struct event *event)
{
    if (ambit_id_is_none(event->parent))
        return AMBIT_OK;
    ARENA_AUTO arena;
    char block[8192];
    struct grant_row row;
    arena_init(&arena, block, sizeof block, 0);
    enum ambit_err err = grant_load_row(story->reading.txn, event->parent, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND || ambit_id_is_none(event->lineage)) {
        buf_put_text(text, " below a grant that is not known");
        return AMBIT_OK;
    }
    if (err != AMBIT_OK)
        return err;
    buf_put_text(text, " below a grant of ");
    buf_put_str(text, row.agent);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err put_decision(struct story *story, struct buf *text,
                                                 const struct event *event)
{
    enum ambit_err err = AMBIT_OK;
    buf_put_str(text, event->agent.p != NULL ? event->agent : AMBIT_STR("an unknown token"));
    if (event->type == EVENT_GRANT_ISSUED || event->type == EVENT_GRANT_REFUSED) {
        buf_put_text(text, event->type == EVENT_GRANT_ISSUED ? " was granted" : " was refused");
        put_items(text, event);
        err = put_parent(story, text, event);
    } else {
        buf_put_text(text, event->type == EVENT_ACTION_ALLOWED ? " was allowed" : " was denied");
        put_action(text, event);
    }
    if (event->decision == AMBIT_DENY)
        put_reason(text, event);
    if (event->type == EVENT_GRANT_ISSUED) {
        buf_put_text(text, " for ");
        buf_put_i64(text, event->lifetime_s);
        buf_put_text(text, " s");
    }
    put_rule(text, event);
    for (size_t i = 0; i < event->n_trips; i++) {
        buf_put_text(text, "; tripped the hard stop ");
        buf_put_str(text, event->trips[i]);
    }
    return err;
}

/* True when the event is about what people said of documents, or about a person who left. */
static bool put_people(struct buf *text, const struct event *event)
{
    bool is_about =
        event->type == EVENT_DOCUMENTS_CONFIRMED || event->type == EVENT_PERSON_OFFBOARDED;
    if (!is_about)
        return false;
    buf_put_str(text, event->person);
    if (event->type == EVENT_DOCUMENTS_CONFIRMED) {
        buf_put_text(text, event->by.p != NULL ? " signed " : " confirmed ");
        buf_put_text(text, event->is_removal ? "the removal of " : "");
    } else {
        buf_put_text(text, " offboarded ");
    }
    buf_put_str(text, event->target);
    put_words(text, event);
    return true;
}

static void put_other(struct buf *text, const struct event *event)
{
    if (put_people(text, event))
        return;
    if (event->type == EVENT_STOP_RAISED) {
        buf_put_str(text, event->person.p != NULL ? event->person : event->by);
        buf_put_text(text, " stopped ");
        buf_put_str(text, event->target);
        put_words(text, event);
        if (event->person.p == NULL)
            put_rule(text, event);
    } else if (event->type == EVENT_STOP_CLEAR_ASKED) {
        buf_put_str(text, event->person);
        buf_put_text(text, " asked for a second person to clear the stop on ");
        buf_put_str(text, event->target);
        put_words(text, event);
    } else if (event->type == EVENT_STOP_CLEARED) {
        buf_put_str(text, event->person);
        buf_put_text(text, " cleared the stop on ");
        buf_put_str(text, event->target);
        put_words(text, event);
    } else if (event->type == EVENT_INCIDENT_OPENED) {
        buf_put_text(text, "an incident opened");
        if (event->owner.p != NULL) {
            buf_put_text(text, " on the name of ");
            buf_put_str(text, event->owner);
        }
    } else if (event->type == EVENT_INCIDENT_ACKNOWLEDGED || event->type == EVENT_INCIDENT_CLOSED) {
        buf_put_str(text, event->person);
        buf_put_text(text, event->type == EVENT_INCIDENT_CLOSED ? " closed the incident"
                                                                : " took up the incident");
        put_words(text, event);
    } else if (event->type == EVENT_INCIDENT_ESCALATED) {
        buf_put_text(text, "nobody took up the incident: it went to ");
        buf_put_str(text, event->to.p != NULL ? event->to : event->level);
    } else if (event->type == EVENT_ACTION_OUTCOME) {
        buf_put_str(text,
                    ambit_str_is(event->reported_by, "service") ? event->service : event->agent);
        buf_put_text(text, event->late ? " reported too late that " : " reported that ");
        buf_put_str(text, event->action);
        buf_put_text(text, " on ");
        buf_put_str(text, event->resource);
        buf_put_text(text, ": ");
        buf_put_str(text, event->outcome);
    } else if (event->type == EVENT_ACTION_UNACCOUNTED) {
        buf_put_text(text, "nobody reported what became of ");
        buf_put_str(text, event->action);
        buf_put_text(text, " on ");
        buf_put_str(text, event->resource);
    } else if (event->type == EVENT_SIGNAL_RECEIVED) {
        buf_put_str(text, event->service);
        buf_put_text(text, " signalled ");
        buf_put_str(text, event->signal);
        put_words(text, event);
    } else if (event->type == EVENT_GRANT_REVOKED) {
        buf_put_str(text, event->by);
        buf_put_text(text, event->decision == AMBIT_DENY ? " tried to revoke a grant of another"
                                                         : " revoked its grant");
    } else {
        buf_put_text(text, event_type_text(event->type));
    }
}

static void put_answers_for(struct buf *text, struct ambit_str owner, struct ambit_str agent)
{
    buf_put_str(text, owner);
    buf_put_text(text, " answers for ");
    buf_put_str(text, agent);
    buf_put_text(text, ".\n");
}

enum ambit_err trace_text(struct story *story, const struct trace_facts *facts, struct buf *text)
{
    enum ambit_err err = AMBIT_OK;
    if (facts->n_people == 0 && facts->owner.p != NULL)
        put_answers_for(text, facts->owner, AMBIT_STR("this"));
    for (size_t i = 0; i < facts->n_people; i++)
        put_answers_for(text, facts->people[i].owner, facts->people[i].agent);
    for (size_t i = 0; err == AMBIT_OK && i < story->n; i++) {
        ARENA_AUTO arena;
        char block[16384];
        arena_init(&arena, block, sizeof block, 0);
        struct ledger_row row;
        struct event event;
        err = reading_event(&story->reading, story->seqs[i], &story->memory, &arena, &row, &event);
        if (err != AMBIT_OK)
            return err;
        put_time(text, event.time_ms);
        if (event.decision != EVENT_DECISION_NONE && event.type != EVENT_GRANT_REVOKED)
            err = put_decision(story, text, &event);
        else
            put_other(text, &event);
        buf_put_char(text, '\n');
    }
    return err == AMBIT_OK ? buf_check(text) : err;
}
