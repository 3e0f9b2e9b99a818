/* SPDX-License-Identifier: Apache-2.0 */
/* What the explaining files share. An explanation is made by asking the question again: once for
 * the decision, once more on the figures of the first with a watcher in the judging code, so that
 * no check is written twice. Texts are written into two buffers, one check at a time. */
#pragma once

#include "base/buf.h"

#include "policy/judge.h"

struct seen_limit { /* one of the two */
    const struct ambit_limit *limit;
    const struct ambit_after *after;
    int64_t figure;
};

struct explainer {
    const struct ambit_policy_set *set;
    const struct ambit_decision *d;
    /* of the level whose checks are told: that which failed, else the first */
    const struct compiled_agent *agent;   /* NULL: not in the set, or no grant */
    const struct ambit_grant_view *grant; /* NULL: none yet, or unknown */
    struct ambit_grant_view named; /* what stands there when a service's word names the agent */
    const struct ambit_grant_question *grant_question; /* one of the two */
    const struct ambit_action_question *action_question;
    /* the item and rule that the checks are told of */
    size_t item;
    bool any_item;
    const struct compiled_rule *wanted; /* NULL: whichever was judged last for the item */
    const struct compiled_rule *rule;   /* that was seen; NULL: none was reached */
    int first_check;                    /* with which the judging of a rule begins */
    int reached;                        /* the last check told of `rule` */
    struct seen_limit limits[AMBIT_LIST_MAX], afters[AMBIT_LIST_MAX];
    size_t n_limits, n_afters;

    struct arena *arena;
    struct buf required, saw;
    struct ambit_explanation *ret;
};

/* Writes the two texts of one check that was reached. */
void explain_grant_check(struct explainer *e, enum ambit_grant_check check, bool failed);
void explain_action_check(struct explainer *e, enum ambit_action_check check, bool failed);
/* user_text and admin_text, from the decision and the report of the check that failed. */
void explain_sentences(struct explainer *e);

/* ---- words that both questions use (explain_text.c) ------------------------------------------ */

void put_strs(struct buf *buf, struct ambit_strs texts, const char *none);
void put_str_or(struct buf *buf, struct ambit_str text, const char *none);
/* A name that may be malformed: bytes that are no printable ASCII as '?'. */
void put_asked(struct buf *buf, struct ambit_str text);
void put_item(struct buf *buf, struct ambit_str action, struct ambit_str resource);
void put_duration(struct buf *buf, int64_t seconds);
void put_time(struct buf *buf, int64_t unix_ms);
void put_address(struct buf *buf, const struct ambit_addr_view *addr);
/* The check `hours` of e->rule, both texts (explain_hours.c). */
void put_hours(struct explainer *e, int64_t now_ms);
void put_dates(struct buf *buf, const struct ambit_policy *policy);
void put_bindings(struct buf *buf, const struct ambit_rule *rule);
void put_path(struct buf *buf, struct ambit_str policy, struct ambit_str id); /* "policy/id" */
void put_stop(struct explainer *e); /* the stop that decided, into saw */
/* Of a check of a grant above: whose it was, into saw. */
void put_level(struct explainer *e);
/* Who must approve (NULL: nobody), into required; how they answered, into saw. */
void put_approval(struct explainer *e, const struct ambit_approval *approval,
                  enum ambit_approval_state state);
void put_limits(struct explainer *e);
/* Of a check that was told of no rule. */
void put_none(struct explainer *e);
void put_afters(struct explainer *e);
void put_composition(struct explainer *e, struct ambit_str vouched);
void put_hard_stop(struct explainer *e, bool failed);
void put_never(struct explainer *e, bool failed);
void put_stop_check(struct explainer *e, bool failed);
/* The buffer's text in the arena; {NULL,0} when that failed. */
struct ambit_str explain_take(struct explainer *e, struct buf *buf);
