/* SPDX-License-Identifier: Apache-2.0 */
/* What the stops and the approval of a hypothetical question mean for the grants it tells of. */
#include "policy/hypothesis.h"

#include "base/encode.h"

/* The grant or lineage that a stop names, by the text it was told by. */
static struct ambit_id id_of(const struct ambit_hypothesis *h, struct ambit_str text)
{
    struct ambit_id id = {{0}};
    if (id_decode(text, &id) == AMBIT_OK)
        return id;
    for (const struct told_id *told = h->ids; told; told = told->next) {
        if (ambit_str_eq(told->text, text))
            return told->id;
    }
    return (struct ambit_id){{0}};
}

bool hypothesis_is_cut_off(const struct ambit_hypothesis *h, struct ambit_id grant,
                           struct ambit_id lineage)
{
    if (ambit_id_is_none(lineage))
        lineage = grant; /* of a root grant, itself */
    for (size_t i = 0; i < h->n_stops; i++) {
        const struct ambit_stop_view *stop = &h->stops[i];
        if (stop->kind != AMBIT_TARGET_GRANT && stop->kind != AMBIT_TARGET_LINEAGE)
            continue;
        struct ambit_id id = id_of(h, stop->target);
        struct ambit_id of = stop->kind == AMBIT_TARGET_GRANT ? grant : lineage;
        if (!ambit_id_is_none(id) && ambit_id_eq(id, of))
            return true;
    }
    return false;
}

/* The views stand in our arena: they are ours to write. */
static struct ambit_grant_view *above(const struct ambit_grant_view *view)
{
    return (struct ambit_grant_view *)(uintptr_t)view;
}

void hypothesis_settle(struct ambit_hypothesis *h)
{
    bool is_given = h->action.approval == AMBIT_APPROVAL_GIVEN;
    const bool is_grant = h->kind == AMBIT_QUESTION_GRANT;
    struct ambit_grant_view *view = is_grant ? above(h->grant.parent) : &h->grant_view;
    for (; view; view = above(view->above)) {
        view->is_approved = is_given;
        if (hypothesis_is_cut_off(h, view->id, view->lineage))
            view->liveness = AMBIT_DEAD_STOPPED;
    }
}
