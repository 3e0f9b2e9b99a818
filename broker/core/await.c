/* SPDX-License-Identifier: Apache-2.0 */
/* See await.h. */
#include "core/await.h"

#include "base/arena.h"
#include "base/json_write.h"
#include "core/approval.h"
#include "core/cutoff.h"
#include "ledger/ledger.h"

enum { AWAIT_INDEX = 3000, AWAIT_REVOKED_INDEX, INTERVAL_MS = 5000, EARLY_MS = 500 };

/* ---- login_hint ---------------------------------------------------------------------------- */

static unsigned role_of(struct ambit_str text)
{
    static const struct {
        const char *text;
        unsigned bit;
    } roles[] = {{"owner", AMBIT_ROLE_OWNER},
                 {"oncall", AMBIT_ROLE_ONCALL},
                 {"approver", AMBIT_ROLE_APPROVER},
                 {"auditor", AMBIT_ROLE_AUDITOR},
                 {"admin", AMBIT_ROLE_ADMIN}};
    for (size_t i = 0; i < AMBIT_LEN(roles); i++)
        if (ambit_str_is(text, roles[i].text))
            return roles[i].bit;
    return 0;
}

static bool may_answer(const struct ambit_decision *decision, const struct ambit_person *person)
{
    for (size_t i = 0; i < decision->n_asks; i++) {
        const struct ambit_approval *approval = decision->asks[i].approval;
        unsigned roles = 0;
        bool is_team = approval->teams.n == 0;
        for (size_t k = 0; k < approval->roles.n; k++)
            roles |= role_of(approval->roles.v[k]);
        for (size_t k = 0; k < approval->teams.n && !is_team; k++)
            is_team = ambit_str_eq(approval->teams.v[k], person->team);
        if (is_team && (roles == 0 || person->roles & roles))
            return true;
    }
    return decision->n_asks == 0;
}

bool await_hint_fits(struct ambit_str hint, const struct ambit_decision *decision,
                     const struct ambit_documents *documents)
{
    unsigned role = role_of(hint);
    for (size_t i = 0; i < documents->n_people; i++) {
        const struct ambit_person *person = &documents->people[i];
        bool is_named = ambit_str_eq(person->doc.name, hint) || ambit_str_eq(person->team, hint) ||
                        (role != 0 && person->roles & role);
        if (is_named && person->is_active && may_answer(decision, person))
            return true;
    }
    return false;
}

/* ---- put ----------------------------------------------------------------------------------- */

static AMBIT_CHECKED enum ambit_err put_detail(const struct grant_await *await, struct arena *arena,
                                               struct ambit_str *ret)
{
    BUF_AUTO detail;
    struct json_out out;
    buf_init(&detail, 0);
    json_out_init(&out, &detail, true);
    json_begin_object(&out);
    json_member_str(&out, "hint", await->hint);
    json_member_text(&out, "kind",
                     await_kind_text(await->is_deferral ? AWAIT_DEFERRED : AWAIT_CIBA));
    json_end_object(&out);
    if (buf_check(&detail) != AMBIT_OK)
        return buf_check(&detail);
    *ret = arena_copy(arena, buf_str(&detail));
    return ret->p != NULL ? AMBIT_OK : AMBIT_ERR_NO_MEMORY;
}

/* Until when it can be redeemed: people's time and a moment to come for the answer, or less. */
static AMBIT_CHECKED enum ambit_err end_of(const struct grant_command *command,
                                           struct store_txn *txn, struct ambit_id approval,
                                           int64_t *ret_ms)
{
    const struct grant_await *await = &command->await;
    int64_t now_ms = command->base.now_ms, end_ms = now_ms + AWAIT_LIFE_S * 1000LL;
    if (!ambit_id_is_none(approval)) {
        struct approval_row row;
        enum ambit_err err = approval_row_load(txn, approval, command->arena, &row);
        if (err != AMBIT_OK)
            return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
        int64_t over_ms = row.state == APPROVAL_GIVEN ? row.lapse_ms : row.until_ms;
        end_ms = over_ms + AWAIT_SLACK_MS;
    }
    if (await->has_expiry && await->expiry_s < (end_ms - now_ms) / 1000)
        end_ms = now_ms + await->expiry_s * 1000;
    *ret_ms = end_ms;
    return AMBIT_OK;
}

enum ambit_err await_record(struct grant_command *command, struct store_txn *txn,
                            const struct event *refused, struct ambit_id approval)
{
    struct grant_await *await = &command->await;
    struct event event;
    event_init(&event, &command->base, EVENT_APPROVAL_AWAITED);
    event.once = (struct ambit_digest){{0}};
    event.id = command_derive_id(&command->base, AWAIT_INDEX);
    event.approval = approval;
    event.handle = await->handle;
    event.agent = refused->agent;
    event.owner = refused->owner;
    event.team = refused->team;
    event.parent = refused->parent;
    event.lineage = !ambit_id_is_none(refused->parent) ? refused->lineage : (struct ambit_id){{0}};
    event.asked = refused->asked;
    event.n_asked = refused->n_asked;
    event.has_asked_audience = refused->has_asked_audience;
    event.audience =
        refused->has_asked_audience ? command->question.audience : (struct ambit_str){0};
    event.has_asked_lifetime = refused->has_asked_lifetime;
    event.asked_lifetime_s = refused->asked_lifetime_s;
    event.purpose = refused->purpose;
    event.binding = refused->binding;
    event.binding_key = refused->binding_key;
    event.words = await->message;
    event.cause = refused->seq > 0 ? refused->id : (struct ambit_id){{0}};
    enum ambit_err err = end_of(command, txn, approval, &event.expires_ms);
    if (err == AMBIT_OK)
        err = put_detail(await, command->arena, &event.detail);
    if (err == AMBIT_OK)
        err = record_event(command->base.broker, txn, &command->base, &event);
    if (record_cannot_hold(err))
        return AMBIT_OK; /* too much to be kept: nobody waits, and the refusal stands */
    if (err != AMBIT_OK)
        return err;
    await->is_waiting = true;
    await->expires_ms = event.expires_ms;
    if (command->base.seq == 0)
        command->base.seq = event.seq;
    return AMBIT_OK;
}

/* ---- polled -------------------------------------------------------------------------------- */

/* CIB-8: sooner than the interval: it grows by five seconds. */
static bool is_early(struct polls *polls, const struct grant_command *command)
{
    size_t i = 0;
    int64_t now_ms = command->base.now_ms;
    while (i < POLLS_MAX && !ambit_digest_eq(polls->v[i].handle, command->await.handle))
        i++;
    if (i == POLLS_MAX) {
        i = polls->next++ % POLLS_MAX;
        polls->v[i].handle = command->await.handle;
        polls->v[i].interval_ms = INTERVAL_MS;
        polls->v[i].was_early = false;
    } else if (!ambit_id_eq(polls->v[i].command, command->base.id)) {
        polls->v[i].was_early = now_ms - polls->v[i].last_ms < polls->v[i].interval_ms - EARLY_MS;
        if (polls->v[i].was_early && polls->v[i].interval_ms < AWAIT_LIFE_S * 1000LL)
            polls->v[i].interval_ms += INTERVAL_MS;
    }
    polls->v[i].last_ms = now_ms;
    polls->v[i].command = command->base.id;
    return polls->v[i].was_early;
}

/* What was asked becomes the question. */
static AMBIT_CHECKED enum ambit_err take_question(struct grant_command *command,
                                                  struct store_txn *txn,
                                                  const struct await_row *row)
{
    struct ambit_grant_question *question = &command->question;
    struct ledger_row leaf;
    struct event asked;
    BUF_AUTO memory;
    buf_init(&memory, 0);
    enum ambit_err err = ledger_get(txn, row->seq, &memory, &leaf);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    struct ambit_str bytes = arena_copy(command->arena, leaf.bytes);
    struct ambit_str opening = arena_copy(command->arena, leaf.opening);
    if (bytes.p == NULL || (opening.p == NULL && leaf.opening.len > 0))
        return AMBIT_ERR_NO_MEMORY;
    err = event_decode(bytes, opening, command->arena, &asked);
    if (err != AMBIT_OK)
        return err;
    if (asked.binding == AMBIT_BINDING_NONE && command->binds_if_asked) {
        command->binds_if_asked = false;
        question->binding = AMBIT_BINDING_NONE;
        question->binding_key = (struct ambit_digest){{0}};
    }
    /* DTR-3, CIB-1: the same key as then, and none where there was none. */
    if (asked.binding != question->binding ||
        !ambit_digest_eq(asked.binding_key, question->binding_key)) {
        command->await.found = AWAIT_OTHER_KEY;
        return AMBIT_OK;
    }
    question->items = asked.asked;
    question->n_items = asked.n_asked;
    question->audience = asked.has_asked_audience ? asked.audience : (struct ambit_str){0};
    question->has_lifetime = asked.has_asked_lifetime;
    question->lifetime_s = asked.asked_lifetime_s;
    question->purpose = asked.purpose;
    command->parent = asked.parent;
    command->parent_token = NULL;
    command->approval_wanted = row->approval;
    return AMBIT_OK;
}

/* CIB-9: a handle that was redeemed is shown again: what it gave may be in two hands. */
static AMBIT_CHECKED enum ambit_err revoke_given(struct grant_command *command,
                                                 struct store_txn *txn,
                                                 const struct await_row *await)
{
    struct broker *broker = command->base.broker;
    struct grant_row row;
    enum ambit_liveness liveness = AMBIT_LIVE;
    if (ambit_id_is_none(await->grant))
        return AMBIT_OK;
    enum ambit_err err = grant_load_row(txn, await->grant, command->arena, &row);
    if (err == AMBIT_OK)
        err = cutoff_liveness(txn, broker->batch.head.last_cutoff_seq, &row, &liveness);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (liveness != AMBIT_LIVE || row.expires_ms <= command->base.now_ms)
        return AMBIT_OK;
    struct event event;
    event_init(&event, &command->base, EVENT_GRANT_REVOKED);
    event.id = command_derive_id(&command->base, AWAIT_REVOKED_INDEX);
    event.agent = row.agent;
    event.owner = row.owner;
    event.team = row.team;
    event.grant = row.id;
    event.lineage = row.lineage;
    event.parent = row.parent;
    event.by = command->base.caller.name;
    event.has_proof = true;
    event.decision = AMBIT_ALLOW;
    event.reason = AMBIT_REASON_ALLOWED;
    err = record_event(broker, txn, &command->base, &event);
    command->base.seq = event.seq;
    return err;
}

static AMBIT_CHECKED enum ambit_err is_pending(const struct grant_command *command,
                                               struct store_txn *txn, const struct await_row *row,
                                               enum await_found *ret)
{
    struct approval_row approval;
    *ret = AWAIT_FINE;
    if (ambit_id_is_none(row->approval))
        return AMBIT_OK;
    enum ambit_err err = approval_row_load(txn, row->approval, command->arena, &approval);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    if (approval.state == APPROVAL_PENDING)
        *ret = approval.until_ms > command->base.now_ms ? AWAIT_PENDING : AWAIT_EXPIRED;
    else if (approval.state == APPROVAL_LAPSED)
        *ret = AWAIT_EXPIRED;
    return AMBIT_OK;
}

enum ambit_err await_find(struct grant_command *command, struct store_txn *txn)
{
    struct grant_await *await = &command->await;
    struct await_row row;
    await->found = AWAIT_UNKNOWN;
    enum ambit_err err = await_row_load(txn, &await->handle, command->arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;
    bool is_kind = (row.kind == AWAIT_DEFERRED) == await->is_deferral;
    if (!is_kind || !ambit_str_eq(row.agent, command->base.caller.name))
        return AMBIT_OK;
    if (row.state == AWAIT_REDEEMED) {
        await->found = AWAIT_USED;
        return revoke_given(command, txn, &row);
    }
    await->found = row.state == AWAIT_CANCELLED             ? AWAIT_TAKEN_BACK
                   : row.expires_ms <= command->base.now_ms ? AWAIT_EXPIRED
                                                            : AWAIT_FINE;
    if (await->found != AWAIT_FINE)
        return AMBIT_OK;
    err = is_pending(command, txn, &row, &await->found);
    if (err == AMBIT_OK && await->found == AWAIT_PENDING &&
        is_early(command->base.broker->polls, command))
        await->found = AWAIT_SLOW;
    return err == AMBIT_OK && await->found == AWAIT_FINE ? take_question(command, txn, &row) : err;
}

enum ambit_err await_cancel(struct command *command, struct store_txn *txn,
                            const struct ambit_digest *handle, bool *ret_known, bool *ret_foreign)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct await_row row;
    struct event event;
    *ret_known = false;
    enum ambit_err err = await_row_load(txn, handle, &arena, &row);
    if (err == AMBIT_ERR_NOT_FOUND || (err == AMBIT_OK && row.kind != AWAIT_DEFERRED))
        return AMBIT_OK;
    if (err != AMBIT_OK)
        return err;
    *ret_known = true;
    *ret_foreign = !ambit_str_eq(row.agent, command->caller.name);
    if (*ret_foreign || row.state != AWAIT_OPEN || row.expires_ms <= command->now_ms)
        return AMBIT_OK;
    event_init(&event, command, EVENT_APPROVAL_CANCELLED);
    event.agent = row.agent;
    event.approval = row.approval;
    event.handle = row.handle;
    event.has_proof = true;
    err = record_event(command->broker, txn, command, &event);
    command->seq = event.seq;
    return err;
}
