/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules a service may apply without asking the broker (policy-language.md, "What a service
 * may decide alone"), and how late a stop can reach it then: this version has no status list, so
 * when the token ends. */
#pragma once

#include "ambit/policy.h"

struct alone_rule {
    struct ambit_str policy, rule; /* borrowed from the set */
    int64_t within_s;
};
struct alone_rules {
    struct alone_rule *v; /* owned */
    size_t n;
};
/* In the order of policies and rules. `now_ms`: dates and lapses are judged as of then. */
AMBIT_CHECKED enum ambit_err alone_find(const struct ambit_policy_set *set, int64_t now_ms,
                                        struct alone_rules *ret);
void alone_done(struct alone_rules *rules);
