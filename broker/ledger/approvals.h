/* SPDX-License-Identifier: Apache-2.0 */
/* What people were asked and answered, as the events so far say it: whether the yes or no that a
 * decision names was said, by whom, and may still be used. Pure. */
#pragma once

#include "ledger/event.h"

enum { APPROVALS_MAX = 4096, APPROVALS_ANSWERS_MAX = 16 };

enum approved_state { APPROVED_ASKED, APPROVED_GIVEN, APPROVED_REFUSED, APPROVED_OVER };
/* Owned texts. */
struct approved {
    struct ambit_id id;
    enum approved_state state;
    uint64_t asked_seq, given_seq;
    int64_t until_ms; /* ASKED: for an answer; GIVEN: for its use */
    int64_t refused_ms;
    int64_t timeout_ms, envelope_ms, uses_left;
    struct ambit_digest documents; /* in force when it was given */
    struct ambit_str agent, answers[APPROVALS_ANSWERS_MAX];
    size_t n_answers; /* beyond the maximum: counted alone */
};
struct approvals {
    struct approved *rows;
    size_t n, room;
    bool is_over;                /* more were open at once than are followed */
    struct ambit_id used, cause; /* an allow rested on it: the next event says so */
};
void approvals_done(struct approvals *approvals);

/* A decision that names an approval, by the events before it; `problem` is a constant or NULL.
 * *ret: the approval, when it is known. `is_partial`: what is not known is no fault. */
const char *approvals_judge(const struct approvals *approvals, const struct event *event,
                            bool is_partial, const struct approved **ret);
/* Is this what people were shown, or inside it where there is an envelope? Texts that are erased
 * are taken as the same. *ret: NULL, or what differs. */
AMBIT_CHECKED enum ambit_err approvals_shown(const struct approved *approved,
                                             const struct event *asked, const struct event *event,
                                             const char **ret);
/* NULL, or what is wrong: by the rules that ask, as the decision (made again) has them, and the
 * documents of when it was given. */
const char *approvals_enough(const struct approved *approved, const struct ambit_decision *decision,
                             const struct ambit_documents *people);
/* After every event; *ret: NULL, or what is wrong with it, a constant. */
AMBIT_CHECKED enum ambit_err approvals_note(struct approvals *approvals, const struct event *event,
                                            struct arena *arena, bool is_partial, const char **ret);
