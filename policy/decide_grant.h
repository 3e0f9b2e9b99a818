/* SPDX-License-Identifier: Apache-2.0 */
/* The token request while it is judged: shared by decide_grant.c (the order of it all),
 * grant_item.c (one item against the rules) and grant_rule.c (one rule from check `audience` on).
 */
#pragma once

#include "policy/judge.h"

struct asked {
    struct pattern_buf action, resource;
    bool has_resource, is_malformed;
};

/* An item given, with what hard stops and lifetimes need of it. */
struct giving {
    const struct pattern *action, *resource;
    const struct compiled_rule *rule;
};

struct grant_judge {
    struct judge j;
    const struct ambit_grant_question *q;
    size_t n_asked;
    struct giving giving[AMBIT_GIVEN_MAX]; /* beside d->given */
    size_t n_giving;
    const struct compiled_never *excepts[AMBIT_EXCEPT_MAX]; /* beside d->except */
    /* A `live_grants` limit that is reached lets pass for now: whether the grant would replace one
     * that lives is known only when every item has its rule. */
    bool may_replace, needs_replace;
    struct asked asked[AMBIT_ITEMS_MAX];
    struct pattern_buf filled[AMBIT_GIVEN_MAX]; /* of texts in the decision */
    size_t n_filled;
};

/* Judges item `i`: check == AMBIT_GRANT_CHECKS and something added to what is given, or why not. */
struct finding grant_judge_item(struct grant_judge *g, size_t i);
/* One rule that contains the item, from check `audience` on. */
struct finding grant_judge_rule(struct grant_judge *g, size_t i, const struct compiled_rule *rule);
/* `grants` and `live_grants`. */
bool limit_counts_grants(const struct ambit_limit *limit);
/* When a grant under this rule, asked now, ends: on a whole second; not after now when nothing is
 * left. */
int64_t grant_end_ms(const struct ambit_grant_question *q, const struct compiled_rule *rule);
