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

enum { REMEDY_TRIES = 64 };

/* True: allowed. A failure to decide is no allow; the last is kept in r->err. */
bool remedy_try_grant(struct remedy *r, const struct ambit_grant_question *question);
bool remedy_try_action(struct remedy *r, const struct ambit_action_question *question);

/* Texts are fixed; `value` is JSON in a buffer of the caller's, or empty. What only people may see
 * goes to the first, with the agent getting the change without its value. */
enum remedy_for { REMEDY_FOR_ALL, REMEDY_FOR_PEOPLE };
void remedy_give(struct remedy *r, enum ambit_change change, const struct buf *value,
                 const char *text, enum remedy_for whom);
void remedy_none(struct remedy *r);
/* What was refused at `now_ms` because of the calendar (hours, dates): when that is over. False:
 * that was not the reason, or it never is. */
bool remedy_next_time(const struct compiled_agent *agent, const struct ambit_decision *denied,
                      int64_t now_ms, int64_t *ret_ms);
void remedy_give_time(struct remedy *r, int64_t at_ms, const char *text);
AMBIT_CHECKED enum ambit_err remedy_begin(struct remedy *r);
enum ambit_err remedy_end(struct remedy *r);
/* A text that the pattern matches: itself without stars. */
struct ambit_str remedy_text_for(struct remedy *r, struct ambit_str pattern);
