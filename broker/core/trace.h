/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a trace. A *story* is the events that belong to one thing: each is read and decoded
 * once, whoever asks for it. It is found by look-ups in the search index alone, never by walking an
 * agent's history, and all of it is bounded: of what has many events (an agent, a lineage) the
 * newest `limit`, their *body*; what frames them (grants above and below, stops, incidents,
 * approvals) by look-ups of its own. What was left out is said. */
#pragma once

#include "base/arena.h"
#include "core/query_internal.h"
#include "ledger/indexer.h"
#include "ledger/ledger.h"

struct json_out;

enum {
    STORY_EVENTS_MAX = TRACE_LIMIT_MAX + 1000, /* decoded, for whatever reason */
    STORY_BYTES_MAX = 24 << 20,                /* of decoded events */
    STORY_LINEAGES_MAX = 8,
    STORY_HOPS_MAX = 4, /* from what was asked about, over stops, incidents, approvals, causes */
    FACTS_MAX = 64,
};

struct story_event {
    struct ledger_row row; /* its bytes are not kept */
    struct event event;
    bool is_in; /* of the story; else only looked at */
    bool is_followed;
    bool may_open; /* what it belongs to is told whole */
    unsigned hops;
};

struct story {
    struct broker *broker;
    struct reading reading;
    struct arena arena; /* of the events, and of whatever is found out about them */
    struct buf memory;
    const char *kind; /* of the subject */
    struct ambit_str id;
    size_t limit;
    uint64_t from; /* of the body: below this; UINT64_MAX: the newest */
    bool sees_all; /* the person who asks */

    struct story_event *events[STORY_EVENTS_MAX]; /* all that were decoded, unordered */
    uint64_t seqs[STORY_EVENTS_MAX];              /* theirs */
    size_t n_events;
    struct story_event *told[STORY_EVENTS_MAX]; /* those of the story; by sequence in the end */
    size_t n_told;
    struct ambit_id lineages[STORY_LINEAGES_MAX]; /* told whole */
    size_t n_lineages;
    struct ambit_id links[512]; /* followed already */
    size_t n_links;

    bool is_behind; /* the index does not know of events from complete_to on */
    uint64_t complete_to;
    bool is_cut;           /* a bound was met: there is more, without a place to go on from */
    uint64_t next;         /* of the body, where there is more: go on below it; 0: no more */
    size_t n_left;         /* events of the body below it, counted up to STORY_LEFT_MAX */
    size_t n_pruned;       /* not there any more */
    uint64_t *activations; /* of sets, newest first; trace_documents.c */
    size_t n_activations;
    struct buf set; /* the row of a set */
};
enum { STORY_LEFT_MAX = 10000 };

struct reach {
    unsigned hops;
    bool may_open;
};

/* trace_events.c: one event; *ret NULL where there is none to be had. */
AMBIT_CHECKED enum ambit_err story_look(struct story *story, uint64_t seq,
                                        struct story_event **ret);
AMBIT_CHECKED enum ambit_err story_take(struct story *story, uint64_t seq, struct reach reach);
/* Look-ups in the index: at most `max`, the newest first, below `from` (0: all). */
struct story_query {
    enum index_tag tag;
    struct ambit_str value;
    uint64_t from;
    size_t max;
};
AMBIT_CHECKED enum ambit_err story_find(struct story *story, const struct story_query *query,
                                        uint64_t *seqs, size_t *ret_n);
AMBIT_CHECKED enum ambit_err story_take_all(struct story *story, const struct story_query *query,
                                            struct reach reach);
/* The newest `limit` of these values (of one tag), and where the rest begins. */
AMBIT_CHECKED enum ambit_err story_take_body(struct story *story, enum index_tag tag,
                                             const struct ambit_str *values, size_t n,
                                             struct reach reach);
/* The text of an id, in the arena. */
struct ambit_str story_id_text(struct story *story, struct ambit_id id);
/* PARTS put together, in the arena; {NULL,0}: out of memory. */
struct ambit_str story_text(struct story *story, const struct ambit_str *parts, size_t n);
#define STORY_TEXT(story, ...)                                   \
    story_text((story), (const struct ambit_str[]){__VA_ARGS__}, \
               sizeof((const struct ambit_str[]){__VA_ARGS__}) / sizeof(struct ambit_str))

/* trace_subject.c: what `what` names; its first events. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err story_start(struct story *story, struct ambit_str what);
/* trace_follow.c: everything that hangs together with the events taken so far. */
AMBIT_CHECKED enum ambit_err story_follow(struct story *story);
/* trace_stops.c: the stops that ended a grant, of whatever target; the events that a hard stop
 * counted. */
AMBIT_CHECKED enum ambit_err story_stops_of(struct story *story, const struct event *grant);
AMBIT_CHECKED enum ambit_err story_counted(struct story *story, const struct event *stop,
                                           uint64_t *seqs, size_t max, size_t *ret_n);

/* What the events of a story name, each once, in order of first mention. */
struct trace_facts {
    struct ambit_str owner, agent; /* of the subject itself, where it is of one */
    struct trace_agent {
        struct ambit_str owner, agent;
        const struct event *first;  /* that names both */
        const struct event *judged; /* the latest grant for which its attestation was judged */
    } people[FACTS_MAX]; /* who answers for whom: each agent of a delegation has its own */
    size_t n_people;
    struct trace_policy {
        struct ambit_str policy;
        struct ambit_digest digest;
        const struct event *first;
    } policies[FACTS_MAX];
    size_t n_policies;
    struct ambit_id grants[FACTS_MAX], stops[FACTS_MAX], incidents[FACTS_MAX], approvals[FACTS_MAX];
    size_t n_grants, n_stops, n_incidents, n_approvals;
};
void trace_gather(const struct story *story, struct trace_facts *facts);

/* trace_documents.c: the document of this digest as JSON, NULL where it is not there; the
 * activation (a place in story->activations, SIZE_MAX: not found) in force when the event was
 * written, and the one by which a document that was in it came in. */
AMBIT_CHECKED enum ambit_err trace_document(struct story *story, const struct ambit_digest *digest,
                                            const struct json_value **ret);
AMBIT_CHECKED enum ambit_err trace_activations(struct story *story);
size_t trace_activation_at(const struct story *story, const struct event *event);
AMBIT_CHECKED enum ambit_err trace_activation_of(struct story *story, size_t at,
                                                 const struct ambit_digest *digest, size_t *ret);
/* The event of an activation; NULL where it cannot be had. */
AMBIT_CHECKED enum ambit_err trace_activation_event(struct story *story, size_t at,
                                                    const struct event **ret);
/* The digest of the document of that kind ("policies") and name in that activation. */
AMBIT_CHECKED enum ambit_err trace_activation_names(struct story *story, size_t at,
                                                    const char *kind, struct ambit_str name,
                                                    struct ambit_digest *ret, bool *ret_has);

/* trace_review.c: the members of "policies" and "agents": who wrote, accepted, reviewed and
 * confirmed each version, and when it came in force. */
AMBIT_CHECKED enum ambit_err trace_write_policy(struct story *story,
                                                const struct trace_policy *policy,
                                                struct json_out *out);
AMBIT_CHECKED enum ambit_err trace_write_agent(struct story *story, const struct trace_agent *agent,
                                               struct json_out *out);
/* The hard stop of a policy as the version that tripped says it; nothing where it is not known. */
AMBIT_CHECKED enum ambit_err trace_write_hard_stop(struct story *story, const struct event *stop,
                                                   struct json_out *out);
/* trace_lists.c: "approvals", "actions", "stops", "incidents". */
AMBIT_CHECKED enum ambit_err trace_write_lists(struct story *story, const struct trace_facts *facts,
                                               struct json_out *out);
/* trace_write.c: the whole answer. */
AMBIT_CHECKED enum ambit_err trace_write(struct story *story, struct trace_facts *facts,
                                         struct json_out *out);
/* The story in English, a line an event. */
AMBIT_CHECKED enum ambit_err trace_text(struct story *story, const struct trace_facts *facts,
                                        struct buf *text);
