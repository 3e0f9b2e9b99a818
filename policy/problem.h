/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what is wrong with a set of documents, and how one problem reads: as a line for people
 * and compilers' tools, and as the JSON object PROBLEM. Texts that come from files are written so
 * that no control byte reaches a terminal. */
#pragma once

#include "ambit/document.h"

struct buf;
struct json_out;

/* By file, line, column; what came first stays first. */
void problem_sort(struct ambit_problems *problems);

/* FILE:LINE:COLUMN: error: POINTER: WHAT; expected EXPECTED[; did you mean "X"?] - without newline;
 * of a warning also [; for example ACTION RESOURCE] [ID]. */
void problem_write_line(struct buf *buf, const struct ambit_problem *problem);
/* {"file","line","column","pointer","severity","what","expected","nearest","id","example":{"action",
 * "resource"}}; absent texts are left out. The keys stand in that order. */
void problem_write_json(struct json_out *out, const struct ambit_problem *problem);
