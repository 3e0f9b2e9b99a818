/* SPDX-License-Identifier: Apache-2.0 */
/* What people were asked, what was done and what became of it, what was stopped, and who answered:
 * each as the lists of its own show it, with what only the whole story knows. */
#include "core/trace.h"

#include "base/json_write.h"

enum { COUNTED_MAX = 16 };

struct more {
    struct story *story;
    struct ambit_id id;
};

static const struct event *told(const struct story *story, size_t i)
{
    return &story->told[i]->event;
}

static void time_member(struct json_out *out, const char *key, int64_t ms)
{
    json_key(out, key);
    json_time_ms(out, ms);
}

static void words_member(struct json_out *out, const struct event *event)
{
    const struct erased_text erased[] = {{"words", event->erased & EVENT_ERASED_WORDS}};
    json_member_str(out, "words", event->words);
    reading_erased(out, erased, AMBIT_LEN(erased));
}

/* ---- approvals ----------------------------------------------------------------------------- */

/* Which decisions rested on it. */
static enum ambit_err approval_more(void *ctx, const struct event *first, struct json_out *out)
{
    const struct more *more = ctx;
    (void)first;
    json_key(out, "used_by");
    json_begin_array(out);
    for (size_t i = 0; i < more->story->n_told; i++) {
        const struct event *event = told(more->story, i);
        if (event->type == EVENT_APPROVAL_USED && ambit_id_eq(event->approval, more->id))
            json_id(out, event->cause);
    }
    json_end_array(out);
    return buf_check(out->buf);
}

static AMBIT_CHECKED enum ambit_err write_approvals(struct story *story,
                                                    const struct trace_facts *facts,
                                                    struct json_out *out)
{
    struct documents_ref *documents = broker_documents_acquire(story->broker);
    enum ambit_err err = AMBIT_OK;
    json_key(out, "approvals");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_approvals; i++) {
        struct more more = {story, facts->approvals[i]};
        err = reading_approval_json(&story->reading, documents->documents, more.id,
                                    &(struct reading_more){approval_more, &more}, out);
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    }
    json_end_array(out);
    broker_documents_release(documents);
    return err;
}

/* ---- actions ------------------------------------------------------------------------------- */

static void write_report(const struct event *event, struct json_out *out)
{
    json_begin_object(out);
    json_member_str(out, "by", event->reported_by);
    json_member_str(out, "who",
                    ambit_str_is(event->reported_by, "service") ? event->service : event->agent);
    json_member_str(out, "outcome", event->outcome);
    time_member(out, "at", event->time_ms);
    if (event->late) {
        json_key(out, "late");
        json_bool(out, true);
    }
    words_member(out, event);
    json_end_object(out);
}

/* `reports`: the told events that say what became of something. */
static void write_action(const struct event *action, const struct event *const *reports, size_t n,
                         struct json_out *out)
{
    struct ambit_str agreement = {0};
    bool is_unaccounted = false;
    json_begin_object(out);
    json_member_id(out, "id", action->id);
    json_key(out, "seq");
    json_i64(out, (int64_t)action->seq);
    json_member_id(out, "grant", action->grant);
    json_member_str(out, "action", action->action);
    json_member_str(out, "resource", action->resource);
    json_member_text(out, "decision", action->decision == AMBIT_ALLOW ? "allow" : "deny");
    if (action->outcome_due_ms > 0)
        time_member(out, "outcome_due", action->outcome_due_ms);
    json_key(out, "reports");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        if (!ambit_id_eq(reports[i]->cause, action->id))
            continue;
        if (reports[i]->type == EVENT_ACTION_OUTCOME)
            write_report(reports[i], out);
        is_unaccounted = is_unaccounted || reports[i]->type == EVENT_ACTION_UNACCOUNTED;
        agreement = reports[i]->agreement.p != NULL ? reports[i]->agreement : agreement;
    }
    json_end_array(out);
    json_member_str(out, "agreement", agreement);
    if (is_unaccounted) {
        json_key(out, "unaccounted");
        json_bool(out, true);
    }
    json_end_object(out);
}

static AMBIT_CHECKED enum ambit_err write_actions(struct story *story, struct json_out *out)
{
    const struct event **reports =
        arena_array(&story->arena, story->n_told + 1, sizeof(const struct event *));
    size_t n = 0;
    if (reports == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < story->n_told; i++) {
        const struct event *event = told(story, i);
        if (event->type == EVENT_ACTION_OUTCOME || event->type == EVENT_ACTION_UNACCOUNTED)
            reports[n++] = event;
    }
    json_key(out, "actions");
    json_begin_array(out);
    for (size_t i = 0; i < story->n_told; i++) {
        const struct event *event = told(story, i);
        if (event->type == EVENT_ACTION_ALLOWED || event->type == EVENT_ACTION_DENIED)
            write_action(event, reports, n, out);
    }
    json_end_array(out);
    return buf_check(out->buf);
}

/* ---- stops and incidents ------------------------------------------------------------------- */

/* What the hard stop says, which event tripped it, and which it had counted. */
static enum ambit_err stop_more(void *ctx, const struct event *raised, struct json_out *out)
{
    const struct more *more = ctx;
    uint64_t seqs[COUNTED_MAX];
    size_t n = 0;
    if (raised->by.p == NULL)
        return AMBIT_OK;
    enum ambit_err err = trace_write_hard_stop(more->story, raised, out);
    if (err == AMBIT_OK)
        err = story_counted(more->story, raised, seqs, COUNTED_MAX, &n);
    if (err != AMBIT_OK)
        return err;
    json_member_id(out, "tripped_by", raised->cause);
    json_key(out, "counted"); /* in order of time; the last is the one that tripped it */
    json_begin_array(out);
    while (n-- > 0)
        json_i64(out, (int64_t)seqs[n]);
    json_end_array(out);
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err write_stops(struct story *story,
                                                const struct trace_facts *facts,
                                                struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "stops");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_stops; i++) {
        struct more more = {story, facts->stops[i]};
        err = reading_stop_json(&story->reading, more.id, (struct ambit_str){0},
                                &(struct reading_more){stop_more, &more}, out);
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    }
    json_end_array(out);
    return err;
}

static enum ambit_err incident_more(void *ctx, const struct event *first, struct json_out *out)
{
    const struct more *more = ctx;
    (void)first;
    json_key(out, "escalations");
    json_begin_array(out);
    for (size_t i = 0; i < more->story->n_told; i++) {
        const struct event *event = told(more->story, i);
        if (event->type != EVENT_INCIDENT_ESCALATED || !ambit_id_eq(event->incident, more->id))
            continue;
        json_begin_object(out);
        time_member(out, "at", event->time_ms);
        json_member_str(out, "level", event->level);
        json_member_str(out, "to", event->to);
        json_end_object(out);
    }
    json_end_array(out);
    json_key(out, "acknowledgements");
    json_begin_array(out);
    for (size_t i = 0; i < more->story->n_told; i++) {
        const struct event *event = told(more->story, i);
        if (event->type != EVENT_INCIDENT_ACKNOWLEDGED || !ambit_id_eq(event->incident, more->id))
            continue;
        json_begin_object(out);
        time_member(out, "at", event->time_ms);
        json_member_str(out, "person", event->person);
        words_member(out, event);
        json_end_object(out);
    }
    json_end_array(out);
    return buf_check(out->buf);
}

static AMBIT_CHECKED enum ambit_err write_incidents(struct story *story,
                                                    const struct trace_facts *facts,
                                                    struct json_out *out)
{
    enum ambit_err err = AMBIT_OK;
    json_key(out, "incidents");
    json_begin_array(out);
    for (size_t i = 0; err == AMBIT_OK && i < facts->n_incidents; i++) {
        struct more more = {story, facts->incidents[i]};
        err = reading_incident_json(&story->reading, more.id, (struct ambit_str){0},
                                    &(struct reading_more){incident_more, &more}, out);
        err = err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    }
    json_end_array(out);
    return err;
}

enum ambit_err trace_write_lists(struct story *story, const struct trace_facts *facts,
                                 struct json_out *out)
{
    enum ambit_err err = write_approvals(story, facts, out);
    if (err == AMBIT_OK)
        err = write_actions(story, out);
    if (err == AMBIT_OK)
        err = write_stops(story, facts, out);
    return err == AMBIT_OK ? write_incidents(story, facts, out) : err;
}
