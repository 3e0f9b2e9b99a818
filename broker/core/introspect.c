/* SPDX-License-Identifier: Apache-2.0 */
/* Introspection (INT-3, INT-5, INT-7): the row is found by jti, the digest of rnd compared in
 * constant time, and everything answered from the row, the cut-offs, the stops and the documents of
 * now. */
#include "core/query.h"

#include "core/stops.h"

static bool is_addressed(const struct documents_ref *documents, const struct grant_row *row,
                         const struct caller *caller)
{
    const struct ambit_service *service = ambit_service_find(documents->documents, caller->name);
    if (caller->kind != CALLER_SERVICE || service == NULL)
        return false;
    for (size_t i = 0; i < service->audiences.n; i++)
        if (ambit_str_eq(service->audiences.v[i], row->audience))
            return true;
    return false;
}

/* Documents in force with an active owner (PL: "its agent in force with an active owner"). */
static bool is_answered_for(const struct documents_ref *documents, const struct grant_row *row)
{
    const struct ambit_agent *agent = ambit_agent_find(documents->documents, row->agent);
    const struct ambit_person *owner =
        agent != NULL ? ambit_person_find(documents->documents, agent->owner) : NULL;
    return owner != NULL && owner->is_active;
}

static AMBIT_CHECKED enum ambit_err left_items(struct broker *broker,
                                               const struct documents_ref *documents,
                                               int64_t now_ms, struct arena *arena,
                                               struct introspection *ret)
{
    struct ambit_grant_view view;
    struct stops stops;
    grant_row_view(&ret->row, &view);
    enum ambit_err err = stops_now(broker, arena, &stops);
    if (err == AMBIT_OK)
        ambit_grant_items_now(documents->set, &view, stops.views, stops.n, now_ms, &ret->live_items,
                              &ret->ask_items);
    stops_done(&stops);
    return err;
}

enum ambit_err query_introspect(struct broker *broker, const struct documents_ref *documents,
                                const struct identity_token *token, const struct caller *caller,
                                int64_t now_ms, struct arena *arena, struct introspection *ret)
{
    enum ambit_liveness liveness = AMBIT_UNKNOWN_GRANT;
    *ret = (struct introspection){0};
    enum ambit_err err = grant_look(broker, token, arena, &ret->row, &liveness);
    if (err != AMBIT_OK)
        return err == AMBIT_ERR_NOT_FOUND ? AMBIT_OK : err;

    ret->is_known = true;
    if (liveness != AMBIT_LIVE || ret->row.expires_ms <= now_ms)
        return AMBIT_OK;
    if (caller->kind != CALLER_NONE && !is_addressed(documents, &ret->row, caller))
        return AMBIT_OK;
    if (!is_answered_for(documents, &ret->row))
        return AMBIT_OK;
    err = left_items(broker, documents, now_ms, arena, ret);
    ret->is_active = err == AMBIT_OK && ret->live_items != 0;
    return err;
}
