/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded decision made again from its own inputs (ledger/redecide.h), out of the broker's own
 * rows. The record need not carry the list of checks: the engine derives it. */
#include "core/event_json.h"

#include "base/arena.h"
#include "core/internal.h"
#include "ledger/redecide.h"

struct rows {
    struct broker *broker;
    struct store_txn *txn;
    struct documents_ref *documents; /* a reference, held for the call */
};

static enum ambit_err set_of(void *ctx, const struct ambit_digest *digest, struct redecide_set *ret)
{
    struct rows *rows = ctx;
    struct documents_ref *now = broker_documents_acquire(rows->broker);
    rows->documents = NULL;
    enum ambit_err err = AMBIT_OK;
    if (ambit_digest_eq(now->documents->digest, *digest)) {
        rows->documents = now;
    } else {
        broker_documents_release(now);
        err = documents_load(rows->txn, digest, &rows->documents);
    }
    if (err == AMBIT_OK)
        *ret = (struct redecide_set){.set = rows->documents->set};
    return err;
}

static enum ambit_err grant_of(void *ctx, struct ambit_id id, struct arena *arena,
                               struct redecide_grant *ret)
{
    struct rows *rows = ctx;
    struct grant_row *row = arena_alloc(arena, sizeof *row);
    if (row == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = grant_load(rows->txn, id, arena, row);
    *ret = (struct redecide_grant){.hides_purpose = false};
    if (err == AMBIT_OK)
        grant_row_view(row, &ret->view);
    return err;
}

enum ambit_err event_explain(struct broker *broker, struct store_txn *txn,
                             const struct event *event, struct arena *arena,
                             struct ambit_explanation *ret)
{
    struct rows rows = {.broker = broker, .txn = txn};
    const struct redecide_source source = {.ctx = &rows, .set_of = set_of, .grant_of = grant_of};
    struct redecide_question question;
    struct redecide_set set;
    enum ambit_err err = redecide_ask(event, &source, arena, &question);
    if (err == AMBIT_OK)
        err = set_of(&rows, &event->documents, &set);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;

    struct ambit_recorded recorded = {
        .figures = event->figures, .n = event->n_figures, .replaces = event->replaces};
    struct ambit_world world =
        ambit_world_of_record(&recorded, event->used_stops, event->n_used_stops);
    err = question.is_grant ? ambit_explain_grant(set.set, &question.grant, &world, arena, ret)
                            : ambit_explain_action(set.set, &question.action, &world, arena, ret);
    broker_documents_release(rows.documents);
    return err;
}
