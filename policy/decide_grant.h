/* SPDX-License-Identifier: Apache-2.0 */
/* The token request while it is judged: shared by decide_grant.c (the order of it all),
 * grant_item.c (one item against the rules), grant_rule.c (one rule from check `audience` on) and
 * grant_above.c (the grants that it would be delegated from). */
#pragma once

#include "policy/judge.h"

struct asked {
    struct pattern_buf action, resource;
    struct index_probe probe; /* of the two, where there is a resource and neither is malformed */
    bool has_resource, is_malformed;
};

/* An item given, with what hard stops and lifetimes need of it. */
struct giving {
    size_t i; /* as asked */
    const struct pattern *action, *resource;
    const struct index_probe *probe; /* of the two */
    const struct compiled_rule *rule;
};

/* An item as it is judged: as asked, or, asked "on every resource", with one of a rule's. */
struct candidate {
    size_t i; /* as asked */
    const struct pattern *action, *resource;
    const struct finding *above;     /* check `scope` of the grants above; NULL: there are none */
    const struct index_probe *probe; /* of the two, once there is a resource */
};

/* What rules look at, of the level that is judged: the request's, or what a grant above recorded.
 */
struct claims {
    struct ambit_str purpose, composition;
    enum ambit_binding binding;
};

/* Only where an item is asked for on every resource. */
struct open_room {
    struct pattern_buf filled[AMBIT_GIVEN_MAX]; /* of texts in the decision */
    struct index_probe
        probes[AMBIT_GIVEN_MAX + 1]; /* beside what is given, and of what may be next */
};

struct grant_judge {
    struct judge j;
    const struct ambit_grant_question *q;
    struct ambit_str audience; /* asked for, or the parent's; absent: neither */
    struct claims claims;
    size_t n_asked;
    struct giving giving[AMBIT_GIVEN_MAX]; /* beside d->given */
    size_t n_giving;
    const struct compiled_never *excepts[AMBIT_EXCEPT_MAX]; /* beside d->except */
    /* A `live_grants` limit that is reached lets pass for now: whether the grant would replace one
     * that lives is known only when every item has its rule. */
    bool may_replace, needs_replace;
    bool takes_unapproved; /* what lacks approval alone is put among what is given */
    struct asked asked[AMBIT_ITEMS_MAX];
    struct open_room *open; /* NULL: none is */
    size_t n_filled;        /* of open->filled */
};

void grant_enter(struct grant_judge *g, unsigned level);
/* Judges item `i`: check == AMBIT_GRANT_CHECKS and something added to what is given, or why not. */
struct finding grant_judge_item(struct grant_judge *g, size_t i);
/* One rule that contains the item, from check `audience` on. */
struct finding grant_judge_rule(struct grant_judge *g, size_t i, const struct compiled_rule *rule);
/* The first of what is given by its rule. */
bool grant_is_first_of_rule(const struct grant_judge *g, size_t i);
/* Is there a grant whose places this one may have (grant_replace.c)? It is the request that is the
 * same, also where another limit refuses an item of it. */
bool grant_may_have_places(struct grant_judge *g);
/* No stop on whoever is above, and their grants live: check `stop`. */
struct finding grant_above_stop(struct grant_judge *g);
/* Every grant above holds the item and may be delegated so far, to this agent: check `scope`. */
struct finding grant_above_scope(struct grant_judge *g, const struct candidate *c);
/* The rules that gave those above, as they stand now, from check `audience` on. */
struct finding grant_above_rules(struct grant_judge *g, const struct candidate *c);
/* The except of the parent goes with what is given below it. */
struct finding grant_above_except(struct grant_judge *g);
/* When a grant under this rule, asked now, ends: on a whole second; not after now when nothing is
 * left. */
int64_t grant_end_ms(const struct ambit_grant_question *q, const struct compiled_rule *rule);
