/* SPDX-License-Identifier: Apache-2.0 */
/* What the warnings of ambit/check.h share: what each rule, `never` and stop covers, who lists
 * which policy, how much work is left, and where a warning goes. Private to policy/check_*.c. */
#pragma once

#include "ambit/check.h"
#include "ambit/pattern.h"
#include "base/arena.h"
#include "base/json_read.h"
#include "policy/compiled.h"

/* The segments by which areas are told apart at first sight. */
enum check_sieve {
    SIEVE_ACTION_FIRST,
    SIEVE_ACTION_LAST,
    SIEVE_TYPE,
    SIEVE_FIRST,
    SIEVE_SECOND,
    SIEVE_THIRD,
    SIEVE_LAST,
    SIEVES
};

/* What a rule, a `never` or a stop covers, and a first sieve: only areas that have a bit of each
 * mask in common may overlap. */
struct cover {
    struct ambit_area area;
    const struct patterns *actions, *resources; /* n == 0: all */
    uint64_t masks[SIEVES];
};

/* Agents that list the same policies in the same order are one. */
struct check_group {
    const struct compiled_agent *const *agents;
    size_t n_agents;
    const struct compiled_agent *agent; /* the first */
};

/* A policy as the checks see it. Not in force (shadow): only what it says by itself is judged. */
struct check_policy {
    const struct compiled_policy *compiled;
    const struct cover *rules, *never, *stops;
    const struct json_value *json; /* the file, with places; NULL: it is not at hand */
    const struct ambit_file *file;
    size_t *groups; /* that list it */
    size_t n_groups;
    /* Policies of agents that list it and of whoever they delegate to, at any depth: every rule
     * under which something may be allowed that counts for one of those agents. NULL: not asked
     * yet (check_reach()). */
    struct check_policy **reach;
    size_t n_reach;
    uint32_t stamp;
};

struct check_run {
    const struct ambit_check *check;
    const struct ambit_documents *documents;
    struct arena *arena;
    struct ambit_problems *problems;
    struct check_policy *policies; /* in the order of the documents */
    struct check_group *groups;
    size_t n_groups;
    const struct ambit_file **files; /* by kind and name */
    uint32_t stamp;
    uint32_t *agent_stamps;
    uint64_t work;      /* that is left: about nanoseconds */
    bool is_cut_off;    /* no work is left */
    bool is_partial;    /* a question took more than its bound */
    enum ambit_err err; /* sticky */
};

/* Where a warning stands: the first place of these that the file has. */
struct check_at {
    enum ambit_kind kind;
    struct ambit_str name; /* of the document */
    const char *list;      /* "allow": an element of a list; NULL: the document */
    size_t index;
    const char *member; /* of the element, or of the document; may be NULL */
    size_t inner;       /* index within the member, when it is a list */
    bool has_inner;
};

struct check_warning {
    enum ambit_warning id;
    struct check_at at;
    struct ambit_str what;
    const char *expected;
    const struct ambit_witness *example; /* NULL: none */
};
void check_warn(struct check_run *run, const struct check_warning *warning);
/* A text in the arena. */
__attribute__((format(printf, 2, 3))) struct ambit_str check_say(struct check_run *run,
                                                                 const char *format, ...);

/* Counts work; false: there is none left. */
bool check_spend(struct check_run *run, uint64_t work);

/* check_set.c: fills policies, groups and files. */
AMBIT_CHECKED enum ambit_err check_open(struct check_run *run);
struct check_policy *check_policy_of(const struct check_run *run,
                                     const struct compiled_policy *policy);
/* Fills policy->reach. False: out of memory. */
bool check_reach(struct check_run *run, struct check_policy *policy);
/* The agents of a group, as a sentence names them: `agent "x"`, `agent "x" and 3 more`. */
struct ambit_str check_who(struct check_run *run, const struct check_group *group);

/* check_cover.c */
struct cover cover_of(const struct patterns *actions, const struct patterns *resources,
                      struct ambit_strs action_texts, struct ambit_strs resource_texts);
/* Do they overlap (names of any length)? False too when no work is left. */
bool cover_meets(struct check_run *run, const struct cover *a, const struct cover *b);
/* The same with a name of each that shows it; an overlap that no name of 512 bytes has is none. */
bool cover_overlap(struct check_run *run, const struct cover *a, const struct cover *b,
                   struct ambit_witness *ret);
/* Does a rule of policy->reach meet it? `due`: only rules that ask for an outcome. True where it
 * was not settled. */
bool cover_is_reached(struct check_run *run, struct check_policy *policy, const struct cover *cover,
                      bool due);
/* Of an `after`; run->err where there is no memory. */
struct cover cover_of_after(struct check_run *run, const struct ambit_after *after);
/* Do the outer ones together hold the inner? False too when that was not settled. */
bool cover_is_inside(struct check_run *run, const struct cover *inner,
                     const struct ambit_area *outer, size_t n_outer);

/* Entries of at most `max` in each window of `within_s`: how many there can be in `window_s`. */
int64_t check_most(int64_t max, int64_t within_s, int64_t window_s);
/* The largest value that the rule lets a context member have; false: any. */
bool check_largest(const struct ambit_rule *rule, struct ambit_str member, int64_t *ret);

/* The warnings, a file each. */
void warn_missing(struct check_run *run);                             /* check_missing.c */
void warn_never(struct check_run *run, struct check_policy *policy);  /* check_never.c */
void warn_rules(struct check_run *run, struct check_policy *policy);  /* check_rule.c */
void warn_order(struct check_run *run);                               /* check_order.c */
void warn_stops(struct check_run *run, struct check_policy *policy);  /* check_stop.c */
void warn_limits(struct check_run *run, struct check_policy *policy); /* check_limit.c */
void warn_events(struct check_run *run);                              /* check_event.c */
