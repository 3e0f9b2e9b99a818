/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals as people read them: what is asked, of whom, and what was answered. Seen by on-call
 * people and auditors, by the agent's owner, and by whoever may answer. */
#include "core/approval.h"
#include "core/await_row.h"
#include "core/query_internal.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "ledger/ledger.h"

static const char *state_text(const struct approval_row *row, bool is_void, int64_t now_ms)
{
    switch (row->state) {
    case APPROVAL_PENDING:
        return row->until_ms > now_ms ? "pending" : "lapsed";
    case APPROVAL_GIVEN:
        return is_void ? "void" : row->lapse_ms > now_ms ? "given" : "lapsed";
    case APPROVAL_REFUSED:
        return "refused";
    case APPROVAL_LAPSED:
        return "lapsed";
    case APPROVAL_USED:
        return "used";
    }
    return "lapsed";
}

static void put_pairs(struct json_out *out, const struct event *question)
{
    if (question->n_asked == 0)
        return;
    json_key(out, "items");
    json_begin_array(out);
    for (size_t i = 0; i < question->n_asked; i++) {
        json_begin_object(out);
        json_key(out, "actions");
        json_begin_array(out);
        json_str(out, question->asked[i].action);
        json_end_array(out);
        if (question->asked[i].resource.p) {
            json_key(out, "resources");
            json_begin_array(out);
            json_str(out, question->asked[i].resource);
            json_end_array(out);
        }
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_asks(struct json_out *out, const struct approval_ask *asks, size_t n)
{
    static const struct {
        unsigned bit;
        const char *text;
    } roles[] = {{AMBIT_ROLE_OWNER, "owner"},
                 {AMBIT_ROLE_ONCALL, "oncall"},
                 {AMBIT_ROLE_APPROVER, "approver"},
                 {AMBIT_ROLE_AUDITOR, "auditor"},
                 {AMBIT_ROLE_ADMIN, "admin"}};
    json_key(out, "asks");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(out);
        json_member_str(out, "policy", asks[i].policy);
        json_member_str(out, "rule", asks[i].rule);
        json_key(out, "digest");
        json_digest(out, asks[i].digest);
        json_member_text(out, "tier", ambit_tier_text(asks[i].tier));
        json_member_str(out, "agent", asks[i].agent);
        json_key(out, "count");
        json_i64(out, asks[i].count);
        json_key(out, "roles");
        json_begin_array(out);
        for (size_t k = 0; k < AMBIT_LEN(roles); k++) {
            if (asks[i].roles & roles[k].bit)
                json_text(out, roles[k].text);
        }
        json_end_array(out);
        json_key(out, "teams");
        json_begin_array(out);
        for (size_t k = 0; k < asks[i].teams.n; k++)
            json_str(out, asks[i].teams.v[k]);
        json_end_array(out);
        json_end_object(out);
    }
    json_end_array(out);
}

/* With their words, which stand in the event alone. */
static AMBIT_CHECKED enum ambit_err put_answers(struct json_out *out, const struct reading *reading,
                                                const struct approval_row *row, struct arena *arena)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    json_key(out, "answers");
    json_begin_array(out);
    for (size_t i = 0; i < row->n_answers; i++) {
        const struct approval_answer *answer = &row->answers[i];
        struct event said;
        enum ambit_err err = reading_event_if(reading, answer->seq, &memory, arena, &said);
        if (err != AMBIT_OK)
            return err;
        json_begin_object(out);
        json_member_str(out, "person", answer->person);
        json_member_text(out, "answer", answer->is_given ? "approve" : "reject");
        json_member_str(out, "reason", said.words);
        json_key(out, "at");
        json_time_ms(out, answer->at_ms);
        json_key(out, "took_ms");
        json_i64(out, answer->at_ms - row->asked_ms);
        const struct erased_text erased[] = {{"reason", said.erased & EVENT_ERASED_WORDS}};
        reading_erased(out, erased, AMBIT_LEN(erased));
        json_end_object(out);
    }
    json_end_array(out);
    return AMBIT_OK;
}

/* Who waits for it by name of a handle, with what their client wants shown (CIB-4); the newest. The
 * latest message stands beside them for those who look at lists. */
static AMBIT_CHECKED enum ambit_err put_requests(struct json_out *out,
                                                 const struct reading *reading,
                                                 struct ambit_id approval, struct arena *arena)
{
    enum { SHOWN = 8 };
    uint64_t seqs[SHOWN];
    size_t n = 0;
    struct ambit_str latest = {0};
    enum ambit_err err = await_of_approval(reading->txn, approval, seqs, SHOWN, &n);
    if (err != AMBIT_OK || n == 0)
        return err;
    json_key(out, "requests");
    json_begin_array(out);
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO memory;
        struct event put;
        buf_init(&memory, 0);
        err = reading_event_if(reading, seqs[i], &memory, arena, &put);
        if (err != AMBIT_OK)
            return err;
        struct ambit_str message = arena_copy(arena, put.words);
        latest = latest.p ? latest : message;
        json_begin_object(out);
        json_key(out, "at");
        json_time_ms(out, put.time_ms);
        json_member_str(out, "binding_message", put.words);
        json_member_id(out, "request", put.id);
        json_key(out, "expires_at");
        json_time_ms(out, put.expires_ms);
        json_end_object(out);
    }
    json_end_array(out);
    json_member_str(out, "binding_message", latest);
    return AMBIT_OK;
}

static void put_time(struct json_out *out, const char *key, int64_t ms)
{
    if (ms == 0)
        return;
    json_key(out, key);
    json_time_ms(out, ms);
}

static void put_question(struct json_out *out, const struct approval_row *row,
                         const struct event *question)
{
    json_member_text(out, "question", question->action.p ? "action" : "grant");
    json_member_str(out, "agent", question->agent);
    json_member_str(out, "owner", question->owner);
    json_member_str(out, "team", question->team);
    put_pairs(out, question);
    json_member_str(out, "action", question->action);
    json_member_str(out, "resource", question->resource);
    if (question->context) {
        json_key(out, "context");
        json_write_value(out, question->context);
    }
    json_member_str(out, "arguments_digest", question->arguments_digest);
    json_member_str(out, "stated_reason", question->stated_reason);
    json_member_str(out, "service", question->service);
    json_member_str(out, "audience", question->audience);
    json_member_str(out, "purpose", question->purpose);
    if (question->has_asked_lifetime) {
        json_key(out, "lifetime_s");
        json_i64(out, question->asked_lifetime_s);
    }
    if (question->binding != AMBIT_BINDING_NONE)
        json_member_text(out, "binding", ambit_binding_text(question->binding));
    json_member_id(out, "grant", question->grant);
    json_member_id(out, "parent", question->parent);
    json_member_id(out, "request", question->cause);
    put_time(out, "asked_at", row->asked_ms);
    put_time(out, "until", row->until_ms);
    put_time(out, "usable_until", row->lapse_ms);
    json_key(out, "uses_left");
    json_i64(out, (int64_t)row->uses_left);
    if (row->envelope_ms > 0) {
        json_key(out, "envelope_s");
        json_i64(out, row->envelope_ms / 1000);
    }
    json_key(out, "shown"); /* the digest that an answer is bound to */
    json_digest(out, row->shown);
    const struct erased_text erased[] = {
        {"purpose", question->erased & EVENT_ERASED_PURPOSE},
        {"stated_reason", question->erased & EVENT_ERASED_STATED_REASON}};
    reading_erased(out, erased, AMBIT_LEN(erased));
}

struct approval_view {
    struct approval_row row;
    struct event question;
    struct approval_ask *asks;
    size_t n;
};

static AMBIT_CHECKED enum ambit_err view_load(const struct reading *reading, struct ambit_id id,
                                              struct buf *memory, struct arena *arena,
                                              struct approval_view *ret)
{
    enum ambit_err err = approval_row_load(reading->txn, id, arena, &ret->row);
    if (err == AMBIT_OK)
        err = approval_question(reading->txn, &ret->row, memory, arena, &ret->question);
    return err == AMBIT_OK ? approval_asks(&ret->question, arena, &ret->asks, &ret->n) : err;
}

static bool is_visible(const struct approval_view *view, const struct ambit_person *person)
{
    return person->roles & (AMBIT_ROLE_ONCALL | AMBIT_ROLE_AUDITOR) ||
           ambit_str_eq(view->question.owner, person->doc.name) ||
           approval_is_theirs(view->asks, view->n, person);
}

static AMBIT_CHECKED enum ambit_err view_write(const struct ambit_documents *documents,
                                               const struct reading *reading,
                                               const struct approval_view *view,
                                               const struct reading_more *more, struct arena *arena,
                                               struct json_out *out)
{
    bool is_void = false;
    enum ambit_err err = AMBIT_OK;
    if (view->row.state == APPROVAL_GIVEN)
        err = approval_is_void(reading->txn, reading->head.last_cutoff_seq, documents, &view->row,
                               &is_void);
    if (err != AMBIT_OK)
        return err;
    json_begin_object(out);
    json_member_id(out, "approval", view->row.id);
    json_member_text(out, "state", state_text(&view->row, is_void, reading->now_ms));
    put_question(out, &view->row, &view->question);
    put_asks(out, view->asks, view->n);
    err = put_requests(out, reading, view->row.id, arena);
    if (err != AMBIT_OK)
        return err;
    err = put_answers(out, reading, &view->row, arena);
    if (err == AMBIT_OK && more != NULL)
        err = more->write(more->ctx, &view->question, out);
    json_end_object(out);
    return err == AMBIT_OK ? buf_check(out->buf) : err;
}

enum ambit_err reading_approval_json(const struct reading *reading,
                                     const struct ambit_documents *documents, struct ambit_id id,
                                     const struct reading_more *more, struct json_out *out)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    struct approval_view view;
    enum ambit_err err = view_load(reading, id, &memory, &arena, &view);
    return err == AMBIT_OK ? view_write(documents, reading, &view, more, &arena, out) : err;
}

enum ambit_err query_approval(struct broker *broker, const struct broker_view *who,
                              struct ambit_id id, struct json_out *out)
{
    ARENA_AUTO arena;
    BUF_AUTO memory;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    struct reading reading;
    struct approval_view view;
    enum ambit_err err = reading_begin(broker, &reading);
    if (err != AMBIT_OK)
        return err;
    err = view_load(&reading, id, &memory, &arena, &view);
    if (err == AMBIT_OK && !is_visible(&view, who->person))
        err = AMBIT_ERR_NOT_FOUND;
    if (err == AMBIT_OK)
        err = view_write(who->documents, &reading, &view, NULL, &arena, out);
    reading_end(&reading);
    return err;
}

struct seen_by {
    const struct broker_view *who;
    bool only_pending;
};

static AMBIT_CHECKED enum ambit_err list_one(const struct reading *reading, const void *ctx,
                                             struct ambit_id id, struct ambit_str row,
                                             struct json_out *out)
{
    (void)row; /* loaded with its question */
    const struct seen_by *by = ctx;
    ARENA_AUTO arena;
    BUF_AUTO memory;
    arena_init(&arena, NULL, 0, 0);
    buf_init(&memory, 0);
    struct approval_view view;
    enum ambit_err err = view_load(reading, id, &memory, &arena, &view);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    bool is_pending = view.row.state == APPROVAL_PENDING && view.row.until_ms > reading->now_ms;
    return is_visible(&view, by->who->person) && (is_pending || !by->only_pending)
               ? view_write(by->who->documents, reading, &view, NULL, &arena, out)
               : AMBIT_ERR_NOT_FOUND;
}

enum ambit_err query_approvals(struct broker *broker, const struct broker_view *who,
                               bool only_pending, const struct page *page, struct json_out *out)
{
    struct seen_by by = {.who = who, .only_pending = only_pending};
    struct query_list list = {
        .table = STORE_APPROVALS, .name = "approvals", .write = list_one, .ctx = &by};
    return query_list(broker, &list, page, out);
}
