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

/* Those with patterns of resources where one item of the event begins like one of them. */
static bool begins_alike(const struct listed_policy *listed, const struct event *event)
{
    for (size_t i = 0; i < event->n_items; i++) {
        const struct heard_item *item = &event->items[i];
        if (!item->is_malformed &&
            (!item->resource || index_begins_meet(&listed->stops, &item->probe->contains)))
            return true;
    }
    return false;
}

static uint64_t bits_of(struct index_walk walk)
{
    uint64_t bits = 0;
    for (size_t i = 0; index_next(&walk, &i);)
        bits |= UINT64_C(1) << i;
    return bits;
}

static uint64_t that_may_hear(const struct compiled_policy *policy, const struct heard_item *item)
{
    if (item->is_malformed)
        return 0;
    if (!item->resource)
        return UINT64_MAX;
    uint64_t bits = bits_of(index_begin(&policy->stop_index, item->probe));
    if (policy->stop_any_index.slots) {
        struct index_probe probe PATTERN_SCRATCH;
        index_probe_anywhere(&probe, item->probe);
        bits |= bits_of(index_begin(&policy->stop_any_index, &probe));
    }
    return bits;
}

uint64_t hard_stops_that_may(const struct listed_policy *listed, const struct event *event,
                             enum hearing hearing)
{
    if (!(listed->hears >> hearing & 1) ||
        (!(listed->hears_anywhere >> hearing & 1) && !begins_alike(listed, event)))
        return 0;

    const struct compiled_policy *policy = listed->policy;
    uint64_t listening = policy->hearing[hearing], found = policy->stops_everywhere;
    for (size_t i = 0; i < event->n_items && (listening & ~found); i++)
        found |= that_may_hear(policy, &event->items[i]);
    return listening & found;
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
    enum hearing hearing = r->event->is_grant ? HEARS_GRANT : HEARS_ACTION;
    for (size_t p = 0; p < agent->n_policies && !r->is_unsettled; p++) {
        const struct listed_policy *listed = &agent->policies[p];
        if (!judge_counts(r->j, listed->policy))
            continue;
        uint64_t left = hard_stops_that_may(listed, r->event, hearing);
        while (left && !r->j->err && !r->is_unsettled)
            judge_stop(r, &listed->policy->stops[compiled_next(&left)]);
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
    enum hearing hearing = event->is_grant ? HEARS_GRANT_REFUSED : HEARS_ACTION_REFUSED;
    for (size_t p = 0; p < j->agent->n_policies && !j->err; p++) {
        const struct listed_policy *listed = &j->agent->policies[p];
        if (!judge_counts(j, listed->policy))
            continue;
        uint64_t left = hard_stops_that_may(listed, event, hearing);
        while (left && !j->err) {
            const struct compiled_stop *stop = &listed->policy->stops[compiled_next(&left)];
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
