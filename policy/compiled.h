/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled form of a set of documents: patterns parsed, names resolved to pointers, and indexes
 * so that a decision does not grow with what cannot apply. Everything lives in the set's arena and
 * is immutable once ambit_policy_compile() returns. Private to the policy room. */
#pragma once

#include "base/addr.h"
#include "base/arena.h"

#include "ambit/policy.h"

#include "policy/hours.h"
#include "policy/index.h"
#include "policy/pattern.h"

struct patterns {
    const struct pattern *v;
    size_t n;
};

struct compiled_policy;

struct compiled_limit {
    struct ambit_limit limit; /* as in the document, at hand */
    int64_t keep_ms;          /* what an entry of the history must be kept; 0: it has none */
    bool is_charged;          /* the first of those that share one history */
};

struct compiled_rule {
    const struct compiled_policy *policy;
    const struct ambit_rule *rule;
    struct patterns actions, resources;
    struct ambit_str
        id; /* as in the document, at hand, like all below that is not said to be more */
    uint32_t grant_checks, action_checks; /* a bit for each check that it may fail: the others it
                                             asks nothing in */
    uint32_t ttl_max_s, ttl_default_s, outcome_within_s;
    uint16_t n_hours, n_sources, n_limits;
    bool bind_dpop, bind_mtls;
    bool asks_context; /* tests of it, or a limit that sums */
    bool needs_broker; /* an item of it stands under `ambit-ask` whatever the stops */
    const struct ambit_approval *approval;
    const struct compiled_hours *hours;
    const struct cidr *sources;
    const struct compiled_limit *limits;
};

struct compiled_never {
    const struct ambit_never *never;
    const struct compiled_policy *policy;
    struct patterns actions, resources;
};

/* What a stop may count: of a question, while it would pass and when it is refused; what happens
 * beside any; and whether it sums what actions say. */
enum hearing {
    HEARS_GRANT,
    HEARS_GRANT_REFUSED,
    HEARS_ACTION,
    HEARS_ACTION_REFUSED,
    HEARS_EVENT,
    HEARS_SUM,
    HEARINGS
};

struct compiled_stop {
    const struct ambit_hard_stop *stop;
    enum ambit_stop_on on; /* of the document, at hand */
    enum ambit_by by;
    const struct compiled_policy *policy;
    struct patterns actions, resources; /* n == 0: all */
};

/* What an allowed action is remembered for: an `after` of a rule or a stop. Of those of one rule
 * that look for the same there is one. */
struct compiled_after {
    const struct ambit_after *after;
    struct ambit_str id; /* the rule's or the stop's */
    bool is_stop;
    enum ambit_by by;
    int64_t keep_ms;                    /* the largest window that reads this history */
    struct patterns actions, resources; /* resources n == 0: all */
};

/* Memory comes in lines of this many bytes. What most questions touch stands together, first. */
enum { COMPILED_LINE = 64, COMPILED_FETCH = 4, COMPILED_FETCH_LINES = 3 };
#define COMPILED_ALIGNED __attribute__((aligned(COMPILED_LINE)))

struct compiled_policy {
    struct ambit_str name;
    const struct compiled_rule *rules;
    const struct compiled_never *never;
    const struct compiled_stop *stops;
    uint32_t n_rules, n_never, n_stops;
    const struct ambit_policy *policy;

    struct index rule_index;
    struct name_table rule_names;

    struct ambit_strs audiences; /* these as in the document, at hand */
    int64_t not_before_ms, not_after_ms;
    struct ambit_digest digest;

    struct index never_index, never_meeting;

    /* Of the stops, a bit each by its place (compile_stops.c): what they count, and which have no
     * pattern of any kind; the others by their patterns, or by their actions alone. */
    uint64_t hearing[HEARINGS], stops_everywhere;
    struct index stop_index, stop_any_index;

    const struct compiled_after *afters; /* NULL: none */
    size_t n_afters;
    struct index after_index, after_any_index; /* on some resources, on every one */
} COMPILED_ALIGNED;

/* Of an agent's policies, by their place in its list: which have a rule, or a never, that may
 * contain a pair; which have a never that may meet a resource. */
struct compiled_tables {
    struct index rules, never, meeting;
};

/* A policy of an agent's list, with what tells that it has nothing to say. */
struct listed_policy {
    const struct compiled_policy *policy;
    struct index_begins rules, never, stops;
    uint32_t name_hash;
    uint8_t hears, hears_anywhere; /* a bit of enum hearing each: by any stop of it; by one that
                                      names no resources */
    bool remembers;                /* it has an `after` */
} COMPILED_ALIGNED;

struct compiled_agent {
    struct ambit_str name;
    const struct listed_policy *policies;      /* in the agent's order, without shadow ones */
    const struct compiled_tables *tables;      /* NULL: any policy may */
    const struct ambit_person *owner, *backup; /* there, active or not */
    const struct ambit_agent *agent;
    size_t n_policies;
} COMPILED_ALIGNED;
static inline struct ambit_str compiled_team(const struct compiled_agent *agent)
{
    return agent->owner->team;
}

struct compiled_service {
    const struct ambit_service *service;
    struct patterns resources;
};

struct ambit_policy_set {
    struct ambit_documents *documents; /* owned */
    struct arena arena;
    const struct compiled_policy *policies;
    const struct compiled_agent *agents;
    const struct compiled_service *services; /* each as many as documents, same order */
    struct name_table agent_names, policy_names, service_names;
};

/* NULL when there is none. */
const struct compiled_agent *compiled_agent_find(const struct ambit_policy_set *set,
                                                 struct ambit_str name);
const struct compiled_service *compiled_service_find(const struct ambit_policy_set *set,
                                                     struct ambit_str name);
/* Those of the agent's policies that may have something to say, a bit each by its place
 * (compile_tables.c). */
uint64_t compiled_policies_of_rules(const struct compiled_agent *agent,
                                    const struct index_probe *probe);
uint64_t compiled_policies_of_never(const struct compiled_agent *agent,
                                    const struct index_probe *probe);
uint64_t compiled_policies_meeting(const struct compiled_agent *agent,
                                   const struct index_probe *probe);
/* Goes through the places of the bits that are set, upwards: takes the next away. */
static inline size_t compiled_next(uint64_t *bits)
{
    size_t place = (size_t)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return place;
}
/* `grants` and `live_grants`; the other limits count actions. */
bool limit_counts_grants(const struct ambit_limit *limit);
/* A decision will look into the agent's policies: of few their lines are asked for all at once. */
static inline void compiled_fetch(const struct compiled_agent *agent)
{
    for (size_t i = 0; i < agent->n_policies && i < COMPILED_FETCH; i++) {
        const char *policy = (const char *)agent->policies[i].policy;
        for (size_t line = 0; line < COMPILED_FETCH_LINES; line++)
            __builtin_prefetch(policy + line * COMPILED_LINE);
    }
}
/* Among the agent's own, not shadow. */
const struct compiled_policy *compiled_policy_of(const struct compiled_agent *agent,
                                                 struct ambit_str name);
const struct compiled_rule *compiled_rule_find(const struct compiled_policy *policy,
                                               struct ambit_str id);
