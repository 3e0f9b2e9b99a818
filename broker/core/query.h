/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: introspection, lists, trace, events as JSON. Each function opens and ends its own read
 * transaction and is bounded; long ones are for query threads. */
#pragma once

#include "core/broker.h"
#include "core/events_filter.h"
#include "core/grant_row.h"

struct arena;
struct buf;
struct json_out;

/* Introspection (INT-3, INT-5, INT-7): what is left of the grant for this caller. `live_items` ==
 * 0: inactive. SEALED while sealed (503). A caller of kind CALLER_NONE is the bearer itself: the
 * token is its own proof (whoami, an agent's own question), no audience is compared. */
struct introspection {
    bool is_known; /* the row is there and SHA-256(rnd) fits, dead or alive: `row` is filled */
    bool is_active;
    struct grant_row row;
    uint64_t live_items, ask_items;
};
AMBIT_CHECKED enum ambit_err query_introspect(struct broker *broker,
                                              const struct documents_ref *documents,
                                              const struct identity_token *token,
                                              const struct caller *caller, int64_t now_ms,
                                              struct arena *arena, struct introspection *ret);

/* Whose a grant is, as its row keeps it; the text in the arena. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err query_grant_owner(struct broker *broker, struct ambit_id grant,
                                               struct arena *arena, struct ambit_str *ret);

/* Pages. `out` gets the members of the answer object ("grants": [...], "next": ...). */
struct page {
    size_t limit;            /* 1..1000 */
    struct ambit_str cursor; /* absent: from the start. MALFORMED when not one of ours */
};
struct grants_filter {
    struct ambit_str agent, owner, policy;
    enum grants_state { GRANTS_LIVE, GRANTS_ENDED, GRANTS_ALL } state;
    struct ambit_str only_owner; /* a person who may see only what is theirs; absent: everything */
};
AMBIT_CHECKED enum ambit_err query_grants(struct broker *broker, const struct grants_filter *filter,
                                          const struct page *page, struct json_out *out);
enum stops_state { STOPS_IN_FORCE, STOPS_CLEARED, STOPS_ALL };
AMBIT_CHECKED enum ambit_err query_stops(struct broker *broker, enum stops_state state,
                                         struct ambit_str only_owner, const struct page *page,
                                         struct json_out *out);
AMBIT_CHECKED enum ambit_err query_stop(struct broker *broker, struct ambit_id stop,
                                        struct ambit_str only_owner, struct json_out *out);
enum incidents_state { INCIDENTS_OPEN, INCIDENTS_CLOSED, INCIDENTS_ALL };
/* `only_owner` sees those of which they are owner or backup. */
AMBIT_CHECKED enum ambit_err query_incidents(struct broker *broker, enum incidents_state state,
                                             struct ambit_str only_owner, const struct page *page,
                                             struct json_out *out);
AMBIT_CHECKED enum ambit_err query_incident(struct broker *broker, struct ambit_id incident,
                                            struct ambit_str only_owner, struct json_out *out);
/* OK when there is something of that name to stop (a resource: when it is a pattern); NOT_FOUND, or
 * MALFORMED. */
AMBIT_CHECKED enum ambit_err stop_target_known(struct broker *broker, enum ambit_target_kind kind,
                                               struct ambit_str target);
/* Dry run of a stop: {"dry_run":true,"target","agents":[…],"live_grants":n}. */
AMBIT_CHECKED enum ambit_err query_stop_dry_run(struct broker *broker, enum ambit_target_kind kind,
                                                struct ambit_str target, struct json_out *out);

/* Of a person who leaves: the same of owner:PERSON, and "backup_of", "policies", "services". */
AMBIT_CHECKED enum ambit_err query_offboard_dry_run(struct broker *broker, struct ambit_str person,
                                                    struct json_out *out);
/* Who asks, and under which documents. */
struct broker_view {
    const struct ambit_documents *documents;
    const struct ambit_person *person;
};
/* Approvals that the person may see, newest first: "approvals": [...], "next". */
AMBIT_CHECKED enum ambit_err query_approvals(struct broker *broker, const struct broker_view *who,
                                             bool only_pending, const struct page *page,
                                             struct json_out *out);
/* NOT_FOUND also when it is not theirs to see. */
AMBIT_CHECKED enum ambit_err query_approval(struct broker *broker, const struct broker_view *who,
                                            struct ambit_id id, struct json_out *out);

/* A page of events. `take` gets each as JSON, in the form that the filter names, in order; what it
 * returns ends the page when it is not OK. */
struct events_query {
    const struct events_filter *filter;
    size_t limit; /* events */
    size_t bytes; /* ends behind the event that reaches it; 0: no bound */
    enum ambit_err (*take)(void *ctx, uint64_t seq, struct ambit_str json);
    void *ctx;
};
/* Where a page ended. A further one is asked for by `after` = last + 1, descending by `before` =
 * last: stable whatever is appended meanwhile. */
struct events_place {
    uint64_t last; /* looked at */
    uint64_t next; /* ascending: the first not looked at */
    bool has_more; /* there is something left to look at: the page is full, or took long enough */
    uint64_t complete_to; /* the size of the record: every event below it has been considered */
    size_t n;
};
/* Bounded in rows and time: a page may hold fewer events than `limit`, or none, and still have
 * more. MALFORMED: a pattern of the filter is none. */
AMBIT_CHECKED enum ambit_err query_events(struct broker *broker, const struct events_query *query,
                                          struct events_place *ret);
uint64_t query_size(struct broker *broker); /* events committed, from memory */

/* The story of one thing, whole where it is small; of what has many events the newest `limit` below
 * sequence `below` (0: the newest of all), and what frames them. NOT_FOUND also when nothing of it
 * is the person's to see. */
enum { TRACE_LIMIT = 200, TRACE_LIMIT_MAX = 1000 };
struct trace_question {
    struct ambit_str what;
    struct ambit_str only_owner;
    size_t limit;
    uint64_t below;
};
AMBIT_CHECKED enum ambit_err query_trace(struct broker *broker,
                                         const struct trace_question *question,
                                         struct json_out *out);

/* GET /v1/erasures: what was erased by events up to `erased_to` is gone from the file too where
 * these are not above `scrubbed_to`. */
AMBIT_CHECKED enum ambit_err query_erasures(struct broker *broker, struct json_out *out);

/* GET /v1/keys. */
AMBIT_CHECKED enum ambit_err query_keys(struct broker *broker, struct json_out *out);

/* GET /v1/report: the signals of a period, per owner, team, policy or agent (core/report.h). */
struct report_ask {
    int64_t since_ms, until_ms; /* since <= time < until; 0: 30 days before, and now */
    enum report_by { REPORT_BY_OWNER, REPORT_BY_TEAM, REPORT_BY_POLICY, REPORT_BY_AGENT } by;
    struct ambit_str owner; /* what is theirs alone; absent: everything */
};
AMBIT_CHECKED enum ambit_err query_report(struct broker *broker, const struct report_ask *ask,
                                          struct json_out *out);
