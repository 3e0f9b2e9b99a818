/* SPDX-License-Identifier: Apache-2.0 */
/* What `policy check` found, and the forms in which it is told: lines for people, the JSON of
 * interfaces, SARIF 2.1.0 for code review, JUnit XML for CI. */
#pragma once

#include "ambit/check.h"
#include "cli/alone.h"
#include "config/folder.h"

struct buf;

struct check_finding {
    struct ambit_problems problems; /* errors, or warnings */
    struct folder folder;           /* what was read */
    struct ambit_policy_set *set;   /* NULL: the documents are not valid */
    struct alone_rules alone;
    bool is_strict; /* warnings fail */
};
void check_finding_done(struct check_finding *finding);
#define CHECK_FINDING_AUTO AMBIT_CLEANUP(check_finding_done) struct check_finding

static inline size_t check_n_warnings(const struct check_finding *finding)
{
    return finding->problems.n - finding->problems.n_errors;
}

/* The file that a message names; NULL: none was read under that path. */
const struct ambit_file *check_file_of(const struct check_finding *finding, struct ambit_str path);
/* The file of a policy. */
const struct ambit_file *check_file_of_policy(const struct check_finding *finding,
                                              struct ambit_str policy);
/* "a service may decide this alone; ..." */
void check_write_alone(struct buf *out, const struct alone_rule *rule);
/* "WHAT; expected EXPECTED; did you mean ...; for example ..." */
void check_write_message(struct buf *out, const struct ambit_problem *problem);

void check_put_text(struct buf *out, const struct check_finding *finding);
void check_put_json(struct buf *out, const struct check_finding *finding);
void check_put_sarif(struct buf *out, const struct check_finding *finding); /* check_sarif.c */
void check_put_junit(struct buf *out, const struct check_finding *finding); /* check_junit.c */
