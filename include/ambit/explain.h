/* SPDX-License-Identifier: Apache-2.0 */
/* Hypothetical questions: any question of policy-language.md ("Explain and tests"), with the
 * history and the stops it says, answered by the same engine with no side effect. The members are
 * those of POST /v1/explain and of a policy test (interfaces.md). Pure. */
#pragma once

#include "ambit/policy.h"

struct arena;
struct buf;
struct json_value;
struct told_id;

/* One entry of a history that is told, not recorded. Absent texts are {NULL, 0}. */
enum ambit_entry_kind {
    AMBIT_ENTRY_ALLOWED,
    AMBIT_ENTRY_REFUSED,
    AMBIT_ENTRY_GRANTED,
    AMBIT_ENTRY_UNACCOUNTED,
    AMBIT_ENTRY_SIGNAL
};
struct ambit_entry {
    int64_t at_ms;
    enum ambit_entry_kind kind;
    struct ambit_str agent;
    struct ambit_id grant, lineage; /* stand for the texts as written: equal texts, equal ids */
    struct ambit_str action, resource;
    struct ambit_str policy,
        rule;                 /* as charged: as written, else the first rule that contains it */
    enum ambit_reason reason; /* REFUSED */
    const struct ambit_given *items; /* of a token request; with the rule each is charged to */
    size_t n_items;
    bool are_items_charged; /* the items say by which policy, themselves */
    const struct ambit_context_member *context;
    size_t n_context;
    bool has_lifetime; /* GRANTED: without it the grant is alive */
    int64_t lifetime_s;
    struct ambit_str audience, purpose;
    enum ambit_binding binding;
    bool asked_by_agent;     /* ALLOWED: by the agent itself, not by a service */
    bool is_outcome_missing; /* ALLOWED: not reported done */
    struct ambit_str signal, from;
};

enum ambit_question_kind { AMBIT_QUESTION_GRANT, AMBIT_QUESTION_ACTION, AMBIT_QUESTION_EVENT };

struct ambit_hypothesis {
    enum ambit_question_kind kind;
    bool has_now;   /* the question says when it is asked */
    int64_t now_ms; /* set before it is read: when it is asked if it does not say */
    struct ambit_str agent;
    struct ambit_grant_question grant; /* the one of the kind; now_ms is filled when answered */
    struct ambit_action_question action;
    struct ambit_grant_view grant_view; /* what action.grant, event.grant point at */
    struct ambit_event_question event;
    bool has_history;
    const struct ambit_entry *entries; /* by time, then as written */
    size_t n_entries;
    bool has_stops;
    const struct ambit_stop_view *stops;
    size_t n_stops;
    struct told_id *ids; /* reading's own: grants and lineages by the text they were told by */
    uint32_t n_ids;
};

/* What is wrong with a question; texts are fixed or stand in the arena. */
struct ambit_hypothesis_problem {
    uint32_t line, column;
    struct ambit_str pointer; /* RFC 6901, below what was handed in */
    const char *what, *expected;
    struct ambit_str name; /* NOT_FOUND: the name that no document has */
};

/* Which members an object may have. */
enum ambit_hypothesis_part {
    AMBIT_PART_GIVEN = 1,    /* agent now source history */
    AMBIT_PART_STOPS = 2,    /* stops: of a test */
    AMBIT_PART_QUESTION = 4, /* `question`, which says the kind; else `kind` is as handed in */
    AMBIT_PART_ASKED = 8,    /* the members of the question's kind */
};
/* Reads members of `object` into `ret` (zero-initialise it; several objects may follow one another,
 * GIVEN before ASKED or both at once). MALFORMED: a value of the wrong JSON type, an unknown
 * member, a required one missing. NOT_FOUND: an agent, service or policy that has no document.
 * Strings are borrowed from the JSON, lists stand in the arena. */
AMBIT_CHECKED enum ambit_err ambit_hypothesis_read(const struct ambit_policy_set *set,
                                                   const struct json_value *object, unsigned parts,
                                                   struct arena *arena,
                                                   struct ambit_hypothesis *ret,
                                                   struct ambit_hypothesis_problem *reterr);

/* The world as the hypothesis tells it: its history, its stops. `ctx` stands in the arena.
 * NOT_FOUND: an entry is of an agent that the set does not have; so does a figure answer that is
 * asked of a policy, stop or `after` that it does not have. */
AMBIT_CHECKED enum ambit_err ambit_world_of_hypothesis(const struct ambit_policy_set *set,
                                                       const struct ambit_hypothesis *hypothesis,
                                                       struct arena *arena,
                                                       struct ambit_world *ret);

/* Who reads the answer (PL "Answers teach, and do not leak"). */
enum ambit_disclosure { AMBIT_FOR_AGENT, AMBIT_FOR_OWNER, AMBIT_FOR_SECURITY };

struct ambit_answer {
    struct ambit_decision *decision; /* in the arena */
    struct ambit_explanation explanation;
};
/* Decides and explains on `world`; hypothesis->now_ms must be set. NOT_FOUND, TOO_LARGE,
 * NO_MEMORY as the deciding functions. */
AMBIT_CHECKED enum ambit_err ambit_answer(const struct ambit_policy_set *set,
                                          struct ambit_hypothesis *hypothesis,
                                          const struct ambit_world *world, struct arena *arena,
                                          struct ambit_answer *ret);
/* The answer of POST /v1/explain as JSON, members in that page's order; failures are the buffer's.
 */
void ambit_answer_write(const struct ambit_hypothesis *hypothesis,
                        const struct ambit_answer *answer, enum ambit_disclosure disclosure,
                        struct buf *out);
