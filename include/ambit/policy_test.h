/* SPDX-License-Identifier: Apache-2.0 */
/* Policy tests (policy-language.md, "Policy tests"): NAME.test.json beside the policy, run with no
 * broker. Each case asks one hypothetical question (explain.h) and holds the answer to what it
 * expects; together they tell which rules, `never` rules and hard stops of the policy were reached.
 * Pure. Everything in a report stands in the arena or in the text. */
#pragma once

#include "ambit/explain.h"

struct ambit_test_case {
    struct ambit_str name;
    uint32_t line; /* of the case in its file */
    bool passed;
    /* Why not, one line each: "reason: expected "x", is "y"". */
    const struct ambit_str *differences;
    size_t n_differences;
};

enum ambit_test_part { AMBIT_PART_RULE, AMBIT_PART_NEVER, AMBIT_PART_HARD_STOP };
const char *ambit_test_part_text(enum ambit_test_part part); /* "rule", "never", "hard_stop" */
/* A rule is reached when it gives, allows or is what refuses; a `never` rule when it forbids; a
 * hard stop when it fires. */
struct ambit_test_reach {
    enum ambit_test_part part;
    struct ambit_str id;
    bool is_reached;
};

struct ambit_test_report {
    struct ambit_str policy;
    struct ambit_test_case *cases;
    size_t n_cases, n_passed;
    struct ambit_test_reach *reach; /* rules, never rules, hard stops, in document order */
    size_t n_reach, n_reached;
};

/* What is wrong with the file itself. */
struct ambit_test_problem {
    uint32_t line, column;
    struct ambit_str pointer;
    const char *what, *expected;
    struct ambit_str name;
};

/* Runs every case of one file. `name`: the policy that the file stands beside; `now_ms`: for cases
 * that give no time. MALFORMED: the file cannot be run, *reterr says why; a case that cannot be
 * asked is a failed case. */
AMBIT_CHECKED enum ambit_err ambit_policy_test(const struct ambit_policy_set *set,
                                               struct ambit_str name, struct ambit_str text,
                                               int64_t now_ms, struct arena *arena,
                                               struct ambit_test_report *ret,
                                               struct ambit_test_problem *reterr);
