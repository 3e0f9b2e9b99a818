/* SPDX-License-Identifier: Apache-2.0 */
/* A question before the hard stops of everyone whose authority it needs: of one that would pass,
 * whether a stop refuses it; of a refused one, what fires beside; of an event, what hears it. */
#include "policy/judge.h"

/* The charges of stops that only what passed is counted by, to be taken back. */
struct undo {
    uint16_t v[AMBIT_CHARGES_MAX];
    size_t n;
};

/* A request that would pass, while the stops of every level are asked. */
struct refusal {
    struct judge *j;
    const struct event *event;
    struct finding *ret;
    int check;
    bool is_refused;
    bool is_unsettled; /* whether a stop hears it */
    struct undo undo;
};

static void take_back(struct ambit_decision *d, const struct undo *undo)
{
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < d->n_charges; i++) {
        if (next < undo->n && undo->v[next] == i)
            next++;
        else
            d->charges[kept++] = d->charges[i];
    }
    d->n_charges = kept;
}

/* A request that would pass, before one stop of the level. */
static void judge_stop(struct refusal *r, const struct compiled_stop *stop)
{
    struct judge *j = r->j;
    bool hears = false;
    if (!hard_stop_listens(stop, r->event->is_grant, AMBIT_REASON_ALLOWED))
        return;
    if (hard_stop_hears(j, stop, r->event, &hears) != AMBIT_OK) {
        r->is_unsettled = true;
        return;
    }
    if (!hears || hard_stop_is_heard_below(j, stop))
        return;

    size_t before = j->d->n_charges;
    bool crosses = hard_stop_count(j, stop, r->event);
    if (crosses && !r->is_refused)
        *r->ret = (struct finding){.check = r->check,
                                   .reason = AMBIT_REASON_HARD_STOP,
                                   .policy = stop->policy,
                                   .rule = stop->stop->id,
                                   .level = j->level};
    r->is_refused |= crosses;
    if (!crosses && stop->on != AMBIT_ON_ATTEMPTED && j->d->n_charges > before)
        r->undo.v[r->undo.n++] = (uint16_t)before;
}

static void judge_level(struct refusal *r)
{
    const struct compiled_agent *agent = r->j->agent;
    for (size_t p = 0; p < agent->n_policies && !r->is_unsettled; p++) {
        const struct compiled_policy *policy = agent->policies[p];
        if (!judge_counts(r->j, policy))
            continue;
        for (size_t s = 0; s < policy->n_stops && !r->j->err && !r->is_unsettled; s++)
            judge_stop(r, &policy->stops[s]);
    }
}

bool hard_stops_refuse(struct judge *j, const struct event *event, int check, struct finding *ret)
{
    struct refusal r PATTERN_SCRATCH;
    r.j = j;
    r.event = event;
    r.check = check;
    r.ret = ret;
    r.undo.n = 0;
    r.is_refused = r.is_unsettled = false;
    for (unsigned level = 0; level < j->n_levels; level++) {
        judge_enter(j, level);
        judge_level(&r);
    }
    judge_enter(j, 0);
    if (r.is_unsettled) {
        /* Could not settle whether a stop hears it: refused, as malformed. */
        j->d->n_charges = j->d->n_trips = 0;
        *ret = (struct finding){.check = check, .reason = AMBIT_REASON_MALFORMED};
        return true;
    }
    if (r.is_refused)
        take_back(j->d, &r.undo);
    return r.is_refused;
}

static void hear_level(struct judge *j, const struct event *event, enum ambit_reason reason)
{
    bool is_dead_end = reason == AMBIT_REASON_STOPPED || reason == AMBIT_REASON_INACTIVE;
    for (size_t p = 0; p < j->agent->n_policies && !j->err; p++) {
        const struct compiled_policy *policy = j->agent->policies[p];
        if (!judge_counts(j, policy))
            continue;
        for (size_t s = 0; s < policy->n_stops && !j->err; s++) {
            const struct compiled_stop *stop = &policy->stops[s];
            bool hears = false;
            /* What a hold already refuses is not counted for the stop that put it: it could not
             * fire, and a suspended agent's attempts can then be folded in the record. */
            if (is_dead_end && hard_stop_is_held(j, stop))
                continue;
            if (hard_stop_listens(stop, event->is_grant, reason) &&
                hard_stop_hears(j, stop, event, &hears) == AMBIT_OK && hears &&
                !hard_stop_is_heard_below(j, stop))
                (void)hard_stop_count(j, stop, event);
        }
    }
}

void hard_stops_hear(struct judge *j, const struct event *event, enum ambit_reason reason)
{
    for (unsigned level = 0; level < j->n_levels; level++) {
        judge_enter(j, level);
        if (j->agent)
            hear_level(j, event, reason);
    }
    judge_enter(j, 0);
}
