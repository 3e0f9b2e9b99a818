/* SPDX-License-Identifier: Apache-2.0 */
/* Which stops the broker had before its eyes: those that held by the record, in the order of their
 * ids, and behind them those it had accepted and not recorded yet, which only the event names. */
#include "ledger/redecide_internal.h"

#include "base/arena.h"

static const struct ambit_stop_view *find(const struct ambit_stop_view *stops, size_t n,
                                          struct ambit_id id)
{
    for (size_t i = 0; i < n; i++)
        if (ambit_id_eq(stops[i].id, id))
            return &stops[i];
    return NULL;
}

static bool is_same(const struct ambit_stop_view *a, const struct ambit_stop_view *b)
{
    return a->kind == b->kind &&
           (a->kind == AMBIT_TARGET_ALL || ambit_str_eq(a->target, b->target));
}

static int compare_ids(const void *a, const void *b)
{
    const struct ambit_stop_view *x = a, *y = b;
    return memcmp(x->id.b, y->id.b, sizeof x->id.b);
}

enum ambit_err redecide_stops_of(const struct event *event,
                                 const struct redecide_followed *followed, struct arena *arena,
                                 struct redecide_stops *ret)
{
    size_t n_held = followed != NULL ? followed->n_held : 0;
    bool are_all = followed != NULL && followed->held_are_all;
    *ret = (struct redecide_stops){.views = event->used_stops, .n = event->n_used_stops};
    if (n_held == 0 && event->n_used_stops <= 1) {
        ret->is_exact = are_all && event->n_used_stops == 0;
        return AMBIT_OK;
    }
    struct ambit_stop_view *views = arena_array(arena, n_held + ret->n, sizeof *views);
    if (views == NULL)
        return AMBIT_ERR_NO_MEMORY;
    for (size_t i = 0; i < n_held; i++)
        views[i] = followed->held[i];
    size_t n = n_held;
    for (size_t i = 0; i < event->n_used_stops; i++) {
        const struct ambit_stop_view *used = &event->used_stops[i];
        const struct ambit_stop_view *held = find(views, n_held, used->id);
        ret->differs = ret->differs || (held != NULL && !is_same(held, used));
        if (held == NULL)
            views[n++] = *used;
    }
    ret->is_exact = are_all && n == n_held;
    if (!are_all) /* some of them held too */
        qsort(views, n, sizeof *views, compare_ids);
    ret->views = views;
    ret->n = n;
    return AMBIT_OK;
}

/* Of several that the broker saw in an order that is not known, another may stand for one. */
bool redecide_stops_eq(const struct event *event, const struct ambit_decision *decision,
                       bool is_exact)
{
    for (size_t i = 0; i < decision->n_used_stops; i++)
        if (find(event->used_stops, event->n_used_stops, decision->used_stops[i].id) == NULL)
            return false;
    bool is_same_count = event->n_used_stops == decision->n_used_stops;
    return is_same_count || (!is_exact && event->n_used_stops > 1 && decision->n_used_stops > 0);
}
