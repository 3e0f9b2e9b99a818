/* SPDX-License-Identifier: Apache-2.0 */
/* See approval.h: a question as it was put to people, who may answer it, and when they suffice. */
#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "core/approval.h"
#include "ledger/ledger.h"

enum ambit_err approval_question(struct store_txn *txn, const struct approval_row *row,
                                 struct buf *memory, struct arena *arena, struct event *ret)
{
    struct ledger_row leaf;
    buf_reset(memory);
    enum ambit_err err = ledger_get(txn, row->asked_seq, memory, &leaf);
    if (err == AMBIT_OK)
        err = event_decode(leaf.bytes, leaf.opening, arena, ret);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

static unsigned role_bit(struct ambit_str text)
{
    static const struct {
        const char *text;
        unsigned bit;
    } roles[] = {{"owner", AMBIT_ROLE_OWNER},
                 {"oncall", AMBIT_ROLE_ONCALL},
                 {"approver", AMBIT_ROLE_APPROVER},
                 {"auditor", AMBIT_ROLE_AUDITOR},
                 {"admin", AMBIT_ROLE_ADMIN}};
    for (size_t i = 0; i < AMBIT_LEN(roles); i++) {
        if (ambit_str_is(text, roles[i].text))
            return roles[i].bit;
    }
    return 0;
}

static AMBIT_CHECKED enum ambit_err read_ask(const struct json_value *value, struct arena *arena,
                                             struct approval_ask *ret)
{
    *ret = (struct approval_ask){.agent = json_get_str(value, "agent"),
                                 .policy = json_get_str(value, "policy"),
                                 .rule = json_get_str(value, "rule")};
    struct ambit_str tier = json_get_str(value, "tier");
    while (ret->tier < AMBIT_TIER_CRITICAL && !ambit_str_is(tier, ambit_tier_text(ret->tier)))
        ret->tier++;
    const struct json_value *roles = json_get(value, "roles"), *teams = json_get(value, "teams");
    for (const struct json_value *r = roles ? roles->first : NULL; r; r = r->next)
        ret->roles |= role_bit(r->text);
    if (teams != NULL) {
        struct ambit_str *v = arena_array(arena, teams->count + 1, sizeof *v);
        if (v == NULL)
            return AMBIT_ERR_NO_MEMORY;
        for (const struct json_value *t = teams->first; t; t = t->next)
            v[ret->teams.n++] = t->text;
        ret->teams.v = v;
    }
    return digest_decode(json_get_str(value, "digest"), &ret->digest) == AMBIT_OK &&
                   json_get_i64(value, "count", &ret->count)
               ? AMBIT_OK
               : AMBIT_ERR_DAMAGED;
}

enum ambit_err approval_asks(const struct event *question, struct arena *arena,
                             struct approval_ask **ret, size_t *ret_n)
{
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    if (json_read(question->detail, (struct json_limits){.depth = 8}, arena, &detail, &ignored) !=
        AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    const struct json_value *asks = json_get(detail, "asks");
    size_t count = asks ? asks->count : 0, n = 0;
    struct approval_ask *v = arena_array(arena, count + 1, sizeof *v);
    if (v == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (const struct json_value *ask = asks ? asks->first : NULL; ask; ask = ask->next) {
        enum ambit_err err = read_ask(ask, arena, &v[n++]);
        if (err != AMBIT_OK)
            return err;
    }
    *ret = v;
    *ret_n = n;
    return n > 0 ? AMBIT_OK : AMBIT_ERR_DAMAGED;
}

static bool may_answer(const struct approval_ask *ask, const struct ambit_person *person)
{
    bool is_team = ask->teams.n == 0;
    for (size_t i = 0; i < ask->teams.n && !is_team; i++)
        is_team = ambit_str_eq(ask->teams.v[i], person->team);
    return person->is_active && is_team && (ask->roles == 0 || person->roles & ask->roles);
}

bool approval_is_theirs(const struct approval_ask *asks, size_t n,
                        const struct ambit_person *person)
{
    for (size_t i = 0; i < n; i++) {
        if (may_answer(&asks[i], person))
            return true;
    }
    return false;
}

bool approval_suffices(const struct approval_ask *ask, const struct approval_row *row,
                       const struct ambit_documents *documents)
{
    const struct ambit_agent *agent = ambit_agent_find(documents, ask->agent);
    bool wants_other = ask->tier >= AMBIT_TIER_HIGH, has_other = false;
    int64_t n = 0;
    for (size_t i = 0; i < row->n_answers && agent != NULL; i++) {
        const struct ambit_person *person = ambit_person_find(documents, row->answers[i].person);
        if (!row->answers[i].is_given || person == NULL || !may_answer(ask, person))
            continue;
        n++;
        has_other |= !ambit_str_eq(person->doc.name, agent->owner) &&
                     !ambit_str_eq(person->doc.name, agent->backup);
    }
    return n >= ask->count && (has_other || !wants_other);
}

/* ---- what nobody answered -------------------------------------------------------------------- */

enum ambit_err approval_lapse(struct broker *broker, struct store_txn *txn, int64_t now_ms,
                              struct ambit_id id)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    struct command command;
    struct event event;
    enum ambit_err err = approval_row_load(txn, id, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    command_init(&command, broker, NULL, NULL);
    err = command_begin(&command, now_ms);
    if (err != AMBIT_OK)
        return err;
    const struct ambit_agent *agent = ambit_agent_find(command.documents->documents, row.agent);
    event_init(&event, &command, EVENT_APPROVAL_LAPSED);
    event.approval = id;
    event.agent = row.agent;
    if (agent != NULL)
        event.owner = agent->owner;
    err = record_event(broker, txn, &command, &event);
    command_release(&command);
    return err;
}
