/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of compiling: compile.c makes the set, compile_policy.c one policy of it
 * (with compile_stops.c for its hard stops and compile_after.c for what an allowed action is
 * remembered for). */
#pragma once

#include "policy/compiled.h"

AMBIT_CHECKED enum ambit_err compile_patterns(struct arena *arena, struct ambit_strs texts,
                                              enum pattern_kind kind, bool variables,
                                              struct patterns *ret);
AMBIT_CHECKED enum ambit_err compile_rule_names(struct arena *arena,
                                                struct compiled_policy *policy);
/* Zeroed, at the beginning of a line. */
void *compile_lines(struct arena *arena, size_t n, size_t each);
AMBIT_CHECKED enum ambit_err compile_stops(struct arena *arena, struct compiled_policy *policy);
AMBIT_CHECKED enum ambit_err compile_afters(struct arena *arena, struct compiled_policy *policy);
AMBIT_CHECKED enum ambit_err compile_policy(struct arena *arena,
                                            const struct ambit_documents *documents,
                                            const struct ambit_policy *policy,
                                            struct compiled_policy *ret);
/* The windows of a rule on the clocks of their zones (compile_hours.c). */
AMBIT_CHECKED enum ambit_err compile_hours(struct arena *arena,
                                           const struct ambit_documents *documents,
                                           struct compiled_rule *rule);
/* Once all policies are compiled (compile_tables.c). */
AMBIT_CHECKED enum ambit_err compile_tables(struct arena *arena, struct compiled_agent *agents,
                                            size_t n);
