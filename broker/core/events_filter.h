/* SPDX-License-Identifier: Apache-2.0 */
/* Which events are asked for, as a plain value, and whether one of the record is among them. What
 * narrows by the search index is events_keys.h's; here every condition is held against the event
 * itself, so that an index which is behind or lies never shows what was not asked for. */
#pragma once

#include "ledger/event.h"
#include "ledger/indexer.h"
#include "policy/pattern.h"

enum events_verdict { EVENTS_ANY_VERDICT, EVENTS_ALLOWED, EVENTS_DENIED };
enum events_form { EVENTS_AS_EVENT, EVENTS_AS_LEAF, EVENTS_AS_OCSF, EVENTS_AS_ECS };
enum { EVENTS_REASONS = AMBIT_REASON_NOT_SUPPORTED + 1 };

/* Absent texts, none ids, zero digests and empty sets ask for nothing. All that is given must hold.
 * Texts are borrowed. */
struct events_filter {
    uint64_t after;             /* first sequence wanted */
    uint64_t before;            /* first sequence not wanted; 0: open */
    int64_t since_ms, until_ms; /* first time wanted, first not wanted; 0: open */
    bool is_descending;         /* newest first */
    bool is_nothing;            /* asks for what no event can have */

    bool has_types, types[EVENT_TYPES];
    bool has_reasons, reasons[EVENTS_REASONS];
    enum events_verdict verdict;
    struct ambit_str agent, team, owner, person, service, txn, source, signal;
    struct ambit_id id, grant, lineage, parent, stop, incident, approval, cause;
    /* Of the decision, or of one of the items asked for or given: policy and rule together. */
    struct ambit_str policy, rule;
    /* Of the action, or of one item. With a star it is a pattern, and takes what lies inside it. */
    struct ambit_str action, resource;
    struct ambit_digest digest;  /* of the policy or document, or of the whole set */
    struct ambit_str only_owner; /* a person who may see only what is theirs */

    enum events_form form;
    bool with_checks;
};

/* The conditions that are one value in one member: what reads a query string and what looks into
 * the index go through the same rows. */
struct events_member {
    const char *name;
    bool is_id;
    size_t at;          /* in struct events_filter */
    size_t in_event;    /* in struct event */
    enum index_tag tag; /* 0: none of its own */
};
extern const struct events_member events_members[];
extern const size_t events_n_members;

/* A filter made ready: patterns are read once. */
struct events_match {
    const struct events_filter *filter; /* borrowed */
    bool has_action_pattern, has_resource_pattern;
    struct pattern_buf action, resource;
};
/* MALFORMED: `action` or `resource` has a star and is no pattern. */
AMBIT_CHECKED enum ambit_err events_match_init(struct events_match *match,
                                               const struct events_filter *filter);
bool events_match_takes(const struct events_match *match, const struct event *event);
