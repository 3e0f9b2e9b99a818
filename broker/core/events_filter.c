/* SPDX-License-Identifier: Apache-2.0 */
/* Holding a filter against an event: a run of refusals. */
#include "core/events_filter.h"

#include <stddef.h>

#define TEXT(member, of_tag)                                           \
    {                                                                  \
        .name = #member, .at = offsetof(struct events_filter, member), \
        .in_event = offsetof(struct event, member), .tag = (of_tag)    \
    }
#define ID(member, of_tag)                                                            \
    {                                                                                 \
        .name = #member, .is_id = true, .at = offsetof(struct events_filter, member), \
        .in_event = offsetof(struct event, member), .tag = (of_tag)                   \
    }
const struct events_member events_members[] = {
    TEXT(agent, INDEX_AGENT),
    TEXT(team, INDEX_TEAM),
    TEXT(owner, INDEX_OWNER),
    TEXT(person, INDEX_PERSON),
    TEXT(service, INDEX_SERVICE),
    TEXT(txn, INDEX_TXN),
    TEXT(source, INDEX_SOURCE),
    TEXT(signal, 0),
    ID(id, INDEX_ID),
    ID(grant, INDEX_GRANT),
    ID(lineage, INDEX_LINEAGE),
    ID(parent, INDEX_PARENT),
    ID(stop, INDEX_STOP),
    ID(incident, INDEX_INCIDENT),
    ID(approval, INDEX_APPROVAL),
    ID(cause, INDEX_CAUSE),
};
const size_t events_n_members = AMBIT_LEN(events_members);

static bool is_or_any(struct ambit_str want, struct ambit_str have)
{
    return want.p == NULL || ambit_str_eq(want, have);
}

static bool member_fits(const struct events_member *member, const struct events_filter *filter,
                        const struct event *event)
{
    const char *want = (const char *)filter + member->at;
    const char *have = (const char *)event + member->in_event;
    if (!member->is_id)
        return is_or_any(*(const struct ambit_str *)(const void *)want,
                         *(const struct ambit_str *)(const void *)have);
    struct ambit_id id = *(const struct ambit_id *)(const void *)want;
    return ambit_id_is_none(id) || ambit_id_eq(id, *(const struct ambit_id *)(const void *)have);
}

static bool members_fit(const struct events_filter *filter, const struct event *event)
{
    for (size_t i = 0; i < events_n_members; i++)
        if (!member_fits(&events_members[i], filter, event))
            return false;
    return true;
}

static bool rule_fits(const struct events_filter *filter, const struct event *event)
{
    if (is_or_any(filter->policy, event->policy) && is_or_any(filter->rule, event->rule))
        return true;
    for (size_t i = 0; i < event->n_items; i++)
        if (is_or_any(filter->policy, event->items[i].policy) &&
            is_or_any(filter->rule, event->items[i].rule))
            return true;
    return false;
}

/* `inner` is a name, or what an item says: a pattern itself. */
static bool name_fits(struct ambit_str want, const struct pattern *pattern, enum pattern_kind kind,
                      struct ambit_str inner)
{
    PATTERN_SCRATCH struct pattern_buf parsed;
    bool is_inside = false;
    if (!pattern)
        return ambit_str_eq(want, inner);
    return inner.p != NULL && pattern_parse(inner, kind, false, &parsed) == AMBIT_OK &&
           pattern_contains(pattern, &parsed.pattern, &is_inside) == AMBIT_OK && is_inside;
}

static bool action_fits(const struct events_match *match, struct ambit_str action)
{
    const struct pattern *pattern = match->has_action_pattern ? &match->action.pattern : NULL;
    return match->filter->action.p == NULL ||
           name_fits(match->filter->action, pattern, PATTERN_ACTION, action);
}

static bool resource_fits(const struct events_match *match, struct ambit_str resource)
{
    const struct pattern *pattern = match->has_resource_pattern ? &match->resource.pattern : NULL;
    return match->filter->resource.p == NULL ||
           name_fits(match->filter->resource, pattern, PATTERN_RESOURCE, resource);
}

/* Action and resource of one and the same thing: of what was done, or of one item. */
static bool things_fit(const struct events_match *match, const struct event *event)
{
    if (match->filter->action.p == NULL && match->filter->resource.p == NULL)
        return true;
    if (action_fits(match, event->action) && resource_fits(match, event->resource))
        return true;
    for (size_t i = 0; i < event->n_items; i++)
        if (action_fits(match, event->items[i].action) &&
            resource_fits(match, event->items[i].resource))
            return true;
    for (size_t i = 0; i < event->n_asked; i++)
        if (action_fits(match, event->asked[i].action) &&
            resource_fits(match, event->asked[i].resource))
            return true;
    return false;
}

static bool decision_fits(const struct events_filter *filter, const struct event *event)
{
    if (filter->has_types && !filter->types[event->type])
        return false;
    if (!filter->has_reasons && filter->verdict == EVENTS_ANY_VERDICT)
        return true;
    if (event->decision == EVENT_DECISION_NONE)
        return false;
    if (filter->has_reasons && !filter->reasons[event->reason])
        return false;
    return filter->verdict == EVENTS_ANY_VERDICT ||
           (filter->verdict == EVENTS_ALLOWED) == (event->decision == AMBIT_ALLOW);
}

static bool digest_fits(const struct events_filter *filter, const struct event *event)
{
    static const struct ambit_digest none = {{0}};
    if (ambit_digest_eq(filter->digest, none) || ambit_digest_eq(filter->digest, event->digest) ||
        ambit_digest_eq(filter->digest, event->documents))
        return true;
    for (size_t i = 0; i < event->n_items; i++)
        if (ambit_digest_eq(filter->digest, event->items[i].digest))
            return true;
    return false;
}

static bool time_fits(const struct events_filter *filter, const struct event *event)
{
    return event->time_ms >= filter->since_ms &&
           (filter->until_ms == 0 || event->time_ms < filter->until_ms);
}

bool events_match_takes(const struct events_match *match, const struct event *event)
{
    const struct events_filter *filter = match->filter;
    return is_or_any(filter->only_owner, event->owner) && time_fits(filter, event) &&
           decision_fits(filter, event) && members_fit(filter, event) && rule_fits(filter, event) &&
           digest_fits(filter, event) && things_fit(match, event);
}

static AMBIT_CHECKED enum ambit_err read_pattern(struct ambit_str text, enum pattern_kind kind,
                                                 struct pattern_buf *ret, bool *ret_is_pattern)
{
    *ret_is_pattern = text.p != NULL && memchr(text.p, '*', text.len) != NULL;
    return *ret_is_pattern ? pattern_parse(text, kind, false, ret) : AMBIT_OK;
}

enum ambit_err events_match_init(struct events_match *match, const struct events_filter *filter)
{
    match->filter = filter;
    enum ambit_err err =
        read_pattern(filter->action, PATTERN_ACTION, &match->action, &match->has_action_pattern);
    return err ? err
               : read_pattern(filter->resource, PATTERN_RESOURCE, &match->resource,
                              &match->has_resource_pattern);
}
