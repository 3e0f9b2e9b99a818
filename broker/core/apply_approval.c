/* SPDX-License-Identifier: Apache-2.0 */
/* From what people were asked and answered to the rows. */
#include "core/apply_approval.h"

#include "base/arena.h"
#include "base/encode.h"
#include "base/json_read.h"
#include "core/approval_row.h"
#include "core/due.h"

enum { HOUR_MS = 3600 * 1000 };

/* What only approval.asked says: {"asks_digest","envelope_ms","shown","timeout_ms","uses"}, beside
 * the rules that ask. */
static enum ambit_err read_detail(const struct event *event, struct arena *arena,
                                  struct approval_row *row)
{
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    int64_t uses = 0;
    if (json_read(event->detail, (struct json_limits){.depth = 8}, arena, &detail, &ignored) !=
            AMBIT_OK ||
        digest_decode(json_get_str(detail, "shown"), &row->shown) != AMBIT_OK ||
        digest_decode(json_get_str(detail, "asks_digest"), &row->asks) != AMBIT_OK ||
        !json_get_i64(detail, "timeout_ms", &row->timeout_ms) ||
        !json_get_i64(detail, "uses", &uses) || uses < 1)
        return AMBIT_ERR_DAMAGED;
    if (json_get(detail, "envelope_ms") && !json_get_i64(detail, "envelope_ms", &row->envelope_ms))
        return AMBIT_ERR_DAMAGED;
    row->uses_left = (uint64_t)uses;
    return AMBIT_OK;
}

/* Forgets what no bound looks at any more, and adds. */
static enum ambit_err note_asked(struct store_txn *txn, const struct approval_row *row)
{
    struct approval_agent agent;
    enum ambit_err err = approval_agent_load(txn, row->agent, &agent);
    size_t kept = 0;
    for (size_t i = 0; err == AMBIT_OK && i < agent.n; i++) {
        const struct approval_asked *asked = &agent.v[i];
        if (asked->until_ms > row->asked_ms || row->asked_ms - asked->asked_ms < HOUR_MS)
            agent.v[kept++] = *asked;
    }
    if (err != AMBIT_OK || kept == APPROVAL_ASKS_MAX)
        return err != AMBIT_OK ? err : AMBIT_ERR_DAMAGED; /* more than the bounds let through */
    agent.v[kept++] = (struct approval_asked){
        .id = row->id, .asked_ms = row->asked_ms, .until_ms = row->until_ms};
    agent.n = kept;
    return approval_agent_store(txn, row->agent, &agent);
}

static enum ambit_err apply_asked(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row = {
        .id = event->approval,
        .state = APPROVAL_PENDING,
        .agent = event->agent,
        .asked_seq = event->seq,
        .asked_ms = event->time_ms,
        .until_ms = event->expires_ms,
    };
    enum ambit_err err = read_detail(event, &arena, &row);
    if (err == AMBIT_OK)
        err = approval_row_store(txn, &row);
    if (err == AMBIT_OK)
        err = approval_row_index(txn, &row);
    if (err == AMBIT_OK)
        err = note_asked(txn, &row);
    return err != AMBIT_OK
               ? err
               : due_put(txn, DUE_APPROVAL, (struct due){.when_ms = row.until_ms, .id = row.id});
}

static enum ambit_err load(struct store_txn *txn, const struct event *event, struct arena *arena,
                           struct approval_row *ret)
{
    enum ambit_err err = approval_row_load(txn, event->approval, arena, ret);
    return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
}

/* It waits for nobody any more. */
static enum ambit_err end_waiting(struct store_txn *txn, const struct approval_row *row)
{
    struct approval_agent agent;
    enum ambit_err err =
        due_remove(txn, DUE_APPROVAL, (struct due){.when_ms = row->until_ms, .id = row->id});
    if (err == AMBIT_OK)
        err = approval_agent_load(txn, row->agent, &agent);
    for (size_t i = 0; err == AMBIT_OK && i < agent.n; i++) {
        if (ambit_id_eq(agent.v[i].id, row->id))
            agent.v[i].until_ms = 0;
    }
    return err != AMBIT_OK ? err : approval_agent_store(txn, row->agent, &agent);
}

static enum ambit_err add_answer(struct approval_row *row, const struct event *event,
                                 struct arena *arena, bool is_given)
{
    struct approval_answer *answers = arena_array(arena, row->n_answers + 1, sizeof *answers);
    if (answers == NULL || event->person.p == NULL)
        return answers == NULL ? AMBIT_ERR_NO_MEMORY : AMBIT_ERR_DAMAGED;
    if (row->n_answers > 0)
        memcpy(answers, row->answers, row->n_answers * sizeof *answers);
    answers[row->n_answers++] = (struct approval_answer){
        .person = event->person, .is_given = is_given, .at_ms = event->time_ms, .seq = event->seq};
    row->answers = answers;
    return AMBIT_OK;
}

static enum ambit_err apply_given(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    enum ambit_err err = load(txn, event, &arena, &row);
    if (err == AMBIT_OK)
        err = add_answer(&row, event, &arena, true);
    if (err == AMBIT_OK && event->approval_until_ms != 0) {
        row.state = APPROVAL_GIVEN;
        row.lapse_ms = event->approval_until_ms;
        row.given_seq = event->seq;
        err = end_waiting(txn, &row);
    }
    return err != AMBIT_OK ? err : approval_row_store(txn, &row);
}

static enum ambit_err apply_refused(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    enum ambit_err err = load(txn, event, &arena, &row);
    if (err == AMBIT_OK)
        err = add_answer(&row, event, &arena, false);
    if (err != AMBIT_OK)
        return err;
    row.state = APPROVAL_REFUSED;
    row.refused_ms = event->time_ms;
    err = end_waiting(txn, &row);
    return err != AMBIT_OK ? err : approval_row_store(txn, &row);
}

static enum ambit_err apply_lapsed(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    enum ambit_err err = load(txn, event, &arena, &row);
    if (err != AMBIT_OK)
        return err;
    row.state = APPROVAL_LAPSED;
    err = end_waiting(txn, &row);
    return err != AMBIT_OK ? err : approval_row_store(txn, &row);
}

static enum ambit_err apply_used(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct approval_row row;
    enum ambit_err err = load(txn, event, &arena, &row);
    if (err != AMBIT_OK)
        return err;
    if (row.state != APPROVAL_GIVEN || row.uses_left == 0)
        return AMBIT_ERR_DAMAGED;
    if (--row.uses_left == 0)
        row.state = APPROVAL_USED;
    return approval_row_store(txn, &row);
}

enum ambit_err apply_approval(struct store_txn *txn, const struct event *event)
{
    static const struct {
        enum event_type type;
        enum ambit_err (*apply)(struct store_txn *txn, const struct event *event);
    } rows[] = {
        {EVENT_APPROVAL_ASKED, apply_asked},     {EVENT_APPROVAL_GIVEN, apply_given},
        {EVENT_APPROVAL_REFUSED, apply_refused}, {EVENT_APPROVAL_LAPSED, apply_lapsed},
        {EVENT_APPROVAL_USED, apply_used},
    };
    for (size_t i = 0; i < AMBIT_LEN(rows); i++)
        if (rows[i].type == event->type)
            return rows[i].apply(txn, event);
    return AMBIT_ERR_INTERNAL;
}
