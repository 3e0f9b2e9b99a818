/* SPDX-License-Identifier: Apache-2.0 */
/* The row of one question put to people: what became of it, who answered, and how often it may
 * still be used. What was shown stands in its approval.asked event. And the row of an agent: what
 * it asked lately, which bounds how often people are asked (PL "Approval"). */
#pragma once

#include "ambit/policy.h"

struct arena;
struct store_txn;

enum {
    APPROVAL_PENDING_MAX = 3,  /* of one agent */
    APPROVAL_PER_HOUR_MAX = 10 /* the same */
};

enum approval_state {
    APPROVAL_PENDING,
    APPROVAL_GIVEN,   /* by as many as it takes */
    APPROVAL_REFUSED, /* by one */
    APPROVAL_LAPSED,  /* nobody answered in time */
    APPROVAL_USED     /* as often as it may be */
};

struct approval_answer {
    struct ambit_str person;
    bool is_given;
    int64_t at_ms;
    uint64_t seq; /* of its event: their words */
};
struct approval_row {
    struct ambit_id id;
    enum approval_state state;
    struct ambit_str agent;
    struct ambit_digest shown; /* of exactly what was shown, but for its times */
    struct ambit_digest asks;  /* of the rules that ask, with the versions of their policies */
    uint64_t asked_seq;
    int64_t asked_ms, until_ms; /* until_ms: answered by then, or refused */
    int64_t timeout_ms;
    int64_t envelope_ms; /* 0: single use */
    uint64_t uses_left;
    int64_t lapse_ms;   /* GIVEN: used by then; 0 before */
    uint64_t given_seq; /* of the answer that completed it: what cut-offs compare with */
    int64_t refused_ms;
    struct approval_answer *answers; /* in order */
    size_t n_answers;
};
/* NOT_FOUND. Texts and arrays in the arena. */
AMBIT_CHECKED enum ambit_err approval_row_load(struct store_txn *txn, struct ambit_id id,
                                               struct arena *arena, struct approval_row *ret);
AMBIT_CHECKED enum ambit_err approval_row_store(struct store_txn *txn,
                                                const struct approval_row *row);
/* The latest question of that agent about exactly this. NOT_FOUND. */
AMBIT_CHECKED enum ambit_err approval_row_find(struct store_txn *txn, struct ambit_str agent,
                                               const struct ambit_digest *shown,
                                               struct arena *arena, struct approval_row *ret);
AMBIT_CHECKED enum ambit_err approval_row_index(struct store_txn *txn,
                                                const struct approval_row *row);

/* What an agent asked within the hour, and what of it is still pending. */
enum { APPROVAL_ASKS_MAX = APPROVAL_PER_HOUR_MAX + APPROVAL_PENDING_MAX };
struct approval_asked {
    struct ambit_id id;
    int64_t asked_ms;
    int64_t until_ms; /* 0: answered, or lapsed */
};
struct approval_agent {
    struct approval_asked v[APPROVAL_ASKS_MAX];
    size_t n;
};
/* None of it is no error. */
AMBIT_CHECKED enum ambit_err approval_agent_load(struct store_txn *txn, struct ambit_str agent,
                                                 struct approval_agent *ret);
AMBIT_CHECKED enum ambit_err approval_agent_store(struct store_txn *txn, struct ambit_str agent,
                                                  const struct approval_agent *row);
/* May people be asked once more on behalf of this agent? */
bool approval_agent_may_ask(const struct approval_agent *row, int64_t now_ms);
