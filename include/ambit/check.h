/* SPDX-License-Identifier: Apache-2.0 */
/* What is probably not meant in a set of documents that is valid: `ambit policy check`. A set may
 * be used whatever is warned of. Each warning has an id, stands at a member of a document, and
 * names, where one exists, an action and a resource on which the trouble shows.
 *
 * What is said is certain: questions about patterns are asked of ambit/pattern.h, exactly. What
 * would take too long is not guessed: the last warning then says that not everything was looked at.
 */
#pragma once

#include "ambit/policy.h"

/* id, and what it means in one line (policy/README.md has the table). */
#define AMBIT_WARNING_LIST(X)                                                                      \
    X(AGENT_WITHOUT_POLICY, "agent-without-policy",                                                \
      "An agent lists no policy: it is given "                                                     \
      "nothing.")                                                                                  \
    X(POLICY_WITHOUT_AGENT, "policy-without-agent", "No agent lists the policy.")                  \
    X(POLICY_WITHOUT_TESTS, "policy-without-tests", "No NAME.test.json stands beside the policy.") \
    X(POLICY_EXPIRED, "policy-expired", "The policy's not_after is past.")                         \
    X(NEVER_SWALLOWS_RULE, "never-swallows-rule",                                                  \
      "A never rule holds everything that an allow rule allows.")                                  \
    X(RULE_NEVER_APPLIES, "rule-never-applies", "Nothing can ever be allowed under the rule.")     \
    X(RULE_NEVER_REACHED, "rule-never-reached",                                                    \
      "A rule before it gives the same and asks no more: this one is never tried.")                \
    X(ORDER_MATTERS, "order-matters",                                                              \
      "Two rules overlap and ask different things: the first that passes counts.")                 \
    X(STOP_NEVER_FIRES, "stop-never-fires", "Nothing can happen on which the hard stop fires.")    \
    X(LIMIT_UNREACHABLE, "limit-unreachable", "The number of a limit or stop cannot be reached.")  \
    X(STOPS_TOO_MANY, "stops-too-many",                                                            \
      "More hard stops may fall on one event of an agent than one event can record.")              \
    X(CUT_OFF, "analysis-cut-off", "The set is too large: not everything was looked at.")

enum ambit_warning {
#define X(name, id, text) AMBIT_WARNING_##name,
    AMBIT_WARNING_LIST(X)
#undef X
        AMBIT_WARNINGS
};
const char *ambit_warning_id(enum ambit_warning warning);
const char *ambit_warning_text(enum ambit_warning warning);

struct ambit_check {
    const struct ambit_policy_set *set; /* compiled from `files` */
    const struct ambit_file *files;     /* for lines and columns */
    size_t n_files;
    int64_t now_ms; /* 0: dates are not judged */
    /* Does a test stand beside the policy's file? NULL: not asked. */
    bool (*has_tests)(void *ctx, const struct ambit_file *policy);
    void *ctx;
    uint64_t work; /* at most, about in nanoseconds of comparing; 0: some seconds */
};

/* Adds the warnings to the list and sorts it. NO_MEMORY: the list is not complete. */
AMBIT_CHECKED enum ambit_err ambit_policy_warn(const struct ambit_check *check,
                                               struct ambit_problems *problems);
