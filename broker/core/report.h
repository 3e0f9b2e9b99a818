/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/report: the signals of a period, counted from the facts behind the log (ledger/facts.h)
 * and from the documents in force. What each figure is: broker/README.md, "Report".
 *
 * How: one walk over the facts adds up what is a sum and collects, in tables keyed by numbers, what
 * must be looked up (chains, people, items); then each different thing is looked up once, in short
 * read transactions; then the answer is written. No transaction is held over the walk. */
#pragma once

#include "core/query_internal.h"
#include "core/report_map.h"
#include "ledger/facts.h"

enum {
    REPORT_REASONS = AMBIT_REASON_NOT_SUPPORTED + 1,
    REPORT_STOPS_MAX = 500,      /* told one by one; the others are counted */
    REPORT_GROUPS_MAX = 1000,    /* told; the largest */
    REPORT_OVER_MAX = 50,        /* most over-granted items told */
    REPORT_SERIES_MAX = 100,     /* points of a plot */
    REPORT_ANSWERS_MAX = 500000, /* of people, whose times are kept */
    REPORT_CELLS_MAX = 1000000,  /* different things of a kind that are told apart */
    REPORT_BACK_MAX = 20000,     /* events looked at for what led to hard stops */
    REPORT_UNDER_MS = 5000,      /* an answer so quick was hardly read */
};

/* The links of an allowed action's chain. */
enum report_link { LINK_GRANT, LINK_RULE, LINK_VERSION, LINK_OWNER, LINK_CONFIRMED, LINKS };

struct report_times { /* of sorted times; n == 0: none */
    uint64_t n, under;
    int64_t median_ms, p95_ms;
};

/* One row of figures. */
struct report_tally {
    uint64_t allowed, denied, granted, refused;
    uint64_t reasons[REPORT_REASONS]; /* of what was denied and refused, folded ones too */
    uint64_t folded;
    uint64_t decisions, attributed; /* a named person answered for it then */
    uint64_t acts, named;           /* stops, clears, answers by people */
    uint64_t links[LINKS], complete;
    uint64_t granted_s, used_ms, untimed; /* untimed: uses of grants whose issue is not known */
    uint64_t items, items_unused;
    uint64_t owed, unaccounted, mismatched, late;
    uint64_t asked, given, rejected, lapsed;
    struct report_times times; /* to an answer */
    uint64_t stops_person, stops_hard, cleared;
    uint64_t services, services_seen; /* to which stopped grants were addressed; that refused */
    struct report_times contain;
    /* Of documents in force: */
    uint64_t versions, versions_met, confirmations, weighted, weight;
    uint64_t ages, age_sum_s, age_oldest_s;
    uint64_t agents, attested, attested_oldest_s;
    uint64_t rules, rules_unused;
};

struct report_group {
    uint32_t text; /* REPORT_NO_TEXT: what has no such name */
    struct report_tally tally;
};

/* Who answered how quickly. */
struct report_answer {
    uint32_t group, person; /* index; text */
    uint32_t ms;
    bool is_yes;
};

struct report_service { /* that stopped grants were for */
    uint32_t service;   /* text */
    int64_t seen_ms;    /* its first refusal; 0: none */
    int64_t expires_ms; /* the last of the stopped grants for it */
    uint32_t stop;      /* index */
    uint32_t next;      /* of the same agent and service, index + 1 */
};
struct report_stop {
    struct ambit_id stop, incident, cause, lineage;
    uint64_t seq;
    uint32_t group;
    struct ambit_str target, by, person, agent, rule, policy;
    int64_t raised_ms, tripped_ms, first_ms, acknowledged_ms, closed_ms, cleared_ms;
    bool is_hard, is_resource;
};

struct report_point {
    uint64_t allowed, denied, granted, asked, stops, unaccounted;
};

struct report_period {
    int64_t since_ms, until_ms;
    uint64_t complete_to;
    struct report_tally total;
    struct report_group *groups; /* owned */
    size_t n_groups, groups_room;
    struct report_map group_of;    /* {number} -> index in groups */
    struct report_map group_named; /* {text} -> index in groups */
    struct report_map chains;      /* {group, authority, owner, set, code} -> how many */
    struct report_map granted;     /* {group, agent, items} -> how many */
    struct report_map used;        /* {agent, authority, action} -> how many */
    struct report_map live;        /* {agent, audience, items, owner, team} -> end in ms */
    struct report_map pending;     /* {agent, service} -> first of services, index + 1 */
    struct report_map acted;       /* {group, person number, set} -> how many */
    struct report_answer *answers; /* owned */
    size_t n_answers, answers_room;
    bool is_answers_cut, is_cut;
    struct report_stop *stops; /* owned; texts in the arena */
    size_t n_stops;
    uint64_t stops_cut;
    struct report_service *services; /* owned */
    size_t n_services, services_room;
    struct report_point points[REPORT_SERIES_MAX];
};

/* An item that was granted: of one agent, rule and action pattern. */
struct report_item {
    uint32_t group, agent, rule, action; /* index; texts */
    uint64_t grants;
    bool is_used;
};

struct report_policy {
    const struct ambit_policy *policy;
    int64_t activated_ms; /* 0: not known */
    uint64_t others;      /* confirmations by people who are not its author */
    bool is_met;
    uint64_t rules_unused;
};
struct report_agent {
    const struct ambit_agent *agent;
    int64_t attested_ms, until_ms; /* 0: never */
};

struct report {
    struct broker *broker;
    const struct report_ask *ask;
    struct documents_ref *documents; /* a reference */
    struct arena arena;
    struct report_texts texts;
    uint32_t owner; /* number of the one whose things are wanted; 0: everything */
    bool is_nobody; /* that name stands in no event */
    bool needs_stops;
    struct facts_scan *scan;  /* while the walk runs */
    struct report_map names;  /* {number} -> text + 1 */
    struct report_map links;  /* {authority} -> bits of enum report_link, and 1 << LINKS */
    struct report_map people; /* {set, person number} -> 1 no, 2 yes */
    struct report_map person_documents; /* {digest, 5 words} -> 1 + text << 1 | active */
    struct report_period now, before;
    int64_t now_ms, step_ms; /* of the plot */
    size_t n_points;
    uint64_t record;           /* events in all */
    uint64_t complete_from;    /* what was before it the index may have forgotten */
    size_t n_back;             /* events looked at for what led to hard stops */
    struct report_item *items; /* owned; those of `now` */
    size_t n_items;
    struct report_policy *policies; /* owned */
    size_t n_policies;
    struct report_agent *agents; /* owned */
    size_t n_agents;
};

/* report_names.c: texts of numbers. REPORT_NO_TEXT: there is none. */
AMBIT_CHECKED enum ambit_err report_name(struct report *report, uint32_t number, uint32_t *ret);
AMBIT_CHECKED enum ambit_err report_authority(struct report *report, uint32_t number,
                                              uint32_t *ret_policy, uint32_t *ret_rule,
                                              struct ambit_digest *ret_digest);
struct ambit_str report_str(const struct report *report, uint32_t text);
AMBIT_CHECKED enum ambit_err report_group_of(struct report *report, struct report_period *period,
                                             const struct fact *fact, uint32_t *ret);
AMBIT_CHECKED enum ambit_err report_group_named(struct report_period *period, uint32_t text,
                                                uint32_t *ret);

/* report_count.c: the walk. */
AMBIT_CHECKED enum ambit_err report_count(struct report *report, struct report_period *period);

/* report_stops.c: a stop, what came of it. */
AMBIT_CHECKED enum ambit_err report_stop_fact(struct report *report, struct report_period *period,
                                              uint64_t seq, const struct fact *fact);
AMBIT_CHECKED enum ambit_err report_refusal_fact(struct report *report,
                                                 struct report_period *period,
                                                 const struct fact *fact);
AMBIT_CHECKED enum ambit_err report_stops_finish(struct report *report,
                                                 struct report_period *period);
/* report_tripped.c: what led to a hard stop. */
AMBIT_CHECKED enum ambit_err report_tripped(struct report *report, struct report_stop *stop);

/* report_links.c: chains and people. */
AMBIT_CHECKED enum ambit_err report_chains(struct report *report, struct report_period *period);

/* report_items.c: what was granted and used. */
AMBIT_CHECKED enum ambit_err report_items(struct report *report, struct report_period *period,
                                          bool keeps);

/* report_review.c: the documents in force. */
AMBIT_CHECKED enum ambit_err report_review(struct report *report);

/* report_times.c */
AMBIT_CHECKED enum ambit_err report_answers(struct report *report, struct report_period *period);
struct report_times report_times_of(uint32_t *ms, size_t n); /* sorts */

/* report_write.c, report_figures.c */
AMBIT_CHECKED enum ambit_err report_write(struct report *report, struct json_out *out);
void report_figures(struct json_out *out, const struct report_tally *tally);
