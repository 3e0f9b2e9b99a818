/* SPDX-License-Identifier: Apache-2.0 */
/* The action question while it is judged: shared by decide_action.c (the order of it all) and
 * action_rule.c (one item of the grant against its rule as it stands now). */
#pragma once

#include "policy/judge.h"

struct action_judge {
    struct judge j;
    const struct ambit_action_question *q;
    const struct ambit_grant_view *grant; /* of the level that is judged; NULL: not known */
    struct ambit_grant_view named;        /* what stands in its place when nothing was presented */
    bool has_action, has_resource;        /* the names below are well formed */
    struct pattern_buf action, resource;
    struct index_probe probe; /* of the two, when both are */
    /* of each level: the rule that lets it through, or that got furthest */
    const struct compiled_rule *rules[LEVELS_MAX];
};

void action_enter(struct action_judge *a, unsigned level);

/* The rule that gave item `i`, as it stands now, from check `policy` on; without the hard stops.
 * check == AMBIT_ACTION_CHECKS when all pass; *ret_rule is set once the rule is found. */
struct finding action_judge_item(struct action_judge *a, size_t i,
                                 const struct compiled_rule **ret_rule);
/* One rule, of the same checks. */
struct finding action_judge_rule(struct action_judge *a, size_t i,
                                 const struct compiled_rule *rule);

/* ---- nothing was presented: a service's word names the agent (action_named.c) ---------------- */

/* What such an act is judged by in place of a grant, of the documents of now. False: no such agent
 * or service. */
bool action_named_view(const struct ambit_policy_set *set,
                       const struct ambit_action_question *question, struct ambit_grant_view *ret);
/* Check `live`: as a token request would be judged. */
struct finding action_judge_named_owner(const struct action_judge *a);
/* Check `policy`: does the rule give anything to who shows nothing? */
struct finding action_judge_unpresented(const struct action_judge *a,
                                        const struct compiled_rule *rule);
/* The rules that contain it, in the agent's order: the first that passes, else the one that got
 * furthest. */
struct finding action_judge_named(struct action_judge *a, const struct compiled_rule **ret_rule);

/* The allowed action, charged to the limits of the rule that let it through. */
void action_charge(struct action_judge *a, const struct compiled_rule *rule);
