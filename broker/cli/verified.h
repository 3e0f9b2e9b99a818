/* SPDX-License-Identifier: Apache-2.0 */
/* What `ambit verify` of a log and `ambit-verify` have in common: the key that is given, how far it
 * has come, and the words in which the report is told. */
#pragma once

#include "ledger/log_verify.h"

/* A verifier key, or the name of a file that holds one. NOT_FOUND, MALFORMED, UNSUPPORTED. */
AMBIT_CHECKED enum ambit_err verified_key(const char *text, struct note_verifier *ret);

/* A line on standard error, written anew about four times a second. */
struct verified_progress {
    bool is_on;
    int64_t began_ms, told_ms;
    const char *what; /* "events" */
};
void verified_progress_begin(struct verified_progress *progress, bool is_wanted);
void verified_progress(void *ctx, uint64_t done, uint64_t of);
void verified_progress_end(struct verified_progress *progress);

/* Lines for people. */
void verified_write(const struct log_report *report, struct buf *out);
