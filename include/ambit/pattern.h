/* SPDX-License-Identifier: Apache-2.0 */
/* Exact questions about lists of patterns and about areas, each answered with a witness: for check,
 * diff, probe and suggest, off the decision path (PL "Names and patterns").
 *
 * An *area* is what a rule, a `never` rule or a hard stop covers: every pair of one of its actions
 * and one of its resources. One question stands behind all others: is there a name (or a pair of an
 * action and a resource) that lies in every one of some areas and in none of others? Then
 *   overlap      in a and in b;
 *   contain      nothing lies in the inner and in none of the outer ones together;
 *   difference   what lies in one side and in none of the other;
 *   what is left of a rule after its `never` rules: in the rule, in none of them.
 * The answer is about names that the language allows: segments not empty, not `.` or `..`, at most
 * 512 bytes in all. The union of the outer areas counts, not each by itself.
 *
 * How: the names are walked as words over bytes. Where every area inside which we look would take
 * any byte, one byte that no pattern writes out stands for all of them: whatever an outer pattern
 * accepts there it accepts through a star, so it accepts any other byte as well. States that a
 * later star makes needless are dropped; a state met again is not walked again; shorter words come
 * first. Where the 512 bytes are too short for that byte, or every byte is written out somewhere,
 * all ways are walked. A question that takes more than its bound is TOO_LARGE: an error, never a
 * guess. */
#pragma once

#include "ambit/document.h"
#include "ambit/limits.h"

/* Every pair of an action and a resource; n == 0: all of them (of that kind). */
struct ambit_area {
    struct ambit_strs actions, resources; /* patterns; allow rules' with `${...}` too */
};

enum ambit_area_kind {
    AMBIT_AREA_PAIRS,
    AMBIT_AREA_ACTIONS,   /* the lists of actions alone; resources are not read */
    AMBIT_AREA_RESOURCES, /* the lists of resources alone */
};

enum {
    AMBIT_AREA_INSIDE_MAX = 3,
    AMBIT_AREA_STEPS = 250000, /* states kept; what they hold is bounded at 32 words a state */
};

/* How a question is asked. Zeroed: pairs, no agent known, the bound above. */
struct ambit_area_terms {
    enum ambit_area_kind kind;
    /* What `${agent}` and `${team}` stand for. Absent: any segment, like `*`; a value that is no
     * segment: the pattern matches nothing. `${purpose}` is always `*`: the agent chooses it. A
     * question about a difference should name the agent: taken as `*`, an outer pattern is larger
     * than it will ever be. */
    struct ambit_str agent, team;
    size_t steps; /* 0: AMBIT_AREA_STEPS */
};

/* A valid name of each kind asked for; "" for the other. */
struct ambit_witness {
    char action[AMBIT_WORD_MAX + 1], resource[AMBIT_WORD_MAX + 1];
};

struct ambit_area_answer {
    bool is_found; /* there is one: `witness` is it */
    struct ambit_witness witness;
    size_t steps; /* taken */
};

/* Is anything in every one of `inside` (1 to AMBIT_AREA_INSIDE_MAX) and in none of `outside`?
 * MALFORMED: a text is no pattern. TOO_LARGE: not settled. NO_MEMORY. */
struct ambit_area_question {
    struct ambit_area_terms terms;
    const struct ambit_area *inside;
    size_t n_inside;
    const struct ambit_area *outside;
    size_t n_outside;
};
AMBIT_CHECKED enum ambit_err ambit_area_find(const struct ambit_area_question *question,
                                             struct ambit_area_answer *ret);

/* Found: what lies in both. */
AMBIT_CHECKED enum ambit_err ambit_area_overlap(const struct ambit_area_terms *terms,
                                                const struct ambit_area *a,
                                                const struct ambit_area *b,
                                                struct ambit_area_answer *ret);
/* Found: what lies in `inner` and in none of the outer ones, so that they do not contain it. */
AMBIT_CHECKED enum ambit_err ambit_area_excess(const struct ambit_area_terms *terms,
                                               const struct ambit_area *inner,
                                               const struct ambit_area *outer, size_t n_outer,
                                               struct ambit_area_answer *ret);
/* Two lists of areas, each taken together: `left` is what only the first holds, `right` what only
 * the second does. They are the same when neither is found. */
struct ambit_area_list {
    const struct ambit_area *v;
    size_t n;
};
struct ambit_area_difference {
    struct ambit_area_answer left, right;
};
AMBIT_CHECKED enum ambit_err ambit_area_differ(const struct ambit_area_terms *terms,
                                               const struct ambit_area_list *a,
                                               const struct ambit_area_list *b,
                                               struct ambit_area_difference *ret);
