/* SPDX-License-Identifier: Apache-2.0 */
/* See approval.h: finding the answer to a question, and telling of it. */
#include "core/approval.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_write.h"
#include "core/approval_shown.h"
#include "core/cutoff.h"
#include "core/settle.h"

bool approval_fits(const struct approval_use *use, const struct ambit_decision *decision)
{
    struct ambit_digest asks;
    return use->state == AMBIT_APPROVAL_NONE || decision->n_asks == 0 ||
           (approval_shown_asks(decision, &asks) == AMBIT_OK &&
            ambit_digest_eq(asks, use->row.asks));
}

/* ---- the answer ------------------------------------------------------------------------------ */

enum ambit_err approval_is_void(struct store_txn *txn, uint64_t last_cutoff_seq,
                                const struct ambit_documents *documents,
                                const struct approval_row *row, bool *ret)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, row->agent);
    const struct ambit_person *owner =
        agent != NULL ? ambit_person_find(documents, agent->owner) : NULL;
    *ret = agent == NULL;
    if (agent == NULL)
        return AMBIT_OK;
    struct grant_row as_grant = {.id = row->id,
                                 .lineage = row->id,
                                 .seq = row->given_seq,
                                 .agent = row->agent,
                                 .owner = agent->owner,
                                 .team = owner != NULL ? owner->team : (struct ambit_str){0}};
    enum ambit_liveness liveness = AMBIT_LIVE;
    enum ambit_err err = cutoff_liveness(txn, last_cutoff_seq, &as_grant, &liveness);
    *ret = liveness != AMBIT_LIVE;
    return err;
}

/* What an answer is judged by. */
struct moment {
    const struct ambit_documents *documents;
    uint64_t last_cutoff_seq;
    int64_t now_ms;
};

static AMBIT_CHECKED enum ambit_err judge(struct store_txn *txn, const struct moment *at,
                                          struct approval_use *use)
{
    const struct approval_row *row = &use->row;
    bool is_void = false;
    use->is_found = true;
    switch (row->state) {
    case APPROVAL_PENDING:
    case APPROVAL_LAPSED:
    case APPROVAL_USED:
        return AMBIT_OK;
    case APPROVAL_REFUSED:
        if (at->now_ms - row->refused_ms < row->timeout_ms)
            use->state = AMBIT_APPROVAL_REJECTED;
        return AMBIT_OK;
    case APPROVAL_GIVEN: {
        if (row->lapse_ms <= at->now_ms)
            return AMBIT_OK;
        enum ambit_err err =
            approval_is_void(txn, at->last_cutoff_seq, at->documents, row, &is_void);
        if (err != AMBIT_OK || is_void)
            return err;
        use->state = AMBIT_APPROVAL_GIVEN;
        use->lapse_ms = row->envelope_ms > 0 ? row->lapse_ms : 0;
        return AMBIT_OK;
    }
    }
    return AMBIT_ERR_INTERNAL;
}

/* Another key, or another grant that it comes from, is not less: people saw neither. */
static bool is_same_holder(const struct event *shown, const struct ambit_grant_question *q)
{
    struct ambit_id parent = q->parent != NULL ? q->parent->id : (struct ambit_id){{0}};
    return shown->binding == q->binding && ambit_digest_eq(shown->binding_key, q->binding_key) &&
           ambit_id_eq(shown->parent, parent);
}

/* Inside what was shown: an envelope covers less, never more. */
static AMBIT_CHECKED enum ambit_err is_enveloped(struct store_txn *txn,
                                                 const struct approval_row *row,
                                                 const struct ambit_grant_question *q,
                                                 struct arena *arena, bool *ret)
{
    BUF_AUTO memory;
    buf_init(&memory, 0);
    struct event shown;
    *ret = false;
    if (row->envelope_ms == 0)
        return AMBIT_OK;
    enum ambit_err err = approval_question(txn, row, &memory, arena, &shown);
    if (err != AMBIT_OK)
        return err;
    bool is_shorter =
        !shown.has_asked_lifetime || (q->has_lifetime && q->lifetime_s <= shown.asked_lifetime_s);
    struct ambit_str audience = shown.has_asked_audience ? shown.audience : (struct ambit_str){0};
    if (shown.n_asked == 0 || !is_shorter || !ambit_str_eq(shown.purpose, q->purpose) ||
        !ambit_str_eq(audience, q->audience) || !is_same_holder(&shown, q))
        return AMBIT_OK;
    err = ambit_items_inside(shown.asked, shown.n_asked, q->items, q->n_items, ret);
    return err == AMBIT_ERR_TOO_LARGE || err == AMBIT_ERR_MALFORMED ? AMBIT_OK : err;
}

enum ambit_err approval_look_grant(struct broker *broker, struct store_txn *txn,
                                   const struct ambit_grant_question *question,
                                   struct ambit_id wanted, struct arena *arena,
                                   struct approval_use *ret)
{
    *ret = (struct approval_use){.is_found = false};
    enum ambit_err err = approval_shown_grant(question, &ret->shown);
    if (err != AMBIT_OK)
        return err;
    bool is_it = false;
    if (!ambit_id_is_none(wanted))
        err = approval_row_load(txn, wanted, arena, &ret->row);
    if (err == AMBIT_OK && !ambit_id_is_none(wanted) &&
        ambit_str_eq(ret->row.agent, question->agent)) {
        is_it = ambit_digest_eq(ret->row.shown, ret->shown);
        if (!is_it)
            err = is_enveloped(txn, &ret->row, question, arena, &is_it);
    }
    /* What is named and of something else is as if it were not named. */
    if (!is_it && (err == AMBIT_OK || err == AMBIT_ERR_NOT_FOUND))
        err = approval_row_find(txn, question->agent, &ret->shown, arena, &ret->row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    struct moment now = {.documents = broker->batch.documents->documents,
                         .last_cutoff_seq = broker->batch.head.last_cutoff_seq,
                         .now_ms = question->now_ms};
    return judge(txn, &now, ret);
}

enum ambit_err approval_look_action(struct store_txn *txn, const struct action_command *command,
                                    struct approval_use *ret)
{
    *ret = (struct approval_use){.is_found = false};
    if (!command->grant_found && !command->question.named_agent.p)
        return AMBIT_OK;
    enum ambit_err err = approval_shown_action(command, &ret->shown);
    if (err == AMBIT_OK)
        err = approval_row_find(txn, command->grant.agent, &ret->shown, command->arena, &ret->row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    struct moment now = {.documents = command->base.documents->documents,
                         .last_cutoff_seq = command->last_cutoff_seq,
                         .now_ms = command->base.now_ms};
    return judge(txn, &now, ret);
}

/* ---- in the record --------------------------------------------------------------------------- */

enum ambit_err approval_tell(const struct approval_use *use, const struct ambit_decision *decision,
                             struct arena *arena, struct event *event)
{
    if (use->state == AMBIT_APPROVAL_NONE || decision->n_asks == 0)
        return AMBIT_OK;
    struct ambit_str *names = arena_array(arena, use->row.n_answers + 1, sizeof *names);
    if (names == NULL)
        return AMBIT_ERR_NO_MEMORY;
    size_t n = 0;
    for (size_t i = 0; i < use->row.n_answers; i++)
        names[n++] = use->row.answers[i].person;
    event->approval = use->row.id;
    event->approved =
        use->state == AMBIT_APPROVAL_GIVEN ? AMBIT_STR("given") : AMBIT_STR("rejected");
    event->approval_until_ms = use->lapse_ms;
    event->approvers = names;
    event->n_approvers = n;
    return AMBIT_OK;
}

static void put_strs(struct json_out *out, const char *key, struct ambit_strs texts)
{
    if (texts.n == 0)
        return;
    json_key(out, key);
    json_begin_array(out);
    for (size_t i = 0; i < texts.n; i++)
        json_str(out, texts.v[i]);
    json_end_array(out);
}

static void put_ask(struct json_out *out, const struct ambit_ask *ask)
{
    json_begin_object(out);
    json_member_str(out, "agent", ask->agent);
    json_key(out, "count");
    json_i64(out, ask->approval->count);
    json_key(out, "digest");
    json_digest(out, ask->digest);
    json_member_str(out, "policy", ask->policy);
    put_strs(out, "roles", ask->approval->roles);
    json_member_str(out, "rule", ask->rule);
    put_strs(out, "teams", ask->approval->teams);
    json_member_text(out, "tier", ambit_tier_text(ask->tier));
    json_end_object(out);
}

/* The least that the rules agree on: the shortest wait, the smallest envelope; no envelope where
 * one of them has none. */
struct terms {
    int64_t timeout_ms, envelope_ms, uses;
};
static struct terms terms_of(const struct ambit_decision *decision)
{
    struct terms terms = {.timeout_ms = INT64_MAX, .envelope_ms = INT64_MAX, .uses = INT64_MAX};
    for (size_t i = 0; i < decision->n_asks; i++) {
        const struct ambit_approval *a = decision->asks[i].approval;
        int64_t uses = a->envelope_uses ? a->envelope_uses : 1;
        if (a->timeout_s * 1000 < terms.timeout_ms)
            terms.timeout_ms = a->timeout_s * 1000;
        if (a->envelope_for_s * 1000 < terms.envelope_ms)
            terms.envelope_ms = a->envelope_for_s * 1000;
        if (uses < terms.uses)
            terms.uses = uses;
    }
    return terms;
}

static AMBIT_CHECKED enum ambit_err put_detail(const struct ambit_decision *decision,
                                               const struct approval_use *use,
                                               const struct terms *terms, struct buf *buf)
{
    struct ambit_digest asks;
    struct json_out out;
    enum ambit_err err = approval_shown_asks(decision, &asks);
    if (err != AMBIT_OK)
        return err;
    json_out_init(&out, buf, true);
    json_begin_object(&out);
    json_key(&out, "asks");
    json_begin_array(&out);
    for (size_t i = 0; i < decision->n_asks; i++)
        put_ask(&out, &decision->asks[i]);
    json_end_array(&out);
    json_key(&out, "asks_digest");
    json_digest(&out, asks);
    if (terms->envelope_ms > 0) {
        json_key(&out, "envelope_ms");
        json_i64(&out, terms->envelope_ms);
    }
    json_key(&out, "shown");
    json_digest(&out, use->shown);
    json_key(&out, "timeout_ms");
    json_i64(&out, terms->timeout_ms);
    json_key(&out, "uses");
    json_i64(&out, terms->uses);
    json_end_object(&out);
    return buf_check(buf);
}

enum { APPROVAL_ID_INDEX = 1000, APPROVAL_EVENT_INDEX, APPROVAL_USED_INDEX };

static void fill_asked(struct event *event, const struct event *refused)
{
    event->agent = refused->agent;
    event->owner = refused->owner;
    event->team = refused->team;
    event->grant = refused->grant;
    event->lineage = refused->lineage;
    event->parent = refused->parent;
    event->service = refused->service;
    event->asked = refused->asked;
    event->n_asked = refused->n_asked;
    event->has_asked_audience = refused->has_asked_audience;
    event->audience = refused->audience;
    event->has_asked_lifetime = refused->has_asked_lifetime;
    event->asked_lifetime_s = refused->asked_lifetime_s;
    event->action = refused->action;
    event->resource = refused->resource;
    event->context = refused->context;
    event->arguments_digest = refused->arguments_digest;
    event->stated_reason = refused->stated_reason;
    event->purpose = refused->purpose;
    event->binding = refused->binding;
    event->binding_key = refused->binding_key;
    event->policy = refused->policy;
    event->rule = refused->rule;
    event->digest = refused->digest;
    event->cause = refused->id;
}

static AMBIT_CHECKED enum ambit_err open_question(struct command *command, struct store_txn *txn,
                                                  const struct event *refused,
                                                  const struct approval_use *use,
                                                  struct arena *arena, struct ambit_id *ret)
{
    struct broker *broker = command->broker;
    const struct ambit_decision *decision = broker->decision;
    struct approval_agent agent;
    if (use->is_found && use->row.state == APPROVAL_PENDING &&
        use->row.until_ms > command->now_ms) {
        *ret = use->row.id;
        return AMBIT_OK;
    }
    enum ambit_err err = approval_agent_load(txn, refused->agent, &agent);
    if (err != AMBIT_OK || !approval_agent_may_ask(&agent, command->now_ms))
        return err;

    struct terms terms = terms_of(decision);
    struct event event;
    BUF_AUTO detail;
    buf_init(&detail, 0);
    event_init(&event, command, EVENT_APPROVAL_ASKED);
    event_without_once(&event);
    fill_asked(&event, refused);
    event.id = command_derive_id(command, APPROVAL_EVENT_INDEX);
    event.approval = command_derive_id(command, APPROVAL_ID_INDEX);
    event.expires_ms = command->now_ms + terms.timeout_ms;
    settle_note(broker, event.expires_ms);
    err = put_detail(decision, use, &terms, &detail);
    if (err != AMBIT_OK)
        return err;
    event.detail = arena_copy(arena, buf_str(&detail));
    if (event.detail.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    err = record_event(broker, txn, command, &event);
    if (record_cannot_hold(err))
        return AMBIT_OK; /* too much to show: nobody is asked, and the refusal stands */
    if (err == AMBIT_OK)
        *ret = event.approval;
    return err;
}

static AMBIT_CHECKED enum ambit_err use_up(struct command *command, struct store_txn *txn,
                                           const struct event *allowed,
                                           const struct approval_use *use)
{
    struct event event;
    event_init(&event, command, EVENT_APPROVAL_USED);
    event_without_once(&event);
    event.id = command_derive_id(command, APPROVAL_USED_INDEX);
    event.approval = use->row.id;
    event.agent = allowed->agent;
    event.owner = allowed->owner;
    event.team = allowed->team;
    event.grant = allowed->grant;
    event.lineage = allowed->lineage;
    event.cause = allowed->id;
    return record_event(command->broker, txn, command, &event);
}

enum ambit_err approval_settle(struct command *command, struct store_txn *txn,
                               const struct event *decided, const struct approval_use *use,
                               struct arena *arena, struct ambit_id *ret)
{
    const struct ambit_decision *decision = command->broker->decision;
    *ret = (struct ambit_id){{0}};
    /* Nobody can approve what lacks a grant's approval (AZN-18): then no rule asks. */
    if (decision->reason == AMBIT_REASON_APPROVAL_REQUIRED && decision->n_asks > 0)
        return open_question(command, txn, decided, use, arena, ret);
    if (decision->verdict == AMBIT_ALLOW && !ambit_id_is_none(decided->approval))
        return use_up(command, txn, decided, use);
    return AMBIT_OK;
}
