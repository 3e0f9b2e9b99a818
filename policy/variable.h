/* SPDX-License-Identifier: Apache-2.0 */
/* `${agent}`, `${team}`, `${purpose}` in the resources of an allow rule (policy-language.md, "Names
 * and patterns"): each stands for one whole segment, whose text is fixed in the grant. Filling
 * writes the pattern anew with that text; a value that is no segment, or makes the whole longer
 * than a pattern may be, leaves a pattern that matches nothing, while the rule's others stand. */
#pragma once

#include "policy/compiled.h"

struct variables {
    struct ambit_str agent, team, purpose; /* absent: {NULL,0}, which is no segment */
};

/* `text` is room of AMBIT_WORD_MAX bytes that *ret borrows from. False: it matches nothing. */
bool pattern_fill(const struct pattern *pattern, const struct variables *variables, char *text,
                  struct pattern_buf *ret);

/* Does the rule contain the item, with these values? */
AMBIT_CHECKED enum ambit_err rule_contains(const struct compiled_rule *rule,
                                           const struct variables *variables,
                                           const struct pattern *action,
                                           const struct pattern *resource, bool *ret);
/* Does one of its resource patterns match the name? */
bool rule_matches_resource(const struct compiled_rule *rule, const struct variables *variables,
                           const struct pattern *name);
