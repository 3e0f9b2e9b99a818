/* SPDX-License-Identifier: Apache-2.0 */
/* Which stops ended a grant, and what a hard stop counted before it fired. */
#include "core/trace.h"

#include "base/encode.h"

/* ---- the stops on what a grant belongs to -------------------------------------------------- */

/* While the grant lived, the first few. */
static AMBIT_CHECKED enum ambit_err stops_on(struct story *story, const struct event *grant,
                                             struct ambit_str target)
{
    enum { LOOKED_AT = 16 };
    uint64_t seqs[LOOKED_AT];
    size_t n = 0;
    struct index_query query = {.tag = INDEX_TARGET, .value = target, .from = grant->seq + 1};
    if (target.p == NULL)
        return AMBIT_ERR_NO_MEMORY;
    enum ambit_err err = indexer_find(story->broker->search, &query, seqs, LOOKED_AT, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n; i++) {
        struct story_event *at = NULL;
        err = story_look(story, seqs[i], &at);
        if (err != AMBIT_OK || at == NULL)
            continue;
        if (at->event.time_ms > grant->expires_ms)
            break;
        if (at->event.type == EVENT_STOP_RAISED || at->event.type == EVENT_PERSON_OFFBOARDED)
            err = story_take(story, seqs[i], (struct reach){.hops = 1});
    }
    return err;
}

static AMBIT_CHECKED enum ambit_err stops_on_policies(struct story *story,
                                                      const struct event *grant)
{
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < grant->n_items; i++) {
        struct ambit_str policy = grant->items[i].policy;
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new = is_new && !ambit_str_eq(grant->items[k].policy, policy);
        if (!is_new)
            continue;
        err = stops_on(story, grant, STORY_TEXT(story, AMBIT_STR("policy:"), policy));
        if (err == AMBIT_OK)
            err = stops_on(story, grant,
                           STORY_TEXT(story, AMBIT_STR("agent:"), grant->agent,
                                      AMBIT_STR(" policy:"), policy));
    }
    return err;
}

enum ambit_err story_stops_of(struct story *story, const struct event *grant)
{
    struct ambit_str id = story_id_text(story, grant->grant);
    struct ambit_str lineage = story_id_text(story, grant->lineage);
    const struct ambit_str targets[] = {
        AMBIT_STR("all"),
        STORY_TEXT(story, AMBIT_STR("agent:"), grant->agent),
        STORY_TEXT(story, AMBIT_STR("owner:"), grant->owner),
        STORY_TEXT(story, AMBIT_STR("team:"), grant->team),
        STORY_TEXT(story, AMBIT_STR("grant:"), id),
        STORY_TEXT(story, AMBIT_STR("lineage:"), lineage),
    };
    enum ambit_err err = AMBIT_OK;
    for (size_t i = 0; err == AMBIT_OK && i < AMBIT_LEN(targets); i++)
        err = stops_on(story, grant, targets[i]);
    return err == AMBIT_OK ? stops_on_policies(story, grant) : err;
}

/* ---- what a hard stop counted -------------------------------------------------------------- */

static const struct event_count *count_of(const struct event *event, const struct event *stop)
{
    for (size_t i = 0; i < event->n_counts; i++) {
        const struct event_count *count = &event->counts[i];
        if (count->is_stop && ambit_str_eq(count->policy, stop->policy) &&
            ambit_str_eq(count->id, stop->rule))
            return count;
    }
    return NULL;
}

/* By what the events that share a counting key are found. */
static enum index_tag tag_of(enum ambit_by by)
{
    switch (by) {
    case AMBIT_BY_GRANT:
        return INDEX_GRANT;
    case AMBIT_BY_LINEAGE:
        return INDEX_LINEAGE;
    case AMBIT_BY_AGENT:
        return INDEX_AGENT;
    case AMBIT_BY_OWNER:
        return INDEX_OWNER;
    case AMBIT_BY_TEAM: /* not found by these: among those of the agent that tripped it */
    case AMBIT_BY_RESOURCE:
    case AMBIT_BY_POLICY:
        return INDEX_AGENT;
    }
    return INDEX_AGENT;
}

static bool is_same_count(const struct event_count *a, const struct event_count *b)
{
    return b != NULL && a->by == b->by && a->kind == b->kind && ambit_str_eq(a->key, b->key);
}

static const struct story_event *trip_of(const struct story *story, const struct event *stop)
{
    for (size_t i = 0; i < story->n_events; i++)
        if (ambit_id_eq(story->events[i]->event.id, stop->cause) &&
            story->events[i]->event.n_trips > 0)
            return story->events[i];
    return NULL;
}

/* Back from the event that tripped it, within what the counter keeps. */
enum ambit_err story_counted(struct story *story, const struct event *stop, uint64_t *seqs,
                             size_t max, size_t *ret_n)
{
    enum { LOOKED_AT = 256 };
    uint64_t found[LOOKED_AT];
    size_t n = 0;
    *ret_n = 0;
    const struct story_event *trip = trip_of(story, stop);
    const struct event_count *count = trip != NULL ? count_of(&trip->event, stop) : NULL;
    if (trip == NULL || max == 0)
        return AMBIT_OK;
    seqs[(*ret_n)++] = trip->event.seq;
    if (count == NULL)
        return AMBIT_OK; /* it fires at once */
    enum index_tag tag = tag_of(count->by);
    bool is_own_key = tag == INDEX_AGENT && count->by != AMBIT_BY_AGENT;
    struct story_query query = {.tag = tag,
                                .value = is_own_key ? trip->event.agent : count->key,
                                .from = trip->event.seq,
                                .max = LOOKED_AT};
    if (query.value.p == NULL)
        return AMBIT_OK;
    enum ambit_err err = story_find(story, &query, found, &n);
    for (size_t i = 0; err == AMBIT_OK && i < n && *ret_n < max; i++) {
        struct story_event *at = NULL;
        err = story_look(story, found[i], &at);
        if (err != AMBIT_OK || at == NULL)
            break;
        if (count->keep_ms > 0 && at->event.time_ms < trip->event.time_ms - count->keep_ms)
            break;
        const struct event_count *other = count_of(&at->event, stop);
        if (!is_same_count(count, other))
            continue;
        if (other->resets)
            break;
        seqs[(*ret_n)++] = found[i];
    }
    return err;
}
