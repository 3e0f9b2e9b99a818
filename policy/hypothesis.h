/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of hypothetical questions share: the reader's state, the readers of single members
 * and of the lists, and the naming of the rule that an item or an entry is charged to. Private to
 * the policy room. */
#pragma once

#include "base/json_read.h"

#include "ambit/explain.h"
#include "policy/compiled.h"

/* A grant or a lineage as a text, and the id that stands for it. */
struct told_id {
    struct ambit_str text;
    struct told_id *next;
    struct ambit_id id;
};

/* Whose rules an item is charged to, and the agent's word that `${purpose}` stands for. */
struct told_by {
    struct ambit_str agent, purpose;
};

struct hypothesis_reader {
    const struct ambit_policy_set *set;
    struct arena *arena;
    struct ambit_hypothesis *h;
    struct ambit_hypothesis_problem *problem;
    const struct json_value *root;
};

/* Every reader: OK, or MALFORMED with the problem noted, NOT_FOUND, NO_MEMORY. */
AMBIT_CHECKED enum ambit_err hypothesis_complain(struct hypothesis_reader *r,
                                                 const struct json_value *value, const char *what,
                                                 const char *expected);
AMBIT_CHECKED enum ambit_err hypothesis_unknown(struct hypothesis_reader *r,
                                                const struct json_value *value, const char *what);
AMBIT_CHECKED enum ambit_err hypothesis_str(struct hypothesis_reader *r,
                                            const struct json_value *value, struct ambit_str *ret);
AMBIT_CHECKED enum ambit_err hypothesis_time(struct hypothesis_reader *r,
                                             const struct json_value *value, int64_t *ret_ms);
AMBIT_CHECKED enum ambit_err hypothesis_id(struct hypothesis_reader *r,
                                           const struct json_value *value, struct ambit_id *ret);
AMBIT_CHECKED enum ambit_err hypothesis_agent(struct hypothesis_reader *r,
                                              const struct json_value *value,
                                              struct ambit_str *ret);
AMBIT_CHECKED enum ambit_err hypothesis_policy(struct hypothesis_reader *r,
                                               const struct json_value *value,
                                               struct ambit_str *ret);
AMBIT_CHECKED enum ambit_err hypothesis_binding(struct hypothesis_reader *r,
                                                const struct json_value *value,
                                                enum ambit_binding *ret);
AMBIT_CHECKED enum ambit_err hypothesis_context(struct hypothesis_reader *r,
                                                const struct json_value *value,
                                                const struct ambit_context_member **ret,
                                                size_t *ret_n);
/* A list of {actions, resources}: every pair. */
AMBIT_CHECKED enum ambit_err hypothesis_asked(struct hypothesis_reader *r,
                                              const struct json_value *value,
                                              const struct ambit_item **ret, size_t *ret_n);
/* A list of {actions, resources, policy, rule}: every pair, each with the rule it is charged to. */
AMBIT_CHECKED enum ambit_err hypothesis_given(struct hypothesis_reader *r,
                                              const struct json_value *value,
                                              const struct told_by *by,
                                              const struct ambit_given **ret, size_t *ret_n);
AMBIT_CHECKED enum ambit_err hypothesis_except(struct hypothesis_reader *r,
                                               const struct json_value *value,
                                               const struct ambit_except **ret, size_t *ret_n);
AMBIT_CHECKED enum ambit_err hypothesis_history(struct hypothesis_reader *r,
                                                const struct json_value *value);
AMBIT_CHECKED enum ambit_err hypothesis_stops(struct hypothesis_reader *r,
                                              const struct json_value *value);
/* One entry; also the members of an `event` question, in which `at` may be absent. */
AMBIT_CHECKED enum ambit_err hypothesis_entry(struct hypothesis_reader *r,
                                              const struct json_value *object,
                                              struct ambit_entry *ret);

/* Dead by one of the stops told, on the grant or its lineage. */
bool hypothesis_is_cut_off(const struct ambit_hypothesis *h, struct ambit_id grant,
                           struct ambit_id lineage);
/* Once everything is read: `approval` answers every grant of the chain, stops end those they name.
 */
void hypothesis_settle(struct ambit_hypothesis *h);

/* The first rule, in the agent's order, that contains the pair of patterns or names now; with
 * `policy` only that one's. NULL: none does. */
const struct compiled_rule *hypothesis_rule(const struct ambit_policy_set *set,
                                            const struct told_by *by, struct ambit_str policy,
                                            struct ambit_str action, struct ambit_str resource);
