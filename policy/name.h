/* SPDX-License-Identifier: Apache-2.0 */
/* What is a well-formed name, pattern or text pattern (policy-language.md, "Names and patterns" and
 * "Settled questions", Names). Form only: matching, containment and overlap are pattern.h's.
 * A name that breaks the form is refused, never normalised.
 *
 * The fault functions return NULL for "well formed", else a fixed sentence that says what is wrong.
 * ambit_name_is_*() and ambit_pattern_is_*() of ambit/policy.h are defined here too. */
#pragma once

#include "ambit/base.h"

enum name_form {
    NAME_LITERAL,   /* the name of one thing: no star */
    NAME_PATTERN,   /* `*` and `**` allowed */
    NAME_VARIABLES, /* and `${agent}` `${team}` `${purpose}` as whole segments: allow rules'
                       resources */
};

const char *name_action_fault(struct ambit_str text, enum name_form form);
const char *name_resource_fault(struct ambit_str text, enum name_form form);
/* `purpose`, `matches`: not empty, at most three `*`, nothing else special, free text. */
const char *name_text_pattern_fault(struct ambit_str text);

/* May the byte stand in a segment of a name (the separator is the caller's)? */
bool name_is_segment_byte(char c);
bool name_is_plain(struct ambit_str text); /* person, policy, service, team, rule and stop ids */
bool name_is_agent(struct ambit_str text); /* agent ids, the OAuth client_id */
/* A non-empty run of the bytes of an agent id that an agent id may begin with. */
bool name_is_agent_prefix(struct ambit_str text);
/* One whole segment, as a value put in the place of `${...}` must be. */
bool name_is_resource_segment(struct ambit_str text);
