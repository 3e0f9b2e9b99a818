/* SPDX-License-Identifier: Apache-2.0 */
/* One event in one row of the part it belongs to. */
#include "cli/evidence_page_internal.h"

static void cell(struct buf *row)
{
    buf_put_text(row, "<td>");
}

static void cell_text(struct buf *row, struct ambit_str text)
{
    cell(row);
    if (text.p != NULL)
        page_text(row, text);
}

static void put_item(struct buf *row, struct ambit_str action, struct ambit_str resource)
{
    buf_put_text(row, "<code>");
    page_text(row, action);
    buf_put_text(row, "</code>");
    if (resource.p == NULL)
        return;
    buf_put_text(row, " on <code>");
    page_text(row, resource);
    buf_put_text(row, "</code>");
}

static void cell_why(struct evidence_page *page, struct buf *row, const struct event *event,
                     bool is_grant)
{
    cell(row);
    buf_put_text(row, event->reason == AMBIT_REASON_ALLOWED
                          ? "A rule permits it."
                          : ambit_reason_sentence(event->reason, is_grant));
    buf_printf(row, " <span class=\"soft\">(<code>%s</code>", ambit_reason_text(event->reason));
    if (event->policy.p != NULL) {
        buf_put_text(row, ", ");
        page_version_link(page, row, event->policy, &event->digest, event->rule);
    }
    buf_put_text(row, ")</span>");
    for (size_t i = 0; i < event->n_trips; i++) {
        buf_put_text(row, " Set off the hard stop ");
        page_text(row, event->trips[i]);
        buf_put_text(row, ".");
    }
    if (event->approved.p == NULL)
        return;
    buf_put_text(row, ambit_str_is(event->approved, "given") ? " Approved by " : " Refused by ");
    for (size_t i = 0; i < event->n_approvers; i++) {
        buf_put_text(row, i > 0 ? ", " : "");
        page_text(row, event->approvers[i]);
    }
    buf_put_text(row, ".");
}

/* ---- authority ------------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err row_granted(struct evidence_page *page,
                                                const struct event *event)
{
    struct buf *row = page_row(page, event->seq, event->time_ms);
    cell_text(row, event->agent);
    cell(row);
    for (size_t i = 0; i < event->n_items; i++) {
        buf_put_text(row, "<div>");
        put_item(row, event->items[i].action, event->items[i].resource);
        buf_put_text(row, " <span class=\"soft\">by ");
        page_version_link(page, row, event->items[i].policy, &event->items[i].digest,
                          event->items[i].rule);
        buf_put_text(row, "</span></div>");
    }
    for (size_t i = 0; i < event->n_except; i++) {
        buf_put_text(row, "<div>but never ");
        page_strs(row, &event->except[i].actions);
        buf_put_text(row, " on ");
        page_strs(row, &event->except[i].resources);
        buf_put_text(row, "</div>");
    }
    cell(row);
    if (event->expires_ms != 0)
        page_time(row, event->expires_ms);
    cell(row);
    page_words(page, row, event, EVENT_ERASED_PURPOSE);
    if (event->approved.p != NULL && event->n_approvers > 0) {
        buf_put_text(row, "<div>Approved by ");
        for (size_t i = 0; i < event->n_approvers; i++) {
            buf_put_text(row, i > 0 ? ", " : "");
            page_text(row, event->approvers[i]);
        }
        buf_put_text(row, "</div>");
    }
    return page_row_end(page, PART_GRANTED);
}

static AMBIT_CHECKED enum ambit_err row_not_granted(struct evidence_page *page,
                                                    const struct event *event)
{
    struct buf *row = page_row(page, event->seq, event->time_ms);
    cell_text(row, event->agent);
    cell(row);
    for (size_t i = 0; i < event->n_asked; i++) {
        buf_put_text(row, "<div>");
        put_item(row, event->asked[i].action, event->asked[i].resource);
        buf_put_text(row, "</div>");
    }
    cell_why(page, row, event, true);
    cell(row);
    page_words(page, row, event, EVENT_ERASED_PURPOSE);
    return page_row_end(page, PART_NOT_GRANTED);
}

/* ---- actions -------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err row_action(struct evidence_page *page,
                                               const struct event *event)
{
    bool is_allowed = event->decision == AMBIT_ALLOW;
    struct buf *row = page_row(page, event->seq, event->time_ms);
    cell_text(row, event->agent);
    cell(row);
    put_item(row, event->action, event->resource);
    cell_why(page, row, event, false);
    cell(row);
    page_words(page, row, event, EVENT_ERASED_STATED_REASON);
    if (event->service.p != NULL) {
        buf_put_text(row, " <span class=\"soft\">asked by ");
        page_text(row, event->service);
        buf_put_text(row, "</span>");
    }
    return page_row_end(page, is_allowed ? PART_ALLOWED : PART_DENIED);
}

static AMBIT_CHECKED enum ambit_err row_outcome(struct evidence_page *page,
                                                const struct event *event)
{
    struct buf *row = page_row(page, event->seq, event->time_ms);
    cell_text(row, event->agent);
    cell(row);
    put_item(row, event->action, event->resource);
    cell(row);
    if (event->type == EVENT_ACTION_UNACCOUNTED)
        buf_put_text(row, "nobody reported in time");
    else {
        page_text(row, event->outcome);
        buf_put_text(row, ", says the ");
        page_text(row, event->reported_by);
        if (event->late)
            buf_put_text(row, ", late");
    }
    cell_text(row, event->agreement);
    cell(row);
    page_words(page, row, event, EVENT_ERASED_WORDS);
    return page_row_end(page, PART_OUTCOMES);
}

/* ---- everything else ------------------------------------------------------------------------ */

static AMBIT_CHECKED enum ambit_err row_other(struct evidence_page *page, const struct event *event,
                                              enum page_parts part)
{
    struct buf *row = page_row(page, event->seq, event->time_ms);
    cell(row);
    buf_put_text(row, page_type(event->type));
    cell(row);
    const struct ambit_str about[] = {event->target, event->agent, event->signal, event->to};
    bool has_any = false;
    for (size_t i = 0; i < AMBIT_LEN(about); i++) {
        if (about[i].p == NULL)
            continue;
        buf_put_text(row, has_any ? ", " : "");
        page_text(row, about[i]);
        has_any = true;
    }
    cell(row);
    page_text(row, event->person.p != NULL    ? event->person
                   : event->service.p != NULL ? event->service
                                              : event->by);
    cell(row);
    page_words(page, row, event, EVENT_ERASED_WORDS);
    return page_row_end(page, part);
}

static bool is_change(enum event_type type)
{
    return type == EVENT_DOCUMENTS_ACTIVATED || type == EVENT_DOCUMENTS_REJECTED ||
           type == EVENT_DOCUMENTS_CONFIRMED || type == EVENT_DOCUMENTS_SUPERSEDED ||
           type == EVENT_PERSON_OFFBOARDED || type == EVENT_PERSONAL_ERASED;
}

static bool is_joined(enum event_type type)
{
    return type == EVENT_STOP_RAISED || type == EVENT_APPROVAL_ASKED ||
           type == EVENT_APPROVAL_GIVEN || type == EVENT_APPROVAL_REFUSED ||
           type == EVENT_APPROVAL_LAPSED;
}

static bool is_about_record(enum event_type type)
{
    return type == EVENT_KEY_CREATED || type == EVENT_KEY_ACTIVATED || type == EVENT_KEY_RETIRED ||
           type == EVENT_TIME_DISTRUSTED || type == EVENT_TIME_ACKNOWLEDGED ||
           type == EVENT_BROKER_STARTED || type == EVENT_BROKER_STOPPED ||
           type == EVENT_BROKER_SEALED || type == EVENT_BROKER_OUTAGE ||
           type == EVENT_RECORD_PRUNED || type == EVENT_RECORD_BACKED_UP ||
           type == EVENT_LOG_STARTED || type == EVENT_LOG_CONTINUED ||
           type == EVENT_HISTORY_EXPIRED;
}

enum ambit_err page_event(struct evidence_page *page, const struct event *event)
{
    enum event_type type = event->type;
    if (type == EVENT_GRANT_ISSUED)
        return row_granted(page, event);
    if (type == EVENT_GRANT_REFUSED)
        return row_not_granted(page, event);
    if (type == EVENT_ACTION_ALLOWED || type == EVENT_ACTION_DENIED)
        return row_action(page, event);
    if (type == EVENT_ACTION_OUTCOME || type == EVENT_ACTION_UNACCOUNTED)
        return row_outcome(page, event);
    if (is_joined(type))
        return AMBIT_OK; /* told with what answers it */
    return row_other(page, event,
                     is_change(type)         ? PART_CHANGES
                     : is_about_record(type) ? PART_RECORD
                                             : PART_OTHER);
}
