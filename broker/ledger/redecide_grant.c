/* SPDX-License-Identifier: Apache-2.0 */
/* A grant, out of the event that gave it: what the broker keeps as a row is nothing else. */
#include "ledger/redecide.h"

#include "ambit/limits.h"
#include "base/arena.h"

static struct ambit_grant_view view_of(const struct event *issued)
{
    return (struct ambit_grant_view){
        .id = issued->grant,
        .lineage = issued->lineage,
        .parent = issued->parent,
        .agent = issued->agent,
        .owner = issued->owner,
        .team = issued->team,
        .audience = issued->audience,
        .issued_ms = issued->time_ms,
        .expires_ms = issued->expires_ms,
        .binding = issued->binding,
        .binding_key = issued->binding_key,
        .purpose = issued->purpose,
        .composition = issued->composition,
        .is_approved = ambit_str_is(issued->approved, "given"),
        .depth = (unsigned)issued->depth,
        .items = issued->items,
        .n_items = issued->n_items,
        .except = issued->except,
        .n_except = issued->n_except,
        .liveness = AMBIT_LIVE,
    };
}

static AMBIT_CHECKED enum ambit_err load(const struct redecide_issued *issued, struct ambit_id id,
                                         struct arena *arena, unsigned left,
                                         struct redecide_grant *ret)
{
    struct event *event = arena_alloc(arena, sizeof *event);
    struct redecide_grant *above = arena_alloc(arena, sizeof *above);
    if (event == NULL || above == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = issued->event_of(issued->ctx, id, arena, event);
    if (err != AMBIT_OK)
        return err;
    if (event->type != EVENT_GRANT_ISSUED || !ambit_id_eq(event->grant, id))
        return AMBIT_ERR_NOT_FOUND;
    *ret = (struct redecide_grant){.view = view_of(event),
                                   .hides_purpose = (event->erased & EVENT_ERASED_PURPOSE) != 0};
    if (ambit_id_is_none(event->parent))
        return AMBIT_OK;

    /* What is deeper than any grant can be was never given by the broker. */
    err = left > 0 ? load(issued, event->parent, arena, left - 1, above) : AMBIT_ERR_NOT_FOUND;
    if (err != AMBIT_OK)
        return err;
    ret->view.above = &above->view;
    ret->hides_purpose = ret->hides_purpose || above->hides_purpose;
    return above->view.depth + 1 == ret->view.depth ? AMBIT_OK : AMBIT_ERR_NOT_FOUND;
}

enum ambit_err redecide_grant_of(const struct redecide_issued *issued, struct ambit_id id,
                                 struct arena *arena, struct redecide_grant *ret)
{
    return load(issued, id, arena, AMBIT_DEPTH_MAX, ret);
}
