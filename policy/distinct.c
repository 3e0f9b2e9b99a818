/* SPDX-License-Identifier: Apache-2.0 */
/* What an event adds to a hard stop's count of different names: of an action its own name; of a
 * token request the pattern texts of the items that lie inside the stop. */
#include "policy/judge.h"

struct ambit_str distinct_field(bool is_action)
{
    return is_action ? AMBIT_STR("action") : AMBIT_STR("resource");
}

/* Asked for on every resource stands for one name, which no resource can have. */
static struct ambit_str text_of(const struct compiled_stop *stop, const struct heard_item *item)
{
    if (stop->stop->distinct_action)
        return item->action_text;
    return item->resource_text.p ? item->resource_text : AMBIT_STR("*");
}

static bool is_among(const struct ambit_str *values, size_t n, struct ambit_str text)
{
    for (size_t i = 0; i < n; i++) {
        if (ambit_str_eq(values[i], text))
            return true;
    }
    return false;
}

static void gather(struct judge *j, const struct compiled_stop *stop, const struct event *event,
                   size_t first)
{
    struct ambit_decision *d = j->d;
    for (size_t i = 0; i < event->n_items && !j->err; i++) {
        bool is_inside = false;
        struct ambit_str text = text_of(stop, &event->items[i]);
        /* Where that could not be settled the stop was not heard either. */
        if (hard_stop_item_inside(j, stop, &event->items[i], &is_inside) != AMBIT_OK ||
            !is_inside || is_among(d->values + first, d->n_values - first, text))
            continue;
        if (d->n_values == AMBIT_VALUES_MAX)
            j->err = AMBIT_ERR_TOO_LARGE;
        else
            d->values[d->n_values++] = text;
    }
}

/* The same as were gathered last, by a stop that hears the same items: kept once. */
static bool is_same(const struct judge *j, const struct ambit_str *values, size_t n, size_t first)
{
    bool same = n == j->d->n_values - first;
    for (size_t i = 0; i < n && same; i++)
        same = ambit_str_eq(values[i], j->d->values[first + i]);
    return same;
}

void distinct_values(struct judge *j, const struct compiled_stop *stop, const struct event *event,
                     struct ambit_figure_query *ret)
{
    struct ambit_decision *d = j->d;
    if (!event->is_grant) {
        ret->values = stop->stop->distinct_action ? j->name : j->resource;
        ret->n_values = 1;
        return;
    }
    size_t first = d->n_values;
    gather(j, stop, event, first);
    ret->values = d->values + first;
    ret->n_values = d->n_values - first;
    if (j->last_values && is_same(j, j->last_values, j->n_last_values, first)) {
        d->n_values = first;
        ret->values = j->last_values;
    }
    j->last_values = ret->values;
    j->n_last_values = ret->n_values;
}
