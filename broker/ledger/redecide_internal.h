/* SPDX-License-Identifier: Apache-2.0 */
/* Between making a decision again and comparing it. */
#pragma once

#include "ledger/redecide.h"

/* Appends to ret->what, cut at its end; what does not print becomes `?`. */
void redecided_put(struct redecided *ret, const char *text);
void redecided_put_str(struct redecided *ret, struct ambit_str text);
/* Sets the finding to DIFFERS and begins `what`. */
void redecided_differs(struct redecided *ret, const char *text);

/* The stops by which an event is judged (redecide_stops.c). */
struct redecide_stops {
    const struct ambit_stop_view *views;
    size_t n;
    bool is_exact; /* these were before the broker's eyes, in this order */
    bool differs;  /* the event names one on something else than the events before it */
};
AMBIT_CHECKED enum ambit_err redecide_stops_of(const struct event *event,
                                               const struct redecide_followed *followed,
                                               struct arena *arena, struct redecide_stops *ret);
/* Were these stops those that the event says it used? */
bool redecide_stops_eq(const struct event *event, const struct ambit_decision *decision,
                       bool is_exact);

/* Everything that a decision gives to its event, against the event. */
void redecide_compare(const struct event *event, const struct redecide_question *question,
                      const struct redecide_set *set, const struct ambit_decision *decision,
                      bool stops_are_exact, struct redecided *ret);
