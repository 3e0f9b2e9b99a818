/* SPDX-License-Identifier: Apache-2.0 */
/* How what is wrong with a file is shown, on a terminal and in JSON: the PROBLEM of interfaces.md.
 * One form for documents and for the configuration file, so that an editor parses both alike. The
 * texts come from files of others: control bytes never reach the output raw. */
#pragma once

#include "ambit/document.h"
#include "base/arena.h"
#include "base/buf.h"

struct json_out;

/* A list of problems of the configuration (documents have their own, ambit/document.h). */
struct config_problems {
    struct arena arena; /* holds every text; zero-initialise the whole struct */
    struct ambit_problem *v;
    size_t n, cap;
    bool is_short; /* memory ran out: the list is not complete */
};
void config_problems_done(struct config_problems *problems);
/* Copies the texts. */
void config_problem_add(struct config_problems *problems, const struct ambit_problem *problem);
#define CONFIG_PROBLEMS_AUTO AMBIT_CLEANUP(config_problems_done) struct config_problems

/* `FILE:LINE:COLUMN: error: POINTER: WHAT; expected EXPECTED; did you mean "X"?` and a newline.
 * Without line and column when they are 0; the pointer of the whole document is left out. */
void problem_print(struct buf *out, const struct ambit_problem *problem);
/* The object PROBLEM of interfaces.md. */
void problem_json(struct json_out *out, const struct ambit_problem *problem);

/* The candidate nearest in spelling, {NULL,0} when none is near enough to be meant. Two candidates
 * equally near: the first. */
struct ambit_str nearest_spelling(struct ambit_str word, const char *const *candidates, size_t n);
