/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a search looks through (AZN-12): agents that a service may name, and the literal
 * actions and resources of the rules of an agent's policies. Sorted by bytes, each once. */
#pragma once

#include "ambit/document.h"

struct names {
    struct ambit_str *v; /* malloc'd; the texts are the documents' */
    size_t n, cap;
};
void names_done(struct names *names);
#define NAMES_AUTO AMBIT_CLEANUP(names_done) struct names

/* Ids of agents that begin with the prefix, whole. */
AMBIT_CHECKED enum ambit_err names_agents(const struct ambit_documents *documents,
                                          struct ambit_str prefix, struct names *ret);
AMBIT_CHECKED enum ambit_err names_actions(const struct ambit_documents *documents,
                                           struct ambit_str agent, struct names *ret);
/* "type:id" of the type. */
AMBIT_CHECKED enum ambit_err names_resources(const struct ambit_documents *documents,
                                             struct ambit_str agent, struct ambit_str type,
                                             struct names *ret);
/* The place of the first behind `name` (absent: the first of all). */
size_t names_behind(const struct names *names, struct ambit_str name);
