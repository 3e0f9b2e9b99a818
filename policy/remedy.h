/* SPDX-License-Identifier: Apache-2.0 */
/* What the two remedies share. A remedy is a changed copy of the question that the engine, asked
 * again, allowed; what was not tried so is never offered. */
#pragma once

#include "base/json_write.h"

#include "policy/judge.h"

struct remedy {
    const struct ambit_policy_set *set;
    const struct ambit_world *world;
    struct arena *arena;
    struct ambit_decision *scratch; /* of the tries */
    struct ambit_explanation *ret;
    size_t tries; /* left */
    enum ambit_err err;
};

enum { REMEDY_TRIES = 160 };

/* True: allowed. A failure to decide is no allow; the last is kept in r->err, but for a changed
 * question that is too large: it would not pass either. */
bool remedy_try_grant(struct remedy *r, const struct ambit_grant_question *question);
bool remedy_try_action(struct remedy *r, const struct ambit_action_question *question);

/* Texts are fixed; `value` is JSON in a buffer of the caller's, or empty. What only people may see
 * goes to the first, with the agent getting the change without its value. */
enum remedy_for { REMEDY_FOR_ALL, REMEDY_FOR_PEOPLE };
void remedy_give(struct remedy *r, enum ambit_change change, const struct buf *value,
                 const char *text, enum remedy_for whom);
void remedy_none(struct remedy *r);

/* A person approves what is asked: the rules that ask one, for people to see. */
void remedy_give_approval(struct remedy *r);
/* What must be done first, in words for people; no change of the question itself. */
void remedy_give_order(struct remedy *r, const struct compiled_rule *rule);

/* The world when `ms` have passed and nothing was done; it borrows `later`. */
struct later {
    const struct ambit_world *now;
    int64_t ms;
};
struct ambit_world remedy_world_later(struct later *later);
/* The world as it is, had all that rules want done before just been done. */
struct ambit_world remedy_world_in_order(struct later *later);

/* A question that is asked again as of another time. */
struct waiting {
    struct remedy *r;
    struct ambit_str agent;
    const struct ambit_grant_view *above;
    bool (*try_at)(const struct waiting *w, int64_t at_ms);
    const void *question;
};
/* The earliest time found at which it would pass, given as the remedy; or false. */
bool remedy_wait(const struct waiting *w, const struct ambit_decision *denied, int64_t now_ms);

/* The rule that refused, of whoever it was that was judged; NULL: none did. */
const struct compiled_rule *remedy_rule(const struct ambit_policy_set *set, struct ambit_str agent,
                                        const struct ambit_grant_view *above,
                                        const struct ambit_decision *denied);
/* A pattern inside both, in `room` of AMBIT_WORD_MAX bytes or one of the two; {NULL,0}: none was
 * found. */
struct ambit_str remedy_narrower(const struct pattern *a, const struct pattern *b, char *room);

AMBIT_CHECKED enum ambit_err remedy_begin(struct remedy *r);
enum ambit_err remedy_end(struct remedy *r);
/* A text that the pattern matches: itself without stars. */
struct ambit_str remedy_text_for(struct remedy *r, struct ambit_str pattern);
