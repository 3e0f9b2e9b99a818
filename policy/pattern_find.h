/* SPDX-License-Identifier: Apache-2.0 */
/* The search behind ambit_area_find(): for names of one type of resource. A state is where each
 * area inside which we look stands (one token each: one of its ways to read what was read), and the
 * set of tokens in which the areas outside of which we look are. Shorter words first; a state that
 * was met is not walked again. Private to pattern_find.c and pattern_area.c. */
#pragma once

#include "policy/pattern_machine.h"

/* An area as the machine has it: the first tokens of its patterns, a list for each stage. */
struct find_area {
    uint32_t *starts[STAGES];
    size_t n[STAGES];
};

struct find_question {
    struct machine *machine; /* finished */
    const struct find_area *inside, *outside;
    size_t n_inside, n_outside;
    enum stage first, last;
    size_t room[STAGES]; /* bytes that the segments of a name may take */
    size_t limit;        /* states to keep at most */
};

struct find_answer {
    bool is_found;
    size_t steps;
    char words[STAGES][AMBIT_WORD_MAX + 1]; /* the segments */
};

/* TOO_LARGE: not settled within the limit. NO_MEMORY. */
AMBIT_CHECKED enum ambit_err find_word(const struct find_question *question,
                                       struct find_answer *ret);
