/* SPDX-License-Identifier: Apache-2.0 */
/* What both questions share while they are judged: what is known of the caller, how the world is
 * read (and written down), what a failed check says, and the hook through which explain.c watches
 * the very same checks. Private to the policy room; lives on the stack of one decision. */
#pragma once

#include "policy/compiled.h"
#include "policy/variable.h"

/* Where and why a question failed, or that it passed (check == the count of checks). */
struct finding {
    int check;
    enum ambit_reason reason;
    const struct compiled_policy *policy; /* that decided, or NULL */
    struct ambit_str gone;                /* without it: the name of one that is listed no more */
    struct ambit_str rule;                /* rule, never rule or stop id */
    struct ambit_str member;
    struct ambit_id stop;
    unsigned level; /* of struct judge; set where levels are gone through */
};

/* One judged check, as explain.c sees it. */
struct seen {
    int check;
    bool passed;
    size_t item;                      /* asked item (grants), item of the grant (actions) */
    const struct compiled_rule *rule; /* NULL: before any rule */
    const struct ambit_limit
        *limit; /* the limits check: one call for each limit, with its figure */
    int64_t figure;
    unsigned level;                  /* set by judge_tell() */
    const struct ambit_after *after; /* the after check: the same */
};
struct trace {
    void (*tell)(void *ctx, const struct seen *seen);
    void *ctx;
};

struct memo {
    const void *about; /* a limit or an `after`: its key is the same throughout one level of a
                          decision */
    int64_t figure;
    unsigned level;
};

/* One of those whose authority a question needs: the agent that asks or acts, then the grant that
 * its own was delegated from, then the one above that. */
struct level {
    const struct ambit_grant_view *grant; /* NULL: none yet (who asks for one), or unknown */
    const struct compiled_agent *agent;   /* NULL: not in the set */
    struct variables variables;
};
enum { LEVELS_MAX = AMBIT_DEPTH_MAX + 2 }; /* a grant asked for below the deepest is one more */

struct judge {
    const struct ambit_policy_set *set;
    const struct ambit_world *world;
    struct ambit_decision *d;
    const struct trace *trace;          /* NULL: nobody watches */
    const struct compiled_agent *agent; /* of the level that is judged; NULL: not in the set */
    struct variables variables; /* of the level: as fixed in the grant, or as they would be */
    unsigned level, n_levels;
    struct level levels[LEVELS_MAX];
    struct ambit_id lineage; /* under which all of it happens; none: a root is asked for */
    /* The service on whose mere word an agent is judged to act; NULL: something was presented. Such
     * an act happens under no grant and no lineage: a history by these is empty and keeps nothing.
     */
    const struct compiled_service *named_by;
    /* of an action, in the question: charges borrow them; the resource is the key BY_RESOURCE */
    const struct ambit_str *name, *resource;
    int64_t now_ms;
    enum ambit_err err; /* the first thing that could not be told; sticky */
    struct memo memo[16];
    size_t n_memo;
    const struct ambit_str *last_values; /* of distinct.c */
    size_t n_last_values;
};

/* Both set every member that is read before it is written, and leave the arrays alone: zeroing them
 * would cost more than a decision. */
void judge_begin(struct judge *j, const struct ambit_policy_set *set,
                 const struct ambit_world *world, struct ambit_decision *decision, int64_t now_ms);
void decision_begin(struct ambit_decision *decision);
void decision_refuse(struct ambit_decision *decision, const struct finding *finding);
/* Keeps `with` in mind for the first failure that got furthest. */
static inline bool finding_is_further(const struct finding *a, const struct finding *than)
{
    return a->check > than->check;
}
struct finding finding_of_rule(int check, enum ambit_reason reason,
                               const struct compiled_rule *rule);
/* What a rule's approval that is asked for now makes of the question; `passed` as of a finding. */
struct finding finding_of_approval(int check, int passed, enum ambit_approval_state state,
                                   const struct compiled_rule *rule);
static inline void judge_tell(const struct judge *j, struct seen seen)
{
    seen.level = j->level;
    if (j->trace)
        j->trace->tell(j->trace->ctx, &seen);
}

/* ---- levels (level.c): a delegated grant is judged for each grant above it too -----------------
 */

/* The level of a grant that is known. */
struct level level_of(const struct ambit_policy_set *set, const struct ambit_grant_view *grant);
/* The first level and all above it. A chain longer than can be is TOO_LARGE in j->err. */
void judge_levels(struct judge *j, struct level own, const struct ambit_grant_view *above);
/* What follows is judged for this level: its agent, its keys. */
void judge_enter(struct judge *j, unsigned level);
/* The earliest failure names the reason; ties: the level nearest to who asks. */
static inline bool finding_is_earlier(const struct finding *a, const struct finding *than)
{
    return a->check < than->check;
}

/* The rule's approval stands behind the answer: written down once for the agent of the level. */
void judge_ask(struct judge *j, const struct compiled_rule *rule);

/* ---- the world (history.c) ------------------------------------------------------------------- */

/* The question is not decided; the first reason stays. */
void judge_fail(struct judge *j, enum ambit_err err);
/* The key of a history; {NULL,0} when the question has none of this kind, and its figure is then
 * that of an empty one. */
struct ambit_str judge_key(struct judge *j, enum ambit_by by, const struct compiled_policy *policy);
/* Nobody's victim: may this policy's stops, limits and `after` hear and count the question? */
bool judge_counts(const struct judge *j, const struct compiled_policy *policy);
/* A level below this one, which is not the first, heard or counts the same already: the key is
 * shared by both. */
bool judge_is_shared(struct judge *j, enum ambit_by by, const struct compiled_policy *policy);
/* Reads one figure and writes it down. False: j->err says why not. */
bool judge_figure(struct judge *j, const struct ambit_figure_query *query, int64_t *ret);
/* The figure of a rule's limit; asked of the world once. */
bool judge_limit_figure(struct judge *j, const struct compiled_rule *rule,
                        const struct ambit_limit *limit, int64_t *ret);
/* The same for a figure that several items ask for: told once. `about` is what it is of. */
bool judge_figure_once(struct judge *j, const void *about, const struct ambit_figure_query *query,
                       int64_t *ret);
/* Is there a live grant that this one would replace? Its being there is written down as a figure.
 */
bool judge_same_live(struct judge *j, const struct ambit_same_query *query, struct ambit_id *ret);
/* Would `figure` and `amount` together pass `max`? A full window always would. */
bool figure_exceeds(int64_t figure, int64_t amount, int64_t max);
void judge_charge(struct judge *j, const struct ambit_charge *charge);
void judge_charge_limit(struct judge *j, const struct compiled_rule *rule,
                        const struct compiled_limit *limit, int64_t amount);

/* ---- what was done before (after.c) -----------------------------------------------------------
 */

/* Was what the rule's `after` looks for allowed within its window? When last: -1 never. */
bool judge_after(struct judge *j, const struct compiled_rule *rule, const struct ambit_after *after,
                 int64_t *ret_latest_ms);
/* The same under the stop's key; a stop without `after` needs none. */
bool judge_after_stop(struct judge *j, const struct compiled_stop *stop);
/* An allowed action. */
struct done {
    const struct pattern *action, *resource;
    const struct index_probe *probe; /* of the two */
    bool by_service;                 /* who asked for it */
    bool owes_outcome;               /* by its rule */
};
/* Remembers it wherever a rule or a stop of the agent's policies looks for it. */
void judge_charge_afters(struct judge *j, const struct done *done);

/* ---- stops in force (stop.c); judge_*: the same, and what was found is written down as used ---
 */

struct covered {
    struct ambit_str agent, owner, team;
};
/* The first of this kind and target; NULL: none. */
const struct ambit_stop_view *stop_on(const struct ambit_stop_view *stops, size_t n,
                                      enum ambit_target_kind kind, struct ambit_str target);
/* On the agent, its team, its owner or everything. */
const struct ambit_stop_view *stop_covering(const struct ambit_stop_view *stops, size_t n,
                                            const struct covered *covered);
/* Whose resource pattern overlaps `resource` (a pattern or a name). */
const struct ambit_stop_view *stop_on_resource(const struct ambit_stop_view *stops, size_t n,
                                               const struct pattern *resource);
const struct ambit_stop_view *judge_stop_on(struct judge *j, enum ambit_target_kind kind,
                                            struct ambit_str target);
const struct ambit_stop_view *judge_stop_covering(struct judge *j, const struct covered *covered);
const struct ambit_stop_view *judge_stop_on_resource(struct judge *j,
                                                     const struct pattern *resource);

/* ---- conditions both questions judge (condition.c) ------------------------------------------- */

bool policy_in_dates(const struct compiled_policy *policy, int64_t now_ms);
/* When a person must approve: as the grant is given, or at each action. */
static inline bool rule_asks_at_grant(const struct compiled_rule *rule)
{
    return rule->approval && rule->approval->at_grant;
}
static inline bool rule_asks_at_action(const struct compiled_rule *rule)
{
    return rule->approval && !rule->approval->at_grant;
}
bool policy_names_audience(const struct compiled_policy *policy, struct ambit_str audience);
/* An open window, or none asked for. *ret_closes_ms (may be NULL): when the one that ends last
 * ends, or INT64_MAX. */
bool rule_in_hours(const struct compiled_rule *rule, int64_t now_ms, int64_t *ret_closes_ms);
bool rule_accepts_source(const struct compiled_rule *rule, const struct ambit_addr_view *source);
bool rule_accepts_purpose(const struct compiled_rule *rule, struct ambit_str purpose);
/* Vouched for by the platform that started it, and what the agent's document says. */
bool rule_accepts_composition(const struct compiled_rule *rule, const struct compiled_agent *agent,
                              struct ambit_str composition);
bool rule_accepts_binding(const struct compiled_rule *rule, enum ambit_binding binding);
bool text_is_free(struct ambit_str text); /* at most 1,024 bytes of UTF-8 without control
                                             characters; absent is free */
/* Some pattern of the list contains the item. Empty list: no. */
AMBIT_CHECKED enum ambit_err patterns_contain(const struct patterns *patterns,
                                              const struct pattern *item, bool *ret);
AMBIT_CHECKED enum ambit_err patterns_pair_contains(const struct patterns *actions,
                                                    const struct patterns *resources,
                                                    const struct pattern *action,
                                                    const struct pattern *resource, bool *ret);
/* A pattern that was recorded contains the item's. What cannot be read or settled does not. */
bool text_contains(struct ambit_str text, enum pattern_kind kind, const struct pattern *item);
bool patterns_match(const struct patterns *patterns, const struct pattern *name);
bool patterns_overlap(const struct patterns *patterns, const struct pattern *item);

/* ---- hard stops (hard_stop.c; before them all: hard_stop_heard.c) ---------------------------- */

struct heard_item {
    const struct pattern *action,
        *resource;                   /* resource NULL: asked for on every resource (TOK-12) */
    const struct index_probe *probe; /* of the two; NULL: malformed, or on every resource */
    bool is_malformed;               /* lies inside no pattern */
    struct ambit_str action_text, resource_text; /* as asked or given */
};
struct event {
    bool is_grant;                  /* a token request, else an action */
    const struct heard_item *items; /* none: heard by stops without patterns */
    size_t n_items;
    const struct ambit_action_question *action; /* what a sum reads; NULL for token requests */
};
/* The request would pass: a stop whose line it crosses refuses it, and fires unless its own hold is
 * in force. True: refused, *ret says by which; charges and trips are written either way. */
bool hard_stops_refuse(struct judge *j, const struct event *event, int check, struct finding *ret);
/* The request is refused for `reason`: what fires, fires beside. */
void hard_stops_hear(struct judge *j, const struct event *event, enum ambit_reason reason);
/* The stops of a listed policy that may count the event, a bit each by its place. */
uint64_t hard_stops_that_may(const struct listed_policy *listed, const struct event *event,
                             enum hearing hearing);
/* Does this kind of event count for the stop at all? `reason` is ALLOWED while it would pass. */
bool hard_stop_listens(const struct compiled_stop *stop, bool is_grant, enum ambit_reason reason);
/* One of the event's items lies inside the stop's patterns. */
AMBIT_CHECKED enum ambit_err hard_stop_hears(const struct judge *j,
                                             const struct compiled_stop *stop,
                                             const struct event *event, bool *ret);
/* A level below heard the same: a key that both share is charged once. */
bool hard_stop_is_heard_below(struct judge *j, const struct compiled_stop *stop);
/* While the hold it puts is in force a stop does not fire again. A cut-off alone holds nothing. */
bool hard_stop_is_held(struct judge *j, const struct compiled_stop *stop);
/* Counts the event for one stop that heard it. True: the event crosses its line. It fires then, but
 * while its own hold is in force it only counts on: what would pass is refused all the same. */
bool hard_stop_count(struct judge *j, const struct compiled_stop *stop, const struct event *event);
/* Does the item lie inside the stop's patterns? */
AMBIT_CHECKED enum ambit_err hard_stop_item_inside(const struct judge *j,
                                                   const struct compiled_stop *stop,
                                                   const struct heard_item *item, bool *ret);
/* Of a stop on `allowed` or `attempted` with a sum (HEARS_SUM): does the action lie inside it? Its
 * field is required context then. */
bool hard_stop_requires(const struct compiled_stop *stop, const struct heard_item *item);
/* What different names the event adds for the stop (distinct.c): query's values, each once. */
void distinct_values(struct judge *j, const struct compiled_stop *stop, const struct event *event,
                     struct ambit_figure_query *ret);
struct ambit_str distinct_field(bool is_action);
/* An integer >= 0 under that name, from a service; else false. */
bool context_amount(const struct ambit_action_question *question, struct ambit_str field,
                    int64_t *ret);
const struct ambit_context_member *context_find(const struct ambit_action_question *question,
                                                struct ambit_str name);

/* ---- the two questions, watched -------------------------------------------------------------- */

AMBIT_CHECKED enum ambit_err decide_grant(const struct ambit_policy_set *set,
                                          const struct ambit_grant_question *question,
                                          const struct ambit_world *world,
                                          const struct trace *trace, struct ambit_decision *ret);
AMBIT_CHECKED enum ambit_err decide_action(const struct ambit_policy_set *set,
                                           const struct ambit_action_question *question,
                                           const struct ambit_world *world,
                                           const struct trace *trace, struct ambit_decision *ret);
