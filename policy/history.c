/* SPDX-License-Identifier: Apache-2.0 */
/* How the engine reads the world, every read written down in the decision, and what it asks history
 * to remember. Nothing of the world is seen but through here. */
#include "policy/judge.h"

void judge_fail(struct judge *j, enum ambit_err err)
{
    if (!j->err)
        j->err = err;
}

struct ambit_str judge_key(struct judge *j, enum ambit_by by, const struct compiled_policy *policy)
{
    switch (by) {
    case AMBIT_BY_GRANT:
        if (j->named_by)
            return (struct ambit_str){0};
        return (struct ambit_str){.p = j->d->grant_text[j->level],
                                  .len = sizeof j->d->grant_text[0]};
    case AMBIT_BY_LINEAGE:
        if (j->named_by)
            return (struct ambit_str){0};
        return (struct ambit_str){.p = j->d->lineage_text, .len = sizeof j->d->lineage_text};
    case AMBIT_BY_AGENT:
        return j->agent->name;
    case AMBIT_BY_TEAM:
        return compiled_team(j->agent);
    case AMBIT_BY_OWNER:
        return j->agent->agent->owner;
    case AMBIT_BY_RESOURCE:
        return *j->resource;
    case AMBIT_BY_POLICY:
        break;
    }
    return policy->name;
}

/* What stands in a history that nobody has. */
static int64_t empty_figure(const struct ambit_figure_query *query)
{
    switch (query->kind) {
    case AMBIT_LIMIT_DISTINCT:
        return (int64_t)query->n_values;
    case AMBIT_LIMIT_AFTER:
        return -1;
    case AMBIT_LIMIT_COUNT:
    case AMBIT_LIMIT_SUM:
    case AMBIT_LIMIT_GRANTS:
    case AMBIT_LIMIT_LIVE_GRANTS:
    case AMBIT_LIMIT_USES:
        break;
    }
    return 0;
}

static bool has_no_history(const struct judge *j, const struct ambit_figure_query *query)
{
    return j->named_by && !query->key.p;
}

bool judge_counts(const struct judge *j, const struct compiled_policy *policy)
{
    if (!j->named_by)
        return true;
    const struct ambit_strs *audiences = &j->named_by->service->audiences;
    for (size_t i = 0; i < audiences->n; i++) {
        if (policy_names_audience(policy, audiences->v[i]))
            return true;
    }
    return false;
}

bool judge_figure(struct judge *j, const struct ambit_figure_query *query, int64_t *ret)
{
    struct ambit_decision *d = j->d;
    if (j->err)
        return false;
    if (has_no_history(j, query)) {
        *ret = empty_figure(query);
        return true;
    }
    if (d->n_figures == AMBIT_FIGURES_MAX) {
        j->err = AMBIT_ERR_TOO_LARGE;
        return false;
    }
    j->err = j->world->figure(j->world->ctx, query, ret);
    if (j->err)
        return false;

    d->figures[d->n_figures++] = *ret;
    return true;
}

bool judge_same_live(struct judge *j, const struct ambit_same_query *query, struct ambit_id *ret)
{
    struct ambit_decision *d = j->d;
    *ret = (struct ambit_id){{0}};
    if (j->err)
        return false;
    if (d->n_figures == AMBIT_FIGURES_MAX) {
        j->err = AMBIT_ERR_TOO_LARGE;
        return false;
    }
    if (j->world->same_live)
        j->err = j->world->same_live(j->world->ctx, query, ret);
    if (j->err)
        return false;

    d->figures[d->n_figures++] = !ambit_id_is_none(*ret);
    return !ambit_id_is_none(*ret);
}

static struct ambit_figure_query limit_query(struct judge *j, const struct compiled_rule *rule,
                                             const struct ambit_limit *limit)
{
    struct ambit_figure_query query = {
        .policy = rule->policy->name,
        .id = rule->id,
        .kind = limit->kind,
        .field = limit->field,
        .by = limit->by,
        .key = judge_key(j, limit->by, rule->policy),
        .within_ms = limit->within_s * 1000,
    };
    if (limit->kind == AMBIT_LIMIT_DISTINCT) {
        query.field = distinct_field(limit->distinct_action);
        query.values = limit->distinct_action ? j->name : j->resource;
        query.n_values = 1;
    }
    return query;
}

bool judge_figure_once(struct judge *j, const void *about, const struct ambit_figure_query *query,
                       int64_t *ret)
{
    for (size_t i = 0; i < j->n_memo; i++) {
        if (j->memo[i].about == about && j->memo[i].level == j->level) {
            *ret = j->memo[i].figure;
            return true;
        }
    }
    if (!judge_figure(j, query, ret))
        return false;

    if (j->n_memo < AMBIT_LEN(j->memo)) /* a full memo asks again, and is told the same */
        j->memo[j->n_memo++] = (struct memo){.about = about, .figure = *ret, .level = j->level};
    return true;
}

bool judge_limit_figure(struct judge *j, const struct compiled_rule *rule,
                        const struct ambit_limit *limit, int64_t *ret)
{
    struct ambit_figure_query query = limit_query(j, rule, limit);
    return judge_figure_once(j, limit, &query, ret);
}

bool figure_exceeds(int64_t figure, int64_t amount, int64_t max)
{
    int64_t sum = 0;
    return figure == AMBIT_FIGURE_FULL || __builtin_add_overflow(figure, amount, &sum) || sum > max;
}

static bool same_history(const struct ambit_figure_query *a, const struct ambit_figure_query *b)
{
    return a->is_stop == b->is_stop && a->kind == b->kind && a->by == b->by &&
           ambit_str_eq(a->id, b->id) && ambit_str_eq(a->policy, b->policy) &&
           ambit_str_eq(a->field, b->field) && ambit_str_eq(a->key, b->key);
}

/* A key that several levels share is charged once. */
static bool is_charged_below(const struct judge *j, const struct ambit_charge *charge)
{
    for (size_t i = 0; j->level > 0 && i < j->d->n_charges; i++) {
        if (same_history(&j->d->charges[i].what, &charge->what))
            return true;
    }
    return false;
}

void judge_charge(struct judge *j, const struct ambit_charge *charge)
{
    if (has_no_history(j, &charge->what) || is_charged_below(j, charge))
        return;
    if (j->d->n_charges == AMBIT_CHARGES_MAX) {
        judge_fail(j, AMBIT_ERR_TOO_LARGE);
        return;
    }
    j->d->charges[j->d->n_charges++] = *charge;
}

void judge_charge_limit(struct judge *j, const struct compiled_rule *rule,
                        const struct compiled_limit *limit, int64_t amount)
{
    struct ambit_charge charge = {.what = limit_query(j, rule, &limit->limit), .amount = amount};
    charge.what.within_ms = limit->keep_ms;
    judge_charge(j, &charge);
}

static const struct ambit_stop_view *use_stop(struct judge *j, const struct ambit_stop_view *stop)
{
    struct ambit_decision *d = j->d;
    for (size_t i = 0; i < d->n_used_stops; i++) {
        if (ambit_id_eq(d->used_stops[i].id, stop->id) && d->used_stops[i].kind == stop->kind &&
            ambit_str_eq(d->used_stops[i].target, stop->target))
            return stop;
    }
    if (d->n_used_stops == AMBIT_USED_STOPS_MAX)
        judge_fail(j, AMBIT_ERR_TOO_LARGE);
    else
        d->used_stops[d->n_used_stops++] = *stop;
    return stop;
}

static const struct ambit_stop_view *used(struct judge *j, const struct ambit_stop_view *stop)
{
    return stop ? use_stop(j, stop) : NULL;
}

const struct ambit_stop_view *judge_stop_on(struct judge *j, enum ambit_target_kind kind,
                                            struct ambit_str target)
{
    return used(j, stop_on(j->world->stops, j->world->n_stops, kind, target));
}

const struct ambit_stop_view *judge_stop_covering(struct judge *j, const struct covered *covered)
{
    return used(j, stop_covering(j->world->stops, j->world->n_stops, covered));
}

const struct ambit_stop_view *judge_stop_on_resource(struct judge *j,
                                                     const struct pattern *resource)
{
    return used(j, stop_on_resource(j->world->stops, j->world->n_stops, resource));
}

static enum ambit_err recorded_figure(void *ctx, const struct ambit_figure_query *query,
                                      int64_t *ret)
{
    (void)query;
    struct ambit_recorded *recorded = ctx;
    if (recorded->next >= recorded->n)
        return AMBIT_ERR_DAMAGED;

    *ret = recorded->figures[recorded->next++];
    return AMBIT_OK;
}

/* Whether there was one is a figure. Which one is in the record only where it was replaced; where
 * the request was refused in the end, which one it would have been changes nothing. */
static enum ambit_err recorded_same(void *ctx, const struct ambit_same_query *query,
                                    struct ambit_id *ret)
{
    (void)query;
    struct ambit_recorded *recorded = ctx;
    if (recorded->next >= recorded->n)
        return AMBIT_ERR_DAMAGED;

    *ret = (struct ambit_id){{0}};
    if (recorded->figures[recorded->next++] == 0)
        return AMBIT_OK;
    *ret = recorded->replaces;
    if (ambit_id_is_none(*ret))
        memset(ret->b, 0xff, sizeof ret->b);
    return AMBIT_OK;
}

struct ambit_world ambit_world_of_record(struct ambit_recorded *recorded,
                                         const struct ambit_stop_view *stops, size_t n_stops)
{
    return (struct ambit_world){
        .stops = stops,
        .n_stops = n_stops,
        .ctx = recorded,
        .figure = recorded_figure,
        .same_live = recorded_same,
    };
}
