/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of core/apply_approval.c, by events alone: few are open at once. */
#include "ledger/approvals.h"

#include "base/arena.h"
#include "base/json_read.h"

enum { FIRST_ROOM = 16 };

static void forget(struct approved *row)
{
    free((char *)(uintptr_t)row->agent.p);
    for (size_t i = 0; i < row->n_answers && i < APPROVALS_ANSWERS_MAX; i++)
        free((char *)(uintptr_t)row->answers[i].p);
}

void approvals_done(struct approvals *approvals)
{
    for (size_t i = 0; i < approvals->n; i++)
        forget(&approvals->rows[i]);
    free(approvals->rows);
    *approvals = (struct approvals){.n = 0};
}

static struct approved *find(const struct approvals *approvals, struct ambit_id id)
{
    for (size_t i = 0; i < approvals->n; i++)
        if (ambit_id_eq(approvals->rows[i].id, id))
            return &approvals->rows[i];
    return NULL;
}

static AMBIT_CHECKED enum ambit_err keep_text(struct ambit_str text, struct ambit_str *ret)
{
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        return AMBIT_ERR_NO_MEMORY;
    if (text.len > 0)
        memcpy(copy, text.p, text.len);
    *ret = (struct ambit_str){.p = copy, .len = text.len};
    return AMBIT_OK;
}

/* ---- what happens to them ------------------------------------------------------------------- */

static bool is_spent(const struct approved *row, int64_t now_ms)
{
    switch (row->state) {
    case APPROVED_ASKED:
        return false;
    case APPROVED_GIVEN:
        return row->until_ms <= now_ms;
    case APPROVED_REFUSED:
        return now_ms - row->refused_ms >= row->timeout_ms;
    case APPROVED_OVER:
        return true;
    }
    return true;
}

static AMBIT_CHECKED enum ambit_err make_room(struct approvals *approvals, int64_t now_ms)
{
    size_t kept = 0;
    if (approvals->n < approvals->room)
        return AMBIT_OK;
    for (size_t i = 0; i < approvals->n; i++) {
        if (is_spent(&approvals->rows[i], now_ms))
            forget(&approvals->rows[i]);
        else
            approvals->rows[kept++] = approvals->rows[i];
    }
    approvals->n = kept;
    if (kept < approvals->room / 2 || kept >= APPROVALS_MAX) {
        approvals->is_over = approvals->is_over || kept >= APPROVALS_MAX;
        return AMBIT_OK;
    }
    size_t room = approvals->room > 0 ? 2 * approvals->room : FIRST_ROOM;
    struct approved *rows = realloc(approvals->rows, room * sizeof *rows);
    if (rows == NULL)
        return AMBIT_ERR_NO_MEMORY;
    approvals->rows = rows;
    approvals->room = room;
    return AMBIT_OK;
}

static AMBIT_CHECKED enum ambit_err ask(struct approvals *approvals, const struct event *event,
                                        struct arena *arena, const char **ret)
{
    const struct json_value *detail = NULL;
    struct json_problem unused;
    struct approved row = {
        .id = event->approval, .asked_seq = event->seq, .until_ms = event->expires_ms};
    if (find(approvals, event->approval) != NULL) {
        *ret = "asks for an approval of an id that was asked for before";
        return AMBIT_OK;
    }
    enum ambit_err err =
        json_read(event->detail, (struct json_limits){.depth = 8}, arena, &detail, &unused);
    if (err == AMBIT_ERR_NO_MEMORY)
        return err;
    if (err != AMBIT_OK || !json_get_i64(detail, "timeout_ms", &row.timeout_ms) ||
        !json_get_i64(detail, "uses", &row.uses_left) ||
        (json_get(detail, "envelope_ms") != NULL &&
         !json_get_i64(detail, "envelope_ms", &row.envelope_ms))) {
        *ret = "asks for an approval without saying which";
        return AMBIT_OK;
    }
    err = make_room(approvals, event->time_ms);
    if (err != AMBIT_OK || approvals->n >= approvals->room)
        return err;
    err = keep_text(event->agent, &row.agent);
    if (err == AMBIT_OK)
        approvals->rows[approvals->n++] = row;
    return err;
}

static const char *add_answer(struct approved *row, const struct event *event, enum ambit_err *err)
{
    if (row->state != APPROVED_ASKED || row->until_ms <= event->time_ms)
        return "answers a question that was over";
    for (size_t i = 0; i < row->n_answers && i < APPROVALS_ANSWERS_MAX; i++)
        if (ambit_str_eq(row->answers[i], event->person))
            return "is the second answer of one person";
    if (row->n_answers < APPROVALS_ANSWERS_MAX)
        *err = keep_text(event->person, &row->answers[row->n_answers]);
    if (*err == AMBIT_OK)
        row->n_answers++;
    return NULL;
}

static const char *answer(struct approved *row, const struct event *event, enum ambit_err *err)
{
    const char *what = add_answer(row, event, err);
    if (what != NULL || *err != AMBIT_OK)
        return what;
    if (event->type == EVENT_APPROVAL_REFUSED) {
        row->state = APPROVED_REFUSED;
        row->refused_ms = event->time_ms;
    } else if (event->approval_until_ms != 0) {
        row->state = APPROVED_GIVEN;
        row->until_ms = event->approval_until_ms;
        row->given_seq = event->seq;
        row->documents = event->documents;
        int64_t life_ms = row->envelope_ms > 0 ? row->envelope_ms : row->timeout_ms;
        if (event->approval_until_ms != event->time_ms + life_ms)
            return "gives an approval for longer or shorter than was asked";
    }
    return NULL;
}

static const char *use(struct approvals *approvals, struct approved *row, const struct event *event)
{
    if (!ambit_id_eq(approvals->used, event->approval) ||
        !ambit_id_eq(approvals->cause, event->cause))
        return "uses up an approval on which the decision before it does not rest";
    if (row == NULL)
        return NULL;
    if (row->state != APPROVED_GIVEN || row->uses_left < 1)
        return "uses up an approval that was used up";
    if (--row->uses_left == 0)
        row->state = APPROVED_OVER;
    return NULL;
}

static bool rests_on_approval(const struct event *event)
{
    bool is_allow = event->type == EVENT_GRANT_ISSUED || event->type == EVENT_ACTION_ALLOWED;
    return is_allow && !ambit_id_is_none(event->approval) && ambit_str_is(event->approved, "given");
}

enum ambit_err approvals_note(struct approvals *approvals, const struct event *event,
                              struct arena *arena, bool is_partial, const char **ret)
{
    enum ambit_err err = AMBIT_OK;
    bool is_use = event->type == EVENT_APPROVAL_USED;
    bool is_answer = event->type == EVENT_APPROVAL_GIVEN || event->type == EVENT_APPROVAL_REFUSED;
    struct approved *row = find(approvals, event->approval);
    *ret = NULL;
    if (!ambit_id_is_none(approvals->used) && !is_use)
        *ret = "does not say that the decision before it used up its approval";
    if (event->type == EVENT_APPROVAL_ASKED)
        err = ask(approvals, event, arena, ret);
    else if (is_answer && row != NULL)
        *ret = answer(row, event, &err);
    else if (is_answer && !is_partial && !approvals->is_over)
        *ret = "answers a question that was over";
    else if (event->type == EVENT_APPROVAL_LAPSED && row != NULL)
        row->state = APPROVED_OVER;
    else if (is_use && (!is_partial || !ambit_id_is_none(approvals->used)))
        *ret = use(approvals, row, event);
    approvals->used = approvals->cause = (struct ambit_id){{0}};
    if (rests_on_approval(event)) {
        approvals->used = event->approval;
        approvals->cause = event->id;
    }
    return err;
}

/* ---- a decision that names one -------------------------------------------------------------- */

static bool are_who_answered(const struct approved *row, const struct event *event)
{
    if (row->n_answers > APPROVALS_ANSWERS_MAX)
        return true;
    if (row->n_answers != event->n_approvers)
        return false;
    for (size_t i = 0; i < row->n_answers; i++)
        if (!ambit_str_eq(row->answers[i], event->approvers[i]))
            return false;
    return true;
}

static const char *judge_given(const struct approved *row, const struct event *event)
{
    if (row->state != APPROVED_GIVEN)
        return "was made with an approval that was not given, or was over";
    if (row->until_ms <= event->time_ms)
        return "was made with an approval that had lapsed";
    if (event->approval_until_ms != (row->envelope_ms > 0 ? row->until_ms : 0))
        return "names another end of its approval than was given";
    return NULL;
}

static const char *judge_rejected(const struct approved *row, const struct event *event)
{
    bool holds =
        row->state == APPROVED_REFUSED && event->time_ms - row->refused_ms < row->timeout_ms;
    return holds ? NULL : "was made with a refusal that nobody said, or that was over";
}

const char *approvals_judge(const struct approvals *approvals, const struct event *event,
                            bool is_partial, const struct approved **ret)
{
    *ret = NULL;
    if (event->decision == EVENT_DECISION_NONE || event->approved.p == NULL)
        return NULL;
    bool is_given = ambit_str_is(event->approved, "given");
    const struct approved *row = find(approvals, event->approval);
    if (row == NULL)
        return is_partial || approvals->is_over
                   ? NULL
                   : "was made with an approval that was not given, or was over";
    *ret = row;
    const char *what = is_given ? judge_given(row, event) : judge_rejected(row, event);
    if (what != NULL)
        return what;
    if (!ambit_str_eq(row->agent, event->agent))
        return "was made with the approval of another agent";
    return are_who_answered(row, event) ? NULL : "names other approvers than those who answered";
}
