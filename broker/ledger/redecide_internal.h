/* SPDX-License-Identifier: Apache-2.0 */
/* Between making a decision again and comparing it. */
#pragma once

#include "ledger/redecide.h"

/* Appends to ret->what, cut at its end; what does not print becomes `?`. */
void redecided_put(struct redecided *ret, const char *text);
void redecided_put_str(struct redecided *ret, struct ambit_str text);
/* Sets the finding to DIFFERS and begins `what`. */
void redecided_differs(struct redecided *ret, const char *text);

/* Everything that a decision gives to its event, against the event. */
void redecide_compare(const struct event *event, const struct redecide_question *question,
                      const struct redecide_set *set, const struct ambit_decision *decision,
                      struct redecided *ret);
