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
    const struct ambit_limit *limit;
    int64_t keep_ms; /* the largest window that reads the same history; 0: no window */
    bool is_charged; /* the first of those that share one history */
};

struct compiled_rule {
    const struct ambit_rule *rule;
    const struct compiled_policy *policy;
    struct patterns actions, resources;
    const struct compiled_hours *hours; /* rule->when.n_hours of them */
    const struct cidr *sources;
    size_t n_sources;
    const struct compiled_limit *limits; /* rule->n_limits of them */
    bool needs_broker; /* an item of it stands under `ambit-ask` whatever the stops */
};

struct compiled_never {
    const struct ambit_never *never;
    const struct compiled_policy *policy;
    struct patterns actions, resources;
};

struct compiled_stop {
    const struct ambit_hard_stop *stop;
    enum ambit_stop_on on; /* of the document, at hand: what most stops are passed over by */
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

struct compiled_policy {
    const struct ambit_policy *policy;
    const struct compiled_rule *rules;
    const struct compiled_never *never;
    const struct compiled_stop *stops;
    size_t n_rules, n_never, n_stops;    /* as in the document, at hand */
    const struct compiled_after *afters; /* NULL: none */
    size_t n_afters;
    struct index rule_index, never_index, never_meeting, rule_names;
    struct index after_index, after_any_index; /* on some resources, on every one */
};

/* Of an agent's policies, by their place in its list: which have a rule, or a never, that may
 * contain a pair; which have a never that may meet a resource. */
struct compiled_tables {
    struct index rules, never, meeting;
};

struct compiled_agent {
    const struct ambit_agent *agent;
    const struct ambit_person *owner, *backup;     /* there, active or not */
    struct ambit_str team;                         /* the owner's */
    const struct compiled_policy *const *policies; /* in the agent's order, without shadow ones */
    size_t n_policies;
    const struct compiled_tables *tables; /* NULL: any policy may */
};

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
/* The places, ascending, of those of the agent's policies that may have something to say
 * (compile_tables.c). */
struct index_walk compiled_policies_of_rules(const struct compiled_agent *agent,
                                             const struct index_probe *probe);
struct index_walk compiled_policies_of_never(const struct compiled_agent *agent,
                                             const struct index_probe *probe);
struct index_walk compiled_policies_meeting(const struct compiled_agent *agent,
                                            const struct index_probe *probe);
/* Among the agent's own, not shadow. */
const struct compiled_policy *compiled_policy_of(const struct compiled_agent *agent,
                                                 struct ambit_str name);
const struct compiled_rule *compiled_rule_find(const struct compiled_policy *policy,
                                               struct ambit_str id);
