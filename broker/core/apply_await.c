/* SPDX-License-Identifier: Apache-2.0 */
/* From requests that are awaited to their rows. */
#include "core/apply_await.h"

#include "base/arena.h"
#include "base/json_read.h"
#include "core/await_row.h"

static enum ambit_err apply_awaited(struct store_txn *txn, const struct event *event)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    const struct json_value *detail = NULL;
    struct json_problem ignored;
    if (json_read(event->detail, (struct json_limits){.depth = 4}, &arena, &detail, &ignored) !=
        AMBIT_OK)
        return AMBIT_ERR_DAMAGED;
    struct ambit_str kind = json_get_str(detail, "kind");
    struct await_row row = {
        .handle = event->handle,
        .kind = ambit_str_is(kind, "ciba") ? AWAIT_CIBA : AWAIT_DEFERRED,
        .state = AWAIT_OPEN,
        .agent = event->agent,
        .approval = event->approval,
        .seq = event->seq,
        .expires_ms = event->expires_ms,
    };
    if (!ambit_str_is(kind, await_kind_text(row.kind)))
        return AMBIT_ERR_DAMAGED;
    return await_row_store(txn, &row);
}

static AMBIT_CHECKED enum ambit_err settle(struct store_txn *txn, const struct event *event,
                                           enum await_state state)
{
    ARENA_AUTO arena;
    arena_init(&arena, NULL, 0, 0);
    struct await_row row;
    enum ambit_err err = await_row_load(txn, &event->handle, &arena, &row);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_ERR_DAMAGED : err;
    row.state = state;
    if (state == AWAIT_REDEEMED && event->type == EVENT_GRANT_ISSUED)
        row.grant = event->grant;
    return await_row_store(txn, &row);
}

enum ambit_err apply_redeemed(struct store_txn *txn, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    return ambit_digest_eq(event->handle, none) ? AMBIT_OK : settle(txn, event, AWAIT_REDEEMED);
}

enum ambit_err apply_await(struct store_txn *txn, const struct event *event)
{
    return event->type == EVENT_APPROVAL_AWAITED ? apply_awaited(txn, event)
                                                 : settle(txn, event, AWAIT_CANCELLED);
}
