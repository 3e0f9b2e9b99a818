/* SPDX-License-Identifier: Apache-2.0 */
/* What several events tell together: a stop, whom it refused, who took it up and lifted it; a
 * question to people and their answers. Kept as the events come, told at the end. */
#include "cli/evidence_page_internal.h"

static struct page_stop *stop_of(struct evidence_page *page, struct ambit_id id)
{
    for (struct page_stop *stop = page->stops; stop != NULL; stop = stop->next)
        if (ambit_id_eq(stop->id, id))
            return stop;
    return NULL;
}

static struct page_question *question_of(struct evidence_page *page, struct ambit_id id)
{
    for (struct page_question *at = page->questions; at != NULL; at = at->next)
        if (ambit_id_eq(at->id, id))
            return at;
    return NULL;
}

/* ---- stops ---------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err begin_stop(struct evidence_page *page,
                                               const struct event *event)
{
    struct page_stop *stop = arena_alloc(&page->memory, sizeof *stop);
    if (stop == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *stop = (struct page_stop){.id = event->stop,
                               .incident = event->incident,
                               .raised_ms = event->time_ms,
                               .is_linked = page->is_linked};
    buf_init(&stop->what, 0);
    buf_init(&stop->answers, 0);
    page_time(&stop->what, event->time_ms);
    buf_put_text(&stop->what, "<td class=\"n\">");
    page_link(page, &stop->what, event->seq);
    if (page->is_linked)
        buf_put_text(&stop->what, "<span class=\"soft\">&nbsp;+</span>");
    buf_put_text(&stop->what, "<td>");
    page_text(&stop->what, event->target);
    buf_put_text(&stop->what, event->holds ? ""
                                           : " <span class=\"soft\">(its grants ended; it may "
                                             "ask anew)</span>");
    buf_put_text(&stop->what, "<td>");
    page_text(&stop->what, event->by.p != NULL ? event->by : event->person);
    if (event->by.p != NULL)
        buf_put_text(&stop->what, " <span class=\"soft\">(by itself, by rule)</span>");
    buf_put_text(&stop->what, " ");
    page_words(page, &stop->what, event, EVENT_ERASED_WORDS);
    stop->next = page->stops;
    page->stops = stop;
    return AMBIT_OK;
}

static void answer_stop(struct evidence_page *page, struct page_stop *stop,
                        const struct event *event, const char *what)
{
    struct buf *out = &stop->answers;
    buf_printf(out, "<div>%s", what);
    if (event->person.p != NULL) {
        buf_put_text(out, " by ");
        page_text(out, event->person);
    }
    if (event->to.p != NULL) {
        buf_put_text(out, " to ");
        page_text(out, event->to);
    }
    buf_put_text(out, " after ");
    page_span(out, event->time_ms - stop->raised_ms);
    buf_put_text(out, " (event ");
    page_link(page, out, event->seq);
    buf_put_text(out, ") ");
    page_words(page, out, event, EVENT_ERASED_WORDS);
    buf_put_text(out, "</div>");
}

static const char *answer_of(enum event_type type)
{
    static const char *const words[EVENT_TYPES] = {
        [EVENT_STOP_CLEARED] = "lifted",
        [EVENT_STOP_CLEAR_ASKED] = "lifting asked",
        [EVENT_INCIDENT_ACKNOWLEDGED] = "taken up",
        [EVENT_INCIDENT_ESCALATED] = "went further",
        [EVENT_INCIDENT_CLOSED] = "incident closed",
    };
    return type < EVENT_TYPES ? words[type] : NULL;
}

/* Several stops may share one incident: what becomes of the incident is told of each, what becomes
 * of a stop of that one alone. */
static void answer_stops(struct evidence_page *page, const struct event *event)
{
    const char *answer = answer_of(event->type);
    bool is_one = event->type == EVENT_STOP_CLEARED || event->type == EVENT_STOP_CLEAR_ASKED;
    struct ambit_id id = is_one ? event->stop : event->incident;
    if (answer == NULL || ambit_id_is_none(id))
        return;
    for (struct page_stop *stop = page->stops; stop != NULL; stop = stop->next)
        if (ambit_id_eq(is_one ? stop->id : stop->incident, id))
            answer_stop(page, stop, event, answer);
}

static void refused_by(struct evidence_page *page, const struct event *event)
{
    for (size_t i = 0; event->decision == AMBIT_DENY && i < event->n_used_stops; i++) {
        struct page_stop *stop = stop_of(page, event->used_stops[i].id);
        if (stop == NULL)
            continue;
        if (stop->refused++ == 0) {
            stop->first_seq = event->seq;
            stop->first_ms = event->time_ms;
        }
    }
}

static AMBIT_CHECKED enum ambit_err put_stop(struct evidence_page *page, struct page_stop *stop)
{
    struct buf *row = &page->row;
    page->is_linked = stop->is_linked;
    buf_reset(row);
    buf_put_text(row, "<tr><td>");
    buf_put_str(row, buf_str(&stop->what));
    buf_put_text(row, "<td>");
    if (stop->refused > 0) {
        buf_put_text(row, "first refusal after ");
        page_span(row, stop->first_ms - stop->raised_ms);
        buf_put_text(row, " (event ");
        page_link(page, row, stop->first_seq);
        buf_printf(row, "); %llu in this archive", (unsigned long long)stop->refused);
    } else {
        buf_put_text(row, "<span class=\"soft\">nothing in this archive was refused by "
                          "it</span>");
    }
    buf_put_text(row, "<td>");
    if (stop->answers.len > 0)
        buf_put_str(row, buf_str(&stop->answers));
    else
        buf_put_text(row, "<span class=\"soft\">nobody yet</span>");
    return page_row_end(page, PART_STOPS);
}

/* ---- approvals ------------------------------------------------------------------------------ */

static void put_item(struct buf *out, struct ambit_str action, struct ambit_str resource)
{
    buf_put_text(out, "<code>");
    page_text(out, action);
    buf_put_text(out, "</code> on <code>");
    page_text(out, resource);
    buf_put_text(out, "</code>");
}

static AMBIT_CHECKED enum ambit_err begin_question(struct evidence_page *page,
                                                   const struct event *event)
{
    struct page_question *question = arena_alloc(&page->memory, sizeof *question);
    if (question == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *question = (struct page_question){
        .id = event->approval, .asked_ms = event->time_ms, .is_linked = page->is_linked};
    struct buf *what = &question->what;
    buf_init(what, 0);
    buf_init(&question->answers, 0);
    page_time(what, event->time_ms);
    buf_put_text(what, "<td class=\"n\">");
    page_link(page, what, event->seq);
    if (page->is_linked)
        buf_put_text(what, "<span class=\"soft\">&nbsp;+</span>");
    buf_put_text(what, "<td>");
    page_text(what, event->agent);
    buf_put_text(what, "<td>");
    if (event->action.p != NULL) {
        put_item(what, event->action, event->resource);
    }
    for (size_t i = 0; i < event->n_asked; i++) {
        buf_put_text(what, i > 0 || event->action.p != NULL ? ", " : "");
        put_item(what, event->asked[i].action, event->asked[i].resource);
    }
    buf_put_text(what, " ");
    page_words(page, what, event, EVENT_ERASED_PURPOSE);
    page_words(page, what, event, EVENT_ERASED_STATED_REASON);
    question->next = page->questions;
    page->questions = question;
    return AMBIT_OK;
}

static void answer_question(struct evidence_page *page, const struct event *event, const char *what)
{
    struct page_question *question = question_of(page, event->approval);
    if (question == NULL)
        return;
    struct buf *out = &question->answers;
    question->is_answered = true;
    buf_printf(out, "<div>%s", what);
    if (event->person.p != NULL) {
        buf_put_text(out, " ");
        page_text(out, event->person);
    }
    buf_put_text(out, " after ");
    page_span(out, event->time_ms - question->asked_ms);
    buf_put_text(out, " (event ");
    page_link(page, out, event->seq);
    buf_put_text(out, ") ");
    page_words(page, out, event, EVENT_ERASED_WORDS);
    buf_put_text(out, "</div>");
}

static AMBIT_CHECKED enum ambit_err put_question(struct evidence_page *page,
                                                 struct page_question *question)
{
    struct buf *row = &page->row;
    page->is_linked = question->is_linked;
    buf_reset(row);
    buf_put_text(row, "<tr><td>");
    buf_put_str(row, buf_str(&question->what));
    buf_put_text(row, "<td>");
    if (question->is_answered)
        buf_put_str(row, buf_str(&question->answers));
    else
        buf_put_text(row, "<span class=\"soft\">nobody yet</span>");
    return page_row_end(page, PART_APPROVALS);
}

/* ---- confirmations -------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err keep_confirmation(struct evidence_page *page,
                                                      const struct event *event)
{
    struct page_confirmation *one = arena_alloc(&page->memory, sizeof *one);
    if (one == NULL)
        return AMBIT_ERR_NO_MEMORY;
    *one = (struct page_confirmation){.digest = event->digest, .seq = event->seq};
    buf_init(&one->told, 0);
    page_text(&one->told, event->person);
    buf_put_text(&one->told,
                 ambit_str_is(event->by, "signature") ? " by SSH signature, " : " by word, ");
    page_time(&one->told, event->time_ms);
    if (event->is_removal)
        buf_put_text(&one->told, ", that it be taken away");
    buf_put_text(&one->told, " ");
    page_words(page, &one->told, event, EVENT_ERASED_WORDS);
    *page->last_confirmation = one;
    page->last_confirmation = &one->next;
    return AMBIT_OK;
}

/* ---- all ------------------------------------------------------------------------------------ */

enum ambit_err page_join(struct evidence_page *page, const struct event *event)
{
    refused_by(page, event);
    answer_stops(page, event);
    if (event->type == EVENT_STOP_RAISED)
        return begin_stop(page, event);
    if (event->type == EVENT_APPROVAL_ASKED)
        return begin_question(page, event);
    if (event->type == EVENT_DOCUMENTS_CONFIRMED)
        return keep_confirmation(page, event);
    if (event->type == EVENT_APPROVAL_GIVEN)
        answer_question(page, event, "approved by");
    else if (event->type == EVENT_APPROVAL_REFUSED)
        answer_question(page, event, "refused by");
    else if (event->type == EVENT_APPROVAL_LAPSED)
        answer_question(page, event, "nobody answered in time:");
    return AMBIT_OK;
}

/* In the order of time. */
static void turn(struct evidence_page *page)
{
    struct page_stop *stops = NULL;
    struct page_question *questions = NULL;
    while (page->stops != NULL) {
        struct page_stop *at = page->stops;
        page->stops = at->next;
        at->next = stops;
        stops = at;
    }
    while (page->questions != NULL) {
        struct page_question *at = page->questions;
        page->questions = at->next;
        at->next = questions;
        questions = at;
    }
    page->stops = stops;
    page->questions = questions;
}

enum ambit_err page_joined(struct evidence_page *page)
{
    enum ambit_err err = AMBIT_OK;
    turn(page);
    for (struct page_stop *at = page->stops; !err && at != NULL; at = at->next)
        err = put_stop(page, at);
    for (struct page_question *at = page->questions; !err && at != NULL; at = at->next)
        err = put_question(page, at);
    return err;
}
