/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for owners of policies. */
#pragma once

#include "cli/cli.h"

extern const struct cli_verb owners_policy_check;
extern const struct cli_verb owners_policy_test;
extern const struct cli_verb owners_policy_explain;
extern const struct cli_verb owners_confirm;
extern const struct cli_verb owners_offboard;
