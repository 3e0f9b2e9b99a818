/* SPDX-License-Identifier: Apache-2.0 */
/* What a search keeps: its states, their sets of tokens (one that several states share is kept
 * once), and a table by which a state that was met is known again. Private to pattern_find.c. */
#pragma once

#include "policy/pattern_find.h"

enum {
    INSIDE_MAX = AMBIT_AREA_INSIDE_MAX,
    SET_WORDS = 32, /* of a state's set, on average at most */
    FREE = UINT32_MAX,
};

/* What was read of the segment at hand: a name has at least one, none empty, `.` or `..`. */
enum form { FORM_START, FORM_BETWEEN, FORM_DOT, FORM_DOTS, FORM_SEGMENT };

struct state {
    uint32_t at[INSIDE_MAX]; /* a token of each area inside */
    uint8_t stage, form;
    bool is_fed; /* where all take any byte: they have taken one */
    char byte;   /* that led here from `parent`; 0: none */
    uint32_t set, n_set;
    uint32_t parent; /* FREE: none */
};

struct indices {
    uint32_t *v;
    size_t n, room;
};

struct find {
    const struct find_question *question;
    struct state *states;
    size_t n_states, states_room;
    uint32_t *pool; /* the sets of all states */
    size_t n_pool, pool_room;
    uint32_t *table; /* of states, by hash; a power of two */
    size_t table_size;
    struct indices now, next, seeds;
    struct token_set scratch;
    char fresh[STAGES]; /* a byte that no pattern writes out; 0: there is none */
    bool tries_all;     /* not only the ways that go past the most patterns */
    bool was_cut;       /* a word ended for want of room */
    bool is_found;
    uint32_t found;
    enum ambit_err err;
};

void find_done(struct find *find);
/* Adds a state's number to a list. */
void find_push(struct find *find, struct indices *list, uint32_t index);
/* Every state is new again. */
void find_forget(struct find *find);
/* Keeps a state with the set `v` and puts it on the list, unless it was met. Sets find->err:
 * TOO_LARGE past the question's limit. */
void find_keep(struct find *find, struct state state, const uint32_t *v, size_t n,
               struct indices *list);
