/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs for agents. */
#pragma once

#include "cli/cli.h"

extern const struct cli_verb agents_token, agents_whoami;
