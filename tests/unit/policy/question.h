/* SPDX-License-Identifier: Apache-2.0 */
/* Hypothetical questions in tests: a question written as in the language page (with ' for "), read,
 * decided and explained on the history and the stops that it tells itself. */
#pragma once

#include "lab.h"

#include "ambit/explain.h"

struct buf;

/* Reads `parts` of the question, answers it as it is disclosed, and returns the answer, or
 * "malformed POINTER: WHAT; EXPECTED", "not_found POINTER: WHAT NAME", "no_memory", "too_large",
 * "damaged". Everything but the answer stands in `arena`; the answer stands until the next
 * question. */
const char *question_ask(struct lab *lab, struct arena *arena, const char *question, unsigned parts,
                         enum ambit_disclosure disclosure);
/* Set: whether the world fails to tell what it is asked next; the answer is "damaged" then. */
extern bool (*question_world_fails)(void);
/* A whole question, as an owner reads its answer. */
const char *question_answer(struct lab *lab, const char *question);
/* `want`, with ' for ", stands in the answer. */
struct question_row {
    const char *name, *question, *want;
};
/* Fails, when every row was asked, if one of them was answered otherwise. */
void question_hold(struct lab *lab, const struct question_row *rows, size_t n);
#define QUESTION_HOLD(lab, rows) question_hold((lab), (rows), AMBIT_LEN(rows))
/* The text with " for '; in the arena. */
struct ambit_str question_quoted(struct arena *arena, const char *text);
